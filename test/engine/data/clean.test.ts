import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanRecords, type CleanContext } from '../../../src/engine/data/clean/clean.ts';
import type { SideRow } from '../../../src/engine/data/clean/removed.ts';
import { removedFileOf, sideWriter } from '../../../src/engine/data/clean/removed.ts';
import { restoreRemoved } from '../../../src/engine/data/clean/restore.ts';
import { readRecords } from '../../../src/engine/data/formats/read.ts';
import { recordWriter } from '../../../src/engine/data/formats/write.ts';
import { recordId } from '../../../src/engine/data/recordId.ts';
import { loadTokenizer } from '../../../src/engine/model/tokenizer.ts';
import type { CleanReport } from '../../../src/shared/cleanReport.ts';
import { clean as cleanSchema, type CleanRecipe } from '../../../src/shared/recipeCollect.ts';
import { NO_PROVENANCE, type DataRecord } from '../../../src/shared/record.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const repository = path.resolve(import.meta.dirname, '../../..');
const models = path.join(repository, 'test/fixtures/models');
const data = process.env['DISTILL_TEST_DATA'] ?? path.resolve(repository, '../shared/data');
const PROTECTED = { duplicates: 'keep', secrets: 'keep' } as const;

function record(texts: Partial<DataRecord> & { readonly prompt: string }): DataRecord {
  const whole = { think: '', answer: '', gold: null, ...texts };
  return { format: 1, id: recordId(whole), provenance: NO_PROVENANCE, ...whole };
}

async function* each<T>(values: Iterable<T>): AsyncGenerator<T> {
  for (const value of values) yield await Promise.resolve(value);
}

interface Cleaned {
  readonly rows: readonly DataRecord[];
  readonly side: readonly SideRow[];
  readonly report: CleanReport;
}

async function cleaned(records: Iterable<DataRecord>, recipe: Partial<CleanRecipe> | object = {}, context: Partial<CleanContext> = {}): Promise<Cleaned> {
  const side: SideRow[] = [];
  const rows: DataRecord[] = [];
  let report: CleanReport | null = null;
  for await (const row of cleanRecords(each(records), cleanSchema.parse(recipe), { base: repository, removed: { write: (row) => { side.push(row); } }, onReport: (done) => { report = done; }, ...context })) rows.push(row);
  if (report === null) throw new Error('no report');
  return { rows, side, report };
}

const removals = ({ side }: Cleaned): readonly string[] => side.flatMap((row) => row.kind === 'removed' ? [`${String(row.row)} ${row.rule}`] : []);
const names = ({ provenance }: DataRecord): readonly string[] => provenance.transformations.map(({ name }) => name);

describe('rules that change a row', () => {
  const dirty = record({ prompt: 'What is ３＋４？\u200b', answer: 'Sure! The answer is <b>7</b>.\nI hope this helps!', think: 'clean' });

  test('leave its id, tell what they did in its provenance, and keep what was there', async () => {
    const result = await cleaned([dirty], PROTECTED);
    expect(result.rows).toMatchObject([{ id: dirty.id, prompt: 'What is 3+4？', answer: 'The answer is 7.', think: 'clean' }]);
    expect(names(result.rows[0] ?? dirty)).toEqual(['clean/unicode', 'clean/control', 'clean/html', 'clean/boilerplate']);
    expect(result.rows[0]?.provenance.transformations[3]?.detail).toEqual({ taken: 'Sure! … I hope this helps!' });
    expect(result.side).toEqual([{ format: 1, kind: 'changed', row: 0, kept: 0, id: dirty.id, rules: ['unicode', 'control', 'html', 'boilerplate'], original: { prompt: dirty.prompt, answer: dirty.answer } }]);
    expect(result.report.rules.map(({ rule, changed, examples }) => [rule, changed, examples.length])).toEqual([['unicode', 1, 1], ['control', 1, 1], ['html', 1, 1], ['boilerplate', 1, 1]]);
  });

  test('do nothing where they are turned off, and nothing the second time', async () => {
    const off = await cleaned([dirty], { ...PROTECTED, unicode: false, control: false, html: false, boilerplate: false });
    expect(off.rows).toEqual([dirty]);
    const once = await cleaned([dirty], PROTECTED);
    const twice = await cleaned(once.rows, PROTECTED);
    expect(twice.rows).toEqual(once.rows);
    expect(twice.side).toEqual([]);
  });
});

describe('rules that take a row', () => {
  test('name it, with the rule and why', async () => {
    const result = await cleaned([
      record({ prompt: 'Weather in Rome?' }), record({ prompt: 'What is 2 + 2?', answer: '4' }), record({ prompt: '<br>', answer: 'x' }),
      record({ prompt: 'Mail it to ann.lee@mail.company.org please', answer: 'ok' }),
    ], { duplicates: 'keep', secrets: 'remove', irrelevant: { pattern: 'weather' } });
    expect(result.rows.map(({ prompt }) => prompt)).toEqual(['What is 2 + 2?']);
    expect(removals(result)).toEqual(['0 pattern', '2 empty', '3 secrets']);
    expect(JSON.stringify(result.report)).not.toContain('ann.lee@');
    expect(result.report).toMatchObject({ rows: 4, kept: 1 });
  });

  test('flagged personal data stay, marked', async () => {
    const result = await cleaned([record({ prompt: 'Mail it to ann.lee@mail.company.org please' })], { duplicates: 'keep' });
    expect(result.rows[0]?.provenance.transformations).toEqual([{ name: 'clean/secrets', detail: { kinds: 'e-mail', count: 1 } }]);
    expect(result.report.rules).toMatchObject([{ rule: 'secrets', flagged: 1, removed: 0 }]);
    expect((await cleaned(result.rows, { duplicates: 'keep' })).rows).toEqual(result.rows);
  });

  test('length is counted by the student’s own tokenizer', async () => {
    const tokenizer = await loadTokenizer(path.join(models, 'tiny-qwen2'));
    const texts = ['one', 'one two three four five', '一二三四五六七八九十'.repeat(3)];
    const tokens = texts.map((text) => tokenizer.encode(text).length);
    const max = Math.max(...tokens) - 1;
    const result = await cleaned(texts.map((prompt) => record({ prompt })), { ...PROTECTED, length: { min: 2, max } }, { tokenizer });
    expect(result.side.map((row) => row.kind === 'removed' ? [row.row, row.rule, row.detail] : row)).toEqual(
      tokens.flatMap((count, row): unknown[] => count < 2 ? [[row, 'length', { tokens: count, min: 2 }]] : count > max ? [[row, 'length', { tokens: count, max }]] : []),
    );
    expect(result.side.length).toBeGreaterThan(0);
    await expect(cleaned([record({ prompt: 'x' })], { length: { max: 3 } })).rejects.toMatchObject({ code: 'clean-needs-tokenizer' });
  });

  test('a pattern that would take for ever is broken off and named', async () => {
    await expect(cleaned([record({ prompt: `${'a'.repeat(40)}!` })], { ...PROTECTED, irrelevant: { pattern: '^(a+)+$' } })).rejects.toMatchObject({ code: 'clean-pattern-slow' });
    await expect(cleaned([record({ prompt: 'x' })], { ...PROTECTED, irrelevant: { pattern: '(' } })).rejects.toMatchObject({ code: 'clean-pattern-invalid' });
  });
});

const long = (first: string): string => `${first} leaves the station at nine in the morning and travels 60 miles an hour for three hours before it stops for lunch at a small inn by the river.`;

describe('duplicates', () => {
  const right = { verdict: 'right', reason: 'equal', by: 'answer', found: '1', expected: '1', findings: [] } as const;

  test('of each group the best stays in its place: right, then ended, then longer, then first', async () => {
    const a = record({ prompt: 'Which is it?', answer: 'one' });
    const rows = [a, record({ prompt: 'which  IS it?', answer: 'One' }), { ...record({ prompt: 'Which is it?', answer: 'ONE' }), provenance: { ...NO_PROVENANCE, verdict: right } }, record({ prompt: 'Which is it?', answer: 'two' })];
    const result = await cleaned(rows, { duplicates: 'exact' });
    expect(result.rows).toEqual([rows[2], rows[3]]);
    expect(removals(result)).toEqual(['0 duplicate', '1 duplicate']);
    expect(result.side[0]).toMatchObject({ detail: { of: rows[2]?.id, ofRow: 2, similarity: 1 }, keptBefore: 0 });
  });

  test('a near duplicate names the row that stays and how similar it is; answers to one prompt that differ all stay', async () => {
    const rows = [record({ prompt: long('A train') }), record({ prompt: long('The train') }), record({ prompt: 'How far?', think: 'first a b c d', answer: '1' }), record({ prompt: 'How far?', think: 'other w x y z', answer: '1' })];
    const result = await cleaned(rows);
    expect(result.rows).toEqual([rows[0], rows[2], rows[3]]);
    expect(result.side).toMatchObject([{ rule: 'near-duplicate', detail: { of: rows[0]?.id, ofRow: 0 } }]);
    expect((await cleaned(rows, { duplicates: 'exact' })).rows).toEqual(rows);
    expect((await cleaned(rows, { similarity: 0.99 })).rows).toEqual(rows);
  });

  test('rows that ask for another answer, or about other numbers, are other problems, however alike their words', async () => {
    const rows = [record({ prompt: long('A train'), gold: '180' }), record({ prompt: long('A train').replace('60', '61'), gold: '183' }), record({ prompt: long('The train'), gold: '180' })];
    expect((await cleaned(rows)).rows).toEqual([rows[0], rows[1]]);
    const unanswered = rows.map((row) => ({ ...row, gold: null }));
    expect((await cleaned(unanswered)).rows).toEqual([unanswered[0], unanswered[1]]);
    const sums = ['12 + 30', '12 - 30', '12 * 30', '30 + 12'].map((sum) => record({ prompt: `What is ${sum}?` }));
    expect((await cleaned(sums)).rows).toEqual(sums);
  });

  test('a chain of small changes does not take its far end along', async () => {
    const words = Array.from({ length: 60 }, (_, i) => `word${String(i)}`);
    const chain = Array.from({ length: 8 }, (_, step) => record({ prompt: words.map((word, i) => i < step * 4 ? `new${String(i)}` : word).join(' ') }));
    const result = await cleaned(chain, { similarity: 0.8 });
    for (const row of result.side) if (row.kind === 'removed') expect(row.detail['similarity']).toBeGreaterThanOrEqual(0.8);
    expect(result.rows.length).toBeGreaterThan(2);
    expect(result.rows.length).toBeLessThan(8);
  });

  test('the same problem with other names goes where it is asked for, with all its answers', async () => {
    const rows = [
      record({ prompt: 'Natalia sold clips to 48 of her friends in April. How many clips did Natalia sell?', answer: '48', think: 'a' }),
      record({ prompt: 'Natalia sold clips to 48 of her friends in April. How many clips did Natalia sell?', answer: '48', think: 'b' }),
      record({ prompt: 'Peter sold clips to 48 of his friends in May. How many clips did Peter sell?', answer: '48', think: 'c' }),
      record({ prompt: 'Peter sold clips to 49 of his friends in May. How many clips did Peter sell?', answer: '49', think: 'd' }),
      record({ prompt: '小明有5个苹果，他又买了3个，小明一共有多少个苹果？' }),
      record({ prompt: '小红有5个苹果，她又买了3个，小红一共有多少个苹果？' }),
      record({ prompt: '小红有6个苹果，她又买了3个，小红一共有多少个苹果？' }),
    ];
    const result = await cleaned(rows, { duplicates: 'exact', sameProblem: true });
    expect(removals(result)).toEqual(['2 same-problem', '5 same-problem']);
    expect((await cleaned(rows, { duplicates: 'exact' })).rows).toEqual(rows);
  });
});

describe('contamination', () => {
  const question = 'A robe takes 2 bolts of blue fiber and half that much white fiber. How many bolts in total does it take to make one robe?';

  test('is found by n-grams anywhere in the row and by the prompt’s likeness, and the pair is named', async () => {
    const folder = temporaryFolder();
    await writeFile(path.join(folder, 'test.jsonl'), [{ prompt: 'Something else entirely that nobody asks?', answer: '1' }, { prompt: question, answer: '3' }, { prompt: '一个长方形花坛长十二米，宽五米，在它的四周修一条宽一米的小路，小路的面积是多少平方米？', answer: '38' }].map((row) => JSON.stringify(row)).join('\n'));
    const rows = [
      record({ prompt: 'Solve.', think: `The question says: ${question} So 2 + 1.`, answer: '3' }),
      record({ prompt: question.replace('A robe', 'One robe').replace('make one robe', 'sew one robe'), answer: '3' }),
      record({ prompt: 'How many bolts in total does it take to make a robe of silk with three bolts of red fiber?', answer: '3' }),
      record({ prompt: '请解答：一个长方形花坛长十二米，宽五米，在它的四周修一条宽一米的小路，小路的面积是多少平方米？', answer: '38' }),
    ];
    const result = await cleaned(rows, { contamination: ['test.jsonl'], similarity: 0.6, duplicates: 'keep' }, { base: folder });
    expect(removals(result)).toEqual(['0 contamination', '1 contamination', '3 contamination']);
    expect(result.report.contamination).toMatchObject([{ row: 0, file: 'test.jsonl', evaluationRow: 2, by: 'n-gram', share: 1 }, { row: 1, evaluationRow: 2 }, { row: 3, evaluationRow: 3, by: 'n-gram', share: 1 }]);
  });

  test.skipIf(!existsSync(path.join(data, 'gsm8k/test.jsonl')))('finds every planted GSM8K test question, and next to none among its training questions (left out where the real data are absent)', async () => {
    const read = (file: string): DataRecord[] => readFileSync(path.join(data, file), 'utf8').trim().split('\n').map((line) => record({ prompt: (JSON.parse(line) as { question: string }).question }));
    const [train, held] = [read('gsm8k/train.jsonl').slice(0, 2000), read('gsm8k/test.jsonl')];
    const planted = held.filter((_, i) => i % 10 === 0).map(({ prompt }) => record({ prompt: 'Answer this.', think: `Let me restate it. ${prompt} Now, step by step.` }));
    const result = await cleaned([...train, ...planted], { contamination: ['gsm8k/test.jsonl'], duplicates: 'keep' }, { base: data });
    const found = result.side.filter((row) => row.kind === 'removed' && row.rule === 'contamination');
    expect(found.filter(({ row }) => row < train.length).length).toBeLessThanOrEqual(2);
    // Thirteen words are the shortest that an n-gram can prove.
    const provable = planted.filter((_, i) => (held[i * 10]?.prompt.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0) >= 13);
    expect(found.filter(({ row }) => row >= train.length)).toHaveLength(provable.length);
  });
});

describe('many rows', () => {
  const bundle = path.join(mkdtempSync(path.join(tmpdir(), 'distill-clean-')), 'clean.cjs');
  beforeAll(async () => {
    await build({ entryPoints: [path.join(repository, 'src/engine/data/clean/worker.ts')], outfile: bundle, bundle: true, platform: 'node', format: 'cjs', define: { 'import.meta.url': '__url' }, banner: { js: `const __url = ${JSON.stringify(`file://${repository}/src/engine/data/clean/segmenter.ts`)};` }, logLevel: 'error' });
  });
  afterAll(() => { rmSync(path.dirname(bundle), { recursive: true }); });
  const words = 'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi omega'.split(' ');
  const rows = Array.from({ length: 1500 }, (_, i) => record({
    prompt: `Question ${String(i % 1400)} of 一共有${String(i % 700)}个苹果：${Array.from({ length: 12 }, (_, j) => words[(i % 1400) * (j + 3) % 23]).join(' ')}`, answer: i % 7 === 0 ? '<p>yes</p>' : 'yes', gold: i % 3 === 0 ? String(i % 5) : null,
  }));

  test('come out the same with threads and without, and no scratch file is left', async () => {
    const scratch = temporaryFolder();
    const [alone, threads] = [await cleaned(rows, {}, { pool: { threads: 0 }, scratch }), await cleaned(rows, {}, { pool: { threads: 2, bundle }, scratch })];
    expect(threads.rows).toEqual(alone.rows);
    expect(threads.side).toEqual(alone.side);
    expect(threads.report.rules).toEqual(alone.report.rules);
    expect(alone.report.rows - alone.rows.length).toBeGreaterThanOrEqual(100);
    expect(readdirSync(scratch)).toEqual([]);
    // Cleaning what is clean takes nothing.
    const again = await cleaned(alone.rows);
    expect(again.rows).toEqual(alone.rows);
    expect(again.side).toEqual([]);
  });

  test('can be stopped, and leave nothing behind', async () => {
    const scratch = temporaryFolder();
    const stop = new AbortController();
    const run = cleaned(rows, {}, { scratch, signal: stop.signal, onProgress: () => { stop.abort(new Error('enough')); } });
    await expect(run).rejects.toThrow('enough');
    expect(readdirSync(scratch)).toEqual([]);
  });
});

describe('what was taken', () => {
  const input = [
    record({ prompt: 'First one?', answer: '<b>1</b> \u200bwith ３' }), record({ prompt: 'first ONE?', answer: '1 with 3' }), record({ prompt: 'Call +1 415 555 2671 now', answer: 'ok' }), record({ prompt: 'Fourth?', answer: '4' }),
    record({ prompt: 'Weather?', answer: '5' }), record({ prompt: 'Sixth?', answer: '<i>6</i>' }), record({ prompt: 'Weather again?', answer: '7' }),
  ];
  const options = { secrets: 'remove', duplicates: 'exact', irrelevant: { pattern: 'weather' } };

  async function written(): Promise<string> {
    const out = path.join(temporaryFolder(), 'out.jsonl');
    const [rows, side] = [await recordWriter(out), await sideWriter(removedFileOf(out))];
    for await (const row of cleanRecords(each(input), cleanSchema.parse(options), { base: repository, removed: side })) await rows.write(row);
    await rows.close();
    await side.close();
    return out;
  }
  async function prompts(out: string): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const { prompt, answer } of readRecords({ file: out, format: 'distill' }, { base: repository, onBroken: 'refuse' })) found.push(`${prompt} ${answer}`);
    return found;
  }

  test('comes back in its old place, rule by rule in any order', async () => {
    const out = await written();
    expect(await prompts(out)).toEqual(['First one? 1 with 3', 'Fourth? 4', 'Sixth? 6']);
    expect(await restoreRemoved(out, { rule: 'pattern' })).toEqual({ rows: 2, texts: 0, left: 4 });
    expect(await prompts(out)).toEqual(['First one? 1 with 3', 'Fourth? 4', 'Weather? 5', 'Sixth? 6', 'Weather again? 7']);
    expect(await restoreRemoved(out, { rule: 'secrets' })).toMatchObject({ rows: 1 });
    expect(await restoreRemoved(out, { id: input[1]?.id ?? '' })).toMatchObject({ rows: 1 });
    expect((await prompts(out)).map((text) => text.split('?')[0])).toEqual(['First one', 'first ONE', 'Call +1 415 555 2671 now ok', 'Fourth', 'Weather', 'Sixth', 'Weather again']);
    expect(await restoreRemoved(out, { rule: 'html' })).toEqual({ rows: 0, texts: 2, left: 1 });
    expect((await prompts(out))[0]).toBe('First one? <b>1</b> with 3');
    expect(await restoreRemoved(out, 'all')).toEqual({ rows: 0, texts: 1, left: 0 });
    expect(await prompts(out)).toEqual(input.map(({ prompt, answer }) => `${prompt} ${answer}`));
  });

  test('comes back all at once', async () => {
    const out = await written();
    await restoreRemoved(out, 'all');
    expect(await prompts(out)).toEqual(input.map(({ prompt, answer }) => `${prompt} ${answer}`));
    expect(readFileSync(removedFileOf(out), 'utf8')).toBe('');
  });

  test('says so where there is nothing of the kind, where a line is broken, and changes nothing then', async () => {
    const out = await written();
    const before = readFileSync(out, 'utf8');
    await expect(restoreRemoved(out, { id: 'nobody' })).rejects.toMatchObject({ code: 'clean-restore-none' });
    await writeFile(removedFileOf(out), `${readFileSync(removedFileOf(out), 'utf8')}{"kind":"removed"}\n`);
    await expect(restoreRemoved(out, 'all')).rejects.toMatchObject({ code: 'clean-side-malformed', data: { line: 7 } });
    await expect(restoreRemoved(`${out}x`, 'all')).rejects.toMatchObject({ code: 'clean-side-missing' });
    expect(readFileSync(out, 'utf8')).toBe(before);
    expect(readdirSync(path.dirname(out)).sort()).toEqual(['out.jsonl', 'out.removed.jsonl']);
  });
});
