/** The loss and every gradient against PyTorch (float64) and against finite differences of a float64 reference. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import type { DecoderConfig, DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import type { Objective } from '../../../src/engine/train/losses.ts';
import { LossTotals, readScalars } from '../../../src/engine/train/lossValues.ts';
import { assign } from '../../../src/engine/train/optimizer.ts';
import { liveTargets } from '../../../src/engine/train/softTargets.ts';
import { gradientsOf } from '../../../src/engine/train/step.ts';
import { Random } from '../../../src/engine/model/random.ts';
import { referenceLogits, referenceLoss } from './reference.ts';
import type { Weights } from './reference.ts';
import { BACKENDS, expectClose, logitsAsModel, makeRows, openFor, rowsOf, TINY, VOCABULARY } from './setup.ts';
import type { FixtureRow } from './setup.ts';

interface LossFixture {
  readonly rows: readonly FixtureRow[];
  readonly cases: readonly {
    readonly name: string; readonly temperature: number; readonly weights: { readonly kl: number; readonly ce: number };
    readonly student: number[][][]; readonly teacher: number[][][] | null;
    readonly values: Readonly<Record<string, number>>; readonly gradient: number[][][];
  }[];
}

const fixture = JSON.parse(readFileSync(new URL('../../fixtures/torch/losses.json', import.meta.url), 'utf8')) as LossFixture;

const FORWARD = { divergence: { kind: 'forward-kl' } } as const;

async function lossAndGradients(student: DecoderModel, teacher: DecoderModel | null, objective: Objective, rows: readonly EncodedRow[]) {
  const batch = collate(rows, TINY.maxPositions);
  const { gradients, scalars } = gradientsOf(student, teacher === null ? null : liveTargets(teacher, objective.vocabulary), objective, batch, batch.kept);
  const totals = new LossTotals(objective, teacher !== null);
  totals.add(batch, (await readScalars([scalars]))[0] ?? []);
  return { values: totals.values(), gradients };
}

describe.each(BACKENDS)('on %s', (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openFor(name);
  });
  afterAll(() => backend.dispose());

  test.each(fixture.cases)('values and gradients are those of PyTorch: $name', async ({ temperature, weights, student, teacher, values, gradient }) => {
    const studentModel = logitsAsModel(student, backend);
    const teacherModel = teacher === null ? null : logitsAsModel(teacher, backend);
    const vocabulary = studentModel.config.vocabSize;
    const { values: got, gradients } = await lossAndGradients(studentModel, teacherModel, { ...FORWARD, weights: { ...weights, mse: 0, hidden: 0, attention: 0, uld: 0 }, temperature, vocabulary }, rowsOf(fixture.rows));
    const told = Object.entries(got).filter(([, value]) => value !== null);
    expect(told.map(([key]) => key).sort()).toEqual(Object.keys(values).sort());
    for (const [key, value] of told) expect(value, key).toBeCloseTo(values[key] ?? NaN, 5);
    expectClose(await gradients.get('logits')?.data(), gradient.flat(2), { absolute: 1e-6 });
  });

  test.each(['llama', 'qwen2', 'qwen3'] as const)('every gradient of a 2-layer %s is the slope of the loss', async (family) => {
    const student = noisy(createDecoder({ ...TINY, family, qkvBias: family === 'qwen2', qkNorm: family === 'qwen3', tiedHead: family === 'llama' }, 1, backend), 11);
    const teacher = noisy(createDecoder({ ...TINY, hiddenSize: 12, headDim: 6 }, 2, backend), 12);
    // Short rows: the reference is evaluated twice for each of a thousand weights.
    const rows = makeRows(4, 5).sort((x, y) => x.ids.length - y.ids.length).slice(0, 2);
    const objective = { ...FORWARD, weights: { kl: 0.7, ce: 0.3, mse: 0, hidden: 0, attention: 0, uld: 0 }, temperature: 2, vocabulary: VOCABULARY };
    const { values, gradients } = await lossAndGradients(student, teacher, objective, rows);
    const reference = slopes.get(family) ?? referenceSlopes(student.config, await inFloat64(student), teacher.config, await inFloat64(teacher), rows, objective);
    slopes.set(family, reference);
    expect(values.loss).toBeCloseTo(reference.loss, 5);
    expect([...gradients.keys()].sort()).toEqual([...reference.slopes.keys()].sort());
    for (const [weight, wanted] of reference.slopes) {
      expectClose(await gradients.get(weight)?.data(), wanted, { relative: 1e-4, absolute: 2e-6, what: weight });
    }
  });
});

interface Slopes {
  readonly loss: number;
  readonly slopes: ReadonlyMap<string, Float64Array>;
}
/** The same for every backend. */
const slopes = new Map<string, Slopes>();

/**
 * Central differences with eps = 1e-5 in float64: their own error (eps² of truncation, 1e-16 / eps of rounding) is near
 * 1e-10, so what is compared is the engine's float32 gradient.
 */
function referenceSlopes(config: DecoderConfig, weights: Weights, teacherConfig: DecoderConfig, teacherWeights: Weights, rows: readonly EncodedRow[], objective: Objective): Slopes {
  const EPS = 1e-5;
  const soft = new Map(rows.map(({ ids }) => [ids.join(), referenceLogits(teacherConfig, teacherWeights, [...ids])]));
  const loss = (): number => referenceLoss((ids) => referenceLogits(config, weights, ids), (ids) => soft.get(ids.join()) ?? [], rows, objective.weights, objective.temperature);
  const found = [...weights].map(([name, array]) => [name, Float64Array.from(array, (value, i) => {
    array[i] = value + EPS;
    const above = loss();
    array[i] = value - EPS;
    const below = loss();
    array[i] = value;
    return (above - below) / (2 * EPS);
  })] as const);
  return { loss: loss(), slopes: new Map(found) };
}

/** Weights of ordinary size instead of a fresh model's small ones, so that no gradient is near 0 for want of signal. */
function noisy(model: DecoderModel, seed: number): DecoderModel {
  const random = new Random(seed);
  for (const [name, weight] of model.weights) {
    const around = name.endsWith('norm.weight') ? 1 : 0;
    assign(weight, Float32Array.from({ length: weight.size }, () => around + 0.4 * random.normal()));
  }
  return model;
}

async function inFloat64(model: DecoderModel): Promise<Weights> {
  return new Map(await Promise.all([...model.weights].map(async ([name, weight]) => [name, Float64Array.from(await weight.data())] as const)));
}
