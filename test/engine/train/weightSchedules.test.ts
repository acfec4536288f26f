/** Weights of the losses that change over the steps: each step takes its own, validations the last, and a resume goes on with them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { findCheckpoint } from '../../../src/engine/train/checkpoint.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { asksTeacher, weighs } from '../../../src/shared/recipe.ts';
import { WEIGHT_METRICS } from '../../../src/shared/metrics.ts';
import { expectClose, makeInput, makeStage, openWasm, temporaryFolder, TINY } from './setup.ts';

let backend: Backend;
let teacher: DecoderModel;
beforeAll(async () => {
  backend = await openWasm();
  teacher = createDecoder({ ...TINY, hiddenSize: 16, headDim: 8 }, 3, backend);
});
afterAll(() => backend.dispose());

const student = (): DecoderModel => createDecoder(TINY, 5, backend);
/** Hidden states first, logits later, in one stage. */
const stage = makeStage({
  limits: { steps: 9 }, batch: { size: 4 }, temperature: 2, optimizer: { learningRate: 0.01 }, validate: { every: 3 }, checkpoint: { every: 100 }, sentinel: 0,
  weights: { kl: { from: 0, to: 0.8, steps: 5 }, ce: 0.2, hidden: { from: 4, to: 0, kind: 'cosine' } },
});

test('the loss of each step is the sum of its terms by the weights that are told with it; validations take the last', async () => {
  const input = await makeInput({ student: student(), teacher, stage });
  await trainStage(input);
  const steps = input.reporter.metrics.filter(({ values }) => values['loss'] !== undefined).map(({ values }) => values as Record<string, number>);
  expect(steps.map(({ weightKl }) => Number(weightKl?.toFixed(6)))).toEqual([0, 0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0.8, 0.8]);
  expect([steps[0]?.['weightHidden'], steps[4]?.['weightHidden'], steps[8]?.['weightHidden']].map((value) => Number(value?.toFixed(6)))).toEqual([4, 2, 0]);
  for (const { loss, kl, ce, hidden, weightKl, weightHidden } of steps) {
    expectClose([loss ?? NaN], [(weightKl ?? NaN) * 4 * (kl ?? NaN) + 0.2 * (ce ?? NaN) + (weightHidden ?? NaN) * (hidden ?? NaN)], { relative: 1e-5 });
  }
  // A weight that stays is not told; one that changes is told by a name that the charts know.
  expect(Object.keys(steps[0] ?? {}).filter((name) => /^weight/.test(name)).sort()).toEqual(WEIGHT_METRICS.filter((name) => ['weightKl', 'weightHidden'].includes(name)).sort());
  for (const { values } of input.reporter.metrics.filter((told) => told.values['validation/loss'] !== undefined)) {
    expectClose([values['validation/loss'] ?? NaN], [0.8 * 4 * (values['validation/kl'] ?? NaN) + 0.2 * (values['validation/ce'] ?? NaN)], { relative: 1e-5 });
    expect(values['validation/hidden'], 'measured though its last weight is 0').toBeGreaterThan(0);
  }
});

test.each([2, 6])('a run that is stopped after step %i goes on with the weights of the next, to the last bit', async (stopAfter) => {
  const whole = await makeInput({ student: student(), teacher, stage });
  await trainStage(whole);
  const checkpoints = await temporaryFolder();
  const first = await makeInput({ student: student(), teacher, stage, checkpoints, orders: { [stopAfter]: ['stop'] } });
  await trainStage(first);
  const { found: resume } = await findCheckpoint(checkpoints);
  const second = await makeInput({ student: await loadDecoder(resume?.folder ?? '', backend), teacher, stage, checkpoints, resume });
  await trainStage(second);
  expect([...first.reporter.exact(), ...second.reporter.exact()]).toEqual(whole.reporter.exact());
});

test('a stage needs its teacher when any step does', () => {
  expect(asksTeacher(stage)).toBe(true);
  expect([weighs(stage, 'hidden'), weighs(stage, 'mse')]).toEqual([true, false]);
  expect(asksTeacher(makeStage({ weights: { kl: { from: 0, to: 0 }, ce: 1 } }))).toBe(false);
});
