/** The lines of a JSONL file of our own (events, traces), a piece at a time; data of people goes through formats/read.ts. */
import { createReadStream } from 'node:fs';
import { dataFileError } from './formats/fileBytes.ts';
import { byteLines } from './formats/lines.ts';

export interface JsonLine {
  /** 0-based. */
  readonly line: number;
  readonly text: string;
}

/**
 * Every line that is not blank. The file may grow meanwhile. Throws DistillError `data-file-missing`, `data-file-is-folder`
 * or one of withFileErrors.
 */
export async function* jsonLines(file: string): AsyncGenerator<JsonLine> {
  try {
    for await (const { line, bytes } of byteLines(createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>, Infinity)) {
      // trim takes a byte order mark away as well.
      const text = bytes?.toString('utf8').trim() ?? '';
      if (text !== '') yield { line: line - 1, text };
    }
  } catch (error) {
    throw dataFileError(error, file);
  }
}
