/** The lines of a text file in any known encoding, with a limit on their length. */
import { DistillError } from '../../../shared/messages.ts';
import { unpackedBytes, type BytesOptions } from './fileBytes.ts';
import { encodedBytes, encodingName, type EncodedBytes } from './encoding.ts';

/** The longest line or row that is read: the longest traces have some MiB; beyond this it is a file of another kind. */
export const ROW_LIMIT = 64 << 20;
export const ROW_LIMIT_TEXT = '64 MiB';

const NEWLINE = 0x0a;

export interface TextLine {
  /** 1-based. */
  readonly line: number;
  /** Trimmed; null where the line can't be read. */
  readonly text: string | null;
  readonly broken: DistillError | null;
}

/** Every line that is not blank. Only a newline ends a line: U+2028 may stand in a JSON text as it is. */
export async function* textLines(file: string, options: BytesOptions = {}): AsyncGenerator<TextLine> {
  const bytes = encodedBytes(unpackedBytes(file, options), file);
  for await (const { line, bytes: raw } of byteLines(bytes.pieces)) {
    if (raw === null) yield { line, text: null, broken: new DistillError('data-row-too-big', { file, line, limit: ROW_LIMIT_TEXT }) };
    else {
      const read = decodedLine(bytes, raw, file, line);
      if (read.text !== '') yield read;
    }
  }
}

export function decodedLine(bytes: Pick<EncodedBytes, 'decode' | 'encoding'>, raw: Buffer, file: string, line: number): TextLine {
  const text = bytes.decode(raw);
  if (text === null) return { line, text: null, broken: new DistillError('data-row-encoding', { file, line, encoding: encodingName(bytes.encoding) }) };
  return { line, text: text.trim(), broken: null };
}

/**
 * All lines as bytes, without their newline; null for one that is longer than the limit, as soon as it is: the rest of it is
 * passed over without being kept.
 */
export async function* byteLines(pieces: AsyncIterable<Buffer>, limit = ROW_LIMIT): AsyncGenerator<{ readonly line: number; readonly bytes: Buffer | null }> {
  let rest: Buffer[] = [];
  let length = 0;
  let line = 1;
  for await (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      const last = piece.subarray(start, end);
      if (length <= limit) yield { line, bytes: length + last.length > limit ? null : rest.length === 0 ? last : Buffer.concat([...rest, last]) };
      [rest, length, start] = [[], 0, end + 1];
      line += 1;
    }
    if (start === piece.length) continue;
    const known = length > limit;
    length += piece.length - start;
    // A copy: the piece around it would stay in memory as long as its end does.
    if (length <= limit) rest.push(Buffer.from(piece.subarray(start)));
    else if (!known) {
      rest = [];
      yield { line, bytes: null };
    }
  }
  if (length > 0 && length <= limit) yield { line, bytes: Buffer.concat(rest) };
}
