// npm run make:arithmetic, npm run make:lists: make everything of an example that is shipped but not written by hand: its
// data, its tokenizer, and (unless --without-teacher) the teacher's weights, trained by teacher.json. Up to 15 minutes on 2 cores.
import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { bundles, dependencies } from './lib/prepare.mjs';
import { at, main, run, step, WayOut } from './lib/steps.mjs';

/** Everything that a row of an example is written with, as tokens of its own. */
const TOKENS = {
  arithmetic: [...'0123456789+-*= \n', 'write', 'put', 'carry', 'borrow', 'so', 'then'],
  lists: [...'0123456789+=: \n', 'sort', 'reverse', 'even', 'odd', 'unique', 'next', 'half', 'turn', 'max', 'min', 'sum', 'count', 'gives', 'is', 'makes'],
};

/** The tokenizer's files of an example by name; a test compares them with what is committed. */
export async function tokenizerFiles(example) {
  const { build } = await import('esbuild');
  const { forNode } = await import('./lib/bundle.mjs');
  const contents = `
    import { vocabularyFiles } from './src/engine/model/vocabulary.ts';
    const files = vocabularyFiles({
      tokens: ${JSON.stringify(TOKENS[example])},
      markers: ['<think>', '</think>'], special: { pad: '<pad>', end: '<eos>', unknown: '<unk>' }, maxLength: 128,
    });
    process.stdout.write(JSON.stringify([...files]));
  `;
  const { outputFiles } = await build({ ...forNode, stdin: { contents, resolveDir: at('.'), loader: 'ts' }, write: false });
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-'], { input: outputFiles[0].text, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return new Map(JSON.parse(stdout));
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    const [name] = process.argv.slice(2);
    if (!Object.hasOwn(TOKENS, name ?? '')) throw new WayOut(`Name one of the examples: ${Object.keys(TOKENS).join(', ')}.`);
    await dependencies();
    await bundles();
    const folder = (...parts) => at('examples', name, ...parts);
    await step('Writing data', '1 s', () => run(process.execPath, [folder('generate.mjs'), '--teacher']));
    await step('Writing the tokenizer', '1 s', async () => {
      await mkdir(folder('tokenizer'), { recursive: true });
      for (const [file, text] of await tokenizerFiles(name)) await writeFile(folder('tokenizer', file), text);
    });
    if (process.argv.includes('--without-teacher')) return;
    await step('Training the teacher', '15 min', async () => {
      await rm(folder('teacher'), { recursive: true, force: true });
      await run(process.execPath, [at('dist/cli.js'), 'run', folder('teacher.json')]);
    });
  });
}
