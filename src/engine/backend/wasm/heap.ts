/** TensorFlow.js's WebAssembly backend on shared memory, with an allocation that says no instead of overwriting tensors. */
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as factoryModule from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js';
import { DistillError } from '../../../shared/messages.ts';
import { tf } from '../../tf.ts';
import { readStock } from './files.ts';
import { withSharedMemory } from './sharedMemory.ts';

/** What Emscripten's module object has beyond the typings. */
interface StockModule {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
  cwrap(name: string, result: string | null, args: readonly string[]): (...args: number[]) => number;
  tfjs: BackendWasm['wasm']['tfjs'];
}
type Factory = (options: {
  readonly instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => object;
  readonly onAbort: (reason: string) => void;
}) => Promise<StockModule>;

// The file is CommonJS: depending on who loads it, the function is the module or its default.
const factory = ((factoryModule as { default?: unknown }).default ?? factoryModule) as Factory;

export interface Heap {
  readonly backend: BackendWasm;
  readonly memory: WebAssembly.Memory;
  /** Bytes at a multiple of 64, until they are released. @throws DistillError `out-of-memory` */
  reserve(bytes: number): number;
  release(address: number): void;
  /** Where a tensor's elements lie. */
  address(tensor: tf.TensorInfo): number;
}

const CACHE_LINE = 64;
const MEBI = 2 ** 20;

export async function openHeap(): Promise<Heap> {
  const compiled = await WebAssembly.compile(withSharedMemory(await readStock()));
  const { module, memory } = await start(compiled);
  guardAllocation(module);
  module.tfjs = {
    init: module.cwrap('init', null, []),
    initWithThreadsCount: module.cwrap('init_with_threads_count', null, ['number']),
    getThreadsCount: module.cwrap('get_threads_count', 'number', []),
    registerTensor: module.cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: module.cwrap('dispose_data', null, ['number']),
    dispose: module.cwrap('dispose', null, []),
  };
  const backend = new BackendWasm(module as unknown as BackendWasm['wasm']);
  /** Aligned address → the one that malloc gave. */
  const reserved = new Map<number, number>();
  return {
    backend,
    memory,
    reserve: (bytes) => {
      const given = module._malloc(bytes + CACHE_LINE);
      const aligned = Math.ceil(given / CACHE_LINE) * CACHE_LINE;
      reserved.set(aligned, given);
      return aligned;
    },
    release: (address) => {
      module._free(reserved.get(address) ?? 0);
      reserved.delete(address);
    },
    address: (tensor) => backend.dataIdMap.get(tensor.dataId).memoryOffset,
  };
}

async function start(compiled: WebAssembly.Module): Promise<{ readonly module: StockModule; readonly memory: WebAssembly.Memory }> {
  let memory: WebAssembly.Memory | undefined;
  const before = { exception: process.listeners('uncaughtException'), rejection: process.listeners('unhandledRejection') };
  const module = await factory({
    instantiateWasm: (imports, done) => {
      const instance = new WebAssembly.Instance(compiled, imports);
      memory = instance.exports['memory'] as WebAssembly.Memory;
      done(instance);
      return instance.exports;
    },
    onAbort: (reason) => { throw new Error(`the WebAssembly module gave up: ${reason}`); },
  });
  // Emscripten adds listeners that throw again what they hear; how a process ends is for the program to say.
  for (const listener of process.listeners('uncaughtException')) if (!before.exception.includes(listener)) process.off('uncaughtException', listener);
  for (const listener of process.listeners('unhandledRejection')) if (!before.rejection.includes(listener)) process.off('unhandledRejection', listener);
  if (memory === undefined) throw new Error('the WebAssembly module has no memory');
  return { module, memory };
}

/** A failed malloc gives address 0, which TensorFlow.js takes for an address: tensors would overwrite each other. */
function guardAllocation(module: StockModule): void {
  // Emscripten's entry puts the real function in its own place when it is first called: not over ours.
  module._free(module._malloc(1));
  const allocate = module._malloc;
  module._malloc = (bytes) => {
    const address = bytes < 2 ** 32 ? allocate(bytes) >>> 0 : 0;
    if (address === 0) throw new DistillError('out-of-memory', { backend: 'wasm', wantedMiB: Math.ceil(bytes / MEBI), heldMiB: Math.round(tf.memory().numBytes / MEBI) });
    return address;
  };
}
