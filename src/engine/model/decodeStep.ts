/**
 * One new token for every row, on tensors alone: the same whether it is computed operation by operation or recorded. At one
 * token a row a step is many small operations, so there are as few as can be: what can be done to the weights once is done
 * to them before the first token (`prepareWeights`).
 */
import { tf } from '../tf.ts';
import type { DecoderModel } from './contract.ts';
import { blocks, finalNorm } from './decoder.ts';
import type { DecodingOptions } from './decoding.ts';
import { mergedWeight, weightOf } from './projection.ts';

/** Keys and values of one layer [rows · kvHeads, columns, headDim]. */
export interface LayerCache {
  readonly keys: tf.Tensor3D;
  readonly values: tf.Tensor3D;
}

/** What differs from step to step, and the caches, which are written to. */
export interface StepTensors {
  /** int32 [rows] */
  readonly tokens: tf.Tensor1D;
  /** int32 [rows · kvHeads]: where the new keys and values go, in a cache seen as [rows · kvHeads · columns, headDim]. */
  readonly written: tf.Tensor1D;
  /** [rows, 1, headDim / 2] */
  readonly cos: tf.Tensor3D;
  readonly sin: tf.Tensor3D;
  /** [rows · kvHeads, 1, columns] */
  readonly mask: tf.Tensor3D;
  readonly temperature: tf.Scalar;
  readonly caches: readonly LayerCache[];
}

/** best int32 [rows], probabilities [rows, vocab], as far as they are wanted. (No interface: tf.tidy takes only what has an index.) */
export type ScoreTensors = { readonly best?: tf.Tensor; readonly probabilities?: tf.Tensor };

/** Gives the cache with the new column in it: the same one where it could be written in place. */
export type WriteColumns = (cache: tf.Tensor3D, column: tf.Tensor3D, written: tf.Tensor1D) => tf.Tensor3D;

/** Weights of one layer as a step reads them: [in, out], products of one input side by side, what scales an input or a score in them. */
export interface PreparedLayer {
  /** [hidden, (heads + 2 · kvHeads) · headDim] */
  readonly qkv: tf.Tensor2D;
  readonly qkvBias: tf.Tensor1D | null;
  /** [heads + kvHeads, headDim], of families that norm queries and keys. */
  readonly headNorm: tf.Tensor2D | null;
  readonly output: tf.Tensor2D;
  readonly outputBias: tf.Tensor1D | null;
  /** [hidden, intermediate]; side by side they would be slower: oneDNN copies a matrix that wide before it multiplies. */
  readonly gate: tf.Tensor2D;
  readonly up: tf.Tensor2D;
  readonly down: tf.Tensor2D;
}

/** Copies of the model's projections, an adapter merged into them; the caller's to dispose of. Null for INT8, whose rounding comes between. */
export function prepareWeights(model: DecoderModel): readonly PreparedLayer[] | null {
  const { layers, heads, kvHeads, headDim, qkvBias, outputBias, qkNorm, int8 } = model.config;
  if (int8) return null;
  const scale = 1 / Math.sqrt(headDim);
  return Array.from({ length: layers }, (_, layer) => {
    const name = (part: string): string => `model.layers.${String(layer)}.${part}`;
    const projection = (part: string): tf.Tensor2D => {
      const weight = weightOf<tf.Tensor2D>(model, `${name(part)}.weight`);
      const pair = model.adapter?.pairs.get(name(part));
      return pair === undefined ? weight : mergedWeight(weight, pair, model.adapter!.scaling);
    };
    const kept = <T extends tf.Tensor>(make: () => T): T => tf.keep(tf.tidy(make));
    /** Scaling every input by the norm's weight is scaling the columns of [out, in] by it. */
    const joined = (parts: readonly (readonly [string, number])[], norm: string): tf.Tensor2D => kept(() => {
      const scaled = parts.map(([part, factor]) => (factor === 1 ? projection(part) : tf.mul<tf.Tensor2D>(projection(part), factor)));
      return tf.transpose(tf.mul<tf.Tensor2D>(scaled.length === 1 ? scaled[0]! : tf.concat(scaled, 0), weightOf<tf.Tensor1D>(model, name(norm))));
    });
    // Normed queries lose a factor: it belongs to the norm's own weight then.
    const ofQuery = qkNorm ? 1 : scale;
    return {
      qkv: joined([['self_attn.q_proj', ofQuery], ['self_attn.k_proj', 1], ['self_attn.v_proj', 1]], 'input_layernorm.weight'),
      qkvBias: !qkvBias ? null : kept(() => tf.concat1d(['q', 'k', 'v'].map((of) => tf.mul<tf.Tensor1D>(weightOf<tf.Tensor1D>(model, name(`self_attn.${of}_proj.bias`)), of === 'q' ? ofQuery : 1)))),
      headNorm: !qkNorm ? null : kept(() => tf.concat([
        tf.tile(tf.reshape(tf.mul(weightOf<tf.Tensor1D>(model, name('self_attn.q_norm.weight')), scale), [1, headDim]), [heads, 1]),
        tf.tile(tf.reshape(weightOf<tf.Tensor1D>(model, name('self_attn.k_norm.weight')), [1, headDim]), [kvHeads, 1]),
      ], 0) as tf.Tensor2D),
      output: kept(() => tf.transpose(projection('self_attn.o_proj'))),
      outputBias: outputBias ? kept(() => tf.clone(weightOf<tf.Tensor1D>(model, name('self_attn.o_proj.bias')))) : null,
      gate: joined([['mlp.gate_proj', 1]], 'post_attention_layernorm.weight'),
      up: joined([['mlp.up_proj', 1]], 'post_attention_layernorm.weight'),
      down: kept(() => tf.transpose(projection('mlp.down_proj'))),
    };
  });
}

export function tensorsOf(prepared: readonly PreparedLayer[]): tf.Tensor[] {
  return prepared.flatMap((layer) => Object.values(layer) as (tf.Tensor | null)[]).filter((tensor) => tensor !== null);
}

/** `remembered` is shown each layer's cache as the step leaves it. */
export function decodeStep(
  model: DecoderModel, prepared: readonly PreparedLayer[] | null, wanted: DecodingOptions, step: StepTensors, write: WriteColumns,
  remembered?: (layer: number, cache: LayerCache) => void,
): ScoreTensors {
  const past = (layer: number, keys: tf.Tensor3D, values: tf.Tensor3D): LayerCache => {
    const before = step.caches[layer]!;
    const now = { keys: write(before.keys, keys, step.written), values: write(before.values, values, step.written) };
    remembered?.(layer, now);
    return now;
  };
  const { tokens, cos, sin, mask } = step;
  const rows = tokens.size;
  if (prepared === null) {
    const columns = mask.shape[2];
    const ofRows = tf.slice(tf.reshape(mask, [rows, model.config.kvHeads, 1, columns]), [0, 0, 0, 0], [rows, 1, 1, columns]);
    return scoresOf(model, wanted, blocks(model, tokens, { batch: rows, seq: 1, cos, sin, mask: ofRows as tf.Tensor4D, past }), step.temperature);
  }
  const turns: Turns = { cos: tf.concat([cos, cos], -1), sin: tf.concat([tf.neg(sin), sin], -1) };
  let x: tf.Tensor2D = tf.gather(weightOf<tf.Tensor2D>(model, 'model.embed_tokens.weight'), tokens);
  prepared.forEach((weights, layer) => { x = preparedBlock(model, layer, weights, x, turns, mask, past); });
  return scoresOf(model, wanted, x, step.temperature);
}

/** cos, cos and −sin, sin [rows, 1, headDim]. */
interface Turns {
  readonly cos: tf.Tensor3D;
  readonly sin: tf.Tensor3D;
}

/** x [rows, hiddenSize] → the same: decoder.ts's block for one token a row. */
function preparedBlock(
  { config }: DecoderModel, layer: number, weights: PreparedLayer, x: tf.Tensor2D, turns: Turns, mask: tf.Tensor3D,
  past: (layer: number, keys: tf.Tensor3D, values: tf.Tensor3D) => LayerCache,
): tf.Tensor2D {
  const { heads, kvHeads, headDim, rmsNormEpsilon: epsilon } = config;
  const rows = x.shape[0];
  const project = (input: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D | null): tf.Tensor2D =>
    bias === null ? tf.matMul(input, weight) : tf.add<tf.Tensor2D>(tf.matMul(input, weight), bias);
  const turned = heads + kvHeads;
  const [qkRows, values] = tf.split(project(unit(x, epsilon), weights.qkv, weights.qkvBias), [turned * headDim, kvHeads * headDim], 1) as [tf.Tensor2D, tf.Tensor2D];
  let qk = tf.reshape<tf.Rank.R3>(qkRows, [rows, turned, headDim]);
  if (weights.headNorm !== null) qk = tf.mul(unit(qk, epsilon), weights.headNorm);
  // Su et al. 2021, section 3.4.2, with the halves of a head for pairs.
  const [front, back] = tf.split(qk, 2, 2) as [tf.Tensor3D, tf.Tensor3D];
  const positioned = tf.add<tf.Tensor3D>(tf.mul(qk, turns.cos), tf.mul(tf.concat([back, front], 2), turns.sin));
  const [queries, keys] = tf.split(positioned, [heads, kvHeads], 1) as [tf.Tensor3D, tf.Tensor3D];
  const cache = past(layer, tf.reshape(keys, [rows * kvHeads, 1, headDim]), tf.reshape(values, [rows * kvHeads, 1, headDim]));
  const scores = tf.matMul(tf.reshape<tf.Rank.R3>(queries, [rows * kvHeads, heads / kvHeads, headDim]), cache.keys, false, true);
  const mixed = tf.matMul(tf.softmax(tf.add<tf.Tensor3D>(scores, mask)), cache.values);
  const attended = tf.add<tf.Tensor2D>(x, project(tf.reshape<tf.Rank.R2>(mixed, [rows, heads * headDim]), weights.output, weights.outputBias));
  const normed = unit(attended, epsilon);
  const [gate, up] = [tf.matMul(normed, weights.gate), tf.matMul(normed, weights.up)];
  return tf.add(attended, tf.matMul(tf.mul<tf.Tensor2D>(tf.mul(gate, tf.sigmoid(gate)), up), weights.down));
}

/** x / rms(x), over the last axis. */
function unit<T extends tf.Tensor>(x: T, epsilon: number): T {
  return tf.mul<T>(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon)));
}

/** states [rows, hiddenSize] → what is wanted of their logits. */
export function scoresOf(model: DecoderModel, wanted: DecodingOptions, states: tf.Tensor2D, temperature: tf.Scalar): ScoreTensors {
  const logits = model.head(finalNorm(model, states));
  return {
    ...(wanted.best ? { best: tf.argMax(logits, -1) } : {}),
    ...(wanted.temperature === null ? {} : { probabilities: tf.softmax(tf.div(logits, temperature)) }),
  };
}
