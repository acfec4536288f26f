// npm test: everything; `unit`, `engine`, `host` or `e2e` alone by name. Further words go to vitest (a file, -t a name).
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { browserVscode, bundles, chromium, dependencies, tensorflow } from './lib/prepare.mjs';
import { servesVscode } from './lib/machine.mjs';
import { at, main, root } from './lib/steps.mjs';

const KINDS = ['unit', 'engine', 'host', 'e2e'];
const words = process.argv.slice(2);
const kind = KINDS.includes(words[0]) ? words.shift() : null;
const hostResults = at('dist/test/host/results.json');

/** Runs vitest on some projects; its counts, and whether all went well. */
async function vitest(name, args) {
  const report = at(`dist/test/${name}.json`);
  rmSync(report, { force: true });
  const child = spawn(process.execPath, [at('node_modules/vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args, ...(words.length > 0 ? ['--passWithNoTests', ...words] : [])], { cwd: root, stdio: 'inherit' });
  const code = await new Promise((resolve) => { child.on('close', (status) => resolve(status ?? 1)); });
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const { numPassedTests: passed, numFailedTests, numFailedTestSuites, numPendingTests: skipped } = JSON.parse(readFileSync(report, 'utf8'));
  // A file that does not load has no tests of its own, and an error outside of any test fails none.
  return { passed, skipped, failed: code === 0 ? 0 : Math.max(1, numFailedTests, numFailedTests === 0 ? numFailedTestSuites : 0) };
}

/** How many tests need a VS Code: the ones that are left out where there is none. */
function countInEditor() {
  const file = at('dist/test/left-out.json');
  rmSync(file, { force: true });
  spawnSync(process.execPath, [at('node_modules/vitest/vitest.mjs'), 'list', '--project', 'e2e', `--json=${file}`], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  return JSON.parse(readFileSync(file, 'utf8')).length;
}

await main(async () => {
  await dependencies();
  if (kind !== 'unit') await bundles();
  // The tests on TensorFlow find it by this variable (test/fixtures/tensorflow.ts); without it they are left out.
  const native = kind === null || kind === 'engine' || kind === 'e2e' ? await tensorflow() : { missing: '' };
  if (native.folder) process.env.DISTILL_TEST_TENSORFLOW = native.folder;
  const wantsEditor = kind === null || kind === 'host' || kind === 'e2e';
  // Asked for by name, they say why they can't run here; as a part of everything they are left out.
  const inEditor = wantsEditor && (kind !== null || servesVscode(process));
  if (inEditor) {
    await browserVscode();
    await chromium();
  }
  rmSync(hostResults, { force: true });
  const results = [];
  if (kind === null || kind === 'unit' || kind === 'engine') {
    results.push(await vitest('node', (kind === null ? ['unit', 'engine'] : [kind]).flatMap((name) => ['--project', name])));
  }
  // After the others: a browser, a VS Code and a training want both cores.
  if (inEditor) results.push(await vitest('editor', ['--project', 'e2e', ...(kind === 'host' ? ['test/e2e/host.test.ts'] : [])]));
  // The tests inside VS Code's host are one test to vitest; each counts as one of its own here.
  const inHost = existsSync(hostResults) ? JSON.parse(readFileSync(hostResults, 'utf8')) : [];
  const hostFailed = inHost.filter(({ error }) => error !== undefined).length;
  results.push({ passed: inHost.length - hostFailed, failed: hostFailed, skipped: 0 });
  if (native.missing) process.stdout.write(`\nThe tests on native TensorFlow are left out (they count as skipped): ${native.missing}\n`);
  const leftOut = wantsEditor && !inEditor ? countInEditor() : 0;
  if (leftOut > 0) {
    process.stdout.write(`\n${leftOut} tests in a real VS Code are left out: they run on Linux x64 only, and this is ${process.platform} ${process.arch}.\n`);
    results.push({ passed: 0, failed: 0, skipped: leftOut });
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`);
  process.exitCode = sum('failed') > 0 ? 1 : 0;
});
