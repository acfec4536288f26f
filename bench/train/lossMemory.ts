/** What head and losses of a distillation step hold at most, whole and piece by piece, at a vocabulary of 32,000. */
import { openBackend } from '../../src/engine/backend/open.ts';
import { createDecoder } from '../../src/engine/model/decoder.ts';
import { CHUNKED_FROM_BYTES, chunkedLosses } from '../../src/engine/train/chunkedLosses.ts';
import { scalesOf, segmentSums, supervisedLogits, totalLoss } from '../../src/engine/train/losses.ts';
import { tf } from '../../src/engine/tf.ts';
import { MODELS } from './models.ts';

const VOCABULARY = 32_000;
const MIB = 2 ** 20;
/** The fewest positions that are cut into pieces by themselves. */
const POSITIONS = Math.ceil(CHUNKED_FROM_BYTES / (4 * VOCABULARY));

/** Bytes of tensors are counted, not those of the process: that is what the two ways differ in. */
export async function lossMemory(): Promise<{ readonly wholeMiB: number; readonly piecesMiB: number; readonly times: number; readonly difference: number }> {
  const backend = await openBackend({ backend: 'wasm', threads: null });
  const config = { ...(MODELS[1] ?? MODELS[0]!).config, vocabSize: VOCABULARY, layers: 1 };
  const [student, teacher] = [createDecoder(config, 1, backend), createDecoder(config, 2, backend)];
  const ids = Int32Array.from({ length: POSITIONS }, (_, at) => at);
  const batch = {
    ids: tf.zeros<tf.Rank.R2>([1, 1], 'int32'), layout: null, rowSlots: 2,
    segments: [{ name: 'answer' as const, positions: tf.tensor1d(ids, 'int32'), labels: tf.tensor1d(ids, 'int32'), mask: tf.ones<tf.Rank.R1>([POSITIONS]), owners: tf.zeros<tf.Rank.R1>([POSITIONS], 'int32') }],
  };
  const objective = { weights: { kl: 0.7, ce: 0.3, mse: 0, hidden: 0, attention: 0, uld: 0 }, divergence: { kind: 'forward-kl' } as const, temperature: 2, vocabulary: VOCABULARY };
  const scales = scalesOf(objective, POSITIONS, { hidden: 1, attention: 1, uld: 1 });
  const states = (seed: number): tf.Tensor2D => tf.randomNormal<tf.Rank.R2>([POSITIONS, config.hiddenSize], 0, 1, 'float32', seed);
  const [own, others] = [states(1), states(2)];
  const weights = [student.weights.get('model.embed_tokens.weight') as tf.Variable];
  const losses: number[] = [];
  const measure = (loss: () => tf.Scalar): number => peakBytes(() => { losses.push(tf.variableGrads(loss, weights).value.dataSync()[0] ?? Number.NaN); }) / MIB;
  const wholeMiB = measure(() => totalLoss(objective, segmentSums(backend.ops, objective, batch, supervisedLogits(student, batch, VOCABULARY, own), supervisedLogits(teacher, batch, VOCABULARY, others).map((logits) => ({ kind: 'logits', logits }))), scales));
  const piecesMiB = measure(() => totalLoss(objective, [], scales, {}, chunkedLosses(student, objective, batch, own, null, { model: teacher, states: others }, { temperature: 2, scales }).totals));
  await backend.dispose();
  const [whole = Number.NaN, pieces = Number.NaN] = losses;
  return { wholeMiB, piecesMiB, times: wholeMiB / piecesMiB, difference: Math.abs(whole - pieces) / whole };
}

/** The most bytes that tensors held beyond those from before. */
function peakBytes(work: () => void): number {
  const engine = tf.engine() as unknown as { trackTensor(...given: unknown[]): void; readonly state: { readonly numBytes: number } };
  const original = engine.trackTensor.bind(engine);
  const before = engine.state.numBytes;
  let peak = before;
  engine.trackTensor = (...given) => {
    original(...given);
    peak = Math.max(peak, engine.state.numBytes);
  };
  try {
    tf.tidy(work);
  } finally {
    engine.trackTensor = original;
  }
  return peak - before;
}
