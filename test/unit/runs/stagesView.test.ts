/** Stages as a reader shows them: parents, gates, checkpoints of each, and what a resume takes back. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { RunFold } from '../../../src/runs/fold.ts';
import { readRun } from '../../../src/runs/followRun.ts';
import { gateText } from '../../../src/runs/view.ts';
import { headOf } from '../../../src/ui/metrics/head.ts';
import { numbered, started } from '../../fixtures/runs.ts';
import { writeStagesRun } from '../../fixtures/stages.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

test('each stage has its parent, its gates and its own checkpoints with a best among them', async () => {
  const view = await readRun(writeStagesRun(temporaryFolder()));
  expect(view.stages.map(({ name, parent, handedOn }) => [name, parent, handedOn])).toEqual([['logits', null, 'step-000100'], ['task', 'step-000100', 'step-000150'], ['polish', 'step-000150', null]]);
  expect(view.stages.map(({ checkpoints }) => checkpoints.map(({ name, best }) => `${name}${best ? '*' : ''}`))).toEqual([['step-000100*'], ['step-000150*', 'step-000200'], []]);
  expect(view.stages[1]?.gates.map((gate) => [gate.when, gateText(gate), gate.judged?.passed])).toEqual([['entry', 'validation/ce 1.053 ≤ 1.5', true], ['exit', 'validation/ce 1.019 ≤ 0.8', false]]);
  // Not judged yet: the bound alone.
  expect(view.stages[2]?.gates.map((gate) => [gateText(gate), gate.judged])).toEqual([['validation/tokenAccuracy ≥ 0.6', null]]);
});

test('the charts get a band for each stage and a bound for each gate, with the sentence behind it', async () => {
  const { stages } = headOf(await readRun(writeStagesRun(temporaryFolder())), 'zh-cn');
  expect(stages.map(({ name, step, to }) => [name, step, to?.step])).toEqual([['logits', 0, 100], ['task', 100, 200], ['polish', 200, 260]]);
  expect(stages[1]?.gates.map(({ max, passed, text }) => [max, passed, text])).toEqual([
    [1.5, true, 'task 的入口：validation/ce 1.053 ≤ 1.5 · 已通过'], [0.8, false, 'task 的门限：validation/ce 1.019 ≤ 0.8 · 未通过；已回到 step-000150'],
  ]);
});

test('a resume from inside a stage takes back its end and its judgement, and keeps those before', () => {
  const folder = writeStagesRun(temporaryFolder());
  const fold = new RunFold();
  fold.block(readFileSync(path.join(folder, 'events.jsonl'), 'utf8'));
  for (const event of numbered([started({ stage: 1, step: 150 })], fold.current.seq + 1)) fold.event(event);
  expect(fold.current.stages.map(({ name, state, handedOn, entry, exit }) => [name, state, handedOn, entry?.passed ?? null, exit?.passed ?? null])).toEqual([
    ['logits', 'done', 'step-000100', null, true], ['task', 'running', null, true, null],
  ]);
});
