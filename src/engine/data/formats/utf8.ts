/** A file's bytes as UTF-8, for formats whose marks are looked for byte by byte: GB18030's second bytes may look like brackets. */
import { DistillError } from '../../../shared/messages.ts';
import { encodingName, type EncodedBytes } from './encoding.ts';

const NEWLINE = 0x0a;

/** UTF-8 goes through as it is, unchecked. Throws DistillError `data-row-encoding` with the line where GB18030 can't be read. */
export async function* utf8Pieces(bytes: EncodedBytes, file: string): AsyncGenerator<Buffer> {
  let decoder: TextDecoder | null = null;
  let line = 1;
  const decode = (piece: Buffer | undefined): Buffer => {
    try {
      const text = piece === undefined ? decoder?.decode() ?? '' : decoder?.decode(piece, { stream: true }) ?? '';
      for (let at = piece?.indexOf(NEWLINE) ?? -1; at >= 0; at = piece?.indexOf(NEWLINE, at + 1) ?? -1) line += 1;
      return Buffer.from(text, 'utf8');
    } catch (error) {
      throw new DistillError('data-row-encoding', { file, line: line + badLine(piece), encoding: encodingName(bytes.encoding) }, { cause: error });
    }
  };
  for await (const piece of bytes.pieces) {
    if (bytes.encoding === 'gb18030') decoder ??= new TextDecoder('gb18030', { fatal: true });
    yield decoder === null ? piece : decode(piece);
  }
  if (decoder !== null) yield decode(undefined);
}

/** Newlines of a piece before the line that can't be read. */
function badLine(piece: Buffer | undefined): number {
  let [start, lines] = [0, 0];
  for (let end = piece?.indexOf(NEWLINE) ?? -1; piece !== undefined && end >= 0; end = piece.indexOf(NEWLINE, start)) {
    try {
      new TextDecoder('gb18030', { fatal: true }).decode(piece.subarray(start, end));
    } catch {
      // The first line of a piece may begin inside a character; it counts only where no other is broken.
      if (start > 0) return lines;
    }
    start = end + 1;
    lines += 1;
  }
  return lines;
}
