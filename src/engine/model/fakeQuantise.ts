/**
 * INT8 as it will be computed once it is real: weights rounded to 127 steps either way of each output channel's largest, activations
 * to those of each token's (symmetric, dynamic). In training the rounded values go forward and the gradient passes straight
 * through (Bengio et al. 2013, section 4; quantisation-aware training: Jacob et al. 2018, section 3). Rounding is to even, as
 * PyTorch's and NumPy's.
 */
import { withGradient } from '../backend/withGradient.ts';
import { tf } from '../tf.ts';

export const INT8_STEPS = 127;
/** Of a row of zeros: any scale gives zeros back, but for 0. */
const SMALLEST_SCALE = 1e-12;

/** x [rows, width] → the same, each row rounded to its own 255 values. Its gradient is that of x. */
export function fakeQuantise(x: tf.Tensor2D): tf.Tensor2D {
  return withGradient([x], ([input]) => {
    const scale = tf.maximum(tf.div(tf.max(tf.abs(input), -1, true), INT8_STEPS), SMALLEST_SCALE);
    return { value: tf.mul(tf.round(tf.div(input, scale)), scale) as tf.Tensor2D, save: [] };
  }, (dy) => [tf.clone(dy)]);
}

export interface Int8Rows {
  readonly values: Int8Array;
  /** One for each row. */
  readonly scales: Float32Array;
}

/** A weight [rows, width] as int8 and a scale for each row: the numbers that fakeQuantise rounds to, in float32 arithmetic. */
export function quantiseRows(weight: Float32Array, rows: number): Int8Rows {
  const width = weight.length / rows;
  const values = new Int8Array(weight.length);
  const scales = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    let largest = 0;
    for (let i = r * width; i < (r + 1) * width; i++) largest = Math.max(largest, Math.abs(weight[i] ?? NaN));
    const scale = Math.fround(Math.max(Math.fround(largest / INT8_STEPS), SMALLEST_SCALE));
    scales[r] = scale;
    for (let i = r * width; i < (r + 1) * width; i++) values[i] = roundToEven(Math.fround((weight[i] ?? NaN) / scale));
  }
  return { values, scales };
}

export function widenRows({ values, scales }: Int8Rows): Float32Array {
  const width = values.length / scales.length;
  return Float32Array.from(values, (value, i) => value * (scales[Math.floor(i / width)] ?? NaN));
}

function roundToEven(x: number): number {
  const nearest = Math.round(x);
  return Math.abs(x % 1) === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}

/** Weights that INT8 touches: the projections of the blocks; embedding, head, norms and biases stay as they are. */
export function isQuantised(name: string): boolean {
  return /_proj\.weight$/.test(name);
}
