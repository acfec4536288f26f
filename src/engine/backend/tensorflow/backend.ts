/** TensorFlow.js on our binding: tfjs-node's own JavaScript, unchanged, with the kernels that it lacks or that read back. */
import util from 'node:util';
import { tf } from '../../tf.ts';
import { Binding, type NativeTensorflow } from './binding.ts';
import { installKernels } from './kernels.ts';
import type { Library } from './library.ts';

const NAME = 'tensorflow';

let current: Binding | null = null;

/** TensorFlow below TensorFlow.js, while that backend is open; null otherwise. */
export function nativeTensorflow(): NativeTensorflow | null {
  return current?.native ?? null;
}

/** Registers the backend and makes it TensorFlow.js's current one. `gpuWanted` false hides GPUs. */
export async function startBackend(library: Library, threads: number | null, gpuWanted: boolean): Promise<NativeTensorflow> {
  putBackOldUtilities();
  const { NodeJSKernelBackend } = await import('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js');
  // Not index.js: that looks for a compiled addon and takes over the file:// handlers.
  await import('@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js');
  stopBackend();
  const binding = new Binding(library, { threads }, gpuWanted);
  installKernels();
  tf.registerBackend(NAME, () => new NodeJSKernelBackend(binding as never, gpuWanted ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node') as unknown as tf.KernelBackend);
  current = binding;
  if (!await tf.setBackend(NAME)) throw new Error('TensorFlow.js refused the TensorFlow backend');
  return binding.native;
}

export function stopBackend(): void {
  if (tf.findBackendFactory(NAME) !== null) tf.removeBackend(NAME);
  current?.close();
  current = null;
}

/** tfjs-node 4.22 calls two functions that Node 23 has removed. */
export function putBackOldUtilities(): void {
  const old = util as { isNullOrUndefined?: unknown; isArray?: unknown };
  old.isNullOrUndefined ??= (value: unknown): boolean => value === null || value === undefined;
  old.isArray ??= Array.isArray;
}
