/** The rows of a step as the command line and the Metrics page list them. */
import { appendFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { rows } from '../../src/cli/commands/rows.ts';
import { sayIn } from '../../src/cli/text.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { encodeStep, RowNumbers, standing } from '../../src/shared/rowLosses.ts';
import { RUN_FILES } from '../../src/shared/run.ts';
import { stepRows } from '../../src/ui/metrics/stepRows.ts';
import { MetricsModel } from '../../webview/metrics/model.ts';
import { writeRowLosses } from '../fixtures/rowLosses.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';

async function runFolder(steps = 6): Promise<string> {
  const folder = path.join(await temporaryFolder(), '.distill', 'runs', 'a-run');
  await writeRowLosses(folder, steps);
  await writeFile(path.join(folder, RUN_FILES.run), '{}');
  return folder;
}

function terminal(language: 'en' | 'zh-cn' = 'en'): Terminal & { readonly printed: string[]; readonly noted: string[] } {
  const [printed, noted]: [string[], string[]] = [[], []];
  return {
    language, say: sayIn(language), print: (text) => printed.push(text), note: (text) => noted.push(text), live: () => undefined, interactive: false, columns: 100, paint: (_, text) => text, printed, noted,
  };
}

const ALL = { step: null, row: null, top: null, json: false };

describe('distill rows', () => {
  test('lists the rows of a step, the largest loss per position first, by file and line', async () => {
    const out = terminal();
    await rows(out, await runFolder(), { ...ALL, step: 4 });
    expect(out.printed.join('\n').split('\n').map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['Step 4 of a-run: rows by their loss per position'],
      ['row', 'loss', 'CE', 'KL', 'positions', 'share of the step'],
      ['train.jsonl:11', '5', '2.5', '1.25', '5', '61.0 %'],
      ['train.jsonl:12', '2', '1', '0.5', '6', '29.3 %'],
      ['train.jsonl:4', '1', '0.5', '0.25', '4', '9.8 %'],
    ]);
  });

  test('takes the last step where none is named, as many rows as are wanted, and says that there are more', async () => {
    const out = terminal();
    await rows(out, await runFolder(), { ...ALL, top: 1 });
    expect(out.printed[0]).toContain('Step 6 of a-run');
    expect(out.noted).toEqual(['… and 2 more']);
  });

  test('a row’s losses over the steps', async () => {
    const out = terminal('zh-cn');
    await rows(out, await runFolder(), { ...ALL, row: 'train.jsonl:3' });
    expect(out.printed.join('\n').split('\n').map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['a-run 中的 train.jsonl:3'], ['步数', '损失', 'CE', 'KL', '位置数'],
      ['1', '2', '1', '0.5', '6'], ['2', '5', '2.5', '1.25', '5'], ['3', '1', '0.5', '0.25', '4'],
    ]);
    const json = terminal();
    await rows(json, await runFolder(), { ...ALL, row: 'train.jsonl:3', json: true });
    expect((JSON.parse(json.printed[0] ?? '') as readonly { step: number; mean: number }[]).map(({ step, mean }) => [step, mean])).toEqual([[1, 2], [2, 5], [3, 1]]);
  });

  test.each<[string, object, RegExp]>([
    ['a step that was not taken', { step: 7 }, /^a-run has no step 7\. It has 1 to 6\.$/],
    ['a row that it has not', { row: 'train.jsonl:7' }, /^a-run has not trained on train\.jsonl:7\./],
    ['a row without its line', { row: 'train.jsonl' }, /^train\.jsonl names no row/],
  ])('%s is refused by name', async (_, options, sentence) => {
    await expect(rows(terminal(), await runFolder(), { ...ALL, ...options })).rejects.toThrow(sentence);
  });

  test('a run that recorded none says why', async () => {
    const folder = await runFolder(0);
    await expect(rows(terminal(), folder, ALL)).rejects.toThrow(/^a-run has recorded no losses by row/);
  });
});

describe('the rows of a step on the Metrics page', () => {
  test('are means per position with their share of the step; a step without them says so', async () => {
    const run = await runFolder();
    expect(await stepRows(run, 1)).toEqual({
      kind: 'rows', run, step: 1, all: 3, rows: [
        { place: { file: 'train.jsonl', row: 2 }, loss: 5, ce: 2.5, kl: 1.25, positions: 5, share: expect.closeTo(25 / 41) as number },
        { place: { file: 'train.jsonl', row: 3 }, loss: 2, ce: 1, kl: 0.5, positions: 6, share: expect.closeTo(12 / 41) as number },
        { place: { file: 'train.jsonl', row: 1 }, loss: 1, ce: 0.5, kl: 0.25, positions: 4, share: expect.closeTo(4 / 41) as number },
      ],
    });
    expect(await stepRows(run, 99)).toMatchObject({ rows: null, all: 0 });
    expect(await stepRows(path.dirname(run), 1)).toMatchObject({ rows: null, all: 0 });
  });

  test('the step of a point is found on every axis', () => {
    const model = new MetricsModel();
    const head = { run: 'r', title: 'r', startedAt: 1000 } as never;
    model.take({ kind: 'hydrate', smoothing: 0, runs: [{ run: 'r', head, length: { loss: 3 }, series: [{ name: 'loss', steps: [1, 5, 9], times: [2000, 6000, 10_000], tokens: [100, 500, 900], values: [3, 2, 1] }] }] });
    expect([model.stepNear('r', 'loss', 'step', 6.9), model.stepNear('r', 'loss', 'step', 7.1)]).toEqual([5, 9]);
    expect([model.stepNear('r', 'loss', 'tokens', 120), model.stepNear('r', 'loss', 'time', 5.1)]).toEqual([1, 5]);
    expect([model.stepNear('r', 'kl', 'step', 1), model.stepNear('other', 'loss', 'step', 1)]).toEqual([null, null]);
  });
});

describe('what a run that went on leaves', () => {
  const entry = (step: number, count = 3) => ({ step, stage: 0, first: 0, count });

  test('later entries take back those of their step and after', () => {
    expect(standing([entry(1), entry(2), entry(3), entry(2)]).map(({ step }) => step)).toEqual([1, 2]);
    expect(standing([entry(1), entry(2), entry(3), entry(2, 0)]).map(({ step }) => step)).toEqual([1]);
    expect(standing([])).toEqual([]);
  });

  test('an index ahead of its visits is not followed', async () => {
    const run = await runFolder();
    await appendFile(path.join(run, RUN_FILES.rowLossSteps), encodeStep({ step: 7, stage: 0, first: 18, count: 3 }));
    expect(await stepRows(run, 7)).toMatchObject({ rows: null });
    expect(await stepRows(run, 6)).toMatchObject({ all: 3 });
  });
});

test('rows are numbered over the ranges of all files, and back', () => {
  const numbers = new RowNumbers({ format: 1, files: [{ path: 'a', rows: '2-3,7' }, { path: 'b', rows: '1-2' }, { path: 'a', rows: '9' }] });
  const places = ['a:2', 'a:3', 'a:7', 'b:1', 'b:2', 'a:9'];
  expect(places.map((_, number) => numbers.placeOf(number)).map((place) => `${place?.file}:${place?.row}`)).toEqual(places);
  expect(places.map((place) => numbers.numberOf({ file: place.slice(0, 1), row: Number(place.slice(2)) }))).toEqual([0, 1, 2, 3, 4, 5]);
  expect([numbers.placeOf(6), numbers.placeOf(0xffff_ffff), numbers.numberOf({ file: 'a', row: 4 })]).toEqual([null, null, null]);
});
