/** Records as a Parquet file of our own fields, provenance included: lists and structs as `datasets` and pandas read them. */
import type { SchemaElement } from 'hyparquet';
import type { DataRecord } from '../../../shared/record.ts';
import { GrowingFile, type RecordWriter } from './write.ts';

/** Rows of a row group at most, and characters of its texts: what a reader has in memory at once. */
const GROUP_ROWS = 1000;
const GROUP_CHARACTERS = 32 << 20;

export async function parquetWriter(file: string): Promise<RecordWriter> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const growing = await GrowingFile.begin(file);
  const bytes = new ByteWriter(1 << 16);
  const flush = (): Promise<void> => {
    const written = Buffer.from(bytes.getBytes());
    bytes.index = 0;
    return growing.append(written);
  };
  const parquet = new ParquetWriter({ writer: bytes, schema: SCHEMA, createdBy: 'distill-workbench', kvMetadata: [] });
  let rows: Row[] = [];
  let characters = 0;
  const writeGroup = async (): Promise<void> => {
    const group = rows;
    [rows, characters] = [[], 0];
    await parquet.write({ columnData: COLUMNS.map((name) => ({ name, data: group.map((row) => row[name] ?? null) })), rowGroupSize: Math.max(1, group.length) });
    await flush();
  };
  return {
    async write(record) {
      rows.push(rowOf(record));
      characters += record.prompt.length + record.think.length + record.answer.length;
      if (rows.length >= GROUP_ROWS || characters >= GROUP_CHARACTERS) await writeGroup();
    },
    async close() {
      if (rows.length > 0) await writeGroup();
      await parquet.finish();
      await flush();
      await growing.close();
    },
    abandon: () => growing.abandon(),
  };
}

const text = (name: string, optional: boolean): SchemaElement => ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: optional ? 'OPTIONAL' : 'REQUIRED' });
const group = (name: string, children: number): SchemaElement => ({ name, num_children: children, repetition_type: 'OPTIONAL' });
/** Parquet's three levels of a list, around what its elements are. */
const list = (name: string): readonly SchemaElement[] => [{ name, num_children: 1, converted_type: 'LIST', repetition_type: 'OPTIONAL' }, { name: 'list', num_children: 1, repetition_type: 'REPEATED' }];

const COLUMNS = ['format', 'id', 'prompt', 'messages', 'think', 'answer', 'gold', 'task', 'language', 'difficulty', 'weight', 'options', 'tests', 'logprobs', 'provenance'] as const satisfies readonly (keyof DataRecord)[];
type Row = Readonly<Record<(typeof COLUMNS)[number], unknown>>;

const SCHEMA: SchemaElement[] = [
  { name: 'root', num_children: COLUMNS.length },
  { name: 'format', type: 'INT32', repetition_type: 'REQUIRED' }, text('id', false), text('prompt', false),
  ...list('messages'), group('element', 2), text('role', true), text('content', true),
  text('think', false), text('answer', false), text('gold', true), text('task', true), text('language', true), { name: 'difficulty', type: 'INT32', repetition_type: 'OPTIONAL' }, { name: 'weight', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
  ...list('options'), text('element', true),
  group('tests', 4), text('language', true), text('prelude', true), text('code', true), text('entry', true),
  // As text: what Parquet calls JSON is an extension type to pyarrow, which few programs read.
  text('logprobs', true), text('provenance', true),
];

function rowOf(record: DataRecord): Row {
  return {
    format: 1, id: record.id, prompt: record.prompt, messages: record.messages ?? null, think: record.think, answer: record.answer, gold: record.gold,
    task: record.task ?? null, language: record.language ?? null, difficulty: record.difficulty ?? null, weight: record.weight ?? null, options: record.options ?? null, tests: record.tests ?? null,
    logprobs: record.logprobs === undefined ? null : JSON.stringify(record.logprobs), provenance: JSON.stringify(record.provenance),
  };
}
