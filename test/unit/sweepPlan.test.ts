/** From a sweep as it is written to its runs: paths, values, order, and what is refused before anything starts. */
import { describe, expect, test } from 'vitest';
import { readRecipe } from '../../src/shared/recipeText.ts';
import { listOf, planSweep, recipeOfRun, recipesOf, runCount } from '../../src/shared/sweepPlan.ts';
import { shortPaths, sweepPath } from '../../src/shared/sweepPaths.ts';
import { settingText } from '../../src/shared/sweepText.ts';
import { withValues } from '../../src/ui/sweep/withValues.ts';
import { SWEPT_RECIPE } from '../fixtures/sweeps.ts';

const swept = (sweep: object, changes: object = {}): object => ({ ...SWEPT_RECIPE, ...changes, sweep });
const problems = (recipe: object): readonly (readonly [string, unknown])[] => (readRecipe(JSON.stringify(recipe)).problems ?? []).map(({ code, data }) => [code, data]);
const codes = (recipe: object): readonly string[] => problems(recipe).map(([code]) => code);
const plan = (recipe: object) => {
  const read = readRecipe(JSON.stringify(recipe)).recipe;
  if (read?.sweep === undefined) throw new Error(JSON.stringify(problems(recipe)));
  return planSweep(recipe, read.sweep, read.seed);
};

describe('a path of a sweep', () => {
  test('names a stage by its name or its place, and any value of the schema, written in the recipe or not', () => {
    expect(sweepPath(SWEPT_RECIPE, 'stages.distil.weights.kl')).toEqual({ path: ['stages', 0, 'weights', 'kl'] });
    expect(sweepPath(SWEPT_RECIPE, 'stages[0].optimizer.learningRate')).toEqual({ path: ['stages', 0, 'optimizer', 'learningRate'] });
    expect(sweepPath(SWEPT_RECIPE, 'stages.evaluate.teacher')).toEqual({ path: ['stages', 1, 'teacher'] });
    expect(sweepPath(SWEPT_RECIPE, 'student.layers')).toEqual({ path: ['student', 'layers'] });
    expect(sweepPath(SWEPT_RECIPE, 'teachers.teacher.model')).toEqual({ path: ['teachers', 'teacher', 'model'] });
  });

  test('that is not known is told with what was meant', () => {
    expect(sweepPath(SWEPT_RECIPE, 'stages.distil.temperatur')).toMatchObject({ path: null, at: 'temperatur', nearest: 'temperature' });
    expect(sweepPath(SWEPT_RECIPE, 'stages.distill.temperature')).toMatchObject({ path: null, at: 'distill', nearest: 'distil' });
    expect(sweepPath(SWEPT_RECIPE, 'stages[7].temperature')).toMatchObject({ path: null, known: ['distil', 'evaluate'] });
    expect(sweepPath(SWEPT_RECIPE, 'seed')).toMatchObject({ path: null });
    expect(problems(swept({ values: { 'stages.distil.temperatur': [1, 2] } }))).toEqual([['recipe-sweep-path-near', expect.objectContaining({ nearest: 'temperature' })]]);
  });

  test('is headed by as much of its end as tells it from the others', () => {
    expect(shortPaths(['stages.a.temperature', 'stages.b.temperature', 'student.layers'])).toEqual(['a.temperature', 'b.temperature', 'layers']);
    expect(settingText({ 'stages.distil.temperature': 2, 'student.layers': [0, 3] })).toBe('temperature 2 · layers [0,3]');
  });
});

describe('the runs of a sweep', () => {
  test('of a grid are all combinations, the last value changing first', () => {
    const { runs } = plan(swept({ values: { 'stages.distil.temperature': [1, 2], 'student.layers': [[0], [0, 3]] } }));
    expect(runs.map(({ values }) => Object.values(values))).toEqual([[1, [0]], [1, [0, 3]], [2, [0]], [2, [0, 3]]]);
  });

  test('go through a range by even differences or ratios, without the dust of floating point', () => {
    expect(listOf({ from: 0.1, to: 0.9, steps: 5, scale: 'linear' })).toEqual([0.1, 0.3, 0.5, 0.7, 0.9]);
    expect(listOf({ from: 1e-4, to: 1, steps: 5, scale: 'log' })).toEqual([1e-4, 1e-3, 1e-2, 0.1, 1]);
    expect(listOf({ from: 64, to: 16, steps: 3, scale: 'log' })).toEqual([64, 32, 16]);
  });

  test('drawn at random are the same for a seed, others for another, all different, whole where the ends are', () => {
    const sweep = { order: 'random', runs: 20, values: { 'stages.distil.optimizer.learningRate': { from: 1e-5, to: 1e-1, scale: 'log' }, 'stages.distil.batch.size': { from: 4, to: 64 } } };
    const drawn = (seed: number) => plan(swept(sweep, { seed })).runs.map(({ values }) => values);
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
    const runs = drawn(1);
    expect(new Set(runs.map((values) => JSON.stringify(values))).size).toBe(20);
    const rates = runs.map((values) => Number(values['stages.distil.optimizer.learningRate']));
    // Evenly over the ratios: about half lie below the geometric middle.
    expect(rates.every((rate) => rate >= 1e-5 && rate <= 1e-1)).toBe(true);
    expect(rates.filter((rate) => rate < 1e-3).length).toBeGreaterThan(4);
    for (const values of runs) expect(Number.isInteger(values['stages.distil.batch.size'])).toBe(true);
  });

  test('repeat each setting for each seed', () => {
    const { runs } = plan(swept({ seeds: 3, values: { 'stages.distil.temperature': [1, 2] } }, { seed: 7 }));
    expect(runs.map(({ setting, seed }) => [setting, seed])).toEqual([[0, 7], [0, 8], [0, 9], [1, 7], [1, 8], [1, 9]]);
  });

  test('have a recipe of their own: the values in it, the sweep and what would collide left out, the written one untouched', () => {
    const recipe = swept({ values: { 'stages.distil.weights.kl': [0.5], 'student.layers': [[0, 3]] } }, { stages: [{ type: 'train', name: 'distil', weights: { kl: 1, ce: 0 } }, { type: 'export', to: 'out' }] });
    const before = JSON.stringify(recipe);
    const { axes, runs } = plan(recipe);
    expect(recipeOfRun(recipe, axes, runs[0] ?? { values: {}, seed: 0 })).toMatchObject({ seed: 0, student: { layers: [0, 3] }, stages: [{ name: 'distil', weights: { kl: 0.5, ce: 0 } }] });
    expect(JSON.stringify(recipe)).toBe(before);
    expect(recipesOf(recipe, plan(recipe)).recipes[0]?.sweep).toBeUndefined();
  });

  test('whose values don’t go together are named with the mistake, before anything starts', () => {
    const sizes = { hidden_size: 32, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 4 };
    const recipe = swept({ values: { 'student.new.hidden_size': [32, 48], 'student.new.num_attention_heads': [4, 16] } }, { student: { new: sizes } });
    const { wrong, recipes } = recipesOf(recipe, plan(recipe));
    expect(recipes).toHaveLength(3);
    expect(wrong.map(({ values, problems: [first] }) => [Object.values(values), first?.code])).toEqual([[[48, 16], 'recipe-head-odd']]);
  });

  test('each of whose values is wrong by itself is told at that value, in the recipe’s own words', () => {
    const { problems: found = [] } = readRecipe(JSON.stringify(swept({ values: { 'stages.distil.temperature': [2, -1], 'stages.distil.batch.size': { from: 2, to: 5, steps: 3 } } })));
    expect(found.map(({ code, path }) => [code, path])).toEqual([
      ['recipe-too-small', 'sweep.values["stages.distil.temperature"][1]'], ['recipe-type', 'sweep.values["stages.distil.batch.size"]'],
    ]);
  });
});

describe('a sweep is refused', () => {
  const T = 'stages.distil.temperature';
  const cases: readonly (readonly [string, object, string])[] = [
    ['without values', { values: {} }, 'recipe-sweep-empty'],
    ['a path twice under two names', { values: { [T]: [1, 2], 'stages[0].temperature': [1] } }, 'recipe-sweep-twice'],
    ['a path inside another', { values: { 'stages.distil.weights': [{ kl: 1, ce: 0 }], 'stages.distil.weights.kl': [1] } }, 'recipe-sweep-twice'],
    ['a range without steps in a grid', { values: { [T]: { from: 1, to: 4 } } }, 'recipe-sweep-steps'],
    ['a logarithmic range that touches 0', { values: { [T]: { from: 0, to: 4, steps: 3, scale: 'log' } } }, 'recipe-sweep-log'],
    ['a range of one value', { values: { [T]: { from: 4, to: 4, steps: 3 } } }, 'recipe-sweep-range'],
    ['a random order without a number of runs', { order: 'random', values: { [T]: [1, 2] } }, 'recipe-sweep-runs'],
    ['a grid with a number of runs', { runs: 3, values: { [T]: [1, 2] } }, 'recipe-sweep-runs-grid'],
    ['more runs than anyone waits for', { seeds: 100, values: { [T]: { from: 1, to: 4, steps: 11 } } }, 'recipe-sweep-too-many'],
    ['an evaluation as what runs are stopped by', { metric: 'evaluation/accuracy', stopEarly: {}, values: { [T]: [1, 2] } }, 'recipe-sweep-stop-metric'],
    ['a metric that the sweep itself changes', { metric: 'validation/loss', values: { [T]: [1, 2] } }, 'recipe-sweep-metric-moves'],
    ['a divergence compared over temperatures', { metric: 'validation/kl', values: { [T]: [1, 2] } }, 'recipe-sweep-metric-moves'],
  ];
  test.each(cases)('%s', (_, sweep, code) => { expect(codes(swept(sweep))).toContain(code); });

  test('an export that every run would write to, and an accuracy that nothing measures', () => {
    expect(codes(swept({ values: { 'stages.export.dtype': ['float16', 'float32'] } }, { stages: [{ type: 'train' }, { type: 'export', to: 'out' }] }))).toEqual(['recipe-sweep-left-out']);
    expect(codes(swept({ metric: 'evaluation/accuracy', values: { 'stages.train.temperature': [1, 2] } }, { stages: [{ type: 'train' }] }))).toEqual(['recipe-gate-needs-evaluate']);
  });

  test('but not for a loss that what is swept leaves alone', () => {
    expect(codes(swept({ metric: 'validation/loss', values: { 'stages.distil.optimizer.learningRate': [1e-3, 1e-4] } }))).toEqual([]);
    const sweep = readRecipe(JSON.stringify(SWEPT_RECIPE)).recipe?.sweep;
    expect(sweep === undefined ? 0 : runCount(sweep)).toBe(18);
  });
});

test('a setting goes into the text of a recipe with its comments kept, and not into one that has no place for it', () => {
  const text = '{ // mine\n  "format": 1, "name": "a", "teachers": { "t": { "type": "local", "model": "m" } }, "student": { "fromTeacher": "t", "layers": [0] },\n  "data": { "train": "x.jsonl" }, "stages": [{ "type": "train", "temperature": 2 /* so far */ }]\n}';
  const after = withValues(text, { 'stages.train.temperature': 4, 'stages.train.optimizer.learningRate': 0.01 });
  expect(after).toContain('// mine');
  expect(readRecipe(after ?? '').recipe?.stages[0]).toMatchObject({ temperature: 4, optimizer: { learningRate: 0.01 } });
  expect(withValues(text, { 'stages.other.temperature': 4 })).toBeNull();
  expect(withValues(text, { 'stages.train.temperature': -4 })).toBeNull();
});
