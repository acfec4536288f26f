/** An operation with a gradient of its own: tf.customGrad with types. */
import { tf } from '../tf.ts';

type Tensors<T extends readonly unknown[]> = { -readonly [K in keyof T]: tf.Tensor };

export interface Forward<T extends tf.Tensor> {
  readonly value: T;
  /**
   * Every tensor that the gradient needs: inputs, the value, constants. What isn't saved may be gone by then, because
   * TensorFlow.js tidies the forward pass before it goes backwards.
   */
  readonly save: readonly tf.Tensor[];
}

/**
 * Runs `forward` on the inputs without recording it and lets `backward` give one gradient per input, in their order.
 * Tensors that are not among the inputs are constants: no gradient flows into them.
 */
export function withGradient<const I extends readonly tf.Tensor[], T extends tf.Tensor>(
  inputs: I,
  forward: (inputs: Tensors<I>) => Forward<T>,
  backward: (dy: T, saved: [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]) => readonly tf.Tensor[],
): T {
  const operation = tf.customGrad((...given) => {
    const save = given[inputs.length] as tf.GradSaveFunc;
    const { value, save: kept } = forward(given.slice(0, inputs.length) as unknown as Tensors<I>);
    save([...kept]);
    return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [...backward(dy as T, saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor])] };
  });
  return operation(...inputs) as T;
}
