// How the project's own scripts speak: a line when a step begins, how long it took when it ends, and a way out when it fails.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnable } from './machine.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const at = (...parts) => path.join(root, ...parts);

/** A failure that a person can act on: printed as it stands, without a stack. */
export class WayOut extends Error {}

/** Runs `work`, saying what it is and how long it took. `usually` is the time to expect, for a person who waits. */
export async function step(title, usually, work) {
  const began = performance.now();
  process.stdout.write(`▸ ${title}${usually ? ` (usually ${usually})` : ''} …\n`);
  const result = await work();
  process.stdout.write(`  done in ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  return result;
}

/**
 * Runs a program; its output goes to `log` (a path) or straight to the terminal.
 * Rejects with a WayOut that holds the end of the output and names the log.
 */
export function run(command, args, { cwd = root, env = process.env, log = null } = {}) {
  return new Promise((resolve, reject) => {
    if (log) mkdirSync(path.dirname(log), { recursive: true });
    const call = spawnable(process.platform, command, args);
    const child = spawn(call.command, call.args, { cwd, env, stdio: ['ignore', log ? 'pipe' : 'inherit', log ? 'pipe' : 'inherit'], shell: call.shell });
    const tail = [];
    if (log) {
      const file = createWriteStream(log);
      for (const stream of [child.stdout, child.stderr]) {
        stream.pipe(file, { end: false });
        createInterface({ input: stream }).on('line', (line) => { tail.push(line); if (tail.length > 25) tail.shift(); });
      }
      child.on('close', () => file.end());
    }
    child.on('error', (error) => reject(new WayOut(`${command} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new WayOut(`${command} ${args.join(' ')} ended with ${signal ?? code}${log ? `\n${tail.join('\n')}\nThe whole output: ${log}` : ''}`));
    });
  });
}

/** The main function of a script: errors that a person can act on are printed without a stack. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof WayOut)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}

/** Whether `name` is a program on PATH; its full path or null. */
export async function which(name) {
  const { access, constants } = await import('node:fs/promises');
  const endings = process.platform === 'win32' ? ['.cmd', '.exe', ''] : [''];
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const ending of endings) {
      const file = path.join(folder, name + ending);
      try {
        await access(file, constants.X_OK);
        return file;
      } catch {
        // Not here: the next folder may have it.
      }
    }
  }
  return null;
}
