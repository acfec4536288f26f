/** Records in the formats of other tools. What a format has no place for is said in docs/data.md; texts are never altered. */
import type { DataFormat } from '../../../shared/recipeCollect.ts';
import { DistillError } from '../../../shared/messages.ts';
import type { DataRecord, RecordMessage } from '../../../shared/record.ts';
import { parquetWriter } from './parquetWriter.ts';
import { GrowingFile, recordWriter, type RecordWriter } from './write.ts';

export const WRITTEN_FORMATS = ['distill', 'jsonl', 'json', 'csv', 'parquet', 'sharegpt', 'alpaca', 'messages', 'think'] as const satisfies readonly DataFormat[];
export type WrittenFormat = (typeof WRITTEN_FORMATS)[number];

/** The format that a file's name asks for where nobody says it; null where the name says nothing. */
export function formatOfName(file: string): WrittenFormat | null {
  const name = file.toLowerCase();
  if (name.endsWith('.jsonl') || name.endsWith('.ndjson')) return 'distill';
  if (name.endsWith('.json')) return 'json';
  if (name.endsWith('.csv')) return 'csv';
  return name.endsWith('.parquet') ? 'parquet' : null;
}

/** Opens a file of a format; whole or not at all, as recordWriter. `.json` files are arrays, whatever the rows' layout. */
export async function conversionWriter(file: string, format: WrittenFormat): Promise<RecordWriter> {
  if (format === 'distill') return recordWriter(file);
  if (format === 'parquet') return parquetWriter(file);
  const growing = await GrowingFile.begin(file);
  const { abandon } = { abandon: () => growing.abandon() };
  if (format === 'csv') {
    await growing.append(`${CSV_COLUMNS.join(',')}\r\n`);
    return { write: (record) => growing.append(csvLine(record)), close: () => growing.close(), abandon };
  }
  const convert = conversionTo(format);
  const array = format === 'json' || file.toLowerCase().endsWith('.json');
  let count = 0;
  return {
    write(record) {
      count += 1;
      const text = JSON.stringify(convert(record));
      return growing.append(array ? `${count === 1 ? '[\n' : ',\n'}${text}` : `${text}\n`);
    },
    async close() {
      if (array) await growing.append(count === 0 ? '[]\n' : '\n]\n');
      await growing.close();
    },
    abandon,
  };
}

/** A record as a row of a format; CSV and Parquet have the fields of `jsonl`. */
export function conversionTo(format: WrittenFormat): (record: DataRecord) => object {
  switch (format) {
    case 'distill': return (record) => record;
    case 'jsonl': case 'json': case 'csv': case 'parquet': return plain;
    case 'sharegpt': return sharegpt;
    case 'alpaca': return alpaca;
    case 'messages': return (record) => ({ messages: withAnswer(record, 'apart'), ...goldOf(record) });
    case 'think': return (record) => record.messages === undefined ? { prompt: record.prompt, ...answered(record, (answer) => ({ response: answer })), ...goldOf(record) } : { messages: withAnswer(record, 'tags'), ...goldOf(record) };
  }
}

/** Prompt, think and answer apart; a conversation of several turns, or with a system prompt, as messages. */
function plain(record: DataRecord): object {
  const { prompt, messages, think, answer, gold, task, language, difficulty, options, tests } = record;
  const labels = {
    gold, ...(task === undefined ? {} : { task }), ...(language === undefined ? {} : { language }), ...(difficulty === undefined ? {} : { difficulty }),
    ...(options === undefined ? {} : { options }), ...(tests === undefined ? {} : { tests }),
  };
  return messages === undefined ? { prompt, think, answer, ...labels } : { messages: withAnswer(record, 'apart'), ...labels };
}

/** The conversation with its completion, where there is one. */
export function withAnswer(record: DataRecord, reasoning: 'apart' | 'tags'): readonly (RecordMessage & { readonly reasoning_content?: string })[] {
  const history = record.messages ?? [{ role: 'user', content: record.prompt }];
  if (record.think === '' && record.answer === '') return history;
  if (reasoning === 'tags' || record.think === '') return [...history, { role: 'assistant', content: taggedAnswer(record) }];
  return [...history, { role: 'assistant', content: record.answer, reasoning_content: record.think }];
}

/** R1's layout of a whole completion. */
export function taggedAnswer({ think, answer }: Pick<DataRecord, 'think' | 'answer'>): string {
  return think === '' ? answer : `<think>\n${think}\n</think>\n\n${answer}`;
}

function answered(record: DataRecord, as: (answer: string) => object): object {
  return record.think === '' && record.answer === '' ? {} : as(taggedAnswer(record));
}

function goldOf({ gold }: DataRecord): object {
  return gold === null ? {} : { gold };
}

const SHAREGPT_ROLES: Readonly<Record<string, string>> = { user: 'human', assistant: 'gpt' };

function sharegpt(record: DataRecord): object {
  return { conversations: withAnswer(record, 'tags').map(({ role, content }) => ({ from: SHAREGPT_ROLES[role] ?? role, value: content })), ...goldOf(record) };
}

/** With LLaMA-Factory's `system` and `history`; other roles than user and assistant have no place in it. */
function alpaca(record: DataRecord): object {
  const messages = record.messages ?? [{ role: 'user', content: record.prompt }];
  const [first] = messages;
  const system = first?.role === 'system' ? first.content : null;
  const turns = system === null ? messages : messages.slice(1);
  const roles = turns.map(({ role }, index) => role === (index % 2 === 0 ? 'user' : 'assistant'));
  const last = turns.at(-1);
  if (roles.includes(false) || last?.role !== 'user') throw new DistillError('data-convert-conversation', { format: 'alpaca', id: record.id, roles: messages.map(({ role }) => role).join(', ') });
  const history = turns.slice(0, -1).flatMap(({ content }, index) => (index % 2 === 0 ? [[content, turns[index + 1]?.content ?? '']] : []));
  return { instruction: last.content, input: '', output: record.think === '' && record.answer === '' ? '' : taggedAnswer(record), ...(system === null ? {} : { system }), ...(history.length === 0 ? {} : { history }), ...goldOf(record) };
}

const CSV_COLUMNS = ['prompt', 'think', 'answer', 'gold', 'task', 'language', 'difficulty', 'options', 'messages', 'tests'] as const;

/** A cell that begins with = or @ stays as it is: it is a text, and a changed one would be trained on. */
function csvLine(record: DataRecord): string {
  const row = plain(record) as Readonly<Record<string, unknown>>;
  const cell = (value: unknown): string => {
    const text = value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
    return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${CSV_COLUMNS.map((name) => cell(row[name])).join(',')}\r\n`;
}
