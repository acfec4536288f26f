import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AnswerCache, questionKey, readAnswers, readKeys, type Kept, type Question } from '../../../src/engine/teacher/cache.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const QUESTION: Question = {
  address: 'https://api.example.com/v1', model: 'big', body: {}, messages: [{ role: 'user', content: '1+1?' }],
  sampling: { temperature: 0.6, topP: 0.95, maxTokens: 100, topLogprobs: 0 }, sampleIndex: 0,
};

const answer = (text: string): Kept => ({
  think: `about ${text}`, answer: text, finish: 'end', tokens: { input: 5, cachedInput: 0, output: 7, reasoning: 3 }, tokensBasis: 'service',
  logprobs: null, model: 'big', id: null, promptHash: 'p', cost: { amount: 0.5, currency: 'USD' },
});

function open(file: string): AnswerCache {
  const cache = AnswerCache.open(file);
  onTestFinished(() => { try { cache.close(); } catch { /* closed by the test */ } });
  return cache;
}

describe('the key of a question', () => {
  test('is another one where the answer may be', () => {
    const changed: readonly Question[] = [
      QUESTION, { ...QUESTION, address: 'https://other.example.com/v1' }, { ...QUESTION, model: 'small' }, { ...QUESTION, body: { enable_thinking: false } },
      { ...QUESTION, messages: [{ role: 'user', content: '1+2?' }] }, { ...QUESTION, messages: [{ role: 'system', content: '1+1?' }] },
      { ...QUESTION, sampling: { ...QUESTION.sampling, temperature: 0.7 } }, { ...QUESTION, sampling: { ...QUESTION.sampling, seed: 0 } }, { ...QUESTION, sampleIndex: 1 },
    ];
    expect(new Set(changed.map(questionKey)).size).toBe(changed.length);
  });

  test('does not depend on the order of the body’s fields', () => {
    expect(questionKey({ ...QUESTION, body: { a: 1, b: 2 } })).toBe(questionKey({ ...QUESTION, body: { b: 2, a: 1 } }));
  });
});

describe('answers', () => {
  test('are found again by another process, every text as it was', () => {
    const file = path.join(temporaryFolder(), 'answers.jsonl');
    const first = open(file);
    const texts = ['2', '二\u2028“zwei”', '\\boxed{2}\n', '🙂'.repeat(400_000)];
    texts.forEach((text, index) => { first.put(questionKey({ ...QUESTION, sampleIndex: index }), answer(text), 12); });
    first.close();
    const second = open(file);
    expect(second.size).toBe(texts.length);
    texts.forEach((text, index) => { expect(second.get(questionKey({ ...QUESTION, sampleIndex: index }))).toEqual(answer(text)); });
    expect(second.get(questionKey({ ...QUESTION, sampleIndex: 9 }))).toBeNull();
  });

  test('survive a torn last line, and lines of it that another program broke are asked again', () => {
    const file = path.join(temporaryFolder(), 'answers.jsonl');
    const keys = [0, 1, 2].map((sampleIndex) => questionKey({ ...QUESTION, sampleIndex }));
    const first = open(file);
    for (const key of keys) first.put(key, answer(key), 1);
    first.close();
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `${lines[0] ?? ''}\n${(lines[1] ?? '').replace('"answer":{', '"answer":!{')}\n\n${lines[2] ?? ''}\n${(lines[0] ?? '').slice(0, 80)}`);
    expect(readKeys(file).size).toBe(3);
    const second = open(file);
    expect(second.get(keys[0] ?? '')).toEqual(answer(keys[0] ?? ''));
    expect(second.get(keys[1] ?? '')).toBeNull();
    expect(second.has(keys[1] ?? '')).toBe(false);
    second.put(keys[1] ?? '', answer('again'), 1);
    second.close();
    const third = open(file);
    expect(keys.map((key) => third.get(key)?.answer)).toEqual([keys[0], 'again', keys[2]]);
  });

  test('of a hundred thousand rows are found by their place: memory holds no text', () => {
    const file = path.join(temporaryFolder(), 'answers.jsonl');
    const text = 'x'.repeat(200);
    const key = (index: number): string => index.toString(16).padStart(32, '0');
    const rows = 100_000;
    for (let index = 0; index < rows; index += 1000) {
      appendFileSync(file, Array.from({ length: 1000 }, (_, place) => `${JSON.stringify({ key: key(index + place), at: 0, ms: 1, answer: answer(`${String(index + place)}${text}`) })}\n`).join(''));
    }
    const cache = open(file);
    expect(cache.size).toBe(rows);
    for (const index of [0, 1, 49_999, rows - 1]) expect(cache.get(key(index))?.answer).toBe(`${String(index)}${text}`);
    let read = 0;
    readAnswers(file, (each) => each === key(5), ({ answer: found }, ms) => { read += Number(found.startsWith('5x')) + ms; });
    expect(read).toBe(2);
  });
});
