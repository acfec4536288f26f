/** Every known format is read as records, and written ones are read back as they were. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { conversionWriter, WRITTEN_FORMATS, type WrittenFormat } from '../../../src/engine/data/formats/convert.ts';
import { readRecords, type ReadOptions, type ReadSource } from '../../../src/engine/data/formats/read.ts';
import { recordWriter } from '../../../src/engine/data/formats/write.ts';
import type { DistillError } from '../../../src/shared/messages.ts';
import { sentence } from '../../../src/shared/messages.ts';
import { fields as fieldsSchema } from '../../../src/shared/recipeParts.ts';
import { NO_PROVENANCE, type DataRecord } from '../../../src/shared/record.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const refused = (code: string, data: object = {}) => expect.objectContaining({ code, data: expect.objectContaining(data) as object }) as Error;

async function read(file: string, content: string | Uint8Array | null, source: Partial<ReadSource> = {}, options: Partial<ReadOptions> = {}): Promise<DataRecord[]> {
  const base = options.base ?? temporaryFolder();
  if (content !== null) writeFileSync(path.join(base, file), content);
  const records: DataRecord[] = [];
  for await (const record of readRecords({ file, format: 'auto', ...source }, { base, onBroken: 'refuse', ...options })) records.push(record);
  return records;
}

const lines = (...rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const user = { role: 'user', content: 'q?' };

describe('rows are recognised by what is in them', () => {
  test.each<readonly [string, object, object]>([
    ['plain fields', { prompt: 'q?', think: 'because', answer: '4', gold: '4' }, { think: 'because', answer: '4', gold: '4' }],
    ['R1: question, reasoning, answer, gold', { question: 'q?', reasoning: 'because', answer: 'It is 4.', gold: 4 }, { think: 'because', answer: 'It is 4.', gold: '4' }],
    ['GSM8K with its mark', { question: 'q?', answer: '2+2=<<2+2=4>>4\n#### 4' }, { think: '2+2=<<2+2=4>>4', answer: '4', gold: '4' }],
    ['MATH: problem, solution, answer', { problem: 'q?', solution: 'So $\\boxed{4}$.', answer: '4', level: 'Level 3' }, { think: '', answer: 'So $\\boxed{4}$.', gold: '4', difficulty: 3 }],
    ['MATH without an answer: the boxed one', { problem: 'q?', solution: 'So $\\boxed{\\frac{4}{1}}$.' }, { answer: 'So $\\boxed{\\frac{4}{1}}$.', gold: '\\frac{4}{1}' }],
    ['CMATH: input, golden', { input: 'q?', golden: '4' }, { think: '', answer: '', gold: '4' }],
    ['names in capitals', { Question: 'q?', Complex_CoT: 'because', Response: '4' }, { think: 'because', answer: '4' }],
    ['Alpaca', { instruction: 'q?', input: '', output: '<think>\nbecause\n</think>\n\n4' }, { think: 'because', answer: '4' }],
    ['R1 text with the opening tag missing', { prompt: 'q?', completion: 'because</think>4' }, { think: 'because', answer: '4' }],
    ['ShareGPT', { conversations: [{ from: 'human', value: 'q?' }, { from: 'gpt', value: '<think>because</think>4' }] }, { think: 'because', answer: '4' }],
    ['OpenAI messages with reasoning_content', { messages: [user, { role: 'assistant', content: '4', reasoning_content: 'because' }] }, { think: 'because', answer: '4' }],
    ['OpenAI messages with reasoning', { messages: [user, { role: 'assistant', content: [{ type: 'text', text: '4' }], reasoning: 'because' }] }, { think: 'because', answer: '4' }],
    ['one text in ChatML', { text: '<|im_start|>user\nq?<|im_end|>\n<|im_start|>assistant\n<think>\nbecause\n</think>\n\n4<|im_end|>\n' }, { think: 'because', answer: '4' }],
    ['one text as R1 writes it', { text: '<｜begin▁of▁sentence｜><｜User｜>q?<｜Assistant｜><think>\nbecause\n</think>\n\n4<｜end▁of▁sentence｜>' }, { think: 'because', answer: '4' }],
    ['one text in Llama 3’s template', { text: '<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nq?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n4<|eot_id|>' }, { think: '', answer: '4' }],
    ['one text with Alpaca’s marks', { text: 'Below is an instruction.\n\n### Instruction:\nq?\n\n### Response:\n4' }, { think: '', answer: '4' }],
    ['OpenThoughts’ tags', { system: '', conversations: [{ from: 'user', value: 'q?' }, { from: 'assistant', value: '<|begin_of_thought|>\n\nbecause\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n4\n\n<|end_of_solution|>' }] }, { think: 'because', answer: '4' }],
    ['an answer in tags of its own', { prompt: 'q?', response: '<think>because</think> <answer>4</answer>' }, { think: 'because', answer: '4' }],
    ['a prompt beside its answered conversation', { prompt: 'q?', prompt_id: 'x', messages: [user, { role: 'assistant', content: '4' }] }, { think: '', answer: '4' }],
    ['a question alone', { messages: [user] }, { think: '', answer: '' }],
  ])('%s', async (_name, row, expected) => {
    const [record] = await read('x.jsonl', lines(row));
    expect(record).toMatchObject({ format: 1, prompt: 'q?', ...expected });
    expect(record?.provenance.source).toEqual({ file: 'x.jsonl', format: 'jsonl', row: 1 });
  });

  test('Alpaca’s input stands below its instruction', async () => {
    expect(await read('x.json', JSON.stringify([{ instruction: 'Add.', input: '2 and 2', output: '4' }]))).toMatchObject([{ prompt: 'Add.\n\n2 and 2', answer: '4' }]);
  });

  test('HumanEval brings its tests, and its solution keeps its indentation', async () => {
    const prompt = 'def f(x):\n    """Double."""\n';
    const [record] = await read('h.jsonl.gz', gzipSync(lines({ task_id: 'H/0', prompt, entry_point: 'f', canonical_solution: '    return 2 * x\n', test: 'def check(candidate):\n    assert candidate(2) == 4\n' })));
    expect(record).toMatchObject({ prompt, answer: '    return 2 * x\n', task: 'code', tests: { language: 'python', prelude: prompt, entry: 'f', code: 'def check(candidate):\n    assert candidate(2) == 4\n\ncheck(f)\n' } });
  });

  test.each<readonly [string, object]>([
    ['by index (MMLU)', { choices: ['three', 'four'], answer: 1 }],
    ['by letter, options lettered', { options: ['A. three', 'B. four'], answer: 'B' }],
    ['by label (ARC)', { choices: { text: ['three', 'four'], label: ['1', '2'] }, answerKey: '2' }],
    ['by its text', { options: { A: 'three', B: 'four' }, answer: 'four' }],
  ])('options with the right one named %s', async (_name, row) => {
    expect(await read('x.jsonl', lines({ context: 'Two and two.', question: 'How many?', ...row }))).toMatchObject([{ prompt: 'Two and two.\n\nHow many?\n\nA. three\nB. four', options: ['three', 'four'], gold: 'B' }]);
  });

  test('eight lines an item (LogiQA’s text)', async () => {
    const item = (letter: string): string => `\n${letter}\nPassage.\nQuestion?\nA.one\nB.two\nC.three\nD.four\n`;
    const records = await read('x.txt', item('b') + item('d'));
    expect(records).toMatchObject([{ gold: 'B', options: ['one', 'two', 'three', 'four'], prompt: 'Passage.\n\nQuestion?\n\nA. one\nB. two\nC. three\nD. four' }, { gold: 'D' }]);
    expect(records[1]?.provenance.source?.row).toBe(10);
    await expect(read('x.txt', `${item('b')}\nz\nPassage.\nQuestion?\nA.one\nB.two\nC.three\nD.four\n`)).rejects.toThrow(refused('data-choices-item', { line: 10 }));
  });

  test('fields of the recipe map what has names of its own, and the source says task and language', async () => {
    const mapping = fieldsSchema.parse({ prompt: 'frage', answer: { field: 'text', after: 'Antwort: ' }, gold: 'soll' });
    expect(await read('x.jsonl', lines({ frage: 'Wie viele?', text: 'Also. Antwort: 4', soll: '4' }), { fields: mapping, task: 'maths', language: 'de' }))
      .toMatchObject([{ prompt: 'Wie viele?', answer: '4', gold: '4', task: 'maths', language: 'de' }]);
  });

  test('the language is read off the prompt’s script', async () => {
    expect((await read('x.jsonl', lines({ prompt: 'How many?' }, { prompt: '甲有 3 个 apple，乙有几个？' }, { prompt: 'いくつありますか' }))).map(({ language }) => language)).toEqual(['en', 'zh', undefined]);
  });
});

describe('files are recognised by their first bytes and their name', () => {
  const rows = [{ prompt: 'q1', answer: 'a1' }, { prompt: 'q2', answer: 'a2' }];
  const asked = async (file: string, content: string | Uint8Array): Promise<readonly string[]> => (await read(file, content)).map(({ prompt, answer }) => `${prompt}=${answer}`);

  test.each<readonly [string, string, string | Uint8Array]>([
    ['JSONL', 'x.jsonl', lines(...rows)],
    ['JSONL called .json', 'x.json', lines(...rows)],
    ['packed JSONL', 'x.jsonl.gz', gzipSync(lines(...rows))],
    ['a JSON array', 'x.json', JSON.stringify(rows, null, 2)],
    ['a JSON array on one line, in a file of another name', 'x.data', JSON.stringify(rows)],
    ['an object around an array', 'x.json', JSON.stringify({ version: { of: ['this', '['] }, data: rows, after: 1 })],
    ['CSV', 'x.csv', 'prompt,answer\nq1,a1\nq2,a2\n'],
    ['CSV with a mark, semicolons and CRLF', 'x.csv', '\uFEFFprompt;answer\r\n"q1";a1\r\nq2;a2\r\n'],
    ['TSV', 'x.tsv', 'prompt\tanswer\nq1\ta1\nq2\ta2'],
    ['UTF-16 with its mark', 'x.jsonl', Buffer.from(`\uFEFF${lines(...rows)}`, 'utf16le')],
    ['UTF-16 without one', 'x.jsonl', Buffer.from(lines(...rows), 'utf16le')],
  ])('%s', async (_name, file, content) => {
    expect(await asked(file, content)).toEqual(['q1=a1', 'q2=a2']);
  });

  test('quoted newlines, quotes and delimiters of CSV stay in the text', async () => {
    expect(await asked('x.csv', 'prompt,answer\n"line 1\nline 2, ""so""","=1+1"\n')).toEqual(['line 1\nline 2, "so"==1+1']);
  });

  test('cells of CSV that hold a conversation are one', async () => {
    const cell = JSON.stringify([user, { role: 'assistant', content: '4' }]).replaceAll('"', '""');
    expect(await read('x.csv', `messages,gold\n"${cell}",4\n`)).toMatchObject([{ prompt: 'q?', answer: '4', gold: '4' }]);
  });

  test.each<readonly [string, string, string | Uint8Array, string]>([
    ['a zip', 'x.zip', Buffer.from('504b0304', 'hex'), 'zip or xlsx'],
    ['a picture called .jsonl', 'x.jsonl', Buffer.from('89504e470d0a1a0a', 'hex'), 'PNG'],
    ['a text of no format', 'notes.md', '# Notes\n\nNothing.', '# Notes'],
    ['a log that begins like a list', 'x.log', "[{'role': 'user'}]\nLet's see.", "[{'role': 'user'}]"],
  ])('%s is refused with what was seen and what is known', async (_name, file, content, seen) => {
    await expect(read(file, content)).rejects.toThrow(refused('data-format-unknown', { seen, known: expect.stringContaining('parquet') as string }));
  });

  test('Arrow folders and files are refused with the way out', async () => {
    const base = temporaryFolder();
    mkdirSync(path.join(base, 'saved'));
    writeFileSync(path.join(base, 'saved/state.json'), '{}');
    writeFileSync(path.join(base, 'saved/data-00000-of-00001.arrow'), Buffer.from('ffffffff', 'hex'));
    await expect(read('saved', null, {}, { base })).rejects.toThrow(refused('data-format-arrow'));
    await expect(read('x.arrow', 'ARROW1\0\0')).rejects.toThrow(refused('data-format-arrow'));
  });
});

describe('what was written is read back', () => {
  const plain: DataRecord = {
    format: 1, id: '', prompt: '甲有 "3" 个, 乙有几个？\n(只写数字)', think: '因为 2+2=4\n\n所以', answer: '答案是 $\\boxed{4}$', gold: '4', task: 'maths', language: 'zh', difficulty: 2,
    provenance: {
      ...NO_PROVENANCE, source: { file: 'x.jsonl', format: 'jsonl', row: 7 }, teacher: { name: 'r1', model: 'deepseek-reasoner', service: 'deepseek' }, promptHash: 'ab', finish: 'end',
      tokens: { input: 9, cachedInput: 0, output: 5, reasoning: 3 }, cost: { amount: 0.01, currency: 'CNY' }, transformations: [{ name: 'clean/unicode', detail: { characters: 2 } }],
    },
  };
  const turns: DataRecord = {
    format: 1, id: '', prompt: 'one\n\ntwo', messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'one' }, { role: 'assistant', content: '1' }, { role: 'user', content: 'two' }],
    think: 'after one comes two', answer: '2', gold: null, language: 'en', provenance: NO_PROVENANCE,
  };
  const choice: DataRecord = { format: 1, id: '', prompt: 'Which?\n\nA. x\nB. y', options: ['x', 'y'], think: 'y it is', answer: 'B', gold: 'B', language: 'en', provenance: NO_PROVENANCE };
  const code: DataRecord = {
    format: 1, id: '', prompt: 'def f():\n', think: 'one', answer: '    return "=1"\n', gold: null, task: 'code', language: 'en',
    tests: { language: 'python', prelude: 'def f():\n', code: 'assert f() == "=1"\n', entry: 'f' }, provenance: NO_PROVENANCE,
  };
  const question: DataRecord = { format: 1, id: '', prompt: 'Why?', think: '', answer: '', gold: null, language: 'en', provenance: NO_PROVENANCE };
  const texts = ({ prompt, messages, think, answer, gold, options, tests }: DataRecord): object => ({ prompt, messages, think, answer, gold, options, tests });

  async function roundTrip(format: WrittenFormat, records: readonly DataRecord[], name: string): Promise<DataRecord[]> {
    const base = temporaryFolder();
    const writer = await conversionWriter(path.join(base, name), format);
    try {
      for (const record of records) await writer.write(record);
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    await writer.close();
    return read(name, null, {}, { base });
  }

  test.each<readonly [WrittenFormat, string, readonly DataRecord[]]>([
    ['distill', 'x.jsonl', [plain, turns, choice, code, question]],
    ['jsonl', 'x.jsonl', [plain, turns, choice, code, question]],
    ['json', 'x.json', [plain, turns, choice, code, question]],
    ['csv', 'x.csv', [plain, turns, choice, code, question]],
    ['parquet', 'x.parquet', [plain, turns, choice, code, question]],
    ['sharegpt', 'x.json', [plain, turns, question]],
    ['alpaca', 'x.json', [plain, turns, question]],
    ['messages', 'x.jsonl', [plain, turns, question]],
    ['think', 'x.jsonl', [plain, turns, question]],
  ])('%s', async (format, name, records) => {
    expect((await roundTrip(format, records, name)).map(texts)).toEqual(records.map(texts));
  });

  test('distill and Parquet keep the whole life of a row', async () => {
    const record = { ...plain, id: 'abc', logprobs: [['4', -0.1, [['5', -3]]]] as const };
    for (const [format, name] of [['distill', 'x.jsonl'], ['parquet', 'x.parquet']] as const) expect(await roundTrip(format, [record], name)).toEqual([record]);
  });

  test('no rows are no rows', async () => {
    for (const format of WRITTEN_FORMATS) expect(await roundTrip(format, [], format === 'parquet' ? 'x.parquet' : format === 'csv' ? 'x.csv' : 'x.jsonl')).toEqual([]);
  });

  test('a conversation that Alpaca has no place for is refused', async () => {
    const odd: DataRecord = { ...turns, messages: [{ role: 'user', content: 'one' }, { role: 'tool', content: '1' }, { role: 'user', content: 'two' }] };
    await expect(roundTrip('alpaca', [odd], 'x.json')).rejects.toThrow(refused('data-convert-conversation', { roles: 'user, tool, user' }));
  });

  test('the folder of a file is made where it is missing', async () => {
    const file = path.join(temporaryFolder(), 'data/new/rows.jsonl');
    const writer = await recordWriter(file);
    await writer.close();
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  test('a file appears whole or not at all: abandoned, it leaves the old one', async () => {
    const base = temporaryFolder();
    const file = path.join(base, 'x.jsonl');
    writeFileSync(file, 'old');
    const writer = await recordWriter(file);
    await writer.write(plain);
    await writer.abandon();
    await writer.abandon();
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(base)).toEqual(['x.jsonl']);
  });
});

describe('a broken row', () => {
  const good = lines({ prompt: 'q1', answer: 'a1' });
  const skipping = async (file: string, content: string | Uint8Array): Promise<readonly [readonly string[], readonly string[]]> => {
    const broken: DistillError[] = [];
    const records = await read(file, content, {}, { onBroken: 'skip', onBrokenRow: (error) => { broken.push(error); } });
    return [records.map(({ prompt }) => prompt), broken.map(({ code, data }) => `${code} ${String(data['line'])}`)];
  };

  test.each<readonly [string, string, string | Uint8Array, string, object]>([
    ['of JSONL', 'x.jsonl', `${good}\n{"prompt":\n${good}`, 'data-row-not-json', { line: 3 }],
    ['of JSONL without a prompt', 'x.jsonl', `${good}{"text":"t"}\n${good}`, 'data-row-field-missing', { line: 2, field: 'prompt', have: 'text' }],
    ['of a JSON array', 'x.json', '[{"prompt":"q1"},\n{"prompt":"q2",},\n{"prompt":"q1"}]', 'data-row-not-json', { line: 2, unit: 'row' }],
    ['of CSV with too many cells', 'x.csv', 'prompt,answer\nq1,a1\nq,a,x\nq1,a1\n', 'data-row-csv', { line: 3 }],
    ['in another encoding (JSONL)', 'x.jsonl', Buffer.concat([Buffer.from(lines({ prompt: '问题' })), Buffer.from('{"prompt":"', 'latin1'), Buffer.from([0xce, 0xca, 0xcc, 0xe2]), Buffer.from('"}\n'), Buffer.from(lines({ prompt: 'q1' }))]), 'data-row-encoding', { line: 2, encoding: 'UTF-8' }],
    ['in another encoding (CSV)', 'x.csv', Buffer.concat([Buffer.from('prompt,answer\n问题,答案\nq,'), Buffer.from([0xce, 0xca, 0xcc, 0xe2]), Buffer.from('\nq1,a1\n')]), 'data-row-encoding', { line: 3 }],
    ['in another encoding (JSON)', 'x.json', Buffer.concat([Buffer.from('[{"prompt":"问题"},{"prompt":"'), Buffer.from([0xce, 0xca]), Buffer.from('"},{"prompt":"q1"}]')]), 'data-row-encoding', { line: 2, unit: 'row' }],
  ])('%s is named; the rest is kept where the recipe says so', async (_name, file, content, code, data) => {
    await expect(read(file, content)).rejects.toThrow(refused(code, data));
    const [prompts, broken] = await skipping(file, content);
    expect(broken).toEqual([`${code} ${String((data as { line: number }).line)}`]);
    expect(prompts).toHaveLength(2);
    expect(prompts[1]).toBe('q1');
  });

  test('is a row, not a line, where the format has none', async () => {
    const error = await read('x.json', '[{"prompt":"q"},{"x":1}]').catch((caught: unknown) => caught) as DistillError;
    expect(sentence(error.code, error.data, 'en')).toMatch(/x\.json, row 2: the field "prompt" is missing/);
  });

  test('an array that ends too early is damage, not its last row', async () => {
    await expect(read('x.json', '[{"prompt":"q1"},{"prompt":"q')).rejects.toThrow(refused('data-json-cut'));
    await expect(read('x.jsonl.gz', gzipSync(good.repeat(1000)).subarray(0, 60))).rejects.toThrow(refused('data-file-damaged'));
    await expect(read('x.parquet', 'PAR1 and nothing more PAR1')).rejects.toThrow(refused('data-file-damaged'));
  });
});

describe('Chinese encodings', () => {
  // TextEncoder writes UTF-8 only: these are the GBK bytes of {"prompt":"问题","answer":"答案"} as Windows writes them.
  const gbk = Buffer.concat([Buffer.from('{"prompt":"'), Buffer.from([0xce, 0xca, 0xcc, 0xe2]), Buffer.from('","answer":"'), Buffer.from([0xb4, 0xf0, 0xb0, 0xb8]), Buffer.from('"}')]);

  test('GBK is recognised for the whole file, JSONL, JSON and CSV', async () => {
    const expected = [{ prompt: '问题', answer: '答案' }];
    expect(await read('x.jsonl', Buffer.concat([Buffer.from('\n'), gbk]))).toMatchObject(expected);
    expect(await read('x.json', Buffer.concat([Buffer.from('['), gbk, Buffer.from(']')]))).toMatchObject(expected);
    expect(await read('x.csv', Buffer.concat([Buffer.from('prompt,answer\n'), gbk.subarray(11, 15), Buffer.from(','), gbk.subarray(27, 31)]))).toMatchObject(expected);
  });

  test('a UTF-8 line in a GBK file is named', async () => {
    const content = Buffer.concat([gbk, Buffer.from('\n'), gbk, Buffer.from('\n{"prompt":"问题是什么","answer":"答案"}\n')]);
    await expect(read('x.jsonl', content)).rejects.toThrow(refused('data-row-encoding', { line: 3, encoding: 'GB18030' }));
  });

  test('Latin-1 is none of them: its line is named', async () => {
    await expect(read('x.jsonl', Buffer.from('{"prompt":"été"}\n', 'latin1'))).rejects.toThrow(refused('data-row-encoding', { line: 1, encoding: 'UTF-8' }));
  });
});
