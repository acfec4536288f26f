/**
 * Which rows say a text, over the whole file: the bytes are searched first, for the text as JSON writes it in any way, and
 * only rows that have it there are parsed and looked at.
 */
import { open } from 'node:fs/promises';
import { withFileErrors } from '../../../system/fileErrors.ts';
import type { DataIndex } from './dataIndex.ts';
import { recordAt } from './rows.ts';

const PIECE_BYTES = 4 * 1024 * 1024;

/** JSON's short escapes. */
const SHORT: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b', '\f': '\\f', '/': '\\/' };

const quoted = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/**
 * Finds `needle` in the bytes of JSON, decoded as Latin-1 (a character a byte): each character may stand as itself, as \uXXXX
 * or as its short escape. Null where upper and lower case of the text are not one byte pattern (É, İ): then every row is parsed.
 */
function bytePattern(needle: string): RegExp | null {
  const parts: string[] = [];
  for (const char of needle) {
    const cased = char.toLowerCase() !== char.toUpperCase();
    if (char > '\u007f' && cased) return null;
    const escaped = [...Array.from({ length: char.length }, (_, unit) => `\\\\u${char.charCodeAt(unit).toString(16).padStart(4, '0')}`)].join('');
    const short = SHORT[char];
    const itself = quoted(Buffer.from(char, 'utf8').toString('latin1'));
    // K and k have one more relative each (the Kelvin sign, the long s): those rows are found by their plain letters or not at all.
    parts.push(cased ? itself : `(?:${[itself, escaped, ...(short === undefined ? [] : [quoted(short)])].join('|')})`);
  }
  return new RegExp(parts.join(''), 'gi');
}

/** What is compared: as a person types it, whatever the case. */
function says(texts: readonly string[], lowered: string): boolean {
  return texts.some((text) => text.toLowerCase().includes(lowered));
}

/**
 * One byte a row: 1 where prompt, reasoning or answer say the text.
 * @param breathe is told how many rows were looked at, and lets others in; throws to end the search
 */
export async function searchRows(index: DataIndex, needle: string, breathe: (done: number) => Promise<void>): Promise<Uint8Array> {
  const found = new Uint8Array(index.length);
  const lowered = needle.toLowerCase();
  const pattern = bytePattern(needle);
  const search = async (file: string, first: number, end: number): Promise<void> => {
    if (first === end) return;
    const handle = await withFileErrors(file, () => open(file, 'r'));
    try {
      for (let row = first; row < end;) {
        const start = index.offsets.at(row);
        let last = row;
        while (last + 1 < end && index.offsets.at(last + 1) + index.bytes.at(last + 1) - start <= PIECE_BYTES) last += 1;
        const bytes = Buffer.allocUnsafe(index.offsets.at(last) + index.bytes.at(last) - start);
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
        for (const hit of candidates(index, bytes.subarray(0, bytesRead), pattern, row, last, start)) {
          const from = index.offsets.at(hit) - start;
          // Null: the file changed under the search, and the index is made again.
          const record = recordAt(index, hit, bytes.subarray(from, from + index.bytes.at(hit)));
          if (record !== null && says([record.prompt, record.think, record.answer], lowered)) found[hit] = 1;
        }
        row = last + 1;
        await breathe(row);
      }
    } finally {
      await handle.close();
    }
  };
  await search(index.file, 0, index.rows);
  if (index.removed > 0) await search(index.fileOf(index.rows), index.rows, index.length);
  return found;
}

/** Rows of a piece whose bytes may say it, each once. */
function* candidates(index: DataIndex, bytes: Buffer, pattern: RegExp | null, first: number, last: number, start: number): Generator<number> {
  if (pattern === null) {
    for (let row = first; row <= last; row++) yield row;
    return;
  }
  const text = bytes.toString('latin1');
  let row = first;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const place = start + match.index;
    while (row < last && index.offsets.at(row + 1) <= place) row += 1;
    yield row;
    // One hit a row is enough: on with the next one.
    if (row === last) return;
    row += 1;
    pattern.lastIndex = index.offsets.at(row) - start;
  }
}
