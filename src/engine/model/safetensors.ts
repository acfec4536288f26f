/**
 * The safetensors format (huggingface/safetensors, format description in its README): 8 bytes with the header's length,
 * a JSON header, then the tensors' bytes, little-endian, without holes. The header is checked against the file's size
 * before anything is read, tensors are read one at a time. A pickle is never opened.
 */
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { DistillError } from '../../shared/messages.ts';
import { systemCode, withFileErrors } from '../../system/fileErrors.ts';
import { temporaryName } from '../../system/wholeFile.ts';
import { narrowToBfloat16, narrowToFloat16, widenBfloat16, widenFloat16 } from './halfFloats.ts';

const BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1, F8_E4M3: 1, F8_E5M2: 1 } as const;
export type Dtype = keyof typeof BYTES;
/** What floating-point tensors may be written as, in the words of config.json. */
export type FloatDtype = 'float32' | 'bfloat16' | 'float16';

export const FLOATS: readonly Dtype[] = ['F32', 'BF16', 'F16', 'F64'];
const INTEGERS: readonly Dtype[] = ['I32', 'I64', 'I16', 'I8', 'U16', 'U8', 'BOOL'];
/** The limit that the format's own library has, against a header that eats all memory. */
const MAX_HEADER_BYTES = 100_000_000;

export interface TensorInfo {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Where its bytes begin in the file, and how many they are. */
  readonly offset: number;
  readonly bytes: number;
}

/** What writeSafetensors is told of a tensor before it asks for its values. */
export interface TensorLayout {
  readonly name: string;
  readonly shape: readonly number[];
  /** Int32Array values, written as I32; otherwise Float32Array. */
  readonly integer?: boolean;
  /** Int8Array values, written as I8. */
  readonly int8?: boolean;
}

/** An open safetensors file. Close it. */
export interface SafetensorsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Values of a floating-point tensor, widened (or, F64, rounded) to float32. Throws `tensor-missing`, `tensor-dtype`. */
  floats(name: string): Promise<Float32Array>;
  /** Values of an integer or boolean tensor as int32. Throws `tensor-missing`, `tensor-dtype`, `model-file-malformed`. */
  integers(name: string): Promise<Int32Array>;
  close(): Promise<void>;
}

/** Throws DistillError `model-file-missing`, `model-file-malformed`, `tensor-truncated`, or one of withFileErrors. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  let handle: FileHandle;
  try {
    handle = await withFileErrors(path, () => open(path, 'r'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw new DistillError('model-file-missing', { file: path }, { cause: error });
    throw error;
  }
  try {
    const { size } = await handle.stat();
    const { tensors, metadata } = await readHeader(handle, path, size);
    const bytesOf = async (name: string, allowed: readonly Dtype[]): Promise<{ readonly info: TensorInfo; readonly buffer: ArrayBuffer }> => {
      const info = tensors.get(name);
      if (info === undefined) throw new DistillError('tensor-missing', { file: path, tensor: name });
      if (!allowed.includes(info.dtype)) throw new DistillError('tensor-dtype', { file: path, tensor: name, found: info.dtype, allowed: allowed.join(', ') });
      return { info, buffer: await readBytes(handle, path, name, info) };
    };
    return {
      path,
      tensors,
      metadata,
      floats: async (name) => {
        const { info, buffer } = await bytesOf(name, FLOATS);
        return toFloat32(info.dtype, buffer);
      },
      integers: async (name) => {
        const { info, buffer } = await bytesOf(name, INTEGERS);
        const values = toInt32(info.dtype, buffer);
        if (values === null) throw new DistillError('model-file-malformed', { file: path, detail: `${name} has a value beyond 32 bits` });
        return values;
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Writes a file as a whole. Float32Array tensors become `dtype` (default float32), Int32Array tensors I32. `tensors` is
 * gone through once, so that it may read each tensor from a device only when its turn has come; `layout` says beforehand
 * what will come. Throws the errors of withFileErrors and leaves an older file of that name then.
 */
export async function writeSafetensors(
  path: string,
  layout: readonly TensorLayout[],
  read: (name: string) => Promise<Float32Array | Int32Array | Int8Array>,
  options: { readonly dtype?: FloatDtype; readonly metadata?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const floats = DTYPE_NAMES[options.dtype ?? 'float32'];
  // Wide types first, then by name, as the format's own library does: every tensor begins on a multiple of its width.
  const entries = layout
    .map(({ name, shape, integer, int8 }) => ({ name, shape, dtype: integer === true ? 'I32' : int8 === true ? 'I8' : floats, count: product(shape) }) as const)
    .sort((a, b) => BYTES[b.dtype] - BYTES[a.dtype] || (a.name < b.name ? -1 : 1));
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...options.metadata } };
  let offset = 0;
  for (const { name, shape, dtype, count } of entries) {
    const end = offset + count * BYTES[dtype];
    header[name] = { dtype, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const front = Buffer.alloc(8 + headerBytes, ' ');
  front.writeBigUInt64LE(BigInt(headerBytes));
  json.copy(front, 8);
  await withFileErrors(path, async () => {
    const temporary = temporaryName(path);
    try {
      const handle = await open(temporary, 'wx');
      try {
        await handle.writeFile(front);
        for (const { name, dtype, count } of entries) {
          const values = await read(name);
          if (values.length !== count) throw new RangeError(`${name}: ${values.length} values, its shape calls for ${count}`);
          await handle.writeFile(toBytes(dtype, values));
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

const DTYPE_NAMES = { float32: 'F32', bfloat16: 'BF16', float16: 'F16' } as const satisfies Record<FloatDtype, Dtype>;

/** Bytes of one value as it is written. */
export function bytesPerValue(dtype: FloatDtype): number {
  return BYTES[DTYPE_NAMES[dtype]];
}

interface Header {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
}

async function readHeader(handle: FileHandle, path: string, size: number): Promise<Header> {
  const malformed = (detail: string): DistillError => new DistillError('model-file-malformed', { file: path, detail });
  if (size < 8) throw malformed(`${size} bytes are too few for a safetensors file`);
  const lengthBytes = Buffer.alloc(8);
  await handle.read(lengthBytes, 0, 8, 0);
  const length = lengthBytes.readBigUInt64LE();
  if (length > BigInt(MAX_HEADER_BYTES)) throw malformed(`its header claims ${length} bytes: this is not a safetensors file`);
  const headerBytes = Number(length);
  if (8 + headerBytes > size) throw malformed(`its header claims ${headerBytes} bytes, the file has ${size}`);
  const text = Buffer.alloc(headerBytes);
  await handle.read(text, 0, headerBytes, 8);
  let header: unknown;
  try {
    header = JSON.parse(text.toString('utf8'));
  } catch {
    throw malformed('its header is not JSON');
  }
  if (!isRecord(header)) throw malformed('its header is not a JSON object');
  const start = 8 + headerBytes;
  const tensors = new Map<string, TensorInfo>();
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      if (isRecord(entry)) metadata = Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, String(value)]));
    } else {
      tensors.set(name, tensorInfo(name, entry, start, malformed));
    }
  }
  let end = start;
  for (const [name, info] of [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes)) {
    if (info.offset !== end) throw malformed(`tensor ${name} begins at byte ${info.offset} where the one before ends at ${end}`);
    end = info.offset + info.bytes;
    if (end > size) throw new DistillError('tensor-truncated', { file: path, tensor: name, expected: info.bytes, found: Math.max(0, size - info.offset) });
  }
  if (end !== size) throw malformed(`${size - end} bytes follow its last tensor`);
  return { tensors, metadata };
}

function tensorInfo(name: string, entry: unknown, start: number, malformed: (detail: string) => DistillError): TensorInfo {
  if (!isRecord(entry)) throw malformed(`the header's entry of ${name} is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !(dtype in BYTES)) throw malformed(`tensor ${name} has the unknown dtype ${String(dtype)}`);
  if (!isNaturals(shape)) throw malformed(`tensor ${name} has the shape ${JSON.stringify(shape)}`);
  if (!isNaturals(offsets) || offsets.length !== 2) throw malformed(`tensor ${name} has the offsets ${JSON.stringify(offsets)}`);
  const [from, to] = offsets as [number, number];
  const bytes = product(shape) * BYTES[dtype as Dtype];
  if (to - from !== bytes) throw malformed(`tensor ${name} of shape [${shape.join(', ')}] and dtype ${dtype} takes ${bytes} bytes, its offsets give ${to - from}`);
  return { dtype: dtype as Dtype, shape, offset: start + from, bytes };
}

async function readBytes(handle: FileHandle, path: string, name: string, info: TensorInfo): Promise<ArrayBuffer> {
  const buffer = new ArrayBuffer(info.bytes);
  const target = new Uint8Array(buffer);
  let done = 0;
  while (done < info.bytes) {
    const { bytesRead } = await handle.read(target, done, info.bytes - done, info.offset + done);
    if (bytesRead === 0) throw new DistillError('tensor-truncated', { file: path, tensor: name, expected: info.bytes, found: done });
    done += bytesRead;
  }
  return buffer;
}

/** All machines that Node runs VS Code on are little-endian, as the format is: a typed array is a view of the bytes. */
function toFloat32(dtype: Dtype, buffer: ArrayBuffer): Float32Array {
  switch (dtype) {
    case 'F32': return new Float32Array(buffer);
    case 'F64': return Float32Array.from(new Float64Array(buffer));
    case 'F16': return widenFloat16(new Uint16Array(buffer));
    case 'BF16': return widenBfloat16(new Uint16Array(buffer));
    default: throw new TypeError(`${dtype} is not a float`);
  }
}

/** Null: a value does not fit. */
function toInt32(dtype: Dtype, buffer: ArrayBuffer): Int32Array | null {
  switch (dtype) {
    case 'I32': return new Int32Array(buffer);
    case 'I16': return Int32Array.from(new Int16Array(buffer));
    case 'I8': return Int32Array.from(new Int8Array(buffer));
    case 'U16': return Int32Array.from(new Uint16Array(buffer));
    case 'U8':
    case 'BOOL': return Int32Array.from(new Uint8Array(buffer));
    case 'I64': {
      const wide = new BigInt64Array(buffer);
      return wide.every((value) => BigInt.asIntN(32, value) === value) ? Int32Array.from(wide, Number) : null;
    }
    default: throw new TypeError(`${dtype} is not an integer`);
  }
}

function toBytes(dtype: Dtype, values: Float32Array | Int32Array | Int8Array): Uint8Array {
  const bits = dtype === 'F16' ? narrowToFloat16(values as Float32Array) : dtype === 'BF16' ? narrowToBfloat16(values as Float32Array) : values;
  return new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength);
}

function product(shape: readonly number[]): number {
  return shape.reduce((size, side) => size * side, 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);
}
