/** Hidden-state and attention losses against PyTorch on Hugging Face's Llama; layer maps; projections over a resume. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { trainStage as stageSchema } from '../../../src/shared/recipe.ts';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { decoderFrom } from '../../../src/engine/model/decoder.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import { FeatureMatching } from '../../../src/engine/train/features.ts';
import { layerPairs } from '../../../src/engine/train/layerMap.ts';
import { LossTotals, readScalars } from '../../../src/engine/train/lossValues.ts';
import { objectiveOf } from '../../../src/engine/train/objective.ts';
import { assign } from '../../../src/engine/train/optimizer.ts';
import { liveTargets } from '../../../src/engine/train/softTargets.ts';
import { gradientsOf } from '../../../src/engine/train/step.ts';
import { BACKENDS, expectClose, openFor, rowsOf, TINY, type FixtureRow } from './setup.ts';

interface FixtureModel {
  readonly config: Readonly<Record<string, number>>;
  readonly weights: Readonly<Record<string, number[] | number[][]>>;
}
interface Fixture {
  readonly vocabulary: number;
  readonly rows: readonly FixtureRow[];
  readonly student: FixtureModel;
  readonly cases: readonly {
    readonly name: string;
    readonly teacher: FixtureModel;
    readonly hidden: object | null;
    readonly attention: object | null;
    readonly projections: Readonly<Record<string, number[][]>>;
    readonly values: Readonly<Record<'hidden' | 'attention', number | undefined>>;
    readonly gradients: Readonly<Record<string, number[] | number[][]>>;
  }[];
}

const fixture = JSON.parse(readFileSync(new URL('../../fixtures/torch/features.json', import.meta.url), 'utf8')) as Fixture;

function modelOf({ config, weights }: FixtureModel, backend: Backend): DecoderModel {
  const number = (field: string): number => config[field] ?? NaN;
  return decoderFrom({
    ...TINY, vocabSize: fixture.vocabulary, hiddenSize: number('hidden_size'), intermediateSize: number('intermediate_size'),
    layers: number('num_hidden_layers'), heads: number('num_attention_heads'), kvHeads: number('num_key_value_heads'), headDim: number('head_dim'),
  }, backend, (name) => Float32Array.from(weights[name]?.flat() ?? []));
}

describe.each(BACKENDS)('on %s', (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openFor(name);
  });
  afterAll(() => backend.dispose());

  test.each(fixture.cases)('value and every gradient are those of PyTorch: $name', async ({ teacher: written, hidden, attention, projections, values, gradients: wanted }) => {
    const [student, teacher] = [modelOf(fixture.student, backend), modelOf(written, backend)];
    const weights = { kl: 0, ce: 0, hidden: hidden === null ? 0 : 1, attention: attention === null ? 0 : 1 };
    const stage = stageSchema.parse({ type: 'train', weights, ...(hidden === null ? {} : { hidden }), ...(attention === null ? {} : { attention }) });
    const features = FeatureMatching.of(stage, teacher, student, 1);
    if (features === null) throw new Error('the stage matches no features');
    expect([...features.projections.keys()].sort()).toEqual(Object.keys(projections).sort());
    for (const [key, rows] of Object.entries(projections)) {
      const own = features.projections.get(key);
      // Of equal widths it is the identity from the start.
      if (student.config.hiddenSize === teacher.config.hiddenSize) expectClose(await own?.data(), rows.flat(), { absolute: 0 });
      else if (own !== undefined) assign(own, Float32Array.from(rows.flat()));
    }
    const objective = objectiveOf(stage, fixture.vocabulary);
    const batch = collate(rowsOf(fixture.rows), TINY.maxPositions);
    const { gradients, scalars } = gradientsOf(student, liveTargets(teacher, fixture.vocabulary), objective, batch, batch.kept, features);
    const totals = new LossTotals(objective, true, features);
    totals.add(batch, (await readScalars([scalars]))[0] ?? []);
    const got = totals.values();
    for (const term of ['hidden', 'attention'] as const) {
      if (values[term] === undefined) expect(got[term]).toBeNull();
      else expectClose([got[term] ?? NaN], [values[term]], { relative: 1e-4, what: term });
    }
    expectClose([got.loss], [(values.hidden ?? 0) + (values.attention ?? 0)], { relative: 1e-4, what: 'loss' });
    expect([...gradients.keys()].sort()).toEqual(expect.arrayContaining(Object.keys(wanted).sort()));
    for (const [weight, slope] of Object.entries(wanted)) {
      expectClose(await gradients.get(weight)?.data(), slope.flat(), { relative: 2e-4, absolute: 3e-6, what: weight });
    }
    // What PyTorch has no gradient of has none here, or one of zeros.
    for (const [weight, gradient] of gradients) if (!(weight in wanted)) expect(Math.max(...(await gradient.data()).map(Math.abs)), weight).toBe(0);
    features.dispose();
    student.dispose();
    teacher.dispose();
  });

  test('two micro-batches give the gradient of the whole', async () => {
    const [student, teacher] = [modelOf(fixture.student, backend), modelOf(fixture.cases[0]?.teacher ?? fixture.student, backend)];
    const stage = stageSchema.parse({ type: 'train', weights: { kl: 0.2, ce: 0.3, hidden: 0.5, attention: 0.5 }, attention: { loss: 'mse' } });
    const features = FeatureMatching.of(stage, teacher, student, 1);
    const objective = objectiveOf(stage, fixture.vocabulary);
    const rows = rowsOf(fixture.rows);
    const targets = liveTargets(teacher, fixture.vocabulary);
    const whole = collate(rows, TINY.maxPositions);
    const parts = [collate(rows.slice(0, 1), TINY.maxPositions), collate(rows.slice(1), TINY.maxPositions)];
    const { countsOf } = await import('../../../src/engine/train/features.ts');
    const counts = countsOf(parts);
    expect(counts).toEqual(countsOf([whole]));
    const once = gradientsOf(student, targets, objective, whole, whole.kept, features).gradients;
    const [first, second] = parts.map((part) => gradientsOf(student, targets, objective, part, whole.kept, features, counts).gradients);
    for (const [weight, gradient] of once) {
      const [a, b] = [await first?.get(weight)?.data(), await second?.get(weight)?.data()];
      expectClose(a?.map((value, i) => value + (b?.[i] ?? NaN)), await gradient.data(), { relative: 1e-3, absolute: 3e-6, what: weight });
    }
  });
});

describe('a layer map', () => {
  test('uniform meets the teacher at even distances and at its end, last takes its last layers', () => {
    expect(layerPairs('uniform', 12, 4, false)).toEqual([3, 6, 9, 12].map((teacher, index) => ({ teacher, student: index + 1 })));
    expect(layerPairs('uniform', 5, 3, false).map(({ teacher }) => teacher)).toEqual([2, 3, 5]);
    expect(layerPairs('last', 12, 4, true)).toEqual([[0, 0], [9, 1], [10, 2], [11, 3], [12, 4]].map(([teacher, student]) => ({ teacher, student })));
  });

  test('a pair that does not exist is named', () => {
    expect(() => layerPairs([[3, 1], [9, 2]], 8, 4, false)).toThrow('The layer pair [9, 2] [teacher, student] does not exist: the teacher has 8 layers, the student 4.');
  });
});
