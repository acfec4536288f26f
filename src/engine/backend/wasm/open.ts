/** TensorFlow.js on WebAssembly: its own binary for whatever is rare, our SIMD kernels and threads for what training does. */
import { availableParallelism } from 'node:os';
import '@tensorflow/tfjs-backend-wasm';
import { tf } from '../../tf.ts';
import type { Opened } from '../opened.ts';
import type { KernelsVariant } from './files.ts';
import { openHeap } from './heap.ts';
import { fusedOps } from './ops.ts';
import { installOverrides } from './overrides.ts';
import { openPool } from './workers.ts';
import { createWorkspace } from './workspace.ts';

/** More threads than this find too few tiles to share. */
const MOST_THREADS = 16;

/** `threads` null: one for every core. `variant` is for tests: the kernels that are taken without multiply-add. */
export async function openWasm(threads: number | null, variant: KernelsVariant = 'fma'): Promise<Opened> {
  const count = Math.max(1, Math.min(threads ?? availableParallelism(), MOST_THREADS));
  const heap = await openHeap();
  const pool = await openPool(heap, count, variant);
  const workspace = createWorkspace(heap);
  installOverrides(heap, pool.kernels, workspace);
  if (tf.findBackendFactory('wasm') !== null) tf.removeBackend('wasm');
  tf.registerBackend('wasm', () => heap.backend);
  if (!await tf.setBackend('wasm')) throw new Error('TensorFlow.js refused the WebAssembly backend');
  return {
    device: `${count === 1 ? '1 thread' : `${count} threads`}, SIMD${pool.variant === 'fma' ? ' with multiply-add' : ''}`,
    threads: count,
    ops: fusedOps(heap, pool.kernels, workspace),
    dispose: () => pool.close(),
  };
}
