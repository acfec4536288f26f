/** `engine.js --check`: the pre-flight as a process of its own, so that nobody's window waits for it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import type { PreflightLine } from '../../shared/preflight.ts';
import { thisMachine } from './machine.ts';
import { preflight } from './preflight.ts';

/** Between two lines of progress. */
const PROGRESS_MS = 100;

/** `engine`: this bundle, which tries backends. Whoever cancels ends the process. Answers the exit code: 1, and a line on stderr, where there is no report. */
export async function checkRecipeFile(recipe: string, flags: readonly string[], engine: string): Promise<0 | 1> {
  const file = path.resolve(recipe);
  const { signal } = new AbortController();
  const tell = (line: PreflightLine): void => { process.stdout.write(`${JSON.stringify(line)}\n`); };
  let last = 0;
  try {
    const text = flags.includes('--stdin') ? await readAll(process.stdin) : await readFile(file, 'utf8');
    const report = await preflight({
      file, text, signal, machine: thisMachine(engine, signal), online: flags.includes('--online'), quick: flags.includes('--quick'),
      onProgress: (check, done, total) => {
        const now = performance.now();
        if (now - last < PROGRESS_MS) return;
        last = now;
        tell({ kind: 'progress', check, done, total });
      },
    });
    await new Promise<void>((resolve) => { process.stdout.write(`${JSON.stringify({ kind: 'report', report } satisfies PreflightLine)}\n`, () => { resolve(); }); });
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}
