/** A file of lines that one process appends to: read whole once, a torn end cut, every append one write. */
import { closeSync, fdatasyncSync, ftruncateSync, mkdirSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { fileError, systemCode } from '../../system/fileErrors.ts';
import { appendWhole } from '../eventLines.ts';

const PIECE = 1 << 20;
const NEWLINE = 0x0a;

export interface Place {
  readonly offset: number;
  /** With the newline. */
  readonly bytes: number;
}

/** Called for each whole line, without its newline; the buffer is valid during the call only. */
export type OnLine = (line: Buffer, place: Place, number: number) => void;

export class LineFile {
  private constructor(readonly file: string, private readonly descriptor: number) {}

  /**
   * Opens the file for appending, made with its folder where it is missing. What stands after the last newline was never
   * whole and is cut: only for whoever holds the lock. Throws DistillError of the file system.
   */
  static open(file: string, onLine: OnLine): LineFile {
    return withFile(file, () => {
      mkdirSync(path.dirname(file), { recursive: true });
      const descriptor = openSync(file, 'a+');
      try {
        const { end, size } = scan(descriptor, onLine);
        if (end < size) ftruncateSync(descriptor, end);
        return new LineFile(file, descriptor);
      } catch (error) {
        closeSync(descriptor);
        throw error;
      }
    });
  }

  /** Throws DistillError `disk-full` …; the file then ends where it ended before. */
  append(value: object): Place {
    return withFile(this.file, () => appendWhole(this.descriptor, `${JSON.stringify(value)}\n`));
  }

  read({ offset, bytes }: Place): string {
    return withFile(this.file, () => textAt(this.descriptor, offset, bytes));
  }

  close(): void {
    withFile(this.file, () => {
      try {
        fdatasyncSync(this.descriptor);
      } finally {
        closeSync(this.descriptor);
      }
    });
  }
}

/** Reads a file that another process may be writing to: its whole lines, nothing cut. A file that is missing has none. */
export function readLines(file: string, onLine: OnLine): void {
  withFile(file, () => {
    let descriptor: number;
    try {
      descriptor = openSync(file, 'r');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return;
      throw error;
    }
    try {
      scan(descriptor, onLine);
    } finally {
      closeSync(descriptor);
    }
  });
}

function scan(descriptor: number, onLine: OnLine): { readonly end: number; readonly size: number } {
  let [offset, size, number] = [0, 0, 0];
  let rest = Buffer.alloc(0);
  const piece = Buffer.alloc(PIECE);
  for (;;) {
    const count = readSync(descriptor, piece, 0, PIECE, size);
    if (count === 0) return { end: offset, size };
    size += count;
    const text = rest.length === 0 ? piece.subarray(0, count) : Buffer.concat([rest, piece.subarray(0, count)]);
    let start = 0;
    for (let end = text.indexOf(NEWLINE, rest.length); end >= 0; end = text.indexOf(NEWLINE, start)) {
      onLine(text.subarray(start, end), { offset, bytes: end + 1 - start }, number);
      number += 1;
      offset += end + 1 - start;
      start = end + 1;
    }
    rest = Buffer.from(text.subarray(start));
  }
}

function textAt(descriptor: number, offset: number, bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  let done = 0;
  while (done < bytes) {
    const count = readSync(descriptor, buffer, done, bytes - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return buffer.subarray(0, done).toString('utf8');
}

function withFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fileError(error, file);
  }
}
