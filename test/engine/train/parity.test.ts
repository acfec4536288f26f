/**
 * The parity suite: for every objective that a recipe can name, the loss, its terms and the gradient of every weight against PyTorch in
 * float64, over accumulated micro-batches of padded rows with masked prompts, between models whose heads have more rows than there are
 * tokens. The rows of the table say what each proves; those of the inside of models, of another vocabulary and of INT8 have fixtures of
 * their own (features, uld, int8), and the last test sees to it that nothing a recipe can name is left out.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { decoderFrom } from '../../../src/engine/model/decoder.ts';
import { tf } from '../../../src/engine/tf.ts';
import { collate, collatePacked, type MicroBatch } from '../../../src/engine/train/batch.ts';
import { LossTotals, readScalars } from '../../../src/engine/train/lossValues.ts';
import { LOSS_TERMS } from '../../../src/engine/train/losses.ts';
import { mixtureTargets } from '../../../src/engine/train/mixture.ts';
import { objectiveAt, objectiveOf } from '../../../src/engine/train/objective.ts';
import { liveTargets, type SoftTargets } from '../../../src/engine/train/softTargets.ts';
import { gradientsOf } from '../../../src/engine/train/step.ts';
import { openTopK, storedTemperatures } from '../../../src/engine/train/topKTargets.ts';
import { trainStage as stageSchema, type TrainStage } from '../../../src/shared/recipe.ts';
import { BACKENDS, expectClose, makeStage, openFor, temporaryFolder, TINY, type FixtureRow } from './setup.ts';

interface FixtureModel {
  readonly config: Readonly<Record<string, number>>;
  readonly head: number;
  readonly weights: Readonly<Record<string, number[] | number[][]>>;
}
interface Case {
  readonly name: string;
  readonly stage: Readonly<Record<string, unknown>>;
  readonly at: { readonly step: number; readonly of: number } | null;
  readonly loss: number;
  readonly values: Readonly<Partial<Record<'ce' | 'kl' | 'mse', number>>>;
  readonly gradients: Readonly<Record<string, number[] | number[][]>>;
}
interface Fixture {
  readonly tokens: number;
  readonly batches: readonly (readonly (FixtureRow & { readonly task?: string })[])[];
  readonly student: FixtureModel;
  readonly teachers: Readonly<Record<string, FixtureModel>>;
  readonly cases: readonly Case[];
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../fixtures/torch/${name}`, import.meta.url), 'utf8'));
const fixture = read('parity.json') as Fixture;
const batches = fixture.batches.map((rows, batch) => rows.map(({ ids, promptLength, answerStart, task }, row): EncodedRow => ({
  row: 10 * batch + row, file: 'fixture.jsonl', ids: Int32Array.from(ids), promptLength, answerStart, ended: true, ...(task === undefined ? {} : { task }),
})));

function modelOf({ config, head, weights }: FixtureModel, backend: Backend): DecoderModel {
  const number = (field: string): number => config[field] ?? NaN;
  return decoderFrom({
    ...TINY, vocabSize: head, hiddenSize: number('hidden_size'), intermediateSize: number('intermediate_size'),
    layers: number('num_hidden_layers'), heads: number('num_attention_heads'), kvHeads: number('num_key_value_heads'), headDim: number('head_dim'),
  }, backend, (name) => Float32Array.from(weights[name]?.flat() ?? []));
}

describe.each(BACKENDS)('on %s', (name) => {
  let backend: Backend;
  let student: DecoderModel;
  let teachers: Readonly<Record<string, DecoderModel>>;
  beforeAll(async () => {
    backend = await openFor(name);
    student = modelOf(fixture.student, backend);
    teachers = Object.fromEntries(Object.entries(fixture.teachers).map(([each, model]) => [each, modelOf(model, backend)]));
  });
  afterAll(() => backend.dispose());

  const teacher = (which: string): DecoderModel => teachers[which] as DecoderModel;

  async function targetsOf(stage: TrainStage): Promise<SoftTargets | null> {
    if (stage.objective === 'sequence') return null;
    if (stage.teachers !== undefined) return mixtureTargets(stage.teachers.map(({ name: which, ...rest }) => ({ model: teacher(which), ...rest })), fixture.tokens, stage.combine === 'confidence' ? stage.tau : null);
    if (stage.targets === undefined) return liveTargets(teacher('a'), fixture.tokens);
    const shape = { k: stage.targets.topK, vocabulary: fixture.tokens, values: stage.targets.values, temperatures: [...storedTemperatures(stage.temperature)] };
    return openTopK(teacher('a'), 4, { folder: await temporaryFolder(), name: 'a', source: 'fixture', rows: batches.flat(), shape, pause: () => false });
  }

  async function measured({ stage: written, at }: Pick<Case, 'stage' | 'at'>, micro: readonly MicroBatch[]) {
    const stage = makeStage(written);
    const targets = await targetsOf(stage);
    const ends = objectiveOf(stage, fixture.tokens);
    const objective = at === null ? ends : objectiveAt(stage, ends, at.step, at.of);
    const kept = micro.reduce((sum, batch) => sum + batch.kept, 0);
    const totals = new LossTotals(objective, targets !== null);
    const gradients = new Map<string, Float32Array>();
    for (const batch of micro) {
      const { gradients: own, scalars } = gradientsOf(student, targets, objective, batch, kept);
      totals.add(batch, (await readScalars([scalars]))[0] ?? []);
      for (const [weight, gradient] of own) {
        const values = await gradient.data() as Float32Array;
        gradients.set(weight, (gradients.get(weight) ?? new Float32Array(values.length)).map((value, i) => value + (values[i] ?? NaN)));
      }
      tf.dispose([...own.values(), ...scalars]);
    }
    targets?.dispose?.();
    return { values: totals.values(), gradients };
  }

  const accumulated = (): readonly MicroBatch[] => batches.map((rows) => collate(rows, TINY.maxPositions));

  test.each(fixture.cases)('$name', async (each) => {
    const { values, gradients } = await measured(each, accumulated());
    expectClose([values.loss], [each.loss], { relative: 1e-4, what: 'loss' });
    for (const term of ['ce', 'kl', 'mse'] as const) {
      const wanted = each.values[term];
      if (wanted === undefined) expect(values[term], term).toBeNull();
      else expectClose([values[term] ?? NaN], [wanted], { relative: 1e-4, what: term });
    }
    expect([...gradients.keys()].sort()).toEqual(Object.keys(each.gradients).sort());
    for (const [weight, slope] of Object.entries(each.gradients)) {
      // A small slope is the difference of large ones: float32 has it to the accuracy of those.
      const largest = Math.max(...slope.flat().map(Math.abs));
      expectClose(gradients.get(weight), slope.flat(), { relative: 1e-4, absolute: 1e-5 * largest, what: weight });
    }
  });

  test('however the rows are cut into passes, sequences or one batch, loss and gradients are the same', async () => {
    for (const each of fixture.cases.filter(({ name: what }) => /all three|task|most probable.*reverse/.test(what))) {
      const wanted = await measured(each, accumulated());
      const rows = batches.flat();
      for (const micro of [[collate(rows, 32)], rows.map((row) => collate([row], 32)), [collatePacked([rows.slice(0, 2), rows.slice(2)], 16)]]) {
        const got = await measured(each, micro);
        expectClose([got.values.loss], [wanted.values.loss], { relative: 1e-5 });
        for (const [weight, values] of wanted.gradients) expectClose(got.gradients.get(weight), values, { relative: 1e-4, absolute: 1e-5 * Math.max(...values.map(Math.abs)), what: `${each.name}, ${weight}` });
      }
    }
  });
});

test('nothing that a recipe can name is left out of a suite', () => {
  const named = (name: string): string => readFileSync(new URL(`../../fixtures/torch/${name}`, import.meta.url), 'utf8');
  const stages = fixture.cases.map(({ stage }) => stageSchema.parse({ type: 'train', ...stage }));
  const objectives = stageSchema.in.shape.objective.def.innerType.options;
  expect([...new Set(stages.map(({ objective }) => objective))].sort()).toEqual([...objectives].sort());
  const terms = new Set(fixture.cases.flatMap(({ values }) => Object.keys(values)));
  const features = read('features.json') as { readonly cases: readonly { readonly hidden: { readonly loss: string; readonly layers: number[][] } | null; readonly attention: { readonly loss: string } | null }[] };
  if (features.cases.some(({ hidden }) => hidden !== null)) terms.add('hidden');
  if (features.cases.some(({ attention }) => attention !== null)) terms.add('attention');
  if (named('uld.json').includes('"uld"')) terms.add('uld');
  expect([...terms].sort()).toEqual([...LOSS_TERMS].sort());
  expect(new Set(features.cases.flatMap(({ hidden }) => hidden?.loss ?? []))).toEqual(new Set(['mse', 'cosine']));
  expect(new Set(features.cases.flatMap(({ attention }) => attention?.loss ?? []))).toEqual(new Set(['mse', 'kl']));
  expect(features.cases.some(({ hidden }) => hidden?.layers.some(([layer]) => layer === 0) === true), 'the embedding loss').toBe(true);
  expect(named('int8.json').length).toBeGreaterThan(1000);
});
