/** CSV and TSV (RFC 4180): quoted newlines, doubled quotes, a first row with the names of the columns. */
import { isUtf8 } from 'node:buffer';
import { pipeline, Readable } from 'node:stream';
import type { CsvError, Info } from 'csv-parse';
import { FIELD_NAMES } from '../../../shared/fieldNames.ts';
import { DistillError } from '../../../shared/messages.ts';
import { encodedBytes } from './encoding.ts';
import { unpackedBytes, type BytesOptions } from './fileBytes.ts';
import { ROW_LIMIT, ROW_LIMIT_TEXT } from './lines.ts';
import type { RawRow } from './rawRow.ts';
import { utf8Pieces } from './utf8.ts';

const DELIMITERS = [',', '\t', ';', '|'] as const;
/** Longest header that the delimiter is looked for in. */
const HEADER_LIMIT = 1 << 20;
const NEWLINE = 0x0a;

interface Parsed {
  readonly record: Readonly<Record<string, string>>;
  readonly info: Info;
}

/** Rows stand at the line they end on. `skip`: a row that can't be parsed is given as broken, else it is the first error thrown. */
export async function* csvRows(file: string, skip: boolean, options: BytesOptions = {}): AsyncGenerator<RawRow> {
  const { parse, CsvError: ParseError } = await import('csv-parse');
  const notUtf8 = new Set<number>();
  const pieces = watched(utf8Pieces(encodedBytes(unpackedBytes(file, options), file), file), notUtf8);
  const { head, rest } = await withHead(pieces);
  if (head.length === 0) return;
  const skipped: RawRow[] = [];
  const parser = parse({
    delimiter: delimiterOf(head), columns: (names: readonly string[]) => columnNames(names, file),
    info: true, skip_empty_lines: true, max_record_size: ROW_LIMIT, relax_column_count: false,
    ...(skip ? { skip_records_with_error: true, on_skip: (error: CsvError | undefined) => { if (error !== undefined) skipped.push(broken(error, file)); return undefined; } } : {}),
  });
  pipeline(Readable.from(rest), parser, () => undefined);
  let before = 1;
  try {
    for await (const { record, info } of parser as unknown as AsyncIterable<Parsed>) {
      yield* skipped.splice(0);
      const at = { file, line: info.lines };
      const bad = [...notUtf8].find((line) => line > before && line <= info.lines);
      before = info.lines;
      if (bad === undefined) yield { row: info.lines, at, value: cells(record) };
      else {
        notUtf8.delete(bad);
        yield { row: bad, at: { file, line: bad }, broken: new DistillError('data-row-encoding', { file, line: bad, encoding: 'UTF-8' }) };
      }
    }
    yield* skipped.splice(0);
  } catch (error) {
    if (error instanceof ParseError) throw broken(error, file).broken;
    throw error;
  } finally {
    parser.destroy();
  }
}

function broken(error: CsvError, file: string): RawRow & { readonly broken: DistillError } {
  const line = Number((error as { lines?: unknown }).lines ?? 0);
  const at = { file, line };
  const tooBig = error.code === 'CSV_MAX_RECORD_SIZE';
  return { row: line, at, broken: tooBig ? new DistillError('data-row-too-big', { ...at, limit: ROW_LIMIT_TEXT }) : new DistillError('data-row-csv', { ...at, detail: error.message }) };
}

function columnNames(names: readonly string[], file: string): string[] {
  const trimmed = names.map((name) => name.trim());
  const twice = trimmed.find((name, index) => name !== '' && trimmed.indexOf(name) !== index);
  if (twice !== undefined) throw new DistillError('data-csv-column-twice', { file, column: twice });
  return trimmed.map((name, index) => name === '' ? `column ${String(index + 1)}` : name);
}

/** The one of the usual delimiters that the header has most of, outside quotes. */
export function delimiterOf(head: string): string {
  const counts = new Map<string, number>(DELIMITERS.map((each) => [each, 0]));
  let quoted = false;
  for (const char of head) {
    if (char === '"') quoted = !quoted;
    else if (!quoted && char === '\n') break;
    else if (!quoted && counts.has(char)) counts.set(char, (counts.get(char) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ',';
}

/** Columns whose cells are JSON, for CSV has no lists of its own. An answer that looks like JSON stays the text it is. */
const NESTED: ReadonlySet<string> = new Set([...FIELD_NAMES.conversation, ...FIELD_NAMES.options, 'tests', 'test_list', 'history']);

/** The cells of a row; CSV doesn't tell an empty one from none. */
function cells(record: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).filter(([, text]) => text !== '').map(([name, text]) => [name, NESTED.has(name.toLowerCase()) ? nested(text) : text]));
}

function nested(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Notes the lines (1-based) that are not UTF-8: the parser itself would put U+FFFD in their place. */
async function* watched(pieces: AsyncIterable<Buffer>, lines: Set<number>): AsyncGenerator<Buffer> {
  let line = 1;
  let rest = Buffer.alloc(0);
  const look = (bytes: Buffer): void => {
    if (!isUtf8(bytes)) {
      let start = 0;
      for (let at = line; start < bytes.length; at++) {
        const end = bytes.indexOf(NEWLINE, start);
        if (!isUtf8(bytes.subarray(start, end < 0 ? bytes.length : end))) lines.add(at);
        start = end < 0 ? bytes.length : end + 1;
      }
    }
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) line += 1;
  };
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      look(rest.length === 0 ? piece.subarray(0, end) : Buffer.concat([rest, piece.subarray(0, end)]));
      rest = Buffer.from(piece.subarray(end));
    } else if (rest.length <= ROW_LIMIT) rest = Buffer.concat([rest, piece]);
    yield piece;
  }
  look(rest);
}

async function withHead(pieces: AsyncGenerator<Buffer>): Promise<{ readonly head: string; readonly rest: AsyncGenerator<Buffer> }> {
  let head = Buffer.alloc(0);
  while (head.length < HEADER_LIMIT && !head.includes(NEWLINE)) {
    const next = await pieces.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  const first = head;
  return {
    head: first.toString('utf8'),
    rest: (async function* () {
      try {
        yield first;
        yield* pieces;
      } finally {
        await pieces.return(undefined);
      }
    })(),
  };
}
