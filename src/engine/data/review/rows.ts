/** Rows of an index, read from the file where they lie. */
import { open, type FileHandle } from 'node:fs/promises';
import { DistillError } from '../../../shared/messages.ts';
import type { DataRecord } from '../../../shared/record.ts';
import { withFileErrors } from '../../../system/fileErrors.ts';
import type { DataIndex } from './dataIndex.ts';
import { lineRecord, removalOf, type Removal } from './lineRecord.ts';

/** Rows that lie this near to each other are read together. */
const GAP_BYTES = 64 * 1024;
const MOST_AT_ONCE_BYTES = 8 * 1024 * 1024;

/** Keeps the files open while rows are read; closed and opened anew when they are replaced. */
export class RowReader {
  readonly #handles = new Map<string, Promise<FileHandle>>();

  constructor(private readonly index: DataIndex) {}

  /** Throws DistillError `data-changed` where the file no longer holds the row. */
  async read(row: number): Promise<DataRecord> {
    const [record] = await this.readMany([row]);
    if (record === undefined || record === null) throw new DistillError('data-changed', { file: this.index.fileOf(row) });
    return record;
  }

  /** In the order asked for; null for a row that the file no longer holds. */
  async readMany(rows: readonly number[]): Promise<readonly (DataRecord | null)[]> {
    const { index } = this;
    const records = new Array<DataRecord | null>(rows.length).fill(null);
    const byPlace = rows.map((row, at) => ({ row, at })).sort((one, other) => one.row - other.row);
    for (let from = 0; from < byPlace.length;) {
      const first = byPlace[from]?.row ?? 0;
      const start = index.offsets.at(first);
      let to = from + 1;
      let end = start + index.bytes.at(first);
      for (; to < byPlace.length; to++) {
        const row = byPlace[to]?.row ?? 0;
        const offset = index.offsets.at(row);
        if (index.isRemoved(row) !== index.isRemoved(first) || offset - end > GAP_BYTES || offset + index.bytes.at(row) - start > MOST_AT_ONCE_BYTES) break;
        end = offset + index.bytes.at(row);
      }
      const piece = Buffer.allocUnsafe(end - start);
      const handle = await this.#handle(index.fileOf(first));
      const { bytesRead } = await handle.read(piece, 0, piece.length, start);
      for (; from < to; from++) {
        const { row, at } = byPlace[from] as { readonly row: number; readonly at: number };
        const place = index.offsets.at(row) - start;
        if (place + index.bytes.at(row) <= bytesRead) records[at] = this.#record(row, piece.subarray(place, place + index.bytes.at(row)));
      }
    }
    return records;
  }

  async close(): Promise<void> {
    const handles = [...this.#handles.values()];
    this.#handles.clear();
    for (const handle of handles) await (await handle.catch(() => null))?.close();
  }

  /** All rows in the order of the file, a group at a time. */
  async *groups(rows: ArrayLike<number> & Iterable<number>, signal: AbortSignal): AsyncGenerator<readonly { readonly row: number; readonly record: DataRecord }[]> {
    const own = Uint32Array.from(rows);
    for (let from = 0; from < own.length; from += ROWS_A_GROUP) {
      signal.throwIfAborted();
      const group = [...own.subarray(from, from + ROWS_A_GROUP)];
      const records = await this.readMany(group);
      yield group.flatMap((row, at) => {
        const record = records[at] ?? null;
        return record === null ? [] : [{ row, record }];
      });
    }
  }

  /** Why a removed row was taken away; null for any other row. */
  async removal(row: number): Promise<Removal | null> {
    const { index } = this;
    if (!index.isRemoved(row)) return null;
    const line = Buffer.allocUnsafe(index.bytes.at(row));
    await (await this.#handle(index.fileOf(row))).read(line, 0, line.length, index.offsets.at(row));
    return removalOf(index.fileOf(row), { line: index.lines.at(row), text: line.toString('utf8') });
  }

  #record(row: number, bytes: Buffer): DataRecord | null {
    const record = recordAt(this.index, row, bytes);
    return record?.id === this.index.ids.at(row) ? record : null;
  }

  #handle(file: string): Promise<FileHandle> {
    const known = this.#handles.get(file);
    if (known !== undefined) return known;
    const handle = withFileErrors(file, () => open(file, 'r'));
    this.#handles.set(file, handle);
    handle.catch(() => this.#handles.delete(file));
    return handle;
  }
}

const ROWS_A_GROUP = 256;

/** The record in a row's bytes; null where there is none any more. */
export function recordAt(index: DataIndex, row: number, bytes: Buffer): DataRecord | null {
  const placed = { line: index.lines.at(row), text: bytes.toString('utf8').trim() };
  try {
    return index.isRemoved(row) ? removalOf(index.fileOf(row), placed)?.record ?? null : lineRecord(index.file, placed);
  } catch (error) {
    if (error instanceof DistillError) return null;
    throw error;
  }
}
