/**
 * The engine: `node engine.js RUN_FOLDER`. The run folder is its only voice; what it prints is raw log (engine.log).
 *
 * Exit codes: 0 the run is done or was stopped in order; 1 it failed, and events.jsonl says how; 2 the argument is no run
 * folder that can be read; 3 another engine has this run; 4 the run folder can't be written to (full disk, read-only).
 * SIGTERM and SIGINT stop in order; a second one ends at once.
 *
 * `node engine.js --try-backend NAME` opens one backend, checks it, prints the attempt as JSON and exits 0: a native library
 * that crashes takes this process with it and not the one that asked.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DistillError } from '../shared/messages.ts';
import { RUN_FILES, runFile, type RunFile } from '../shared/run.ts';
import { acquireDevice } from '../system/deviceQueue.ts';
import { tryLock, type HeldLock } from '../system/lockFile.ts';
import type { Backend } from './backend/contract.ts';
import { openBackend } from './backend/open.ts';
import { Control, Orders } from './control.ts';
import { tryBackend } from './doctor.ts';
import { openJournal, type Journal } from './journal.ts';
import { execute, type Outcome } from './stages/execute.ts';

export const EXIT = { fine: 0, failed: 1, noRun: 2, busy: 3, unwritable: 4 } as const;

/** Failures of the run folder itself: there is nobody left to tell but the exit code and engine.log. */
const UNWRITABLE: ReadonlySet<string> = new Set(['disk-full', 'read-only', 'no-permission']);

async function main([folder, word]: readonly string[]): Promise<number> {
  if (folder === '--try-backend') {
    process.stdout.write(`${JSON.stringify(await tryBackend(word ?? ''))}\n`);
    return EXIT.fine;
  }
  let run: RunFile;
  let lock: HeldLock;
  let journal: Journal;
  if (folder === undefined) {
    log('usage: node engine.js RUN_FOLDER');
    return EXIT.noRun;
  }
  try {
    run = await readRun(folder);
    const attempt = await tryLock(path.join(folder, RUN_FILES.lock), { about: folder });
    if (attempt.type === 'taken') throw new DistillError('run-busy', { run: run.id, pid: attempt.holder.pid, host: attempt.holder.host });
    lock = attempt.lock;
  } catch (error) {
    log(error);
    const code = error instanceof DistillError ? error.code : '';
    return code === 'run-busy' ? EXIT.busy : UNWRITABLE.has(code) ? EXIT.unwritable : EXIT.noRun;
  }
  process.once('exit', () => { lock.releaseSync(); });
  try {
    journal = openJournal(folder, { beat: path.join(path.dirname(fileURLToPath(import.meta.url)), 'beat.js') });
  } catch (error) {
    log(error);
    await lock.release();
    return EXIT.unwritable;
  }
  process.once('uncaughtException', (error) => {
    log(error);
    tellEnd(journal, { outcome: 'failed', code: 'unexpected', data: { detail: error.message } });
    process.exit(EXIT.failed);
  });
  const outcome = await conduct(folder, run, lock, journal);
  await journal.stopBeat();
  const told = tellEnd(journal, outcome);
  await journal.close();
  await lock.release();
  return !told ? EXIT.unwritable : outcome.outcome !== 'failed' ? EXIT.fine : UNWRITABLE.has(outcome.code ?? '') ? EXIT.unwritable : EXIT.failed;
}

/** From the queue to the last stage. Never throws. */
async function conduct(folder: string, run: RunFile, lock: HeldLock, journal: Journal): Promise<Outcome> {
  const orders = new Orders(path.join(folder, RUN_FILES.control), performance.timeOrigin);
  const control = new Control(orders, (order, accepted) => { journal.event({ kind: 'acknowledged', order, accepted }); });
  listenToSignals(control);
  let device: HeldLock | null = null;
  let backend: Backend | null = null;
  try {
    if (run.queue) device = await waitForDevice(folder, run, lock, journal, control);
    backend = await openBackend({ backend: run.recipe.engine.backend, threads: run.recipe.engine.threads ?? null });
    return await execute({ run, folder, journal, control, backend, process: identityOf(lock) });
  } catch (error) {
    if (control.signal.aborted && error === control.signal.reason) return { outcome: 'stopped' };
    log(error);
    if (error instanceof DistillError) return { outcome: 'failed', code: error.code, data: error.data };
    return { outcome: 'failed', code: 'unexpected', data: { detail: error instanceof Error ? error.message : String(error) } };
  } finally {
    await backend?.dispose();
    await device?.release();
  }
}

/** False when not even the last words could be written. */
function tellEnd(journal: Journal, outcome: Outcome): boolean {
  journal.freeReserve();
  try {
    journal.event({ kind: 'ended', ...outcome });
    return true;
  } catch (error) {
    log(error);
    return false;
  }
}

async function readRun(folder: string): Promise<RunFile> {
  const file = path.join(folder, RUN_FILES.run);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new DistillError('run-not-found', { path: folder }, { cause: error });
  }
  try {
    return runFile.parse(JSON.parse(text));
  } catch (error) {
    throw new DistillError('run-unreadable', { path: file, detail: error instanceof Error ? error.message : String(error) }, { cause: error });
  }
}

/** How often the orders are looked at while the device is waited for. */
const QUEUE_POLL_MS = 250;

/** One run at a time uses the machine, whichever window or terminal it came from. Throws the stop's reason. */
async function waitForDevice(folder: string, run: RunFile, lock: HeldLock, journal: Journal, control: Control): Promise<HeldLock> {
  const device = DEVICE_OF[run.recipe.engine.backend];
  const timer = setInterval(() => { control.stopped(); }, QUEUE_POLL_MS);
  try {
    return await acquireDevice(device, {
      about: folder, signal: control.signal,
      onWaiting: (holder) => { journal.event({ kind: 'queued', process: identityOf(lock), device, holder: holder.about }); },
    });
  } finally {
    clearInterval(timer);
  }
}

/** "auto" counts as the CPU: whichever backend it takes, its host work keeps the cores busy. */
const DEVICE_OF = { auto: 'cpu', cpu: 'cpu', wasm: 'cpu', tensorflow: 'cpu', webgpu: 'gpu', 'tensorflow-gpu': 'gpu' } as const;

function identityOf({ holder: { pid, startToken, host } }: HeldLock): { readonly pid: number; readonly startToken: string; readonly host: string } {
  return { pid, startToken, host };
}

function listenToSignals(control: Control): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (control.signal.aborted) process.exit(EXIT.failed);
      log(`${signal}: stopping after this step`);
      control.stop();
    });
  }
}

function log(what: unknown): void {
  // Of an error with a code the sentence says all; of any other only the stack helps.
  process.stderr.write(`${what instanceof DistillError ? `${what.code}: ${what.message}` : what instanceof Error ? what.stack ?? what.message : String(what)}\n`);
}

// Everything that matters is written by then; a thread of a library must not keep the process.
void main(process.argv.slice(2)).then((code) => process.exit(code));
