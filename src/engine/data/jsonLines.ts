/** The lines of a JSONL file, a piece at a time: a file may be larger than memory. */
import { createReadStream } from 'node:fs';
import { DistillError } from '../../shared/messages.ts';
import { fileError, systemCode } from '../../system/fileErrors.ts';

export interface JsonLine {
  /** 0-based. */
  readonly line: number;
  readonly text: string;
}

const NEWLINE = 0x0a;

/**
 * Every line that is not blank. Only a newline ends a line: U+2028 may stand in a JSON text as it is, and Node's own
 * readline would break the row there. Throws DistillError `data-file-missing`, `data-file-is-folder` or one of withFileErrors.
 */
export async function* jsonLines(file: string): AsyncGenerator<JsonLine> {
  const stream = createReadStream(file, { highWaterMark: 1 << 18 });
  let rest: Buffer[] = [];
  let line = 0;
  const whole = (last: Buffer): JsonLine | null => {
    // trim takes a byte order mark away as well.
    const text = Buffer.concat([...rest, last]).toString('utf8').trim();
    rest = [];
    return text === '' ? null : { line, text };
  };
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
        const found = whole(piece.subarray(start, end));
        if (found !== null) yield found;
        line += 1;
        start = end + 1;
      }
      rest.push(Buffer.from(piece.subarray(start)));
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw new DistillError('data-file-missing', { file }, { cause: error });
    if (systemCode(error) === 'EISDIR') throw new DistillError('data-file-is-folder', { file }, { cause: error });
    throw fileError(error, file);
  }
  const found = whole(Buffer.alloc(0));
  if (found !== null) yield found;
}
