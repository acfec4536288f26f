// Builds every bundle into dist/: the extension, the engine, the command line, the workers and the webview's pages.
// --watch rebuilds on change; --development leaves the code readable and adds source maps.
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { build, context } from 'esbuild';
import { forBrowser, forNode, nativePackages, thirdPartyNotices } from './lib/bundle.mjs';
import { at } from './lib/steps.mjs';

const watch = process.argv.includes('--watch');
const development = watch || process.argv.includes('--development');
/** Where esbuild writes to. What people run is built aside and then put in its place: who builds or runs at the same time never meets half of it. */
const out = development ? 'dist' : `dist/.building-${process.pid}`;
const perBuild = { sourcemap: development, minify: !development, metafile: true };

const programs = [
  { entryPoints: ['src/extension.ts'], outfile: `${out}/extension.js`, ...forNode, external: ['vscode'] },
  { entryPoints: ['src/engine/main.ts'], outfile: `${out}/engine.js`, ...forNode, external: nativePackages },
  { entryPoints: ['src/engine/beat.ts'], outfile: `${out}/beat.js`, ...forNode },
  { entryPoints: ['src/engine/data/clean/worker.ts'], outfile: `${out}/clean.js`, ...forNode },
  { entryPoints: ['src/runs/sweeper.ts'], outfile: `${out}/sweep.js`, ...forNode },
  { entryPoints: ['src/runs/reader.ts'], outfile: `${out}/reader.js`, ...forNode },
  { entryPoints: ['src/ui/traces/compareWorker.ts'], outfile: `${out}/compare.js`, ...forNode },
  { entryPoints: ['src/engine/data/review/dataWorker.ts'], outfile: `${out}/data.js`, ...forNode, external: nativePackages },
  { entryPoints: ['src/cli.ts'], outfile: `${out}/cli.js`, ...forNode, external: nativePackages, banner: { js: `#!/usr/bin/env node\n${forNode.banner.js}` } },
];
const pages = readdirSync(at('webview'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(at('webview', entry.name, 'main.ts')))
  .map(({ name }) => ({ entryPoints: [`webview/${name}/main.ts`], outfile: `${out}/webview/${name}.js`, ...forBrowser }));

/** Taken without its JavaScript, so esbuild doesn't know of it. */
const jiebaBinary = 'node_modules/jieba-wasm/pkg/nodejs/jieba_rs_wasm_bg.wasm';

/** TensorFlow.js's binary (the one that src/engine/backend/wasm/files.ts reads), our kernels, and jieba's (src/engine/data/clean/segmenter.ts). */
async function copyWasm() {
  await mkdir(at(out, 'wasm'), { recursive: true });
  await cp(at('node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm'), at(out, 'wasm/tfjs-backend-wasm-simd.wasm'));
  await cp(at('src/engine/backend/wasm/binary'), at(out, 'wasm'), { recursive: true });
  await cp(at(jiebaBinary), at(out, 'wasm/jieba_rs_wasm_bg.wasm'));
}

/** Puts what was built aside in its place, file by file, and removes what an earlier build left there. */
async function putInPlace() {
  for (const folder of ['', 'webview', 'wasm']) {
    await mkdir(at('dist', folder), { recursive: true });
    const files = async (base) => (await readdir(at(base, folder), { withFileTypes: true })).filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name);
    const built = new Set(await files(out));
    for (const name of built) await rename(at(out, folder, name), at('dist', folder, name));
    for (const name of await files('dist')) if (!built.has(name)) await rm(at('dist', folder, name), { force: true });
  }
}

/** Folders of builds that were ended before they were done. */
async function removeLeftovers() {
  for (const name of await readdir(at('dist'))) {
    const pid = /^\.building-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !runs(Number(pid))) await rm(at('dist', name), { recursive: true, force: true });
  }
}

function runs(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

await mkdir(at(out), { recursive: true });
await removeLeftovers();
await copyWasm();
const tasks = [...programs, ...pages].map((task) => ({ ...task, ...perBuild }));
// From here on dist/ is no longer what this stamp of prepare.mjs says.
await rm(at('dist/.built'), { force: true });
if (watch) {
  for (const task of tasks) await (await context({ ...task, logLevel: 'info' })).watch();
  process.stdout.write('[watch] build finished, watching for changes\n');
} else {
  try {
    const results = await Promise.all(tasks.map((task) => build(task)));
    await writeFile(at(out, 'ThirdPartyNotices.txt'), thirdPartyNotices([...results.map(({ metafile }) => metafile), { inputs: { [jiebaBinary]: {} } }]));
    if (!development) await putInPlace();
  } finally {
    if (!development) await rm(at(out), { recursive: true, force: true });
  }
}
