// npm run package: a .vsix that holds the bundles, koffi's builds, the wasm files, the examples and the notices, and nothing of development.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { koffiBuilds } from './lib/koffi.mjs';
import { bundles, dependencies } from './lib/prepare.mjs';
import { at, main, run, step, WayOut } from './lib/steps.mjs';

/** The store and every colleague's connection: what a person waits for. */
const LARGEST_MIB = 15;

await main(async () => {
  await dependencies();
  const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const out = path.resolve(process.argv[2] ?? at(`distill-workbench-${version}.vsix`));
  await bundles();
  await koffiBuilds();
  await step('Packing', '10 s', () => run(process.execPath, [at('node_modules/@vscode/vsce/vsce'), 'package', '--no-dependencies', '--skip-license', '--allow-missing-repository', '--no-rewrite-relative-links', '--out', out], { log: at('.vscode-test/logs/package.log') }));
  const mib = statSync(out).size / 2 ** 20;
  process.stdout.write(`${out}: ${mib.toFixed(1)} MiB\n`);
  if (mib > LARGEST_MIB) throw new WayOut(`The package is larger than ${LARGEST_MIB} MiB: look at what .vscodeignore lets through.`);
});
