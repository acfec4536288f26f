/**
 * Drives a sweep as a process of its own, which survives the window that started it: `node sweep.js SWEEP_FOLDER ENGINE_SCRIPT`.
 * What it prints is raw log (sweep.log); the folders are its only voice. SIGTERM and SIGINT stop in order, a second one at once.
 */
import { runSweep } from './sweepRunner.ts';

async function main([folder, script]: readonly string[]): Promise<number> {
  if (folder === undefined || script === undefined) {
    process.stderr.write('usage: node sweep.js SWEEP_FOLDER ENGINE_SCRIPT\n');
    return 2;
  }
  const [stop, hurry] = [new AbortController(), new AbortController()];
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => (stop.signal.aborted ? hurry : stop).abort());
  try {
    const outcome = await runSweep(folder, { script, node: null }, { signal: stop.signal, hurry: hurry.signal });
    return outcome === 'failed' ? 1 : 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    return 1;
  }
}

void main(process.argv.slice(2)).then((code) => process.exit(code));
