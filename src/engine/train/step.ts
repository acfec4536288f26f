/** One optimiser step: gradients of the accumulated batch, its losses and gradient norm, then AdamW. */
import type { DecoderModel } from '../model/contract.ts';
import { tf } from '../tf.ts';
import type { MicroBatch } from './batch.ts';
import { release, segmentSums, supervisedLogits, totalLoss, upload } from './losses.ts';
import type { Objective } from './losses.ts';
import { LossTotals, readScalars, scalarsOf } from './lossValues.ts';
import type { LossValues } from './lossValues.ts';
import type { AdamW } from './optimizer.ts';
import type { SoftTargets } from './softTargets.ts';
import { yieldToEvents } from './yield.ts';

export interface StepInput {
  readonly student: DecoderModel;
  /** Null where the teacher has no weight in the objective. */
  readonly targets: SoftTargets | null;
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
  const { student, targets, objective, optimizer, batches } = input;
  const kept = batches.reduce((sum, batch) => sum + batch.kept, 0);
  const gradients = new Map<string, tf.Tensor>();
  const scalars: tf.Scalar[][] = [];
  try {
    for (const batch of batches) {
      const micro = gradientsOf(student, targets, objective, batch, kept);
      scalars.push(micro.scalars);
      addTo(gradients, micro.gradients);
      await yieldToEvents();
    }
    scalars.push([student.backend.ops.sumOfSquares([...gradients.values()])]);
    const values = await readScalars(scalars);
    const totals = new LossTotals(objective, targets !== null);
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

/** `kept` counts the supervised positions of the whole accumulated batch. */
export function gradientsOf(
  student: DecoderModel, targets: SoftTargets | null, objective: Objective, batch: MicroBatch, kept: number,
): MicroGradients {
  const { ops } = student.backend;
  const device = upload(batch);
  // Outside the gradient: nothing of a teacher's pass is recorded.
  const soft = targets?.of(batch, device) ?? null;
  const scalars: tf.Scalar[] = [];
  try {
    const { value, grads } = tf.variableGrads(() => {
      const sums = segmentSums(ops, objective, device, supervisedLogits(student, device, objective.vocabulary), soft);
      scalars.push(...scalarsOf(sums).map((scalar) => tf.keep(scalar)));
      return totalLoss(objective, sums, kept);
    }, [...student.weights.values()]);
    value.dispose();
    const gradients = new Map<string, tf.Tensor>();
    for (const [name, weight] of student.weights) {
      const gradient = grads[weight.name];
      if (gradient !== undefined) gradients.set(name, gradient);
    }
    return { gradients, scalars };
  } catch (error) {
    tf.dispose(scalars);
    throw error;
  } finally {
    release(device);
    if (soft !== null) tf.dispose(soft);
  }
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
