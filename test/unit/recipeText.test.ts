import { describe, expect, test } from 'vitest';
import { sentence } from '../../src/shared/messages.ts';
import { problemLine, readRecipe, type RecipeProblem } from '../../src/shared/recipeText.ts';

const MINIMAL = `{
  // a comment, and trailing commas
  "format": 1,
  "name": "arith",
  "teachers": { "big": { "type": "local", "model": "teacher" } },
  "student": { "fromTeacher": "big", "layers": [0, 2] },
  "data": { "train": "data/train.jsonl" },
  "stages": [{ "type": "train" }, { "type": "evaluate" }],
}`;

function problems(text: string): readonly RecipeProblem[] {
  const read = readRecipe(text);
  if (read.problems === undefined) throw new Error('the recipe was accepted');
  return read.problems;
}

/** MINIMAL with changes at top level. */
function changed(change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    format: 1, name: 'x', teachers: { big: { type: 'local', model: 'teacher' } }, student: { model: 'student' },
    data: { train: 'train.jsonl' }, stages: [{ type: 'train' }], ...change,
  }, null, 2);
}

const codes = (text: string): readonly string[] => problems(text).map(({ path, code }) => `${path}: ${code}`);

test('a version that is missing says which one to write', () => {
  const [problem] = problems(MINIMAL.replace('"format": 1,', ''));
  expect(problem && problemLine(problem, 'distill.json', 'en')).toMatch(/format is missing; write one of: 1\.$/);
});

describe('a recipe that is right', () => {
  test('is short, and every default is filled in', () => {
    const { recipe } = readRecipe(MINIMAL);
    expect(recipe?.stages[0]).toMatchObject({ name: 'train', teacher: 'big', weights: { kl: 0.7, ce: expect.closeTo(0.3) as number }, temperature: 2, limits: { epochs: 3 }, batch: { size: 16, accumulate: 1 } });
    expect(recipe?.stages[1]).toMatchObject({ name: 'evaluate', teacher: 'big' });
    expect(recipe?.evaluate.split).toBe('validation');
    expect(recipe?.data).toMatchObject({ validation: 0.05, template: 'chat', tooLong: 'cut', fields: { prompt: 'prompt' } });
  });

  test('is the same recipe when it is frozen and read again', () => {
    const { recipe } = readRecipe(MINIMAL);
    expect(readRecipe(JSON.stringify(recipe)).recipe).toEqual(JSON.parse(JSON.stringify(recipe)));
  });

  test('several teachers name their first, and stay the same when they are frozen', () => {
    const text = changed({ teachers: { a: { type: 'local', model: 'a' }, b: { type: 'local', model: 'b' } }, student: { model: 's' }, stages: [{ type: 'train', teachers: [{ name: 'b', tasks: { maths: 2 } }, { name: 'a' }] }] });
    const { recipe } = readRecipe(text);
    expect(recipe?.stages[0]).toMatchObject({ teacher: 'b', teachers: [{ name: 'b', weight: 1, tasks: { maths: 2 } }, { name: 'a', weight: 1, tasks: {} }] });
    expect(readRecipe(JSON.stringify(recipe)).recipe).toEqual(JSON.parse(JSON.stringify(recipe)));
  });

  test('alpha is short for both weights; sequence has none on the teacher', () => {
    expect(readRecipe(changed({ stages: [{ type: 'train', alpha: 0.25 }] })).recipe?.stages[0]).toMatchObject({ weights: { kl: 0.25, ce: 0.75 } });
    expect(readRecipe(changed({ stages: [{ type: 'train', objective: 'sequence' }] })).recipe?.stages[0]).toMatchObject({ weights: { kl: 0, ce: 1 } });
  });

  test('begins with a byte order mark as some editors write it', () => {
    expect(readRecipe(`\uFEFF${MINIMAL}`).recipe?.name).toBe('arith');
  });
});

describe('a recipe that is wrong', () => {
  test('that ends too soon has one mistake at its end', () => {
    const cut = problems('{ "format": 1, "data": { "train": ');
    expect(new Set(cut.map(({ offset }) => offset)).size).toBe(cut.length);
    expect(cut.map(({ code }) => code)).toEqual(['recipe-syntax']);
  });

  test('the kinds of value that fit are named in words of people, in both languages', () => {
    const [problem] = problems(changed({ data: { train: 't', validation: true } }));
    expect(problem && sentence(problem.code, problem.data, 'en')).toBe('data.validation is true; expected text in double quotes or a number.');
    expect(problem && sentence(problem.code, problem.data, 'zh-cn')).toBe('data.validation 的值为 true；应为 双引号中的文本 或 数字。');
    const [seed] = problems(changed({ seed: 1.5 }));
    expect(seed && sentence(seed.code, seed.data, 'en')).toBe('seed is 1.5; expected a whole number.');
  });

  test('has all its mistakes named at once, in the order of the text', () => {
    const text = changed({
      name: '', extra: true,
      data: { train: 'train.jsonl', tooLong: 'chop', maxLength: 0 },
      stages: [
        { type: 'train', teacher: 'r1', weigths: { kl: 1, ce: 0 }, alpha: 2 },
        { type: 'trian' },
        { type: 'export' },
      ],
      seed: 'seven',
    });
    expect(codes(text)).toEqual([
      'name: recipe-empty',
      'data.tooLong: recipe-value',
      'data.maxLength: recipe-too-small',
      'stages[0].teacher: recipe-teacher-unknown',
      'stages[0].weigths: recipe-unknown-key-near',
      'stages[0].alpha: recipe-too-big',
      'stages[1].type: recipe-value',
      'stages[2].to: recipe-missing',
      'extra: recipe-unknown-key',
      'seed: recipe-type',
    ]);
  });

  test('a mistake is a place in the text, a sentence in two languages, and the allowed values', () => {
    const text = MINIMAL.replace('{ "type": "train" }', '{ "type": "train", "objective": "backward-kl" }');
    const [problem] = problems(text);
    expect(problem && text.slice(problem.offset, problem.offset + problem.length)).toBe('"backward-kl"');
    expect(problem).toMatchObject({ path: 'stages[0].objective', line: 8, allowed: ['"forward-kl"', '"reverse-kl"', '"jsd"', '"skew-kl"', '"sequence"'] });
    expect(problem && problemLine(problem, 'distill.json', 'en'))
      .toBe('distill.json:8:46: stages[0].objective is "backward-kl"; allowed: "forward-kl", "reverse-kl", "jsd", "skew-kl", "sequence".');
    expect(problem && sentence(problem.code, problem.data, 'zh-cn')).toBe('stages[0].objective 的值为 "backward-kl"；允许的值："forward-kl", "reverse-kl", "jsd", "skew-kl", "sequence"。');
  });

  test('a slip in a key is answered with the key that was meant', () => {
    const [problem] = problems(changed({ stages: [{ type: 'train', shedule: {} }] }));
    expect(problem && sentence(problem.code, problem.data, 'en')).toBe('stages[0].shedule is not known. Did you mean "schedule"?');
  });

  test('what is missing points at the thing that lacks it', () => {
    const text = changed({ data: {} });
    const [problem] = problems(text);
    expect(problem).toMatchObject({ path: 'data.train', code: 'recipe-missing' });
    expect(problem && text.slice(problem.offset, problem.offset + problem.length)).toBe('"data"');
  });

  test('text that is no JSON is named with its place', () => {
    expect(problems('{ "format": 1, "name" }')[0]).toMatchObject({ code: 'recipe-syntax', line: 1 });
    expect(problems('')).toHaveLength(1);
    expect(problems('[1]').map((problem) => problem.code)).toEqual(['recipe-not-object']);
    expect(problems('[]').map((problem) => problemLine(problem, 'distill.json', 'en'))).toEqual(['distill.json:1:1: The recipe is []; it must be one object: { "format": 1, … }.']);
  });

  test('a key written twice is not silently the later one', () => {
    expect(codes(changed({}).replace('"format": 1', '"format": 1, "format": 1'))).toEqual(['format: recipe-key-twice']);
  });

  const CASES: readonly (readonly [name: string, change: Readonly<Record<string, unknown>>, expected: readonly string[]])[] = [
    ['an API teacher gives no logits', { teachers: { r1: { type: 'api', baseUrl: 'https://api.deepseek.com', model: 'deepseek-reasoner' } }, stages: [{ type: 'train', teacher: 'r1' }] }, ['stages[0].teacher: recipe-teacher-no-logits']],
    ['forward-kl needs a teacher', { teachers: {} }, ['stages[0].teacher: recipe-teacher-missing']],
    ['several teachers: one must be named', { teachers: { a: { type: 'local', model: 'a' }, b: { type: 'local', model: 'b' } } }, ['stages[0].teacher: recipe-teacher-which']],
    ['weights and alpha together', { stages: [{ type: 'train', weights: { kl: 1, ce: 1 }, alpha: 0.5 }] }, ['stages[0].alpha: recipe-weights-and-alpha']],
    ['weights that are all 0', { stages: [{ type: 'train', weights: { kl: 0, ce: 0 } }] }, ['stages[0].weights: recipe-weights-zero']],
    ['several teachers are a mean of probabilities', { teachers: { a: { type: 'local', model: 'a' }, b: { type: 'local', model: 'b' } }, stages: [{ type: 'train', teachers: [{ name: 'a' }, { name: 'b' }], weights: { kl: 1, ce: 0, mse: 1 }, targets: { topK: 5 } }] }, ['stages[0].weights.mse: recipe-mixture-only-divergence', 'stages[0].weights.mse: recipe-targets-no-mse', 'stages[0].targets: recipe-mixture-only-divergence']],
    ['one of several teachers does not exist', { teachers: { a: { type: 'local', model: 'a' } }, stages: [{ type: 'train', teacher: 'b', teachers: [{ name: 'a' }, { name: 'c' }] }] }, ['stages[0].teacher: recipe-teacher-and-teachers', 'stages[0].teachers[1].name: recipe-teacher-unknown']],
    ['a store of the most probable tokens has no logits', { stages: [{ type: 'train', weights: { kl: 1, ce: 0, mse: 1 }, targets: { topK: 50 } }] }, ['stages[0].weights.mse: recipe-targets-no-mse']],
    ['sequence has no teacher', { stages: [{ type: 'train', objective: 'sequence', teacher: 'big' }] }, ['stages[0].teacher: recipe-sequence-has-no-teacher']],
    ['layers of an unknown teacher', { student: { fromTeacher: 'bog', layers: [0] } }, ['student.fromTeacher: recipe-teacher-unknown']],
    ['a student of two forms', { student: { model: 'a', fromTeacher: 'big', layers: [0] } }, ['student: recipe-student-form']],
    ['a student form with a mistake inside', { student: { fromTeacher: 'big', layers: [] } }, ['student.layers: recipe-empty']],
    ['two stages of one name', { stages: [{ type: 'train', name: 'a' }, { type: 'train', name: 'a' }] }, ['stages[1].name: recipe-stage-twice']],
    ['the torch engine', { engine: { kind: 'torch' } }, ['engine.kind: recipe-engine-torch']],
    ['a gate on an unknown metric', { stages: [{ type: 'train', gate: { metric: 'loss', max: 1 } }] }, ['stages[0].gate.metric: recipe-value']],
    ['a gate without a bound', { stages: [{ type: 'train', gate: { metric: 'validation/loss' } }] }, ['stages[0].gate: recipe-gate-empty']],
    ['nothing held out to watch', { data: { train: 't', validation: 0 }, stages: [{ type: 'train', earlyStop: { patience: 3 } }] }, ['stages[0].earlyStop: recipe-nothing-to-watch']],
    ['everything held out', { data: { train: 't', validation: 0.5, test: 0.5 } }, ['data.test: recipe-nothing-to-train']],
    ['a path that climbs out of the project', { data: { train: 'data/../../other.jsonl' }, student: { model: '../x' } }, ['student.model: recipe-path-escapes', 'data.train: recipe-path-escapes']],
    ['a test split that is not there', { evaluate: { split: 'test' } }, ['evaluate.split: recipe-no-test-split']],
    ['heads that do not divide the width', { student: { new: { hidden_size: 30, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 4 } } }, ['student.new.num_attention_heads: recipe-heads']],
    ['key heads that do not divide the heads', { student: { new: { hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 3 } } }, ['student.new.num_key_value_heads: recipe-kv-heads']],
    ['rows longer than the new model', { student: { new: { hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 4, max_position_embeddings: 64 } } }, ['data.maxLength: recipe-longer-than-model']],
    ['a template without the prompt', { data: { train: 't', template: { prompt: 'Q:', completion: '{think}{answer}' } } }, ['data.template.prompt: recipe-template-mark']],
    ['a template that is neither', { data: { train: 't', template: 'alpaca' } }, ['data.template: recipe-type']],
    ['a share above 1', { data: { train: 't', validation: 5 } }, ['data.validation: recipe-too-big']],
    ['a key in place of its variable’s name', { teachers: { big: { type: 'local', model: 'm' }, r1: { type: 'api', baseUrl: 'https://x.org', model: 'r', keyVariable: 'sk-123' } }, stages: [{ type: 'train', teacher: 'big' }] }, ['teachers.r1.keyVariable: recipe-format']],
  ];
  test.each(CASES)('%s', (_name, change, expected) => {
    expect(codes(changed(change))).toEqual(expected);
  });

  test('absolute paths are the person’s own will', () => {
    expect(readRecipe(changed({ student: { model: '/models/llama' }, data: { train: 'C:\\data\\t.jsonl' } })).recipe).toBeDefined();
  });

  test('every sentence of a recipe’s mistake has its place and its values filled in, in both languages', () => {
    for (const [, change] of CASES) {
      for (const problem of problems(changed(change))) {
        for (const language of ['en', 'zh-cn'] as const) expect(sentence(problem.code, problem.data, language)).not.toMatch(/undefined|\{(path|got|allowed|name|key)\}/);
      }
    }
  });
});
