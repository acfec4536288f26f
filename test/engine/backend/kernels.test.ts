import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { buildKernels } from '../../../scripts/build-kernels.mjs';
import type { Opened } from '../../../src/engine/backend/opened.ts';
import { compileKernels } from '../../../src/engine/backend/wasm/kernels.ts';
import { openHeap } from '../../../src/engine/backend/wasm/heap.ts';
import { openWasm } from '../../../src/engine/backend/wasm/open.ts';
import { openPool } from '../../../src/engine/backend/wasm/workers.ts';
import { withSharedMemory } from '../../../src/engine/backend/wasm/sharedMemory.ts';
import { selfCheck } from '../../../src/engine/backend/selfCheck.ts';
import { tf } from '../../../src/engine/tf.ts';
import { random } from './reference.ts';

/** Two runs of an optimising compiler: seconds, but on a busy machine more than a test's usual minute. */
const COMPILER_TIMEOUT = 240_000;

let opened: Opened | undefined;
afterEach(async () => {
  await opened?.dispose();
  opened = undefined;
});

test('the committed binaries are what their source gives', async () => {
  for (const [name, binary] of await buildKernels()) {
    const committed = await readFile(path.resolve(import.meta.dirname, '../../../src/engine/backend/wasm/binary', name));
    expect(binary.equals(committed), `${name}: run npm run build:kernels`).toBe(true);
  }
}, COMPILER_TIMEOUT);

describe.each(['plain', 'fma'] as const)('%s kernels', (variant) => {
  test('are available here and pass the self-check', async () => {
    expect((await compileKernels(variant)).variant).toBe(variant);
    opened = await openWasm(2, variant);
    expect(await selfCheck(opened.ops)).toBeNull();
  });

  test('e^x is right to 2.5e-7 from −87.3 to 88.3, 0 below, and stays NaN', async () => {
    const heap = await openHeap();
    const pool = await openPool(heap, 1, variant);
    const n = 40_000;
    const x = Float32Array.from({ length: n }, (_, i) => -87.3 + (175.6 * i) / (n - 1));
    x.set([0, -0, -87.4, -1e9, -Infinity, Number.NaN, 88.3, 1e-30], 0);
    const at = heap.reserve(8 * n);
    new Float32Array(heap.memory.buffer, at, n).set(x);
    pool.kernels.expAll(at, at + 4 * n, n);
    const y = new Float32Array(heap.memory.buffer, at + 4 * n, n);
    let worst = 0;
    x.forEach((value, i) => { if (value >= -87.3) worst = Math.max(worst, Math.abs(y[i]! / Math.exp(value) - 1)); });
    expect(worst).toBeLessThan(2.5e-7);
    expect([...y.subarray(2, 5)]).toEqual([0, 0, 0]);
    expect(y[5]).toBeNaN();
    await pool.close();
  });
});

/** Work of every kind that is cut into many tiles: products, norms, softmax, losses, their gradients, an optimiser step. */
function manyTiles({ ops }: Opened): number[] {
  return tf.tidy(() => {
    const [rows, width, vocabulary] = [350, 96, 130];
    const x = tf.tensor2d(random(rows * width, 1), [rows, width]);
    const w = tf.tensor2d(random(vocabulary * width, 2), [vocabulary, width]);
    const norm = tf.tensor1d(random(width, 3));
    const weights = tf.fill([rows], 1 / rows) as tf.Tensor1D;
    const teacher = tf.tensor2d(random(rows * vocabulary, 4, 3), [rows, vocabulary]);
    const targets = tf.tensor1d(Array.from({ length: rows }, (_, r) => r % vocabulary), 'int32');
    const mask = tf.zeros([1, 1, 175, 16]) as tf.Tensor4D;
    const { value, grads } = tf.valueAndGrads((input: tf.Tensor, head: tf.Tensor, scale: tf.Tensor) => {
      const normed = ops.rmsNorm(input as tf.Tensor2D, scale as tf.Tensor1D, 1e-6);
      const mixed = tf.reshape(ops.attentionSoftmax(tf.reshape(ops.swiglu(normed, normed), [4, 3, 175, 16]), mask, 0.5), [rows, width]) as tf.Tensor2D;
      const logits = tf.matMul(tf.add(mixed, normed), head, false, true) as tf.Tensor2D;
      return tf.sum(tf.add(ops.crossEntropy(logits, targets, weights), ops.forwardKl(logits, teacher, 2, weights)));
    })([x, w, norm]);
    const [parameter, m, v] = [tf.variable(x), tf.variable(tf.zerosLike(x)), tf.variable(tf.zerosLike(x))];
    ops.adamw(parameter, grads[0]!, { m, v }, { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, decay: 0.1, t: 1, gradientScale: 1 });
    const results = [value, ...grads, parameter, ops.sumOfSquares(grads)].flatMap((tensor) => [...tensor.dataSync()]);
    tf.dispose([parameter, m, v]);
    return results;
  });
}

test('results are the same bits for any number of threads, time after time', async () => {
  opened = await openWasm(1);
  const alone = manyTiles(opened);
  expect(alone.every(Number.isFinite)).toBe(true);
  await opened.dispose();
  for (const threads of [2, 3]) {
    opened = await openWasm(threads);
    for (let time = 0; time < 3; time += 1) expect(manyTiles(opened)).toEqual(alone);
    await opened.dispose();
  }
});

describe('the heap', () => {
  test('says no when it is full, and what was there stays as it was', async () => {
    opened = await openWasm(1);
    const backend = tf.backend() as unknown as { makeOutput(shape: number[], dtype: 'float32'): tf.TensorInfo };
    const kept = tf.tensor1d([1, 2, 3]);
    const large: tf.Tensor[] = [];
    // Each is 0.75 GiB of address space; nobody writes to it, so it takes no memory.
    const fill = (): void => {
      for (let i = 0; i < 6; i += 1) large.push(tf.engine().makeTensorFromTensorInfo(backend.makeOutput([3 * 2 ** 26], 'float32')));
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'out-of-memory', data: { backend: 'wasm', wantedMiB: 768, heldMiB: expect.any(Number) as number } }) as Error);
    expect(fill).toThrow(/out of memory: \d+ MiB more were asked for/);
    expect([...kept.dataSync()]).toEqual([1, 2, 3]);
    tf.dispose(large);
    expect([...tf.add(kept, kept).dataSync()]).toEqual([2, 4, 6]);
  });

  test('a binary without a memory of its own is refused', () => {
    expect(() => withSharedMemory(Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]))).toThrow('no memory');
  });
});
