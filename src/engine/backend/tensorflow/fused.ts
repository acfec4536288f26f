/** Operations that TensorFlow has in a better form than TensorFlow.js composes them. */
import { tf } from '../../tf.ts';
import type { Ops } from '../contract.ts';
import { withGradient } from '../withGradient.ts';
import { nodeBackend } from './nodeBackend.ts';
import { ATTRIBUTE, DATA_TYPE, type OpAttribute } from './types.ts';

const T: OpAttribute = { name: 'T', type: ATTRIBUTE.type, value: DATA_TYPE.float };

/** Of matrices, not of batches of one matrix as TensorFlow.js has it: nothing is reshaped, and oneDNN takes its shorter way. */
function product(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor2D {
  const flags = [{ name: 'transpose_a', type: ATTRIBUTE.bool, value: transposeA }, { name: 'transpose_b', type: ATTRIBUTE.bool, value: transposeB }];
  return nodeBackend().executeSingleOutput('MatMul', [T, ...flags], [a, b]) as tf.Tensor2D;
}

function linearGradient(dy: tf.Tensor2D, x: tf.Tensor2D, weight: tf.Tensor2D): readonly [tf.Tensor2D, tf.Tensor2D] {
  return [linearInputGradient(dy, weight), product(dy, x, true, false)];
}

function linearInputGradient(dy: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D {
  return product(dy, weight, false, false);
}

function linear(x: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D {
  return withGradient([x, weight], ([input, matrix]) => ({ value: product(input, matrix, false, true), save: [input, matrix] }),
    (dy, [input, matrix]) => linearGradient(dy, input as tf.Tensor2D, matrix as tf.Tensor2D));
}

/** The sigmoid is kept: computing it again costs more than reading it. */
function swiglu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return withGradient([gate, up], ([g, u]) => {
    const s = tf.sigmoid(g);
    return { value: tf.mul(tf.mul(g, s), u) as tf.Tensor2D, save: [g, u, s] };
  }, (dy, [g, u, s]) => {
    const silu = tf.mul(g, s);
    // silu'(g) = s + silu · (1 − s)
    const slope = tf.sub(tf.add(s, silu), tf.mul(silu, s));
    return [tf.mul(tf.mul(dy, u), slope), tf.mul(dy, silu)];
  });
}

/** L2Loss is half the sum of squares, in one pass. */
function sumOfSquares(gradients: readonly tf.Tensor[]): tf.Scalar {
  return tf.tidy(() => gradients.length === 0 ? tf.scalar(0) : tf.mul(tf.addN(gradients.map((gradient) => nodeBackend().executeSingleOutput('L2Loss', [T], [gradient]))), 2) as tf.Scalar);
}

export const fusedOps: Pick<Ops, 'linear' | 'linearGradient' | 'linearInputGradient' | 'swiglu' | 'sumOfSquares'> = { linear, linearGradient, linearInputGradient, swiglu, sumOfSquares };
