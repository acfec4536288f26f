/**
 * Entry of the tests that run inside VS Code's extension host (bundled to dist/test/host/index.js). VS Code calls run().
 * Every `*.test.ts` beside this file is a mocha file; the bundler lists them in `virtual:host-tests`.
 */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';
import { register } from 'virtual:host-tests';

/** One test waits for a real window, a real engine or a real file watcher. */
const TEST_WITHIN_MS = 60_000;

export function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'tdd', color: false, timeout: TEST_WITHIN_MS });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  register();
  return new Promise((resolve, reject) => {
    const results: { title: string; error?: string }[] = [];
    const runner = mocha.run((failures) => {
      const file = process.env['DISTILL_HOST_RESULTS'];
      if (file !== undefined) writeFileSync(file, JSON.stringify(results));
      if (failures > 0) reject(new Error(`${failures} host tests failed`));
      else resolve();
    });
    runner.on('pass', (test) => results.push({ title: test.fullTitle() }));
    runner.on('fail', (test, error: Error) => results.push({ title: test.fullTitle(), error: error.stack ?? error.message }));
  });
}
