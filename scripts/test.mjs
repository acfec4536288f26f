// npm test: everything; `unit`, `engine`, `host` or `e2e` alone by name. Further words go to vitest (a file, -t a name).
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { browserVscode, bundles, chromium, dependencies } from './lib/prepare.mjs';
import { at, main, root } from './lib/steps.mjs';

const KINDS = ['unit', 'engine', 'host', 'e2e'];
const words = process.argv.slice(2);
const kind = KINDS.includes(words[0]) ? words.shift() : null;
const hostResults = at('dist/test/host/results.json');
const report = at('dist/test/report.json');

function vitest(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [at('node_modules/vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args], { cwd: root, stdio: 'inherit' });
    child.on('close', (code) => resolve(code ?? 1));
  });
}

await main(async () => {
  await dependencies();
  if (kind !== 'unit') await bundles();
  if (kind === null || kind === 'host' || kind === 'e2e') {
    await browserVscode();
    await chromium();
  }
  for (const file of [report, hostResults]) rmSync(file, { force: true });
  const projects = kind === null ? [] : kind === 'host' ? ['--project', 'e2e', 'test/e2e/host.test.ts'] : ['--project', kind];
  const code = await vitest([...projects, ...words]);
  if (!existsSync(report)) {
    process.exitCode = code || 1;
    return;
  }
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
  // The tests inside VS Code are one test to vitest; each counts as one of its own here.
  const inHost = existsSync(hostResults) ? JSON.parse(readFileSync(hostResults, 'utf8')) : [];
  const hostFailed = inHost.filter(({ error }) => error !== undefined).length;
  const passed = numPassedTests + inHost.length - hostFailed;
  const failed = numFailedTests + hostFailed + (numFailedTests === 0 && code !== 0 ? Math.max(1, numFailedTestSuites) : 0);
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${numPendingTests} skipped\n`);
  process.exitCode = code !== 0 || failed > 0 ? 1 : 0;
});
