import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Argument, Command, CommanderError, Option } from 'commander';
import { describe, expect, onTestFinished, test } from 'vitest';
import { augmentRecords } from '../../../src/engine/data/augment/augment.ts';
import { similarityGroups } from '../../../src/engine/data/clean/nearDuplicates.ts';
import { mixRecords, type Mixed } from '../../../src/engine/data/mix/mix.ts';
import { SIDES, type Side } from '../../../src/engine/data/mix/split.ts';
import { synthesise } from '../../../src/engine/data/synthesise/synthesise.ts';
import { registerAugment } from '../../../src/cli/commands/data/augment.ts';
import { registerMix } from '../../../src/cli/commands/data/mix.ts';
import { registerSynthesise } from '../../../src/cli/commands/data/synthesise.ts';
import { Refusal } from '../../../src/cli/refusal.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';
import { sayIn } from '../../../src/cli/text.ts';
import { augmentation, mix as mixSchema } from '../../../src/shared/recipeCollect.ts';
import { NO_PROVENANCE, type DataRecord } from '../../../src/shared/record.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

type MixInput = Parameters<typeof mixSchema.parse>[0];

async function* stream(rows: Iterable<DataRecord>): AsyncGenerator<DataRecord> {
  for (const each of rows) yield await Promise.resolve(each);
}

async function mixed(rows: Iterable<DataRecord>, options: MixInput): Promise<Readonly<Record<Side, DataRecord[]>> & Pick<Mixed, 'report'>> {
  const folder = temporaryFolder();
  const mix = await mixRecords(stream(rows), mixSchema.parse(options), { folder });
  onTestFinished(() => { expect(readdirSync(folder)).toEqual([]); });
  const of = async (side: Side): Promise<DataRecord[]> => {
    const list: DataRecord[] = [];
    for await (const record of mix.records(side)) list.push(record);
    expect(list).toHaveLength(mix.rows[side]);
    return list;
  };
  const sides = { train: await of('train'), validation: await of('validation'), test: await of('test'), report: mix.report };
  await mix.remove();
  return sides;
}

const row = (n: number, more: Partial<DataRecord> = {}): DataRecord => ({ format: 1, id: String(n), prompt: `Question number ${n} about the ${['sea', 'wood', 'town', 'hill'][n % 4] ?? ''} at ${n * 37} o’clock in ${['Rome', 'Oslo', 'Lima'][n % 3] ?? ''}`, think: 'x'.repeat(n % 50), answer: '1', gold: '1', provenance: NO_PROVENANCE, ...more });
const rows = (count: number, more: (n: number) => Partial<DataRecord> = () => ({})): DataRecord[] => Array.from({ length: count }, (_, n) => row(n, more(n)));

describe('a mix', () => {
  test('takes weights, gives back whole records, and counts', async () => {
    const all = rows(300, (n) => ({ task: n < 200 ? 'maths' : 'logic' }));
    const { train, report } = await mixed(all, { weights: { maths: 1, logic: 1 }, seed: 3 });
    expect(train.filter(({ task }) => task === 'maths')).toHaveLength(100);
    expect(train.filter(({ task }) => task === 'logic')).toHaveLength(100);
    for (const record of train) expect(record).toEqual(all[Number(record.id)]);
    expect(report.groups).toMatchObject([{ name: 'maths', available: 200, wanted: 0.5, taken: 100, repeated: 0 }, { name: 'logic', available: 100, taken: 100 }]);
  });

  test('repeats evenly, and only what is trained on, where a group has too few', async () => {
    const all = rows(120, (n) => ({ task: n < 100 ? 'maths' : 'logic' }));
    const { train, validation, report } = await mixed(all, { weights: { maths: 1, logic: 1 }, rows: 200, validation: 0.2 });
    const times = new Map<string, number>();
    for (const { id, task } of train) if (task === 'logic') times.set(id, (times.get(id) ?? 0) + 1);
    expect(Math.max(...times.values()) - Math.min(...times.values())).toBeLessThanOrEqual(1);
    expect(new Set(validation.map(({ id }) => id)).size).toBe(validation.length);
    expect(validation.every(({ id }) => !times.has(id))).toBe(true);
    expect(report.groups.find(({ name }) => name === 'logic')?.repeated).toBe(train.filter(({ task }) => task === 'logic').length - times.size);
  });

  test.each([['task', 'maths'], ['difficulty', '4'], ['source', 'a.jsonl'], ['language', 'zh']] as const)('groups by %s', async (by, name) => {
    const { report } = await mixed(rows(10, () => ({ task: 'maths', difficulty: 4, language: 'zh', provenance: { ...NO_PROVENANCE, source: { file: 'a.jsonl', format: 'jsonl', row: 1 } } })), { by });
    expect(report.groups.map((group) => group.name)).toEqual([name]);
  });

  test('orders by difficulty, then length, or as it was; shuffles by seed', async () => {
    const all = rows(60, (n) => n % 7 === 0 ? {} : { difficulty: 1 + n % 5 });
    const { train, report } = await mixed(all, { order: 'curriculum' });
    const keys = train.map(({ difficulty = 3, think }) => difficulty * 1000 + think.length);
    expect(keys).toEqual([...keys].sort((a, b) => a - b));
    expect(report.withoutDifficulty).toBe(9);
    expect((await mixed(all, { order: 'as-is' })).train.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    const ids = async (seed: number): Promise<string> => (await mixed(all, { seed })).train.map(({ id }) => id).join();
    expect(await ids(1)).toBe(await ids(1));
    expect(await ids(1)).not.toBe(await ids(2));
  });

  test('never has near duplicates, one prompt, or parent and child on both sides', async () => {
    const synthetic = [...synthesise({ kinds: ['ordering', 'word-problems', 'linear-equations'], rows: 240, difficulty: [1, 3], languages: ['en', 'zh'], seed: 2 })];
    const all: DataRecord[] = [];
    for await (const each of augmentRecords(stream(synthetic), [augmentation.parse({ kind: 'recombination' }), augmentation.parse({ kind: 'synonyms', strength: 1 }), augmentation.parse({ kind: 'numbers' })], { asker: () => Promise.reject(new Error('nobody')) })) all.push(each);
    // Several samples of one prompt, and prompts that differ in a word.
    for (const each of synthetic.slice(0, 60)) all.push({ ...each, id: `${each.id}-1`, think: 'another way' }, { ...each, id: `${each.id}-2`, prompt: `${each.prompt} Please.` });
    const { train, validation, test: tested, report } = await mixed(all, { validation: 0.15, test: 0.15, seed: 5 });
    const sideOf = new Map([...[train, validation, tested].entries()].flatMap(([side, list]) => list.map((record) => [record, side] as const)));
    const every = [...sideOf.keys()];
    expect(every).toHaveLength(all.length);
    const groups = await similarityGroups(every, 0.8);
    groups.forEach((first, at) => { expect(sideOf.get(every[at] as DataRecord)).toBe(sideOf.get(every[first] as DataRecord)); });
    const byId = new Map(every.map((record) => [record.id, record]));
    for (const record of every) {
      for (const { detail } of record.provenance.transformations) {
        const parent = byId.get(String(detail?.['parent'] ?? ''));
        if (parent !== undefined) expect(sideOf.get(record)).toBe(sideOf.get(parent));
      }
    }
    const { split } = report;
    for (const side of SIDES) expect(Math.abs((split?.sides[side].share ?? 0) - (split?.sides[side].wanted ?? 0)) * all.length).toBeLessThanOrEqual(split?.largestCluster ?? 0);
  });

  test('refuses weights of groups that are not there, and shares that leave nothing; nothing stays on disk', async () => {
    await expect(mixed(rows(3, () => ({ task: 'maths' })), { weights: { mathz: 1 } })).rejects.toThrow(/"mathz".*have: maths/);
    await expect(mixed(rows(3), { validation: 0.5, test: 0.5 })).rejects.toThrow(/less than 1/);
  });

  test('of nothing is nothing', async () => {
    expect((await mixed([], { validation: 0.1 })).train).toEqual([]);
  });
});

describe('on the command line', () => {
  /** The three commands without the rest of the command line: what they print, and how they end. */
  async function distill(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
    return distillLive(() => undefined, ...args);
  }

  async function distillLive(live: (text: string) => void, ...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
    const out: string[] = [];
    const terminal: Terminal = { language: 'en', say: sayIn('en'), print: (text) => { out.push(text); }, note: (text) => { out.push(text); }, live, interactive: false, columns: 200, paint: (_, text) => text };
    let code = -1;
    const data = new Command('data').exitOverride();
    const tools = {
      terminal, command: (name: string, about: string) => data.command(name).description(about).exitOverride().configureOutput({ writeErr: (text) => { out.push(text); } }), project: () => new Argument('[project]'), json: () => new Option('--json'), whole: Number,
      done: (result: number) => { code = result; },
    };
    for (const register of [registerSynthesise, registerAugment, registerMix]) register(tools);
    try {
      await data.parseAsync([...args], { from: 'user' });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      out.push(error.message);
      // As program.ts ends them.
      code = error instanceof CommanderError ? 2 : error instanceof Refusal ? error.exit : 1;
    }
    return { code, out: out.join('\n') };
  }
  const linesOf = (file: string): readonly DataRecord[] => readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as DataRecord);

  test('synthesise, augment and mix make files that the next one reads', async () => {
    const folder = temporaryFolder();
    const [made, more, mix] = ['made.jsonl', 'more.jsonl', 'mix.jsonl'].map((name) => path.join(folder, name)) as [string, string, string];
    expect(await distill('synthesise', made, '--rows', '120', '--kinds', 'ordering,fractions', '--difficulty', '2-3', '--language', 'en,zh', '--seed', '4')).toMatchObject({ code: 0 });
    expect(linesOf(made)).toHaveLength(120);
    const augment = await distill('augment', made, '--kind', 'recombination', '--out', more);
    expect(augment.out).toMatch(/recombination: 60 of 120 kept/);
    expect(linesOf(more).length).toBeGreaterThan(165);
    const result = await distill('mix', more, '--out', mix, '--order', 'curriculum', '--validation', '0.1', '--test', '0.1', '--json');
    const report = JSON.parse(result.out) as { readonly rows: Readonly<Record<Side, number>> };
    for (const side of SIDES) expect(linesOf(path.join(folder, side === 'train' ? 'mix.jsonl' : `mix.${side}.jsonl`))).toHaveLength(report.rows[side]);
    expect(readdirSync(folder).sort()).toEqual(['made.jsonl', 'mix.jsonl', 'mix.test.jsonl', 'mix.validation.jsonl', 'more.jsonl']);
  });

  test('refuses to write over a file, over its input, or what it does not know; nothing is left behind', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'a.jsonl');
    writeFileSync(file, '{"prompt": "1 + 1", "answer": "2"}\n');
    expect(await distill('synthesise', file)).toMatchObject({ code: 2, out: expect.stringContaining('--force') as string });
    expect(await distill('augment', file, '--kind', 'synonyms', '--out', file, '--force')).toMatchObject({ code: 2 });
    expect(await distill('synthesise', path.join(folder, 'b.jsonl'), '--kinds', 'fractoins')).toMatchObject({ code: 1, out: expect.stringContaining('nearest: fractions') as string });
    expect(await distill('synthesise', path.join(folder, 'b.jsonl'), '--difficulty', '7')).toMatchObject({ code: 2 });
    expect(await distill('synthesise')).toMatchObject({ code: 2 });
    expect(await distill('mix', file, '--out', path.join(folder, 'b.jsonl'), '--weights', 'x')).toMatchObject({ code: 2 });
    expect(await distill('mix', path.join(folder, 'none.jsonl'), '--out', path.join(folder, 'b.jsonl'))).toMatchObject({ code: 2 });
    expect(await distill('augment', file, '--kind', 'rephrasing', '--project', folder)).toMatchObject({ code: 2 });
    expect(readdirSync(folder)).toEqual(['a.jsonl']);
  });

  test('Ctrl-C leaves what was there and nothing else', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'a.jsonl');
    writeFileSync(file, 'kept');
    let interrupted = 0;
    const interrupt = (text: string): void => {
      if (text !== '' && interrupted++ === 0) process.emit('SIGINT');
    };
    expect(await distillLive(interrupt, 'synthesise', file, '--rows', '5000000', '--force')).toMatchObject({ code: 3, out: expect.stringContaining('was not written') as string });
    expect([readdirSync(folder), readFileSync(file, 'utf8')]).toEqual([['a.jsonl'], 'kept']);
  });

  test('--list explains every kind with an example', async () => {
    const kinds = JSON.parse((await distill('synthesise', '--list', '--json')).out) as readonly { readonly name: string; readonly example: string }[];
    expect(kinds).toHaveLength(17);
    for (const { example } of kinds) expect(example).toMatch(/ → \S/);
    expect((await distill('augment', '--list')).out).toMatch(/back-translation[\s\S]*synonyms[\s\S]*recombination[\s\S]*numbers[\s\S]*rephrasing/);
  });
});
