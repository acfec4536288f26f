// Builds the SIMD kernels of the WebAssembly backend from their AssemblyScript source. The compiler is pinned, so the
// same source gives the same bytes everywhere; the binaries are committed and a test compares them.
import asc from 'assemblyscript/asc';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(root, 'src/engine/backend/wasm');

/** File name → features beyond SIMD and threads. Relaxed SIMD has multiply-add; Node 20 knows it behind a flag only. */
const VARIANTS = { 'distill-kernels.wasm': [], 'distill-kernels-fma.wasm': ['relaxed-simd'] };

/** The bytes that the source gives now, by file name. */
export async function buildKernels() {
  const binaries = new Map();
  for (const [name, features] of Object.entries(VARIANTS)) binaries.set(name, await compile(features));
  return binaries;
}

async function compile(features) {
  let binary;
  const { error, stderr } = await asc.main([
    'index.ts', '--outFile', 'kernels.wasm', '--baseDir', path.join(folder, 'assembly'),
    '-O3', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort=',
    // The memory is TensorFlow.js's own heap, made shared (src/engine/backend/wasm/heap.ts).
    '--importMemory', '--noExportMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536',
    ...['simd', 'threads', ...features].flatMap((feature) => ['--enable', feature]),
  ], { writeFile: (name, contents) => { if (name.endsWith('.wasm')) binary = contents; } });
  if (error !== null || binary === undefined) throw new Error(`${stderr.toString()}${error?.message ?? ''}`);
  return Buffer.from(binary);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(path.join(folder, 'binary'), { recursive: true });
  for (const [name, binary] of await buildKernels()) {
    await writeFile(path.join(folder, 'binary', name), binary);
    process.stdout.write(`${name}: ${binary.length} bytes\n`);
  }
}
