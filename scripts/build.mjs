// Builds every bundle into dist/: the extension, the engine, the command line, the workers and the webview's pages.
// --watch rebuilds on change; --development leaves the code readable and adds source maps.
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { build, context } from 'esbuild';
import { forBrowser, forNode, nativePackages, thirdPartyNotices } from './lib/bundle.mjs';
import { at } from './lib/steps.mjs';

const watch = process.argv.includes('--watch');
const development = watch || process.argv.includes('--development');
const perBuild = { sourcemap: development, minify: !development, metafile: true };

const programs = [
  { entryPoints: ['src/extension.ts'], outfile: 'dist/extension.js', ...forNode, external: ['vscode'] },
  { entryPoints: ['src/engine/main.ts'], outfile: 'dist/engine.js', ...forNode, external: nativePackages },
  { entryPoints: ['src/engine/beat.ts'], outfile: 'dist/beat.js', ...forNode },
  { entryPoints: ['src/runs/reader.ts'], outfile: 'dist/reader.js', ...forNode },
  { entryPoints: ['src/ui/traces/compareWorker.ts'], outfile: 'dist/compare.js', ...forNode },
  { entryPoints: ['src/cli.ts'], outfile: 'dist/cli.js', ...forNode, external: nativePackages, banner: { js: `#!/usr/bin/env node\n${forNode.banner.js}` } },
];
const pages = readdirSync(at('webview'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(at('webview', entry.name, 'main.ts')))
  .map(({ name }) => ({ entryPoints: [`webview/${name}/main.ts`], outfile: `dist/webview/${name}.js`, ...forBrowser }));

/** TensorFlow.js's binary (the one that src/engine/backend/wasm/files.ts reads) and our kernels. */
async function copyWasm() {
  await mkdir(at('dist/wasm'), { recursive: true });
  await cp(at('node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm'), at('dist/wasm/tfjs-backend-wasm-simd.wasm'));
  await cp(at('src/engine/backend/wasm/binary'), at('dist/wasm'), { recursive: true });
}

if (!watch) await rm(at('dist'), { recursive: true, force: true });
await copyWasm();
const tasks = [...programs, ...pages].map((task) => ({ ...task, ...perBuild }));
if (watch) {
  for (const task of tasks) await (await context({ ...task, logLevel: 'info' })).watch();
  process.stdout.write('[watch] build finished, watching for changes\n');
} else {
  const results = await Promise.all(tasks.map((task) => build(task)));
  await writeFile(at('dist/ThirdPartyNotices.txt'), thirdPartyNotices(results.map(({ metafile }) => metafile)));
}
