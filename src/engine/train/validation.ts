/**
 * Losses and token accuracy on the validation rows, which are always the same and in the same order. Where a step would take its
 * losses piece by piece they are taken so here: validation needs no more memory than training.
 */
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderModel } from '../model/contract.ts';
import { tf } from '../tf.ts';
import { collate, groupByLength } from './batch.ts';
import type { MicroBatch } from './batch.ts';
import type { MetricValues } from './contract.ts';
import { chunkRows, isChunked, pieceOf, slice } from './chunkedLosses.ts';
import { release, segmentSums, supervisedLogits, upload } from './losses.ts';
import type { DeviceBatch, Objective } from './losses.ts';
import type { FeatureMatching } from './features.ts';
import { featureScalars, LossTotals, presentValues, readScalars, scalarsOf } from './lossValues.ts';
import type { SoftTargets } from './softTargets.ts';
import { teacherOf, type Pass } from './step.ts';
import { yieldToEvents } from './yield.ts';

export function validationBatches(rows: readonly EncodedRow[], size: number, maxPositions: number): MicroBatch[] {
  return groupByLength(rows, size).map((group) => collate(group, maxPositions));
}

/** Positions whose logits are there at once. */
function rowsAtOnce(device: DeviceBatch, objective: Objective): number {
  return isChunked(device, objective) ? chunkRows(objective.vocabulary) : Infinity;
}

/** The values of VALIDATION_METRICS (shared/metrics.ts) that there are. `most`: positions at once of a batch. */
export async function validate(
  student: DecoderModel, targets: SoftTargets | null, features: FeatureMatching | null, objective: Objective, batches: readonly MicroBatch[],
  progress: (done: number, total: number) => void, most = rowsAtOnce,
): Promise<MetricValues> {
  const totals = new LossTotals(objective, targets !== null, features);
  let right = 0;
  let kept = 0;
  for (const [index, batch] of batches.entries()) {
    const device = upload(batch);
    const scalars = tf.tidy(() => {
      const [shown, seen] = features === null ? [null, null] : [features.teacher(device, batch), features.student(student, device)];
      const rows = most(device, objective);
      const teacher = teacherOf(targets, objective, batch, device, shown, rows < Infinity);
      const ofSegments = segmentScalars(student, objective, device, seen?.final ?? student.hidden(device.ids, device.layout), teacher, rows);
      const inside = features === null || shown === null || seen === null ? null : features.sums(batch, student, seen, shown);
      return [...ofSegments.flatMap(({ losses }) => losses), ...featureScalars(inside), ...ofSegments.map(({ right }) => right)];
    });
    release(device);
    const [values = []] = await readScalars([scalars]);
    tf.dispose(scalars);
    for (const ofSegment of values.splice(-device.segments.length)) right += ofSegment;
    kept += batch.weight;
    totals.add(batch, values);
    progress(index + 1, batches.length);
    await yieldToEvents();
  }
  return { ...presentValues(totals.values(), 'validation/'), 'validation/tokenAccuracy': right / kept };
}

interface SegmentScalars {
  /** As scalarsOf has them. */
  readonly losses: readonly tf.Scalar[];
  /** How many supervised positions the student's likeliest token is the label at. */
  readonly right: tf.Scalar;
}

/** Of each segment, from at most `most` positions' logits at a time. `states` [batch · seq, hidden]. Inside tf.tidy. */
function segmentScalars(student: DecoderModel, objective: Objective, device: DeviceBatch, states: tf.Tensor2D, { soft, asked }: Pick<Pass, 'soft' | 'asked'>, most: number): SegmentScalars[] {
  const { vocabulary } = objective;
  return device.segments.map(({ name, positions, labels, mask, owners }, index) => {
    const target = soft?.[index] ?? null;
    let sums: readonly tf.Scalar[] = [];
    for (let begin = 0; begin < positions.size; begin += most) {
      const size = Math.min(most, positions.size - begin);
      const before = sums;
      sums = tf.tidy((): tf.Scalar[] => {
        const cut = (whole: tf.Tensor1D): tf.Tensor1D => slice(whole, begin, size);
        const piece: DeviceBatch = { ...device, segments: [{ name, positions: cut(positions), labels: cut(labels), mask: cut(mask), owners: cut(owners) }] };
        const teacher = asked === null ? (target === null ? null : [pieceOf(target, begin, size)])
          : supervisedLogits(asked.model, piece, vocabulary, asked.states).map((logits) => ({ kind: 'logits' as const, logits }));
        const logits = supervisedLogits(student, piece, vocabulary, states);
        const values = [...scalarsOf(segmentSums(student.backend.ops, objective, piece, logits, teacher)), rightTokens(piece, logits)];
        return values.map((value, at) => (before[at] === undefined ? value : tf.add(before[at], value)));
      });
      tf.dispose([...before]);
    }
    return { losses: sums.slice(0, -1), right: sums.at(-1) as tf.Scalar };
  });
}

/** How many supervised positions the student's likeliest token is the label at. */
function rightTokens(batch: DeviceBatch, logits: readonly tf.Tensor2D[]): tf.Scalar {
  const counts = batch.segments.map(({ labels, mask }, index) => {
    const likeliest = tf.argMax(logits[index] as tf.Tensor2D, 1);
    return tf.sum(tf.mul(tf.cast(tf.equal(likeliest, labels), 'float32'), mask)) as tf.Scalar;
  });
  return tf.addN(counts);
}
