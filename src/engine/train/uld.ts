/**
 * Cross-tokenizer distillation: Universal Logit Distillation (Boizard et al. 2024, "Towards cross-tokenizer distillation", eq. 3–5:
 * the Wasserstein-1 distance of two distributions whose outcomes have no names in common is the L1 distance of their sorted
 * probabilities), on pieces of text for which both models have whole tokens (GOLD, Patiño et al. 2025; spans.ts).
 *
 *   ULD = (1 / N) Σ over spans Σ i ≤ k | p(i) − q(i) |,    p(i) the i-th largest of  m · softmax(logits of the span's first token / T)
 *
 * with m the product, by the chain rule, of the probabilities that the model gives the span's further tokens, each after those before
 * it (GOLD, "token merging"; TRL's GOLDTrainer, strategy `observed`): a span of one token has m = 1. N counts the spans of the whole
 * accumulated batch, over all such teachers. No T² belongs here: the distance is of probabilities, not of logarithms.
 */
import { withGradient } from '../backend/withGradient.ts';
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderModel } from '../model/contract.ts';
import { tf } from '../tf.ts';
import { rung, weightOf } from './batch.ts';
import { places } from './places.ts';

/** A teacher that reads the rows in tokens of its own. */
export interface OtherTeacher {
  /** Under which the rows hold their readings. */
  readonly name: string;
  readonly model: DecoderModel;
  /** Ids that its tokenizer knows: logits beyond them are padding of its head. */
  readonly vocabulary: number;
}

export interface UldOptions {
  /** Largest probabilities that are compared. */
  readonly k: number;
  readonly temperature: number;
}

/** Numbers of spans and of further tokens are padded to rungs from here on, so that shapes repeat. */
const FEWEST = 32;

/** Spans of one side of some rows, on the host: positions index into the flattened [batch · seq]. */
export interface SpanArrays {
  /** [spans + further], that of the first token of each span, then those of all further tokens; padded each. */
  readonly positions: Int32Array;
  /** Padded. */
  readonly spans: number;
  /** [further]: the tokens that stand there. */
  readonly labels: Int32Array;
  /** [further]: whose they are. */
  readonly owners: Int32Array;
  /** [further], [spans]: 1, or 0 where it pads. */
  readonly further: Float32Array;
  readonly mask: Float32Array;
  /** Not padded. */
  readonly count: number;
}

/** `side` 0 is the row's own, 2 the reading's; `starts` say where each row begins in the flattened ids. */
export function spanArrays(rows: readonly EncodedRow[], teacher: string, side: 0 | 2, starts: ArrayLike<number>): SpanArrays {
  const [first, further, labels, owners, weights]: [number[], number[], number[], number[], number[]] = [[], [], [], [], []];
  rows.forEach((row, index) => {
    const { ids, spans } = readingOf(row, teacher);
    const own = side === 0 ? row.ids : ids;
    const start = starts[index] ?? 0;
    for (let at = 0; at < spans.length; at += 4) {
      const [begin, tokens] = [spans[at + side] ?? 0, spans[at + side + 1] ?? 0];
      for (let token = begin; token < begin + tokens; token++) {
        // What is said of a token stands at the position before it.
        if (token === begin) {
          first.push(start + token - 1);
          weights.push(weightOf(row));
          continue;
        }
        further.push(start + token - 1);
        labels.push(own[token] ?? 0);
        owners.push(first.length - 1);
      }
    }
  });
  const [spans, rest] = [first.length, further.length].map((length) => rung(length, FEWEST)) as [number, number];
  const positions = new Int32Array(spans + rest);
  positions.set(first);
  positions.set(further, spans);
  const filled = (values: readonly number[]): Int32Array => { const array = new Int32Array(rest); array.set(values); return array; };
  const padded = (values: readonly number[], length: number): Float32Array => { const array = new Float32Array(length); array.set(values); return array; };
  return {
    positions, spans, labels: filled(labels), owners: filled(owners), count: first.length,
    further: new Float32Array(rest).fill(1, 0, further.length), mask: padded(weights, spans),
  };
}

export function spansOf(row: EncodedRow, teacher: string): number {
  return readingOf(row, teacher).spans.length / 4;
}

function readingOf({ readings, file, row }: EncodedRow, teacher: string): NonNullable<EncodedRow['readings']>[string] {
  const reading = readings?.[teacher];
  if (reading === undefined) throw new Error(`${file}:${row + 1} was not read by ${teacher}`);
  return reading;
}

/** The same on the backend. */
export interface DeviceSpans {
  readonly positions: tf.Tensor1D;
  readonly labels: tf.Tensor1D;
  readonly owners: tf.Tensor1D;
  readonly further: tf.Tensor1D;
  readonly mask: tf.Tensor1D;
  readonly spans: number;
}

export function uploadSpans({ positions, labels, owners, further, mask, spans }: SpanArrays): DeviceSpans {
  const ids = (values: Int32Array): tf.Tensor1D => tf.tensor1d(values, 'int32');
  return { positions: ids(positions), labels: ids(labels), owners: ids(owners), further: tf.tensor1d(further), mask: tf.tensor1d(mask), spans };
}

/** Sorted largest probabilities of each span. */
interface Sorted {
  /** [spans, k], falling; 0 beyond a vocabulary's end. */
  readonly values: tf.Tensor2D;
  readonly ids: tf.Tensor2D;
  /** softmax(logits / T) [spans + further, vocabulary]. */
  readonly probabilities: tf.Tensor2D;
}

/** Of logits [spans + further, vocabulary]. Inside tf.tidy. */
function sorted(logits: tf.Tensor2D, { labels, owners, further, spans }: DeviceSpans, { k, temperature }: UldOptions): Sorted {
  const [rows, vocabulary] = logits.shape;
  const logs: tf.Tensor2D = tf.logSoftmax(tf.div(logits, temperature));
  const rest = rows - spans;
  const said = tf.gatherND(tf.slice(logs, [spans, 0], [rest, vocabulary]), tf.stack([tf.range(0, rest, 1, 'int32'), labels], 1));
  const merged = tf.exp(tf.scatterND(tf.expandDims(owners, 1), tf.mul(said, further), [spans]));
  const probabilities: tf.Tensor2D = tf.exp(logs);
  const { values, indices } = tf.topk(tf.slice(probabilities, [0, 0], [spans, vocabulary]), Math.min(k, vocabulary), true);
  const scaled: tf.Tensor2D = tf.mul(values, tf.expandDims(merged, 1));
  const filled: tf.Tensor2D = vocabulary < k ? tf.pad(scaled, [[0, 0], [0, k - vocabulary]]) : scaled;
  return { values: filled, ids: indices as tf.Tensor2D, probabilities };
}

/** What a student's spans are compared with [spans, k]. Inside tf.tidy. */
export function sortedSpans(logits: tf.Tensor2D, spans: DeviceSpans, options: UldOptions): tf.Tensor2D {
  return sorted(logits, spans, options).values;
}

/**
 * Σ over spans of the distance; `logits` [spans + further, vocabulary] ∇ of the student, `targets` [spans, k]. With g the slope in the
 * logarithm of each probability: first tokens receive (g − q·Σ g) / T, further ones (onehot − q) · Σ g / T.
 */
export function uldSum(logits: tf.Tensor2D, spans: DeviceSpans, targets: tf.Tensor2D, options: UldOptions): tf.Scalar {
  const [rows, vocabulary] = logits.shape;
  return withGradient([logits], ([input]) => {
    const { values, ids, probabilities } = sorted(input as tf.Tensor2D, spans, options);
    const weight = tf.expandDims(spans.mask, 1);
    const difference = tf.mul(tf.sub(values, targets), weight);
    const most = ids.shape[1];
    const slopes: tf.Tensor2D = tf.slice2d(tf.mul<tf.Tensor2D>(tf.sign(difference), tf.mul(values, weight)), [0, 0], [spans.spans, most ?? 0]);
    const totals: tf.Tensor1D = tf.sum(slopes, 1);
    const ofFurther: tf.Tensor1D = tf.mul(tf.gather(totals, spans.owners), spans.further);
    const labelled = tf.stack([tf.range(spans.spans, rows, 1, 'int32'), spans.labels], 1);
    const onto = tf.scatterND(tf.concat([places(ids), labelled as tf.Tensor2D]), tf.concat([tf.reshape(slopes, [spans.spans * most]), ofFurther]), [rows, vocabulary]);
    const flow = tf.sub(onto, tf.mul(probabilities, tf.expandDims(tf.concat([totals, ofFurther]), 1)));
    return { value: tf.sum(tf.abs(difference)) as tf.Scalar, save: [flow] };
  }, (dy, [flow]) => [tf.mul(flow, tf.div(dy, options.temperature))]);
}

/** Logits of spans from states [batch · seq, hidden], cut to a vocabulary. */
export function spanLogits(model: DecoderModel, states: tf.Tensor2D, { positions }: DeviceSpans, vocabulary: number): tf.Tensor2D {
  const logits = model.head(tf.gather(states, positions));
  const [rows, width] = logits.shape;
  return width === vocabulary ? logits : tf.slice2d(logits, [0, 0], [rows, vocabulary]);
}
