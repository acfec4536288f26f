/** The elements of a JSON array one by one, without the file in memory: of `[…]`, or of the first array in `{ "data": […] }`. */
import { isUtf8 } from 'node:buffer';
import { DistillError } from '../../../shared/messages.ts';
import { encodedBytes } from './encoding.ts';
import { unpackedBytes, type BytesOptions } from './fileBytes.ts';
import { ROW_LIMIT, ROW_LIMIT_TEXT } from './lines.ts';
import type { RawRow } from './rawRow.ts';
import type { Place } from './shape.ts';
import { utf8Pieces } from './utf8.ts';

const [QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT, COMMA, NEWLINE] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d, 0x2c, 0x0a];

/** Rows are numbered from 1. Throws DistillError `data-json-cut` where the array doesn't end, `data-json-no-array` where there is none. */
export async function* jsonArrayRows(file: string, options: BytesOptions = {}): AsyncGenerator<RawRow> {
  const bytes = encodedBytes(unpackedBytes(file, options), file);
  const scan = new ArrayScan(file);
  for await (const piece of utf8Pieces(bytes, file)) {
    scan.take(piece);
    yield* scan.found();
  }
  scan.end();
}

/** Where the scan is: before the array, between its elements, inside one, after it. */
type State = 'before' | 'between' | 'inside' | 'after';

class ArrayScan {
  #state: State = 'before';
  /** Open brackets; the array itself is not counted once it has begun. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The top is an object: its first array holds the rows. */
  #wrapped = false;
  #begun = false;
  #row = 0;
  #line = 1;
  #rowLine = 1;
  #length = 0;
  #parts: Buffer[] = [];
  #rows: RawRow[] = [];

  constructor(private readonly file: string) {}

  *found(): Generator<RawRow> {
    const rows = this.#rows;
    this.#rows = [];
    yield* rows;
  }

  take(piece: Buffer): void {
    let start = 0;
    let backslash = piece.indexOf(BACKSLASH);
    for (let at = 0; at < piece.length; at++) {
      if (this.#inString) {
        if (this.#escaped) {
          this.#escaped = false;
          continue;
        }
        // Most of a file is inside strings: to the next mark that means anything there, in one leap.
        if (backslash >= 0 && backslash < at) backslash = piece.indexOf(BACKSLASH, at);
        const quote = piece.indexOf(QUOTE, at);
        if (backslash >= 0 && (quote < 0 || backslash < quote)) {
          this.#escaped = true;
          at = backslash;
        } else if (quote < 0) break;
        else {
          this.#inString = false;
          at = quote;
        }
        continue;
      }
      const byte = piece[at] ?? 0;
      if (byte === NEWLINE) this.#line += 1;
      if (this.#state === 'after') {
        if (!this.#wrapped && byte > 0x20) throw this.#cut('text after the end of the array');
        continue;
      }
      if (this.#state === 'before') {
        this.#before(byte);
        continue;
      }
      if (this.#state === 'between') {
        if (byte <= 0x20 || byte === COMMA) continue;
        if (byte === CLOSE) {
          this.#state = 'after';
          continue;
        }
        this.#state = 'inside';
        [this.#depth, this.#length, this.#rowLine, start] = [0, 0, this.#line, at];
        this.#row += 1;
      }
      if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN || byte === OPEN_OBJECT) this.#depth += 1;
      else if (this.#depth > 0 && (byte === CLOSE || byte === CLOSE_OBJECT)) this.#depth -= 1;
      else if (this.#depth === 0 && (byte === COMMA || byte === CLOSE || byte === CLOSE_OBJECT)) {
        this.#keep(piece.subarray(start, at));
        this.#finish();
        this.#state = byte === COMMA ? 'between' : 'after';
      }
    }
    if (this.#state === 'inside') this.#keep(Buffer.from(piece.subarray(start)));
  }

  end(): void {
    if (this.#state === 'after' || !this.#begun) return;
    if (this.#state === 'before') throw new DistillError('data-json-no-array', { file: this.file });
    throw this.#cut(`it ends inside row ${String(Math.max(1, this.#row))}`);
  }

  #before(byte: number): void {
    if (byte <= 0x20) return;
    if (!this.#begun) {
      this.#begun = true;
      if (byte === OPEN) this.#state = 'between';
      else if (byte === OPEN_OBJECT) this.#wrapped = true;
      else throw new DistillError('data-json-no-array', { file: this.file });
      return;
    }
    if (byte === QUOTE) this.#inString = true;
    else if (byte === OPEN && this.#depth === 0) this.#state = 'between';
    else if (byte === OPEN || byte === OPEN_OBJECT) this.#depth += 1;
    else if (byte === CLOSE || byte === CLOSE_OBJECT) this.#depth -= 1;
  }

  get #at(): Place {
    return { file: this.file, line: this.#row, unit: 'row' };
  }

  #keep(part: Buffer): void {
    const known = this.#length > ROW_LIMIT;
    this.#length += part.length;
    if (this.#length <= ROW_LIMIT) {
      if (part.length > 0) this.#parts.push(part);
      return;
    }
    this.#parts = [];
    if (!known) this.#rows.push({ row: this.#row, at: this.#at, broken: new DistillError('data-row-too-big', { ...this.#at, limit: ROW_LIMIT_TEXT }) });
  }

  #finish(): void {
    const at = this.#at;
    const broken = (error: DistillError): void => { this.#rows.push({ row: this.#row, at, broken: error }); };
    const parts = this.#parts;
    this.#parts = [];
    if (this.#length > ROW_LIMIT) return;
    const element = Buffer.concat(parts);
    if (!isUtf8(element)) {
      broken(new DistillError('data-row-encoding', { ...at, encoding: 'UTF-8' }));
      return;
    }
    try {
      this.#rows.push({ row: this.#row, at, value: JSON.parse(element.toString('utf8')) as unknown });
    } catch (error) {
      broken(new DistillError('data-row-not-json', { ...at, detail: `${(error as Error).message}; ${this.file}:${String(this.#rowLine)}` }));
    }
  }

  #cut(detail: string): DistillError {
    return new DistillError('data-json-cut', { file: this.file, line: this.#line, detail });
  }
}
