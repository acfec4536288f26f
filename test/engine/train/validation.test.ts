/** A validation that is taken piece by piece tells the same, in the memory of a piece. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { CHUNKED_FROM_BYTES } from '../../../src/engine/train/chunkedLosses.ts';
import { FeatureMatching } from '../../../src/engine/train/features.ts';
import { objectiveOf } from '../../../src/engine/train/objective.ts';
import { liveTargets, StoredTargets } from '../../../src/engine/train/softTargets.ts';
import type { SoftTargets } from '../../../src/engine/train/softTargets.ts';
import { validate, validationBatches } from '../../../src/engine/train/validation.ts';
import { tf } from '../../../src/engine/tf.ts';
import { makeRows, makeStage, openWasm, TINY, VOCABULARY } from './setup.ts';

let backend: Backend;
beforeAll(async () => { backend = await openWasm(); });
afterAll(() => backend.dispose());

const WIDE = { ...TINY, hiddenSize: 16, headDim: 8 };
const rows = makeRows(10, 2);
const batches = validationBatches(rows, 4, TINY.maxPositions);

describe('piece by piece', () => {
  test.each<[string, 'live' | 'stored' | 'none', Readonly<Record<string, unknown>>]>([
    ['a live teacher, MSE of the logits', 'live', { weights: { kl: 0.7, ce: 0.3, mse: 0.2 }, temperature: 2 }],
    ['a teacher that was asked beforehand', 'stored', { objective: 'jsd' }],
    ['no teacher', 'none', { objective: 'sequence' }],
    ['a teacher that shows its inside', 'live', { weights: { kl: 1, ce: 0.5, hidden: 1 } }],
  ])('every value is that of the whole, and nothing is left behind: %s', async (_, from, changes) => {
    const [student, teacher] = [createDecoder(TINY, 5, backend), createDecoder(WIDE, 3, backend)];
    const stage = makeStage(changes);
    const stored = new StoredTargets(VOCABULARY);
    if (from === 'stored') await stored.fill(teacher, rows, 4, () => false);
    const targets: SoftTargets | null = from === 'none' ? null : from === 'live' ? liveTargets(teacher, VOCABULARY) : stored;
    const features = FeatureMatching.of(stage, teacher, student, 1, null);
    const run = (most?: number) => validate(student, targets, features, objectiveOf(stage, VOCABULARY), batches, () => undefined, ...(most === undefined ? [] : [() => most] as const));
    const whole = await run();
    const tensors = tf.memory().numTensors;
    // No divisor of the padded positions: the last piece is a smaller one.
    const pieces = await run(7);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(Object.keys(pieces)).toEqual(Object.keys(whole));
    for (const [name, value] of Object.entries(whole)) expect(Math.abs((pieces[name] ?? NaN) - (value ?? NaN)), name).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value ?? NaN)));
    expect(pieces['validation/tokenAccuracy']).toBe(whole['validation/tokenAccuracy']);
  });
});

describe('memory', () => {
  test('where a step takes its losses in pieces, the logits of a validation are never all there, neither the student’s nor a live teacher’s', async () => {
    const vocabulary = 23_000;
    const config = { ...TINY, vocabSize: vocabulary };
    const long: EncodedRow[] = Array.from({ length: 48 }, (_, row) => ({ row, file: 'long.jsonl', ids: Int32Array.from({ length: 64 }, (__, i) => (row + i) % vocabulary), promptLength: 2, answerStart: 2, ended: true }));
    const [batch] = validationBatches(long, long.length, TINY.maxPositions);
    if (batch === undefined) throw new Error('there are rows');
    const logits = batch.segments.answer.positions.length * vocabulary * 4;
    expect(logits).toBeGreaterThan(CHUNKED_FROM_BYTES);
    const [student, teacher] = [createDecoder(config, 5, backend), createDecoder(config, 3, backend)];
    const engine = tf.engine() as unknown as { trackTensor(...given: unknown[]): void; readonly state: { readonly numBytes: number } };
    const original = engine.trackTensor.bind(engine);
    const before = engine.state.numBytes;
    let peak = 0;
    engine.trackTensor = (...given) => {
      original(...given);
      peak = Math.max(peak, engine.state.numBytes - before);
    };
    try {
      await validate(student, liveTargets(teacher, vocabulary), null, objectiveOf(makeStage({}), vocabulary), [batch], () => undefined);
    } finally {
      engine.trackTensor = original;
    }
    expect(peak).toBeLessThan(logits / 2);
  });
});
