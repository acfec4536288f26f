/** Where the WebAssembly files lie: beside the bundle (dist/wasm), or in the package and the sources when run from those. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const STOCK = 'tfjs-backend-wasm-simd.wasm';
/** Plain SIMD, and the same with multiply-add. */
export type KernelsVariant = 'plain' | 'fma';
const KERNELS: Readonly<Record<KernelsVariant, string>> = { plain: 'distill-kernels.wasm', fma: 'distill-kernels-fma.wasm' };

const here = path.dirname(fileURLToPath(import.meta.url));

function find(candidates: readonly string[]): string {
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found === undefined) throw new Error(`missing file: ${candidates.join(' or ')}`);
  return found;
}

function inPackage(name: string): string[] {
  try {
    return [path.join(path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')), name)];
  } catch {
    return [];
  }
}

/** TensorFlow.js's own binary, SIMD without threads. */
export function readStock(): Promise<Buffer> {
  return readFile(find([path.join(here, 'wasm', STOCK), ...inPackage(STOCK)]));
}

/** Our kernels (assembly/). */
export function readKernels(variant: KernelsVariant): Promise<Buffer> {
  const name = KERNELS[variant];
  return readFile(find([path.join(here, 'wasm', name), path.join(here, 'binary', name)]));
}
