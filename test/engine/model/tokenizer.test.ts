/** The tokenizer against Python's tokenizers and Transformers. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadTokenizer } from '../../../src/engine/model/tokenizer.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { MODELS, reference } from './reference.ts';

const qwen = path.join(MODELS, 'tiny-qwen2');

describe.each(['tiny-qwen2', 'stories260k'] as const)('%s', (name) => {
  test.each(reference.tokenizers[name].map((row) => [JSON.stringify(row.text), row] as const))('%s has the ids and the text of Python', async (_, row) => {
    const tokenizer = await loadTokenizer(path.join(MODELS, name));
    expect(tokenizer.encode(row.text)).toEqual(row.ids);
    expect(tokenizer.encode(row.text, { special: true })).toEqual(row.special);
    expect(tokenizer.decode(row.ids, { special: true })).toBe(row.decoded);
    expect(tokenizer.decode(row.ids)).toBe(row.decodedSpecial);
  });

  test('a text that comes token by token is the same as the whole, and never shows half a character', async () => {
    const tokenizer = await loadTokenizer(path.join(MODELS, name));
    for (const { ids, decodedSpecial } of reference.tokenizers[name]) {
      const stream = tokenizer.stream();
      const parts = ids.map((id) => stream.push(id));
      expect(parts.join('')).not.toContain('\uFFFD');
      expect(parts.join('') + stream.end()).toBe(decodedSpecial);
    }
  });
});

test('end tokens come from generation_config, config and tokenizer_config together', async () => {
  const tokenizer = await loadTokenizer(qwen);
  expect(tokenizer.eosTokenIds).toEqual([382, 380]);
  expect(tokenizer.padTokenId).toBe(380);
  expect(tokenizer.bosTokenId).toBe(null);
  expect(tokenizer.vocabSize).toBe(reference.vocab);
  const stories = await loadTokenizer(path.join(MODELS, 'stories260k'));
  expect([stories.bosTokenId, stories.eosTokenIds, stories.vocabSize]).toEqual([1, [2], 512]);
});

test('an added token is one id, and an unknown one is none', async () => {
  const tokenizer = await loadTokenizer(qwen);
  expect(tokenizer.encode('<think>')).toEqual([tokenizer.tokenId('<think>')]);
  expect(tokenizer.tokenId('<thunk>')).toBe(null);
});

describe('chat template', () => {
  test('renders what apply_chat_template renders', async () => {
    const tokenizer = await loadTokenizer(qwen);
    for (const { messages, add_generation_prompt: addGenerationPrompt, text } of reference.chats) expect(tokenizer.chat(messages, { addGenerationPrompt })).toBe(text);
  });

  test('is also found in tokenizer_config.json, alone or as the one named default', async () => {
    const folder = path.join(temporaryFolder(), 'model');
    cpSync(qwen, folder, { recursive: true });
    const jinja = path.join(folder, 'chat_template.jinja');
    const source = readFileSync(jinja, 'utf8');
    rmSync(jinja);
    const settings = path.join(folder, 'tokenizer_config.json');
    const before = JSON.parse(readFileSync(settings, 'utf8')) as object;
    const { messages, text } = reference.chats[0]!;
    for (const template of [source, [{ name: 'tool_use', template: 'no' }, { name: 'default', template: source }]]) {
      writeFileSync(settings, JSON.stringify({ ...before, chat_template: template }));
      expect((await loadTokenizer(folder)).chat(messages, { addGenerationPrompt: true })).toBe(text);
    }
  });

  test('a folder without one says so and what to do', async () => {
    const tokenizer = await loadTokenizer(path.join(MODELS, 'stories260k'));
    expect(tokenizer.hasChatTemplate).toBe(false);
    expect(() => tokenizer.chat([{ role: 'user', content: 'Hello' }])).toThrow(/has no chat template .* Write data\.template/);
  });

  test('a template that raises an exception is quoted', async () => {
    const folder = path.join(temporaryFolder(), 'model');
    cpSync(qwen, folder, { recursive: true });
    writeFileSync(path.join(folder, 'chat_template.jinja'), "{{ raise_exception('roles must alternate') }}");
    const tokenizer = await loadTokenizer(folder);
    expect(() => tokenizer.chat([{ role: 'user', content: 'Hello' }])).toThrow(/refused the messages: .*roles must alternate/);
  });
});

test('a missing or broken tokenizer.json is named', async () => {
  const folder = temporaryFolder();
  await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'model-file-missing', data: { file: path.join(folder, 'tokenizer.json') } });
  writeFileSync(path.join(folder, 'tokenizer.json'), '{"model": {');
  await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'model-file-malformed' });
  writeFileSync(path.join(folder, 'tokenizer.json'), '{"model": {"type": "Morse", "vocab": {}}}');
  await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'model-file-malformed' });
});
