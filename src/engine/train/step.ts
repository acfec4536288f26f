/** One optimiser step: gradients of the accumulated batch, its losses and gradient norm, then AdamW. */
import type { DecoderModel } from '../model/contract.ts';
import { tf } from '../tf.ts';
import type { MicroBatch } from './batch.ts';
import { countsOf, type Counts, type FeatureMatching, type FeatureSums } from './features.ts';
import { computes, disposeTargets, release, segmentSums, supervisedLogits, totalLoss, upload } from './losses.ts';
import type { Objective } from './losses.ts';
import { featureScalars, LossTotals, readScalars, scalarsOf } from './lossValues.ts';
import type { LossValues } from './lossValues.ts';
import type { AdamW } from './optimizer.ts';
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
}

export interface StepValues extends LossValues {
  /** Of the whole gradient, before clipping. */
  readonly gradNorm: number;
}

/**
 * Answers null, and leaves weights and moments as they were, when the loss or the gradient is not finite.
 * Passes on what the backend throws (out of memory); the run can't go on then, since TensorFlow.js keeps what it had
 * recorded for the gradient.
 */
export async function optimiserStep(input: StepInput): Promise<StepValues | null> {
  const { student, targets, objective, optimizer, batches, features = null } = input;
  const kept = batches.reduce((sum, batch) => sum + batch.kept, 0);
  const counts = countsOf(batches);
  const gradients = new Map<string, tf.Tensor>();
  const scalars: tf.Scalar[][] = [];
  try {
    for (const batch of batches) {
      const micro = gradientsOf(student, targets, objective, batch, kept, features, counts);
      scalars.push(micro.scalars);
      addTo(gradients, micro.gradients);
      await yieldToEvents();
    }
    scalars.push([student.backend.ops.sumOfSquares([...gradients.values()])]);
    const values = await readScalars(scalars);
    const totals = new LossTotals(objective, targets !== null, features);
    batches.forEach((batch, index) => totals.add(batch, values[index] ?? []));
    const gradNorm = Math.sqrt(values.at(-1)?.[0] ?? NaN);
    const losses = totals.values();
    if (!Number.isFinite(losses.loss) || !Number.isFinite(gradNorm)) return null;
    optimizer.step(gradients, input.learningRate, optimizer.clipScale(gradNorm));
    return { ...losses, gradNorm };
  } finally {
    tf.dispose([...gradients.values(), ...scalars.flat()]);
  }
}

interface MicroGradients {
  /** By the weights' names; a weight without influence has none. */
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
  /** As LossTotals.add reads them. */
  readonly scalars: tf.Scalar[];
}

/** `kept` and `counts` are those of the whole accumulated batch. */
export function gradientsOf(
  student: DecoderModel, targets: SoftTargets | null, objective: Objective, batch: MicroBatch, kept: number,
  features: FeatureMatching | null = null, counts: Counts = countsOf([batch]),
): MicroGradients {
  const { ops } = student.backend;
  const weights = new Map([...student.trainable, ...(features?.projections ?? [])]);
  const device = upload(batch);
  // Outside the gradient: nothing of a teacher's pass is recorded.
  const shown = features?.teacher(device) ?? null;
  const soft = targets?.of(batch, device, objective.temperature, shown?.final) ?? null;
  const scalars: tf.Scalar[] = [];
  try {
    const { value, grads } = tf.variableGrads(() => {
      const seen = features?.student(student, device) ?? null;
      const sums = segmentSums(ops, objective, device, supervisedLogits(student, device, objective.vocabulary, seen?.final), soft);
      const inside = features === null || seen === null || shown === null ? null : features.sums(batch, seen, shown);
      scalars.push(...[...scalarsOf(sums), ...featureScalars(inside)].map((scalar) => tf.keep(scalar)));
      return totalLoss(objective, sums, kept, features === null || inside === null ? [] : featureTerms(objective, features, inside, counts));
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
  } finally {
    release(device);
    disposeTargets(soft);
    if (shown !== null) tf.dispose([shown.final, ...shown.states, ...shown.scores]);
  }
}

function featureTerms(objective: Objective, features: FeatureMatching, { hidden, attention }: FeatureSums, counts: Counts): tf.Scalar[] {
  const { weights } = objective;
  const divisors = features.divisors(counts);
  return [
    ...(hidden === null || !computes(objective, 'hidden') ? [] : [tf.mul(hidden, weights.hidden / divisors.hidden) as tf.Scalar]),
    ...(attention === null || !computes(objective, 'attention') ? [] : [tf.mul(attention, weights.attention / divisors.attention) as tf.Scalar]),
  ];
}

function addTo(sum: Map<string, tf.Tensor>, gradients: ReadonlyMap<string, tf.Tensor>): void {
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
