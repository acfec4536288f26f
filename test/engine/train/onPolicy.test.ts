/** On-policy batches: the loss of fixed completions against PyTorch, nothing changed at share 0, resume inside, what is told. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import { findCheckpoint } from '../../../src/engine/train/checkpoint.ts';
import type { Divergence } from '../../../src/engine/train/divergences.ts';
import { LossTotals, readScalars } from '../../../src/engine/train/lossValues.ts';
import type { Objective } from '../../../src/engine/train/losses.ts';
import { isOnPolicy, onPolicyObjective } from '../../../src/engine/train/onPolicy.ts';
import { liveTargets } from '../../../src/engine/train/softTargets.ts';
import { gradientsOf } from '../../../src/engine/train/step.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { writtenRow, type Writing } from '../../../src/engine/train/written.ts';
import { expectClose, logitsAsModel, makeInput, makeRows, makeStage, openWasm, temporaryFolder, TINY, VOCABULARY } from './setup.ts';

interface Fixture {
  readonly end: number;
  readonly rows: readonly { readonly prompt: number[]; readonly written: number[]; readonly finish: 'end' | 'length' }[];
  readonly cases: readonly {
    readonly objective: 'forward-kl' | 'reverse-kl' | 'jsd'; readonly temperature: number; readonly weights: { readonly kl: number; readonly ce: number };
    readonly student: number[][][]; readonly teacher: number[][][]; readonly loss: number; readonly kl: number; readonly gradient: number[][][];
  }[];
}
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/torch/on_policy.json', import.meta.url), 'utf8')) as Fixture;

/** Id 4 closes the reasoning. */
const CLOSE = 4;
const writing: Writing = {
  endTokenId: fixture.end, decode: (ids) => ids.join(' '), parse: (text) => ({ think: '', answer: text }), closed: () => true,
  beforeAnswer: (ids) => (ids.includes(CLOSE) ? ids.indexOf(CLOSE) + 1 : ids.length),
};

let backend: Backend;
let teacher: DecoderModel;
beforeAll(async () => {
  backend = await openWasm();
  teacher = createDecoder({ ...TINY, hiddenSize: 16, headDim: 8 }, 3, backend);
});
afterAll(() => backend.dispose());
const newStudent = (): DecoderModel => createDecoder(TINY, 5, backend);

const KINDS: Readonly<Record<string, Divergence>> = { 'forward-kl': { kind: 'forward-kl' }, 'reverse-kl': { kind: 'reverse-kl' }, jsd: { kind: 'jsd', beta: 0.5 } };

test.each(fixture.cases)('completions that the student wrote: loss and gradient are those of PyTorch, $objective at T = $temperature', async ({ objective, temperature, weights, student, teacher: scored, loss, kl, gradient }) => {
  const rows = fixture.rows.map(({ prompt, written, finish }, row) => {
    const asked = { row, file: 'fixture.jsonl', ids: Int32Array.from([...prompt, 2, 3, fixture.end]), promptLength: prompt.length, answerStart: prompt.length, ended: true };
    return writtenRow(asked, { ids: written, finish }, writing);
  });
  const [studentModel, teacherModel] = [logitsAsModel(student, backend), logitsAsModel(scored, backend)];
  const whole: Objective = { weights: { ...weights, mse: 0, hidden: 0, attention: 0, uld: 0 }, divergence: KINDS[objective] as Divergence, temperature, vocabulary: studentModel.config.vocabSize };
  const own = onPolicyObjective(whole);
  const batch = collate(rows, TINY.maxPositions);
  const { gradients, scalars } = gradientsOf(studentModel, liveTargets(teacherModel, own.vocabulary), own, batch, batch.kept);
  const totals = new LossTotals(own, true);
  totals.add(batch, (await readScalars([scalars]))[0] ?? []);
  expect(totals.values().loss).toBeCloseTo(loss, 5);
  expect(totals.values().kl).toBeCloseTo(kl, 5);
  expectClose(await gradients.get('logits')?.data(), gradient.flat(2), { relative: 1e-4, absolute: 1e-7 });
});

test('reasoning and answer are found in what the student wrote; one without end has no end token', () => {
  const asked = { row: 0, file: 'x', ids: Int32Array.of(8, 9, 3, 1), promptLength: 2, answerStart: 2, ended: true };
  expect(writtenRow(asked, { ids: [5, 6, CLOSE, 7], finish: 'end' }, writing)).toEqual({ row: 0, file: 'x', ids: Int32Array.of(8, 9, 5, 6, CLOSE, 7, 1), promptLength: 2, answerStart: 5, ended: true });
  expect(writtenRow(asked, { ids: [5, 6], finish: 'length' }, writing)).toEqual({ row: 0, file: 'x', ids: Int32Array.of(8, 9, 5, 6), promptLength: 2, answerStart: 4, ended: false });
});

const base = { limits: { steps: 12 }, batch: { size: 4, accumulate: 2 }, alpha: 0.7, optimizer: { learningRate: 0.01 }, validate: { every: 4 }, checkpoint: { every: 5 }, sentinel: 3 };

test('at share 0 it is the off-policy stage to the last bit', async () => {
  const plain = await makeInput({ student: newStudent(), teacher, stage: makeStage(base), writing });
  await trainStage(plain);
  const never = await makeInput({ student: newStudent(), teacher, stage: makeStage({ ...base, onPolicy: { share: 0 } }), writing });
  await trainStage(never);
  const without = never.reporter.exact(-1).map(({ step, values: { onPolicy, ...values } }) => {
    expect([undefined, 0]).toContain(onPolicy);
    return { step, values };
  });
  expect(without).toEqual(plain.reporter.exact(-1));
});

describe('a stage of which the student writes about half', () => {
  const stage = makeStage({ ...base, onPolicy: { share: 0.5, maxNewTokens: 6 } });
  test.each([3, 7])('stopped after step %i and resumed: the same batches, losses and validations to the last bit', async (stopAfter) => {
    const whole = await makeInput({ student: newStudent(), teacher, stage, writing });
    const result = await trainStage(whole);
    const checkpoints = await temporaryFolder();
    const first = await makeInput({ student: newStudent(), teacher, stage, writing, checkpoints, orders: { [stopAfter]: ['stop'] } });
    await trainStage(first);
    const { found: resume } = await findCheckpoint(checkpoints);
    const second = await makeInput({ student: await loadDecoder(resume?.folder ?? '', backend), teacher, stage, writing, checkpoints, resume });
    expect(await trainStage(second)).toEqual(result);
    expect([...first.reporter.exact(), ...second.reporter.exact()]).toEqual(whole.reporter.exact());
  });

  test('steps say who wrote them; only those of the data have a cross-entropy', async () => {
    const input = await makeInput({ student: newStudent(), teacher, stage, writing });
    await trainStage(input);
    const steps = input.reporter.metrics.flatMap(({ values }) => ('learningRate' in values ? [values] : []));
    const [written, given] = [steps.filter((values) => values['onPolicy'] === 1), steps.filter((values) => values['onPolicy'] === 0)];
    expect(written.length + given.length).toBe(12);
    expect(Math.min(written.length, given.length)).toBeGreaterThan(1);
    for (const values of given) expect(Object.keys(values)).toEqual(expect.arrayContaining(['loss', 'kl', 'ce']));
    for (const values of written) {
      expect(values).not.toHaveProperty('ce');
      expect(values['loss']).toBeCloseTo(0.7 * 4 * (values['kl'] ?? NaN), 4);
      expect(values['completionTokens']).toBeLessThanOrEqual(7);
      expect(values['unfinishedShare']).toBeGreaterThanOrEqual(0);
    }
  });
});

test('the share of batches that the student writes is the one asked for', () => {
  const onPolicy = { share: 0.3, maxNewTokens: 1, temperature: 1, topP: 1 };
  const drawn = Array.from({ length: 2000 }, (_, step) => isOnPolicy(onPolicy, { seed: 1, stage: 0, step }));
  expect(drawn.filter(Boolean).length / 2000).toBeCloseTo(0.3, 1);
  expect(isOnPolicy({ ...onPolicy, share: 1 }, { seed: 1, stage: 0, step: 0 })).toBe(true);
});

test('a student whose every batch is its own learns from its teacher', async () => {
  const stage = makeStage({ ...base, limits: { steps: 60 }, alpha: 1, objective: 'reverse-kl', temperature: 1, validate: { every: 60 }, checkpoint: { every: 100 }, sentinel: 0, onPolicy: { share: 1, maxNewTokens: 12 } });
  const input = await makeInput({ student: newStudent(), teacher, stage, writing, train: makeRows(40, 1), vocabulary: VOCABULARY });
  await trainStage(input);
  const [before, after] = input.reporter.metrics.flatMap(({ values }) => values['validation/kl'] ?? []);
  expect(after).toBeLessThan(0.6 * (before ?? 0));
});
