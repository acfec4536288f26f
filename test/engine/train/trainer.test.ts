/** What a stage does from its first step to its end: accumulation, orders, limits, gates, failures, memory. */
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Backend, Ops } from '../../../src/engine/backend/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { tf } from '../../../src/engine/tf.ts';
import { findCheckpoint, listCheckpoints } from '../../../src/engine/train/checkpoint.ts';
import { assign } from '../../../src/engine/train/optimizer.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { TRAINING_METRICS, VALIDATION_METRICS } from '../../../src/shared/metrics.ts';
import { makeInput, makeRows, makeStage, openWasm, TINY } from './setup.ts';

let backend: Backend;
let teacher: DecoderModel;
beforeAll(async () => {
  backend = await openWasm();
  teacher = createDecoder({ ...TINY, hiddenSize: 16, headDim: 8 }, 3, backend);
});
afterAll(() => backend.dispose());

const newStudent = (): DecoderModel => createDecoder(TINY, 5, backend);

test('k micro-batches are one k times larger batch: the same losses and weights to 1e-5', async () => {
  const runs = await Promise.all([{ size: 12, accumulate: 1 }, { size: 4, accumulate: 3 }, { size: 1, accumulate: 12 }].map(async (batch) => {
    const input = await makeInput({ student: newStudent(), teacher, stage: makeStage({ batch, limits: { steps: 6 }, optimizer: { learningRate: 0.01 } }) });
    await trainStage(input);
    return input;
  }));
  const losses = runs.map(({ reporter }) => reporter.metrics.flatMap(({ values }) => values['loss'] ?? []));
  expect(losses[0]).toHaveLength(6);
  for (const other of losses.slice(1)) other.forEach((loss, step) => expect(Math.abs(loss - (losses[0]?.[step] ?? NaN))).toBeLessThan(1e-5));
  for (const [name, weight] of runs[0]?.student.weights ?? []) {
    const wanted = await weight.data();
    for (const { student } of runs.slice(1)) {
      (await student.weights.get(name)?.data())?.forEach((value, i) => expect(Math.abs(value - (wanted[i] ?? NaN))).toBeLessThan(1e-5));
    }
  }
});

test.each([['reverse-kl'], ['jsd'], ['skew-kl']] as const)('a student learns from its teacher by %s, with a temperature that falls', async (objective) => {
  const input = await makeInput({
    student: newStudent(), teacher: confident(teacher), train: makeRows(200, 1),
    stage: makeStage({ objective, alpha: 1, temperature: { from: 5, to: 1 }, batch: { size: 16 }, limits: { steps: 100 }, optimizer: { learningRate: 0.02, weightDecay: 0 }, validate: { every: 50 } }),
  });
  await trainStage(input);
  const values = (name: string): readonly number[] => input.reporter.metrics.flatMap((metric) => metric.values[name] ?? []);
  expect(values('validation/kl').at(-1)).toBeLessThan(0.6 * (values('validation/kl')[0] ?? NaN));
  expect([values('temperature')[0], values('temperature').at(-1)]).toEqual([5, 1]);
});

test('a student learns from its teacher: the validation KL falls far below its start', async () => {
  const input = await makeInput({
    student: newStudent(), teacher: confident(teacher), train: makeRows(200, 1),
    stage: makeStage({ alpha: 1, batch: { size: 16 }, limits: { steps: 150 }, optimizer: { learningRate: 0.02, weightDecay: 0 }, validate: { every: 50 } }),
  });
  await trainStage(input);
  const kl = input.reporter.metrics.flatMap(({ values }) => values['validation/kl'] ?? []);
  expect(kl.at(-1)).toBeLessThan(0.35 * (kl[0] ?? NaN));
});

test('every step tells every training metric, every validation every validation metric', async () => {
  const input = await makeInput({ student: newStudent(), teacher, stage: makeStage({ weights: { kl: 0.5, ce: 0.4, mse: 0.1, hidden: 0.1, attention: 0.1 }, limits: { steps: 4 }, validate: { every: 2 } }), before: { steps: 100, tokens: 1000 } });
  const result = await trainStage(input);
  const told = (step: number): string[] => input.reporter.metrics.filter((metric) => metric.step === step).flatMap(({ values }) => Object.keys(values)).sort();
  // A teacher of another vocabulary is there only where one is named (uld.test.ts), a scale of the loss only with float16.
  const known = (...names: readonly string[]): readonly string[] => names.filter((name) => !name.endsWith('uld') && name !== 'lossScale').sort();
  expect(told(100)).toEqual(known(...VALIDATION_METRICS));
  expect(told(101)).toEqual(known(...TRAINING_METRICS));
  expect(told(102)).toEqual(known(...TRAINING_METRICS, ...VALIDATION_METRICS));
  expect(input.reporter.metrics.flatMap(({ values }) => Object.values(values)).every((value) => value !== null && Number.isFinite(value))).toBe(true);
  expect(result.steps).toBe(104);
  expect(result.tokens).toBeGreaterThan(1000 + 4 * 16);
});

test('cross-entropy alone asks for no teacher and tells no KL', async () => {
  const input = await makeInput({ student: newStudent(), stage: makeStage({ objective: 'sequence', limits: { steps: 2 } }) });
  await trainStage(input);
  const names = new Set(input.reporter.metrics.flatMap(({ values }) => Object.keys(values)));
  expect([...names].filter((name) => /kl/i.test(name))).toEqual([]);
  expect(names).toContain('thinkCe');
});

describe('orders', () => {
  test('save writes a checkpoint at that step, evaluate evaluates, stop saves and ends; each is acknowledged', async () => {
    const evaluate = vi.fn(async () => ({ 'evaluation/accuracy': 0.5 }));
    const input = await makeInput({ student: newStudent(), teacher, evaluate, stage: makeStage({}), orders: { 2: ['save'], 3: ['evaluate'], 5: ['save', 'stop'] } });
    expect(await trainStage(input)).toMatchObject({ reason: 'stopped', steps: 5 });
    expect(await listCheckpoints(input.checkpoints)).toEqual(['step-000005', 'step-000002']);
    expect(evaluate).toHaveBeenCalledExactlyOnceWith(3);
    expect(input.reporter.orders.map(({ accepted }) => accepted)).toEqual([true, true, true, true]);
  });
  test('the process reads and writes between the steps', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await trainStage(await makeInput({ student: newStudent(), teacher, stage: makeStage({ limits: { steps: 30 } }) }));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });
});

describe('checkpoints', () => {
  test('the last n and the best stay, whole Hugging Face folders without leftovers', async () => {
    const stage = makeStage({ limits: { steps: 9 }, optimizer: { learningRate: 0.02 }, validate: { every: 2 }, checkpoint: { every: 1, keepLast: 2, best: 'validation/ce' } });
    // Validation rows that training leads away from: the first validation is the best.
    const validation = makeRows(6, 2).map((row) => ({ ...row, ids: row.ids.map((_, i) => (i * 7 + row.row) % 5) }));
    const input = await makeInput({ student: newStudent(), teacher, stage, validation });
    await trainStage(input);
    const best = input.reporter.checkpoints.filter((checkpoint) => checkpoint.best).at(-1)?.name ?? '';
    const names = await readdir(input.checkpoints);
    expect(names.sort()).toEqual([...new Set([best, 'step-000008', 'step-000009'])].sort());
    expect(input.reporter.removed).toHaveLength(9 - names.length);
    const loaded = await loadDecoder(`${input.checkpoints}/step-000009`, backend);
    for (const [name, weight] of input.student.weights) expect(await loaded.weights.get(name)?.data()).toEqual(await weight.data());
  });
});

describe('the gate', () => {
  const train = async (gate: object, evaluate: (() => Promise<Record<string, number>>) | null = null) => {
    const input = await makeInput({ student: newStudent(), teacher, evaluate, stage: { ...makeStage({ limits: { steps: 2 } }), gate: { onMiss: 'stop', ...gate } as never } });
    return { result: await trainStage(input), warnings: input.reporter.warnings.map(({ code }) => code) };
  };
  test('missed: the run is to stop, with a warning, or to go on where the recipe says so', async () => {
    expect(await train({ metric: 'validation/loss', max: 0.01 })).toMatchObject({ result: { reason: 'gate-missed' }, warnings: ['gate-missed'] });
    expect(await train({ metric: 'validation/loss', max: 0.01, onMiss: 'continue' })).toMatchObject({ result: { reason: 'steps' }, warnings: ['gate-missed'] });
  });
  test('met: nothing is said; a metric of an evaluation is measured for it', async () => {
    expect(await train({ metric: 'validation/loss', max: 100 })).toMatchObject({ result: { reason: 'steps' }, warnings: [] });
    expect(await train({ metric: 'evaluation/accuracy', min: 0.4 }, async () => ({ 'evaluation/accuracy': 0.5 }))).toMatchObject({ result: { reason: 'steps' }, warnings: [] });
  });
  test('on what is never measured: refused before the first step', async () => {
    await expect(train({ metric: 'evaluation/accuracy', min: 0.4 })).rejects.toMatchObject({ code: 'metric-not-measured' });
    const sequence = await makeInput({ student: newStudent(), stage: makeStage({ objective: 'sequence', earlyStop: { metric: 'validation/kl', patience: 1 } }) });
    await expect(trainStage(sequence)).rejects.toMatchObject({ code: 'metric-not-measured' });
  });
});

describe('failures', () => {
  test('a loss that is not finite names the step, the rows of the batch and the last good checkpoint, and changes nothing', async () => {
    const student = newStudent();
    const stage = makeStage({ limits: { steps: 8 }, batch: { size: 3 }, checkpoint: { every: 2 } });
    const input = await makeInput({
      student, teacher, stage,
      control: { poll: async () => {
        if (input.reporter.metrics.at(-1)?.step === 5) assign(student.weights.get('model.norm.weight')!, new Float32Array(TINY.hiddenSize).fill(Infinity));
        return [];
      } },
    });
    const before = await failure(trainStage(input));
    expect(before).toMatchObject({ code: 'loss-not-finite', data: { step: 6, checkpoint: 'step-000004' } });
    expect((before as { data: { rows: string } }).data.rows).toMatch(/^train\.jsonl:\d+,\d+,\d+$/);
    expect(await listCheckpoints(input.checkpoints)).toContain('step-000004');
    expect([...(await student.weights.get('model.layers.0.mlp.up_proj.weight')!.data())].every(Number.isFinite)).toBe(true);
  });
  test('rows that are all prompt, and no rows at all, are refused by name', async () => {
    const rows = makeRows(3, 1).map((row) => ({ ...row, promptLength: row.row === 1 ? row.ids.length : row.promptLength }));
    expect(await failure(trainStage(await makeInput({ student: newStudent(), teacher, stage: makeStage({}), train: rows })))).toMatchObject({ code: 'nothing-supervised', data: { rows: 'train.jsonl:2' } });
    expect(await failure(trainStage(await makeInput({ student: newStudent(), teacher, stage: makeStage({}), train: [] })))).toMatchObject({ code: 'no-training-rows' });
  });
  test('out of memory is passed on as it is, with the last good checkpoint whole', async () => {
    let calls = 0;
    const outOfMemory = new Error('out of memory');
    const crossEntropy: Ops['crossEntropy'] = (...inputs) => {
      if (++calls > 20) throw outOfMemory;
      return backend.ops.crossEntropy(...inputs);
    };
    const student = createDecoder(TINY, 5, { ...backend, ops: { ...backend.ops, crossEntropy } });
    const input = await makeInput({ student, teacher, stage: makeStage({ batch: { size: 4 }, limits: { steps: 100 }, checkpoint: { every: 1 } }), validation: [] });
    expect(await failure(trainStage(input))).toBe(outOfMemory);
    const { found } = await findCheckpoint(input.checkpoints);
    expect(found?.state.step).toBe(input.reporter.metrics.at(-1)?.step);
  });
});

test('memory stays level: the same tensors and bytes after every step, none left at the end', async () => {
  const student = newStudent();
  const seen: number[] = [];
  const input = await makeInput({
    student, teacher, stage: makeStage({ limits: { steps: 20 }, batch: { size: 4, accumulate: 2 }, validate: { every: 4 }, checkpoint: { every: 5 } }),
    control: { poll: () => {
      seen.push(tf.memory().numTensors);
      return [];
    } },
  });
  // The first run fills what models and backend keep (position tables).
  await trainStage(input);
  const before = tf.memory();
  seen.length = 0;
  await trainStage(input);
  expect(new Set(seen).size).toBe(1);
  expect(tf.memory().numTensors).toBe(before.numTensors);
  expect(tf.memory().numBytes).toBe(before.numBytes);
});

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => expect.fail('it succeeded'), (error: unknown) => error);
}

/** A new model predicts next to nothing; its head three times as loud has something to teach. */
function confident(model: DecoderModel): DecoderModel {
  const loud = createDecoder(model.config, 3, backend);
  const weight = loud.weights.get('model.norm.weight')!;
  assign(weight, new Float32Array(weight.size).fill(30));
  return loud;
}
