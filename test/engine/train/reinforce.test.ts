/** A reinforcement stage: it learns what is rewarded, resumes bit for bit, tells what it measured and refuses what can't work. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { tf } from '../../../src/engine/tf.ts';
import { findCheckpoint } from '../../../src/engine/train/checkpoint.ts';
import { policyGradients, tokenLogs, type Completion } from '../../../src/engine/train/reinforceStep.ts';
import { reinforce, type KeptCompletion, type ReinforceInput } from '../../../src/engine/train/reinforceTrainer.ts';
import { lengthReward, rewarded } from '../../../src/engine/train/rewards.ts';
import type { Writing } from '../../../src/engine/train/written.ts';
import { reinforceStage, type ReinforceStage } from '../../../src/shared/recipeReinforce.ts';
import { expectClose, makeInput, makeRows, openWasm, temporaryFolder, TINY, type Orders, type Recorder } from './setup.ts';

const END = 1;
const CLOSE = 10;
/** Ids 0, 2 … 9 are digits, 10 closes the reasoning; the rest are letters. */
const writing: Writing = {
  endTokenId: END,
  decode: (ids) => ids.map((id) => (id === CLOSE ? '|' : id < 10 ? String(id) : String.fromCharCode(87 + id))).join(''),
  parse: (text) => (text.includes('|') ? { think: text.slice(0, text.indexOf('|')), answer: text.slice(text.indexOf('|') + 1) } : { think: '', answer: text }),
  closed: () => true,
  beforeAnswer: (ids) => ids.indexOf(CLOSE) + 1,
};

/** "Which digit is it?": the answer is the digit that the prompt ends with. */
const digits: readonly EncodedRow[] = [2, 3, 5, 8].map((digit, row) => ({
  row, file: 'digits.jsonl', ids: Int32Array.of(12, digit, digit, END), promptLength: 2, answerStart: 2, ended: true, question: `digit ${digit}`, gold: String(digit),
}));

function makeReinforce(changes: Readonly<Record<string, unknown>>): ReinforceStage {
  return reinforceStage.parse({
    type: 'reinforce', prompts: 4, samples: 8, maxNewTokens: 3, rewards: { answer: 1, format: 0.2 }, optimizer: { learningRate: 0.02 }, limits: { steps: 6 },
    validate: { every: 3 }, checkpoint: { every: 4 }, traces: { every: 5, rows: 2 }, ...changes,
  });
}

type Own = Partial<Omit<ReinforceInput, 'stage' | 'student'>> & Pick<ReinforceInput, 'stage' | 'student'> & { readonly orders?: Orders };
type Whole = ReinforceInput & { readonly reporter: Recorder; readonly kept: KeptCompletion[] };

async function makeWhole(own: Own): Promise<Whole> {
  const kept: KeptCompletion[] = [];
  const { stage, ...rest } = own;
  const input = await makeInput(rest as unknown as Parameters<typeof makeInput>[0]);
  return {
    ...input, train: own.train ?? digits, validation: own.validation ?? digits, stage, writing, referenceFolder: path.join(input.checkpoints, '..', `${path.basename(input.checkpoints)}-reference`),
    keep: (each) => { kept.push(...each); }, kept,
  } as Whole;
}

let backend: Backend;
beforeAll(async () => { backend = await openWasm(); });
afterAll(() => backend.dispose());
const newStudent = (): DecoderModel => createDecoder(TINY, 5, backend);

test('what is rewarded is learnt: from guessing to nearly always right, and in the right form', async () => {
  const stage = makeReinforce({ samples: 16, optimizer: { learningRate: 0.01 }, limits: { steps: 100 }, kl: 0.05, iterations: 2, validate: { every: 100 }, checkpoint: { every: 1000 }, traces: { every: 0 } });
  const input = await makeWhole({ student: createDecoder(TINY, 3, backend), stage, seed: 3 });
  await reinforce(input);
  const told = (name: string): number[] => input.reporter.metrics.flatMap(({ values }) => values[name] ?? []);
  const [before, after] = told('validation/accuracy');
  expect(before).toBeLessThanOrEqual(0.25);
  expect(after).toBeGreaterThanOrEqual(0.75);
  const reward = told('reward');
  const mean = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0) / list.length;
  // 1 for the answer and 0.2 for the form are the most there is.
  expect(mean(reward.slice(0, 5))).toBeLessThan(0.1);
  expect(mean(reward.slice(-5))).toBeGreaterThan(0.7);
  expect(Math.min(...told('referenceKl'))).toBeGreaterThanOrEqual(0);
  expect(told('entropy').at(-1)).toBeLessThan(told('entropy')[0] ?? 0);
});

describe('a stage that is stopped and resumed', () => {
  test.each([1, 3, 4])('after step %i: the same rewards, losses, gradients and validations to the last bit', async (stopAfter) => {
    const stage = makeReinforce({ iterations: 2, kl: 0.1, earlyStop: { metric: 'validation/reward', patience: 10 } });
    const whole = await makeWhole({ student: newStudent(), stage });
    const wholeResult = await reinforce(whole);
    const checkpoints = await temporaryFolder();
    const first = await makeWhole({ student: newStudent(), stage, checkpoints, orders: { [stopAfter]: ['stop'] } });
    expect(await reinforce(first)).toMatchObject({ reason: 'stopped', steps: stopAfter });
    const { found: resume } = await findCheckpoint(checkpoints);
    const second = await makeWhole({ student: await loadDecoder(resume?.folder ?? '', backend), stage, checkpoints, resume });
    expect(await reinforce(second)).toEqual(wholeResult);
    expect([...first.reporter.exact(), ...second.reporter.exact()]).toEqual(whole.reporter.exact());
    expect((await findCheckpoint(checkpoints)).found?.state).toEqual((await findCheckpoint(whole.checkpoints)).found?.state);
    const shown = ({ kept }: Whole): unknown => kept.map(({ step, place, rewarded: { think, answer, reward } }) => ({ step, place, think, answer, reward }));
    expect([...shown(first) as unknown[], ...shown(second) as unknown[]]).toEqual(shown(whole));
  });
});

test('each step tells what it did; completions are kept at the first and every so many steps', async () => {
  const input = await makeWhole({ student: newStudent(), stage: makeReinforce({ rewards: { answer: 1, format: 0.2, length: 0.1 }, length: { from: 1, to: 3 } }) });
  expect(await reinforce(input)).toMatchObject({ reason: 'steps', steps: 6 });
  const steps = input.reporter.metrics.filter(({ values }) => 'reward' in values);
  expect(steps).toHaveLength(6);
  for (const { values } of steps) {
    expect(Object.keys(values)).toEqual(expect.arrayContaining(['reward', 'rewardAnswer', 'rewardFormat', 'rewardLength', 'accuracy', 'completionTokens', 'unfinishedShare', 'sameRewardShare', 'learningRate', 'tokensPerSecond', 'memoryMiB']));
    const { reward, rewardAnswer, rewardFormat, rewardLength } = values as Record<string, number>;
    expect(reward).toBeCloseTo(rewardAnswer! + 0.2 * rewardFormat! + 0.1 * rewardLength!, 10);
  }
  expect(input.reporter.metrics.filter(({ values }) => 'validation/reward' in values).map(({ step }) => step)).toEqual([0, 3, 6]);
  expect(input.kept.map(({ step }) => step)).toEqual([1, 1, 5, 5]);
});

test('groups whose rewards are all the same teach nothing: the weights stay, and it is told', async () => {
  // Nobody writes a right answer of twenty digits in three tokens, and no other part has a weight.
  const impossible = digits.map((row) => ({ ...row, gold: '12345678901234567890' }));
  const student = newStudent();
  const before = await Promise.all([...student.weights.values()].map(async (weight) => (await weight.data()).slice()));
  const input = await makeWhole({ student, stage: makeReinforce({ rewards: { answer: 1, format: 0 }, limits: { steps: 2 } }), train: impossible });
  await reinforce(input);
  expect(input.reporter.metrics.flatMap(({ values }) => values['sameRewardShare'] ?? [])).toEqual([1, 1]);
  expect(input.reporter.metrics.some(({ values }) => 'loss' in values)).toBe(false);
  expect(input.reporter.warnings.map(({ code }) => code)).toEqual(['reinforce-all-the-same']);
  expect(await Promise.all([...student.weights.values()].map(async (weight) => (await weight.data()).slice()))).toEqual(before);
});

test('rows without an answer to compare with are left out and told; where all are, the stage is refused', async () => {
  const unknown: EncodedRow = { ...digits[0] as EncodedRow, gold: null };
  const stage = makeReinforce({ limits: { steps: 1 } });
  const input = await makeWhole({ student: newStudent(), stage, train: [...digits, unknown] });
  await reinforce(input);
  expect(input.reporter.warnings).toContainEqual({ code: 'reinforce-rows-without-reference', data: { stage: 'reinforce', rows: 1, all: 5 } });
  await expect(reinforce(await makeWhole({ student: newStudent(), stage, train: [unknown] }))).rejects.toMatchObject({ code: 'reinforce-without-reference' });
  // Where only the form is rewarded nothing has to be compared.
  const form = await makeWhole({ student: newStudent(), stage: makeReinforce({ limits: { steps: 1 }, rewards: { answer: 0, format: 1 } }), train: [unknown], validation: [] });
  expect(await reinforce(form)).toMatchObject({ steps: 1 });
});

test('how the completions are cut into passes does not change loss or gradient', async () => {
  const rows = makeRows(6, 3).map((row) => ({ ...row, answerStart: row.promptLength }));
  const completions: Completion[] = rows.map((row, index) => ({ row, advantage: index % 2 === 0 ? 1 : -0.7, weight: 0.01 }));
  const [student, other] = [newStudent(), createDecoder(TINY, 6, backend)];
  const settings = { temperature: 0.9, clip: { low: 0.2, high: 0.2 }, kl: 0.1 };
  const [old, reference] = [await tokenLogs(other, rows, 0.9, 2), await tokenLogs(other, rows, 0.9, 6)];
  for (const [row, values] of old) expectClose(values, reference.get(row) ?? [], { absolute: 1e-6 });
  const of = (size: number) => policyGradients({ student, completions, settings, old, reference, size });
  const [whole, parts] = [await of(6), await of(1)];
  expect(parts.loss).toBeCloseTo(whole.loss, 5);
  expect(parts.clipShare).toBe(whole.clipShare);
  for (const [name, gradient] of whole.gradients) expectClose(await parts.gradients.get(name)?.data(), await gradient.data(), { relative: 1e-4, absolute: 1e-6, what: name });
  tf.dispose([...whole.gradients.values(), ...parts.gradients.values()]);
});

test('memory stays level over steps', async () => {
  const tensors: number[] = [];
  const input = await makeWhole({ student: newStudent(), stage: makeReinforce({ limits: { steps: 4 }, iterations: 2 }) });
  const counted = { ...input, control: { poll: () => { tensors.push(tf.memory().numTensors); return []; } } };
  const before = tf.memory().numTensors;
  await reinforce(counted);
  expect(new Set(tensors.slice(1)).size).toBe(1);
  expect(tf.memory().numTensors).toBeLessThanOrEqual(before + 10);
});

describe('rewards', () => {
  const asked: EncodedRow = { ...digits[1] as EncodedRow };
  const reasons: EncodedRow = { ...asked, ids: Int32Array.of(12, 3, 4, CLOSE, 3, END), answerStart: 4 };
  const { rewards } = makeReinforce({});
  const judge = (row: EncodedRow, ids: readonly number[], finish: 'end' | 'length' = 'end') => rewarded(row, { ids, finish }, writing, { rewards });
  test('right answer, right form, both, neither', () => {
    expect(judge(asked, [3])).toMatchObject({ parts: { answer: 1, format: 1 }, verdict: 'right', tokens: 2, ended: true });
    expect(judge(asked, [4])).toMatchObject({ parts: { answer: 0, format: 1 }, verdict: 'wrong' });
    expect(judge(asked, [3], 'length')).toMatchObject({ parts: { answer: 1, format: 0 }, tokens: 1, ended: false });
    expect(judge(asked, [])).toMatchObject({ parts: { answer: 0, format: 0 } });
    expect(judge(asked, [3]).reward).toBeCloseTo(1.2, 10);
  });
  test('where the data reason before they answer, a bare answer is not the form', () => {
    expect(judge(reasons, [3])).toMatchObject({ parts: { answer: 1, format: 0 } });
    expect(judge(reasons, [4, CLOSE, 3])).toMatchObject({ parts: { answer: 1, format: 1 }, think: '4', answer: '3' });
  });
  test('length falls in a straight line', () => {
    expect([10, 20, 25, 30, 31].map((tokens) => lengthReward(tokens, { from: 20, to: 30 }))).toEqual([1, 1, 0.5, 0, 0]);
  });
});
