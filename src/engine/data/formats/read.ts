/** Data of any known format as records, streamed: a big file needs no more memory than a small one. */
import path from 'node:path';
import { DistillError } from '../../../shared/messages.ts';
import { fields as fieldsSchema } from '../../../shared/recipeParts.ts';
import type { DataFormat, SourceRecipe } from '../../../shared/recipeCollect.ts';
import type { DataRecord } from '../../../shared/record.ts';
import { resolvePath } from '../paths.ts';
import { choicesRows } from './choicesText.ts';
import { csvRows } from './csv.ts';
import type { BytesOptions } from './fileBytes.ts';
import { dataFiles } from './folder.ts';
import { hubFolder } from './hub.ts';
import { jsonArrayRows } from './jsonArray.ts';
import { textLines } from './lines.ts';
import { parquetRows } from './parquet.ts';
import type { RawRow } from './rawRow.ts';
import { recogniseFile, type Container } from './recognise.ts';
import { recordOf, type Fields, type ShapeOptions } from './shape.ts';

/** What of a recipe's source this reads; `synthesise` is another's. */
export interface ReadSource extends Partial<Pick<SourceRecipe, 'file' | 'hub' | 'fields' | 'task' | 'language' | 'limit'>> {
  readonly format: DataFormat;
  /** What the file is called in provenance and messages, where that isn't how `file` is written. */
  readonly written?: string | undefined;
  /** Of a dataset folder; train by default. */
  readonly split?: string | undefined;
}

export interface ReadOptions {
  /** The folder that the recipe's paths are relative to. */
  readonly base: string;
  readonly onBroken: 'refuse' | 'skip';
  /** Told each row that is left out, as the error that it would have been. */
  readonly onBrokenRow?: ((broken: DistillError) => void) | undefined;
  /** Told each file before its first row. */
  readonly onFile?: ((found: RecognisedFile) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes read of the current file, as it lies on the disk; Parquet tells none. */
  readonly onBytes?: ((bytes: Buffer) => void) | undefined;
  /** Told the bytes of a hub's file that have come. */
  readonly onDownload?: ((file: string, done: number, total: number) => void) | undefined;
  /** Rows without an answer are broken: training can't use them. */
  readonly answered?: boolean;
}

export interface RecognisedFile {
  /** Absolute. */
  readonly file: string;
  /** As the recipe names it; of a folder or a hub dataset with the file's place in it. */
  readonly written: string;
  readonly container: Container;
}

/** A record and where it stood just now; its provenance says where it came from first. */
export interface PlacedRecord {
  readonly record: DataRecord;
  readonly file: RecognisedFile;
  /** 1-based: line of a line format, else row. */
  readonly row: number;
  /** The id that the row has where nobody maps its fields: what a review knows it by. Null where it can't be read so. */
  readonly usualId: () => string | null;
}

/**
 * Rows of a file, a dataset folder or a hub dataset, in their order. Throws DistillError `data-…`, `hub-…`, `path-escapes`,
 * those of the file system, and the signal's reason.
 */
export async function* readRecords(source: ReadSource, options: ReadOptions): AsyncGenerator<DataRecord> {
  for await (const { record } of readPlaced(source, options)) yield record;
}

/** As readRecords, each record with its place. */
export async function* readPlaced(source: ReadSource, options: ReadOptions): AsyncGenerator<PlacedRecord> {
  let left = source.limit ?? Infinity;
  for (const file of await sourceFiles(source, options)) {
    options.onFile?.(file);
    for await (const placed of fileRecords(file, source, options)) {
      yield placed;
      left -= 1;
      if (left <= 0) return;
    }
  }
}

/** The files that a source names, each with what it was recognised as. */
export async function sourceFiles(source: ReadSource, { base, signal, onDownload }: Pick<ReadOptions, 'base' | 'signal' | 'onDownload'>): Promise<readonly RecognisedFile[]> {
  const { file, hub, format } = source;
  if (hub !== undefined) {
    const { folder, address } = await hubFolder(hub, { base, signal, onProgress: onDownload });
    return recognised(await dataFiles(folder, { split: hub.split, config: hub.config }), address, format);
  }
  if (file === undefined) throw new Error('a source without file or hub');
  const found = await dataFiles(resolvePath(base, file), { split: source.split });
  return recognised(found, (source.written ?? file).replace(/[\\/]+$/, ''), format);
}

async function recognised(files: readonly { readonly file: string; readonly inside: string | null }[], written: string, format: DataFormat): Promise<readonly RecognisedFile[]> {
  const found: RecognisedFile[] = [];
  for (const { file, inside } of files) {
    found.push({ file, written: inside === null ? written : `${written}/${inside.split(path.sep).join('/')}`, container: await recogniseFile(file, format) });
  }
  return found;
}

export const USUAL_FIELDS: Fields = fieldsSchema.parse({});

async function* fileRecords(file: RecognisedFile, source: ReadSource, options: ReadOptions): AsyncGenerator<PlacedRecord> {
  const shape: ShapeOptions = { fields: source.fields ?? USUAL_FIELDS, format: source.format, answered: options.answered === true, task: source.task, language: source.language };
  for await (const raw of rawRows(file, options)) {
    try {
      if (raw.broken !== undefined) throw raw.broken;
      const record = recordOf(raw.value, raw.at, shape, { file: file.written, format: source.format === 'auto' ? file.container : source.format, row: raw.row });
      yield { record, file, row: raw.row, usualId: () => usualId(raw) };
    } catch (error) {
      if (!(error instanceof DistillError) || options.onBroken === 'refuse') throw error;
      options.onBrokenRow?.(error);
    }
  }
}

function usualId({ value, at }: RawRow): string | null {
  try {
    return recordOf(value, at, { fields: USUAL_FIELDS, format: 'auto', answered: false }, null).id;
  } catch (error) {
    if (error instanceof DistillError) return null;
    throw error;
  }
}

/** The rows of one file as they are, whatever their fields mean. */
export async function* fileRows(file: string): AsyncGenerator<RawRow> {
  yield* rawRows({ file, container: await recogniseFile(file, 'auto') }, { onBroken: 'refuse' });
}

function rawRows({ file, container }: Pick<RecognisedFile, 'file' | 'container'>, { onBroken, signal, onBytes }: Pick<ReadOptions, 'onBroken' | 'signal' | 'onBytes'>): AsyncGenerator<RawRow> {
  const bytes: BytesOptions = { signal, onBytes };
  switch (container) {
    case 'jsonl': return jsonLineRows(file, bytes);
    case 'json': return jsonArrayRows(file, bytes);
    case 'csv': return csvRows(file, onBroken === 'skip', bytes);
    case 'parquet': return parquetRows(file, bytes);
    case 'choices': return choicesRows(file, bytes);
  }
}

async function* jsonLineRows(file: string, bytes: BytesOptions): AsyncGenerator<RawRow> {
  for await (const { line, text, broken } of textLines(file, bytes)) {
    const at = { file, line };
    if (broken !== null) yield { row: line, at, broken };
    else yield parsedLine(text ?? '', at);
  }
}

/** A line of JSONL, parsed. */
export function parsedLine(text: string, at: { readonly file: string; readonly line: number }): RawRow {
  try {
    return { row: at.line, at, value: JSON.parse(text) as unknown };
  } catch (error) {
    return { row: at.line, at, broken: new DistillError('data-row-not-json', { ...at, detail: error instanceof Error ? error.message : String(error) }, { cause: error }) };
  }
}
