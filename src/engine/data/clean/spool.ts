/**
 * What has to wait until all rows are known: the first of it in memory, the rest in a file that nobody else sees. Read once
 * from its beginning; of numbers any row's at any time.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { fileError } from '../../../system/fileErrors.ts';
import { TEMPORARY_PREFIX } from '../../../system/wholeFile.ts';
import { byteLines } from '../formats/lines.ts';

const BUFFERED = 1 << 22;

/** A file under a temporary name that is only appended to. */
class Scratch {
  readonly file: string;
  readonly #handle: number;
  #parts: Buffer[] = [];
  #buffered = 0;
  size = 0;

  constructor(folder: string, name: string) {
    this.file = path.join(folder, `${TEMPORARY_PREFIX}${String(process.pid)}-${randomBytes(6).toString('hex')}-${name}`);
    try {
      this.#handle = openSync(this.file, 'wx+');
    } catch (error) {
      throw fileError(error, this.file);
    }
  }

  append(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#buffered += bytes.length;
    this.size += bytes.length;
    if (this.#buffered >= BUFFERED) this.flush();
  }

  flush(): void {
    const whole = Buffer.concat(this.#parts);
    [this.#parts, this.#buffered] = [[], 0];
    try {
      for (let at = 0; at < whole.length;) at += writeSync(this.#handle, whole, at);
    } catch (error) {
      throw fileError(error, this.file);
    }
  }

  read(into: Uint8Array, from: number): void {
    if (this.#buffered > 0) this.flush();
    for (let at = 0; at < into.length;) {
      const read = readSync(this.#handle, into, at, into.length - at, from + at);
      if (read === 0) throw new Error(`${this.file} ends at ${String(from + at)}`);
      at += read;
    }
  }

  remove(): void {
    closeSync(this.#handle);
    rmSync(this.file, { force: true });
  }
}

/** Values that JSON can hold, in order. */
export class Spool<T> {
  readonly #memory: T[] = [];
  #held = 0;
  #scratch: Scratch | null = null;
  count = 0;

  /** @param memory what may stay in memory, in the units of add()'s `size` */
  constructor(private readonly folder: string, private readonly memory: number) {}

  add(value: T, size: number): void {
    this.count += 1;
    if (this.#scratch === null && this.#held + size <= this.memory) {
      this.#memory.push(value);
      this.#held += size;
      return;
    }
    this.#scratch ??= new Scratch(this.folder, 'rows');
    this.#scratch.append(Buffer.from(`${JSON.stringify(value)}\n`, 'utf8'));
  }

  /** Every value, once: memory is given back on the way. */
  async *values(): AsyncGenerator<T> {
    for (let i = 0; i < this.#memory.length; i++) {
      const value = this.#memory[i];
      if (value === undefined) continue;
      delete this.#memory[i];
      yield value;
    }
    if (this.#scratch === null) return;
    this.#scratch.flush();
    const stream = createReadStream(this.#scratch.file, { highWaterMark: BUFFERED }) as AsyncIterable<Buffer>;
    for await (const { bytes } of byteLines(stream, Number.POSITIVE_INFINITY)) if (bytes !== null) yield JSON.parse(bytes.toString('utf8')) as T;
  }

  remove(): void {
    this.#scratch?.remove();
  }
}

/** Arrays of 32-bit numbers by their row. */
export class NumberSpool {
  readonly #memory: Uint32Array[] = [];
  #held = 0;
  #scratch: Scratch | null = null;
  #offsets = new Float64Array(1 << 10);
  #lengths = new Uint32Array(1 << 10);
  #firstInFile = Number.POSITIVE_INFINITY;
  count = 0;

  /** @param memory bytes that may stay in memory */
  constructor(private readonly folder: string, private readonly memory: number) {}

  add(numbers: Uint32Array): void {
    const row = this.count++;
    if (row === this.#lengths.length) {
      const [offsets, lengths] = [new Float64Array(row * 2), new Uint32Array(row * 2)];
      offsets.set(this.#offsets);
      lengths.set(this.#lengths);
      [this.#offsets, this.#lengths] = [offsets, lengths];
    }
    this.#lengths[row] = numbers.length;
    if (this.#scratch === null && this.#held + numbers.byteLength <= this.memory) {
      // A copy of its own: what comes from a worker is a view of its whole batch.
      this.#memory.push(numbers.slice());
      this.#held += numbers.byteLength;
      return;
    }
    if (this.#scratch === null) {
      this.#scratch = new Scratch(this.folder, 'shingles');
      this.#firstInFile = row;
    }
    this.#offsets[row] = this.#scratch.size;
    this.#scratch.append(Buffer.from(numbers.slice().buffer));
  }

  get(row: number): Uint32Array {
    if (row < this.#firstInFile) return this.#memory[row] ?? new Uint32Array(0);
    const numbers = new Uint32Array(this.#lengths[row] ?? 0);
    this.#scratch?.read(new Uint8Array(numbers.buffer), this.#offsets[row] ?? 0);
    return numbers;
  }

  remove(): void {
    this.#scratch?.remove();
  }
}
