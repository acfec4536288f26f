/** Order inside a recorded function: TensorFlow begins whatever has its inputs, so what must wait is given one more thing to wait for. */
import type { tf } from '../../tf.ts';
import { currentTracing } from './recorder.ts';
import { ATTRIBUTE, DATA_TYPE } from './types.ts';
import type { Output } from './cApi.ts';

/** As Ops.after. x is float32; operation by operation there is nothing to order. */
export function after(x: tf.Tensor, before: tf.Tensor): tf.Tensor {
  const tracing = currentTracing();
  if (tracing === null) return x;
  const [result] = tracing.add('Identity', [{ name: 'T', type: ATTRIBUTE.type, value: DATA_TYPE.float }], [tracing.outputOf(x)], 1, [tracing.outputOf(before)]);
  return tracing.tensorOf(result as Output);
}
