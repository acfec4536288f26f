/** Parquet, row group by row group: memory holds one of them. Structs and lists become objects and arrays, as in JSON. */
import type { FileHandle } from 'node:fs/promises';
import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { DistillError } from '../../../shared/messages.ts';
import { checkUnchanged, openDataFile, type BytesOptions } from './fileBytes.ts';
import type { RawRow } from './rawRow.ts';

/** Unpacked bytes of a row group. */
export interface GroupLimits {
  /** Read at once; a bigger group is read in parts of as many rows as fit, where it has an index of its pages. */
  readonly atOnce: number;
  /** Beyond this a group without such an index is refused: every part of it would unpack all of it. */
  readonly refused: number;
}
const GROUP_LIMITS: GroupLimits = { atOnce: 256 << 20, refused: 2 ** 31 };

/** Rows are numbered from 1. Throws DistillError `data-file-damaged`, `data-parquet-group`, `data-file-changed`. */
export async function* parquetRows(file: string, { signal }: BytesOptions = {}, limits: GroupLimits = GROUP_LIMITS): AsyncGenerator<RawRow> {
  const [{ parquetMetadataAsync, parquetReadObjects }, { compressors }] = await Promise.all([import('hyparquet'), import('hyparquet-compressors')]);
  const { handle, state } = await openDataFile(file);
  try {
    const buffer = asyncBuffer(handle, state.size);
    const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        // What was cut while it was read looks damaged, but is not.
        await checkUnchanged(file, state);
        throw new DistillError('data-file-damaged', { file, detail: error instanceof Error ? error.message : String(error) }, { cause: error });
      }
    };
    const metadata = await guarded(() => parquetMetadataAsync(buffer));
    let start = 0;
    for (const group of rowGroups(metadata, file, limits)) {
      for (let done = 0; done < group.rows; done += group.step) {
        signal?.throwIfAborted();
        const rowStart = start + done;
        const rowEnd = start + Math.min(group.rows, done + group.step);
        const rows = await guarded(() => parquetReadObjects({ file: buffer, metadata, compressors, rowStart, rowEnd, useOffsetIndex: group.step < group.rows }));
        for (const [index, value] of rows.entries()) {
          const row = rowStart + index + 1;
          yield { row, at: { file, line: row, unit: 'row' }, value: jsonValue(value) };
        }
      }
      start += group.rows;
    }
    await checkUnchanged(file, state);
  } finally {
    await handle.close();
  }
}

/** Names of the top-level columns, without a row being read. */
export async function parquetColumns(file: string): Promise<readonly string[]> {
  const { parquetMetadataAsync, parquetSchema } = await import('hyparquet');
  const { handle, state } = await openDataFile(file);
  try {
    return parquetSchema(await parquetMetadataAsync(asyncBuffer(handle, state.size))).children.map(({ element }) => element.name);
  } catch (error) {
    throw new DistillError('data-file-damaged', { file, detail: error instanceof Error ? error.message : String(error) }, { cause: error });
  } finally {
    await handle.close();
  }
}

interface Group {
  readonly rows: number;
  /** Rows read at once. */
  readonly step: number;
}

function* rowGroups({ row_groups: groups }: FileMetaData, file: string, { atOnce, refused }: GroupLimits): Generator<Group> {
  for (const [index, group] of groups.entries()) {
    const rows = Number(group.num_rows);
    const sum = (columns: FileMetaData['row_groups'][number]['columns']): number => columns.reduce((total, { meta_data: data }) => total + Number(data?.total_uncompressed_size ?? 0), 0);
    const bytes = sum(group.columns);
    // Writers leave the index out where a column has a single page.
    const indexed = sum(group.columns.filter(({ offset_index_offset: offset }) => offset === undefined)) <= atOnce;
    if (bytes > refused && !indexed) throw new DistillError('data-parquet-group', { file, group: index + 1, rows, mebibytes: Math.round(bytes / 2 ** 20) });
    yield { rows, step: bytes <= atOnce || !indexed ? Math.max(1, rows) : Math.max(1, Math.floor(rows * atOnce / bytes)) };
  }
}

function asyncBuffer(handle: FileHandle, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const bytes = new Uint8Array(Math.max(0, end - start));
      let read = 0;
      while (read < bytes.length) {
        const { bytesRead } = await handle.read(bytes, read, bytes.length - read, start + read);
        if (bytesRead === 0) throw new Error(`it ends at byte ${String(start + read)}`);
        read += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

/** A value as JSON has it: whole numbers beyond 2^53 as text, times as ISO 8601, bytes as text where they are UTF-8. */
function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (ArrayBuffer.isView(value)) return [...value as unknown as Iterable<unknown>].map(jsonValue);
  if (Array.isArray(value)) return value.map(jsonValue);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, jsonValue(each)]));
}
