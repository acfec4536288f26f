/**
 * Does a backend compute right? Every operation of the decoder, its gradients, the products in all transposes, the
 * gradient of an embedding look-up and an optimiser step are compared with float64 before the backend is taken: drivers
 * and libraries are wrong now and then, and a student trained on wrong numbers looks only like a bad student.
 */
import { tf } from '../tf.ts';
import type { Ops } from './contract.ts';
import {
  attentionSoftmax64, crossEntropy64, differences, forwardKl64, matMul64, rmsNorm64, rotary64, sampleNumbers, swiglu64, total, type Numbers,
} from './reference64.ts';

/**
 * Largest difference that is let pass, relative to the largest number of the result. Float32 stays below 1e-5 here; a
 * wrong kernel is off by about 1; half-precision products, which would change losses, by more than this.
 */
const TOLERANCE = 2e-4;

interface Check {
  readonly name: string;
  /** What the backend gives and what is right, tensor by tensor. */
  readonly run: (ops: Ops) => readonly (readonly [got: tf.Tensor, expected: Numbers])[];
}

/** The name of the first check that fails and by how much; null when all pass. */
export async function selfCheck(ops: Ops): Promise<string | null> {
  for (const { name, run } of CHECKS) {
    const pairs: (readonly [got: tf.Tensor, expected: Numbers])[] = [];
    tf.tidy(() => { for (const [got, expected] of run(ops)) pairs.push([tf.keep(got), expected]); });
    try {
      for (const [got, expected] of pairs) {
        const values = await got.data();
        const scale = Math.max(...expected.map(Math.abs), 1e-3);
        const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs((values[i] ?? Number.NaN) - value)), 0) / scale;
        // NaN compares false with everything: only a number within the tolerance passes.
        if (!(values.length === expected.length && worst <= TOLERANCE)) return `${name}: off by ${worst.toPrecision(2)} of its size`;
      }
    } finally {
      tf.dispose(pairs.map(([got]) => got));
    }
  }
  return null;
}

/** A numeric operation's value and its gradients in all inputs. */
function differentiable(name: string, shapes: readonly number[][], scale: number, operation: (ops: Ops, inputs: readonly tf.Tensor[]) => tf.Tensor, exact: (inputs: readonly Numbers[]) => Numbers): Check {
  return {
    name,
    run: (ops) => {
      const inputs = shapes.map((shape, i) => sampleNumbers(tf.util.sizeFromShape(shape), i + name.length, scale));
      const tensors = inputs.map((values, i) => tf.tensor(values, shapes[i]!));
      const expected = exact(inputs);
      const weights = sampleNumbers(expected.length, 77);
      const value = operation(ops, tensors);
      const gradients = tf.grads((...x: tf.Tensor[]) => tf.sum(tf.mul(operation(ops, x), tf.tensor(weights, value.shape))))(tensors);
      const loss = (i: number) => (x: Numbers): number => total(exact(inputs.with(i, [...x])).map((y, at) => y * weights[at]!));
      return [[value, expected] as const, ...gradients.map((gradient, i) => [gradient, differences(loss(i), inputs[i]!)] as const)];
    },
  };
}

const matMulCheck = (ta: boolean, tb: boolean, batch: number, m: number, n: number, k: number): Check => ({
  name: `matMul${ta ? ', first transposed' : ''}${tb ? ', second transposed' : ''} [${batch}, ${m}, ${n}, ${k}]`,
  run: () => {
    const [a, b] = [sampleNumbers(batch * m * k, 1), sampleNumbers(batch * k * n, 2)];
    const got = tf.matMul(tf.tensor3d(a, ta ? [batch, k, m] : [batch, m, k]), tf.tensor3d(b, tb ? [batch, n, k] : [batch, k, n]), ta, tb);
    const expected = Array.from({ length: batch }, (_, i) => matMul64(a.slice(i * m * k, (i + 1) * m * k), b.slice(i * k * n, (i + 1) * k * n), m, n, k, ta, tb)).flat();
    return [[got, expected]];
  },
});

const TRANSPOSES = [[false, false], [false, true], [true, false], [true, true]] as const;
const [ROWS, WIDTH, HEADS, SEQ, HALF, TEMPERATURE] = [3, 13, 2, 5, 3, 2.5];
const CAUSAL = Array.from({ length: SEQ * SEQ }, (_, at) => (at % SEQ <= Math.floor(at / SEQ) ? 0 : -1e9));
const TARGETS = [4, 0, 12];
const ROW_WEIGHTS = [0.5, 0, 1.5];
const angles = sampleNumbers(SEQ * HALF, 9, 3);

const CHECKS: readonly Check[] = [
  // Few rows, blocks with odd borders, batches, and one that is cut into tiles and panels.
  ...TRANSPOSES.flatMap(([ta, tb]) => [matMulCheck(ta, tb, 1, 3, 21, 10), matMulCheck(ta, tb, 1, 19, 13, 37), matMulCheck(ta, tb, 3, 14, 9, 6)]),
  matMulCheck(false, true, 1, 70, 260, 20),
  matMulCheck(true, false, 1, 17, 11, 300),
  differentiable('gradient of matMul', [[2, 3, 4], [2, 5, 4]], 1, (_, [a, b]) => tf.matMul(a!, b!, false, true),
    ([a, b]) => [0, 1].flatMap((i) => matMul64(a!.slice(i * 12, i * 12 + 12), b!.slice(i * 20, i * 20 + 20), 3, 5, 4, false, true))),
  differentiable('rmsNorm', [[ROWS, WIDTH], [WIDTH]], 2, (ops, [x, w]) => ops.rmsNorm(x as tf.Tensor2D, w as tf.Tensor1D, 1e-5), ([x, w]) => rmsNorm64(x!, w!, 1e-5)),
  differentiable('rotary', [[1, HEADS, SEQ, 2 * HALF]], 1,
    (ops, [x]) => ops.rotary(x as tf.Tensor4D, tf.tensor3d(angles.map(Math.cos), [1, SEQ, HALF]), tf.tensor3d(angles.map(Math.sin), [1, SEQ, HALF])),
    ([x]) => rotary64(x!, angles.map(Math.cos), angles.map(Math.sin), SEQ, HALF)),
  differentiable('swiglu', [[ROWS, WIDTH], [ROWS, WIDTH]], 6, (ops, [g, u]) => ops.swiglu(g as tf.Tensor2D, u as tf.Tensor2D), ([g, u]) => swiglu64(g!, u!)),
  differentiable('attentionSoftmax', [[1, HEADS, SEQ, SEQ]], 5,
    (ops, [x]) => ops.attentionSoftmax(x as tf.Tensor4D, tf.tensor4d(CAUSAL, [1, 1, SEQ, SEQ]), 0.4), ([x]) => attentionSoftmax64(x!, CAUSAL, SEQ, 0.4)),
  differentiable('crossEntropy', [[ROWS, WIDTH]], 6,
    (ops, [x]) => ops.crossEntropy(x as tf.Tensor2D, tf.tensor1d(TARGETS, 'int32'), tf.tensor1d(ROW_WEIGHTS)), ([x]) => crossEntropy64(x!, TARGETS, ROW_WEIGHTS)),
  differentiable('forwardKl', [[ROWS, WIDTH]], 6,
    (ops, [x]) => ops.forwardKl(x as tf.Tensor2D, tf.tensor2d(sampleNumbers(ROWS * WIDTH, 55, 6), [ROWS, WIDTH]), TEMPERATURE, tf.tensor1d(ROW_WEIGHTS)),
    ([x]) => forwardKl64(x!, sampleNumbers(ROWS * WIDTH, 55, 6), TEMPERATURE, ROW_WEIGHTS)),
  differentiable('splitting heads', [[2, 3, 2, 5]], 1, (_, [x]) => tf.transpose(x!, [0, 2, 1, 3]),
    ([x]) => x!.map((_, at) => x![(((Math.floor(at / 30) * 3 + (Math.floor(at / 5) % 3)) * 2) + (Math.floor(at / 15) % 2)) * 5 + (at % 5)]!)),
  differentiable('gradient of an embedding look-up', [[4, WIDTH]], 1, (_, [x]) => tf.gather(x!, tf.tensor1d([2, 0, 2, 3, 2], 'int32')),
    ([x]) => [2, 0, 2, 3, 2].flatMap((id) => x!.slice(id * WIDTH, (id + 1) * WIDTH))),
  {
    name: 'sumOfSquares',
    run: (ops) => {
      const values = [7, 100].map((n) => sampleNumbers(n, n));
      return [[ops.sumOfSquares(values.map((x) => tf.tensor1d(x))), [total(values.flat().map((x) => x * x))]]];
    },
  },
  {
    name: 'adamw',
    run: (ops) => {
      const [w, g, m, v] = [sampleNumbers(WIDTH, 1), sampleNumbers(WIDTH, 2), sampleNumbers(WIDTH, 3), sampleNumbers(WIDTH, 4).map(Math.abs)];
      const [rate, beta1, beta2, epsilon, decay, t, scale] = [0.1, 0.9, 0.99, 1e-8, 0.1, 3, 0.5];
      const variables = [w, m, v].map((values) => tf.variable(tf.tensor1d(values)));
      const [parameter, first, second] = variables as [tf.Variable, tf.Variable, tf.Variable];
      ops.adamw(parameter, tf.tensor1d(g), { m: first, v: second }, { learningRate: rate, beta1, beta2, epsilon, decay, t, gradientScale: scale });
      const nextM = m.map((value, i) => beta1 * value + (1 - beta1) * g[i]! * scale);
      const nextV = v.map((value, i) => beta2 * value + (1 - beta2) * (g[i]! * scale) ** 2);
      const nextW = w.map((value, i) => value - rate * (nextM[i]! / (1 - beta1 ** t) / (Math.sqrt(nextV[i]! / (1 - beta2 ** t)) + epsilon) + decay * value));
      const results = variables.map((variable) => tf.clone(variable));
      for (const variable of variables) variable.dispose();
      return [[results[0]!, nextW], [results[1]!, nextM], [results[2]!, nextV]];
    },
  },
];
