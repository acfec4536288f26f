/**
 * Every way to compute tokens writes the same: each backend's own, operation by operation, with a cache that is written in
 * place and with one that is copied. Several samples, their log-probabilities, adapters, what is left in memory.
 */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { DecoderModel, GenerateOptions } from '../../../src/engine/model/contract.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { generate } from '../../../src/engine/model/generate.ts';
import { merge, withNewAdapter } from '../../../src/engine/model/lora.ts';
import { Random } from '../../../src/engine/model/random.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import { tf } from '../../../src/engine/tf.ts';
import { tensorflowFolder } from '../../fixtures/tensorflow.ts';
import { MODELS } from './reference.ts';

const greedy: GenerateOptions = { maxNewTokens: 12, temperature: 0, topP: 1, seed: 3, eosTokenIds: [5, 6, 17] };
const sampled: GenerateOptions = { ...greedy, temperature: 0.8, topP: 0.9 };
const prompts = [[1, 2, 3, 4, 5], [7], [9, 10, 11], [3, 4, 1, 2, 5, 6, 7, 8, 9, 10], [12, 13], [7], [20, 21, 22, 23]];
/** Biases, tied and untied heads, norms of queries and keys, stretched frequencies. */
const FOLDERS = ['tiny-llama3', 'tiny-qwen2', 'tiny-qwen3'] as const;

/** The same operations without a way of their own to generate. */
function plain(backend: Backend, inPlace: boolean): Backend {
  const { decoding, writeColumns, ...ops } = backend.ops;
  expect(decoding).toBeDefined();
  return { ...backend, ops: inPlace && writeColumns !== undefined ? { ...ops, writeColumns } : ops };
}

/** What every model of the fixtures writes, greedy and drawn, many rows in few slots. */
async function texts(backend: Backend): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const folder of FOLDERS) {
    const model = await loadDecoder(path.join(MODELS, folder), backend);
    for (const [name, options] of Object.entries({ greedy, sampled })) all[`${folder} ${name}`] = await generate(model, prompts, { ...options, batch: 4 });
    model.dispose();
  }
  return all;
}

describe('on WebAssembly', () => {
  let backend: Backend;
  let model: DecoderModel;
  beforeAll(async () => {
    backend = await openBackend({ backend: 'wasm', threads: 2 });
    model = await loadDecoder(path.join(MODELS, 'stories260k'), backend);
  });
  afterAll(async () => {
    model.dispose();
    await backend.dispose();
  });

  test('kernels alone write what operation by operation is written, the cache in place or copied', async () => {
    const expected = await texts(backend);
    expect(await texts(plain(backend, true))).toEqual(expected);
    expect(await texts(plain(backend, false))).toEqual(expected);
  });

  test('probabilities are the same bits whatever the neighbours, and however long the prompt was read at once', async () => {
    const options = { ...sampled, logProbabilities: true };
    const alone = [];
    for (const batch of [1, 2, 7]) alone.push(await generate(model, prompts, { ...options, batch }));
    expect(alone[1]).toEqual(alone[0]);
    expect(alone[2]).toEqual(alone[0]);
    // A prompt with the first token written is the same text, one token shorter.
    const [whole] = await generate(model, [prompts[0]!], { ...greedy, eosTokenIds: [], logProbabilities: true });
    const [rest] = await generate(model, [[...prompts[0]!, whole!.ids[0]!]], { ...greedy, maxNewTokens: 11, eosTokenIds: [], logProbabilities: true });
    expect([...rest!.logProbabilities!]).toEqual([...whole!.logProbabilities!.subarray(1)]);
  });

  test('several samples: the first is what one alone is, the others differ, and the batch changes none', async () => {
    const options = { ...sampled, temperature: 1, topP: 1, maxNewTokens: 12, eosTokenIds: [] };
    const single = await generate(model, prompts, options);
    const four = await generate(model, prompts, { ...options, samples: 4 });
    expect(four).toHaveLength(prompts.length * 4);
    prompts.forEach((_, place) => {
      const own = four.slice(place * 4, place * 4 + 4);
      expect(own[0]).toEqual(single[place]);
      expect(new Set(own.map(({ ids }) => ids.join())).size).toBeGreaterThan(1);
    });
    // 28 texts in 3 slots: samples of one prompt wait for one another, some when none of them is written any more.
    for (const batch of [1, 3, 8]) expect(await generate(model, prompts, { ...options, samples: 4, batch })).toEqual(four);
    const plainModel = await loadDecoder(path.join(MODELS, 'stories260k'), plain(backend, true));
    expect(await generate(plainModel, prompts, { ...options, samples: 4, batch: 3 })).toEqual(four);
    plainModel.dispose();
  });

  test('log-probabilities are those of the forward pass at the same temperature, the end token among them', async () => {
    for (const [options, temperature] of [[{ ...sampled, topP: 1 }, 0.8], [sampled, 0.8], [greedy, 1]] as const) {
      const rows = await generate(model, prompts, { ...options, eosTokenIds: [5, 6, 17, 403, 410, 426], logProbabilities: true, samples: 2, batch: 5 });
      expect(new Set(rows.map(({ finish }) => finish)).size).toBeGreaterThan(0);
      rows.forEach(({ ids, finish, logProbabilities }, index) => {
        const prompt = prompts[Math.floor(index / 2)]!;
        expect(logProbabilities).toHaveLength(ids.length + (finish === 'end' ? 1 : 0));
        const all = [...prompt, ...ids];
        const logs = tf.tidy(() => tf.logSoftmax(tf.div(model.forward(tf.tensor2d([all], [1, all.length], 'int32')), temperature)).arraySync() as number[][]);
        ids.forEach((id, at) => { expect(Math.abs(logProbabilities![at]! - logs[prompt.length - 1 + at]![id]!)).toBeLessThan(1e-4); });
        if (finish === 'end') expect(Math.min(...[5, 6, 17, 403, 410, 426].map((id) => Math.abs(logProbabilities!.at(-1)! - logs.at(-1)![id]!)))).toBeLessThan(1e-4);
      });
    }
  });

  test('with an adapter it writes what the merged model writes', async () => {
    const qwen = await loadDecoder(path.join(MODELS, 'tiny-qwen3'), backend);
    const settings = { rank: 2, alpha: 4, targets: ['q_proj', 'o_proj', 'gate_proj', 'down_proj'], dropout: 0, rslora: false } as never;
    const adapted = withNewAdapter(qwen, settings, 1, { base: 'tiny-qwen3', baseDigest: '' });
    const random = new Random(4);
    for (const { b } of adapted.adapter!.pairs.values()) {
      const values = tf.tensor(Float32Array.from({ length: b.size }, () => random.normal()), b.shape);
      b.assign(values);
      values.dispose();
    }
    const before = await generate(qwen, prompts, greedy);
    const beside = await generate(adapted, prompts, greedy);
    expect(beside).not.toEqual(before);
    expect(await generate({ ...modelOf(adapted), backend: plain(backend, true) }, prompts, greedy)).toEqual(beside);
    const merged = merge(adapted);
    expect(await generate(merged.model, prompts, greedy)).toEqual(beside);
    merged.keep();
    qwen.dispose();
  });

  test('nothing is left in memory, also when it was stopped', async () => {
    const before = tf.memory().numTensors;
    for (const options of [greedy, sampled, { ...sampled, samples: 3, batch: 2 }, { ...greedy, stopped: once(3) }]) await generate(model, prompts, options);
    const other = await loadDecoder(path.join(MODELS, 'stories260k'), plain(backend, false));
    for (const options of [sampled, { ...greedy, stopped: once(3) }]) await generate(other, prompts, options);
    other.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** What a model is without the object that it is of. */
function modelOf(model: DecoderModel): DecoderModel {
  return {
    config: model.config, backend: model.backend, weights: model.weights, trainable: model.trainable, adapter: model.adapter, recomputes: model.recomputes, parameters: model.parameters,
    forward: (...given) => model.forward(...given), hidden: (...given) => model.hidden(...given), observe: (...given) => model.observe(...given),
    watch: (...given) => { model.watch(...given); }, head: (...given) => model.head(...given), dispose: () => { model.dispose(); },
  };
}

/** Says so from the `calls`-th question on. */
function once(calls: number): () => boolean {
  let asked = 0;
  return () => ++asked > calls;
}

describe.skipIf(tensorflowFolder === null)('on native TensorFlow', () => {
  test('a function a step writes what WebAssembly writes, and what changed weights write after them', async () => {
    const wasm = await openBackend({ backend: 'wasm', threads: 2 });
    const expected = await texts(wasm);
    const reference = await loadDecoder(path.join(MODELS, 'tiny-llama3'), wasm);
    swap(reference);
    const changed = await generate(reference, prompts, greedy);
    reference.dispose();
    await wasm.dispose();
    process.env['DISTILL_TENSORFLOW'] = tensorflowFolder!;
    const native = await openBackend({ backend: 'tensorflow', threads: 2 });
    const before = tf.memory().numTensors;
    expect(await texts(native)).toEqual(expected);
    const model = await loadDecoder(path.join(MODELS, 'tiny-llama3'), native);
    expect(await generate(model, prompts, { ...greedy, batch: 4 })).toEqual(expected['tiny-llama3 greedy']);
    swap(model);
    expect(await generate(model, prompts, { ...greedy, batch: 4 })).toEqual(changed);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
    await native.dispose();
  });
});

/** Exchanges the weights of the first two blocks. */
function swap({ weights }: DecoderModel): void {
  for (const [name, first] of weights) {
    const second = weights.get(name.replace('layers.0.', 'layers.1.'));
    if (!name.includes('layers.0.') || second === undefined) continue;
    const kept = tf.clone(first);
    first.assign(second);
    second.assign(kept);
    kept.dispose();
  }
}
