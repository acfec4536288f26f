/** The threads that work on the kernels' jobs (assembly/pool.ts). */
import { Worker } from 'node:worker_threads';
import type { KernelsVariant } from './files.ts';
import type { Heap } from './heap.ts';
import { compileKernels, instantiateKernels, type Kernels } from './kernels.ts';

/** A product whose packed B is larger than this is not done whole by one thread of a batch: it would not stay in its cache. */
export const BATCH_PACKED_LIMIT = 2 ** 20;

/** Runs in a thread of its own, as text, so that the engine stays one bundle. */
const WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
const { module, memory, control, scratch, broken } = workerData;
const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports;
kernels.attach(control, scratch);
parentPort.postMessage('ready');
try {
  kernels.serve();
} catch (error) {
  Atomics.store(new Int32Array(memory.buffer), broken / 4, 1);
  throw error;
}
`;

export interface Pool {
  readonly kernels: Kernels;
  readonly variant: KernelsVariant;
  /** Ends the threads and waits until they are gone. */
  close(): Promise<void>;
}

/** Kernels that run on `threads` threads, this one included. The threads don't keep the process alive. */
export async function openPool(heap: Heap, threads: number, wanted: KernelsVariant): Promise<Pool> {
  const { module, variant } = await compileKernels(wanted);
  const kernels = instantiateKernels(module, heap.memory);
  // gemmScratchBytes(8, k) packs 8·k elements: enough of them for the limit.
  const scratchBytes = kernels.gemmScratchBytes(8, BATCH_PACKED_LIMIT / 32);
  const controlBytes = kernels.CONTROL_BYTES.value as number;
  const control = heap.reserve(controlBytes);
  new Uint8Array(heap.memory.buffer, control, controlBytes).fill(0);
  kernels.attach(control, heap.reserve(scratchBytes));
  const broken = control + (kernels.BROKEN_OFFSET.value as number);
  const workers = Array.from({ length: threads - 1 }, () => new Worker(WORKER, {
    eval: true, execArgv: [], name: 'distill-kernels', workerData: { module, memory: heap.memory, control, scratch: heap.reserve(scratchBytes), broken },
  }));
  await Promise.all(workers.map(ready));
  kernels.setWorkers(workers.length);
  return {
    kernels,
    variant,
    close: async () => {
      kernels.setWorkers(0);
      kernels.close();
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function ready(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', () => {
      worker.off('error', reject);
      worker.unref();
      resolve();
    });
  });
}
