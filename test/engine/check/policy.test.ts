/** The pre-flight of stages whose student writes: what it is judged by, room to write, memory, teachers of other tokens. */
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'jsonc-parser';
import { expect, test } from 'vitest';
import type { DecoderConfig } from '../../../src/engine/model/contract.ts';
import { reinforcementMemory } from '../../../src/engine/check/memoryReinforce.ts';
import { total } from '../../../src/engine/check/memoryModel.ts';
import { editedRecipe } from '../../../src/shared/preflight.ts';
import { findingText } from '../../../src/shared/preflightText.ts';
import { readRecipe } from '../../../src/shared/recipeText.ts';
import { NO_PROVENANCE } from '../../../src/shared/record.ts';
import { reinforceStage } from '../../../src/shared/recipeReinforce.ts';
import { TINY } from '../train/setup.ts';
import { distillation, project, QWEN, soundProject, sums } from './project.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const REINFORCE = { type: 'reinforce', name: 'right', prompts: 4, samples: 4, maxNewTokens: 32, limits: { steps: 10 }, validate: { every: 5 } };

function withStages(...stages: readonly object[]): object {
  return { ...distillation(), stages };
}

test('the example of three stages passes', async () => {
  const made = project();
  cpSync(path.join(root, 'examples/arithmetic'), made.folder, { recursive: true, filter: (source) => path.basename(source) !== '.distill' });
  const report = await made.check(parse(readFileSync(path.join(made.folder, 'three-stages.json'), 'utf8')) as object);
  expect(report.codes('refusal')).toEqual([]);
  expect(report.found('reinforce-plan')).toMatchObject({ level: 'pass', data: { prompts: 64, samples: 8, completions: 64 * 8 * 80 } });
});

test('a plan says how many completions there will be, and memory counts them', async () => {
  const report = await soundProject().check(withStages(REINFORCE));
  expect(report.codes('refusal')).toEqual([]);
  expect(report.found('reinforce-plan')?.data).toMatchObject({ stage: 'right', steps: 10, completions: 160 });
  expect(report.of('memory').map(({ data }) => data['stage'])).toEqual(['right']);
});

test('rows without an answer to compare with: all of them refuse, some of them warn', async () => {
  // Collected rows whose teacher never came to an answer.
  const cut = (index: number): object => ({ format: 1, id: String(index), answer: '', gold: null, provenance: NO_PROVENANCE });
  const made = soundProject();
  made.rows('train.jsonl', sums(40, cut));
  const refused = await made.check(withStages(REINFORCE));
  expect(refused.found('reinforce-without-reference')).toMatchObject({ check: 'training', level: 'refusal' });
  made.rows('train.jsonl', sums(40, (index) => (index % 2 === 0 ? cut(index) : {})));
  expect((await made.check(withStages(REINFORCE))).found('reinforce-rows-left-out')).toMatchObject({ level: 'warning' });
  // Where only the form is rewarded nothing is compared.
  expect((await made.check(withStages({ ...REINFORCE, rewards: { answer: 0, format: 1 } }))).codes('refusal')).toEqual([]);
});

test('completions that the student has no positions for are told of, with what would fit', async () => {
  const report = await soundProject().check(withStages({ ...REINFORCE, maxNewTokens: 5000 }));
  expect(report.found('completions-cut')).toMatchObject({ level: 'warning', path: ['stages', 0, 'maxNewTokens'] });
  expect(report.found('completions-cut')?.fix).not.toBeNull();
});

test('a teacher of other tokens cannot score what the student writes: refused with a way out that is one', async () => {
  const made = soundProject();
  made.copy(QWEN, 'other');
  const report = await made.check({ ...distillation(), teachers: { other: { type: 'local', model: 'other' } }, student: { model: 'big' }, stages: [{ type: 'train', onPolicy: { share: 0.5 }, limits: { steps: 2 } }] });
  const found = report.found('vocabulary-differs', 'other');
  if (!found) throw new Error('not found');
  expect(findingText(found, 'en')).toMatch(/take onPolicy out and then set weights\.uld/);
  expect(findingText(found, 'zh-cn')).toContain('删除 onPolicy');
  const changed = JSON.parse(editedRecipe(report.text, found.fix?.edits ?? [])) as { stages: object[] };
  expect(changed.stages[0]).toEqual({ type: 'train', objective: 'sequence', limits: { steps: 2 } });
  expect((await made.check(changed)).codes('refusal')).toEqual([]);
});

test('products in 16 bits on a machine that takes WebAssembly: refused, and the fix passes', async () => {
  const made = soundProject();
  const report = await made.check(distillation({ stage: { precision: 'bfloat16' } }));
  expect(report.found('precision-unavailable')).toMatchObject({ level: 'refusal', path: ['stages', 0, 'precision'], data: { backend: 'wasm' } });
  const changed = JSON.parse(editedRecipe(report.text, report.found('precision-unavailable')?.fix?.edits ?? [])) as object;
  expect((await made.check(changed)).codes('refusal')).toEqual([]);
  const native = await made.check(distillation({ stage: { precision: 'bfloat16' } }), { machine: { attempt: (backend) => Promise.resolve({ backend, outcome: 'taken', detail: '' }) } });
  expect(native.codes('refusal')).toEqual([]);
});

test('keys that do nothing are told of; those that the schema fills in are not', async () => {
  const made = soundProject();
  const idle = async (stage: object): Promise<unknown> => (await made.check(distillation({ stage }))).findings.filter(({ code }) => code === 'training-key-idle').map(({ level, data }) => [level, data['key']]);
  expect(await idle({ beta: 0.3, gamma: 0.2, hidden: { layers: 'last' }, attention: { layers: [[9, 9]] } })).toEqual([['warning', 'beta'], ['warning', 'gamma'], ['warning', 'hidden'], ['warning', 'attention']]);
  expect(await idle({ objective: 'sequence', temperature: 4 })).toEqual([['warning', 'temperature']]);
  expect(await idle({ objective: 'jsd', beta: 0.3, weights: { kl: 1, hidden: 1 }, hidden: { layers: 'last' }, temperature: 4 })).toEqual([]);
  const filled = readRecipe(JSON.stringify(distillation())).recipe;
  expect((await made.check(filled ?? {})).codes('warning')).toEqual([]);
  const whole = await made.check(distillation({ stage: { targets: { topK: 5000 } } }));
  expect(whole.found('training-topk-whole')).toMatchObject({ level: 'warning', data: { vocabulary: 512 } });
  expect(whole.found('training-topk-whole')?.fix).not.toBeNull();
});

test('what a service said of the data, where it said nothing: refused', async () => {
  const made = soundProject();
  const stage = { targets: { from: 'data', topK: 5 } };
  expect((await made.check(distillation({ stage }))).found('targets-nothing-said')).toMatchObject({ level: 'refusal', path: ['stages', 0, 'targets', 'from'] });
  made.rows('train.jsonl', sums(40, (index) => ({ format: 1, id: String(index), gold: null, provenance: NO_PROVENANCE, logprobs: [['4', -0.1, [['5', -3]]]] })));
  expect((await made.check(distillation({ stage }))).codes('refusal')).toEqual([]);
});

test('memory: a reference costs a student more, more completions their cache, a large batch its pass', () => {
  const student: DecoderConfig = { ...TINY, vocabSize: 2000, hiddenSize: 256, intermediateSize: 768, layers: 4, heads: 4, kvHeads: 2, headDim: 64, maxPositions: 512 };
  const of = (changes: object, size = 8): number => total(reinforcementMemory(student, [], reinforceStage.parse({ ...REINFORCE, maxNewTokens: 200, ...changes }), [40], size, 'wasm'));
  expect(of({ kl: 0.1 })).toBeGreaterThan(of({ kl: 0 }));
  expect(of({ prompts: 256 })).toBeGreaterThan(of({ prompts: 4 }));
  expect(of({}, 16)).toBeGreaterThan(of({}, 2));
});
