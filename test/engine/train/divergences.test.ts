/** Every divergence and its gradient against PyTorch (float64), and what must hold of each whatever the logits. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { Random } from '../../../src/engine/model/random.ts';
import { tf } from '../../../src/engine/tf.ts';
import { divergenceRows, logitsMseRows, topDivergenceRows, type Divergence } from '../../../src/engine/train/divergences.ts';
import { atEnd, atStep, largest } from '../../../src/shared/scheduled.ts';
import { BACKENDS, expectClose, openFor } from './setup.ts';

interface Fixture {
  readonly mask: readonly number[];
  readonly cases: readonly {
    readonly divergence: Divergence | { readonly kind: 'mse' }; readonly temperature: number; readonly scale: number;
    readonly student: number[][]; readonly teacher: number[][]; readonly value: number; readonly gradient: number[][];
  }[];
  readonly top: readonly {
    readonly divergence: Divergence; readonly temperature: number; readonly k: number;
    readonly student: number[][]; readonly teacher: number[][]; readonly value: number; readonly gradient: number[][];
  }[];
}

const fixture = JSON.parse(readFileSync(new URL('../../fixtures/torch/divergences.json', import.meta.url), 'utf8')) as Fixture;
const ALL: readonly Divergence[] = [
  { kind: 'forward-kl' }, { kind: 'reverse-kl' }, { kind: 'jsd', beta: 0.5 }, { kind: 'jsd', beta: 0.2 }, { kind: 'jsd', beta: 0 }, { kind: 'jsd', beta: 1 },
  { kind: 'skew-kl', gamma: 0.1 }, { kind: 'skew-kl', gamma: 0 },
];
const named = (divergence: object): string => Object.values(divergence).join(' ');

describe.each(BACKENDS)('on %s', (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openFor(name);
  });
  afterAll(() => backend.dispose());

  /** Value and gradient, read back. */
  function measured(divergence: Divergence | { readonly kind: 'mse' }, student: number[][], teacher: number[][], temperature: number, mask: readonly number[]): { readonly value: number; readonly gradient: Float32Array } {
    return tf.tidy(() => {
      const [logits, targets, weights] = [tf.tensor2d(student), tf.tensor2d(teacher), tf.tensor1d([...mask])];
      const { value, grad } = tf.valueAndGrad((input: tf.Tensor) => tf.sum(divergence.kind === 'mse'
        ? logitsMseRows(input as tf.Tensor2D, targets, weights)
        : divergenceRows(backend.ops, divergence, input as tf.Tensor2D, targets, temperature, weights)))(logits);
      return { value: value.dataSync()[0] ?? NaN, gradient: grad.dataSync() as Float32Array };
    });
  }

  test.each(fixture.cases.map((each) => ({ ...each, title: `${named(each.divergence)}, T = ${each.temperature}, logits × ${each.scale}` })))('is that of PyTorch: $title', ({ divergence, temperature, student, teacher, value, gradient }) => {
    const got = measured(divergence, student, teacher, temperature, fixture.mask);
    expectClose([got.value], [value], { relative: 1e-4, absolute: 1e-6 });
    expectClose(got.gradient, gradient.flat(), { relative: 1e-4, absolute: 1e-6 });
  });

  test.each(ALL.map((divergence) => ({ divergence, title: named(divergence) })))('$title is never below 0, 0 between equals, and blind to a shift of all logits', ({ divergence }) => {
    const random = new Random(7, named(divergence));
    const rows = (): number[][] => Array.from({ length: 5 }, () => Array.from({ length: 12 }, () => 4 * random.normal()));
    const mask = [1, 1, 1, 1, 1];
    for (let round = 0; round < 10; round++) {
      const [student, teacher] = [rows(), rows()];
      const apart = measured(divergence, student, teacher, 2, mask);
      expect(apart.value).toBeGreaterThan(0);
      expect(Math.abs(measured(divergence, teacher, teacher, 2, mask).value)).toBeLessThan(1e-5);
      const shifted = measured(divergence, student.map((row, index) => row.map((each) => each + index - 2)), teacher.map((row) => row.map((each) => each + 3)), 2, mask);
      expectClose([shifted.value], [apart.value], { relative: 1e-4 });
      expectClose(shifted.gradient, apart.gradient, { relative: 1e-3, absolute: 1e-5 });
    }
  });

  test.each(fixture.top.map((each) => ({ ...each, title: `${named(each.divergence)}, k = ${each.k}, T = ${each.temperature}` })))('over the top and the rest it is that of PyTorch: $title', ({ divergence, temperature, k, student, teacher, value, gradient }) => {
    const got = tf.tidy(() => {
      const soft = tf.logSoftmax(tf.div(tf.tensor2d(teacher), temperature));
      const { values, indices } = tf.topk(soft, k, true);
      // What the rest has, counted the other way round: from the whole.
      const rest = k === 9 ? tf.fill([4, 1], -1e4) : tf.log(tf.sub(1, tf.sum(tf.exp(values), -1, true)));
      const logP = tf.concat2d([values as tf.Tensor2D, rest as tf.Tensor2D], 1);
      const { value: sum, grad } = tf.valueAndGrad((input: tf.Tensor) => tf.sum(topDivergenceRows(divergence, input as tf.Tensor2D, indices as tf.Tensor2D, logP, temperature, tf.tensor1d([...fixture.mask]))))(tf.tensor2d(student));
      return { value: sum.dataSync()[0] ?? NaN, gradient: grad.dataSync() };
    });
    expectClose([got.value], [value], { relative: 2e-4, absolute: 2e-6 });
    expectClose(got.gradient, gradient.flat(), { relative: 2e-4, absolute: 2e-6 });
  });

  test('JSD at ½ is the same from both sides, and generalised JSD tends to the KLs', () => {
    // Of moderate difference: the limits are reached the later the further the two are apart.
    const random = new Random(3, 'limits');
    const [student, teacher] = [0, 1].map(() => fixture.mask.map(() => Array.from({ length: 9 }, () => 0.7 * random.normal()))) as [number[][], number[][]];
    const value = (divergence: Divergence, a: number[][], b: number[][]): number => measured(divergence, a, b, 1, fixture.mask).value;
    expectClose([value({ kind: 'jsd', beta: 0.5 }, student, teacher)], [value({ kind: 'jsd', beta: 0.5 }, teacher, student)], { relative: 1e-5 });
    expectClose([value({ kind: 'jsd', beta: 0.001 }, student, teacher) / 0.001], [value({ kind: 'forward-kl' }, student, teacher)], { relative: 0.02 });
    expectClose([value({ kind: 'jsd', beta: 0.999 }, student, teacher) / 0.001], [value({ kind: 'reverse-kl' }, student, teacher)], { relative: 0.02 });
  });
});

describe('a temperature schedule', () => {
  const at = (kind: 'linear' | 'cosine' | 'exponential', step: number): number => atStep({ from: 5, to: 1, kind, steps: 11 }, step, 100);

  test('begins at its first, is half way in its own measure, and stays at its last', () => {
    expect([at('linear', 0), at('linear', 5), at('linear', 10), at('linear', 50)]).toEqual([5, 3, 1, 1]);
    expect([at('cosine', 0), at('cosine', 5), at('cosine', 10)].map((value) => Number(value.toFixed(9)))).toEqual([5, 3, 1]);
    expect(at('cosine', 2)).toBeGreaterThan(at('linear', 2));
    expect(at('exponential', 5)).toBeCloseTo(Math.sqrt(5), 9);
    expect(at('exponential', 10)).toBeCloseTo(1, 9);
  });

  test('takes the whole stage where it names no steps; a number is no schedule', () => {
    expect(atStep({ from: 5, to: 1, kind: 'linear' }, 99, 100)).toBe(1);
    expect(atStep(2, 7, 100)).toBe(2);
    expect([atEnd({ from: 5, to: 1, kind: 'linear' }), atEnd(3)]).toEqual([1, 3]);
    expect([largest({ from: 0, to: 0.5, kind: 'linear' }), largest({ from: 2, to: 0, kind: 'cosine' }), largest(3)]).toEqual([0.5, 2, 3]);
  });
});
