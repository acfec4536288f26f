// npm run bench -- NAME [--json] […]: bundles bench/NAME.ts as the product is bundled, and runs it.
import { existsSync, readdirSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { bundles, dependencies } from './lib/prepare.mjs';
import { at, main, root, WayOut } from './lib/steps.mjs';

await main(async () => {
  const [name, ...rest] = process.argv.slice(2);
  const names = readdirSync(at('bench')).filter((file) => file.endsWith('.ts')).map((file) => file.slice(0, -3));
  if (!name || !existsSync(at('bench', `${name}.ts`))) throw new WayOut(`npm run bench -- NAME [--json], where NAME is one of: ${names.join(', ')}`);
  await dependencies();
  await bundles();
  const { build } = await import('esbuild');
  const { common, nativePackages } = await import('./lib/bundle.mjs');
  const outfile = at('dist/bench', `${name}.mjs`);
  await build({
    ...common, entryPoints: [at('bench', `${name}.ts`)], outfile, platform: 'node', target: 'node20', format: 'esm', mainFields: ['module', 'main'],
    external: [...nativePackages, 'playwright-core', 'esbuild'], sourcemap: 'inline', keepNames: true,
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url); const __dirname = import.meta.dirname; const __filename = import.meta.filename;" },
  });
  await cp(at('dist/wasm'), at('dist/bench/wasm'), { recursive: true });
  const child = spawn(process.execPath, ['--enable-source-maps', outfile, ...rest], { cwd: root, stdio: 'inherit' });
  process.exitCode = await new Promise((resolve) => { child.on('close', (code) => resolve(code ?? 1)); });
});
