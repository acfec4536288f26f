/** A run with adapters: small checkpoints beside a base, bit for bit after a kill, merged or gone on with by what follows. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import { readFloats } from '../../../src/engine/model/decoder.ts';
import { loadDecoder, saveDecoder } from '../../../src/engine/model/folder.ts';
import { Models } from '../../../src/engine/stages/models.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { findCheckpoint } from '../../../src/engine/train/checkpoint.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import type { Recipe } from '../../../src/shared/recipe.ts';
import { readRecipe } from '../../../src/shared/recipeText.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { makeInput, makeRows, type Recorder } from '../train/setup.ts';

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures/models');
const SIZES = { hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 64 };
const COMMON = { type: 'train', objective: 'sequence', batch: { size: 4 }, optimizer: { learningRate: 0.01 }, validate: { every: 4 }, checkpoint: { every: 3, keepLast: 2 }, limits: { steps: 8 } };
const LORA = { rank: 3, targets: ['q_proj', 'v_proj', 'down_proj'] };

let backend: Backend;
beforeAll(async () => { backend = await openBackend({ backend: 'wasm', threads: 1 }); });
afterAll(() => backend.dispose());

function recipeOf(stages: readonly object[], student: object = { new: SIZES, tokenizer: path.join(FIXTURES, 'small-vocabulary') }): Recipe {
  const { recipe, problems } = readRecipe(JSON.stringify({
    format: 1, name: 'adapters', student, data: { train: 'train.jsonl', validation: 0.2, template: { prompt: '{prompt}', completion: '{think}{answer}' }, maxLength: 32 }, stages, seed: 5,
  }));
  if (recipe === undefined) throw new Error(JSON.stringify(problems));
  return recipe;
}

interface Life { readonly models: Models; readonly student: DecoderModel; readonly told: Recorder }

/** A stage as a run executes it: models from the recipe or a checkpoint, then the trainer. */
async function live(folder: string, recipe: Recipe, index: number, options: { readonly models?: Models; readonly stopAfter?: number } = {}): Promise<Life> {
  const stage = recipe.stages[index];
  if (stage?.type !== 'train') throw new Error('no training stage');
  const checkpoints = path.join(folder, 'checkpoints');
  mkdirSync(checkpoints, { recursive: true });
  const models = options.models ?? await Models.open(recipe, folder, backend);
  const { found } = await findCheckpoint(checkpoints);
  await models.student(found?.folder ?? null);
  const student = await models.studentFor({ quantise: stage.quantise, lora: stage.lora, freeze: stage.freeze }, { index, checkpoints });
  const resume = found?.state.stage === index ? found : null;
  const before = resume === null ? { steps: found?.state.step ?? 0, tokens: found?.state.tokens ?? 0 } : { steps: resume.state.step - resume.state.stageStep, tokens: 0 };
  const input = await makeInput({
    student, stage, stageIndex: index, checkpoints, before, resume, vocabulary: student.config.vocabSize, tokenizerFolder: models.tokenizerFolder, train: makeRows(24, 1), validation: makeRows(6, 2),
    orders: options.stopAfter === undefined ? {} : { [options.stopAfter]: ['stop'] },
  });
  await trainStage(input);
  return { models, student, told: input.reporter };
}

async function bits(model: DecoderModel): Promise<ReadonlyMap<string, Float32Array>> {
  return new Map(await Promise.all([...model.weights, ...model.trainable].map(async ([name, weight]) => [name, await readFloats(weight)] as const)));
}

test('a stage of adapters leaves the base as it was, and is resumed bit for bit from a checkpoint that holds only the adapter', async () => {
  const recipe = recipeOf([{ ...COMMON, lora: LORA }]);
  const [whole, torn] = [temporaryFolder(), temporaryFolder()];
  const uninterrupted = await live(whole, recipe, 0);
  await live(torn, recipe, 0, { stopAfter: 5 });
  const resumed = await live(torn, recipe, 0);
  expect(await bits(resumed.student)).toEqual(await bits(uninterrupted.student));
  expect(resumed.told.exact(5)).toEqual(uninterrupted.told.exact(5));
  const fresh = await (await Models.open(recipe, whole, backend)).student(null);
  for (const [name, weight] of fresh.weights) expect(await readFloats(uninterrupted.student.weights.get(name)!), name).toEqual(await readFloats(weight));
  const losses = uninterrupted.told.metrics.flatMap(({ values }) => typeof values['loss'] === 'number' ? [values['loss']] : []);
  expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);

  const checkpoint = path.join(whole, 'checkpoints', 'step-000008');
  expect(readdirSync(checkpoint)).toEqual(expect.arrayContaining(['adapter_config.json', 'adapter_model.safetensors', 'trainer.json', 'tokenizer.json']));
  expect(existsSync(path.join(checkpoint, 'model.safetensors'))).toBe(false);
  // rank · (in + out) numbers for each projection, in the adapter and in each moment.
  const numbers = 2 * 3 * ((16 + 16) + (16 + 8) + (24 + 16));
  for (const [file, times] of [['adapter_model.safetensors', 1], ['trainer.safetensors', 2]] as const) {
    expect(statSync(path.join(checkpoint, file)).size).toBeLessThan(4 * numbers * times + 5000);
  }
});

test('a run is resumed after its folder was moved, and told when its base is gone', async () => {
  const recipe = recipeOf([{ ...COMMON, lora: LORA }]);
  const folder = temporaryFolder();
  await live(folder, recipe, 0, { stopAfter: 4 });
  const moved = path.join(temporaryFolder(), 'elsewhere');
  renameSync(folder, moved);
  const { told } = await live(moved, recipe, 0, { stopAfter: 6 });
  expect(told.metrics.at(-1)?.step).toBe(6);
  rmSync(path.join(moved, 'checkpoints', 'base-0', 'model.safetensors'));
  await expect(live(moved, recipe, 0)).rejects.toMatchObject({ code: 'model-file-missing' });
});

test('the next stage without adapters trains the merged weights; one with the same adapter goes on with it', async () => {
  const recipe = recipeOf([{ ...COMMON, name: 'a', lora: LORA }, { ...COMMON, name: 'b', lora: LORA, optimizer: { learningRate: 0.003 } }, { ...COMMON, name: 'c' }]);
  const [whole, torn] = [temporaryFolder(), temporaryFolder()];
  const first = await live(whole, recipe, 0);
  const before = await bits(first.student);
  const second = await live(whole, recipe, 1, { models: first.models });
  expect(second.student.adapter).not.toBeNull();
  expect(second.student.adapter?.base).toBe(first.student.adapter?.base);
  expect(await readFloats([...second.student.trainable.values()][0]!)).not.toEqual(before.get([...second.student.trainable.keys()][0] ?? ''));
  const last = await live(whole, recipe, 2, { models: first.models });
  expect(last.student.adapter).toBeNull();
  expect(existsSync(path.join(whole, 'checkpoints', 'step-000024', 'model.safetensors'))).toBe(true);
  expect(readdirSync(path.join(whole, 'checkpoints')).filter((name) => name.startsWith('base-'))).toEqual(['base-0']);

  // The same, each stage by an engine of its own.
  for (const index of [0, 1, 2]) await live(torn, recipe, index);
  const again = await loadDecoder(path.join(torn, 'checkpoints', 'step-000024'), backend);
  expect(await bits(again)).toEqual(await bits(last.student));
});

test('the best checkpoint’s adapter is taken back by early stopping', async () => {
  const recipe = recipeOf([{ ...COMMON, lora: LORA, optimizer: { learningRate: 0.5 }, validate: { every: 1 }, earlyStop: { patience: 2 }, limits: { steps: 40 } }]);
  const folder = temporaryFolder();
  const { student } = await live(folder, recipe, 0);
  const best = (await findCheckpoint(path.join(folder, 'checkpoints'))).found?.state.best?.name ?? '';
  expect(await bits(await loadDecoder(path.join(folder, 'checkpoints', best), backend))).toEqual(await bits(student));
});

test('a student may start beside an adapter that PEFT wrote: the folder that the recipe names is the base', async () => {
  const model = path.join(temporaryFolder(), 'base');
  const made = await Models.open(recipeOf([{ ...COMMON }]), temporaryFolder(), backend);
  await saveDecoder(await made.student(null), model, { tokenizerFolder: path.join(FIXTURES, 'small-vocabulary') });
  const first = recipeOf([{ ...COMMON, lora: LORA }], { model });
  const folder = temporaryFolder();
  const { student } = await live(folder, first, 0);
  const adapter = path.join(folder, 'checkpoints', 'step-000008');
  expect((JSON.parse(readFileSync(path.join(adapter, 'adapter_config.json'), 'utf8')) as Record<string, unknown>)['base_model_name_or_path']).toBe(model);
  // Somebody else's file doesn't say which weights it was made for.
  writeFileSync(path.join(adapter, 'adapter_config.json'), readFileSync(path.join(adapter, 'adapter_config.json'), 'utf8').replace(model, 'somebody/base'));
  const started = await Models.open(recipeOf([{ ...COMMON, lora: LORA }], { model, adapter }), temporaryFolder(), backend);
  expect(await bits(await started.student(null))).toEqual(await bits(student));
});

test('frozen parts stay as they are and have neither gradients nor moments; the rest is resumed bit for bit', async () => {
  const recipe = recipeOf([{ ...COMMON, freeze: ['embeddings', 'layers.0', 'norms'] }]);
  const [whole, torn] = [temporaryFolder(), temporaryFolder()];
  const { student } = await live(whole, recipe, 0);
  expect([...student.trainable.keys()].every((name) => /^model\.layers\.1\..*_proj\.weight$/.test(name))).toBe(true);
  const fresh = await (await Models.open(recipe, whole, backend)).student(null);
  for (const [name, weight] of fresh.weights) {
    const same = Buffer.from((await readFloats(weight)).buffer).equals(Buffer.from((await readFloats(student.weights.get(name)!)).buffer));
    expect(same, name).toBe(!student.trainable.has(name));
  }
  await live(torn, recipe, 0, { stopAfter: 5 });
  expect(await bits((await live(torn, recipe, 0)).student)).toEqual(await bits(student));
});
