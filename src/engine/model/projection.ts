/** A projection of a block: the one place where what a model computes a product with can differ (INT8, precision, adapters). */
import { tf } from '../tf.ts';
import type { DecoderModel } from './contract.ts';
import { fakeQuantise } from './fakeQuantise.ts';

export function weightOf<T extends tf.Tensor>(model: DecoderModel, name: string): T {
  return model.weights.get(name)! as tf.Tensor as T;
}

/** input [rows, in] → [rows, out] by `${name}.weight` [out, in] and, where there is one, `${name}.bias` [out]. */
export function projection(model: DecoderModel, name: string, input: tf.Tensor2D, bias: boolean): tf.Tensor2D {
  const weight = weightOf<tf.Tensor2D>(model, `${name}.weight`);
  const { config, backend: { ops } } = model;
  const product = config.int8 ? ops.linear(fakeQuantise(input), fakeQuantise(weight)) : ops.linear(input, weight);
  return bias ? tf.add<tf.Tensor2D>(product, weightOf<tf.Tensor1D>(model, `${name}.bias`)) : product;
}
