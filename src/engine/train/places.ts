import { tf } from '../tf.ts';

/** Coordinates [rows · k, 2] of ids [rows, k]. */
export function places(ids: tf.Tensor2D): tf.Tensor2D {
  const [rows, k] = ids.shape;
  const row = tf.tile(tf.expandDims(tf.range(0, rows, 1, 'int32'), 1), [1, k]);
  return tf.stack([tf.reshape(row, [rows * k]), tf.reshape(ids, [rows * k])], 1) as tf.Tensor2D;
}
