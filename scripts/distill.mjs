// npm run distill -- …: the command line without installing anything globally, in the folder where npm was called.
import { spawn } from 'node:child_process';
import { bundles, dependencies } from './lib/prepare.mjs';
import { at, main } from './lib/steps.mjs';

await main(async () => {
  await dependencies();
  await bundles();
  const child = spawn(process.execPath, [at('dist/cli.js'), ...process.argv.slice(2)], { stdio: 'inherit', cwd: process.env.INIT_CWD ?? process.cwd() });
  // Ctrl-C reaches the child as well (same terminal): it decides when to end.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
  process.exitCode = await new Promise((resolve) => { child.on('close', (code) => resolve(code ?? 1)); });
});
