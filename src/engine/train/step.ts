/** One optimiser step: gradients of the accumulated batch, its losses and gradient norm, then AdamW. */
import type { DecoderModel } from '../model/contract.ts';
import { tf } from '../tf.ts';
import type { MicroBatch } from './batch.ts';
import { countsOf, disposeShown, tokenMask, type Counts, type FeatureMatching, type Shown } from './features.ts';
import { disposeTargets, LOSS_TERMS, release, rowSums, scalesOf, segmentSums, supervisedLogits, totalLoss, upload } from './losses.ts';
import type { DeviceBatch, Factor, InsideTerm, LossTerm, Objective, Scales, SegmentTargets } from './losses.ts';
import { featureScalars, LossTotals, readScalars, scalarsOf } from './lossValues.ts';
import type { LossValues } from './lossValues.ts';
import { chunkedLosses, isChunked, type AskedTeacher } from './chunkedLosses.ts';
import type { AdamW } from './optimizer.ts';
import { rowLossesOf, type RowLoss } from './rowLosses.ts';
import type { SoftTargets } from './softTargets.ts';
import { yieldToEvents } from './yield.ts';

export interface StepInput {
  readonly student: DecoderModel;
  /** Null where the teacher has no weight in the objective. */
  readonly targets: SoftTargets | null;
  /** Null where the recipe looks at logits only. */
  readonly features?: FeatureMatching | null;
  readonly objective: Objective;
  readonly optimizer: AdamW;
  readonly batches: readonly MicroBatch[];
  readonly learningRate: number;
  /** The loss is multiplied by it before it goes backwards, the gradient divided by it afterwards; default 1. */
  readonly lossScale?: number;
}

export interface StepValues extends LossValues {
  /** Of the whole gradient, before clipping. */
  readonly gradNorm: number;
  readonly rows: readonly RowLoss[];
}

/**
 * Answers null, and leaves weights and moments as they were, when the loss or the gradient is not finite.
 * Passes on what the backend throws (out of memory); the run can't go on then, since TensorFlow.js keeps what it had
 * recorded for the gradient.
 */
export async function optimiserStep(input: StepInput): Promise<StepValues | null> {
  const { student, targets, objective, optimizer, batches, features = null, lossScale = 1 } = input;
  const kept = batches.reduce((sum, { weight }) => sum + weight, 0);
  const counts = countsOf(batches);
  const gradients = new Map<string, tf.Tensor>();
  const scalars: tf.Tensor[][] = [];
  try {
    for (const batch of batches) {
      const micro = gradientsOf(student, targets, objective, batch, kept, features, counts, lossScale);
      scalars.push(micro.scalars);
      addTo(gradients, micro.gradients);
      await yieldToEvents();
    }
    scalars.push([student.backend.ops.sumOfSquares([...gradients.values()])]);
    const values = await readScalars(scalars);
    const totals = new LossTotals(objective, targets !== null, features);
    batches.forEach((batch, index) => totals.add(batch, values[index] ?? []));
    const gradNorm = Math.sqrt(values.at(-1)?.[0] ?? NaN) / lossScale;
    const losses = totals.values();
    if (!Number.isFinite(losses.loss) || !Number.isFinite(gradNorm)) return null;
    optimizer.step(gradients, input.learningRate, optimizer.clipScale(gradNorm) / lossScale);
    return { ...losses, gradNorm, rows: batches.flatMap((batch, index) => rowLossesOf(batch, values[index] ?? [], targets !== null)) };
  } finally {
    tf.dispose([...gradients.values(), ...scalars.flat()]);
  }
}

export interface MicroGradients {
  /** By the weights' names; a weight without influence has none. */
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
  /** As LossTotals.add reads them; the last is rowSums'. */
  readonly scalars: tf.Tensor[];
}

/** `kept` (the positions' weight) and `counts` are those of the whole accumulated batch. */
export function gradientsOf(
  student: DecoderModel, targets: SoftTargets | null, objective: Objective, batch: MicroBatch, kept: number,
  features: FeatureMatching | null = null, counts: Counts = countsOf([batch]), lossScale = 1,
): MicroGradients {
  const device = upload(batch);
  const mask = features === null ? null : tokenMask(batch);
  // Outside the gradient: nothing of a teacher's pass is recorded.
  const shown = features?.teacher(device, batch) ?? null;
  const { soft, asked } = teacherOf(targets, objective, batch, device, shown);
  try {
    return passGradients(student, objective, features, { batch, device, soft, asked, shown, mask, temperature: objective.temperature, scales: scaled(scalesOf(objective, kept, divisorsOf(features, counts)), lossScale) });
  } finally {
    release(device);
    disposeTargets(soft);
    if (asked !== null && asked.states !== shown?.final) asked.states.dispose();
    if (mask !== null) mask.dispose();
    if (shown !== null) disposeShown(shown);
  }
}

function scaled(scales: Scales<number>, factor: number): Scales<number> {
  return factor === 1 ? scales : Object.fromEntries(LOSS_TERMS.map((term) => [term, scales[term] * factor])) as Record<LossTerm, number>;
}

/** Everything that a pass over a micro-batch is made from, besides weights. */
export interface Pass {
  /** Here for its shapes alone: its values are those of `device` and `mask`. */
  readonly batch: MicroBatch;
  readonly device: DeviceBatch;
  /** Null without a teacher, and where it is asked piece by piece. */
  readonly soft: readonly SegmentTargets[] | null;
  readonly asked: AskedTeacher | null;
  /** The teacher's inside and which positions are no padding; null where the recipe looks at logits only. */
  readonly shown: Shown | null;
  readonly mask: tf.Tensor1D | null;
  readonly temperature: Factor;
  readonly scales: Scales;
}

/** What a pass knows of its teacher: its logits, or, where losses are made piece by piece, the states that its head is asked with. */
export function teacherOf(targets: SoftTargets | null, objective: Objective, batch: MicroBatch, device: DeviceBatch, shown: Shown | null, chunked = isChunked(device, objective)): Pick<Pass, 'soft' | 'asked'> {
  if (targets === null) return { soft: null, asked: null };
  const { live: model } = targets;
  if (model !== undefined && chunked) return { soft: null, asked: { model, states: shown?.final ?? model.hidden(device.ids, device.layout) } };
  return { soft: targets.of(batch, device, objective.temperature, shown?.final ?? undefined), asked: null };
}

/** Forwards and backwards on the backend alone: nothing is read back, and what differs between batches of a shape is in `pass`. */
export function passGradients(student: DecoderModel, objective: Objective, features: FeatureMatching | null, { batch, device, soft, asked, shown, mask, temperature, scales }: Pass): MicroGradients {
  const { ops } = student.backend;
  const weights = new Map([...student.trainable, ...(features?.projections ?? [])]);
  const scalars: tf.Tensor[] = [];
  try {
    const { value, grads } = tf.variableGrads(() => {
      const seen = features?.student(student, device) ?? null;
      const chunked = isChunked(device, objective) ? chunkedLosses(student, objective, device, seen?.final ?? student.hidden(device.ids, device.layout), soft, asked, { temperature, scales }) : null;
      const sums = chunked?.sums ?? segmentSums(ops, objective, device, supervisedLogits(student, device, objective.vocabulary, seen?.final), soft, temperature);
      const inside = features === null || seen === null || shown === null || mask === null ? null : features.sums(batch, student, seen, shown, mask);
      scalars.push(...[...scalarsOf(sums), ...featureScalars(inside), rowSums(device, sums)].map((each) => tf.keep(each)));
      if (chunked === null) return totalLoss(objective, sums, scales, inside ?? {});
      for (const { each } of chunked.sums) tf.dispose(each.kl === null ? [each.ce] : [each.ce, each.kl]);
      return totalLoss(objective, [], scales, inside ?? {}, chunked.totals);
    }, [...weights.values()]);
    value.dispose();
    const gradients = new Map<string, tf.Tensor>();
    for (const [name, weight] of weights) {
      const gradient = grads[weight.name];
      if (gradient !== undefined) gradients.set(name, gradient);
    }
    return { gradients, scalars };
  } catch (error) {
    tf.dispose(scalars);
    throw error;
  }
}

export function divisorsOf(features: FeatureMatching | null, counts: Counts): Readonly<Record<InsideTerm, number>> {
  return features?.divisors(counts) ?? { hidden: 1, attention: 1, uld: 1 };
}

export function addTo(sum: Map<string, tf.Tensor>, gradients: ReadonlyMap<string, tf.Tensor>): void {
  for (const [name, gradient] of gradients) {
    const before = sum.get(name);
    if (before === undefined) {
      sum.set(name, gradient);
    } else {
      sum.set(name, tf.add(before, gradient));
      tf.dispose([before, gradient]);
    }
  }
}
