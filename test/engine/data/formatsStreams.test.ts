/** Files larger than memory, lines longer than sense, files that change under the reader, disks that fill. */
import { execFile } from 'node:child_process';
import { appendFileSync, closeSync, existsSync, ftruncateSync, openSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { conversionWriter } from '../../../src/engine/data/formats/convert.ts';
import { parquetRows, type GroupLimits } from '../../../src/engine/data/formats/parquet.ts';
import { readRecords, type ReadOptions } from '../../../src/engine/data/formats/read.ts';
import { GrowingFile } from '../../../src/engine/data/formats/write.ts';
import type { DataFormat } from '../../../src/shared/recipeCollect.ts';
import type { DistillError } from '../../../src/shared/messages.ts';
import { NO_PROVENANCE, type DataRecord } from '../../../src/shared/record.ts';
import { root } from '../../fixtures/bundles.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const testData = path.resolve(root, process.env['DISTILL_TEST_DATA'] ?? '../shared/data');
const refused = (code: string, data: object = {}) => expect.objectContaining({ code, data: expect.objectContaining(data) as object }) as Error;
const reading = (file: string, options: Partial<ReadOptions> = {}, format: DataFormat = 'auto') => readRecords({ file: path.basename(file), format }, { base: path.dirname(file), onBroken: 'refuse', ...options });

async function promptsOf(file: string, options: Partial<ReadOptions> = {}, format: DataFormat = 'auto'): Promise<string[]> {
  const prompts: string[] = [];
  for await (const { prompt } of reading(file, options, format)) prompts.push(prompt);
  return prompts;
}

const row = (prompt: string, answer = 'a'): string => `${JSON.stringify({ prompt, answer })}\n`;

test('a file several times larger than the memory is read: JSONL, a JSON array, CSV', async () => {
  const folder = temporaryFolder();
  const MEGABYTES = 144;
  // A byte at a time: enough that its texts alone would not fit into the heap.
  const MEGABYTES_OF_CSV = 48;
  const text = 'x'.repeat(1 << 16);
  const write = (name: string, megabytes: number, head: string, each: (last: boolean) => string, tail: string): string => {
    const file = path.join(folder, name);
    const handle = openSync(file, 'w');
    writeSync(handle, head);
    for (let piece = 0; piece < megabytes; piece++) writeSync(handle, each(false).repeat(15) + each(piece === megabytes - 1));
    writeSync(handle, tail);
    closeSync(handle);
    return file;
  };
  const json = JSON.stringify({ prompt: 'q', answer: text });
  const files = [
    write('x.jsonl', MEGABYTES, '', () => `${json}\n`, ''),
    write('x.json', MEGABYTES, '[', (last) => (last ? json : `${json},`), ']'),
    write('x.csv', MEGABYTES_OF_CSV, 'prompt,answer\n', () => `q,"${text}"\n`, ''),
  ];
  const script = path.join(folder, 'read.mjs');
  await build({ entryPoints: [path.join(root, 'test/fixtures/processes/readData.ts')], outfile: script, bundle: true, platform: 'node', format: 'esm', logLevel: 'error', banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" } });
  const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=32', script, ...files]);
  const { counts, maxRss } = JSON.parse(stdout) as { readonly counts: readonly number[]; readonly maxRss: number };
  expect(counts).toEqual([MEGABYTES, MEGABYTES, MEGABYTES_OF_CSV].map((megabytes) => megabytes * 16));
  expect(maxRss).toBeLessThan(MEGABYTES * 2 ** 20);
});

describe('a line of a gigabyte', () => {
  test.each([['jsonl', `${row('q1')}{"prompt":"`], ['json', `[${row('q1')},{"prompt":"`]] as const)('in %s is refused by the stated limit, long before its end', async (format, head) => {
    const file = path.join(temporaryFolder(), 'x');
    const handle = openSync(file, 'w');
    writeSync(handle, head);
    // Zeros that take no room on the disk.
    ftruncateSync(handle, 2 ** 30);
    closeSync(handle);
    let read = 0;
    await expect(promptsOf(file, { onBytes: (bytes) => { read += bytes.length; } }, format)).rejects.toThrow(refused('data-row-too-big', { line: 2, limit: '64 MiB' }));
    expect(read).toBeLessThan(80 * 2 ** 20);
  });

  test('is passed over where broken rows are, and the rows after it are read', async () => {
    const file = path.join(temporaryFolder(), 'x.jsonl');
    writeFileSync(file, row('q1'));
    truncateSync(file, 100 * 2 ** 20);
    appendFileSync(file, `\n${row('q2')}`);
    const broken: DistillError[] = [];
    expect(await promptsOf(file, { onBroken: 'skip', onBrokenRow: (error) => { broken.push(error); } }, 'jsonl')).toEqual(['q1', 'q2']);
    expect(broken).toEqual([refused('data-row-too-big', { line: 2 })]);
  });
});

describe('a file that changes while it is read', () => {
  const big = row('q').repeat(40_000);
  test.each<readonly [string, (file: string) => void]>([
    ['is added to', (file) => { appendFileSync(file, row('new')); }],
    ['is cut', (file) => { truncateSync(file, 300_000); }],
    ['is replaced', (file) => { writeFileSync(`${file}.new`, big); renameSync(`${file}.new`, file); }],
    ['is removed', (file) => { renameSync(file, `${file}.gone`); }],
  ])('and %s is refused', async (_name, change) => {
    const file = path.join(temporaryFolder(), 'x.jsonl');
    writeFileSync(file, big);
    let rows = 0;
    await expect(async () => {
      for await (const { prompt } of reading(file)) {
        rows += prompt.length;
        if (rows === prompt.length) change(file);
      }
    }).rejects.toThrow(refused('data-file-changed', { file }));
  });
});

test('what pyarrow wrote is read: three row groups, zstd, lists of structs', async () => {
  const records: DataRecord[] = [];
  for await (const record of reading(path.join(root, 'test/fixtures/formats/pyarrow.parquet'))) records.push(record);
  expect(records).toHaveLength(25);
  expect(records[7]).toMatchObject({ prompt: 'What is 7 + 7? 一共多少？', think: 'Twice 7.', answer: '14', gold: '14', difficulty: 3, provenance: { source: { format: 'parquet', row: 8 } } });
  expect(records[5]?.gold).toBeNull();
});

test('a row group too big for memory is read in parts by the index of its pages, or refused where it has none', async () => {
  const file = path.join(temporaryFolder(), 'x.parquet');
  const writer = await conversionWriter(file, 'parquet');
  const texts = Array.from({ length: 300 }, (_, index) => `${String(index)} ${'x'.repeat(10_000)}`);
  for (const text of texts) await writer.write({ ...record, prompt: text, messages: [{ role: 'system', content: 's' }, { role: 'user', content: text }], answer: text });
  await writer.close();
  const rows = async (of: string, limits: GroupLimits): Promise<readonly (readonly [number, unknown])[]> => {
    const read: (readonly [number, unknown])[] = [];
    for await (const { row: number, value } of parquetRows(of, {}, limits)) read.push([number, value]);
    return read;
  };
  const whole = await rows(file, { atOnce: Infinity, refused: Infinity });
  expect(whole.map(([number, value]) => [number, (value as { readonly answer: string }).answer])).toEqual(texts.map((text, index) => [index + 1, text]));
  expect(await rows(file, { atOnce: 500_000, refused: 500_000 })).toEqual(whole);
  await expect(rows(path.join(root, 'test/fixtures/formats/pyarrow.parquet'), { atOnce: 100, refused: 100 })).rejects.toThrow(refused('data-parquet-group', { group: 1, rows: 10 }));
});

const record: DataRecord = { format: 1, id: 'x', prompt: 'q', think: '', answer: 'a'.repeat(10_000), gold: null, provenance: NO_PROVENANCE };

test.skipIf(!existsSync('/dev/full'))('a disk that fills is told as one, and nothing is left but what was there (where the system has a device that is always full)', async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, 'x.jsonl');
  writeFileSync(file, 'old');
  const growing = await GrowingFile.begin(file, () => open('/dev/full', 'w'));
  const write = async (): Promise<void> => {
    for (let line = 0; line < 100; line++) await growing.append(`${JSON.stringify(record)}\n`);
    await growing.close();
  };
  await expect(write()).rejects.toThrow(refused('disk-full', { path: file }));
  await growing.abandon();
  expect([readdirSync(folder), readFileSync(file, 'utf8')]).toEqual([['x.jsonl'], 'old']);
});

test('a folder that can’t be made is told when the file is begun', async () => {
  const file = path.join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  await expect(conversionWriter(path.join(file, 'x.csv'), 'csv')).rejects.toThrow();
});

describe.skipIf(!existsSync(testData))('the real sets (left out where DISTILL_TEST_DATA is absent)', () => {
  test.each<readonly [string, number, (record: DataRecord) => boolean]>([
    ['gsm8k/train.jsonl', 7473, ({ think, answer, gold }) => think !== '' && answer === gold && !answer.includes('####')],
    ['math500/test.jsonl', 500, ({ answer, gold }) => answer.length > 0 && gold !== null && gold !== ''],
    ['cmath/cmath_dev.jsonl', 600, ({ answer, gold, language }) => answer === '' && gold !== null && language === 'zh'],
    ['humaneval/HumanEval.jsonl.gz', 164, ({ tests, answer, task }) => tests?.entry !== null && /^\s{4}/.test(answer) && task === 'code'],
    ['logiqa-eval/en.txt', 651, ({ options, gold }) => options?.length === 4 && /^[A-D]$/.test(gold ?? '')],
    ['logiqa-eval/zh.txt', 651, ({ options, gold, language }) => options?.length === 4 && /^[A-D]$/.test(gold ?? '') && language === 'zh'],
    ['r1-gsm8k/en.jsonl', 200, ({ think, answer, gold }) => think !== '' && answer !== '' && gold !== null],
    ['r1-gsm8k/zh.jsonl', 200, ({ think, answer, gold }) => think !== '' && answer !== '' && gold !== null],
  ])('%s: %i rows, each as it should be', async (file, count, fits) => {
    const wrong: number[] = [];
    let rows = 0;
    for await (const each of readRecords({ file, format: 'auto' }, { base: testData, onBroken: 'refuse' })) {
      rows += 1;
      if (!fits(each)) wrong.push(rows);
    }
    expect([rows, wrong]).toEqual([count, []]);
  });
});
