/** The store of top-k log-probabilities: its bytes, its temperatures, and training from it as from the live teacher. */
import { mkdir, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { targets } from '../../../src/cli/commands/targets.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';
import { sayIn } from '../../../src/cli/text.ts';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { Random } from '../../../src/engine/model/random.ts';
import { NOTHING, recordBytes, TopKReader, TopKWriter } from '../../../src/engine/train/topKFile.ts';
import { topKSummary } from '../../../src/engine/train/topKSummary.ts';
import { soften, storedTemperatures } from '../../../src/engine/train/topKTargets.ts';
import { assign } from '../../../src/engine/train/optimizer.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { findCheckpoint } from '../../../src/engine/train/checkpoint.ts';
import { TARGETS_FOLDER } from '../../../src/shared/run.ts';
import { expectClose, makeInput, makeRows, makeStage, openWasm, temporaryFolder, TINY, VOCABULARY } from './setup.ts';

describe('the file', () => {
  test('takes at most 300 bytes a position at k = 50 in float16, also with the temperatures of a schedule', () => {
    expect(recordBytes({ k: 50, values: 'float16', temperatures: [2] })).toBe(252);
    expect(recordBytes({ k: 50, values: 'float16', temperatures: [...storedTemperatures({ from: 5, to: 1, kind: 'linear' })] })).toBeLessThanOrEqual(300);
  });

  test.each(['float32', 'float16'] as const)('gives back any row of it, whatever the order in which they were written (%s)', async (values) => {
    const file = path.join(await temporaryFolder(), 'a.topk');
    const random = new Random(1, 'file');
    const counts = [3, 0, 5, 1];
    const block = (count: number) => ({
      ids: Int32Array.from({ length: count * 4 }, () => random.word() % 200_000),
      logProbabilities: Float32Array.from({ length: count * 4 }, () => -9 * random.uniform()), rests: Float32Array.from({ length: count * 2 }, () => -random.uniform()),
    });
    const written = counts.map(block);
    const writer = await TopKWriter.create(file, { k: 4, vocabulary: 200_000, values, temperatures: [1, 2], key: 'mine' }, counts);
    for (const row of [2, 0, 3, 1]) if ((counts[row] ?? 0) > 0) await writer.write(row, 0, written[row] as ReturnType<typeof block>);
    expect(TopKReader.open(file, 'mine'), 'before it is whole').toBeNull();
    await writer.close();
    const reader = TopKReader.open(file, 'mine');
    const close = { absolute: values === 'float32' ? 0 : 1e-6, relative: values === 'float32' ? 0 : 2 ** -11 };
    for (const row of [3, 0, 2]) {
      expect(reader?.positions(row)).toBe(counts[row]);
      const got = reader?.read(row, 0, counts[row] ?? 0);
      expect(got?.ids).toEqual(written[row]?.ids);
      expectClose(got?.logProbabilities, written[row]?.logProbabilities ?? [], close);
      expectClose(got?.rests, written[row]?.rests ?? [], close);
    }
    expect(reader?.read(2, 3, 1).ids).toEqual(written[2]?.ids.slice(12, 16));
    reader?.close();
    expect(TopKReader.open(file, 'another teacher')).toBeNull();
    await truncate(file, 100);
    expect(TopKReader.open(file, 'mine')).toBeNull();
  });

  test('leaves nothing behind when it is abandoned', async () => {
    const folder = await temporaryFolder();
    const writer = await TopKWriter.create(path.join(folder, 'a.topk'), { k: 1, vocabulary: 9, values: 'float32', temperatures: [1], key: '' }, [1]);
    await writer.abandon();
    expect(await readdir(folder)).toEqual([]);
  });
});

test('distill targets tells what a store holds: at k = 50 in float16 252 bytes a token, and how much of the probability', async () => {
  const project = await temporaryFolder();
  const [k, vocabulary, counts] = [50, 1000, [7, 0, 5]] as const;
  const folder = path.join(project, TARGETS_FOLDER);
  await mkdir(folder, { recursive: true });
  const writer = await TopKWriter.create(path.join(folder, 'a.topk'), { k, vocabulary, values: 'float16', temperatures: [2], key: 'x', teacher: 'big', made: 1 }, counts);
  for (const [row, count] of counts.entries()) {
    if (count === 0) continue;
    // Half of the probability in the k tokens.
    await writer.write(row, 0, { ids: Int32Array.from({ length: count * k }, (_, i) => i % k), logProbabilities: new Float32Array(count * k).fill(Math.log(0.5 / k)), rests: new Float32Array(count).fill(-0.7) });
  }
  await writer.close();
  await writeFile(path.join(folder, 'b.topk'), 'half a file');
  const summary = await topKSummary(path.join(folder, 'a.topk'));
  expect(summary).toMatchObject({ k, rows: 3, positions: 12, bytesPerToken: 252, teacher: 'big', values: 'float16' });
  // Little beside the records: where each row begins, and the header.
  expect((summary?.bytes ?? NaN) - 12 * 252).toBeLessThan(300);
  expectClose([summary?.mass?.mean ?? NaN, summary?.mass?.least ?? NaN], [0.5, 0.5], { relative: 1e-3 });
  for (const language of ['en', 'zh-cn'] as const) {
    const [printed, noted]: [string[], string[]] = [[], []];
    const terminal: Terminal = { language, say: sayIn(language, 'distill'), print: (text) => { printed.push(text); }, note: (text) => { noted.push(text); }, live: () => undefined, interactive: false, columns: 100, paint: (_, text) => text };
    expect(await targets(terminal, project, { json: false })).toBe(0);
    expect(printed.join('\n')).toMatch(/a\.topk .*big .*12 .*50 .*float16 .*2 .*252 .*50\.0 %/);
    expect(noted.join('\n')).toContain('b.topk');
    await expect(targets(terminal, path.join(folder, 'b.topk'), { json: false })).rejects.toThrow(/b\.topk/);
  }
});

test('softening gives the distribution at any temperature of the schedule, the rest included', () => {
  const random = new Random(5, 'soften');
  const [vocabulary, k] = [300, 20];
  const temperatures = storedTemperatures({ from: 5, to: 1, kind: 'linear' });
  const logits = Array.from({ length: vocabulary }, () => 3 * random.normal()).sort((a, b) => b - a);
  const lse = (values: readonly number[]): number => Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));
  const log = logits.map((value) => value - lse(logits));
  const rests = Float32Array.from(temperatures, (temperature) => lse(log.slice(k).map((value) => value / temperature)));
  for (const temperature of [1, 1.37, 2, 3.3, 4.9, 5]) {
    const out = new Float32Array(k + 1);
    soften({ k, temperatures: [...temperatures] }, Float32Array.from(log.slice(0, k)), rests, temperature, out);
    const whole = lse(log.map((value) => value / temperature));
    const wanted = [...log.slice(0, k).map((value) => value / temperature - whole), lse(log.slice(k).map((value) => value / temperature)) - whole];
    expectClose(out, wanted, { absolute: temperatures.includes(temperature) ? 1e-5 : 2e-3, what: `T = ${temperature}` });
  }
  const out = new Float32Array(2);
  soften({ k: 1, temperatures: [1] }, Float32Array.of(0), Float32Array.of(NOTHING), 1, out);
  expect([...out]).toEqual([0, NOTHING]);
  expect(() => soften({ k: 1, temperatures: [2] }, Float32Array.of(0), Float32Array.of(-1), 3, out)).toThrow('the store has no temperature 3');
});

describe('training from the store', () => {
  let backend: Backend;
  let teacher: DecoderModel;
  beforeAll(async () => {
    backend = await openWasm();
    teacher = createDecoder({ ...TINY, hiddenSize: 16, headDim: 8 }, 3, backend);
    // A new model holds all tokens for nearly equal: this one has something to say.
    for (const weight of teacher.weights.values()) assign(weight, (await weight.data()).map((value) => 6 * value) as Float32Array);
  });
  afterAll(() => backend.dispose());
  const student = (): DecoderModel => createDecoder(TINY, 5, backend);
  const plain = { limits: { steps: 12 }, batch: { size: 4, accumulate: 2 }, alpha: 0.7, optimizer: { learningRate: 0.01 }, validate: { every: 6 }, checkpoint: { every: 5 } };

  async function losses(changes: object, more: object = {}): Promise<{ readonly step: number; readonly values: Readonly<Record<string, number | null>> }[]> {
    const input = await makeInput({ student: student(), teacher, stage: makeStage({ ...plain, ...changes }), targets: { folder: await temporaryFolder(), name: 'big', source: 'weights' }, train: makeRows(30, 1), ...more });
    await trainStage(input);
    return input.reporter.exact();
  }

  test.each([[{}], [{ objective: 'reverse-kl', temperature: 3 }], [{ objective: 'jsd', temperature: { from: 4, to: 1 } }]])('equals training from the live teacher, at k = vocabulary in float32: %j', async (changes) => {
    const [live, stored] = [await losses(changes), await losses({ ...changes, targets: { topK: VOCABULARY, values: 'float32' } })];
    expect(stored.map(({ step }) => step)).toEqual(live.map(({ step }) => step));
    for (const [index, { values }] of live.entries()) {
      for (const [name, value] of Object.entries(values)) expectClose([stored[index]?.values[name] ?? NaN], [value ?? NaN], { relative: 1e-4, absolute: 1e-6, what: name });
    }
  });

  test('of a few tokens and the rest comes near it', async () => {
    const [live, stored] = [await losses({}), await losses({ targets: { topK: 4 } })];
    const last = (told: typeof live, name: string): number => told.at(-1)?.values[name] ?? NaN;
    expect(last(stored, 'validation/kl')).toBeGreaterThan(0);
    // Merging outcomes never makes a divergence larger (data-processing inequality); here it loses less than half.
    expect(last(stored, 'validation/kl')).toBeLessThan(last(live, 'validation/kl') * 1.05);
    expect(last(stored, 'validation/kl')).toBeGreaterThan(last(live, 'validation/kl') / 2);
  });

  test('asks the teacher once: a stopped run takes its store up and goes on to the last bit', async () => {
    const [folder, checkpoints] = [await temporaryFolder(), await temporaryFolder()];
    const stage = makeStage({ ...plain, targets: { topK: 6 } });
    const whole = await losses({ targets: { topK: 6 } });
    const train = makeRows(30, 1);
    const first = await makeInput({ student: student(), teacher, stage, checkpoints, targets: { folder, name: 'big', source: 'weights' }, train, orders: { 5: ['stop'] } });
    await trainStage(first);
    const [name = ''] = await readdir(folder);
    const store = path.join(folder, name);
    const { mtimeMs } = await stat(store);
    const { found: resume } = await findCheckpoint(checkpoints);
    const second = await makeInput({ student: await loadDecoder(resume?.folder ?? '', backend), teacher, stage, checkpoints, resume, targets: { folder, name: 'big', source: 'weights' }, train });
    await trainStage(second);
    expect((await stat(store)).mtimeMs).toBe(mtimeMs);
    expect([...first.reporter.exact(), ...second.reporter.exact()]).toEqual(whole);
  });

  test('another run that asks the same takes the store; whatever is another makes another one', async () => {
    const folder = await temporaryFolder();
    const train = makeRows(12, 1);
    const run = async (changes: object, own: object = {}): Promise<number> => {
      const input = await makeInput({
        student: student(), teacher, stage: makeStage({ ...plain, limits: { steps: 1 }, targets: { topK: 6 }, temperature: 2, ...changes }), targets: { folder, name: 'big', source: 'weights' }, train, validation: makeRows(4, 2), ...own,
      });
      await trainStage(input);
      return (await readdir(folder)).length;
    };
    expect(await run({})).toBe(1);
    expect(await run({ alpha: 0.3, optimizer: { learningRate: 0.5 } }, { stageIndex: 4 }), 'other training, the same targets').toBe(1);
    let stores = 1;
    const others: readonly (readonly [string, object, object?])[] = [
      ['other weights', {}, { targets: { folder, name: 'big', source: 'other weights' } }],
      ['more tokens', { targets: { topK: 7 } }],
      ['exact numbers', { targets: { topK: 6, values: 'float32' } }],
      ['another temperature', { temperature: 3 }],
      ['a course of temperatures', { temperature: { from: 2, to: 1 } }],
      ['another row', {}, { train: makeRows(12, 3) }],
      ['one row less', {}, { train: train.slice(1) }],
      ['another border of the prompt, as another template makes', {}, { train: train.map((row) => ({ ...row, promptLength: row.promptLength + 1 })) }],
      ['a smaller vocabulary', {}, { vocabulary: VOCABULARY - 1, train: train.map((row) => ({ ...row, ids: row.ids.map((id) => Math.min(id, VOCABULARY - 2)) })), validation: [] }],
    ];
    for (const [what, changes, own] of others) expect(await run(changes, own), what).toBe(++stores);
    expect(await run({})).toBe(stores);
  });
});
