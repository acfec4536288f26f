/** Training takes any format, does what the review says, and notes which rows it took; the command line tells a row's life. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Argument, Command, Option } from 'commander';
import { beforeAll, describe, expect, test } from 'vitest';
import { registerConvert } from '../../../src/cli/commands/data/convert.ts';
import { registerShow } from '../../../src/cli/commands/data/show.ts';
import { Refusal } from '../../../src/cli/refusal.ts';
import { openTerminal } from '../../../src/cli/terminal.ts';
import { sayIn } from '../../../src/cli/text.ts';
import { conversionWriter } from '../../../src/engine/data/formats/convert.ts';
import { readRecords } from '../../../src/engine/data/formats/read.ts';
import { prepareData, type PrepareOptions } from '../../../src/engine/data/prepare.ts';
import { recordId } from '../../../src/engine/data/recordId.ts';
import { writeConsumed } from '../../../src/engine/data/trainingRows.ts';
import { loadTokenizer, type Tokenizer } from '../../../src/engine/model/tokenizer.ts';
import { rowUses } from '../../../src/runs/rowUses.ts';
import { fatesOf, parseRanges, rowAt, RowRanges } from '../../../src/shared/consumed.ts';
import { data as dataSchema, evaluate as evaluateSchema } from '../../../src/shared/recipe.ts';
import { DistillError, sentenceOutsideRun } from '../../../src/shared/messages.ts';
import { NO_PROVENANCE, type DataRecord } from '../../../src/shared/record.ts';
import { reviewFileOf } from '../../../src/shared/review.ts';
import { root } from '../../fixtures/bundles.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const refused = (code: string, data: object = {}) => expect.objectContaining({ code, data: expect.objectContaining(data) as object }) as Error;
let tokenizer: Tokenizer;
beforeAll(async () => { tokenizer = await loadTokenizer(path.join(root, 'test/fixtures/models/stories260k')); });

const recordOf = (index: number, change: Partial<DataRecord> = {}): DataRecord => {
  const texts = { prompt: `Question ${String(index)}?`, think: 'Let me think.', answer: `It is ${String(index)}.`, gold: String(index), ...change };
  return { format: 1, id: recordId(texts), language: 'en', ...texts, provenance: { ...NO_PROVENANCE, source: { file: 'q.jsonl', format: 'jsonl', row: index } } };
};

async function writeRecords(file: string, records: readonly DataRecord[], format: 'distill' | 'csv' | 'parquet' | 'sharegpt' = 'distill'): Promise<void> {
  const writer = await conversionWriter(file, format);
  for (const record of records) await writer.write(record);
  await writer.close();
}

const prepare = async (base: string, data: object, more: Partial<PrepareOptions> = {}) => {
  const warnings: string[] = [];
  const prepared = await prepareData({
    recipe: { data: dataSchema.parse({ template: { prompt: '{prompt}', completion: ' {think} {answer}' }, maxLength: 128, ...data }), evaluate: { ...evaluateSchema.parse({}), split: 'validation' as const }, seed: 1 },
    base, tokenizer, onWarning: (code, of) => { warnings.push(`${code} ${JSON.stringify(of)}`); }, ...more,
  });
  return { ...prepared, warnings };
};

const ten = Array.from({ length: 10 }, (_, index) => recordOf(index + 1));

describe('training data', () => {
  test('of every format give the same rows', async () => {
    const base = temporaryFolder();
    await writeRecords(path.join(base, 'a.jsonl'), ten);
    await writeRecords(path.join(base, 'a.csv'), ten, 'csv');
    await writeRecords(path.join(base, 'a.parquet'), ten, 'parquet');
    await writeRecords(path.join(base, 'a.json'), ten, 'sharegpt');
    mkdirSync(path.join(base, 'set/data'), { recursive: true });
    await writeRecords(path.join(base, 'set/data/train-00000-of-00001.parquet'), ten, 'parquet');
    const ids = async (train: string): Promise<readonly string[]> => (await prepare(base, { train, validation: 0 })).train.map((row) => row.ids.join());
    const expected = await ids('a.jsonl');
    expect(expected).toHaveLength(10);
    for (const train of ['a.csv', 'a.parquet', 'a.json', 'set']) expect(await ids(train)).toEqual(expected);
  });

  test('leave out what a person rejected, take what a person wrote, and say so', async () => {
    const base = temporaryFolder();
    const file = path.join(base, 'a.jsonl');
    await writeRecords(file, ten);
    const line = (index: number, more: object): string => `${JSON.stringify({ format: 1, id: ten[index]?.id ?? '', ...more })}\n`;
    writeFileSync(reviewFileOf(file), line(0, { decision: 'accept' }) + line(1, { decision: 'reject' }) + line(2, { decision: 'quarantine' }) + line(3, { decision: 'edit', edited: { answer: 'Four.' } }) + line(99, { id: 'gone', decision: 'reject' }));
    const { train, consumed, warnings } = await prepare(base, { train: 'a.jsonl', validation: 0 });
    expect(train.map(({ row }) => row)).toEqual([0, 3, 4, 5, 6, 7, 8, 9]);
    expect(tokenizer.decode([...train[1]?.ids ?? []])).toContain('Four.');
    expect(consumed.data.files[0]).toMatchObject({ path: 'a.jsonl', format: 'jsonl', read: '1-10', rows: { train: '1,4-10', rejected: '2', quarantined: '3' } });
    expect(warnings).toEqual(['data-rows-reviewed {"left":2,"edited":1}', `data-review-unmatched ${JSON.stringify({ file: reviewFileOf(file), count: 1 })}`]);
  });

  test('find a decision also where the recipe maps fields of its own', async () => {
    const base = temporaryFolder();
    const rows = Array.from({ length: 3 }, (_, index) => ({ question: `Q${String(index)}?`, answer: `Because.\n#### ${String(index)}` }));
    writeFileSync(path.join(base, 'g.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
    const usual: string[] = [];
    for await (const { id } of readRecords({ file: 'g.jsonl', format: 'auto' }, { base, onBroken: 'refuse' })) usual.push(id);
    writeFileSync(path.join(base, 'g.review.jsonl'), `${JSON.stringify({ format: 1, id: usual[1], decision: 'reject' })}\n`);
    const { train } = await prepare(base, { train: 'g.jsonl', validation: 0, fields: { prompt: 'question', answer: 'answer', gold: { field: 'answer', after: '#### ' } } });
    expect(train.map(({ row }) => row)).toEqual([0, 2]);
  });

  test('that change between their two readings are refused', async () => {
    const base = temporaryFolder();
    const file = path.join(base, 'a.jsonl');
    await writeRecords(file, ten);
    const changing = prepare(base, { train: 'a.jsonl' }, { onProgress: () => { appendFileSync(file, `${JSON.stringify(recordOf(11))}\n`); } });
    await expect(changing).rejects.toThrow(refused('data-file-changed', { file }));
  });

  test('without answers can’t be trained on: the row is named', async () => {
    const base = temporaryFolder();
    await writeRecords(path.join(base, 'a.jsonl'), [recordOf(1), recordOf(2, { think: '', answer: '' })]);
    await expect(prepare(base, { train: 'a.jsonl' })).rejects.toThrow(refused('data-row-empty', { line: 2 }));
  });
});

describe('the rows that a run took', () => {
  test('are noted by split, with the file’s hash, and found again by id after the file has changed', async () => {
    const project = temporaryFolder();
    const file = path.join(project, 'a.jsonl');
    await writeRecords(file, [...ten, recordOf(1)]);
    await writeRecords(path.join(project, 'held.jsonl'), [recordOf(2), recordOf(20)]);
    const { consumed } = await prepare(project, { train: 'a.jsonl', validation: 'held.jsonl', test: 0.2 });
    const byPath = new Map(consumed.data.files.map((each) => [each.path, each]));
    const train = byPath.get('a.jsonl');
    expect(byPath.get('held.jsonl')).toMatchObject({ read: '1-2', rows: { validation: '1-2', evaluated: '1-2' } });
    expect(train?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(train?.rows.heldOut).toBe('2');
    // Every row is in one place, and rows of one prompt are together.
    const rows = (text: string | undefined): readonly number[] => parseRanges(text ?? '').flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
    expect([...rows(train?.rows.train), ...rows(train?.rows.test), ...rows(train?.rows.heldOut)].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(fatesOf(train ?? { rows: {} }, 1)).toEqual(fatesOf(train ?? { rows: {} }, 11));

    const run = path.join(project, '.distill/runs/2026-01-01-0000-x');
    mkdirSync(run, { recursive: true });
    writeFileSync(path.join(run, 'run.json'), '{}');
    await writeConsumed(run, consumed);
    await writeRecords(file, [recordOf(50), ...ten]);
    expect(await rowUses(project, recordOf(2).id)).toEqual([{ run: '2026-01-01-0000-x', fates: ['validation', 'evaluated', 'heldOut'] }]);
    expect((await rowUses(project, recordOf(1).id))[0]?.fates).toHaveLength(1);
    expect(await rowUses(project, recordOf(50).id)).toEqual([]);
  });

  test('stay as they were noted where the same bytes are read again, and are kept beside where not', async () => {
    const project = temporaryFolder();
    const run = temporaryFolder();
    await writeRecords(path.join(project, 'a.jsonl'), ten);
    const first = (await prepare(project, { train: 'a.jsonl' })).consumed;
    expect(await writeConsumed(run, first)).toEqual({ changed: [], kept: '' });
    expect(await writeConsumed(run, (await prepare(project, { train: 'a.jsonl' })).consumed)).toEqual({ changed: [], kept: '' });
    expect(readdirSync(run).sort()).toEqual(['data-ids.bin', 'data.json']);
    await writeRecords(path.join(project, 'a.jsonl'), [...ten, recordOf(11)]);
    expect(await writeConsumed(run, (await prepare(project, { train: 'a.jsonl' })).consumed)).toEqual({ changed: ['a.jsonl'], kept: 'data-1.json' });
    expect(readdirSync(run).sort()).toEqual(['data-1.json', 'data-ids-1.bin', 'data-ids.bin', 'data.json']);
  });

  test('ranges say what they were given', () => {
    const ranges = new RowRanges();
    for (const row of [1, 2, 3, 7, 9, 10]) ranges.add(row);
    expect([String(ranges), ranges.count, rowAt(String(ranges), 3), rowAt(String(ranges), 6)]).toEqual(['1-3,7,9-10', 6, 7, null]);
    for (const row of [2, 8]) ranges.add(row);
    expect(String(ranges)).toBe('1-3,7-10');
  });
});

describe('distill data', () => {
  const run = async (cwd: string, ...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly said: string }> => {
    const [out, said]: [string[], string[]] = [[], []];
    const language = args.includes('zh-cn') ? 'zh-cn' : 'en';
    const before = process.cwd();
    process.chdir(cwd);
    try {
      const terminal = { ...openTerminal(language, sayIn(language)), print: (text: string) => { out.push(text); }, note: (text: string) => { said.push(text); }, live: () => undefined, columns: 120, paint: (_style: string, text: string) => text };
      const program = new Command().exitOverride();
      let code = 0;
      const tools = { terminal, command: (name: string, about: string) => program.command(name).description(about), project: () => new Argument('[project]'), json: () => new Option('--json'), whole: Number, done: (ended: number) => { code = ended; } };
      for (const register of [registerConvert, registerShow]) register(tools);
      await program.parseAsync(args.filter((word) => word !== '--lang' && word !== 'zh-cn'), { from: 'user' }).catch((error: unknown) => {
        if (!(error instanceof Refusal) && !(error instanceof DistillError)) throw error;
        code = error instanceof Refusal ? error.exit : 1;
        said.push(error instanceof Refusal ? error.message : sentenceOutsideRun(error, language));
      });
      return { code, out: out.join('\n'), said: said.join('\n') };
    } finally {
      process.chdir(before);
    }
  };

  test('convert says what was recognised, leaves broken rows out where told, and replaces nothing unasked', async () => {
    const base = temporaryFolder();
    writeFileSync(path.join(base, 'a.csv'), 'question;answer\n"1+1?";2\nbroken\n"2+2?";4\n');
    expect(await run(base, 'convert', 'a.csv', 'b.json', '--to', 'alpaca')).toMatchObject({ code: 1, said: expect.stringContaining('a.csv, line 3: not CSV') as string });
    expect(readdirSync(base)).toEqual(['a.csv']);
    const done = await run(base, 'convert', 'a.csv', 'b.json', '--to', 'alpaca', '--on-broken', 'skip');
    expect(done).toMatchObject({ code: 0, out: '2 rows in b.json (alpaca); 1 broken ones left out.' });
    expect(done.said).toContain('Reading a.csv as csv.');
    expect(JSON.parse(readFileSync(path.join(base, 'b.json'), 'utf8'))).toEqual([{ instruction: '1+1?', input: '', output: '2' }, { instruction: '2+2?', input: '', output: '4' }]);
    expect((await run(base, 'convert', 'a.csv', 'b.json')).said).toContain('b.json exists');
    expect((await run(base, 'convert', 'b.json', 'b.json', '--force')).said).toContain('can’t be read and written at once');
    expect((await run(base, 'convert', 'b.json', 'c.xyz')).said).toContain('Say --to: distill, jsonl');
    expect((await run(base, 'convert', 'nowhere.json', 'c.jsonl')).code).toBe(2);
    expect((await run(base, 'convert', 'b.json', 'c.jsonl', '--fields', '{"prompt":"nothing"}')).code).toBe(1);
  });

  test('show tells which rule took a row of the side file, and what it changed; a recipe with mistakes is no obstacle', async () => {
    const base = temporaryFolder();
    writeFileSync(path.join(base, 'distill.json'), '{ "format": 1 }');
    await writeRecords(path.join(base, 'a.jsonl'), ten.slice(0, 1));
    const side = [
      { format: 1, kind: 'removed', rule: 'near-duplicate', detail: { similarity: 0.91, of: 'row 1' }, row: 4, keptBefore: 1, record: ten[0] },
      { format: 1, kind: 'changed', rules: ['html'], row: 5, kept: 2, id: 'abcdef', original: { answer: '<b>4</b>' } },
    ];
    writeFileSync(path.join(base, 'a.removed.jsonl'), side.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const removed = await run(base, 'show', 'a.removed.jsonl:1');
    expect(removed).toMatchObject({ code: 0, said: '' });
    expect(removed.out).toContain('Taken away from row 5 by: nearly the same as another row (near-duplicate)\nsimilarity 0.91, of row 1');
    expect(removed.out).toContain(ten[0]?.prompt);
    expect((await run(base, 'show', 'a.removed.jsonl:2')).out).toMatch(/Texts of row 6 changed by: HTML \(html\)[^]*<b>4<\/b>/);
    expect(await run(base, 'show', 'a.removed.jsonl:3')).toMatchObject({ code: 2, said: 'a.removed.jsonl has no row 3 (the last one looked at is 2).' });
    expect(await run(base, 'show', 'a.jsonl:1')).toMatchObject({ code: 0, said: expect.stringContaining('has mistakes') as string });
  });

  test('convert --reviewed writes what the review leaves', async () => {
    const base = temporaryFolder();
    await writeRecords(path.join(base, 'a.jsonl'), ten.slice(0, 3));
    writeFileSync(path.join(base, 'a.review.jsonl'), [{ decision: 'reject' }, { decision: 'edit', edited: { answer: 'Two.' } }].map((line, index) => `${JSON.stringify({ format: 1, id: ten[index]?.id, ...line })}\n`).join(''));
    expect(await run(base, 'convert', 'a.jsonl', 'b.json', '--to', 'think', '--reviewed')).toMatchObject({ code: 0, said: expect.stringContaining('1 rows left out by the review.') as string });
    expect((JSON.parse(readFileSync(path.join(base, 'b.json'), 'utf8')) as readonly { readonly response: string }[]).map(({ response }) => response.split('\n').at(-1))).toEqual(['Two.', 'It is 3.']);
  });

  test('show tells the life of a row, by its place and by its id', async () => {
    const project = temporaryFolder();
    const life: DataRecord = {
      ...recordOf(3, { think: Array.from({ length: 30 }, (_, index) => `Step ${String(index)}`).join('\n') }),
      provenance: {
        source: { file: 'q.csv', format: 'csv', row: 7 }, teacher: { name: 'r1', model: 'deepseek-reasoner', service: 'deepseek' }, promptHash: 'cafe', finish: 'end',
        sampling: { temperature: 0.6, topP: 0.95, maxTokens: 4096, sample: 1 }, tokens: { input: 12, cachedInput: 4, output: 90, reasoning: 80 }, cost: { amount: 0.00123, currency: 'CNY' },
        verdict: { verdict: 'right', reason: 'equal-number', by: 'answer', found: '3', expected: '3', findings: [] },
        transformations: [{ name: 'clean/unicode', detail: { characters: 2 } }, { name: 'augment/synonyms' }],
      },
    };
    await writeRecords(path.join(project, 'a.jsonl'), [...ten, life]);
    writeFileSync(path.join(project, 'distill.json'), JSON.stringify({ format: 1, name: 'x', student: { model: 'm' }, data: { train: 'a.jsonl' }, stages: [{ type: 'train', objective: 'sequence' }] }));
    writeFileSync(path.join(project, 'a.review.jsonl'), `${JSON.stringify({ format: 1, id: life.id, decision: 'accept', note: 'nice' })}\n`);
    const folder = path.join(project, '.distill/runs/2026-01-01-0000-x');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'run.json'), '{}');
    await writeConsumed(folder, (await prepare(project, { train: 'a.jsonl', validation: 0, tooLong: 'drop', maxLength: 300 })).consumed);

    const shown = await run(project, 'show', 'a.jsonl:11');
    for (const part of ['q.csv, row 7 (csv)', 'r1: deepseek-reasoner (deepseek)', 'sha256 cafe', 'temperature 0.6', '12 in (4 cached), 90 out (80 reasoning)', '0.0012 CNY', '✓ right: The same number. (by answer)', '1. clean/unicode (characters 2)', '2. augment/synonyms', 'accepted', 'nice', '2026-01-01-0000-x: ', '… 18 more lines']) {
      expect(shown.out).toContain(part);
    }
    expect((await run(project, 'show', life.id.slice(0, 8))).out).toContain('a.jsonl:11');
    expect((await run(project, 'show', 'a.jsonl:11', '--lang', 'zh-cn')).out).toContain('来源');
    expect(JSON.parse((await run(project, 'show', life.id, '--json')).out)).toMatchObject({ row: 11, record: life, review: { decision: 'accept' }, runs: [{ run: '2026-01-01-0000-x' }] });
    expect((await run(project, 'show', 'a.jsonl:99')).said).toBe('a.jsonl has no row 99 (the last one looked at is 11).');
    expect((await run(project, 'show', '0123456789abcdef')).said).toBe('No row has the id 0123456789abcdef (searched: a.jsonl).');
    expect((await run(project, 'show', 'b.jsonl:1')).said).toContain('There is no file b.jsonl');
  });
});
