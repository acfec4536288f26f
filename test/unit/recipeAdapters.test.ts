/** The keys of adapters, frozen parts and presets: what they become, and what is refused with the way out. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sentence } from '../../src/shared/messages.ts';
import { PRESET_NAMES, PRESETS, presetParameters } from '../../src/shared/recipePresets.ts';
import { recipePaths } from '../../src/shared/recipePaths.ts';
import { readRecipe } from '../../src/shared/recipeText.ts';

function recipe(change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    format: 1, name: 'x', teachers: { big: { type: 'local', model: 'teacher' } }, student: { model: 'student' }, data: { train: 'train.jsonl' }, stages: [{ type: 'train' }], ...change,
  }, null, 2);
}

function stageOf(stage: object, student: object = { model: 'student' }): unknown {
  const read = readRecipe(recipe({ student, stages: [{ type: 'train', ...stage }] }));
  return read.recipe?.stages[0] ?? read.problems;
}

const codes = (change: Readonly<Record<string, unknown>>): readonly string[] => (readRecipe(recipe(change)).problems ?? []).map(({ path, code }) => `${path}: ${code}`);

describe('lora', () => {
  test('needs a rank; all linear layers and twice the rank are what is usual', () => {
    expect(stageOf({ lora: { rank: 8 } })).toMatchObject({ lora: { rank: 8, alpha: 16, rslora: false, targets: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] } });
    expect(stageOf({ lora: { rank: 4, alpha: 4, targets: ['v_proj', 'q_proj'], rslora: true } })).toMatchObject({ lora: { alpha: 4, rslora: true, targets: ['q_proj', 'v_proj'] } });
    expect(codes({ stages: [{ type: 'train', lora: {} }] })).toEqual(['stages[0].lora.rank: recipe-missing']);
  });

  test('is the same when the recipe is frozen and read again', () => {
    const { recipe: read } = readRecipe(recipe({ stages: [{ type: 'train', lora: { rank: 8 } }] }));
    expect(readRecipe(JSON.stringify(read)).recipe).toEqual(JSON.parse(JSON.stringify(read)));
  });

  test('of something that is no projection is refused with those that are', () => {
    const [problem] = readRecipe(recipe({ stages: [{ type: 'train', lora: { rank: 8, targets: ['lm_head'] } }] })).problems ?? [];
    expect(problem).toMatchObject({ path: 'stages[0].lora.targets[0]' });
    expect(problem === undefined ? '' : sentence(problem.code, problem.data, 'en')).toContain('q_proj');
  });

  test('leaves freeze nothing to say', () => {
    expect(codes({ stages: [{ type: 'train', lora: { rank: 8 }, freeze: ['norms'] }] })).toEqual(['stages[0].freeze: recipe-lora-and-freeze']);
  });
});

describe('exporting an adapter', () => {
  const last = { type: 'export', to: 'out', adapter: true };
  test('needs a stage before it that has one', () => {
    expect(codes({ stages: [{ type: 'train', lora: { rank: 8 } }, last] })).toEqual([]);
    expect(codes({ stages: [{ type: 'train' }, last] })).toEqual(['stages[1].adapter: recipe-export-no-adapter']);
    // A stage without lora has merged it.
    expect(codes({ stages: [{ type: 'train', name: 'a', lora: { rank: 8 } }, { type: 'train', name: 'b' }, last] })).toEqual(['stages[2].adapter: recipe-export-no-adapter']);
    expect(codes({ student: { model: 's', adapter: 'a' }, stages: [last] })).toEqual([]);
  });

  test('has no int8 form', () => {
    expect(codes({ stages: [{ type: 'train', lora: { rank: 8 } }, { ...last, dtype: 'int8' }] })).toEqual(['stages[1].dtype: recipe-adapter-int8']);
  });
});

test('adapters of student and teacher are paths of the recipe: inside its folder, or absolute', () => {
  const written = { student: { model: 's', adapter: '../a' }, teachers: { big: { type: 'local', model: 't', adapter: 'b/../../c' } } };
  expect(codes(written)).toEqual(expect.arrayContaining(['student.adapter: recipe-path-escapes', 'teachers.big.adapter: recipe-path-escapes']));
  expect(recipePaths(written).map(({ path }) => path)).toEqual(expect.arrayContaining(['../a', 'b/../../c']));
});

describe('a preset', () => {
  test('becomes the sizes of a new model', () => {
    const { recipe: read } = readRecipe(recipe({ student: { preset: 'nano' } }));
    expect(read?.student).toEqual({ new: expect.objectContaining({ hidden_size: 64, num_hidden_layers: 4, num_key_value_heads: 2, max_position_embeddings: 2048, tie_word_embeddings: true }) as unknown });
    expect(readRecipe(JSON.stringify(read)).recipe).toEqual(JSON.parse(JSON.stringify(read)));
  });

  test('needs a tokenizer, and positions for the longest row', () => {
    expect(codes({ teachers: {}, student: { preset: 'nano' }, stages: [{ type: 'train', objective: 'sequence' }] })).toEqual(['student.tokenizer: recipe-no-tokenizer']);
    expect(codes({ student: { preset: 'nano', max_position_embeddings: 128 }, data: { train: 't.jsonl', maxLength: 256 } })).toEqual(['data.maxLength: recipe-longer-than-model']);
  });

  test('of another name is refused with those that there are', () => {
    const [problem] = readRecipe(recipe({ student: { preset: 'tiny' } })).problems ?? [];
    expect(problem).toMatchObject({ path: 'student.preset', allowed: PRESET_NAMES.map((name) => JSON.stringify(name)) });
    expect(codes({ student: { preset: 'nano', model: 'x' } })).toEqual(['student: recipe-student-form']);
  });

  test.each(PRESET_NAMES)('%s has a shape that kernels like: grouped queries, even heads, widths of whole vectors', (name) => {
    const { hidden_size: width, intermediate_size: inner, num_attention_heads: heads, num_key_value_heads: kv } = PRESETS[name];
    expect(width % heads).toBe(0);
    expect((width / heads) % 8).toBe(0);
    expect(heads % kv).toBe(0);
    expect(kv).toBeLessThan(heads);
    expect([width % 8, inner % 8]).toEqual([0, 0]);
  });

  test('says in its hover text how large it becomes', () => {
    const millions = (count: number): string => (count < 100e6 ? (count / 1e6).toFixed(1) : (count / 1e6).toFixed(0));
    const told = PRESET_NAMES.map((name) => {
      const { blocks, perToken } = presetParameters(name);
      return `${name} ${millions(blocks)}M (${millions(blocks + 8192 * perToken)}M)`;
    }).join(', ');
    expect(readFileSync(new URL('../../media/schemas/recipe.schema.json', import.meta.url), 'utf8')).toContain(told);
  });
});
