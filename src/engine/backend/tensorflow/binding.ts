/**
 * What tfjs-node's JavaScript calls its native binding (TFJSBinding in its tfjs_binding.d.ts), made of TensorFlow's C API.
 * Its four calls go through a route that can be replaced: whoever records what TensorFlow.js does puts its own there.
 */
import { openContext, type ContextOptions } from './context.ts';
import type { Library } from './library.ts';
import { NativeMemory } from './memory.ts';
import { executeOp, type Runtime } from './ops.ts';
import { Status } from './status.ts';
import { TensorTable } from './tensors.ts';
import { ATTRIBUTE, DATA_TYPE, type OpAttribute, type TensorMetadata, type TensorValues } from './types.ts';

/** The calls of a binding that have to do with tensors. */
export interface Route {
  createTensor(shape: readonly number[], dtype: number, values: TensorValues): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): TensorValues;
  executeOp(name: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: number): TensorMetadata[];
}

/** TensorFlow as other parts of the engine build on it: everything below TensorFlow.js. */
export interface NativeTensorflow extends Runtime {
  readonly library: Library;
  /** What really computes. */
  readonly direct: Route;
  /** Sends the calls of TensorFlow.js through `route` until the function that comes back is called. */
  divert(route: Route): () => void;
}

export class Binding implements Route {
  readonly native: NativeTensorflow;
  #route: Route;

  // Constants of the interface, under the names that it has for them.
  readonly TF_FLOAT = DATA_TYPE.float;
  readonly TF_INT32 = DATA_TYPE.int32;
  readonly TF_INT64 = DATA_TYPE.int64;
  readonly TF_BOOL = DATA_TYPE.bool;
  readonly TF_COMPLEX64 = DATA_TYPE.complex64;
  readonly TF_STRING = DATA_TYPE.string;
  readonly TF_RESOURCE = DATA_TYPE.resource;
  readonly TF_UINT8 = DATA_TYPE.uint8;
  readonly TF_ATTR_STRING = ATTRIBUTE.string;
  readonly TF_ATTR_INT = ATTRIBUTE.int;
  readonly TF_ATTR_FLOAT = ATTRIBUTE.float;
  readonly TF_ATTR_BOOL = ATTRIBUTE.bool;
  readonly TF_ATTR_TYPE = ATTRIBUTE.type;
  readonly TF_ATTR_SHAPE = ATTRIBUTE.shape;
  readonly TF_Version: string;

  constructor(library: Library, options: ContextOptions, gpuWanted: boolean) {
    const { api, koffi } = library;
    const status = new Status(api);
    const memory = new NativeMemory(koffi);
    const context = openContext(api, status, options, gpuWanted);
    const tensors = new TensorTable(api, status, memory, context);
    const runtime: Runtime = { api, status, memory, context, tensors };
    const direct: Route = {
      createTensor: (shape, dtype, values) => tensors.create(shape, dtype, values),
      deleteTensor: (id) => { tensors.delete(id); },
      tensorDataSync: (id) => tensors.read(id),
      executeOp: (name, attributes, inputs, outputs) => executeOp(runtime, name, attributes, inputs, outputs),
    };
    this.#route = direct;
    this.TF_Version = library.version;
    this.native = {
      ...runtime,
      library,
      direct,
      divert: (route) => {
        this.#route = route;
        return () => { this.#route = direct; };
      },
    };
  }

  createTensor(shape: readonly number[], dtype: number, values: TensorValues): number {
    return this.#route.createTensor(shape, dtype, values);
  }

  deleteTensor(id: number): void {
    this.#route.deleteTensor(id);
  }

  tensorDataSync(id: number): TensorValues {
    return this.#route.tensorDataSync(id);
  }

  executeOp(name: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: number): TensorMetadata[] {
    return this.#route.executeOp(name, attributes, inputs, outputs);
  }

  isUsingGpuDevice(): boolean {
    return this.native.context.gpu !== null;
  }

  getNumOfTensors(): number {
    return this.native.tensors.count;
  }

  getNumOfSavedModels(): number {
    return 0;
  }

  /** Weights are safetensors only, here as everywhere. */
  loadSavedModel(): never {
    throw new Error('SavedModel is not read');
  }

  deleteSavedModel(): never {
    throw new Error('SavedModel is not read');
  }

  runSavedModel(): never {
    throw new Error('SavedModel is not read');
  }

  /** Everything that TensorFlow holds for us. Nothing of it can be used afterwards. */
  close(): void {
    const { api, context, tensors } = this.native;
    tensors.deleteAll();
    api.TFE_DeleteContext(context.pointer);
  }
}
