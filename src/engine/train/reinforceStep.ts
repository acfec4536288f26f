/** The updates from the completions of one step: gradients over micro-batches, the losses and statistics, AdamW. */
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderModel } from '../model/contract.ts';
import { tf } from '../tf.ts';
import { collate, groupByLength, keptPositions, type MicroBatch } from './batch.ts';
import { chunkRows, headWeight, isChunked, slice, trainsHead } from './chunkedLosses.ts';
import { release, supervisedLogits, upload, type DeviceBatch } from './losses.ts';
import { readScalars } from './lossValues.ts';
import type { AdamW } from './optimizer.ts';
import { policyLoss, policyLossOfStates, tokenLogProbabilities, type PolicySettings, type PolicyStatistics } from './policyLoss.ts';
import { addTo } from './step.ts';
import { yieldToEvents } from './yield.ts';

/** A completion that is learnt from. */
export interface Completion {
  /** All of it in one segment: answerStart is promptLength. */
  readonly row: EncodedRow;
  readonly advantage: number;
  /** How much each of its tokens counts in the loss. */
  readonly weight: number;
}

/** Log-probabilities of each completion's tokens. */
export type TokenLogs = ReadonlyMap<EncodedRow, Float32Array>;

export interface PolicyUpdate {
  readonly student: DecoderModel;
  readonly completions: readonly Completion[];
  readonly settings: PolicySettings;
  /** Of the weights that wrote the completions; null for the first update, which is made with them. */
  readonly old: TokenLogs | null;
  /** Of the reference student; null without one. */
  readonly reference: TokenLogs | null;
  /** Completions of one pass. */
  readonly size: number;
}

export interface PolicyGradients {
  /** By the weights' names; the caller's to dispose of. */
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
  readonly loss: number;
  readonly gradNorm: number;
  /** Means over tokens. */
  readonly referenceKl: number;
  readonly entropy: number;
  readonly clipShare: number;
  /** As the student is now. */
  readonly logs: TokenLogs;
}

/** Log-probabilities at the temperature of all rows' tokens, with no gradient. */
export async function tokenLogs(model: DecoderModel, rows: readonly EncodedRow[], temperature: number, size: number): Promise<TokenLogs> {
  const logs = new Map<EncodedRow, Float32Array>();
  for (const group of groupByLength(rows, size)) {
    const batch = collate(group, model.config.maxPositions);
    const device = upload(batch);
    const values = tf.tidy(() => segmentLogs(model, device, temperature));
    release(device);
    spread(batch, (await values.data()) as Float32Array, logs);
    values.dispose();
    await yieldToEvents();
  }
  return logs;
}

/** The gradient of the loss over all completions. The loss is a sum, so how it is cut into passes doesn't change it. */
export async function policyGradients({ student, completions, settings, old, reference, size }: PolicyUpdate): Promise<PolicyGradients> {
  const byRow = new Map(completions.map((completion) => [completion.row, completion]));
  const gradients = new Map<string, tf.Tensor>();
  const logs = new Map<EncodedRow, Float32Array>();
  const sums = { loss: 0, kl: 0, entropy: 0, clipped: 0 };
  let tokens = 0;
  for (const group of groupByLength(completions.map(({ row }) => row), size)) {
    const batch = collate(group, student.config.maxPositions);
    const pass = passOf(student, batch, settings, byRow, old, reference);
    addTo(gradients, pass.gradients);
    const { logQ, klSum, entropySum, clippedSum } = pass.statistics;
    const [[loss = NaN, kl = NaN, entropy = NaN, clipped = NaN] = []] = await readScalars([[pass.loss, klSum, entropySum, clippedSum]]);
    spread(batch, (await logQ.data()) as Float32Array, logs);
    tf.dispose([pass.loss, logQ, klSum, entropySum, clippedSum]);
    sums.loss += loss;
    sums.kl += kl;
    sums.entropy += entropy;
    sums.clipped += clipped;
    tokens += batch.kept;
    await yieldToEvents();
  }
  const square = student.backend.ops.sumOfSquares([...gradients.values()]);
  const [[squared = NaN] = []] = await readScalars([[square]]);
  square.dispose();
  return { gradients, logs, loss: sums.loss, gradNorm: Math.sqrt(squared), referenceKl: sums.kl / tokens, entropy: sums.entropy / tokens, clipShare: sums.clipped / tokens };
}

/** Of the one segment of a batch, a few positions at a time where their logits would be large. Inside a tf.tidy. */
function segmentLogs(model: DecoderModel, device: DeviceBatch, temperature: number): tf.Tensor1D {
  const [segment] = device.segments;
  if (segment === undefined) throw new Error('completions without a token');
  const { positions, labels } = segment;
  const states = tf.gather(model.hidden(device.ids, device.layout), positions);
  const most = isChunked(device, { vocabulary: model.config.vocabSize }) ? chunkRows(model.config.vocabSize) : positions.size;
  const parts: tf.Tensor1D[] = [];
  for (let begin = 0; begin < positions.size; begin += most) {
    const size = Math.min(most, positions.size - begin);
    parts.push(tf.tidy(() => tokenLogProbabilities(model.head(slice(states, begin, size)), slice(labels, begin, size), temperature)));
  }
  return tf.concat1d(parts);
}

/** One update. False, with weights and moments as they were, when the loss or the gradient is not finite. */
export function updatePolicy(optimizer: AdamW, { gradients, loss, gradNorm }: PolicyGradients, learningRate: number): boolean {
  try {
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) return false;
    optimizer.step(gradients, learningRate, optimizer.clipScale(gradNorm));
    return true;
  } finally {
    tf.dispose([...gradients.values()]);
  }
}

interface Pass {
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
  readonly loss: tf.Scalar;
  readonly statistics: PolicyStatistics;
}

function passOf(student: DecoderModel, batch: MicroBatch, settings: PolicySettings, byRow: ReadonlyMap<EncodedRow, Completion>, old: TokenLogs | null, reference: TokenLogs | null): Pass {
  const weights = student.trainable;
  const array = (value: (row: EncodedRow) => number | Float32Array): tf.Tensor1D => hostArray(batch, value);
  const device = upload(batch);
  const [segment] = device.segments;
  if (segment === undefined) throw new Error('a completion without a token');
  const known = (logs: TokenLogs | null): tf.Tensor1D | null => (logs === null ? null : array((row) => logs.get(row) ?? 0));
  const tokens = {
    labels: segment.labels, mask: array(() => 1), advantages: array((row) => byRow.get(row)?.advantage ?? 0), weights: array((row) => byRow.get(row)?.weight ?? 0), old: known(old), reference: known(reference),
  };
  let statistics: PolicyStatistics | null = null;
  try {
    const { value, grads } = tf.variableGrads(() => {
      const told = (each: PolicyStatistics): void => { statistics = each; };
      const vocabulary = student.config.vocabSize;
      if (!isChunked(device, { vocabulary })) return policyLoss(supervisedLogits(student, device, vocabulary)[0] as tf.Tensor2D, tokens, settings, told);
      const states = tf.gather(student.hidden(device.ids, device.layout), segment.positions);
      return policyLossOfStates(student.backend.ops, states, headWeight(student), tokens, settings, { most: chunkRows(vocabulary), trained: trainsHead(student) }, told);
    }, [...weights.values()]);
    const gradients = new Map<string, tf.Tensor>();
    for (const [name, weight] of weights) {
      const gradient = grads[weight.name];
      if (gradient !== undefined) gradients.set(name, gradient);
    }
    return { gradients, loss: value, statistics: statistics as unknown as PolicyStatistics };
  } finally {
    release(device);
    tf.dispose([tokens.mask, tokens.advantages, tokens.weights, ...[tokens.old, tokens.reference].filter((each) => each !== null)]);
  }
}

/** A value for each token of the batch's one segment, or one for all of a row's; 0 where it pads. */
function hostArray(batch: MicroBatch, value: (row: EncodedRow) => number | Float32Array): tf.Tensor1D {
  const values = new Float32Array(batch.segments.answer.positions.length);
  let at = 0;
  for (const row of batch.rows) {
    const [count, own] = [keptPositions(row), value(row)];
    if (typeof own === 'number') values.fill(own, at, at + count);
    else values.set(own, at);
    at += count;
  }
  return tf.tensor1d(values, 'float32');
}

function spread(batch: MicroBatch, values: Float32Array, into: Map<EncodedRow, Float32Array>): void {
  let at = 0;
  for (const row of batch.rows) {
    const count = keptPositions(row);
    into.set(row, values.slice(at, at + count));
    at += count;
  }
}
