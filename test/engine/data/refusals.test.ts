/** Models and data that are refused before any work, each by its own code. */
import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { dataFileProblems, prepareData } from '../../../src/engine/data/prepare.ts';
import { rowEncoder } from '../../../src/engine/data/encode.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { slimDecoder } from '../../../src/engine/model/slim.ts';
import { checkWeights, readConfig } from '../../../src/engine/model/folder.ts';
import { loadTokenizer } from '../../../src/engine/model/tokenizer.ts';
import { openWeights } from '../../../src/engine/model/weightFiles.ts';
import { DistillError, sentence, sentenceOutsideRun } from '../../../src/shared/messages.ts';
import { data as dataSchema, evaluate as evaluateSchema } from '../../../src/shared/recipe.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const stories = path.resolve(import.meta.dirname, '../../fixtures/models/stories260k');
const plain = { prompt: '{prompt}', completion: '{answer}' };
const refused = (code: string, data: object = {}) => expect.objectContaining({ code, data: expect.objectContaining(data) as object }) as Error;

function copyOfStories(): string {
  const folder = temporaryFolder();
  cpSync(stories, folder, { recursive: true });
  return folder;
}

function changeJson(file: string, change: (json: Record<string, unknown>) => Record<string, unknown>): void {
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)));
}

describe('weights are checked from their headers', () => {
  const check = async (folder: string): Promise<void> => checkWeights(folder, await readConfig(folder));

  test('whole ones pass', async () => {
    await expect(check(stories)).resolves.toBeUndefined();
  });

  test('a file cut short is named with its tensor', async () => {
    const folder = copyOfStories();
    truncateSync(path.join(folder, 'model.safetensors'), 500_000);
    await expect(check(folder)).rejects.toThrow(refused('tensor-truncated', { file: path.join(folder, 'model.safetensors') }));
  });

  test('weights of other sizes than the config calls for are named', async () => {
    const folder = copyOfStories();
    changeJson(path.join(folder, 'config.json'), (config) => ({ ...config, intermediate_size: 64 }));
    await expect(check(folder)).rejects.toThrow(refused('tensor-shape', { tensor: 'model.layers.0.mlp.gate_proj.weight' }));
  });

  test('a folder with a pickle only is refused, and the pickle is not opened', async () => {
    const folder = copyOfStories();
    rmSync(path.join(folder, 'model.safetensors'));
    writeFileSync(path.join(folder, 'pytorch_model.bin'), 'never read');
    await expect(openWeights(folder)).rejects.toThrow(refused('model-pickle-only', { file: path.join(folder, 'pytorch_model.bin'), folder }));
  });
});

test('layers that the teacher does not have are named with those it has', async () => {
  const teacher = { config: await readConfig(stories) } as DecoderModel;
  await expect(slimDecoder(teacher, { layers: [0, 5] }, null)).rejects.toThrow(refused('layers-not-in-teacher', { layer: 5, last: 4 }));
});

describe('a tokenizer', () => {
  test('without a chat template cannot serve "chat"', async () => {
    const tokenizer = await loadTokenizer(stories);
    expect(() => rowEncoder(tokenizer, dataSchema.parse({ train: 'x' }))).toThrow(refused('chat-template-missing', { folder: stories }));
  });

  test('without an end token is refused: a student would never stop', async () => {
    const folder = copyOfStories();
    for (const name of ['config.json', 'generation_config.json', 'tokenizer_config.json']) {
      changeJson(path.join(folder, name), (json) => Object.fromEntries(Object.entries(json).filter(([key]) => !key.startsWith('eos_token'))));
    }
    const tokenizer = await loadTokenizer(folder);
    expect(() => rowEncoder(tokenizer, dataSchema.parse({ train: 'x', template: plain }))).toThrow(refused('tokenizer-without-end', { folder }));
  });
});

describe('data files', () => {
  const recipe = (data: object) => ({ data: dataSchema.parse({ template: plain, ...data }), evaluate: { ...evaluateSchema.parse({}), split: 'validation' as const }, seed: 0 });

  test('without a row, and folders in their place, are refused', async () => {
    const base = temporaryFolder();
    writeFileSync(path.join(base, 'empty.jsonl'), '\n\n');
    mkdirSync(path.join(base, 'rows'));
    const tokenizer = await loadTokenizer(stories);
    await expect(prepareData({ recipe: recipe({ train: 'empty.jsonl' }), base, tokenizer })).rejects.toThrow(refused('data-file-empty', { file: path.join(base, 'empty.jsonl') }));
    await expect(prepareData({ recipe: recipe({ train: 'rows' }), base, tokenizer })).rejects.toThrow(refused('data-file-is-folder', { file: path.join(base, 'rows') }));
  });

  test('are all looked through: each gives its first mistake', async () => {
    const base = temporaryFolder();
    writeFileSync(path.join(base, 'right.jsonl'), '{"prompt":"q","answer":"a"}\n');
    writeFileSync(path.join(base, 'broken.jsonl'), '{"prompt":"q","answer":"a"}\n{"prompt"\n');
    const problems = await dataFileProblems({ recipe: recipe({ train: ['right.jsonl', 'broken.jsonl', 'nowhere.jsonl'], validation: 'empty.jsonl', test: 'right.jsonl' }), base });
    expect(problems.map(({ code }) => code).sort()).toEqual(['data-file-missing', 'data-file-missing', 'data-row-not-json']);
    expect(await dataFileProblems({ recipe: recipe({ train: 'right.jsonl' }), base })).toEqual([]);
  });
});

test('a full disk says to resume only where a run was ended by it', () => {
  const full = new DistillError('disk-full', { path: 'rows.jsonl' });
  expect(sentence(full.code, full.data, 'en')).toContain('then resume the run');
  expect(sentenceOutsideRun(full, 'en')).toBe('There is no room left on the disk for rows.jsonl. Free some space, then do it again; what was there before is unchanged.');
  expect(sentenceOutsideRun(new DistillError('read-only', { path: 'rows.jsonl' }), 'en')).toBe(sentence('read-only', { path: 'rows.jsonl' }, 'en'));
});
