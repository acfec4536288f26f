// npm run make:arithmetic: makes everything of examples/arithmetic that is shipped but not written by hand: its data, its
// tokenizer, and (unless --without-teacher) the teacher's weights, trained by teacher.json. About 15 minutes on 2 cores.
import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { bundles, dependencies } from './lib/prepare.mjs';
import { at, main, run, step } from './lib/steps.mjs';

/** Everything that a row of the example is written with, as tokens of its own. */
const TOKENIZER = `
  import { vocabularyFiles } from './src/engine/model/vocabulary.ts';
  const files = vocabularyFiles({
    tokens: [...'0123456789+-*= \\n', 'write', 'put', 'carry', 'borrow', 'so', 'then'],
    markers: ['<think>', '</think>'], special: { pad: '<pad>', end: '<eos>', unknown: '<unk>' }, maxLength: 128,
  });
  process.stdout.write(JSON.stringify([...files]));
`;

/** The tokenizer's files by name; the test of the example compares them with what is committed. */
export async function tokenizerFiles() {
  const { build } = await import('esbuild');
  const { forNode } = await import('./lib/bundle.mjs');
  const { outputFiles } = await build({ ...forNode, stdin: { contents: TOKENIZER, resolveDir: at('.'), loader: 'ts' }, write: false });
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-'], { input: outputFiles[0].text, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return new Map(JSON.parse(stdout));
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    await dependencies();
    await bundles();
    const folder = (...parts) => at('examples/arithmetic', ...parts);
    await step('Writing data', '1 s', () => run(process.execPath, [folder('generate.mjs'), '--teacher']));
    await step('Writing the tokenizer', '1 s', async () => {
      await mkdir(folder('tokenizer'), { recursive: true });
      for (const [name, text] of await tokenizerFiles()) await writeFile(folder('tokenizer', name), text);
    });
    if (process.argv.includes('--without-teacher')) return;
    await step('Training the teacher', '15 min', async () => {
      await rm(folder('teacher'), { recursive: true, force: true });
      await run(process.execPath, [at('dist/cli.js'), 'run', folder('teacher.json')]);
    });
  });
}
