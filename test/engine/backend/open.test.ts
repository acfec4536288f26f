import { afterEach, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import { tf } from '../../../src/engine/tf.ts';

let backend: Backend | undefined;
afterEach(async () => { await backend?.dispose(); });

describe('openBackend', () => {
  test.each(['cpu', 'wasm'] as const)('opens %s by name and says what it is', async (name) => {
    backend = await openBackend({ backend: name, threads: 1 });
    expect(tf.getBackend()).toBe(name);
    expect(backend.attempts).toEqual([{ backend: name, outcome: 'taken', detail: backend.device }]);
    const x = tf.tensor2d([[1, 2], [3, 4]]);
    expect([...tf.matMul(x, x, true, false).dataSync()]).toEqual([10, 14, 14, 20]);
  });
});
