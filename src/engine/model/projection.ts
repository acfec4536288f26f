/** A projection of a block: the one place where what a model computes a product with can differ (INT8, precision, adapters). */
import { tf } from '../tf.ts';
import type { DecoderModel } from './contract.ts';
import { fakeQuantise } from './fakeQuantise.ts';
import type { LowRank } from './lora.ts';

export function weightOf<T extends tf.Tensor>(model: DecoderModel, name: string): T {
  return model.weights.get(name)! as tf.Tensor as T;
}

/** W + s·B·A, what an adapter makes of a weight [out, in]; a tensor of its own. */
export function mergedWeight(weight: tf.Tensor2D, { a, b }: LowRank, scaling: number): tf.Tensor2D {
  return tf.tidy(() => tf.add(weight, tf.mul(tf.matMul(b as tf.Tensor as tf.Tensor2D, a as tf.Tensor as tf.Tensor2D), scaling)));
}

/**
 * input [rows, in] → [rows, out] by `${name}.weight` [out, in], the adapter beside it and, where there is one, `${name}.bias` [out].
 * INT8 rounds the weight with the adapter in it (as Bondarenko et al. 2024, "Low-rank quantization-aware training for LLMs", do):
 * what is merged and exported is then what was trained.
 */
export function projection(model: DecoderModel, name: string, input: tf.Tensor2D, bias: boolean): tf.Tensor2D {
  const weight = weightOf<tf.Tensor2D>(model, `${name}.weight`);
  const { config, backend: { ops } } = model;
  const pair = model.adapter?.pairs.get(name);
  const scaling = model.adapter?.scaling ?? 1;
  let product: tf.Tensor2D;
  if (config.int8) {
    product = ops.linear(fakeQuantise(input), fakeQuantise(pair === undefined ? weight : mergedWeight(weight, pair, scaling)));
  } else {
    product = ops.linear(input, weight);
    if (pair !== undefined) {
      const narrow = ops.linear(input, pair.a as tf.Tensor as tf.Tensor2D);
      product = tf.add(product, ops.linear(tf.mul(narrow, scaling), pair.b as tf.Tensor as tf.Tensor2D));
    }
  }
  return bias ? tf.add<tf.Tensor2D>(product, weightOf<tf.Tensor1D>(model, `${name}.bias`)) : product;
}
