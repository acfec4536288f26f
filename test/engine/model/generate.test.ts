/** Generation: a row's text depends on its prompt, its place and the seed, never on its neighbours. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import type { DecoderModel, GenerateOptions } from '../../../src/engine/model/contract.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { generate } from '../../../src/engine/model/generate.ts';
import { loadTokenizer } from '../../../src/engine/model/tokenizer.ts';
import { tf } from '../../../src/engine/tf.ts';
import { MODELS, reference, storiesCase } from './reference.ts';

const greedy: GenerateOptions = { maxNewTokens: 40, temperature: 0, topP: 1, seed: 0, eosTokenIds: [] };
const sampled: GenerateOptions = { ...greedy, temperature: 1, topP: 0.95, seed: 7 };

let backend: Backend;
let model: DecoderModel;
let prompts: readonly (readonly number[])[];
beforeAll(async () => {
  backend = await openBackend({ backend: 'wasm', threads: 1 });
  const folder = path.join(MODELS, 'stories260k');
  model = await loadDecoder(folder, backend);
  const tokenizer = await loadTokenizer(folder);
  prompts = ['Once', 'Lily saw a dog. The dog', 'The sun was', 'One day, a little boy named Tim went to the park with his mom', 'Mom said'].map((text) => tokenizer.encode(text, { special: true }));
});
afterAll(async () => {
  model.dispose();
  await backend.dispose();
});

/** Rows end at different times: each prompt has an end token of its own making, so batches shrink while they run. */
async function endToken(): Promise<number> {
  const rows = await generate(model, prompts, greedy);
  const places = (id: number): number[] => rows.map(({ ids }) => ids.indexOf(id));
  return [...Array(model.config.vocabSize).keys()].find((id) => new Set(places(id).filter((place) => place > 2)).size >= 3)!;
}

test('a batch of prompts of different lengths gives what each gives alone, however it is cut, while rows end one by one', async () => {
  const options = { ...greedy, eosTokenIds: [await endToken()] };
  const alone = [];
  for (const prompt of prompts) alone.push(...await generate(model, [prompt], options));
  expect(new Set(alone.map(({ ids }) => ids.length)).size).toBeGreaterThan(2);
  for (const batch of [5, 3]) expect(await generate(model, prompts, { ...options, batch })).toEqual(alone);
});

test('the cache gives what computing everything again gives', async () => {
  const ids = [...storiesCase.ids];
  for (let step = 0; step < 12; step++) ids.push(tf.tidy(() => tf.argMax(model.forward(tf.tensor2d([ids], [1, ids.length], 'int32')), -1).dataSync().at(-1)!));
  expect((await generate(model, [storiesCase.ids], { ...greedy, maxNewTokens: 12 }))[0]!.ids).toEqual(ids.slice(storiesCase.ids.length));
});

describe('sampling', () => {
  test('a row depends on the seed and its place, not on its neighbours', async () => {
    const options = { ...sampled, eosTokenIds: [await endToken()] };
    const all = await generate(model, prompts, options);
    expect(await generate(model, prompts, { ...options, batch: 2 })).toEqual(all);
    expect((await generate(model, [prompts[0]!], options))[0]).toEqual(all[0]);
    expect(await generate(model, prompts, { ...options, seed: 8 })).not.toEqual(all);
  });

  test('the same prompt twice gives two texts', async () => {
    const [first, second] = await generate(model, [prompts[0]!, prompts[0]!], sampled);
    expect(first).not.toEqual(second);
  });

  test('a tiny nucleus and a low temperature are greedy', async () => {
    const expected = await generate(model, prompts, greedy);
    expect(await generate(model, prompts, { ...sampled, topP: 1e-6 })).toEqual(expected);
    expect(await generate(model, prompts, { ...sampled, temperature: 1e-4 })).toEqual(expected);
  });
});

test('it stops when told so, with what there is', async () => {
  let calls = 0;
  const rows = await generate(model, prompts, { ...greedy, stopped: () => ++calls > 4 });
  for (const row of rows) expect(row).toMatchObject({ finish: 'stopped', ids: { length: 4 } });
});

test('it tells how far it is', async () => {
  const seen: { rows: number; tokens: number }[] = [];
  await generate(model, prompts, { ...greedy, maxNewTokens: 3, batch: 3, progress: (done) => seen.push(done) });
  expect(seen).toEqual([[0, 3], [0, 6], [3, 9], [3, 11], [3, 13], [5, 15]].map(([rows, tokens]) => ({ rows, tokens })));
});

test('a row ends at the last position of the model, its neighbours go on', async () => {
  const short = await loadDecoder(path.join(MODELS, 'tiny-llama'), backend);
  const long = Array.from({ length: 48 }, (_, i) => i);
  const rows = await generate(short, [long, long.slice(0, 45), [1, 2]], { ...greedy, maxNewTokens: 20 });
  expect(rows.map(({ ids, finish }) => [ids.length, finish])).toEqual([[0, 'length'], [3, 'length'], [20, 'length']]);
  await expect(generate(short, [[...long, 1]], greedy)).rejects.toMatchObject({ code: 'sequence-too-long', data: { length: 49, limit: 48 } });
  await expect(generate(short, [[50]], greedy)).rejects.toMatchObject({ code: 'token-not-in-model', data: { token: 50 } });
  short.dispose();
});

test('no prompts, no results', async () => {
  expect(await generate(model, [], greedy)).toEqual([]);
});

test('the reference ends where Transformers ends', async () => {
  const qwen = await loadDecoder(path.join(MODELS, 'tiny-qwen2'), backend);
  const rows = await generate(qwen, reference.qwen2.map(({ ids }) => ids), { ...greedy, maxNewTokens: 24, eosTokenIds: [382, 380] });
  expect(rows.map(({ finish }) => finish)).toEqual(['end', 'end', 'end', 'length']);
  qwen.dispose();
});
