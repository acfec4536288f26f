/**
 * Low-rank adapters (LoRA, Hu et al. 2021, section 4.1): beside a projection W [out, in] stand A [rank, in] and B [out, rank], and
 *
 *   y = x Wᵀ + s · (x Aᵀ) Bᵀ     s = alpha / rank, or alpha / √rank (rsLoRA, Kalajdzievski 2023, eq. 6)
 *
 * W is never changed while A and B are trained. Merging writes W + s·B·A in W's place and remembers W, so that taking the adapter
 * out again gives W back to the last bit, which subtracting the product would not.
 */
import { createHash } from 'node:crypto';
import { PROJECTIONS, type LoraSettings } from '../../shared/recipeAdapter.ts';
import { tf } from '../tf.ts';
import type { DecoderConfig, DecoderModel } from './contract.ts';
import { readFloats, variable, variantOf, weightShapes } from './decoder.ts';
import { mergedWeight } from './projection.ts';
import { Random } from './random.ts';

/** The two matrices beside one projection. */
export interface LowRank {
  /** [rank, in] */
  readonly a: tf.Variable;
  /** [out, rank] */
  readonly b: tf.Variable;
}

export interface Adapter {
  readonly settings: LoraSettings;
  readonly scaling: number;
  /** By the projection's name, `model.layers.0.self_attn.q_proj`. */
  readonly pairs: ReadonlyMap<string, LowRank>;
  /** The folder whose weights the adapter was made for, and their digest. */
  readonly base: string;
  readonly baseDigest: string;
}

export function scalingOf({ alpha, rank, rslora }: LoraSettings): number {
  return rslora ? alpha / Math.sqrt(rank) : alpha / rank;
}

/** Weights of a model that `targets` names, with their shapes [out, in]. */
export function targetsOf(config: DecoderConfig, targets: LoraSettings['targets']): ReadonlyMap<string, readonly [number, number]> {
  const found = new Map<string, readonly [number, number]>();
  for (const [name, shape] of weightShapes(config)) {
    const projection = PROJECTIONS.find((each) => name.endsWith(`.${each}.weight`));
    if (projection !== undefined && targets.includes(projection)) found.set(name.slice(0, -'.weight'.length), shape as readonly [number, number]);
  }
  return found;
}

/** Names of the two matrices among a model's trainable weights. */
export function adapterNames(projection: string): { readonly a: string; readonly b: string } {
  return { a: `${projection}.lora_A.weight`, b: `${projection}.lora_B.weight` };
}

/** All matrices of an adapter by their names. */
export function adapterWeights({ pairs }: Pick<Adapter, 'pairs'>): ReadonlyMap<string, tf.Variable> {
  return new Map([...pairs].flatMap(([projection, { a, b }]) => {
    const names = adapterNames(projection);
    return [[names.a, a], [names.b, b]] as const;
  }));
}

/** What an adapter is made for: the base's folder, and what is in it. */
export type Base = Pick<Adapter, 'base' | 'baseDigest'>;

/**
 * The model with a new adapter, its weights shared. As PEFT begins: A uniform within ±1/√in (Kaiming with a = √5), B zero, so that
 * nothing has changed yet. Drawn on the host from `seed` and the projection's name.
 */
export function withNewAdapter(model: DecoderModel, settings: LoraSettings, seed: number, base: Base): DecoderModel {
  return withAdapter(model, settings, base, (projection, [out, width]) => {
    const random = new Random(seed, adapterNames(projection).a);
    const bound = 1 / Math.sqrt(width);
    return { a: Float32Array.from({ length: settings.rank * width }, () => (2 * random.uniform() - 1) * bound), b: new Float32Array(out * settings.rank) };
  });
}

/** The model with an adapter of given values. `only`: the projections that have one, where not all that the targets name do. */
export function withAdapter(
  model: DecoderModel, settings: LoraSettings, base: Base, values: (projection: string, shape: readonly [number, number]) => { readonly a: Float32Array; readonly b: Float32Array },
  only: (projection: string) => boolean = () => true,
): DecoderModel {
  const pairs = new Map<string, LowRank>();
  for (const [projection, shape] of targetsOf(model.config, settings.targets)) {
    if (!only(projection)) continue;
    const { a, b } = values(projection, shape);
    pairs.set(projection, { a: variable(a, [settings.rank, shape[1]]), b: variable(b, [shape[0], settings.rank]) });
  }
  const adapter: Adapter = { settings, scaling: scalingOf(settings), pairs, ...base };
  return variantOf(model, { adapter, trainable: adapterWeights(adapter) });
}

export interface Merged {
  /** The model without an adapter, computing what it did with it. Its weights are those of the model that was merged. */
  readonly model: DecoderModel;
  /** Puts the weights back as they were, bit for bit, and answers the model with its adapter. Once. */
  unmerge(): DecoderModel;
  /** Forgets the weights from before and the adapter. */
  keep(): DecoderModel;
}

/** Writes the adapter into the weights, in place. Until `unmerge` or `keep` the old weights of the projections stay in memory. */
export function merge(model: DecoderModel): Merged {
  const { adapter } = model;
  if (adapter === null) throw new Error('the model has no adapter');
  const before = new Map<tf.Variable, tf.Tensor>();
  for (const [projection, pair] of adapter.pairs) {
    const weight = model.weights.get(`${projection}.weight`)!;
    const merged = mergedWeight(weight as tf.Tensor as tf.Tensor2D, pair, adapter.scaling);
    // A clone shares the data that the variable is about to let go of.
    before.set(weight, tf.clone(weight));
    weight.assign(merged);
    merged.dispose();
  }
  const plain = variantOf(model, { adapter: null, trainable: model.weights });
  return {
    model: plain,
    unmerge: () => {
      for (const [weight, old] of before) {
        weight.assign(old);
        old.dispose();
      }
      before.clear();
      return model;
    },
    keep: () => {
      tf.dispose([...before.values(), ...adapterWeights(adapter).values()]);
      before.clear();
      return plain;
    },
  };
}

/** A weight's values on the host, with what the adapter adds to it. */
export async function mergedFloats(model: DecoderModel, name: string): Promise<Float32Array> {
  const weight = model.weights.get(name)!;
  const pair = model.adapter?.pairs.get(name.slice(0, -'.weight'.length));
  if (pair === undefined) return readFloats(weight);
  const merged = mergedWeight(weight as tf.Tensor as tf.Tensor2D, pair, model.adapter?.scaling ?? NaN);
  const values = Float32Array.from(await merged.data<'float32'>());
  merged.dispose();
  return values;
}

/** SHA-256 over the values of all weights (without the adapter) in the order of their names: the same however they are stored. */
export async function digestOfWeights({ weights }: DecoderModel): Promise<string> {
  const hash = createHash('sha256');
  for (const name of [...weights.keys()].sort()) {
    const values = await readFloats(weights.get(name)!);
    hash.update(name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}

/** Whether an adapter of these settings can be gone on with by a stage of those. */
export function sameLora(a: LoraSettings, b: LoraSettings): boolean {
  return a.rank === b.rank && a.alpha === b.alpha && a.rslora === b.rslora && a.targets.length === b.targets.length && a.targets.every((name) => b.targets.includes(name));
}
