// Types, style and the walls between the rooms.
import { spawnSync } from 'node:child_process';
import { dependencies } from './lib/prepare.mjs';
import { main, root } from './lib/steps.mjs';

const steps = [
  ['types', ['node_modules/typescript/bin/tsc', '-b']],
  ['style and walls', ['node_modules/eslint/bin/eslint.js', '.', '--cache', '--cache-location', 'node_modules/.cache/eslint/']],
];
await main(async () => {
  await dependencies();
  for (const [name, args] of steps) {
    process.stdout.write(`lint: ${name}\n`);
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
});
