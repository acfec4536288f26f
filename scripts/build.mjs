// Builds every bundle into dist/: the extension, the engine, the command line, the reader worker and the webview's pages.
import { build, context } from 'esbuild';
import { cp, mkdir, rm } from 'node:fs/promises';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => path.join(root, ...parts);
const watch = process.argv.includes('--watch');
const development = watch || process.argv.includes('--development');

// Native packages are never bundled: they are looked for where the person has them.
const nativePackages = ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu', 'webgpu'];

const common = { bundle: true, sourcemap: development, minify: !development, logLevel: 'warning', absWorkingDir: root, legalComments: 'none' };
const node = {
  ...common, platform: 'node', target: 'node20', format: 'cjs', mainFields: ['module', 'main'],
  // ES modules that are bundled to CommonJS still ask for import.meta.url.
  define: { 'import.meta.url': '__importMetaUrl' },
  banner: { js: "const __importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  keepNames: true,
};

const entries = [
  { entry: 'src/extension.ts', out: 'dist/extension.js', options: { ...node, external: ['vscode'] } },
  { entry: 'src/engine/main.ts', out: 'dist/engine.js', options: { ...node, external: nativePackages } },
  { entry: 'src/engine/beat.ts', out: 'dist/beat.js', options: node },
  { entry: 'src/cli.ts', out: 'dist/cli.js', options: { ...node, external: nativePackages, banner: { js: `#!/usr/bin/env node\n${node.banner.js}` } } },
  { entry: 'src/runs/reader.ts', out: 'dist/reader.js', options: node },
];
const pages = existsSync(at('webview')) ? readdirSync(at('webview')).filter((name) => existsSync(at('webview', name, 'main.ts'))) : [];
for (const page of pages) {
  entries.push({ entry: `webview/${page}/main.ts`, out: `dist/webview/${page}.js`, options: { ...common, platform: 'browser', target: 'es2022', format: 'iife' } });
}

async function copyAssets() {
  await mkdir(at('dist/wasm'), { recursive: true });
  const stock = at('node_modules/@tensorflow/tfjs-backend-wasm/dist');
  for (const name of readdirSync(stock)) if (name.endsWith('.wasm')) await cp(path.join(stock, name), at('dist/wasm', name));
  const own = at('src/engine/backend/wasm/binary');
  if (existsSync(own)) await cp(own, at('dist/wasm'), { recursive: true });
}

if (!watch) await rm(at('dist'), { recursive: true, force: true });
await copyAssets();
const present = entries.filter(({ entry }) => existsSync(at(entry)));
const tasks = present.map(({ entry, out, options }) => ({ ...options, entryPoints: [entry], outfile: out }));
if (watch) {
  for (const task of tasks) await (await context({ ...task, logLevel: 'info' })).watch();
  process.stdout.write('[watch] build finished, watching for changes\n');
} else {
  await Promise.all(tasks.map((task) => build(task)));
}
