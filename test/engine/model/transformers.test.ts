/** The decoder against Transformers (float64): logits, greedy continuations, before and after being written and read again. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { loadDecoder, saveDecoder } from '../../../src/engine/model/folder.ts';
import { generate } from '../../../src/engine/model/generate.ts';
import { loadTokenizer } from '../../../src/engine/model/tokenizer.ts';
import { tf } from '../../../src/engine/tf.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { MODELS, newer, reference, storiesCase, storiesText } from './reference.ts';
import type { Case } from './reference.ts';

const TOLERANCE = 1e-4;
const MODEL_CASES = [
  { name: 'stories260k', cases: [storiesCase], eos: [2] },
  { name: 'tiny-qwen2', cases: reference.qwen2, eos: [382, 380] },
  { name: 'tiny-llama', cases: reference.llama, eos: [49] },
  { name: 'tiny-qwen3', cases: newer['tiny-qwen3'], eos: [49] },
  { name: 'tiny-llama3', cases: newer['tiny-llama3'], eos: [49] },
] as const;

describe.each(['wasm', 'cpu'] as const)('on %s', (name) => {
  let backend: Backend;
  beforeAll(async () => { backend = await openBackend({ backend: name, threads: 1 }); });
  afterAll(() => backend.dispose());

  describe.each(MODEL_CASES)('$name', ({ name: folder, cases, eos }) => {
    test('gives the logits of Transformers to 1e-4 and its greedy continuation token by token', async () => {
      const model = await loadDecoder(path.join(MODELS, folder), backend);
      for (const expected of cases) expectLogits(model, expected);
      await expectGreedy(model, cases, eos);
      model.dispose();
    });

    test('gives them again after it was written and read', async () => {
      const model = await loadDecoder(path.join(MODELS, folder), backend);
      const copy = path.join(temporaryFolder(), 'copy');
      await saveDecoder(model, copy, { tokenizerFolder: path.join(MODELS, folder) });
      model.dispose();
      const again = await loadDecoder(copy, backend);
      for (const expected of cases) expectLogits(again, expected);
      await expectGreedy(again, cases, eos);
      again.dispose();
    });
  });

  test('nothing stays on the backend when a model is gone', async () => {
    const before = tf.memory().numTensors;
    const model = await loadDecoder(path.join(MODELS, 'tiny-qwen2'), backend);
    expectLogits(model, reference.qwen2[0]!);
    await generate(model, reference.qwen2.map(({ ids }) => ids), { maxNewTokens: 24, temperature: 0.8, topP: 0.9, seed: 1, eosTokenIds: [382] });
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('the stories tokenizer gives the ids that the reference was computed from', async () => {
  const tokenizer = await loadTokenizer(path.join(MODELS, 'stories260k'));
  expect(tokenizer.encode(storiesText, { special: true })).toEqual(storiesCase.ids);
});

function expectLogits(model: DecoderModel, expected: Case): void {
  const vocabulary = model.config.vocabSize;
  const logits = tf.tidy(() => model.forward(tf.tensor2d([...expected.ids], [1, expected.ids.length], 'int32')).dataSync<'float32'>());
  const rows = expected.ids.map((_, position) => logits.slice(position * vocabulary, (position + 1) * vocabulary));
  rows.forEach((row, position) => near(logSumExp(row), expected.logsumexp[position]!));
  rows.at(-1)!.forEach((logit, id) => near(logit, expected.lastLogits[id]!));
  const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
  near(mean, expected.sum / logits.length);
}

async function expectGreedy(model: DecoderModel, cases: readonly Case[], eos: readonly number[]): Promise<void> {
  const longest = Math.max(...cases.map(({ greedy }) => greedy.length));
  const results = await generate(model, cases.map(({ ids }) => ids), { maxNewTokens: longest, temperature: 0, topP: 1, seed: 0, eosTokenIds: eos });
  for (const [row, { greedy }] of cases.entries()) {
    const ended = eos.includes(greedy.at(-1)!);
    expect(results[row]).toEqual({ ids: ended ? greedy.slice(0, -1) : greedy, finish: ended ? 'end' : 'length' });
  }
}

function logSumExp(row: Float32Array): number {
  const largest = Math.max(...row);
  return largest + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
}

function near(actual: number, expected: number): void {
  if (!(Math.abs(actual - expected) <= TOLERANCE)) expect.fail(`${actual} is not ${expected} to ${TOLERANCE}`);
}
