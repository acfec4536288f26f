import { afterEach, describe, expect, test } from 'vitest';
import type { Backend, Ops } from '../../../src/engine/backend/contract.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import { portableOps } from '../../../src/engine/backend/portable.ts';
import { selfCheck } from '../../../src/engine/backend/selfCheck.ts';
import { tryBackend } from '../../../src/engine/doctor.ts';
import { tf } from '../../../src/engine/tf.ts';

let backend: Backend | undefined;
afterEach(async () => {
  await backend?.dispose();
  backend = undefined;
});

describe('openBackend', () => {
  test.each(['cpu', 'wasm'] as const)('opens %s by name and says what it is', async (name) => {
    backend = await openBackend({ backend: name, threads: 1 });
    expect(tf.getBackend()).toBe(name);
    expect(backend.attempts).toEqual([{ backend: name, outcome: 'taken', detail: backend.device }]);
  });

  test('auto tries every backend in order, takes the first that works and says why the others were passed over', async () => {
    backend = await openBackend({ backend: 'auto', threads: 1 });
    const order = ['tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm'];
    expect(backend.attempts.map((attempt) => attempt.backend)).toEqual(order.slice(0, backend.attempts.length));
    expect(backend.attempts.at(-1)).toMatchObject({ backend: backend.name, outcome: 'taken' });
    for (const passedOver of backend.attempts.slice(0, -1)) {
      expect(passedOver.outcome).not.toBe('taken');
      expect(passedOver.detail).not.toBe('');
    }
  });

  test('the check of a fresh backend leaves no tensor behind', async () => {
    backend = await openBackend({ backend: 'wasm', threads: 2 });
    const before = tf.memory().numTensors;
    expect(await selfCheck(backend.ops)).toBeNull();
    expect(tf.memory().numTensors).toBe(before);
    expect(backend.memoryBytes()).toBe(tf.memory().numBytes);
  });
});

describe('the doctor', () => {
  test('takes a backend that loads and computes right', async () => {
    expect(await tryBackend('wasm')).toMatchObject({ backend: 'wasm', outcome: 'taken', detail: expect.stringContaining('SIMD') as string });
  });

  test('says that a backend computes wrong, with the check that found it', async () => {
    const check = (ops: Ops): Promise<string | null> => selfCheck({ ...ops, sumOfSquares: () => tf.scalar(Number.NaN) });
    expect(await tryBackend('wasm', check)).toEqual({ backend: 'wasm', outcome: 'wrong', detail: 'sumOfSquares: off by NaN of its size' });
  });

  test('counts a backend that loads and then fails in a check as wrong', async () => {
    expect(await tryBackend('wasm', () => Promise.reject(new Error('kernel not registered')))).toEqual({ backend: 'wasm', outcome: 'wrong', detail: 'kernel not registered' });
  });

  test('does not take for wrong what is not there', async () => {
    expect(await tryBackend('abacus')).toEqual({ backend: 'cpu', outcome: 'unavailable', detail: 'no backend abacus' });
  });
});

describe('the self-check finds', () => {
  const wrong: Record<string, Partial<Ops>> = {
    'a norm without its epsilon': { rmsNorm: (x, weight) => portableOps.rmsNorm(x, weight, 0.1) },
    'a rotation the wrong way round': { rotary: (x, cos, sin) => portableOps.rotary(x, cos, tf.neg(sin)) },
    'a gate without its activation': { swiglu: (gate, up) => tf.mul(gate, up) },
    'a softmax that forgets the mask': { attentionSoftmax: (scores, mask, scale) => portableOps.attentionSoftmax(scores, tf.zerosLike(mask), scale) },
    'a right value with a wrong gradient': {
      crossEntropy: (logits, targets, weights) => {
        const nothing = tf.customGrad((x) => ({ value: tf.scalar(0), gradFunc: () => tf.onesLike(x as tf.Tensor) }))(logits);
        return tf.add(portableOps.crossEntropy(logits, targets, weights), nothing);
      },
    },
    'a divergence from another teacher': { forwardKl: (student, teacher, temperature, weights) => portableOps.forwardKl(student, tf.mul(teacher, 1.01), temperature, weights) },
    'an optimiser without decay': { adamw: (parameter, gradient, slots, step) => { portableOps.adamw(parameter, gradient, slots, { ...step, decay: 0 }); } },
    'not-a-number': { sumOfSquares: () => tf.scalar(Number.NaN) },
  };
  test.each(Object.entries(wrong))('%s', async (_, broken) => {
    backend = await openBackend({ backend: 'cpu', threads: 1 });
    const found = await selfCheck({ ...portableOps, ...broken });
    expect(found).toContain(`${Object.keys(broken)[0]}: off by`);
  });
});
