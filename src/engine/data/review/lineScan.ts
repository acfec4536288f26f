/** The lines of a file with the place of each in bytes, in pieces; a line too long to hold is passed over, never held. */
import { open } from 'node:fs/promises';
import { withFileErrors } from '../../../system/fileErrors.ts';

/** A row longer than this is no row that a person could read: it is counted as broken. */
export const MOST_ROW_BYTES = 64 * 1024 * 1024;
const PIECE_BYTES = 4 * 1024 * 1024;
const NEWLINE = 0x0a;

export interface ScannedLine {
  /** 0-based line of the file. */
  readonly line: number;
  readonly offset: number;
  /** Without its newline. */
  readonly bytes: number;
  /** Null where it is longer than MOST_ROW_BYTES. Only until the next line is asked for. */
  readonly content: Buffer | null;
  /** False for the last line of a file that does not end with a newline: it may still be being written. */
  readonly ended: boolean;
}

export interface ScanFrom {
  readonly offset: number;
  readonly line: number;
}

/** Yields the lines in groups, a group for each piece that was read: a loop over them costs no promise a line. */
export async function* scanLines(file: string, from: ScanFrom, signal: AbortSignal): AsyncGenerator<readonly ScannedLine[]> {
  const handle = await withFileErrors(file, () => open(file, 'r'));
  try {
    let { offset, line } = from;
    let position = offset;
    let rest: Buffer = Buffer.alloc(0);
    /** Of a line that is being passed over: how much of it was. */
    let passed = 0;
    for (;;) {
      signal.throwIfAborted();
      // A buffer for each piece: the lines of the last group may still be looked at.
      const piece = Buffer.allocUnsafe(rest.length + PIECE_BYTES);
      rest.copy(piece);
      const { bytesRead } = await withFileErrors(file, () => handle.read(piece, rest.length, PIECE_BYTES, position));
      position += bytesRead;
      const filled = piece.subarray(0, rest.length + bytesRead);
      const lines: ScannedLine[] = [];
      let start = 0;
      for (let end = filled.indexOf(NEWLINE, rest.length); end >= 0; end = filled.indexOf(NEWLINE, start)) {
        const bytes = passed + end - start;
        lines.push({ line, offset, bytes, content: passed > 0 ? null : filled.subarray(start, end), ended: true });
        offset += bytes + 1;
        line += 1;
        start = end + 1;
        passed = 0;
      }
      rest = filled.subarray(start);
      if (passed > 0 || rest.length > MOST_ROW_BYTES) {
        passed += rest.length;
        rest = Buffer.alloc(0);
      }
      if (bytesRead === 0) {
        if (passed + rest.length > 0) lines.push({ line, offset, bytes: passed + rest.length, content: passed > 0 ? null : rest, ended: false });
        yield lines;
        return;
      }
      yield lines;
    }
  } finally {
    await handle.close();
  }
}
