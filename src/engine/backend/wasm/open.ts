/** TensorFlow.js on WebAssembly. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { tf } from '../../tf.ts';
import type { Opened } from '../opened.ts';
import { portableOps } from '../portable.ts';
import { registerSegmentSum } from './segmentSum.ts';

/** The shipped binaries: beside the bundle, or in the package when run from the sources. */
function stockFolder(): string {
  const beside = path.join(path.dirname(fileURLToPath(import.meta.url)), 'wasm');
  if (existsSync(path.join(beside, 'tfjs-backend-wasm-simd.wasm'))) return beside;
  return path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
}

export async function openWasm(_threads: number | null): Promise<Opened> {
  setWasmPaths(`${stockFolder()}${path.sep}`);
  registerSegmentSum();
  if (!await tf.setBackend('wasm')) throw new Error('the WebAssembly module did not start');
  return { device: '1 thread, SIMD', threads: 1, ops: portableOps, dispose: () => Promise.resolve() };
}
