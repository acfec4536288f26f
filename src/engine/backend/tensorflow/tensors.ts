/** Tensors by the number that TensorFlow.js knows them by: made from JavaScript's memory, read back, deleted. */
import type { CApi, Pointer } from './cApi.ts';
import type { Context } from './context.ts';
import type { NativeMemory } from './memory.ts';
import { outOfMemory, type Status } from './status.ts';
import { DATA_TYPE, type TensorMetadata, type TensorValues } from './types.ts';

type Handle = Pointer<'TFE_TensorHandle'>;

/** Bytes of an element. */
const WIDTH: Readonly<Record<number, number>> = {
  [DATA_TYPE.float]: 4, [DATA_TYPE.int32]: 4, [DATA_TYPE.uint8]: 1, [DATA_TYPE.complex64]: 8, [DATA_TYPE.int64]: 8, [DATA_TYPE.bool]: 1,
  [DATA_TYPE.bfloat16]: 2, [DATA_TYPE.half]: 2,
};

type Elements = new (length: number) => Float32Array | Int32Array | Uint8Array | Uint16Array | BigInt64Array;
/** As what elements are read; a complex number is two floats, a bfloat16 or half its bits, a resource its bytes. */
const ELEMENTS: Readonly<Record<number, Elements & { readonly BYTES_PER_ELEMENT: number }>> = {
  [DATA_TYPE.float]: Float32Array, [DATA_TYPE.int32]: Int32Array, [DATA_TYPE.uint8]: Uint8Array, [DATA_TYPE.complex64]: Float32Array,
  [DATA_TYPE.int64]: BigInt64Array, [DATA_TYPE.bool]: Uint8Array, [DATA_TYPE.resource]: Uint8Array, [DATA_TYPE.bfloat16]: Uint16Array, [DATA_TYPE.half]: Uint16Array,
};

/** sizeof(TF_TString), tensorflow/core/platform/ctstring_internal.h. */
const STRING_BYTES = 24;

export class TensorTable {
  readonly #handles = new Map<number, Handle>();
  /** TensorFlow frees the array of such a tensor, but not its long strings: that is ours to do. */
  readonly #ownStrings = new Set<number>();
  #next = 0;

  constructor(private readonly api: CApi, private readonly status: Status, private readonly memory: NativeMemory, private readonly context: Context) {}

  get count(): number {
    return this.#handles.size;
  }

  /** Takes over a handle and gives its number. */
  insert(handle: Handle): number {
    const id = this.#next;
    this.#next += 1;
    this.#handles.set(id, handle);
    return id;
  }

  handle(id: number): Handle {
    const handle = this.#handles.get(id);
    if (handle === undefined) throw new Error(`there is no tensor ${id}`);
    return handle;
  }

  /** @throws DistillError `out-of-memory`; Error when values and shape don't fit together. */
  create(shape: readonly number[], dtype: number, values: TensorValues): number {
    const tensor = dtype === DATA_TYPE.string ? this.#stringTensor(shape, values) : this.#numberTensor(shape, dtype, values);
    let handle = this.api.TFE_NewTensorHandle(tensor, this.status.pointer);
    this.api.TF_DeleteTensor(tensor);
    this.status.check();
    // The kernels of a GPU expect int32 (shapes, axes, indices) and strings in the host's memory.
    if (this.context.gpu !== null && dtype !== DATA_TYPE.int32 && dtype !== DATA_TYPE.string) {
      const copy = this.api.TFE_TensorHandleCopyToDevice(handle, this.context.pointer, this.context.gpu, this.status.pointer);
      this.api.TFE_DeleteTensorHandle(handle);
      this.status.check();
      handle = copy;
    }
    const id = this.insert(handle);
    if (dtype === DATA_TYPE.string) this.#ownStrings.add(id);
    return id;
  }

  delete(id: number): void {
    const handle = this.handle(id);
    if (this.#ownStrings.delete(id)) this.#eachString(handle, (string) => { this.api.TF_StringDealloc(string); });
    this.#handles.delete(id);
    this.api.TFE_DeleteTensorHandle(handle);
  }

  /** The elements, copied; strings as their bytes. */
  read(id: number): TensorValues {
    const handle = this.handle(id);
    const dtype = this.api.TFE_TensorHandleDataType(handle);
    if (dtype === DATA_TYPE.string) return this.#strings(handle);
    const Kind = ELEMENTS[dtype];
    if (Kind === undefined) throw new Error(`tensors of TensorFlow's type ${dtype} can't be read`);
    const tensor = this.#resolve(handle);
    try {
      const bytes = this.api.TF_TensorByteSize(tensor);
      const values = new Kind(bytes / Kind.BYTES_PER_ELEMENT);
      this.memory.copyOut(values, this.api.TF_TensorData(tensor), bytes);
      return values;
    } finally {
      this.api.TF_DeleteTensor(tensor);
    }
  }

  describe(id: number): TensorMetadata {
    const handle = this.handle(id);
    const rank = this.api.TFE_TensorHandleNumDims(handle, this.status.pointer);
    this.status.check();
    const shape = new Array<number>(rank);
    for (let axis = 0; axis < rank; axis += 1) shape[axis] = this.api.TFE_TensorHandleDim(handle, axis, this.status.pointer);
    this.status.check();
    return { id, shape, dtype: this.api.TFE_TensorHandleDataType(handle) };
  }

  /** The tensor behind the handle, on the host; the caller deletes it (TF_DeleteTensor). Waits for what computes it. */
  resolve(id: number): Pointer<'TF_Tensor'> {
    return this.#resolve(this.handle(id));
  }

  deleteAll(): void {
    for (const id of [...this.#handles.keys()]) this.delete(id);
  }

  #resolve(handle: Handle): Pointer<'TF_Tensor'> {
    const tensor = this.api.TFE_TensorHandleResolve(handle, this.status.pointer);
    this.status.check();
    return tensor;
  }

  #numberTensor(shape: readonly number[], dtype: number, values: TensorValues): Pointer<'TF_Tensor'> {
    const width = WIDTH[dtype];
    if (width === undefined) throw new Error(`tensors of TensorFlow's type ${dtype} can't be made`);
    if (!ArrayBuffer.isView(values)) throw new Error('the values of a tensor of numbers are a typed array');
    const bytes = count(shape) * width;
    if (values.byteLength !== bytes) throw new Error(`a tensor of shape [${shape.join(', ')}] has ${bytes} bytes, not ${values.byteLength}`);
    const tensor = this.#allocate(shape, dtype, bytes);
    this.memory.copyIn(this.api.TF_TensorData(tensor), values, bytes);
    return tensor;
  }

  #stringTensor(shape: readonly number[], values: TensorValues): Pointer<'TF_Tensor'> {
    const strings = values as readonly Uint8Array[];
    if (strings.length !== count(shape)) throw new Error(`a tensor of shape [${shape.join(', ')}] has ${count(shape)} strings, not ${strings.length}`);
    const tensor = this.#allocate(shape, DATA_TYPE.string, strings.length * STRING_BYTES);
    let address = this.api.TF_TensorData(tensor);
    for (const string of strings) {
      this.api.TF_StringInit(address);
      this.api.TF_StringCopy(address, string, string.length);
      address += STRING_BYTES;
    }
    return tensor;
  }

  #allocate(shape: readonly number[], dtype: number, bytes: number): Pointer<'TF_Tensor'> {
    const tensor = this.api.TF_AllocateTensor(dtype, this.memory.shape(shape), shape.length, bytes);
    if (tensor === 0) throw outOfMemory(bytes);
    if (bytes > 0 && this.api.TF_TensorData(tensor) === 0) {
      this.api.TF_DeleteTensor(tensor);
      throw outOfMemory(bytes);
    }
    return tensor;
  }

  #strings(handle: Handle): readonly Uint8Array[] {
    const strings: Uint8Array[] = [];
    this.#eachString(handle, (string) => {
      const bytes = new Uint8Array(this.api.TF_StringGetSize(string));
      this.memory.copyOut(bytes, this.api.TF_StringGetDataPointer(string), bytes.length);
      strings.push(bytes);
    });
    return strings;
  }

  /** Calls `visit` with the address of each string. */
  #eachString(handle: Handle, visit: (string: number) => void): void {
    const tensor = this.#resolve(handle);
    try {
      const total = this.api.TF_TensorElementCount(tensor);
      const first = this.api.TF_TensorData(tensor);
      for (let i = 0; i < total; i += 1) visit(first + i * STRING_BYTES);
    } finally {
      this.api.TF_DeleteTensor(tensor);
    }
  }
}

function count(shape: readonly number[]): number {
  let product = 1;
  for (const size of shape) product *= size;
  return product;
}
