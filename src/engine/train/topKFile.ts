/**
 * A teacher's distribution over the next token at every supervised position, as its k most probable tokens and the mass of the
 * rest: one file, read at any row without loading it. 8 bytes with the header's length and a JSON header, as safetensors has
 * them; then for each row where its positions begin (rows + 1 uint64); then one record of fixed size for each position:
 *
 *   k × 3 bytes   token ids, little-endian, the most probable first
 *   k × 2 or 4    their log-probabilities at T = 1, float16 or float32
 *   t × 2 or 4    for each of the header's temperatures T: log Σ over the other tokens of exp(log-probability / T)
 *
 * The last are what makes another temperature exact: softening needs the rest's mass as it is at that T. With k = 50 and float16 a
 * position takes 250 bytes and 2 for each temperature.
 */
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import { withFileErrors } from '../../system/fileErrors.ts';
import { temporaryName } from '../../system/wholeFile.ts';
import { narrowToFloat16, widenFloat16 } from '../model/halfFloats.ts';

const header = z.object({
  format: z.literal(1),
  k: z.int().min(1),
  vocabulary: z.int().min(1),
  values: z.enum(['float16', 'float32']),
  temperatures: z.array(z.number().positive()).min(1),
  rows: z.int().min(0),
  /** Says of which teacher and rows the file is; another key is another file. */
  key: z.string(),
  /** For a person: who was asked, and when. */
  teacher: z.string().default(''),
  made: z.number().default(0),
});
export type TopKHeader = Readonly<z.output<typeof header>>;
/** What a position's record is made of. */
export type TopKShape = Pick<TopKHeader, 'k' | 'vocabulary' | 'values' | 'temperatures'>;

/** Below it a logarithm means nothing left: exp of it is 0 in float32, and differences of two such stay exact. */
export const NOTHING = -1e4;
const ID_BYTES = 3;
const LENGTH_BYTES = 8;
/** A header is some hundred bytes; more is no file of ours. */
const HEADER_MOST = 1 << 20;

export function recordBytes({ k, values, temperatures }: Pick<TopKHeader, 'k' | 'values' | 'temperatures'>): number {
  return k * ID_BYTES + (k + temperatures.length) * bytesOf(values);
}

function bytesOf(values: TopKHeader['values']): 2 | 4 {
  return values === 'float16' ? 2 : 4;
}

/** Positions of one row, or some of them: ids [positions · k], logProbabilities likewise, rests [positions · temperatures]. */
export interface TopKBlock {
  readonly ids: Int32Array;
  readonly logProbabilities: Float32Array;
  readonly rests: Float32Array;
}

/** Writes rows in any order; the file appears under its name when close() has been reached. */
export class TopKWriter {
  private constructor(private readonly target: string, private readonly temporary: string, private readonly file: FileHandle, private readonly header: TopKHeader, private readonly starts: readonly number[], private readonly begin: number) {}

  /** `positions` of each row. Throws DistillError of the file system. */
  static async create(target: string, own: TopKShape & Pick<TopKHeader, 'key'> & Partial<Pick<TopKHeader, 'teacher' | 'made'>>, positions: readonly number[]): Promise<TopKWriter> {
    return withFileErrors(target, async () => {
      const content: TopKHeader = { format: 1, teacher: '', made: 0, ...own, rows: positions.length };
      const text = Buffer.from(JSON.stringify(content));
      const starts = [0];
      for (const count of positions) starts.push((starts.at(-1) ?? 0) + count);
      const head = Buffer.alloc(LENGTH_BYTES + text.length + LENGTH_BYTES * starts.length);
      head.writeBigUInt64LE(BigInt(text.length), 0);
      text.copy(head, LENGTH_BYTES);
      starts.forEach((start, row) => head.writeBigUInt64LE(BigInt(start), LENGTH_BYTES + text.length + LENGTH_BYTES * row));
      const temporary = temporaryName(target);
      const file = await open(temporary, 'wx');
      await file.write(head, 0, head.length, 0);
      return new TopKWriter(target, temporary, file, content, starts, head.length);
    });
  }

  /** `first`: the position of the row at which the block begins. */
  async write(row: number, first: number, block: TopKBlock): Promise<void> {
    const bytes = encodeBlock(this.header, block);
    const at = this.begin + ((this.starts[row] ?? 0) + first) * recordBytes(this.header);
    await withFileErrors(this.target, () => this.file.write(bytes, 0, bytes.length, at));
  }

  async close(): Promise<void> {
    await withFileErrors(this.target, async () => {
      await this.file.sync();
      await this.file.close();
      await rename(this.temporary, this.target);
    });
  }

  /** Leaves nothing behind. */
  async abandon(): Promise<void> {
    await this.file.close();
    await rm(this.temporary, { force: true });
  }
}

export class TopKReader {
  private constructor(private readonly descriptor: number, readonly header: TopKHeader, private readonly starts: BigUint64Array, private readonly begin: number) {}

  /** Null where there is no such file, or where it isn't whole, or not of that key; a key of null is any. */
  static open(target: string, key: string | null): TopKReader | null {
    let descriptor: number;
    try {
      descriptor = openSync(target, 'r');
    } catch {
      return null;
    }
    try {
      const length = Number(bytesAt(descriptor, 0, LENGTH_BYTES).readBigUInt64LE(0));
      if (length > HEADER_MOST) throw new RangeError('no header');
      const parsed = header.parse(JSON.parse(bytesAt(descriptor, LENGTH_BYTES, length).toString('utf8')));
      if (key !== null && parsed.key !== key) throw new RangeError('another key');
      const index = bytesAt(descriptor, LENGTH_BYTES + length, LENGTH_BYTES * (parsed.rows + 1));
      const starts = BigUint64Array.from({ length: parsed.rows + 1 }, (_, row) => index.readBigUInt64LE(LENGTH_BYTES * row));
      const begin = LENGTH_BYTES + length + index.length;
      if (fstatSync(descriptor).size !== begin + Number(starts.at(-1) ?? 0n) * recordBytes(parsed)) throw new RangeError('the file is cut');
      return new TopKReader(descriptor, parsed, starts, begin);
    } catch {
      closeSync(descriptor);
      return null;
    }
  }

  positions(row: number): number {
    return Number((this.starts[row + 1] ?? 0n) - (this.starts[row] ?? 0n));
  }

  /** `count` positions of a row from `first` on. */
  read(row: number, first: number, count: number): TopKBlock {
    const size = recordBytes(this.header);
    return decodeBlock(this.header, bytesAt(this.descriptor, this.begin + (Number(this.starts[row] ?? 0n) + first) * size, count * size), count);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

function bytesAt(descriptor: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const read = readSync(descriptor, bytes, done, length - done, offset + done);
    if (read === 0) throw new RangeError('the file is cut');
    done += read;
  }
  return bytes;
}

function encodeBlock({ k, values, temperatures }: TopKHeader, { ids, logProbabilities, rests }: TopKBlock): Buffer {
  const count = ids.length / k;
  const width = bytesOf(values);
  const bytes = Buffer.allocUnsafe(count * recordBytes({ k, values, temperatures }));
  const [probabilityBits, restBits] = [bitsOf(logProbabilities, width), bitsOf(rests, width)];
  let at = 0;
  const put = (bits: ArrayLike<number>, from: number, length: number): void => {
    for (let i = from; i < from + length; i++) at = width === 2 ? bytes.writeUInt16LE(bits[i] ?? 0, at) : bytes.writeUInt32LE(bits[i] ?? 0, at);
  };
  for (let position = 0; position < count; position++) {
    for (let i = position * k; i < (position + 1) * k; i++) at = bytes.writeUIntLE(ids[i] ?? 0, at, ID_BYTES);
    put(probabilityBits, position * k, k);
    put(restBits, position * temperatures.length, temperatures.length);
  }
  return bytes;
}

function decodeBlock({ k, values, temperatures }: TopKHeader, bytes: Buffer, count: number): TopKBlock {
  const width = bytesOf(values);
  const ids = new Int32Array(count * k);
  const bits = width === 2 ? Uint16Array : Uint32Array;
  const [probabilities, rests] = [new bits(count * k), new bits(count * temperatures.length)];
  let at = 0;
  const take = (into: Uint16Array | Uint32Array, from: number, length: number): void => {
    for (let i = from; i < from + length; i++, at += width) into[i] = width === 2 ? bytes.readUInt16LE(at) : bytes.readUInt32LE(at);
  };
  for (let position = 0; position < count; position++) {
    for (let i = position * k; i < (position + 1) * k; i++, at += ID_BYTES) ids[i] = bytes.readUIntLE(at, ID_BYTES);
    take(probabilities, position * k, k);
    take(rests, position * temperatures.length, temperatures.length);
  }
  return { ids, logProbabilities: floatsOf(probabilities), rests: floatsOf(rests) };
}

function bitsOf(values: Float32Array, width: 2 | 4): Uint16Array | Uint32Array {
  return width === 2 ? narrowToFloat16(values) : new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function floatsOf(bits: Uint16Array | Uint32Array): Float32Array {
  return bits instanceof Uint16Array ? widenFloat16(bits) : new Float32Array(bits.buffer, bits.byteOffset, bits.length);
}
