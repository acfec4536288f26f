/**
 * Gradient checkpointing (Chen et al. 2016, "Training deep nets with sublinear memory cost", section 4, each block a segment): the
 * forward pass keeps what goes into a block and forgets what is computed inside; the backward pass computes the block once more
 * when its gradient is due. Memory of activations then grows with the number of blocks by one tensor [rows, hiddenSize] instead of
 * some thirty, for about a third more computation. The operations and their order are the same, so the gradients are the same bits.
 */
import type { Ops } from '../backend/contract.ts';
import { withGradient } from '../backend/withGradient.ts';
import { tf } from '../tf.ts';

/** What a segment is computed from besides its weights: x carries a gradient, the others are constants. */
export type SegmentInputs = readonly [x: tf.Tensor2D, cos: tf.Tensor3D, sin: tf.Tensor3D, mask: tf.Tensor4D];

/**
 * `segment` of the inputs, recomputed for its gradient. `weights` are all that it uses and that are trained; gradients flow into them
 * and into x. `after` is the backend's: in a recorded function, which begins whatever has its inputs, a segment would else be computed
 * again while the forward pass is still on its way, and nothing would be saved.
 */
export function recomputed(inputs: SegmentInputs, weights: readonly tf.Variable[], segment: (...inputs: SegmentInputs) => tf.Tensor2D, after: Ops['after']): tf.Tensor2D {
  return withGradient([inputs[0], ...weights], () => ({ value: segment(...inputs), save: inputs }), (dy, saved) => {
    const [, cos, sin, mask] = saved as unknown as SegmentInputs;
    const x = saved[0];
    return gradientsInside((input) => segment(input as tf.Tensor2D, cos, sin, mask), [after === undefined ? x : after(x, dy), ...weights], dy);
  });
}

/**
 * tf.grads while another gradient is on its way back. TensorFlow.js has one tape: it would begin a new one here and leave none, though
 * the outer one is still to be cleaned up.
 */
function gradientsInside(f: (x: tf.Tensor) => tf.Tensor, at: readonly tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  const { state } = tf.engine();
  const outer = state.activeTape;
  try {
    return tf.grads(f as (...inputs: tf.Tensor[]) => tf.Tensor)([...at], dy);
  } finally {
    state.activeTape = outer;
  }
}
