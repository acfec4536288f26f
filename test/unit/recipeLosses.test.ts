/** What a training stage can't learn from is refused before anything is launched: the place, the sentence, the way out. */
import { describe, expect, test } from 'vitest';
import { sentence } from '../../src/shared/messages.ts';
import { readRecipe } from '../../src/shared/recipeText.ts';

const LOCAL = { type: 'local', model: 'm' };
const recipe = (stages: readonly object[], more: object = {}): string => JSON.stringify({
  format: 1, name: 'x', teachers: { big: LOCAL }, student: { fromTeacher: 'big', layers: [0] }, data: { train: 't.jsonl' }, stages: stages.map((stage, index) => ({ type: 'train', name: `s${String(index)}`, ...stage })), ...more,
});
const TWO = { teachers: { big: LOCAL, other: LOCAL } };

const REFUSED: readonly (readonly [what: string, stages: readonly object[], expected: readonly string[], wayOut: RegExp, more?: object])[] = [
  ['a weight that never arrives', [{ weights: { kl: { from: 0, to: 1, steps: 50 }, ce: 1 }, limits: { steps: 20 } }], ['stages[0].weights.kl.steps: recipe-course-too-long'], /Shorten it to 20/],
  ['a temperature that never arrives', [{ temperature: { from: 5, to: 1, steps: 50 }, limits: { steps: 20 } }], ['stages[0].temperature.steps: recipe-course-too-long'], /Shorten it to 20/],
  ['an exponential course from nothing', [{ weights: { kl: { from: 0, to: 1, kind: 'exponential' }, ce: 1 } }], ['stages[0].weights.kl.kind: recipe-course-from-nothing'], /linear or cosine/],
  ['a negative weight', [{ weights: { kl: { from: -1, to: 1 }, ce: 1 } }], ['stages[0].weights.kl.from: recipe-too-small'], /0/],
  ['weights that are 0 at every step', [{ weights: { kl: { from: 0, to: 0 }, ce: 0 } }], ['stages[0].weights: recipe-weights-zero'], /weights/],
  ['cross-entropy alone with a teacher’s term', [{ objective: 'sequence', weights: { kl: 0, ce: 1, hidden: { from: 0, to: 1 } } }], ['stages[0].weights.hidden: recipe-sequence-has-no-teacher'], /sequence/],
  ['cross-entropy alone with another vocabulary', [{ objective: 'sequence', weights: { kl: 0, ce: 1, uld: 1 } }], ['stages[0].weights.uld: recipe-sequence-has-no-teacher'], /sequence/],
  ['another vocabulary of nobody', [{ weights: { kl: 0, ce: 1, uld: 1 }, uld: { teacher: 'bog' } }], ['stages[0].uld.teacher: recipe-teacher-unknown'], /"big"/],
  ['one of several such teachers does not exist', [{ weights: { kl: 1, ce: 1, uld: 1 }, teacher: 'big', uld: { teacher: ['other', 'bog'] } }], ['stages[0].uld.teacher[1]: recipe-teacher-unknown'], /"big", "other"/, TWO],
  ['another vocabulary without a weight', [{ teacher: 'big', uld: { teacher: 'other' } }], ['stages[0].uld: recipe-uld-without-weight'], /weights\.uld a weight/, TWO],
  ['a service’s word at another T', [{ targets: { topK: 20, from: 'data' }, temperature: 2 }], ['stages[0].temperature: recipe-targets-data-temperature'], /temperature to 1, or targets\.tail to "drop"/],
  ['a service’s word for reverse KL', [{ objective: 'reverse-kl', targets: { topK: 20, from: 'data' } }], ['stages[0].objective: recipe-targets-data-objective'], /forward-kl/],
  ['a service’s word for JSD that is reverse KL', [{ objective: 'jsd', beta: 1, targets: { topK: 20, from: 'data' } }], ['stages[0].objective: recipe-targets-data-objective'], /forward-kl/],
  ['a service has no inside', [{ weights: { kl: 1, ce: 0, hidden: 1 }, targets: { topK: 20, from: 'data' } }], ['stages[0].weights.hidden: recipe-targets-data-alone'], /Remove one/],
  ['a store of the most probable tokens has no logits', [{ weights: { kl: 1, ce: 0, mse: { from: 0, to: 1 } }, targets: { topK: 5 } }], ['stages[0].weights.mse: recipe-targets-no-mse'], /./],
  ['a teacher that is trained on itself', [{ trains: 'big' }], ['stages[0].objective: recipe-warm-up-objective'], /"objective": "sequence"/],
  ['a teacher that is not there to be trained', [{ trains: 'bog', objective: 'sequence' }], ['stages[0].trains: recipe-teacher-unknown'], /"big"/],
  ['a service that is to be trained', [{ trains: 'r1', objective: 'sequence' }], ['stages[0].trains: recipe-teacher-no-logits'], /"big"/, { teachers: { big: LOCAL, r1: { type: 'api', baseUrl: 'https://x.org', model: 'r' } } }],
  ['a warm-up for INT8', [{ trains: 'big', objective: 'sequence', quantise: 'int8' }], ['stages[0].quantise: recipe-warm-up-only'], /Remove it/],
  ['two stages that only their type names', [{ name: undefined }, { name: undefined }], ['stages[1].name: recipe-stage-twice-unnamed'], /Give one of them a "name"/],
  ['weights of nothing at all', [{ weights: {} }], ['stages[0].weights: recipe-weights-zero'], /./],
  ['cross-entropy alone without its weight', [{ objective: 'sequence', weights: { kl: 0 } }], ['stages[0].weights: recipe-weights-zero'], /./],
  ['attention whose scores are not kept', [{ weights: { attention: 1 }, gradientCheckpointing: true }], ['stages[0].gradientCheckpointing: recipe-checkpointing-attention'], /scores inside the blocks, which gradientCheckpointing doesn’t keep/],
  ['attention over rows in one sequence', [{ weights: { attention: 1 }, packing: true }], ['stages[0].packing: recipe-packing-attention'], /several rows into one/],
  ['a service’s word at another T, with targets that name no number', [{ targets: { from: 'data' }, temperature: 2 }], ['stages[0].targets.topK: recipe-missing', 'stages[0].temperature: recipe-targets-data-temperature'], /./],
  ['products in 16 bits by a backend that has none', [{ precision: 'bfloat16' }], ['stages[0].precision: recipe-precision-backend'], /engine\.backend to "auto"/, { engine: { backend: 'wasm' } }],
  ['one teacher twice', [{ teachers: [{ name: 'big' }, { name: 'big', weight: 2 }] }], ['stages[0].teachers[1].name: recipe-teachers-twice'], /once/],
  ['a mixture of nobody', [{ combine: 'confidence', tau: 0.5 }], ['stages[0].combine: recipe-combine-alone', 'stages[0].tau: recipe-combine-alone'], /Name them in teachers/],
  ['a warm-up after the student', [{ objective: 'sequence' }, { trains: 'big', objective: 'sequence' }], ['stages[1].trains: recipe-warm-up-late'], /before every stage/],
];

describe('is refused', () => {
  test.each(REFUSED.map(([what, stages, expected, wayOut, more]) => ({ what, stages, expected, wayOut, more })))('$what', ({ stages, expected, wayOut, more }) => {
    const { problems = [] } = readRecipe(recipe(stages, more));
    expect(problems.map(({ path, code }) => `${path}: ${code}`)).toEqual(expected);
    for (const { code, data } of problems) {
      expect(sentence(code, data, 'en')).toMatch(wayOut);
      for (const language of ['en', 'zh-cn'] as const) expect(sentence(code, data, language), 'every part is filled').not.toMatch(/\{[a-zA-Z]+\}/);
      expect(sentence(code, data, 'zh-cn')).toMatch(/\p{Script=Han}/u);
    }
  });
});

const TAKEN: readonly (readonly [what: string, stages: readonly object[], more?: object])[] = [
  ['weights that change, to their end or sooner', [{ weights: { kl: { from: 0, to: 1, steps: 20 }, ce: { from: 1, to: 0, kind: 'cosine' } }, limits: { steps: 20 } }]],
  ['another vocabulary alone, of several teachers', [{ weights: { kl: 0, ce: 1, uld: 1.5 }, uld: { teacher: 'other' } }, { type: 'evaluate', teacher: 'big' }], TWO],
  ['another vocabulary beside the student’s own', [{ weights: { kl: 1, ce: 0, uld: 1 }, teacher: 'big', uld: { teacher: ['other'], topK: 20 } }], TWO],
  ['a service’s word, with no local teacher at all', [{ targets: { topK: 20, from: 'data' } }], { teachers: {}, student: { model: 'folder' } }],
  ['a service’s word without its tail', [{ targets: { topK: 20, from: 'data', tail: 'drop' }, temperature: 2 }]],
  ['a weight of one term alone', [{ weights: { hidden: 1 } }, { weights: { kl: 1 } }]],
  ['products in 16 bits by TensorFlow', [{ precision: 'bfloat16' }], { engine: { backend: 'tensorflow' } }],
  ['warm-up, then distillation', [{ trains: 'big', objective: 'sequence' }, {}]],
];

test.each(TAKEN.map(([what, stages, more]) => ({ what, stages, more })))('is taken: $what', ({ stages, more }) => {
  const read = readRecipe(recipe(stages, more));
  expect(read.problems).toBeUndefined();
  // With its defaults filled in it is a recipe still.
  expect(readRecipe(JSON.stringify(read.recipe)).problems).toBeUndefined();
});

test('T is 2 where it isn’t given, 1 for what a service said', () => {
  const temperatures = readRecipe(recipe([{}, { targets: { topK: 20, from: 'data' } }, { temperature: 3 }])).recipe?.stages.map((stage) => (stage.type === 'train' ? stage.temperature : null));
  expect(temperatures).toEqual([2, 1, 3]);
});

test('a weight that isn’t given is 0', () => {
  const [stage] = readRecipe(recipe([{ weights: { hidden: 1 } }])).recipe?.stages ?? [];
  expect(stage?.type === 'train' ? stage.weights : null).toEqual({ kl: 0, ce: 0, mse: 0, hidden: 1, attention: 0, uld: 0 });
});
