/**
 * What a student learns from its teachers beside their logits: hidden states through learned projections, attention, and what a
 * teacher of another vocabulary says (uld.ts).
 *
 *   H = mean over pairs of  (1 / N) Σ over positions that are not padding of  MSE or 1 − cos of (W·s, t)
 *   A = mean over pairs of  MSE of the scores before the softmax over causal, unpadded entries, or
 *                           KL(teacher's ‖ student's) of the attention probabilities over queries that are not padding
 *
 * (TinyBERT, Jiao et al. 2020, eq. 7–9: hidden states with a projection from the student's width to the teacher's, attention by
 * MSE before the softmax.) Heads are matched where their number is equal, else averaged on both sides. N counts over the whole
 * accumulated batch. Both need tensors that training otherwise forgets; attention's grow with the square of the length.
 */
import { weighs, type TrainStage } from '../../shared/recipe.ts';
import type { DecoderModel, Observed, Wanted } from '../model/contract.ts';
import { Random } from '../model/random.ts';
import { tf } from '../tf.ts';
import { weightOf, type MicroBatch } from './batch.ts';
import { layerPairs, type LayerPair } from './layerMap.ts';
import type { DeviceBatch } from './losses.ts';
import { spansOf } from './uld.ts';
import { disposeSpans, type PreparedSpans, type UldMatching } from './uldTargets.ts';

/** By what the sums of an accumulated batch are divided. */
export interface Counts {
  /** Fed positions that are not padding. */
  readonly tokens: number;
  /** Pairs (query, key ≤ query) of such positions. */
  readonly entries: number;
  /** Aligned spans, by the teacher of another vocabulary. */
  readonly spans: Readonly<Record<string, number>>;
}

export function countsOf(batches: readonly MicroBatch[]): Counts {
  let [tokens, entries] = [0, 0];
  const spans: Record<string, number> = {};
  for (const { rows } of batches) {
    for (const row of rows) {
      const { ids } = row;
      const fed = Math.max(0, ids.length - 1);
      tokens += weightOf(row) * fed;
      entries += (weightOf(row) * fed * (fed + 1)) / 2;
      for (const name of Object.keys(row.readings ?? {})) spans[name] = (spans[name] ?? 0) + weightOf(row) * spansOf(row, name);
    }
  }
  return { tokens, entries, spans };
}

/** Sums of a micro-batch, before the division; null where the recipe gives no weight. */
export interface FeatureSums {
  readonly hidden: tf.Scalar | null;
  readonly attention: tf.Scalar | null;
  readonly uld: tf.Scalar | null;
}

/** What the teachers show of a batch; `final` is null where none has the student's vocabulary. */
export interface Shown extends Omit<Observed, 'final'> {
  readonly final: tf.Tensor2D | null;
  readonly spans: PreparedSpans;
}

export function disposeShown({ final, states, scores, spans }: Shown): void {
  tf.dispose([...(final === null ? [] : [final]), ...states, ...scores]);
  disposeSpans(spans);
}

/** An attention entry that may not be seen, before the softmax. */
const UNSEEN = -1e9;
/** Under the square root of a norm, so that a state of zeros has a gradient. */
const TINY = 1e-12;

export class FeatureMatching {
  /** Weights that are trained with the student and never shipped in it: [studentWidth, teacherWidth] by name. */
  readonly projections: ReadonlyMap<string, tf.Variable>;
  readonly #hidden: readonly LayerPair[];
  readonly #attention: readonly LayerPair[];
  readonly #stage: TrainStage;
  readonly #teacher: DecoderModel | null;
  readonly #wanted: Readonly<Record<'teacher' | 'student', Wanted>>;

  /** Null where the stage weighs none of it. `teacher` is null where none has the student's vocabulary. Throws DistillError `layer-pair-unknown`. */
  static of(stage: TrainStage, teacher: DecoderModel | null, student: DecoderModel, seed: number, uld: UldMatching | null = null): FeatureMatching | null {
    return (teacher !== null && (weighs(stage, 'hidden') || weighs(stage, 'attention'))) || uld !== null ? new FeatureMatching(stage, teacher, student, seed, uld) : null;
  }

  private constructor(stage: TrainStage, teacher: DecoderModel | null, student: DecoderModel, seed: number, private readonly uld: UldMatching | null) {
    const { hidden, attention } = stage;
    const [teacherLayers, studentLayers] = [teacher?.config.layers ?? 0, student.config.layers];
    this.#stage = stage;
    this.#teacher = teacher;
    this.#hidden = teacher !== null && weighs(stage, 'hidden') ? layerPairs(hidden.layers, teacherLayers, studentLayers, hidden.embeddings) : [];
    // Attention belongs to blocks: the embedding has none.
    this.#attention = teacher !== null && weighs(stage, 'attention') ? layerPairs(attention.layers, teacherLayers, studentLayers, false) : [];
    const wanted = (side: keyof LayerPair): Wanted => ({ states: this.#hidden.map((pair) => pair[side]), scores: this.#attention.map((pair) => pair[side] - 1) });
    this.#wanted = { teacher: wanted('teacher'), student: wanted('student') };
    this.projections = new Map([...new Set(this.#hidden.map((pair) => projectionName(stage, pair)))]
      .map((name) => [name, projection(name, student.config.hiddenSize, teacher?.config.hiddenSize ?? 0, seed)]));
  }

  /** Whether a teacher of the student's vocabulary shows its inside: it is run on every batch then, and its logits come with that. */
  get looksInside(): boolean {
    return this.#hidden.length + this.#attention.length > 0;
  }

  /** The model that shows its inside; null where none does. */
  get inside(): DecoderModel | null {
    return this.looksInside ? this.#teacher : null;
  }

  /** What teachers of another vocabulary say of a batch; the caller's to dispose of (disposeSpans). Made on the host: a recorded step is given it. */
  spans(batch: MicroBatch): PreparedSpans {
    return this.uld?.prepare(batch) ?? [];
  }

  /** What the teachers show of a batch; the caller's to dispose of (disposeShown). Outside any gradient. */
  teacher({ ids, layout }: DeviceBatch, batch: MicroBatch, spans = this.spans(batch)): Shown {
    // Where only another vocabulary is matched nobody asks this one for its inside.
    const own = this.looksInside ? this.#teacher?.observe(ids, this.#wanted.teacher, layout) ?? null : null;
    return { final: own?.final ?? null, states: own?.states ?? [], scores: own?.scores ?? [], spans };
  }

  student(model: DecoderModel, { ids, layout }: DeviceBatch): Observed {
    return model.observe(ids, this.#wanted.student, layout);
  }

  /** Inside a gradient or tf.tidy. `mask` is tokenMask's of the batch. */
  sums(batch: MicroBatch, model: DecoderModel, student: Observed, teacher: Shown, mask: tf.Tensor1D = tokenMask(batch)): FeatureSums {
    return {
      hidden: this.#hidden.length === 0 ? null : meanOf(this.#hidden.map((pair, index) => this.#hiddenSum(pair, at(student.states, index), at(teacher.states, index), mask))),
      attention: this.#attention.length === 0 ? null : meanOf(this.#attention.map((_, index) => this.#attentionSum(at(student.scores, index), at(teacher.scores, index), mask, batch))),
      uld: this.uld === null ? null : this.uld.sum(model, student.final, teacher.spans),
    };
  }

  /** By what each sum is divided. */
  divisors({ tokens, entries, spans }: Counts): Readonly<Record<keyof FeatureSums, number>> {
    const aligned = this.uld?.teachers.reduce((sum, { name }) => sum + (spans[name] ?? 0), 0) ?? 0;
    return { hidden: tokens, attention: this.#stage.attention.loss === 'mse' ? entries : tokens, uld: Math.max(1, aligned) };
  }

  dispose(): void {
    for (const variable of this.projections.values()) variable.dispose();
  }

  #hiddenSum(pair: LayerPair, student: tf.Tensor2D, teacher: tf.Tensor2D, mask: tf.Tensor1D): tf.Scalar {
    const weight = this.projections.get(projectionName(this.#stage, pair)) as tf.Tensor as tf.Tensor2D;
    const projected: tf.Tensor2D = tf.matMul(student, weight);
    const rows = this.#stage.hidden.loss === 'mse'
      ? tf.mean(tf.squaredDifference(projected, teacher), -1)
      : tf.sub(1, tf.div(tf.sum(tf.mul(projected, teacher), -1), tf.mul(norm(projected), norm(teacher))));
    return tf.sum(tf.mul(rows, mask));
  }

  /** Scores [batch, heads, seq, seq], scaled, not masked. */
  #attentionSum(student: tf.Tensor4D, teacher: tf.Tensor4D, mask: tf.Tensor1D, { batch, seq }: MicroBatch): tf.Scalar {
    const matched = student.shape[1] === teacher.shape[1];
    const causal = tf.linalg.bandPart(tf.ones([seq, seq]), -1, 0);
    const queries = tf.reshape(mask, [batch, 1, seq, 1]);
    if (this.#stage.attention.loss === 'mse') {
      const heads = (scores: tf.Tensor4D): tf.Tensor => matched ? scores : tf.mean(scores, 1, true);
      const squares = tf.mul(tf.mul(tf.squaredDifference(heads(student), heads(teacher)), causal), queries);
      return tf.div(tf.sum(squares), matched ? student.shape[1] : 1);
    }
    const unseen = tf.mul(tf.sub(1, causal), UNSEEN);
    const logs = (scores: tf.Tensor4D): tf.Tensor => {
      const ofHeads = tf.logSoftmax(tf.add(scores, unseen));
      return matched ? ofHeads : tf.log(tf.add(tf.mean(tf.exp(ofHeads), 1, true), TINY));
    };
    const [logP, logQ] = [logs(teacher), logs(student)];
    const terms = tf.mul(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), causal);
    return tf.div(tf.sum(tf.mul(terms, queries)), matched ? student.shape[1] : 1);
  }
}

function norm(rows: tf.Tensor2D): tf.Tensor {
  return tf.sqrt(tf.add(tf.sum(tf.square(rows), -1), TINY));
}

/** [batch · seq], the weight of its row where a position is not padding. */
export function tokenMask({ batch, seq, rows, starts }: MicroBatch): tf.Tensor1D {
  const mask = new Float32Array(batch * seq);
  rows.forEach((row, index) => mask.fill(weightOf(row), starts[index], (starts[index] ?? 0) + Math.max(0, row.ids.length - 1)));
  return tf.tensor1d(mask);
}

function projectionName({ hidden }: TrainStage, { teacher, student }: LayerPair): string {
  return hidden.projection === 'shared' ? 'projection' : `projection.${teacher}-${student}`;
}

/** Of equal widths it begins as the identity; else normal with variance 1 / studentWidth, so that sizes are kept. */
function projection(name: string, from: number, to: number, seed: number): tf.Variable {
  const values = new Float32Array(from * to);
  const random = new Random(seed, name);
  for (let i = 0; i < values.length; i++) values[i] = from === to ? Number(i % (to + 1) === 0) : random.normal() / Math.sqrt(from);
  return tf.tidy(() => tf.variable(tf.tensor2d(values, [from, to])));
}

function meanOf(sums: readonly tf.Scalar[]): tf.Scalar {
  return tf.div(sums.length === 1 ? at(sums, 0) : tf.addN([...sums]), sums.length);
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${list.length}`);
  return value;
}
