/** A small vocabulary of one's own, as a tokenizer that Transformers loads too (its ids stand in reference.json). */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadTokenizer } from '../../../src/engine/model/tokenizer.ts';
import { vocabularyFiles, writeVocabulary } from '../../../src/engine/model/vocabulary.ts';
import type { Vocabulary } from '../../../src/engine/model/vocabulary.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { MODELS, reference } from './reference.ts';

const vocabulary: Vocabulary = {
  special: { pad: '<pad>', end: '<end>', unknown: '<unk>' },
  markers: ['<think>', '</think>'],
  tokens: [...'0123456789+-*/=() \n,.:?', 'carry', 'carry the', 'answer', 'What is', '借位', ...'进位', '[x]', 'a.b'],
  chatTemplate: "{% for message in messages %}{{ message['content'] }}\n{% endfor %}{% if add_generation_prompt %}<think>{% endif %}",
  maxLength: 128,
};
const folder = path.join(MODELS, 'small-vocabulary');

test.each(reference.tokenizers['small-vocabulary'].map((row) => [JSON.stringify(row.text), row] as const))('%s has the ids and the text of Python', async (_, row) => {
  const tokenizer = await loadTokenizer(folder);
  expect(tokenizer.encode(row.text)).toEqual(row.ids);
  expect(tokenizer.encode(row.text, { special: true })).toEqual(row.special);
  expect(tokenizer.decode(row.ids, { special: true })).toBe(row.decoded);
  expect(tokenizer.decode(row.ids)).toBe(row.decodedSpecial);
});

test('the folder that Python read is the one that is written', async () => {
  const written = temporaryFolder();
  await writeVocabulary(written, vocabulary);
  for (const name of vocabularyFiles(vocabulary).keys()) expect(readFileSync(path.join(written, name), 'utf8')).toBe(readFileSync(path.join(folder, name), 'utf8'));
});

test('a word is one id, the longest first, and the text comes back exactly', async () => {
  const tokenizer = await loadTokenizer(folder);
  const text = 'What is 12+34?\n<think>carry the 1 carry</think>answer 46';
  expect(tokenizer.encode('carry the')).toEqual([tokenizer.tokenId('carry the')]);
  expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  expect(tokenizer.eosTokenIds).toEqual([1]);
  expect(tokenizer.padTokenId).toBe(0);
  expect(tokenizer.vocabSize).toBe(5 + vocabulary.tokens.length);
});

test('a token that stands twice is refused', () => {
  expect(() => vocabularyFiles({ ...vocabulary, tokens: ['a', 'b', 'a'] })).toThrow(/"a"/);
});
