/** Products in 16 bits learn what float32 learns; an overflow costs a smaller scale and nothing else. */
import { afterAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { withNewAdapter } from '../../../src/engine/model/lora.ts';
import { findCheckpoint } from '../../../src/engine/train/checkpoint.ts';
import { LossScale } from '../../../src/engine/train/lossScale.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { openNativeOrNull } from './native.ts';
import { makeInput, makeStage, openCpu, TINY, type Recorder } from './setup.ts';

const opened = await openNativeOrNull();
const backend = opened as Backend;
afterAll(() => opened?.dispose());

const MODEL = { ...TINY, hiddenSize: 32, intermediateSize: 48, headDim: 16 };
/** Relative difference of a step's loss to float32's: bfloat16 keeps 8 bits of a number, float16 keeps 11. */
const TOLERANCE = { bfloat16: 0.03, float16: 0.01 } as const;

async function train(changes: Readonly<Record<string, unknown>>): Promise<Recorder> {
  const stage = makeStage({ limits: { steps: 60 }, batch: { size: 8 }, optimizer: { learningRate: 0.01 }, validate: { every: 60 }, checkpoint: { every: 100 }, sentinel: 0, ...changes });
  const plain = createDecoder(MODEL, 5, backend);
  const student = stage.lora === undefined ? plain : withNewAdapter(plain, stage.lora, 1, { base: '', baseDigest: '' });
  const input = await makeInput({ student, teacher: createDecoder({ ...MODEL, layers: 3 }, 3, backend), stage });
  await trainStage(input);
  return input.reporter;
}
const lossesOf = (reporter: Recorder): number[] => reporter.metrics.flatMap(({ values }) => (typeof values['loss'] === 'number' ? [values['loss']] : []));

describe.skipIf(opened === null)('precision', () => {
  test.each(['bfloat16', 'float16'] as const)('%s follows float32 over sixty steps', async (precision) => {
    const [exact, narrow] = [await train({}), await train({ precision })];
    const [wanted, got] = [lossesOf(exact), lossesOf(narrow)];
    expect(got.length).toBe(60);
    expect(got).not.toEqual(wanted);
    wanted.forEach((loss, step) => { expect(Math.abs((got[step] ?? NaN) - loss) / loss, `loss of step ${step + 1}: ${got[step]} instead of ${loss}`).toBeLessThan(TOLERANCE[precision]); });
    expect(narrow.warnings).toEqual([]);
    const scales = narrow.metrics.map(({ values }) => values['lossScale']).filter((scale) => scale !== undefined);
    expect(scales.length).toBe(precision === 'float16' ? 60 : 0);
  });

  test.each(['bfloat16', 'float16'] as const)('%s follows float32 where adapters are trained', async (precision) => {
    const lora = { rank: 4 };
    const [wanted, got] = [lossesOf(await train({ lora })), lossesOf(await train({ lora, precision }))];
    // What is learnt is more than what is allowed to differ.
    expect(wanted.at(-1)).toBeLessThan((wanted[0] ?? NaN) * (1 - 2 * TOLERANCE[precision]));
    expect(got.length).toBe(60);
    expect(got).not.toEqual(wanted);
    wanted.forEach((loss, step) => { expect(Math.abs((got[step] ?? NaN) - loss) / loss, `loss of step ${step + 1}: ${got[step]} instead of ${loss}`).toBeLessThan(TOLERANCE[precision]); });
  });

  test('a loss scale that overflows is halved until it doesn’t, the step is repeated, and a checkpoint carries the scale', async () => {
    const stage = makeStage({ limits: { steps: 4 }, batch: { size: 8 }, precision: 'float16', checkpoint: { every: 100 }, sentinel: 0 });
    const teacher = createDecoder({ ...MODEL, layers: 3 }, 3, backend);
    const first = await makeInput({ student: createDecoder(MODEL, 5, backend), teacher, stage, orders: { 2: ['stop'] } });
    await trainStage(first);
    const { found: resume } = await findCheckpoint(first.checkpoints);
    const scale = resume?.state.lossScale;
    expect(scale).toBeDefined();
    // As if it had been far too large: float16 ends at 65,504.
    const inflated = resume === null ? null : { ...resume, state: { ...resume.state, lossScale: { scale: 2 ** 40, steady: 7 } } };
    const second = await makeInput({ student: await loadDecoder(resume?.folder ?? '', backend), teacher, stage, checkpoints: first.checkpoints, resume: inflated });
    expect(await trainStage(second)).toMatchObject({ reason: 'steps', steps: 4 });
    const scales = second.reporter.metrics.flatMap(({ values }) => (typeof values['lossScale'] === 'number' ? [values['lossScale']] : []));
    expect(scales.length).toBe(2);
    expect(scales[0]).toBeLessThan(2 ** 40);
    expect(Math.log2(scales[0] ?? NaN) % 1).toBe(0);
  });
});

describe('where it can’t be had', () => {
  test('a backend of float32 alone refuses, and says the way out', async () => {
    const cpu = await openCpu();
    const input = await makeInput({ student: createDecoder(TINY, 5, cpu), stage: makeStage({ objective: 'sequence', precision: 'bfloat16' }) });
    await expect(trainStage(input)).rejects.toMatchObject({ code: 'precision-unavailable', data: { precision: 'bfloat16', backend: 'cpu' } });
  });

  test('the scale doubles after two thousand steps without an overflow; a fixed one stays', () => {
    const dynamic = new LossScale('dynamic', { scale: 8, steady: 1999 });
    dynamic.held();
    expect(dynamic.state).toEqual({ scale: 16, steady: 0 });
    expect(dynamic.lower()).toBe(true);
    expect(dynamic.value).toBe(8);
    expect(new LossScale('dynamic', { scale: 1, steady: 0 }).lower()).toBe(false);
    const fixed = new LossScale(128);
    for (let step = 0; step < 3000; step++) fixed.held();
    expect([fixed.lower(), fixed.value]).toEqual([false, 128]);
  });
});
