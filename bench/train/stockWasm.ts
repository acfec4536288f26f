/**
 * The peer: TensorFlow.js's WebAssembly backend as it ships, with its own operations. It can't train at all without
 * UnsortedSegmentSum (the gradient of an embedding look-up), so it gets that one, as a loop on its heap, which is far
 * faster than the one-hot product that people use in its place.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { setWasmPaths, type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { Backend } from '../../src/engine/backend/contract.ts';
import { portableOps } from '../../src/engine/backend/portable.ts';
import { tf } from '../../src/engine/tf.ts';

export async function openStockWasm(): Promise<Backend> {
  tf.enableProdMode();
  setWasmPaths(`${path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}${path.sep}`);
  tf.registerKernel({ kernelName: 'UnsortedSegmentSum', backendName: 'wasm', kernelFunc: segmentSum });
  if (!await tf.setBackend('wasm')) throw new Error('the stock WebAssembly backend did not start');
  return { name: 'wasm', device: 'stock', threads: 1, ops: portableOps, attempts: [], memoryBytes: () => tf.memory().numBytes, dispose: () => Promise.resolve() };
}

function segmentSum({ inputs, backend, attrs }: Parameters<tf.KernelFunc>[0]): tf.TensorInfo {
  const wasm = backend as BackendWasm;
  const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
  const segments = (attrs as { numSegments: number }).numSegments;
  const rest = x.shape.slice(segmentIds.shape.length);
  const width = rest.reduce((product, size) => product * size, 1);
  const out = wasm.makeOutput([segments, ...rest], 'float32');
  const sums = wasm.typedArrayFromHeap(out);
  const values = wasm.typedArrayFromHeap(x);
  sums.fill(0);
  wasm.typedArrayFromHeap(segmentIds).forEach((segment, row) => {
    for (let column = 0; column < width; column += 1) sums[segment * width + column]! += values[row * width + column]!;
  });
  return out;
}
