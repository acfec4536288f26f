/**
 * The decoder-only transformer of the Llama (Touvron et al. 2023), Qwen2 and Qwen3 families: RMSNorm before each block, rotary
 * positions (Su et al. 2021), grouped-query attention (Ainslie et al. 2023), SwiGLU (Shazeer 2020). One block serves
 * training, prefill and decoding: only what attention sees of the past differs.
 */
import { DistillError } from '../../shared/messages.ts';
import type { Backend } from '../backend/contract.ts';
import { tf } from '../tf.ts';
import { INITIALIZER_RANGE } from './config.ts';
import type { DecoderConfig, DecoderModel, Observed, PackedLayout, Tap, Wanted } from './contract.ts';
import type { Adapter } from './lora.ts';
import { packedTables, PositionTables } from './positions.ts';
import { projection, weightOf } from './projection.ts';
import { Random } from './random.ts';
import { recomputed } from './recompute.ts';

/** Every weight's name and shape ([out, in] for projections), as Transformers' state_dict has them. */
export function weightShapes(config: DecoderConfig): ReadonlyMap<string, readonly number[]> {
  const { hiddenSize: width, intermediateSize: inner, vocabSize: vocab } = config;
  const queryWidth = config.heads * config.headDim;
  const kvWidth = config.kvHeads * config.headDim;
  const shapes = new Map<string, readonly number[]>([['model.embed_tokens.weight', [vocab, width]]]);
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}`;
    shapes.set(`${at}.input_layernorm.weight`, [width]);
    shapes.set(`${at}.self_attn.q_proj.weight`, [queryWidth, width]);
    shapes.set(`${at}.self_attn.k_proj.weight`, [kvWidth, width]);
    shapes.set(`${at}.self_attn.v_proj.weight`, [kvWidth, width]);
    if (config.qkvBias) {
      shapes.set(`${at}.self_attn.q_proj.bias`, [queryWidth]);
      shapes.set(`${at}.self_attn.k_proj.bias`, [kvWidth]);
      shapes.set(`${at}.self_attn.v_proj.bias`, [kvWidth]);
    }
    if (config.qkNorm) {
      shapes.set(`${at}.self_attn.q_norm.weight`, [config.headDim]);
      shapes.set(`${at}.self_attn.k_norm.weight`, [config.headDim]);
    }
    shapes.set(`${at}.self_attn.o_proj.weight`, [width, queryWidth]);
    if (config.outputBias) shapes.set(`${at}.self_attn.o_proj.bias`, [width]);
    shapes.set(`${at}.post_attention_layernorm.weight`, [width]);
    shapes.set(`${at}.mlp.gate_proj.weight`, [inner, width]);
    shapes.set(`${at}.mlp.up_proj.weight`, [inner, width]);
    shapes.set(`${at}.mlp.down_proj.weight`, [width, inner]);
  }
  shapes.set('model.norm.weight', [width]);
  if (!config.tiedHead) shapes.set('lm_head.weight', [vocab, width]);
  return shapes;
}

/**
 * A model with new weights: norms 1, biases 0, the rest normal with standard deviation 0.02, which is what Transformers
 * does, but for the two projections that write into the residual stream (o_proj, down_proj), which get 0.02 / √(2·layers)
 * (Radford et al. 2019, section 2.3): small models start to learn sooner with it. Drawn on the host from `seed` and the
 * tensor's name: the same on every backend, whatever else the model holds.
 */
export function createDecoder(config: DecoderConfig, seed: number, backend: Backend): DecoderModel {
  const residual = INITIALIZER_RANGE / Math.sqrt(2 * config.layers);
  return decoderFrom(config, backend, (name, shape) => {
    const size = shape.reduce((product, side) => product * side, 1);
    if (name.endsWith('norm.weight')) return new Float32Array(size).fill(1);
    const values = new Float32Array(size);
    if (name.endsWith('.bias')) return values;
    const deviation = name.endsWith('o_proj.weight') || name.endsWith('down_proj.weight') ? residual : INITIALIZER_RANGE;
    const random = new Random(seed, name);
    for (let i = 0; i < size; i++) values[i] = random.normal() * deviation;
    return values;
  });
}

/** The same weights (shared, not copied), computed with as INT8. */
export function quantisedDecoder(model: DecoderModel): DecoderModel {
  return model.config.int8 ? model : variantOf(model, { config: { ...model.config, int8: true } });
}

/** The same weights (shared, not copied) in a model of which something else differs. Only one of both is disposed of. */
export function variantOf(model: DecoderModel, change: Partial<Pick<DecoderModel, 'config' | 'backend' | 'weights' | 'adapter' | 'trainable' | 'recomputes'>>): DecoderModel {
  const { config = model.config, backend = model.backend, weights = model.weights, adapter = model.adapter, trainable = model.trainable, recomputes = model.recomputes } = change;
  return new Decoder(config, backend, weights, adapter, trainable, recomputes, model instanceof Decoder ? model.positions : undefined);
}

/** A weight's values on the host (a copy). */
export async function readFloats(weight: tf.Tensor): Promise<Float32Array> {
  return Float32Array.from(await weight.data<'float32'>());
}

/** A model whose weights are asked for by name, one after the other. */
export function decoderFrom(config: DecoderConfig, backend: Backend, values: (name: string, shape: readonly number[]) => Float32Array): DecoderModel {
  const weights = new Map<string, tf.Variable>();
  try {
    for (const [name, shape] of weightShapes(config)) weights.set(name, variable(values(name, shape), shape));
  } catch (error) {
    for (const weight of weights.values()) weight.dispose();
    throw error;
  }
  return new Decoder(config, backend, weights);
}

/** The same for values that have to be waited for (a file's). */
export async function decoderFromAsync(config: DecoderConfig, backend: Backend, values: (name: string, shape: readonly number[]) => Promise<Float32Array>): Promise<DecoderModel> {
  const weights = new Map<string, tf.Variable>();
  try {
    for (const [name, shape] of weightShapes(config)) weights.set(name, variable(await values(name, shape), shape));
  } catch (error) {
    for (const weight of weights.values()) weight.dispose();
    throw error;
  }
  return new Decoder(config, backend, weights);
}

/** Without a name of ours: the engine's registry is global, and teacher and student have the same Hugging Face names. */
export function variable(values: Float32Array, shape: readonly number[]): tf.Variable {
  const initial = tf.tensor(values, [...shape], 'float32');
  const result = tf.variable(initial);
  initial.dispose();
  return result;
}

/** What a block's attention sees: `past` turns the new keys and values [batch · kvHeads, seq, headDim] into all of them. */
export interface Attention {
  readonly batch: number;
  readonly seq: number;
  /** cos, sin [batch or 1, seq, headDim / 2]. */
  readonly cos: tf.Tensor3D;
  readonly sin: tf.Tensor3D;
  /** [batch or 1, 1, seq, keys], 0 or a large negative number. */
  readonly mask: tf.Tensor4D;
  readonly past?: (layer: number, keys: tf.Tensor3D, values: tf.Tensor3D) => { readonly keys: tf.Tensor3D; readonly values: tf.Tensor3D };
}

class Decoder implements DecoderModel {
  readonly parameters: number;

  constructor(
    readonly config: DecoderConfig, readonly backend: Backend, readonly weights: ReadonlyMap<string, tf.Variable>,
    readonly adapter: Adapter | null = null, readonly trainable: ReadonlyMap<string, tf.Variable> = weights, readonly recomputes = false,
    readonly positions = new PositionTables(config),
  ) {
    this.parameters = [...weights.values()].reduce((sum, weight) => sum + weight.size, 0);
  }

  forward(ids: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => this.head(this.hidden(ids)));
  }

  hidden(ids: tf.Tensor2D, layout: PackedLayout | null = null): tf.Tensor2D {
    return tf.tidy(() => finalNorm(this, blocks(this, tf.reshape(ids, [ids.size]), this.#attention(ids, layout))));
  }

  observe(ids: tf.Tensor2D, wanted: Wanted, layout: PackedLayout | null = null): Observed {
    const { layers } = this.config;
    return tf.tidy(() => {
      const states = new Map<number, tf.Tensor2D>();
      const scores = new Map<number, tf.Tensor4D>();
      const last = blocks(this, tf.reshape(ids, [ids.size]), this.#attention(ids, layout), {
        state: (layer, x) => { if (wanted.states.includes(layer)) states.set(layer, x); },
        ...(wanted.scores.length === 0 ? {} : { scores: (layer: number, raw: () => tf.Tensor4D) => { if (wanted.scores.includes(layer)) scores.set(layer, raw()); } }),
      });
      const final = finalNorm(this, last);
      states.set(layers, final);
      const asked = <T>(from: ReadonlyMap<number, T>, layer: number): T => {
        const found = from.get(layer);
        if (found === undefined) throw new RangeError(`layer ${layer} of ${layers}`);
        return found;
      };
      return { final, states: wanted.states.map((layer) => asked(states, layer)), scores: wanted.scores.map((layer) => asked(scores, layer)) };
    });
  }

  watch(ids: tf.Tensor2D, tap: Tap): void {
    tf.tidy(() => { blocks(this, tf.reshape(ids, [ids.size]), this.#attention(ids, null), tap); });
  }

  /** Throws DistillError `sequence-too-long`. */
  #attention(ids: tf.Tensor2D, layout: PackedLayout | null): Attention {
    const [batch, seq] = ids.shape;
    const { maxPositions } = this.config;
    if (seq > maxPositions) throw new DistillError('sequence-too-long', { length: seq, limit: maxPositions });
    const causal = this.positions.causal(seq);
    return { batch, seq, ...(layout === null ? causal : packedTables(causal, layout)) };
  }

  head(states: tf.Tensor2D): tf.Tensor2D {
    return this.backend.ops.linear(states, weightOf(this, this.config.tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight'));
  }

  dispose(): void {
    for (const weight of this.weights.values()) weight.dispose();
    for (const { a, b } of this.adapter?.pairs.values() ?? []) tf.dispose([a, b]);
    this.positions.dispose();
  }
}

/** ids [batch · seq] → states after the last block, before the last norm [batch · seq, hiddenSize]. */
export function blocks(model: DecoderModel, ids: tf.Tensor1D, attention: Attention, tap?: Tap): tf.Tensor2D {
  let x: tf.Tensor2D = tf.gather(weightOf<tf.Tensor2D>(model, 'model.embed_tokens.weight'), ids);
  tap?.state?.(0, x);
  // What a tap is shown of the inside must stay: only whole blocks are forgotten and computed again.
  const recomputes = model.recomputes && attention.past === undefined && tap?.scores === undefined && tap?.heads === undefined && tap?.neurons === undefined;
  for (let layer = 0; layer < model.config.layers; layer++) {
    x = recomputes ? recomputedBlock(model, layer, x, attention) : block(model, layer, x, attention, tap);
    tap?.state?.(layer + 1, x);
  }
  return x;
}

/** states [rows, hiddenSize] → the same, ready for the head. */
export function finalNorm(model: DecoderModel, states: tf.Tensor2D): tf.Tensor2D {
  return model.backend.ops.rmsNorm(states, weightOf(model, 'model.norm.weight'), model.config.rmsNormEpsilon);
}

function recomputedBlock(model: DecoderModel, layer: number, x: tf.Tensor2D, { batch, seq, ...tables }: Attention): tf.Tensor2D {
  const weights = [...model.trainable].filter(([name]) => name.startsWith(`model.layers.${layer}.`)).map(([, weight]) => weight);
  return recomputed([x, tables.cos, tables.sin, tables.mask], weights, (input, cos, sin, mask) => block(model, layer, input, { batch, seq, cos, sin, mask }), model.backend.ops.after);
}

/** x [rows, hiddenSize] → the same; rows = batch · seq. */
function block(model: DecoderModel, layer: number, x: tf.Tensor2D, attention: Attention, tap?: Tap): tf.Tensor2D {
  const { config, backend: { ops } } = model;
  const { batch, seq, cos, sin, mask } = attention;
  const { heads, kvHeads, headDim } = config;
  const weight = <T extends tf.Tensor>(name: string): T => weightOf<T>(model, `model.layers.${layer}.${name}`);
  const project = (input: tf.Tensor2D, name: string, bias: boolean): tf.Tensor2D => projection(model, `model.layers.${layer}.${name}`, input, bias);
  const toHeads = (rows: tf.Tensor2D, count: number): tf.Tensor4D =>
    seq === 1 ? tf.reshape(rows, [batch, count, 1, headDim]) : tf.transpose(tf.reshape(rows, [batch, seq, count, headDim]), [0, 2, 1, 3]);

  /** Each head's queries or keys are normed by themselves, where the family does so. */
  const headNorm = (rows: tf.Tensor2D, name: string): tf.Tensor2D =>
    config.qkNorm ? tf.reshape(ops.rmsNorm(tf.reshape<tf.Rank.R2>(rows, [-1, headDim]), weight(name), config.rmsNormEpsilon), rows.shape) : rows;

  const normed = ops.rmsNorm(x, weight('input_layernorm.weight'), config.rmsNormEpsilon);
  const queries = ops.rotary(toHeads(headNorm(project(normed, 'self_attn.q_proj', config.qkvBias), 'self_attn.q_norm.weight'), heads), cos, sin);
  const newKeys = tf.reshape(ops.rotary(toHeads(headNorm(project(normed, 'self_attn.k_proj', config.qkvBias), 'self_attn.k_norm.weight'), kvHeads), cos, sin), [batch * kvHeads, seq, headDim]) as tf.Tensor3D;
  const newValues = tf.reshape(toHeads(project(normed, 'self_attn.v_proj', config.qkvBias), kvHeads), [batch * kvHeads, seq, headDim]) as tf.Tensor3D;
  const { keys, values } = attention.past?.(layer, newKeys, newValues) ?? { keys: newKeys, values: newValues };

  // Grouped queries without repeating keys and values: the heads of a group lie behind one another, so they fold into rows.
  const group = heads / kvHeads;
  const count = keys.shape[1];
  const scores = tf.matMul(tf.reshape(queries, [batch * kvHeads, group * seq, headDim]) as tf.Tensor3D, keys, false, true);
  const ofHeads: tf.Tensor4D = tf.reshape(scores, [batch, heads, seq, count]);
  tap?.scores?.(layer, () => tf.mul(ofHeads, 1 / Math.sqrt(headDim)));
  const probabilities = ops.attentionSoftmax(ofHeads, mask, 1 / Math.sqrt(headDim));
  const mixed = tf.matMul(tf.reshape(probabilities, [batch * kvHeads, group * seq, count]) as tf.Tensor3D, values);
  const rows = seq === 1 ? mixed : tf.transpose(tf.reshape(mixed, [batch, heads, seq, headDim]), [0, 2, 1, 3]);
  const ofHeadRows = tf.reshape<tf.Rank.R2>(rows, [batch * seq, heads * headDim]);
  tap?.heads?.(layer, ofHeadRows);
  const attended = tf.add<tf.Tensor2D>(x, project(ofHeadRows, 'self_attn.o_proj', config.outputBias));

  const normedAgain = ops.rmsNorm(attended, weight('post_attention_layernorm.weight'), config.rmsNormEpsilon);
  const inner = ops.swiglu(project(normedAgain, 'mlp.gate_proj', false), project(normedAgain, 'mlp.up_proj', false));
  tap?.neurons?.(layer, inner);
  return tf.add(attended, project(inner, 'mlp.down_proj', false));
}
