/**
 * The distillation loss of one micro-batch:
 *
 *   total = w.kl · T² · D(softmax(t / T), softmax(s / T)) + w.ce · CE + w.mse · MSE(t, s)
 *
 * with D the divergence that the recipe names (divergences.ts), by default KL(p ‖ q). (Hinton, Vinyals & Dean 2015,
 * section 2: T² keeps the gradient's size as T grows; it belongs to softened distributions only.) Each
 * loss is the sum over supervised positions, each with the weight of its row (1 unless the data say another), divided by the
 * sum of these weights in the whole accumulated batch, so that k micro-batches give the gradient of one batch k times as
 * large. The two segments, reasoning and answer, are summed
 * apart: their shares cost nothing and add up to the whole.
 */
import type { Ops } from '../backend/contract.ts';
import type { DecoderModel, PackedLayout } from '../model/contract.ts';
import { tf } from '../tf.ts';
import { SEGMENTS } from './batch.ts';
import type { MicroBatch, SegmentName } from './batch.ts';
import { divergenceRows, logitsMseRows, topDivergenceRows, type Divergence } from './divergences.ts';

/** The terms of the total. */
export const LOSS_TERMS = ['kl', 'ce', 'mse', 'hidden', 'attention', 'uld'] as const;
export type LossTerm = (typeof LOSS_TERMS)[number];
/** Those of features.ts. */
export const INSIDE_TERMS = ['hidden', 'attention', 'uld'] as const;
export type InsideTerm = (typeof INSIDE_TERMS)[number];

export interface Objective {
  /** As they are at this step. */
  readonly weights: Readonly<Record<LossTerm, number>>;
  /** The terms that are computed: those that the stage weighs at any step; without it, those with a weight. */
  readonly terms?: ReadonlySet<LossTerm>;
  readonly divergence: Divergence;
  readonly temperature: number;
  /** Logits beyond it are padding of a head and are cut. */
  readonly vocabulary: number;
}

/** A number of JavaScript, or one on the backend: where a step is recorded, whatever changes from step to step lies there. */
export type Factor = number | tf.Scalar;

/** By what the sum of each term is multiplied to give its part of the total. */
export type Scales<F extends Factor = Factor> = Readonly<Record<LossTerm, F>>;

/** Weight, T² where it belongs, and the division by what is counted over the whole accumulated batch. */
export function scalesOf({ weights, temperature }: Objective, kept: number, divisors: Readonly<Record<InsideTerm, number>>): Scales<number> {
  return { kl: (weights.kl * temperature ** 2) / kept, ce: weights.ce / kept, mse: weights.mse / kept, hidden: weights.hidden / divisors.hidden, attention: weights.attention / divisors.attention, uld: weights.uld / divisors.uld };
}

/** Whether a term is part of the total, though its weight may be 0 at this step. */
export function computes({ weights, terms }: Objective, term: LossTerm): boolean {
  return terms?.has(term) ?? weights[term] > 0;
}

/** A segment on the backend: positions, labels, owners int32 [rows]; mask [rows], 1 or 0. */
interface DeviceSegment {
  readonly name: SegmentName;
  readonly positions: tf.Tensor1D;
  readonly labels: tf.Tensor1D;
  readonly mask: tf.Tensor1D;
  /** Which of the batch's rows a position belongs to. */
  readonly owners: tf.Tensor1D;
}

/** A micro-batch on the backend: ids int32 [batch, seq] and the segments that have supervised positions. */
export interface DeviceBatch {
  readonly ids: tf.Tensor2D;
  /** Where several rows share a sequence; else null. */
  readonly layout: PackedLayout | null;
  readonly segments: readonly DeviceSegment[];
  /** Rows that owners count, padded: the length of what rowSums gives. */
  readonly rowSlots: number;
}

/** Every tensor of a batch: what changes from one batch of a shape to the next. */
export function tensorsOf({ ids, layout, segments }: DeviceBatch): tf.Tensor[] {
  return [ids, ...(layout === null ? [] : [layout.positions, layout.documents]), ...segments.flatMap(({ positions, labels, mask, owners }) => [positions, labels, mask, owners])];
}

/** What is known of a teacher's distribution at the positions of a segment. */
export type SegmentTargets =
  | { readonly kind: 'logits'; readonly logits: tf.Tensor2D }
  | TopTargets;

/** At one temperature: the k most probable ids [rows, k] and their log-probabilities, the rest's last [rows, k + 1]. */
export interface TopTargets {
  readonly kind: 'top';
  readonly ids: tf.Tensor2D;
  readonly logP: tf.Tensor2D;
}

export function disposeTargets(targets: readonly SegmentTargets[] | null): void {
  for (const target of targets ?? []) tf.dispose(target.kind === 'logits' ? [target.logits] : [target.ids, target.logP]);
}

/** Of one segment: sums over its positions. kl and mse are null where the teacher, or they themselves, have no weight. */
export interface SegmentSums {
  readonly name: SegmentName;
  readonly ce: tf.Scalar;
  readonly kl: tf.Scalar | null;
  readonly mse: tf.Scalar | null;
  /** Of each position [rows], 0 where the segment pads. */
  readonly each: { readonly ce: tf.Tensor1D; readonly kl: tf.Tensor1D | null };
}

export function upload(batch: MicroBatch): DeviceBatch {
  const segments = SEGMENTS.filter((name) => batch.segments[name].kept > 0).map((name) => {
    const { positions, labels, mask, owners } = batch.segments[name];
    return { name, positions: tf.tensor1d(positions, 'int32'), labels: tf.tensor1d(labels, 'int32'), mask: tf.tensor1d(mask, 'float32'), owners: tf.tensor1d(owners, 'int32') };
  });
  const shape: [number, number] = [batch.batch, batch.seq];
  const layout = batch.layout === null ? null : { positions: tf.tensor2d(batch.layout.positions, shape, 'int32'), documents: tf.tensor2d(batch.layout.documents, shape, 'int32') };
  return { ids: tf.tensor2d(batch.ids, shape, 'int32'), layout, segments, rowSlots: batch.rowSlots };
}

export function release(batch: DeviceBatch): void {
  tf.dispose(tensorsOf(batch));
}

/**
 * Logits of the supervised positions only, one tensor [rows, vocabulary] for each of the batch's segments: the head is
 * the largest product of a small model, and prompt and padding need none of it. `states` [batch · seq, hidden] where a pass
 * has made them already.
 */
export function supervisedLogits(model: DecoderModel, batch: DeviceBatch, vocabulary: number, states = model.hidden(batch.ids, batch.layout)): tf.Tensor2D[] {
  return batch.segments.map(({ positions }) => {
    const logits = model.head(tf.gather(states, positions));
    const [rows, width] = logits.shape;
    return width === vocabulary ? logits : tf.slice2d(logits, [0, 0], [rows, vocabulary]);
  });
}

/** Sums of each segment; `teacher` for each segment, or null. Inside tf.tidy or a gradient. */
export function segmentSums(
  ops: Ops, objective: Objective, batch: DeviceBatch, student: readonly tf.Tensor2D[], teacher: readonly SegmentTargets[] | null, temperature: Factor = objective.temperature,
): SegmentSums[] {
  return batch.segments.map(({ name, labels, mask }, index) => {
    const logits = at(student, index);
    const target = teacher === null ? null : at(teacher, index);
    const ce = ops.crossEntropy(logits, labels, mask);
    // Told even where it has no weight: how far the student is from its teacher is worth seeing.
    const kl = target === null ? null
      : target.kind === 'logits' ? divergenceRows(ops, objective.divergence, logits, target.logits, temperature, mask)
      : topDivergenceRows(objective.divergence, logits, target.ids, target.logP, temperature, mask);
    const mse = target?.kind !== 'logits' || !computes(objective, 'mse') ? null : logitsMseRows(logits, target.logits, mask);
    return { name, ce: tf.sum(ce), kl: kl === null ? null : tf.sum(kl), mse: mse === null ? null : tf.sum(mse), each: { ce, kl } };
  });
}

/**
 * The losses of each row of the batch, over both its segments: [1 or 2, rowSlots], cross-entropy and, with a teacher, the divergence.
 * A product with who owns which position, because every backend has that and it costs next to nothing.
 */
export function rowSums({ segments, rowSlots }: DeviceBatch, sums: readonly SegmentSums[]): tf.Tensor2D {
  const parts = sums.map(({ each: { ce, kl } }, index) => tf.matMul<tf.Tensor2D>(
    kl === null ? tf.reshape(ce, [1, -1]) : tf.stack([ce, kl]), tf.cast(tf.oneHot(at(segments, index).owners, rowSlots), 'float32')));
  return parts.length === 1 ? at(parts, 0) : tf.addN(parts);
}

/** The total of the sums of segments, of those of the inside, and of parts that are weighed already. */
export function totalLoss(objective: Objective, sums: readonly SegmentSums[], scales: Scales, inside: Readonly<Partial<Record<InsideTerm, tf.Scalar | null>>> = {}, more: readonly tf.Scalar[] = []): tf.Scalar {
  const parts = [...sums.flatMap(({ ce, kl, mse }) => [['ce', ce], ['kl', kl], ['mse', mse]] as const), ...INSIDE_TERMS.map((term) => [term, inside[term] ?? null] as const)];
  const all = [...more, ...parts.flatMap(([term, sum]) => (sum !== null && computes(objective, term) ? [tf.mul<tf.Scalar>(sum, scales[term])] : []))];
  return all.length === 1 ? at(all, 0) : tf.addN(all);
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${list.length}`);
  return value;
}
