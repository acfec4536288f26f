/** The loss-scale sentinel: norms of each term's own gradient, and what it finds worth saying. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { trainStage as stageSchema } from '../../../src/shared/recipe.ts';
import { SENTINEL_METRICS } from '../../../src/shared/metrics.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import { FeatureMatching } from '../../../src/engine/train/features.ts';
import { objectiveOf } from '../../../src/engine/train/objective.ts';
import { Sentinel, termNorms } from '../../../src/engine/train/sentinel.ts';
import { liveTargets } from '../../../src/engine/train/softTargets.ts';
import { gradientsOf } from '../../../src/engine/train/step.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { expectClose, makeInput, makeRows, makeStage, openWasm, TINY, VOCABULARY } from './setup.ts';

let backend: Backend;
beforeAll(async () => { backend = await openWasm(); });
afterAll(() => backend.dispose());

test('each norm is that of the term’s own gradient, and together the terms are the whole', async () => {
  const [student, teacher] = [createDecoder(TINY, 5, backend), createDecoder({ ...TINY, hiddenSize: 16, headDim: 8 }, 3, backend)];
  const stage = stageSchema.parse({ type: 'train', weights: { kl: 0.5, ce: 0.4, mse: 0.3, hidden: 2, attention: 1 } });
  const features = FeatureMatching.of(stage, teacher, student, 1);
  const targets = liveTargets(teacher, VOCABULARY);
  const objective = objectiveOf(stage, VOCABULARY);
  const batch = collate(makeRows(5, 3), TINY.maxPositions);
  const norms = await termNorms(student, targets, features, objective, batch);
  expect(Object.keys(norms)).toEqual(['kl', 'ce', 'mse', 'hidden', 'attention']);
  const whole = gradientsOf(student, targets, objective, batch, batch.kept, features).gradients;
  const sums = new Map<string, Float64Array>();
  for (const term of ['kl', 'ce', 'mse', 'hidden', 'attention'] as const) {
    const own = gradientsOf(student, targets, { ...objective, weights: { kl: 0, ce: 0, mse: 0, hidden: 0, attention: 0, uld: 0, [term]: objective.weights[term] } }, batch, batch.kept, features).gradients;
    let squares = 0;
    for (const name of student.weights.keys()) {
      const values = await own.get(name)?.data() ?? new Float32Array();
      const sum = sums.get(name) ?? new Float64Array(student.weights.get(name)?.size ?? 0);
      values.forEach((value, i) => { squares += value * value; sum[i] = (sum[i] ?? 0) + value; });
      sums.set(name, sum);
    }
    expectClose([norms[term] ?? NaN], [Math.sqrt(squares)], { relative: 1e-4, what: term });
  }
  for (const [name, sum] of sums) expectClose(await whole.get(name)?.data() ?? new Float32Array(sum.length), sum, { relative: 1e-3, absolute: 1e-6, what: name });
});

describe('what it says', () => {
  test('a term without influence is named once', () => {
    const sentinel = new Sentinel();
    expect(sentinel.look({ kl: 1, ce: 0.0005 })).toMatchObject([{ code: 'loss-term-dead', term: 'ce' }]);
    expect(sentinel.look({ kl: 1, ce: 0.0004 })).toEqual([]);
    expect(new Sentinel().look({ kl: 1, ce: 0.01 })).toEqual([]);
    expect(new Sentinel().look({ ce: 0 })).toEqual([]);
  });

  test('a term that outgrows its own past is named, once it has one', () => {
    const sentinel = new Sentinel();
    expect(sentinel.look({ kl: 1, ce: 500 })).toEqual([]);
    for (let i = 0; i < 6; i++) expect(sentinel.look({ kl: 1 + 0.1 * i, ce: 1 })).toEqual([]);
    expect(sentinel.look({ kl: 300, ce: 2 })).toMatchObject([{ code: 'loss-term-exploded', term: 'kl', value: expect.closeTo(300 / 1.2, 0) as number }]);
  });
});

test('training tells the norms when it looks, warns of a dead knob, and is not changed by it', async () => {
  const teacher = createDecoder({ ...TINY, hiddenSize: 16, headDim: 8 }, 3, backend);
  const run = async (sentinel: number) => {
    const input = await makeInput({
      student: createDecoder(TINY, 5, backend), teacher,
      stage: makeStage({ weights: { kl: 1e-6, ce: 1, hidden: 1 }, sentinel, limits: { steps: 8 }, batch: { size: 4 }, validate: { every: 4 } }),
    });
    await trainStage(input);
    return input.reporter;
  };
  const [watched, alone] = [await run(4), await run(0)];
  const told = watched.metrics.flatMap(({ step, values }) => Object.keys(values).some((name) => (SENTINEL_METRICS as readonly string[]).includes(name)) ? [{ step, names: Object.keys(values).filter((name) => /^grad[A-Z]/.test(name) && name !== 'gradNorm') }] : []);
  expect(told).toEqual([4, 8].map((step) => ({ step, names: ['gradKl', 'gradCe', 'gradHidden'] })));
  expect(watched.warnings).toMatchObject([{ code: 'loss-term-dead', data: { term: 'kl', step: 4, share: '<0.01%' } }]);
  const without = watched.exact().map(({ step, values }) => ({ step, values: Object.fromEntries(Object.entries(values).filter(([name]) => !(SENTINEL_METRICS as readonly string[]).includes(name))) }));
  expect(without).toEqual(alone.exact());
});
