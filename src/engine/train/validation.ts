/** Losses and token accuracy on the validation rows, which are always the same and in the same order. */
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderModel } from '../model/contract.ts';
import { tf } from '../tf.ts';
import { collate, groupByLength } from './batch.ts';
import type { MicroBatch } from './batch.ts';
import type { MetricValues } from './contract.ts';
import { release, segmentSums, supervisedLogits, upload } from './losses.ts';
import type { DeviceBatch, Objective } from './losses.ts';
import type { FeatureMatching } from './features.ts';
import { featureScalars, LossTotals, presentValues, readScalars, scalarsOf } from './lossValues.ts';
import type { SoftTargets } from './softTargets.ts';
import { yieldToEvents } from './yield.ts';

export function validationBatches(rows: readonly EncodedRow[], size: number, maxPositions: number): MicroBatch[] {
  return groupByLength(rows, size).map((group) => collate(group, maxPositions));
}

/** The values of VALIDATION_METRICS (shared/metrics.ts) that there are. */
export async function validate(
  student: DecoderModel, targets: SoftTargets | null, features: FeatureMatching | null, objective: Objective, batches: readonly MicroBatch[],
  progress: (done: number, total: number) => void,
): Promise<MetricValues> {
  const totals = new LossTotals(objective, targets !== null, features);
  let right = 0;
  let kept = 0;
  for (const [index, batch] of batches.entries()) {
    const device = upload(batch);
    const scalars = tf.tidy(() => {
      const [shown, seen] = features === null ? [null, null] : [features.teacher(device, batch), features.student(student, device)];
      const soft = targets?.of(batch, device, objective.temperature, shown?.final ?? undefined) ?? null;
      const logits = supervisedLogits(student, device, objective.vocabulary, seen?.final);
      const inside = features === null || shown === null || seen === null ? null : features.sums(batch, student, seen, shown);
      return [...scalarsOf(segmentSums(student.backend.ops, objective, device, logits, soft)), ...featureScalars(inside), rightTokens(device, logits)];
    });
    release(device);
    const [values = []] = await readScalars([scalars]);
    tf.dispose(scalars);
    right += values.pop() ?? NaN;
    kept += batch.weight;
    totals.add(batch, values);
    progress(index + 1, batches.length);
    await yieldToEvents();
  }
  return { ...presentValues(totals.values(), 'validation/'), 'validation/tokenAccuracy': right / kept };
}

/** How many supervised positions the student's likeliest token is the label at. */
function rightTokens(batch: DeviceBatch, logits: readonly tf.Tensor2D[]): tf.Scalar {
  const counts = batch.segments.map(({ labels, mask }, index) => {
    const likeliest = tf.argMax(logits[index] as tf.Tensor2D, 1);
    return tf.sum(tf.mul(tf.cast(tf.equal(likeliest, labels), 'float32'), mask)) as tf.Scalar;
  });
  return tf.addN(counts);
}
