/** Memory that C reads from or writes to: strings that stay, scratch space, and copies in and out. */
import type { Koffi } from './library.ts';

/** What a person would call too many: TFE_Execute and shapes need far fewer. */
const MOST_DIMENSIONS = 64;
const MOST_OUTPUTS = 1024;

export class NativeMemory {
  readonly #koffi: Koffi;
  /** Everything whose address was given away: the garbage collector must not take it. */
  readonly #kept: ArrayBufferView[] = [];
  readonly #strings = new Map<string, number>();
  readonly #copy: { readonly in: (to: number, from: NodeJS.ArrayBufferView, bytes: number) => void; readonly out: (to: NodeJS.ArrayBufferView, from: number, bytes: number) => void };

  /** For shapes that are given to C. */
  readonly dimensions = new BigInt64Array(MOST_DIMENSIONS);
  readonly dimensionsAddress: number;
  /** For the pointers that TFE_Execute writes; each in two halves, because BigInts cost more than the call. */
  readonly outputs = new Uint32Array(2 * MOST_OUTPUTS);
  readonly outputsAddress: number;
  readonly mostOutputs = MOST_OUTPUTS;
  readonly outputCount = new Int32Array(new ArrayBuffer(8));
  readonly outputCountAddress: number;

  constructor(koffi: Koffi) {
    this.#koffi = koffi;
    // memcpy of the C library that the process itself runs on; Windows has none under no name.
    const c = koffi.load(process.platform === 'win32' ? 'ucrtbase.dll' : null);
    this.#copy = {
      in: c.func('memcpy', 'int64_t', ['int64_t', 'const void *', 'size_t']),
      out: c.func('memcpy', 'int64_t', ['void *', 'int64_t', 'size_t']),
    };
    this.dimensionsAddress = this.keep(this.dimensions);
    this.outputsAddress = this.keep(this.outputs);
    this.outputCountAddress = this.keep(this.outputCount);
  }

  /** The address of memory that then never moves and never goes. It must have an ArrayBuffer of its own (small typed arrays lie on V8's heap, which moves them). */
  keep(memory: ArrayBufferView): number {
    this.#kept.push(memory);
    return Number(this.#koffi.address(memory));
  }

  /**
   * A C string that stays for ever, the same address for the same text. TensorFlow keeps names of attributes and operations
   * by their address beyond the call; there are a few hundred of them.
   */
  string(text: string): number {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    const bytes = Buffer.from(`${text}\0`, 'utf8');
    const own = new Uint8Array(new ArrayBuffer(bytes.length));
    own.set(bytes);
    const address = this.keep(own);
    this.#strings.set(text, address);
    return address;
  }

  /** The shape in `dimensions`. */
  shape(shape: readonly number[]): number {
    if (shape.length > MOST_DIMENSIONS) throw new Error(`a shape of ${shape.length} dimensions; TensorFlow has at most 254, this binding ${MOST_DIMENSIONS}`);
    for (let i = 0; i < shape.length; i += 1) this.dimensions[i] = BigInt(shape[i]!);
    return this.dimensionsAddress;
  }

  /** The pointer that TFE_Execute wrote at `index`. */
  output(index: number): number {
    return this.outputs[2 * index]! + this.outputs[2 * index + 1]! * 2 ** 32;
  }

  copyIn(to: number, from: NodeJS.ArrayBufferView, bytes: number): void {
    if (bytes > 0) this.#copy.in(to, from, bytes);
  }

  copyOut(to: NodeJS.ArrayBufferView, from: number, bytes: number): void {
    if (bytes > 0) this.#copy.out(to, from, bytes);
  }
}
