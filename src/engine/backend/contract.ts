/** What every part of the engine may expect of a backend. The rest of backend/ keeps this promise. */
import type { BackendAttempt, BackendName } from '../../shared/events.ts';
import type { WriteColumns } from '../model/decodeStep.ts';
import type { OpenDecoding } from '../model/decoding.ts';
import type { tf } from '../tf.ts';

/** Number formats that matrix products can be computed in. */
export type Precision = 'float32' | 'bfloat16' | 'float16';

export interface Backend {
  readonly name: BackendName;
  /** For a person: "2 threads, SIMD", "NVIDIA RTX 4090". */
  readonly device: string;
  readonly threads: number;
  readonly ops: Ops;
  /** `ops` with the products of `linear` in fewer bits, from float32 to float32, where the backend has that. */
  readonly narrow?: (precision: Exclude<Precision, 'float32'>) => Ops;
  /** What was tried before, in order, this one last. */
  readonly attempts: readonly BackendAttempt[];
  /** Bytes that tensors hold now. */
  memoryBytes(): number;
  /** Ends worker threads; the process can then exit by itself. */
  dispose(): Promise<void>;
}

/**
 * The operations of a decoder that a backend may fuse. All tensors are float32 but ids and targets (int32). Every one
 * has a first-order gradient in the tensors marked (∇). `portable.ts` composes them from plain tf operations.
 */
export interface Ops {
  /** x [rows, in] ∇, weight [out, in] ∇ → [rows, out]: x · weightᵀ. Where a backend computes with fewer bits, this is where. */
  linear(x: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D;
  /** dy [rows, out] → what flows into x [rows, in] and weight [out, in], without a tape. */
  linearGradient(dy: tf.Tensor2D, x: tf.Tensor2D, weight: tf.Tensor2D): readonly [dx: tf.Tensor2D, dWeight: tf.Tensor2D];
  /** What flows into x alone, where the weight isn't trained. */
  linearInputGradient(dy: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D;
  /** `x`, which what comes next then only has once `before` is there: for work that must not be begun all at once where a backend orders it itself. */
  readonly after?: (x: tf.Tensor, before: tf.Tensor) => tf.Tensor;
  /** x [rows, width] ∇, weight [width] ∇ → [rows, width]: x / rms(x) · weight. */
  rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D;
  /**
   * Rotary positions as Hugging Face's Llama has them (the two halves of a head are rotated together).
   * x [batch, heads, seq, headDim] ∇; cos, sin [batch or 1, seq, headDim / 2].
   */
  rotary(x: tf.Tensor4D, cos: tf.Tensor3D, sin: tf.Tensor3D): tf.Tensor4D;
  /** gate, up [rows, width] ∇ → silu(gate) · up. */
  swiglu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D;
  /** scores [batch, heads, q, k] ∇; mask [batch or 1, 1, q, k], 0 or a large negative number → softmax(scores · scale + mask). */
  attentionSoftmax(scores: tf.Tensor4D, mask: tf.Tensor4D, scale: number): tf.Tensor4D;
  /** logits [rows, vocab] ∇, targets [rows], rowWeights [rows] → of each row rowWeight · −log softmax(logits)[target] [rows]. */
  crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor1D, rowWeights: tf.Tensor1D): tf.Tensor1D;
  /**
   * student [rows, vocab] ∇, teacher [rows, vocab], rowWeights [rows] →
   * of each row rowWeight · KL(softmax(teacher / T) ‖ softmax(student / T)) [rows]. No T² here: the total applies it.
   */
  forwardKl(student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number | tf.Scalar, rowWeights: tf.Tensor1D): tf.Tensor1D;
  /** crossEntropy's rows and, at once and without a tape, flowWeight · (softmax(logits) − onehot(target)) [rows, vocab]. */
  crossEntropyFlow(logits: tf.Tensor2D, targets: tf.Tensor1D, rowWeights: tf.Tensor1D, flowWeights: tf.Tensor1D): RowsAndFlow;
  /** forwardKl's rows and flowWeight · (softmax(student / T) − softmax(teacher / T)) / T. */
  forwardKlFlow(student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number | tf.Scalar, rowWeights: tf.Tensor1D, flowWeights: tf.Tensor1D): RowsAndFlow;
  /**
   * One AdamW step (Loshchilov & Hutter 2019, decoupled decay), in place:
   * m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; w ← w − lr·( (m/c₁) / (√(v/c₂) + ε) + decay·w ), cᵢ = 1 − βᵢ^t.
   */
  adamw(parameter: tf.Variable, gradient: tf.Tensor, slots: AdamSlots, step: AdamStep): void;
  /** Σ over all gradients of the sum of squares (scalar). */
  sumOfSquares(gradients: readonly tf.Tensor[]): tf.Scalar;
  /**
   * Where a backend can write in place: column [rows, 1, width] into cache [rows, columns, width], which nobody else may share.
   * written int32 [rows] says where, in the cache seen as [rows · columns, width]. What comes back is the cache with the column
   * in it, `cache` as well. Generation then doesn't copy it every step.
   */
  readonly writeColumns?: WriteColumns;
  /** Where a backend has a way of its own to generate. */
  readonly decoding?: OpenDecoding;
}

/** What a loss is and how it changes with the student's logits. */
export type RowsAndFlow = {
  /** Of each row rowWeight · loss [rows]. */
  readonly rows: tf.Tensor1D;
  /** The gradient of Σ flowWeight · loss in the logits [rows, vocab]. */
  readonly flow: tf.Tensor2D;
};

export interface AdamSlots {
  readonly m: tf.Variable;
  readonly v: tf.Variable;
}

export interface AdamStep {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly decay: number;
  /** 1 for the first step. */
  readonly t: number;
  /** The gradient is multiplied by it first (clipping). */
  readonly gradientScale: number;
}

/** A backend could not be opened; `auto` opens the first good one of the order in events.ts. */
export interface OpenOptions {
  readonly backend: BackendName | 'auto';
  /** Null: as many as the machine has cores, which is what the backend's own rule says. */
  readonly threads: number | null;
}
