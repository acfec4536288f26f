/** Losses that are made piece by piece are the same losses, in a fraction of the memory. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { withFrozen } from '../../../src/engine/model/freeze.ts';
import { withNewAdapter } from '../../../src/engine/model/lora.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import { CHUNKED_FROM_BYTES, chunkedLosses, chunkRows, isChunked } from '../../../src/engine/train/chunkedLosses.ts';
import type { Divergence } from '../../../src/engine/train/divergences.ts';
import { scalesOf, segmentSums, supervisedLogits, totalLoss, upload, type Objective, type SegmentTargets } from '../../../src/engine/train/losses.ts';
import { tf } from '../../../src/engine/tf.ts';
import { lora } from '../../../src/shared/recipeAdapter.ts';
import { expectClose, makeRows, openWasm, TINY, VOCABULARY } from './setup.ts';

let backend: Backend;
beforeAll(async () => { backend = await openWasm(); });
afterAll(() => backend.dispose());

const objectiveOf = (changes: Partial<Objective> = {}): Objective => ({ weights: { kl: 0.7, ce: 0.3, mse: 0.2, hidden: 0, attention: 0, uld: 0 }, divergence: { kind: 'forward-kl' }, temperature: 2, vocabulary: VOCABULARY, ...changes });
const NOTHING_INSIDE = { hidden: 1, attention: 1, uld: 1 };

/** Total, sums and gradients of what is trained of the student, whole or piece by piece. */
function run(student: DecoderModel, teacher: DecoderModel | null, objective: Objective, rows: number | null, targets: 'live' | 'known' | 'top' = 'live'): { readonly values: Float32Array; readonly gradients: Readonly<Record<string, Float32Array>> } {
  const batch = upload(collate(makeRows(6, 3), TINY.maxPositions));
  const logits = teacher === null ? null : supervisedLogits(teacher, batch, objective.vocabulary);
  const soft = logits?.map((own): SegmentTargets => {
    if (targets !== 'top') return { kind: 'logits', logits: own };
    const { values, indices } = tf.topk(tf.logSoftmax(tf.div(own, objective.temperature)), 5);
    return { kind: 'top', ids: indices as tf.Tensor2D, logP: tf.concat2d([values as tf.Tensor2D, tf.log(tf.sub(1, tf.sum(tf.exp(values), -1, true)))], 1) };
  }) ?? null;
  const scales = scalesOf(objective, 40, NOTHING_INSIDE);
  const sums: tf.Tensor[] = [];
  const { value, grads } = tf.variableGrads(() => {
    const states = student.hidden(batch.ids, batch.layout);
    if (rows === null) {
      const own = segmentSums(backend.ops, objective, batch, supervisedLogits(student, batch, objective.vocabulary, states), soft);
      sums.push(...own.flatMap(({ ce, kl, mse, each }) => [ce, kl, mse, each.ce, each.kl]).filter((tensor) => tensor !== null).map((tensor) => tf.keep(tensor)));
      return totalLoss(objective, own, scales);
    }
    const asked = targets === 'live' && teacher !== null ? { model: teacher, states: teacher.hidden(batch.ids, batch.layout) } : null;
    const chunked = chunkedLosses(student, objective, batch, states, asked === null ? soft : null, asked, { temperature: objective.temperature, scales, rows });
    sums.push(...chunked.sums.flatMap(({ ce, kl, mse, each }) => [ce, kl, mse, each.ce, each.kl]).filter((tensor) => tensor !== null));
    return totalLoss(objective, [], scales, {}, chunked.totals);
  }, [...student.trainable.values()]);
  const values = Float32Array.from([value, ...sums].flatMap((tensor) => [...tensor.dataSync()]));
  return { values, gradients: Object.fromEntries([...student.trainable].map(([name, weight]) => [name, grads[weight.name]?.dataSync() as Float32Array])) };
}

describe('piece by piece', () => {
  test.each<[string, Partial<Objective>, 'live' | 'known' | 'top']>([
    ['forward KL, CE and MSE, a live teacher', {}, 'live'],
    ['reverse KL, stored logits', { divergence: { kind: 'reverse-kl' } satisfies Divergence }, 'known'],
    ['JSD, a live teacher, a head that is wider than the vocabulary', { divergence: { kind: 'jsd', beta: 0.3 } }, 'live'],
    ['skewed KL, top-k targets', { divergence: { kind: 'skew-kl', gamma: 0.2 }, weights: { kl: 1, ce: 0, mse: 0, hidden: 0, attention: 0, uld: 0 } }, 'top'],
  ])('values and every gradient are those of the whole: %s', (what, changes, targets) => {
    const student = createDecoder(what.includes('wider') ? { ...TINY, vocabSize: VOCABULARY + 3 } : TINY, 5, backend);
    const teacher = createDecoder({ ...TINY, hiddenSize: 16, headDim: 8 }, 3, backend);
    const whole = run(student, teacher, objectiveOf(changes), null, targets);
    // Seven positions: the last piece is a smaller one.
    const pieces = run(student, teacher, objectiveOf(changes), 7, targets);
    expectClose(pieces.values, whole.values, { relative: 2e-5, absolute: 1e-6, what: 'losses' });
    for (const [name, gradient] of Object.entries(whole.gradients)) expectClose(pieces.gradients[name], gradient, { relative: 1e-4, absolute: 2e-6, what: name });
  });

  test('a head of its own, without a teacher', () => {
    const student = createDecoder({ ...TINY, tiedHead: false }, 5, backend);
    const [whole, pieces] = [run(student, null, objectiveOf(), null), run(student, null, objectiveOf(), 5)];
    expectClose(pieces.values, whole.values, { relative: 2e-5, absolute: 1e-6, what: 'losses' });
    for (const [name, gradient] of Object.entries(whole.gradients)) expectClose(pieces.gradients[name], gradient, { relative: 1e-4, absolute: 2e-6, what: name });
  });
});

describe('a head that isn’t trained', () => {
  /** How often a tensor of the head's shape was made. */
  function made(student: DecoderModel, work: () => void): number {
    const engine = tf.engine() as unknown as { trackTensor(...given: unknown[]): void; readonly state: { readonly numDataBuffers: number } };
    const original = engine.trackTensor.bind(engine);
    const shape = student.weights.get('lm_head.weight')?.shape.join('×');
    let count = 0;
    engine.trackTensor = (...given) => {
      const before = engine.state.numDataBuffers;
      original(...given);
      // Not what shares the data of another.
      if (engine.state.numDataBuffers > before && (given[0] as tf.Tensor).shape.join('×') === shape) count += 1;
    };
    try {
      work();
    } finally {
      engine.trackTensor = original;
    }
    return count;
  }

  const untied = (): DecoderModel => createDecoder({ ...TINY, vocabSize: VOCABULARY + 2, hiddenSize: 12, headDim: 6, tiedHead: false }, 5, backend);
  const objective = objectiveOf({ vocabulary: VOCABULARY + 2 });
  test.each<[string, (student: DecoderModel) => DecoderModel]>([
    ['frozen', (student) => withFrozen(student, ['head', 'embeddings'])],
    ['beside adapters', (student) => withNewAdapter(student, lora.parse({ rank: 2 }), 1, { base: '', baseDigest: '' })],
  ])('has no gradient made of it, and losses and other gradients are the same: %s', (_, changed) => {
    const whole = untied();
    const student = changed(whole);
    const teacher = createDecoder({ ...TINY, vocabSize: VOCABULARY + 2, headDim: 8 }, 3, backend);
    let pieces: ReturnType<typeof run> | null = null;
    expect(made(student, () => { pieces = run(student, teacher, objective, 7); })).toBe(0);
    // Where it is trained a piece's own and the sum so far are made.
    expect(made(whole, () => { run(whole, teacher, objective, 7); })).toBeGreaterThan(0);
    const wanted = run(student, teacher, objective, null);
    const got = pieces as unknown as ReturnType<typeof run>;
    expectClose(got.values, wanted.values, { relative: 2e-5, absolute: 1e-6, what: 'losses' });
    expect(Object.keys(got.gradients).length).toBe(student.trainable.size);
    for (const [name, gradient] of Object.entries(wanted.gradients)) expectClose(got.gradients[name], gradient, { relative: 1e-4, absolute: 2e-6, what: name });
  });
});

describe('when', () => {
  const segments = (rows: number): Parameters<typeof isChunked>[0] => ({ segments: [{ positions: { size: rows } }] as never });
  test('the logits of a segment reach the limit, and not before', () => {
    const rows = Math.ceil(CHUNKED_FROM_BYTES / (4 * 32_000));
    expect(isChunked(segments(rows), { vocabulary: 32_000 })).toBe(true);
    expect(isChunked(segments(rows - 1), { vocabulary: 32_000 })).toBe(false);
    expect(chunkRows(32_000)).toBe(131);
    expect(chunkRows(10 ** 9)).toBe(1);
  });
});

describe('memory', () => {
  /** The most bytes that tensors held beyond those from before. */
  function peakOf(work: () => void): number {
    const engine = tf.engine() as unknown as { trackTensor(...given: unknown[]): void; state: { numBytes: number } };
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

  test('at a vocabulary of 32,000 the losses need at most an eighth', () => {
    const vocabulary = 32_000;
    const config = { ...TINY, vocabSize: vocabulary };
    const [student, teacher] = [createDecoder(config, 5, backend), createDecoder(config, 3, backend)];
    const positions = 256;
    const objective = objectiveOf({ vocabulary, weights: { kl: 0.7, ce: 0.3, mse: 0, hidden: 0, attention: 0, uld: 0 } });
    const batch = { ids: tf.zeros([1, 1], 'int32') as tf.Tensor2D, layout: null, rowSlots: 2, segments: [{ name: 'answer' as const, positions: tf.range(0, positions, 1, 'int32'), labels: tf.range(0, positions, 1, 'int32'), mask: tf.ones([positions]) as tf.Tensor1D, owners: tf.zeros([positions], 'int32') as tf.Tensor1D }] };
    const [own, others] = [tf.randomNormal<tf.Rank.R2>([positions, config.hiddenSize], 0, 1, 'float32', 1), tf.randomNormal<tf.Rank.R2>([positions, config.hiddenSize], 0, 1, 'float32', 2)];
    const scales = scalesOf(objective, positions, NOTHING_INSIDE);
    const embedding = student.weights.get('model.embed_tokens.weight') as tf.Variable;
    const measure = (loss: () => tf.Scalar): number => peakOf(() => { tf.variableGrads(loss, [embedding]); });
    const whole = measure(() => {
      const logits = supervisedLogits(teacher, batch, vocabulary, others);
      return totalLoss(objective, segmentSums(backend.ops, objective, batch, supervisedLogits(student, batch, vocabulary, own), logits.map((each) => ({ kind: 'logits', logits: each }))), scales);
    });
    const pieces = measure(() => totalLoss(objective, [], scales, {}, chunkedLosses(student, objective, batch, own, null, { model: teacher, states: others }, { temperature: 2, scales, rows: 16 }).totals));
    // Sixteen pieces, as there are at least where this is taken by itself.
    expect(whole / pieces).toBeGreaterThanOrEqual(8);
  });
});
