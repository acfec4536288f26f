import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import { rowEncoder } from '../../../src/engine/data/encode.ts';
import { jsonLines } from '../../../src/engine/data/jsonLines.ts';
import { resolvePath } from '../../../src/engine/data/paths.ts';
import { prepareData, type PrepareOptions } from '../../../src/engine/data/prepare.ts';
import { readRow } from '../../../src/engine/data/row.ts';
import { promptKey, splitPrompts } from '../../../src/engine/data/split.ts';
import { loadTokenizer, type Tokenizer } from '../../../src/engine/model/tokenizer.ts';
import { data as dataSchema, evaluate as evaluateSchema } from '../../../src/shared/recipe.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const models = path.resolve(import.meta.dirname, '../../fixtures/models');
let stories: Tokenizer;
let qwen: Tokenizer;
let small: Tokenizer;
beforeAll(async () => {
  [stories, qwen, small] = await Promise.all(['stories260k', 'tiny-qwen2', 'small-vocabulary'].map((name) => loadTokenizer(path.join(models, name)))) as [Tokenizer, Tokenizer, Tokenizer];
});

const fields = dataSchema.parse({ train: 'x' }).fields;
const row = (json: object, mapping: object = {}) => readRow('f.jsonl', { line: 4, text: JSON.stringify(json) }, dataSchema.parse({ train: 'x', fields: mapping }).fields);
const broken = (code: string, data: object = {}) => expect.objectContaining({ code, data: expect.objectContaining({ file: 'f.jsonl', line: 5, ...data }) as object }) as Error;

describe('a row', () => {
  const expected = { prompt: 'q?', think: 'because', answer: '4' };
  const user = { role: 'user', content: 'q?' };
  test.each([
    ['with fields of its own', { prompt: 'q?', think: 'because', answer: '4' }],
    ['with <think> inside the answer', { prompt: 'q?', answer: '<think>\nbecause\n</think>\n\n4' }],
    ['with an opening tag that the template wrote', { prompt: 'q?', answer: 'because\n</think>\n4' }],
    ['as messages with reasoning_content', { messages: [user, { role: 'assistant', reasoning_content: 'because', content: '4' }] }],
    ['as messages with reasoning', { messages: [user, { role: 'assistant', reasoning: 'because', content: '4' }] }],
    ['as messages with <think> inside the content', { messages: [{ role: 'system', content: 's' }, user, { role: 'assistant', content: '<think>because</think>4' }] }],
    ['as messages with the opening tag missing', { messages: [user, { role: 'assistant', content: 'because</think>4' }] }],
  ])('%s is read', (_name, json) => {
    expect(row(json)).toMatchObject(expected);
  });

  test('of GSM8K is cut at its mark', () => {
    const read = row({ question: 'q?', answer: 'a #### b\n7*6 = <<7*6=42>>42\n#### 42' }, { prompt: 'question', think: { field: 'answer', before: '\n#### ' }, answer: { field: 'answer', after: '#### ' } });
    expect(read).toMatchObject({ prompt: 'q?', think: 'a #### b\n7*6 = <<7*6=42>>42', answer: '42' });
  });

  test('keeps earlier turns without their reasoning', () => {
    const read = row({ messages: [user, { role: 'assistant', content: '<think>x</think>first' }, { role: 'user', content: 'and?' }, { role: 'assistant', content: 'last' }] });
    expect(read.messages).toEqual([user, { role: 'assistant', content: 'first' }, { role: 'user', content: 'and?' }]);
    expect(read.prompt).toBe('q?\n\nand?');
  });

  test.each([
    ['that is no object', [1], broken('data-row-not-object')],
    ['without a prompt', { title: 'q?', answer: '4' }, broken('data-row-field-missing', { field: 'prompt', have: 'title, answer' })],
    ['without an answer', { prompt: 'q?' }, broken('data-row-field-missing', { field: 'answer' })],
    ['whose answer is a list', { prompt: 'q?', answer: [4] }, broken('data-row-not-text', { field: 'answer' })],
    ['with nothing in it', { prompt: 'q?', answer: ' ' }, broken('data-row-empty')],
    ['that ends with the user', { messages: [user] }, broken('data-row-messages')],
  ])('%s is named with file, line and reason', (_name, json, error) => {
    expect(() => row(json)).toThrow(error);
  });

  test('that is no JSON, or lacks its mark, is named too', () => {
    expect(() => readRow('f.jsonl', { line: 4, text: '{"prompt":' }, fields)).toThrow(broken('data-row-not-json'));
    expect(() => row({ prompt: 'q?', answer: '42' }, { answer: { field: 'answer', after: '#### ' } })).toThrow(broken('data-row-mark-missing', { mark: '#### ' }));
  });
});

test('only a newline ends a line: blank ones, CRLF, a byte order mark and U+2028 inside a text do no harm', async () => {
  const file = path.join(temporaryFolder(), 'x.jsonl');
  writeFileSync(file, '\uFEFF{"a":1}\r\n\r\n{"a":"x\u2028y"}\n{"a":3}');
  const lines = [];
  for await (const line of jsonLines(file)) lines.push([line.line, JSON.parse(line.text)]);
  expect(lines).toEqual([[0, { a: 1 }], [2, { a: 'x\u2028y' }], [3, { a: 3 }]]);
});

describe('an encoded row', () => {
  const short = { file: 'f', line: 0, prompt: '2+2=?', messages: [{ role: 'user', content: '2+2=?' }], think: 'two and two', answer: '4', gold: null };
  const encode = (tokenizer: Tokenizer, written: object, of: object = short): EncodedRow | null => {
    const outcome = rowEncoder(tokenizer, dataSchema.parse({ train: 'x', ...written })).encode({ ...short, ...of });
    return outcome.type === 'row' ? outcome.row : null;
  };
  const texts = (tokenizer: Tokenizer, encoded: EncodedRow | null): readonly string[] => {
    const ids = [...encoded?.ids ?? []];
    const [prompt, answer] = [encoded?.promptLength ?? 0, encoded?.answerStart ?? 0];
    return [ids.slice(0, prompt), ids.slice(prompt, answer), ids.slice(answer)].map((part) => tokenizer.decode(part, { special: true }));
  };

  test('of a chat template has the prompt that generation will see, and ends with the token that ends a turn', () => {
    const encoded = encode(qwen, {});
    const [prompt, think, answer] = texts(qwen, encoded);
    expect(prompt).toBe('<|im_start|>system\nYou are helpful.<|im_end|>\n<|im_start|>user\n2+2=?<|im_end|>\n<|im_start|>assistant\n<think>\n');
    // The template has opened the reasoning: the completion goes on inside it.
    expect(think).toBe('two and two\n</think>\n\n');
    expect(answer).toBe('4<|im_end|>');
    expect([...encoded?.ids ?? []].slice(0, encoded?.promptLength)).toEqual(rowEncoder(qwen, dataSchema.parse({ train: 'x' })).promptIds(short));
  });

  test('of two texts has the tokenizer’s own start, and reads back as it was written', () => {
    const encoded = encode(stories, { template: { prompt: 'Question: {prompt}\nAnswer:', completion: ' {think}\n#### {answer}' } });
    const [prompt, think, answer] = texts(stories, encoded);
    expect(encoded?.ids[0]).toBe(stories.bosTokenId);
    expect(prompt).toContain('Question: 2+2=?\nAnswer:');
    expect(`${think ?? ''}${answer ?? ''}`.trim()).toBe('two and two\n#### 4</s>');
    expect(answer?.trim()).toBe('4</s>');
    expect(encoded?.ended).toBe(true);
  });

  test('that is too long is cut where a step ends, without an end token; or dropped; or refused', () => {
    const template = { prompt: '{prompt}', completion: '{think}\n{answer}' };
    const think = Array.from({ length: 40 }, (_, i) => `First we add ${String(i)} and 1, so that makes ${String(i + 1)}.`).join('\n');
    const cut = encode(stories, { template, maxLength: 200 }, { think });
    const [, written] = texts(stories, cut);
    expect(cut?.ended).toBe(false);
    expect(cut?.ids.length).toBeLessThanOrEqual(200);
    expect(cut?.ids.length).toBeGreaterThan(150);
    expect(think.startsWith((written ?? '').trim())).toBe(true);
    expect((written ?? '').trim()).toMatch(/makes \d+\.$/);
    expect(cut?.answerStart).toBe(cut?.ids.length);
    expect([...cut?.ids ?? []]).not.toContain(stories.eosTokenIds[0]);
    expect(encode(stories, { template, maxLength: 200, tooLong: 'drop' }, { think })).toBeNull();
    expect(() => encode(stories, { template, maxLength: 200, tooLong: 'refuse' }, { think })).toThrow(expect.objectContaining({ code: 'data-row-too-long' }) as Error);
    // A prompt that fills the row leaves nothing to learn.
    expect(encode(stories, { template, maxLength: 4 }, { think })).toBeNull();
  });

  test('has exactly maxLength tokens where it fits exactly', () => {
    const template = { prompt: '{prompt}', completion: '{think}{answer}' };
    const whole = encode(small, { template, maxLength: 100 }, { prompt: '2+2=', think: '<think>2</think>', answer: '4' });
    const length = whole?.ids.length ?? 0;
    expect(encode(small, { template, maxLength: length }, { prompt: '2+2=', think: '<think>2</think>', answer: '4' })?.ended).toBe(true);
    expect(encode(small, { template, maxLength: length - 1 }, { prompt: '2+2=', think: '<think>2</think>', answer: '4' })?.ended ?? false).toBe(false);
  });

  test('is taken apart again by the template that made it', () => {
    const chat = rowEncoder(qwen, dataSchema.parse({ train: 'x' })).template;
    expect(chat.parse('two and two\n</think>\n\n4')).toEqual({ think: 'two and two', answer: '4' });
    expect(chat.parse('never came to an end')).toEqual({ think: 'never came to an end', answer: '' });
    const texts = rowEncoder(small, dataSchema.parse({ train: 'x', template: { prompt: '{prompt}', completion: '<think>{think}</think>{answer}' } })).template;
    expect(texts.parse('<think>2+2</think>4')).toEqual({ think: '2+2', answer: '4' });
    expect(texts.parse('4')).toEqual({ think: '', answer: '4' });
    expect(texts.parse('<think>2+2+2+2')).toEqual({ think: '2+2+2+2', answer: '' });
  });
});

describe('a split', () => {
  const keys = Array.from({ length: 200 }, (_, i) => `prompt ${String(i % 100)}`);

  test('keeps all rows of a prompt on one side, by seed and not by the order of the file', () => {
    const split = splitPrompts(keys, { validation: 0.2, test: 0.1 }, 7);
    const counts = { train: 0, validation: 0, test: 0 };
    for (const side of split.values()) counts[side] += 1;
    expect(counts).toEqual({ train: 70, validation: 20, test: 10 });
    expect(splitPrompts([...keys].reverse(), { validation: 0.2, test: 0.1 }, 7)).toEqual(split);
    expect(splitPrompts(keys, { validation: 0.2, test: 0.1 }, 8)).not.toEqual(split);
  });

  test('knows a prompt again whatever its width, case and spacing', () => {
    expect(promptKey(' What  is\n２＋２？ ')).toBe(promptKey('what is 2+2?'));
  });
});

describe('prepared data', () => {
  const prepare = (folder: string, data: object, more: Partial<PrepareOptions> = {}) => prepareData({
    recipe: { data: dataSchema.parse({ template: { prompt: '{prompt}', completion: '{answer}' }, ...data }), evaluate: { ...evaluateSchema.parse({}), split: 'validation' }, seed: 3 },
    base: folder, tokenizer: small, ...more,
  });
  const write = (folder: string, name: string, rows: readonly object[]): void => { writeFileSync(path.join(folder, name), rows.map((each) => JSON.stringify(each)).join('\n')); };
  const sums = (from: number, to: number): readonly object[] => Array.from({ length: to - from }, (_, i) => ({ prompt: `${String(from + i)}+1=`, answer: String(from + i + 1) }));

  test('never has a prompt on both sides, also where another file holds it out', async () => {
    const folder = temporaryFolder();
    write(folder, 'train.jsonl', [...sums(0, 50), ...sums(0, 50)]);
    write(folder, 'test.jsonl', sums(45, 60));
    const warnings: unknown[] = [];
    const { train, validation, shares } = await prepare(folder, { train: 'train.jsonl', validation: 0.2, test: 'test.jsonl' }, { onWarning: (code, data) => warnings.push([code, data]) });
    const prompts = (rows: readonly EncodedRow[]): ReadonlySet<string> => new Set(rows.map(({ ids, promptLength }) => [...ids.slice(0, promptLength)].join(' ')));
    expect([...prompts(train)].filter((prompt) => prompts(validation).has(prompt))).toEqual([]);
    expect(train.length + validation.length).toBe(90);
    expect(validation.length).toBe(18);
    expect(shares.heldOut).toBe(10);
    expect(warnings).toEqual([['data-rows-held-out', { heldOut: 10 }]]);
  });

  test('evaluates each prompt once, with its gold answer, the same ones every time', async () => {
    const folder = temporaryFolder();
    write(folder, 'train.jsonl', [...sums(0, 40), ...sums(0, 40)]);
    const once = await prepare(folder, { train: 'train.jsonl', validation: 0.5 });
    const again = await prepare(folder, { train: 'train.jsonl', validation: 0.5 });
    expect(once.evaluation).toHaveLength(20);
    expect(once.evaluation[0]?.gold).toMatch(/^\d+$/);
    expect(again.evaluation).toEqual(once.evaluation);
  });

  test('says what share was cut and dropped, and refuses when nothing is left', async () => {
    const folder = temporaryFolder();
    write(folder, 'train.jsonl', [...sums(0, 7), { prompt: '1+1=', answer: '2.\n'.repeat(20) }, { prompt: '9'.repeat(30), answer: '1' }, { prompt: '8'.repeat(30), answer: '1' }]);
    const warnings: [string, object][] = [];
    const { train } = await prepare(folder, { train: ['train.jsonl'], validation: 0, maxLength: 16 }, { onWarning: (code, data) => warnings.push([code, data]) });
    expect(train.filter(({ ended }) => !ended)).toHaveLength(1);
    expect(warnings).toEqual([
      ['data-rows-cut', { cut: 1, rows: 10, share: '10.0%', limit: 16 }],
      ['data-rows-dropped', { dropped: 2, rows: 10, share: '20.0%', limit: 16 }],
    ]);
    await expect(prepare(folder, { train: 'train.jsonl', validation: 0, maxLength: 2, tooLong: 'drop' })).rejects.toMatchObject({ code: 'data-nothing-left' });
    await expect(prepare(folder, { train: 'nowhere.jsonl' })).rejects.toMatchObject({ code: 'data-file-missing' });
  });

  test('stays inside the project, unless a person says otherwise', () => {
    expect(resolvePath('/project', 'data/x.jsonl')).toBe('/project/data/x.jsonl');
    expect(resolvePath('/project', '/elsewhere/x.jsonl')).toBe('/elsewhere/x.jsonl');
    for (const escape of ['../x.jsonl', 'data/../../x', 'data\\..\\..\\x', 'a/b/../../../c']) expect(() => resolvePath('/project', escape)).toThrow(expect.objectContaining({ code: 'path-escapes' }) as Error);
  });
});
