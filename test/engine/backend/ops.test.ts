import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import { tf } from '../../../src/engine/tf.ts';
import * as reference from './reference.ts';
import { random, type Numbers } from './reference.ts';

/** Float32 against float64: relative to the largest number of the result. */
const TOLERANCE = 3e-6;

function expectClose(got: tf.Tensor, expected: Numbers, tolerance = TOLERANCE): void {
  const values = got.dataSync();
  expect(values.length).toBe(expected.length);
  const scale = Math.max(1e-3, ...expected.map(Math.abs));
  const worst = expected.reduce((most, value, i) => Math.max(most, Number.isNaN(values[i]) ? Infinity : Math.abs(values[i]! - value)), 0);
  expect(worst / scale).toBeLessThan(tolerance);
}

/** Value and gradients of `operation` against the reference; what it leaves behind are its results alone. */
function check(inputs: readonly { readonly values: Numbers; readonly shape: number[] }[], operation: (...x: tf.Tensor[]) => tf.Tensor, expected: (...x: Numbers[]) => Numbers, tolerance = TOLERANCE): void {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const tensors = inputs.map(({ values, shape }) => tf.tensor([...values], shape));
    const value = operation(...tensors);
    const exact = expected(...inputs.map(({ values }) => values));
    expectClose(value, exact, tolerance);
    // A weighted sum of the outputs, so that every one of them counts differently.
    const weights = random(exact.length, 99);
    const gradients = tf.grads((...x: tf.Tensor[]) => tf.sum(tf.mul(operation(...x), tf.tensor(weights, value.shape))))(tensors);
    gradients.forEach((got, index) => {
      const scalar = (x: Numbers): number => expected(...inputs.map(({ values }, i) => (i === index ? x : values))).reduce((total, y, i) => total + y * weights[i]!, 0);
      expectClose(got, reference.gradient(scalar, inputs[index]!.values), 2 * tolerance);
    });
  });
  expect(tf.memory().numTensors).toBe(before);
}

const given = (shape: number[], seed: number, scale = 1): { values: number[]; shape: number[] } => ({ values: random(tf.util.sizeFromShape(shape), seed, scale), shape });

describe.each([['cpu', 1], ['wasm', 1], ['wasm', 2]] as const)('operations on %s, %i thread(s), against float64', (name, threads) => {
  let backend: Backend;
  beforeAll(async () => { backend = await openBackend({ backend: name, threads }); });
  afterAll(async () => { await backend.dispose(); });

  test.each([[1, 4], [5, 7], [3, 48]])('rmsNorm of [%i, %i]', (rows, width) => {
    check([given([rows, width], 1, 2), given([width], 2)], (x, w) => backend.ops.rmsNorm(x as tf.Tensor2D, w as tf.Tensor1D, 1e-5), (x, w) => reference.rmsNorm(x!, w!, 1e-5));
  });

  test.each([[1, 1], [2, 2]])('rotary of 2 rows with %i table(s) on half %i·3', (tables, factor) => {
    const [batch, heads, seq, half] = [2, 3, 5, 3 * factor];
    const [cos, sin] = [random(tables * seq * half, 5), random(tables * seq * half, 6)];
    check([given([batch, heads, seq, 2 * half], 4)],
      (x) => backend.ops.rotary(x as tf.Tensor4D, tf.tensor3d(cos, [tables, seq, half]), tf.tensor3d(sin, [tables, seq, half])),
      (x) => reference.rotary(x!, cos, sin, batch, heads, seq, half));
  });

  test.each([[1, 3], [7, 13]])('swiglu of [%i, %i], with gates from −40 to 40', (rows, width) => {
    check([given([rows, width], 7, 40), given([rows, width], 8)], (g, u) => backend.ops.swiglu(g as tf.Tensor2D, u as tf.Tensor2D), (g, u) => reference.swiglu(g!, u!));
  });

  test.each([[1, 1, 1], [3, 7, 1], [5, 18, 2]])('attentionSoftmax of %i queries and %i keys with %i mask(s), causal and padded', (queries, keys, masks) => {
    const [batch, heads, scale] = [2, 2, 0.37];
    const mask = Array.from({ length: masks * queries * keys }, (_, at) => {
      const [b, q, k] = [Math.floor(at / (queries * keys)), Math.floor(at / keys) % queries, at % keys];
      return k <= q + keys - queries && !(b === 1 && k === 1) ? 0 : -1e9;
    });
    check([given([batch, heads, queries, keys], 9, 5)],
      (x) => backend.ops.attentionSoftmax(x as tf.Tensor4D, tf.tensor4d(mask, [masks, 1, queries, keys]), scale),
      (x) => reference.attentionSoftmax(x!, mask, heads, queries, keys, scale));
  });

  test.each([[1, 3], [6, 29]])('crossEntropy of %i rows over %i tokens; a row of weight 0 does not count', (rows, vocabulary) => {
    const targets = Array.from({ length: rows }, (_, r) => (r * 7) % vocabulary);
    const weights = Array.from({ length: rows }, (_, r) => (r === 2 ? 0 : Math.fround(0.1 * (r + 1))));
    check([given([rows, vocabulary], 10, 8)],
      (x) => backend.ops.crossEntropy(x as tf.Tensor2D, tf.tensor1d(targets, 'int32'), tf.tensor1d(weights)),
      (x) => reference.crossEntropy(x!, targets, weights));
  });

  test.each([[1, 3, 1], [6, 29, 2.5]])('forwardKl of %i rows over %i tokens at temperature %f', (rows, vocabulary, temperature) => {
    const teacher = random(rows * vocabulary, 12, 8);
    const weights = Array.from({ length: rows }, (_, r) => (r === 2 ? 0 : Math.fround(0.1 * (r + 1))));
    check([given([rows, vocabulary], 11, 8)],
      (x) => backend.ops.forwardKl(x as tf.Tensor2D, tf.tensor2d(teacher, [rows, vocabulary]), temperature, tf.tensor1d(weights)),
      (x) => reference.forwardKl(x!, teacher, temperature, weights));
  });

  test('forwardKl of equal models is 0', () => {
    const logits = random(4 * 31, 13, 10);
    const x = tf.tensor2d(logits, [4, 31]);
    for (const divergence of backend.ops.forwardKl(x, x.clone(), 2, tf.ones([4])).dataSync()) expect(Math.abs(divergence)).toBeLessThan(2e-6);
  });

  test('adamw makes five steps like the reference, decay and clipping included', () => {
    const rates = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, decay: 0.1, gradientScale: 0.5 };
    const n = 27;
    let expected: reference.Adam = { w: random(n, 14), m: new Array<number>(n).fill(0), v: new Array<number>(n).fill(0) };
    const parameter = tf.variable(tf.tensor1d(expected.w));
    const slots = { m: tf.variable(tf.zeros([n])), v: tf.variable(tf.zeros([n])) };
    const copy = parameter.clone();
    const first = [...copy.dataSync()];
    for (let t = 1; t <= 5; t += 1) {
      const g = random(n, 20 + t);
      backend.ops.adamw(parameter, tf.tensor1d(g), slots, { ...rates, t });
      expected = reference.adamw(expected, g, rates, t);
    }
    expectClose(parameter, expected.w);
    expectClose(slots.m, expected.m);
    expectClose(slots.v, expected.v);
    expect([...copy.dataSync()]).toEqual(first);
    tf.dispose([parameter, slots.m, slots.v]);
  });

  test('sumOfSquares over tensors of any size, none included', () => {
    const sizes = [1, 5, 16384 + 3];
    const values = sizes.map((n, i) => random(n, 30 + i));
    const expected = values.flat().reduce((total, v) => total + v * v, 0);
    expectClose(backend.ops.sumOfSquares(values.map((v) => tf.tensor1d(v))), [expected]);
    expect(backend.ops.sumOfSquares([]).dataSync()[0]).toBe(0);
  });

  const shapes: readonly (readonly [number, number, number])[] = [[1, 1, 1], [3, 5, 7], [13, 9, 33], [12, 70, 5], [5, 66, 130], [70, 19, 300]];
  test.each([[false, false], [false, true], [true, false], [true, true]])('matMul, transposed %s and %s', (ta, tb) => {
    for (const [m, n, k] of shapes) {
      const [a, b] = [random(m * k, m), random(k * n, n)];
      const got = tf.matMul(tf.tensor2d(a, ta ? [k, m] : [m, k]), tf.tensor2d(b, tb ? [n, k] : [k, n]), ta, tb);
      expectClose(got, reference.matMul(a, b, m, n, k, ta, tb));
    }
  });

  test.each([[false, false], [false, true], [true, false], [true, true]])('batched matMul, transposed %s and %s, broadcast batches included', (ta, tb) => {
    for (const [m, n, k] of [[3, 21, 6], [17, 9, 11]] as const) {
      // TensorFlow.js's plain backend can't broadcast both sides at once.
      const bothSides = name === 'cpu' ? [] : [[[2, 1], [1, 3], 6]] as const;
      for (const [batchA, batchB, batch] of [[[3], [3], 3], [[2, 2], [2, 2], 4], [[1], [3], 3], [[3], [1], 3], ...bothSides] as const) {
        const [countA, countB] = [tf.util.sizeFromShape([...batchA]), tf.util.sizeFromShape([...batchB])];
        const [a, b] = [random(countA * m * k, 40), random(countB * k * n, 41)];
        const got = tf.matMul(tf.tensor(a, [...batchA, ...(ta ? [k, m] : [m, k])]), tf.tensor(b, [...batchB, ...(tb ? [n, k] : [k, n])]), ta, tb);
        const pick = (item: number, shape: readonly number[]): number => (shape.length === 1 ? (shape[0] === 1 ? 0 : item) : shape[1] === 1 ? Math.floor(item / 3) : shape[0] === 1 ? item % 3 : item);
        const expected = Array.from({ length: batch }, (_, item) => {
          const [fromA, fromB] = [pick(item, batchA) * m * k, pick(item, batchB) * k * n];
          return reference.matMul(a.slice(fromA, fromA + m * k), b.slice(fromB, fromB + k * n), m, n, k, ta, tb);
        }).flat();
        expectClose(got, expected);
      }
    }
  });

  test('the gradient of an embedding look-up adds up rows that were taken twice', () => {
    const [vocabulary, width] = [5, 70];
    const ids = [3, 0, 3, 4];
    const dy = random(ids.length * width, 50);
    const table = tf.zeros([vocabulary, width]);
    const got = tf.grad((w) => tf.sum(tf.mul(tf.gather(w, tf.tensor1d(ids, 'int32')), tf.tensor2d(dy, [ids.length, width]))))(table);
    const expected = new Array<number>(vocabulary * width).fill(0);
    ids.forEach((id, r) => { for (let c = 0; c < width; c += 1) expected[id * width + c]! += dy[r * width + c]!; });
    expectClose(got, expected);
  });

  test('splitting heads, biases, residuals and sums over rows', () => {
    const [batch, seq, heads, dim] = [2, 3, 4, 5];
    const x = random(batch * seq * heads * dim, 60);
    const moved = tf.transpose(tf.tensor4d(x, [batch, seq, heads, dim]), [0, 2, 1, 3]);
    expect(moved.shape).toEqual([batch, heads, seq, dim]);
    expect([...moved.dataSync()]).toEqual(Array.from(x, (_, at) => {
      const [b, h, s, d] = [Math.floor(at / (heads * seq * dim)), Math.floor(at / (seq * dim)) % heads, Math.floor(at / dim) % seq, at % dim];
      return x[((b * seq + s) * heads + h) * dim + d];
    }));
    const rows = x.length / dim;
    const bias = random(dim, 61);
    expectClose(tf.add(tf.tensor2d(x, [rows, dim]), tf.tensor1d(bias)), x.map((v, i) => v + bias[i % dim]!));
    expectClose(tf.add(tf.tensor2d(x, [rows, dim]), tf.tensor2d(x, [rows, dim])), x.map((v) => 2 * v));
    expectClose(tf.sum(tf.tensor2d(x, [rows, dim]), 0), bias.map((_, c) => x.filter((_v, i) => i % dim === c).reduce((a, b) => a + b, 0)));
    expectClose(tf.sum(tf.tensor3d(x, [2, rows / 2, dim]), [0, 1]), bias.map((_, c) => x.filter((_v, i) => i % dim === c).reduce((a, b) => a + b, 0)));
    expectClose(tf.sum(tf.tensor2d(x, [rows, dim]), 1), Array.from({ length: rows }, (_, r) => x.slice(r * dim, (r + 1) * dim).reduce((a, b) => a + b, 0)));
  });
});
