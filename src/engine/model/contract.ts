/** What training, generation and evaluation may expect of a model. */
import type { Backend } from '../backend/contract.ts';
import type { tf } from '../tf.ts';
import type { Adapter } from './lora.ts';

/** How rotary frequencies are stretched for texts longer than those of the first training. */
export type RopeScaling =
  /** All frequencies divided (position interpolation, Chen et al. 2023). */
  | { readonly type: 'linear'; readonly factor: number }
  /** Long waves divided, short ones kept, those between blended (Llama 3.1; Grattafiori et al. 2024, section 3.4.2, as released). */
  | { readonly type: 'llama3'; readonly factor: number; readonly lowFactor: number; readonly highFactor: number; readonly originalPositions: number };

/** config.json of the Llama, Qwen2 and Qwen3 families, with its defaults filled in. */
export interface DecoderConfig {
  readonly family: 'llama' | 'qwen2' | 'qwen3';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly maxPositions: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling | null;
  readonly rmsNormEpsilon: number;
  readonly tiedHead: boolean;
  /** Bias on the q, k and v projections (Qwen2; Llama's attention_bias adds one on o as well). */
  readonly qkvBias: boolean;
  readonly outputBias: boolean;
  /** RMSNorm over each head's queries and keys before they are turned (Qwen3). */
  readonly qkNorm: boolean;
  /** Projections compute with fake-quantised INT8 weights (per output channel) and activations (per token). */
  readonly int8: boolean;
  readonly bosTokenId: number | null;
  readonly eosTokenIds: readonly number[];
}

/**
 * Several rows (documents) one after another in a sequence, int32 [batch, seq]: `positions` begin anew at 0 with each document,
 * `documents` are numbers that differ between those of a sequence. No position sees another document.
 */
export interface PackedLayout {
  readonly positions: tf.Tensor2D;
  readonly documents: tf.Tensor2D;
}

/** A decoder-only transformer whose weights lie on the backend under their Hugging Face names and in their layout ([out, in]). */
export interface DecoderModel {
  readonly config: DecoderConfig;
  readonly backend: Backend;
  readonly weights: ReadonlyMap<string, tf.Variable>;
  /** What an optimiser changes: all weights, unless parts are frozen or adapters are trained in their place. */
  readonly trainable: ReadonlyMap<string, tf.Variable>;
  /** Low-rank matrices beside some projections, computed with them; null where there are none. */
  readonly adapter: Adapter | null;
  /** Whether a gradient computes each block again instead of keeping what was computed inside (recompute.ts). */
  readonly recomputes: boolean;
  readonly parameters: number;
  /**
   * Training and scoring pass. ids int32 [batch, seq], rows padded on the right (padding needs no mask of its own: the
   * model is causal, and padded positions are never supervised). Throws DistillError `sequence-too-long`.
   * → logits [batch · seq, vocab]. The same as head(hidden(ids)).
   */
  forward(ids: tf.Tensor2D): tf.Tensor2D;
  /** ids int32 [batch, seq] → states after the last norm [batch · seq, hidden]. Without a layout each sequence is one row. */
  hidden(ids: tf.Tensor2D, layout?: PackedLayout | null): tf.Tensor2D;
  /** The same as hidden(), and what is asked for of the inside. Outside a tf.tidy they are the caller's to dispose of. */
  observe(ids: tf.Tensor2D, wanted: Wanted, layout?: PackedLayout | null): Observed;
  /** Shows the inside of a pass as it goes; what is shown is gone when the call returns. */
  watch(ids: tf.Tensor2D, tap: Tap): void;
  /** states [rows, hidden] → logits [rows, vocab]: training asks for the supervised rows only, which saves the big product. */
  head(states: tf.Tensor2D): tf.Tensor2D;
  dispose(): void;
}

export interface Wanted {
  /** Hidden states as Hugging Face counts them: 0 is the embedding, i the output of block i, the last is after the final norm. */
  readonly states: readonly number[];
  /** Blocks (0 is the first) whose attention scores are asked for. */
  readonly scores: readonly number[];
}

/** Is shown the inside of a pass: states [rows, hiddenSize] as Hugging Face counts them, scores [batch, heads, seq, keys] of a block. */
export interface Tap {
  state?(layer: number, x: tf.Tensor2D): void;
  scores?(layer: number, scaled: () => tf.Tensor4D): void;
  /** What the heads of a block give to its output projection [rows, heads · headDim]. */
  heads?(layer: number, rows: tf.Tensor2D): void;
  /** What a block's feed-forward neurons give to its last projection [rows, intermediateSize]. */
  neurons?(layer: number, rows: tf.Tensor2D): void;
}

export interface Observed {
  /** After the last norm [batch · seq, hidden]. */
  readonly final: tf.Tensor2D;
  /** [batch · seq, hidden] for each that was asked for, in that order. */
  readonly states: tf.Tensor2D[];
  /** [batch, heads, seq, seq], scaled by 1 / √headDim, before mask and softmax, in the order asked for. */
  readonly scores: tf.Tensor4D[];
}

export interface GenerateOptions {
  readonly maxNewTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
  readonly eosTokenIds: readonly number[];
  /** Texts for each prompt, default 1. The prompt is read once; its samples differ in what they draw (greedy ones don't). */
  readonly samples?: number;
  /** Whether the written tokens' log-probabilities are wanted. */
  readonly logProbabilities?: boolean;
  /** Called between steps; generation ends early when it says true. */
  readonly stopped?: () => boolean;
  /** Rows computed together; default all. The result does not depend on it. */
  readonly batch?: number;
  /** Called after every step with what is done so far: ended rows, and tokens made in all (end tokens counted). */
  readonly progress?: (done: { readonly rows: number; readonly tokens: number }) => void;
}

export interface Generated {
  /** New tokens without the prompt and without the end token. */
  readonly ids: readonly number[];
  readonly finish: 'end' | 'length' | 'stopped';
  /**
   * Where they were asked for: log p of each of `ids`, and where `finish` is "end" of the end token after them, under
   * softmax(logits / T) over the whole vocabulary, whatever the nucleus (greedy: T = 1).
   */
  readonly logProbabilities?: Float32Array;
}
