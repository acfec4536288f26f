/** The report's numbers against numbers counted by hand, and its text on the command line. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Command, Option } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerReport } from '../../../src/cli/commands/data/report.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';
import { sayIn } from '../../../src/cli/text.ts';
import type { DataReport } from '../../../src/shared/dataReport.ts';
import { NO_PROVENANCE, type DataRecord } from '../../../src/shared/record.ts';
import { lengthPart } from '../../../src/engine/data/review/histogram.ts';
import { sampleRows } from '../../../src/engine/data/review/report.ts';
import { reportFile } from '../../../src/engine/data/review/reportFile.ts';

const quiet = { counter: null, limit: null, all: true, signal: new AbortController().signal, breathe: async (): Promise<void> => undefined };
const verdict = (said: 'right' | 'wrong', findings: readonly string[] = []): NonNullable<DataRecord['provenance']['verdict']> => ({ verdict: said, reason: 'equal-number', by: 'answer', found: '4', expected: '4', findings });
const record = (id: string, change: Partial<DataRecord> & { readonly life?: Partial<DataRecord['provenance']> }): DataRecord => {
  const { life, ...rest } = change;
  return { format: 1, id, prompt: 'a b c', think: 'd e f', answer: 'g', gold: null, task: 'maths', language: 'en', ...rest, provenance: { ...NO_PROVENANCE, ...life } };
};

describe('the report of five rows', () => {
  let folder: string;
  let file: string;
  let report: DataReport;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'dw-report-'));
    file = path.join(folder, 'rows.jsonl');
    const cost = (amount: number): DataRecord['provenance']['cost'] => ({ amount, currency: 'USD' });
    await writeFile(file, [
      record('1', { difficulty: 1, life: { verdict: verdict('right'), cost: cost(0.01) } }),
      // The same texts as the first.
      record('2', { difficulty: 2, life: { verdict: verdict('wrong', ['repetition', 'truncated']), cost: cost(0.02) } }),
      record('3', { prompt: 'h i j k', think: '', answer: 'l', task: 'logic', life: { verdict: verdict('wrong', ['truncated']), cost: cost(0.03) } }),
      record('4', { prompt: '一加一等于几', think: '二', answer: '2', language: 'zh' }),
      record('5', { prompt: 'm n o p q', think: 'r s t u v w x y z', answer: '0' }),
    ].map((row) => JSON.stringify(row)).concat('{"broken":').join('\n') + '\n');
    await writeFile(path.join(folder, 'rows.removed.jsonl'), `${JSON.stringify({ format: 1, kind: 'removed', rule: 'duplicate', detail: { of: '1' }, row: 5, keptBefore: 5, record: record('6', { life: { cost: cost(0.04) } }) })}\n`);
    await writeFile(path.join(folder, 'rows.review.jsonl'), '{"format":1,"id":"3","decision":"reject"}\n');
    report = await reportFile(file, quiet);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('counts rows, duplicates, verdicts, findings, languages, rules and decisions', () => {
    expect(report).toMatchObject({
      rows: 5, removed: 1, broken: 1, duplicates: { exact: 1, near: { compared: 5, rows: 1 } },
      verdicts: {
        byTask: [{ name: 'maths', right: 1, wrong: 1, unknown: 0, none: 2 }, { name: 'logic', right: 0, wrong: 1, unknown: 0, none: 0 }],
        byDifficulty: [{ name: '', right: 0, wrong: 1, unknown: 0, none: 2 }, { name: '1', right: 1 }, { name: '2', wrong: 1 }],
      },
      findings: [{ name: 'truncated', count: 2 }, { name: 'repetition', count: 1 }], languages: [{ name: 'en', count: 4 }, { name: 'zh', count: 1 }],
      // The row without reasoning counts by its answer.
      answerLanguages: [{ name: 'en', count: 4 }, { name: 'zh', count: 1 }],
      rules: [{ name: 'duplicate', count: 1 }], decisions: { accept: 0, reject: 1, quarantine: 0, edit: 0 },
    });
    expect(report.provenance).toContainEqual({ name: 'verdict', count: 3 });
    expect(report.provenance).toContainEqual({ name: 'teacher', count: 0 });
  });

  test('spreads the cost of everything over the rows that are kept', () => {
    // Of the four rows that cost something, one was taken away by a rule and one was rejected.
    expect(report.costs).toEqual([{ currency: 'USD', amount: expect.closeTo(0.1, 10) as number, rows: 4, keptRows: 2, perKeptRow: expect.closeTo(0.05, 10) as number }]);
  });

  test('counts distinct words, pairs and triples, and compares rows', () => {
    // Words: a…g twice (7 different of 14), h…l (5 of 5), the Chinese row's, and 15 of 15 with every one new.
    const [one] = report.diversity.distinct;
    const chinese = report.diversity.words - 14 - 5 - 15;
    expect(one).toBeCloseTo((7 + 5 + 15 + chinese) / report.diversity.words, 10);
    // Of ten pairs of rows only the two that are the same share anything.
    expect(report.diversity).toMatchObject({ sampled: 5, pairs: 10, meanSimilarity: expect.closeTo(0.1, 10) as number, similarPairs: 0.1 });
  });

  test('measures lengths with their shares', () => {
    const part = (name: string): unknown => report.lengths.parts.find((each) => each.part === name);
    // Characters: 5+5+1, 5+5+1, 7+0+1, 6+1+1, 9+17+1.
    expect(part('row')).toMatchObject({ mean: 13, median: 11, p90: 27, max: 27 });
    expect(part('think')).toMatchObject({ mean: (5 + 5 + 0 + 1 + 17) / 5, median: 5 });
  });

  test('tells it all on the command line, in both languages and as JSON', async () => {
    const run = async (...argv: readonly string[]): Promise<string> => {
      const printed: string[] = [];
      const language = argv.includes('zh-cn') ? 'zh-cn' : 'en';
      const terminal: Terminal = { language, say: sayIn(language), print: (text) => printed.push(text), note: (text) => printed.push(text), live: () => undefined, interactive: false, columns: 100, paint: (_, text) => text };
      const program = new Command();
      registerReport({
        terminal, command: (name) => program.command(name).option('--lang <language>'), project: () => { throw new Error('not asked for'); }, json: () => new Option('--json'), whole: Number,
        done: (code) => expect(code).toBe(0),
      });
      await program.parseAsync(['report', ...argv], { from: 'user' });
      return printed.join('\n');
    };
    expect(await run(file)).toMatch(/5 rows, 1 removed, 1 that are no rows[\s\S]*the same texts as an earlier row: 1 \(20\.0 %\)[\s\S]*0\.1 USD for 4 rows: 0\.05 USD for each of the 2 that are kept/);
    expect(await run(file, '--lang', 'zh-cn')).toContain('与前面某行完全相同：1（20.0 %）');
    const json = JSON.parse(await run(file, '--json', '--all')) as DataReport;
    expect(json).toEqual(report);
    // Other formats are read as well.
    const csv = path.join(folder, 'rows.csv');
    await writeFile(csv, 'question,answer\n1+1?,2\n2+2?,4\n');
    expect(JSON.parse(await run(csv, '--json'))).toMatchObject({ file: csv, rows: 2 });
  });

  test('counts tokens as training would, and the rows that it would cut', async () => {
    const tokenizer = path.resolve(import.meta.dirname, '../../fixtures/models/tiny-qwen2');
    const { openRowCounter } = await import('../../../src/engine/data/review/lengths.ts');
    const { loadTokenizer } = await import('../../../src/engine/model/tokenizer.ts');
    const counter = await openRowCounter(tokenizer, { prompt: 'Q: {prompt}\n', completion: '{think}\nA: {answer}' });
    const plain = await loadTokenizer(tokenizer);
    const row = record('5', { prompt: 'm n o', think: 'r s', answer: '0' });
    const length = counter(row);
    expect(length.prompt + length.think + length.answer).toBe(plain.encode('Q: m n o\nr s\nA: 0').length + 1);
    const counted = await reportFile(file, { ...quiet, counter, limit: 30 });
    const lengths = (await readFile(file, 'utf8')).trimEnd().split('\n').slice(0, 5).map((line) => { const each = counter(JSON.parse(line) as DataRecord); return each.prompt + each.think + each.answer; });
    expect(counted.lengths).toMatchObject({ unit: 'tokens', counted: 5, limit: 30, cut: lengths.filter((each) => each > 30).length });
  });
});

describe('a histogram', () => {
  test('has round borders, holds every row, and gives the long tail one bar', () => {
    const lengths = Uint32Array.from({ length: 1000 }, (_, n) => (n === 0 ? 1_000_000 : n % 200));
    const { histogram, max } = lengthPart('row', lengths);
    expect(max).toBe(1_000_000);
    expect(histogram.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
    expect(histogram.at(-1)).toEqual({ from: 200, to: 1_000_001, count: 1 });
    expect(new Set(histogram.slice(0, -1).map(({ from, to }) => to - from))).toEqual(new Set([10]));
  });

  test('of rows that are alike begins near the shortest', () => {
    const { histogram } = lengthPart('row', Uint32Array.from({ length: 100 }, (_, n) => 5000 + n));
    expect(histogram[0]?.from).toBeGreaterThanOrEqual(4990);
    expect(histogram.reduce((sum, { count }) => sum + count, 0)).toBe(100);
  });

  test('of nothing is empty', () => {
    expect(lengthPart('row', new Uint32Array())).toMatchObject({ mean: 0, median: 0, max: 0, histogram: [] });
  });
});

test('a sample has exactly as many rows as it should, in order, each once', () => {
  const rows = sampleRows(100_000, 1000);
  expect(rows.length).toBe(1000);
  expect([...rows].every((row, at) => at === 0 || row > (rows[at - 1] ?? 0))).toBe(true);
  expect(rows.at(-1)).toBeLessThan(100_000);
  expect([...sampleRows(3, 10)]).toEqual([0, 1, 2]);
});

test('questions in English with Chinese reasoning are told as such: by the reasoning, else by the answer', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'distill-report-'));
  const file = path.join(folder, 'rows.jsonl');
  await writeFile(file, `${[record('1', { think: '先算三加四，得七。' }), record('2', { think: '', answer: '答案是七。' }), record('3', {}), record('4', { think: '', answer: '7' })].map((row) => JSON.stringify(row)).join('\n')}\n`);
  const report = await reportFile(file, quiet);
  expect(report.languages).toEqual([{ name: 'en', count: 4 }]);
  expect(report.answerLanguages).toEqual([{ name: 'zh', count: 2 }, { name: '', count: 1 }, { name: 'en', count: 1 }]);
  await rm(folder, { recursive: true, force: true });
});
