/**
 * Several teachers of the student's vocabulary as one: a weighted mean of their probabilities at the temperature that is asked for
 * (of probabilities, not of logits: a mean of logits would be a product of opinions). Weights are constant, by the task of a row,
 * or by confidence at each position, w ∝ exp(−H / τ) with H the entropy of a teacher's own distribution at T = 1. One teacher's
 * logits after the other: a running sum is all that stays.
 */
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderModel } from '../model/contract.ts';
import { tf } from '../tf.ts';
import { keptPositions, keptThink, type MicroBatch, type SegmentName } from './batch.ts';
import { supervisedLogits, type DeviceBatch, type SegmentTargets } from './losses.ts';
import type { SoftTargets } from './softTargets.ts';

export interface MixedTeacher {
  readonly model: DecoderModel;
  readonly weight: number;
  /** Its weight for rows of a task, where that differs. */
  readonly tasks: Readonly<Record<string, number>>;
}

/** Below every probability that matters: the logarithm of nothing stays finite. */
const TINY = 1e-37;

/** Null: by their weights alone. */
export function mixtureTargets(teachers: readonly MixedTeacher[], vocabulary: number, tau: number | null): SoftTargets {
  return {
    of(batch, device, temperature): SegmentTargets[] {
      let sums: Running[] | null = null;
      for (const teacher of teachers) {
        const before: readonly Running[] | null = sums;
        sums = tf.tidy((): Running[] => supervisedLogits(teacher.model, device, vocabulary).map((logits, index) => add(before?.[index] ?? null, logits, temperature, positionWeights(batch, device, index, teacher), tau)));
        for (const sum of before ?? []) tf.dispose([sum.probabilities, sum.weights]);
      }
      return (sums ?? []).map(({ probabilities, weights }) => {
        // As logits whose softmax at this temperature is the mixture.
        const logits = tf.tidy(() => tf.mul(tf.log(tf.add(tf.div(probabilities, weights), TINY)), temperature)) as tf.Tensor2D;
        tf.dispose([probabilities, weights]);
        return { kind: 'logits', logits };
      });
    },
  };
}

/** Sums over the teachers so far: [rows, vocabulary], [rows, 1]. */
type Running = { readonly probabilities: tf.Tensor; readonly weights: tf.Tensor };

function add(before: Running | null, logits: tf.Tensor2D, temperature: number, constant: tf.Tensor, tau: number | null): Running {
  const own = tau === null ? constant : tf.mul(constant, tf.exp(tf.div(entropy(logits), -tau)));
  const probabilities = tf.mul(tf.softmax(tf.div(logits, temperature)), own);
  return before === null ? { probabilities, weights: own } : { probabilities: tf.add(before.probabilities, probabilities), weights: tf.add(before.weights, own) };
}

/** Of softmax(logits), in nats: [rows, 1]. */
function entropy(logits: tf.Tensor2D): tf.Tensor {
  const logs = tf.logSoftmax(logits);
  return tf.neg(tf.sum(tf.mul(tf.exp(logs), logs), -1, true));
}

/** A teacher's weight at each position of a segment [rows, 1]; 1 where the segment pads, so that nothing divides by 0 there. */
function positionWeights(batch: MicroBatch, device: DeviceBatch, index: number, { weight, tasks }: MixedTeacher): tf.Tensor {
  const segment = device.segments[index];
  const values = new Float32Array(segment?.mask.size ?? 0).fill(1);
  let at = 0;
  for (const row of batch.rows) {
    const count = positionsOf(row, segment?.name ?? 'answer');
    values.fill(row.task === undefined ? weight : tasks[row.task] ?? weight, at, at + count);
    at += count;
  }
  return tf.tensor2d(values, [values.length, 1]);
}

function positionsOf(row: EncodedRow, name: SegmentName): number {
  return name === 'think' ? keptThink(row) : keptPositions(row) - keptThink(row);
}
