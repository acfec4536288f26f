// Builds the SIMD kernels of the WebAssembly backend from their AssemblyScript source. The compiler is pinned, so the
// same source gives the same bytes everywhere; the binary is committed and a test compares it (`--check` does too).
import asc from 'assemblyscript/asc';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(root, 'src/engine/backend/wasm');
const target = path.join(folder, 'binary/distill-kernels.wasm');

/** The bytes that the source gives now. */
export async function buildKernels() {
  let binary;
  const { error, stderr } = await asc.main([
    'index.ts', '--outFile', 'kernels.wasm', '--baseDir', path.join(folder, 'assembly'),
    '-O3', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort=',
    // The memory is TensorFlow.js's own heap, made shared (src/engine/backend/wasm/heap.ts).
    '--importMemory', '--noExportMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536',
    '--enable', 'simd', '--enable', 'threads',
  ], { writeFile: (name, contents) => { if (name.endsWith('.wasm')) binary = contents; } });
  if (error !== null || binary === undefined) throw new Error(`${stderr.toString()}${error?.message ?? ''}`);
  return Buffer.from(binary);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const binary = await buildKernels();
  if (process.argv.includes('--check')) {
    const same = binary.equals(await readFile(target).catch(() => Buffer.alloc(0)));
    process.stdout.write(same ? 'the kernels match their source\n' : `${target} does not match its source: npm run build:kernels\n`);
    process.exit(same ? 0 : 1);
  }
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, binary);
  process.stdout.write(`${path.relative(root, target)}: ${binary.length} bytes\n`);
}
