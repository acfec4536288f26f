/**
 * In which encoding a text file is written, and its bytes as UTF-8. A file has one encoding: UTF-8 (with or without a mark),
 * UTF-16 (by its mark, or by its zero bytes) or GB18030, which holds GBK and GB2312. A line in another one is named, not
 * guessed at: replacing what can't be read would put wrong characters into training data.
 */
import { isUtf8 } from 'node:buffer';
import { DistillError } from '../../../shared/messages.ts';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'gb18030';

export interface EncodedBytes {
  /** UTF-8 until the first byte above 127 says otherwise. */
  encoding: Encoding;
  /** UTF-8 and GB18030 as they are in the file (both keep the newline apart), UTF-16 as UTF-8; byte order marks gone. */
  readonly pieces: AsyncGenerator<Buffer>;
  /** The text of a line's bytes; null where they are not in the file's encoding. */
  decode(line: Buffer): string | null;
}

/** Bytes from the first one above 127 on that decide between UTF-8 and GB18030. */
const SAMPLE = 1 << 16;
const NEWLINE = 0x0a;

export function encodedBytes(bytes: AsyncGenerator<Buffer>, file: string): EncodedBytes {
  const gb = new TextDecoder('gb18030', { fatal: true });
  const result: EncodedBytes = {
    encoding: 'utf-8',
    pieces: decided(),
    decode(line) {
      if (result.encoding !== 'gb18030') return isUtf8(line) ? line.toString('utf8') : null;
      if (isUtf8(line) && aboveAscii(line) >= CLEARLY_UTF8) return null;
      try {
        return gb.decode(line);
      } catch {
        return null;
      }
    },
  };
  return result;

  async function* decided(): AsyncGenerator<Buffer> {
    try {
      const first = await bytes.next();
      if (first.done === true) return;
      const [wide, mark] = utf16(first.value);
      if (wide !== null) {
        result.encoding = wide;
        yield* fromUtf16(first.value.subarray(mark), bytes, wide, file);
        return;
      }
      const start = first.value[0] === 0xef && first.value[1] === 0xbb && first.value[2] === 0xbf ? 3 : 0;
      let open = start === 0;
      let piece: Buffer | null = first.value.subarray(start);
      while (piece !== null) {
        if (open) {
          const place = firstAboveAscii(piece);
          if (place >= 0) {
            const sampled: Buffer = await enough(piece, place, bytes);
            result.encoding = decide(sampled.subarray(sampled.lastIndexOf(NEWLINE, place) + 1));
            open = false;
            piece = sampled;
          }
        }
        yield piece;
        const next: IteratorResult<Buffer> = await bytes.next();
        piece = next.done === true ? null : next.value;
      }
    } finally {
      await bytes.return(undefined);
    }
  }
}

async function enough(piece: Buffer, place: number, bytes: AsyncGenerator<Buffer>): Promise<Buffer> {
  let whole = piece;
  while (whole.length - place < SAMPLE) {
    const next = await bytes.next();
    if (next.done === true) break;
    whole = Buffer.concat([whole, next.value]);
  }
  return whole;
}

/** GB18030 where more of the lines that are not plain ASCII can only be that than can be UTF-8. */
function decide(sample: Buffer): Encoding {
  if (isUtf8(sample)) return 'utf-8';
  let [utf8, gb] = [0, 0];
  for (let start = 0; start < sample.length;) {
    const newline = sample.indexOf(NEWLINE, start);
    // A last line may be cut inside a character.
    if (newline < 0 && start > 0) break;
    const line = sample.subarray(start, newline < 0 ? sample.length : newline);
    start = newline < 0 ? sample.length : newline + 1;
    if (aboveAscii(line) === 0) continue;
    if (isUtf8(line) || (newline < 0 && isUtf8(wholeCharacters(line)))) utf8 += 1;
    else if (looksChinese(line)) gb += 1;
  }
  return gb > utf8 ? 'gb18030' : 'utf-8';
}

/** Without the up to three bytes of a UTF-8 character that was cut. */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc0) return bytes.subarray(0, bytes.length - back);
    if (byte < 0x80) break;
  }
  return bytes;
}

/**
 * GB 2312 orders its 3755 commonest characters first (rows 16 to 55: lead bytes B0 to D7); they make up nearly all of
 * Chinese text, with the punctuation of rows 1 to 3. Latin-1, whose accents come one at a time, has no such pairs.
 */
function looksChinese(line: Buffer): boolean {
  let [common, all] = [0, 0];
  for (let at = 0; at < line.length; at++) {
    const [lead, trail] = [line[at] ?? 0, line[at + 1] ?? 0];
    if (lead < 0x80) continue;
    all += 1;
    if (((lead >= 0xb0 && lead <= 0xd7) || (lead >= 0xa1 && lead <= 0xa3)) && trail >= 0xa1) common += 1;
    at += 1;
  }
  return all > 0 && common >= 0.7 * all;
}

/** A GB18030 text may by chance be valid UTF-8 over a character or two; over three Chinese ones (9 bytes) it is not chance. */
const CLEARLY_UTF8 = 9;

function aboveAscii(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte > 0x7f) count += 1;
  return count;
}

function firstAboveAscii(bytes: Buffer): number {
  for (let at = 0; at < bytes.length; at++) if ((bytes[at] ?? 0) > 0x7f) return at;
  return -1;
}

/** Share of zero bytes on one side of the pairs that only UTF-16 has: text in Latin letters, JSON's marks included. */
const ZERO_SHARE = 0.2;

/** Which UTF-16 a file begins with, and how long its mark is. */
function utf16(bytes: Buffer): readonly ['utf-16le' | 'utf-16be' | null, number] {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return ['utf-16le', 2];
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return ['utf-16be', 2];
  const pairs = Math.min(bytes.length, 1 << 12) >> 1;
  let [even, odd] = [0, 0];
  for (let at = 0; at < pairs; at++) {
    if (bytes[2 * at] === 0) even += 1;
    if (bytes[2 * at + 1] === 0) odd += 1;
  }
  if (odd > ZERO_SHARE * pairs && even === 0) return ['utf-16le', 0];
  if (even > ZERO_SHARE * pairs && odd === 0) return ['utf-16be', 0];
  return [null, 0];
}

async function* fromUtf16(first: Buffer, rest: AsyncGenerator<Buffer>, encoding: 'utf-16le' | 'utf-16be', file: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let line = 1;
  const decode = (bytes: Buffer | undefined): Buffer => {
    try {
      const text = bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) line += 1;
      return Buffer.from(text, 'utf8');
    } catch (error) {
      throw new DistillError('data-row-encoding', { file, line, encoding: 'UTF-16' }, { cause: error });
    }
  };
  yield decode(first);
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield decode(next.value);
  yield decode(undefined);
}

/** What an encoding is called in a sentence. */
export function encodingName(encoding: Encoding): string {
  return encoding.toUpperCase().replace(/LE$|BE$/, '');
}
