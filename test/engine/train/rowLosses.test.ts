/** What each row lost at each step: the right numbers, found by step and by row, after any stop. */
import { appendFile, readFile, rm, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import { findCheckpoint } from '../../../src/engine/train/checkpoint.ts';
import { gradientsOf } from '../../../src/engine/train/step.ts';
import { LossTotals, readScalars } from '../../../src/engine/train/lossValues.ts';
import { liveTargets } from '../../../src/engine/train/softTargets.ts';
import type { Objective } from '../../../src/engine/train/losses.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { RowLosses, type RowVisit } from '../../../src/runs/rowLosses.ts';
import { STEP_BYTES, VISIT_BYTES } from '../../../src/shared/rowLosses.ts';
import { tf } from '../../../src/engine/tf.ts';
import { expectClose, makeInput, makeRows, makeStage, openWasm, temporaryFolder, TINY, VOCABULARY } from './setup.ts';

const BASE = '/data';
const ROWS = makeRows(11, 1, `${BASE}/train.jsonl`);
const OBJECTIVE: Objective = { weights: { kl: 0.7, ce: 0.3, mse: 0, hidden: 0, attention: 0, uld: 0 }, divergence: { kind: 'forward-kl' }, temperature: 2, vocabulary: VOCABULARY };

let backend: Backend;
let teacher: DecoderModel;
beforeAll(async () => {
  backend = await openWasm();
  teacher = createDecoder({ ...TINY, hiddenSize: 16, headDim: 8 }, 3, backend);
});
afterAll(() => backend.dispose());

const newStudent = (): DecoderModel => createDecoder(TINY, 5, backend);

/** A run of its own folder; the steps of `more` are taken after the checkpoint that `from` leaves as the last one. */
async function train(folder: string, changes: Readonly<Record<string, unknown>> = {}, more: Parameters<typeof makeInput>[0] | object = {}) {
  const stage = makeStage({ limits: { steps: 9 }, batch: { size: 2, accumulate: 2 }, checkpoint: { every: 3, keepLast: 9 }, validate: { every: 100 }, ...changes });
  const checkpoints = path.join(folder, 'checkpoints');
  const { found: resume } = await findCheckpoint(checkpoints);
  const input = await makeInput({ student: resume === null ? newStudent() : await loadDecoder(resume.folder, backend), teacher, stage, train: ROWS, checkpoints, resume, rowLosses: { folder, base: BASE }, ...more });
  await trainStage(input);
  return input;
}

async function read<T>(folder: string, work: (losses: RowLosses) => Promise<T>): Promise<T> {
  const losses = await RowLosses.open(folder);
  if (losses === null) throw new Error('nothing recorded');
  try {
    return await work(losses);
  } finally {
    await losses.close();
  }
}

const allSteps = (folder: string): Promise<readonly (readonly RowVisit[])[]> => read(folder, async (losses) => {
  const all: (readonly RowVisit[])[] = [];
  for (const { step } of losses.steps) all.push(await losses.ofStep(step) ?? []);
  return all;
});

describe.each([['grouped by length', {}], ['packed', { packing: true }]] as const)('rows that are %s', (_, changes) => {
  test('lose what each loses alone, and together what the step tells', async () => {
    const folder = await temporaryFolder();
    const { reporter } = await train(folder, changes);
    const steps = await allSteps(folder);
    expect(steps).toHaveLength(9);
    for (const [index, visits] of steps.entries()) {
      expect(visits).toHaveLength(4);
      expect(visits.map(({ loss, positions }) => loss / positions)).toEqual(visits.map(({ loss, positions }) => loss / positions).sort((a, b) => b - a));
      const kept = visits.reduce((sum, { positions }) => sum + positions, 0);
      const sum = (of: 'loss' | 'ce' | 'kl'): number => visits.reduce((total, visit) => total + (visit[of] ?? NaN), 0) / kept;
      const told = reporter.metrics.find(({ step, values }) => step === index + 1 && values.loss !== undefined)?.values ?? {};
      for (const name of ['loss', 'ce', 'kl'] as const) expectClose([sum(name)], [told[name] ?? NaN], { relative: 1e-5, what: `step ${index + 1}, ${name}` });
    }
    // The first step's weights are the new student's.
    const student = newStudent();
    for (const { place, positions, ce, kl, loss } of steps[0] ?? []) {
      expect(place?.file).toBe('train.jsonl');
      const batch = collate([ROWS[(place?.row ?? 0) - 1]!], TINY.maxPositions);
      const { gradients, scalars } = gradientsOf(student, liveTargets(teacher, VOCABULARY), OBJECTIVE, batch, batch.kept);
      const totals = new LossTotals(OBJECTIVE, true);
      totals.add(batch, (await readScalars([scalars]))[0] ?? []);
      tf.dispose([...gradients.values(), ...scalars]);
      expect(positions).toBe(batch.kept);
      expectClose([ce / positions, (kl ?? NaN) / positions, loss / positions], [totals.values().ce, totals.values().kl ?? NaN, totals.values().loss], { relative: 1e-5 });
    }
  });
});

test('a row’s history is every step that it was in, in their order', async () => {
  const folder = await temporaryFolder();
  await train(folder);
  const steps = await allSteps(folder);
  await read(folder, async (losses) => {
    for (const { row } of ROWS) {
      const place = { file: 'train.jsonl', row: row + 1 };
      const wanted = steps.flat().filter((visit) => visit.place?.row === row + 1);
      expect(wanted.length).toBeGreaterThan(1);
      expect(await losses.ofRow(place)).toEqual(wanted);
    }
    expect(await losses.ofRow({ file: 'train.jsonl', row: 99 })).toEqual([]);
    expect(await losses.ofStep(10)).toBeNull();
    expect(await losses.ofStep(0)).toBeNull();
  });
});

test('a visit takes 24 bytes, a step 16, and the rows’ numbers are one range', async () => {
  const folder = await temporaryFolder();
  await train(folder);
  expect((await stat(path.join(folder, 'row-losses.bin'))).size).toBe(9 * 4 * VISIT_BYTES);
  expect((await stat(path.join(folder, 'row-losses-steps.bin'))).size).toBe(9 * STEP_BYTES);
  expect(JSON.parse(await readFile(path.join(folder, 'row-losses.json'), 'utf8'))).toEqual({ format: 1, files: [{ path: 'train.jsonl', rows: '1-11' }] });
  const silent = await temporaryFolder();
  await train(silent, { rowLosses: false });
  expect(await RowLosses.open(silent)).toBeNull();
});

describe('a run that goes on', () => {
  test('from an older checkpoint takes back the steps after it, and ends with the records of an uninterrupted one', async () => {
    const [whole, folder] = [await temporaryFolder(), await temporaryFolder()];
    await train(whole);
    // Stopped after step 8; what it saved there is lost, and it goes on from step 6.
    await train(folder, {}, { orders: { 8: ['stop'] } });
    expect((await allSteps(folder))).toHaveLength(8);
    await rm(path.join(folder, 'checkpoints', 'step-000008'), { recursive: true });
    await train(folder, {}, { orders: { 7: ['stop'] } });
    expect((await allSteps(folder))).toHaveLength(7);
    await train(folder);
    expect(await allSteps(folder)).toEqual(await allSteps(whole));
    for (const { row } of ROWS) {
      const place = { file: 'train.jsonl', row: row + 1 };
      expect(await read(folder, (losses) => losses.ofRow(place))).toEqual(await read(whole, (losses) => losses.ofRow(place)));
    }
  });

  test.each<[string, (folder: string) => Promise<void>]>([
    ['half an entry of the index', (folder) => truncate(path.join(folder, 'row-losses-steps.bin'), 6 * STEP_BYTES - 5)],
    ['visits that no entry tells of', (folder) => appendFile(path.join(folder, 'row-losses.bin'), new Uint8Array(3 * VISIT_BYTES + 7))],
    ['an entry whose visits are not there', (folder) => truncate(path.join(folder, 'row-losses.bin'), 6 * 4 * VISIT_BYTES - 1)],
  ])('after a crash that left %s: it is cut, and nothing is counted twice', async (_, damage) => {
    const [whole, folder] = [await temporaryFolder(), await temporaryFolder()];
    await train(whole);
    await train(folder, {}, { orders: { 6: ['stop'] } });
    await damage(folder);
    expect((await allSteps(folder)).length).toBeGreaterThanOrEqual(5);
    await train(folder);
    const [got, wanted] = [await allSteps(folder), await allSteps(whole)];
    // What was lost stays lost; all the rest is there, each once.
    const steps = got.map((visits) => visits[0]?.step);
    expect(got).toEqual(wanted.filter((visits) => steps.includes(visits[0]?.step)));
    expect(got.length).toBeGreaterThanOrEqual(8);
  });

  test('with other rows than before, the new ones get numbers of their own', async () => {
    const folder = await temporaryFolder();
    await train(folder, {}, { orders: { 3: ['stop'] } });
    const before = await allSteps(folder);
    const other = makeRows(6, 9, `${BASE}/more.jsonl`);
    await train(folder, {}, { train: [...ROWS.slice(0, 5), ...other] });
    expect((await allSteps(folder)).slice(0, 3)).toEqual(before);
    const places = (await allSteps(folder)).slice(3).flat().map(({ place }) => place);
    expect(places.some((place) => place?.file === 'more.jsonl' && place.row <= 6)).toBe(true);
    expect(places.every((place) => place?.file === 'more.jsonl' || (place?.file === 'train.jsonl' && place.row <= 5))).toBe(true);
  });
});
