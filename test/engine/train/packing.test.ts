/** Packed rows: the losses and gradients of rows that each have a sequence of their own, from fewer positions. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { tf } from '../../../src/engine/tf.ts';
import { collate, collatePacked, type MicroBatch } from '../../../src/engine/train/batch.ts';
import { findCheckpoint } from '../../../src/engine/train/checkpoint.ts';
import { FeatureMatching } from '../../../src/engine/train/features.ts';
import { rowSums, segmentSums, supervisedLogits, release, upload, type Objective } from '../../../src/engine/train/losses.ts';
import { LossTotals, readScalars } from '../../../src/engine/train/lossValues.ts';
import { mixtureTargets } from '../../../src/engine/train/mixture.ts';
import { packRows } from '../../../src/engine/train/packing.ts';
import { liveTargets, StoredTargets, type SoftTargets } from '../../../src/engine/train/softTargets.ts';
import { gradientsOf } from '../../../src/engine/train/step.ts';
import { openTopK } from '../../../src/engine/train/topKTargets.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { expectClose, makeInput, makeRows, makeStage, openWasm, temporaryFolder, TINY, VOCABULARY } from './setup.ts';

const WEIGHTS = { kl: 0.7, ce: 0.3, mse: 0, hidden: 0, attention: 0, uld: 0 };
const OBJECTIVE: Objective = { weights: WEIGHTS, divergence: { kind: 'forward-kl' }, temperature: 2, vocabulary: VOCABULARY };
const ROWS = makeRows(13, 3);

let backend: Backend;
let teacher: DecoderModel;
let student: DecoderModel;
beforeAll(async () => {
  backend = await openWasm();
  teacher = createDecoder({ ...TINY, hiddenSize: 16, headDim: 8, layers: 3 }, 3, backend);
  student = createDecoder(TINY, 5, backend);
});
afterAll(() => backend.dispose());

/** Losses, and the gradient of every weight over all passes. */
async function measured(batches: readonly MicroBatch[], targets: SoftTargets | null, objective = OBJECTIVE, features: FeatureMatching | null = null) {
  const kept = batches.reduce((sum, batch) => sum + batch.kept, 0);
  const tokens = batches.reduce((sum, batch) => sum + batch.tokens, 0);
  const totals = new LossTotals(objective, targets !== null, features);
  const gradients: Record<string, Float64Array> = {};
  for (const batch of batches) {
    const { gradients: own, scalars } = gradientsOf(student, targets, objective, batch, kept, features, { tokens, entries: 1, spans: {} });
    totals.add(batch, (await readScalars([scalars]))[0] ?? []);
    for (const [name, gradient] of own) {
      const values = await gradient.data();
      gradients[name] ??= new Float64Array(values.length);
      gradients[name].forEach((_, i, sum) => { sum[i] = (sum[i] ?? 0) + (values[i] ?? NaN); });
    }
    tf.dispose([...own.values(), ...scalars]);
  }
  return { losses: totals.values(), gradients };
}

async function expectSame(targets: SoftTargets | null, objective = OBJECTIVE, features: FeatureMatching | null = null): Promise<void> {
  const packed = packRows(ROWS, 4, { ...TINY, hiddenSize: 512 });
  expect(packed.length).toBeLessThan(4);
  expect(packed.flatMap(({ rows }) => rows)).toHaveLength(ROWS.length);
  const [apart, together] = [await measured([collate(ROWS, TINY.maxPositions)], targets, objective, features), await measured(packed, targets, objective, features)];
  for (const [name, value] of Object.entries(apart.losses)) {
    if (value === null) expect(together.losses[name as keyof typeof together.losses]).toBeNull();
    else expectClose([together.losses[name as keyof typeof together.losses] as number], [value as number], { relative: 1e-5, what: name });
  }
  for (const [name, gradient] of Object.entries(apart.gradients)) {
    const size = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0) / gradient.length);
    expectClose(together.gradients[name], gradient, { relative: 1e-5, absolute: 1e-5 * size, what: name });
  }
}

describe('loss and gradients are those of rows with a sequence each', () => {
  test('cross-entropy alone', () => expectSame(null, { ...OBJECTIVE, weights: { ...WEIGHTS, kl: 0 } }));
  test('with a teacher that runs beside', () => expectSame(liveTargets(teacher, VOCABULARY)));
  test('with stored logits', async () => {
    const stored = new StoredTargets(VOCABULARY);
    await stored.fill(teacher, ROWS, 5, () => false);
    await expectSame(stored);
  });
  test('with a store of the most probable tokens', async () => {
    const targets = await openTopK(teacher, 4, { folder: await temporaryFolder(), name: 't', source: 't', rows: ROWS, shape: { k: 5, vocabulary: VOCABULARY, values: 'float32', temperatures: [2] }, pause: () => false });
    await expectSame(targets);
    targets?.dispose();
  });
  test('with two teachers as one', () => expectSame(mixtureTargets([{ model: teacher, weight: 1, tasks: {} }, { model: createDecoder(TINY, 9, backend), weight: 2, tasks: {} }], VOCABULARY, 0.5)));
  test('with matched hidden states', async () => {
    const weights = { ...WEIGHTS, hidden: 1 };
    const features = FeatureMatching.of(makeStage({ weights }), teacher, student, 1);
    await expectSame(liveTargets(teacher, VOCABULARY), { ...OBJECTIVE, weights }, features);
    features?.dispose();
  });
});

test('the losses of each row are those of the row alone', async () => {
  const targets = liveTargets(teacher, VOCABULARY);
  const ofRows = async (batch: MicroBatch): Promise<Map<EncodedRow, readonly number[]>> => {
    const device = upload(batch);
    const sums = tf.tidy(() => rowSums(device, segmentSums(backend.ops, OBJECTIVE, device, supervisedLogits(student, device, VOCABULARY), targets.of(batch, device, 2))));
    release(device);
    const values = (await sums.array());
    sums.dispose();
    return new Map(batch.rows.map((row, index) => [row, values.map((of) => of[index] ?? NaN)]));
  };
  for (const batch of packRows(ROWS, 4, { ...TINY, hiddenSize: 512 })) {
    for (const [row, losses] of await ofRows(batch)) {
      const alone = await ofRows(collate([row], TINY.maxPositions));
      expectClose(losses, alone.get(row) ?? [], { relative: 1e-5, what: `row ${row.row}` });
    }
  }
});

test('what stands in one document has no influence on another', async () => {
  const [first, second] = ROWS as [EncodedRow, EncodedRow];
  const statesOf = async (rows: readonly EncodedRow[]): Promise<Float32Array> => {
    const batch = collatePacked([rows], 48);
    const device = upload(batch);
    const states = student.hidden(device.ids, device.layout);
    const values = (await states.data()) as Float32Array;
    tf.dispose(states);
    release(device);
    return values;
  };
  const other = { ...first, ids: first.ids.map((id) => (id + 5) % VOCABULARY) };
  const [a, b] = [await statesOf([first, second]), await statesOf([other, second])];
  const [from, to] = [(first.ids.length - 1) * TINY.hiddenSize, (first.ids.length + second.ids.length - 2) * TINY.hiddenSize];
  expect(a.subarray(from, to)).toEqual(b.subarray(from, to));
  expect(a.subarray(0, from)).not.toEqual(b.subarray(0, from));
});

describe('how rows are packed', () => {
  const rowOf = (fed: number, row: number): EncodedRow => ({ row, file: 'x', ids: new Int32Array(fed + 1).fill(3), promptLength: 1, answerStart: 1, ended: true });
  const model = { maxPositions: 512, hiddenSize: 256 };

  test('every row once, none cut, none beyond its sequence, and no pass larger than one of unpacked rows', () => {
    const rows = Array.from({ length: 64 }, (_, row) => rowOf(10 + ((row * 37) % 150), row));
    const passes = packRows(rows, 16, model);
    expect(passes.flatMap((pass) => pass.rows.map(({ row }) => row)).sort((a, b) => a - b)).toEqual(rows.map(({ row }) => row));
    for (const pass of passes) {
      expect(pass.batch * pass.seq).toBeLessThanOrEqual(16 * 160);
      pass.rows.forEach(({ ids }, index) => expect((pass.starts[index] ?? NaN) % pass.seq + ids.length - 1).toBeLessThanOrEqual(pass.seq));
    }
    const filled = passes.reduce((sum, { tokens }) => sum + tokens, 0) / passes.reduce((sum, { batch, seq }) => sum + batch * seq, 0);
    expect(filled).toBeGreaterThan(0.95);
  });

  test('rows that are all as long as the model keep a sequence each, and one row is fine', () => {
    const full = packRows([rowOf(512, 0), rowOf(512, 1)], 4, model);
    expect(full.map(({ batch, seq }) => [batch, seq])).toEqual([[2, 512]]);
    expect(packRows([rowOf(1, 0)], 4, model).map(({ rows }) => rows.length)).toEqual([1]);
  });
});

test('a stage that packs tells losses within rounding of one that doesn’t, how full its passes were, and goes on from a stop to the last bit', async () => {
  const stage = (packing: boolean) => makeStage({ limits: { steps: 8 }, batch: { size: 6, accumulate: 2 }, packing, validate: { every: 4 }, checkpoint: { every: 4 } });
  const run = async (packing: boolean) => {
    const input = await makeInput({ student: createDecoder(TINY, 5, backend), teacher, stage: stage(packing) });
    await trainStage(input);
    return input.reporter.exact();
  };
  const [apart, together] = [await run(false), await run(true)];
  expect(together.map(({ step }) => step)).toEqual(apart.map(({ step }) => step));
  together.forEach(({ values }, index) => {
    const of = apart[index]?.values ?? {};
    for (const name of ['loss', 'validation/loss', 'gradNorm']) if (of[name] !== undefined) expectClose([values[name] ?? NaN], [of[name] ?? NaN], { relative: 1e-4, what: name });
  });
  const filled = (told: typeof apart): number[] => told.flatMap(({ values }) => (typeof values.filled === 'number' ? [values.filled] : []));
  expect(filled(together)).toHaveLength(8);
  for (const [index, share] of filled(together).entries()) expect(share).toBeGreaterThan(filled(apart)[index] ?? 1);

  const checkpoints = await temporaryFolder();
  const first = await makeInput({ student: createDecoder(TINY, 5, backend), teacher, stage: stage(true), checkpoints, orders: { 3: ['stop'] } });
  await trainStage(first);
  const { found: resume } = await findCheckpoint(checkpoints);
  const second = await makeInput({ student: await loadDecoder(resume?.folder ?? '', backend), teacher, stage: stage(true), checkpoints, resume });
  await trainStage(second);
  expect([...first.reporter.exact(), ...second.reporter.exact()]).toEqual(together);
});
