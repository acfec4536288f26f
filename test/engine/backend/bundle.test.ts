import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build, type BuildOptions } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
let folder: string;

/** A program with the backends in it, bundled as the engine is, in a folder that has no node_modules. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'distill-bundle-'));
  await cp(path.join(root, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm'), path.join(folder, 'wasm/tfjs-backend-wasm-simd.wasm'));
  await cp(path.join(root, 'src/engine/backend/wasm/binary'), path.join(folder, 'wasm'), { recursive: true });
  const { forNode, nativePackages } = await import(/* @vite-ignore */ `${root}/scripts/lib/bundle.mjs`) as { readonly forNode: BuildOptions; readonly nativePackages: string[] };
  await build({
    ...forNode,
    stdin: {
      resolveDir: root,
      loader: 'ts',
      contents: `
        import { openBackend } from './src/engine/backend/open.ts';
        import { tf } from './src/engine/tf.ts';
        openBackend({ backend: 'auto', threads: 2 }).then((backend) => {
          const x = tf.ones([300, 300]);
          process.stdout.write(JSON.stringify({ name: backend.name, first: tf.matMul(x, x).dataSync()[0], listeners: process.listenerCount('uncaughtException') }));
          // Not disposed of: the threads must not keep the process.
        });
      `,
    },
    outfile: path.join(folder, 'engine.js'), external: nativePackages, logLevel: 'error',
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the bundle finds its files beside it, and its threads don’t keep the process alive', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [path.join(folder, 'engine.js')], { cwd: folder, timeout: 50_000 });
  expect(JSON.parse(stdout)).toEqual({ name: 'wasm', first: 300, listeners: 0 });
  expect(stderr).toBe('');
});
