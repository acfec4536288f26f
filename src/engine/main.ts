/**
 * The engine: `node engine.js RUN_FOLDER [--no-queue]` (without waiting for the device, whatever the run was made with). The run folder is its only voice; what it prints is raw log (engine.log).
 *
 * Exit codes: 0 the run is done or was stopped in order; 1 it failed, and events.jsonl says how; 2 the argument is no run
 * folder that can be read; 3 another engine has this run; 4 the run folder can't be written to (full disk, read-only).
 * SIGTERM and SIGINT stop in order; a second one ends at once.
 *
 * `node engine.js --check RECIPE [--online] [--quick] [--stdin]` makes the pre-flight of a recipe (its text from stdin where it isn't
 * saved) and prints one JSON object a line: progress, then the report. Exits 0 whatever it found, 1 where it has none.
 *
 * `node engine.js --try-backend NAME` opens one backend, checks it, prints the attempt as JSON and exits 0: a native library
 * that crashes takes this process with it and not the one that asked. `node engine.js --find-tensorflow` looks for
 * TensorFlow's library in the same way and prints what it asked and what is taken (shared/nativeTensorflow.ts).
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DistillError } from '../shared/messages.ts';
import { RUN_FILES, runFile, type RunFile } from '../shared/run.ts';
import { tryLock, type HeldLock } from '../system/lockFile.ts';
import { Control, Orders } from './control.ts';
import { tryBackend } from './doctor.ts';
import { openJournal, type Journal } from './journal.ts';
import { execute, type Outcome } from './stages/execute.ts';
import { Machine } from './stages/machine.ts';
import { takeKeys, type KeyRing } from './teacher/keys.ts';

export const EXIT = { fine: 0, failed: 1, noRun: 2, busy: 3, unwritable: 4 } as const;

/** Failures of the run folder itself: there is nobody left to tell but the exit code and engine.log. */
const UNWRITABLE: ReadonlySet<string> = new Set(['disk-full', 'read-only', 'no-permission']);

async function main([folder, word, ...rest]: readonly string[]): Promise<number> {
  if (folder === '--check') {
    const { checkRecipeFile } = await import('./check/program.ts');
    return checkRecipeFile(word ?? '', rest, fileURLToPath(import.meta.url));
  }
  if (folder === '--try-backend') {
    process.stdout.write(`${JSON.stringify(await tryBackend(word ?? ''))}\n`);
    return EXIT.fine;
  }
  if (folder === '--find-tensorflow') {
    const { findLibrary } = await import('./backend/tensorflow/find.ts');
    process.stdout.write(`${JSON.stringify({ candidates: (await findLibrary()).candidates })}\n`);
    return EXIT.fine;
  }
  // First of all: nothing that is started from here inherits them.
  const keys = takeKeys(process.env);
  let run: RunFile;
  let lock: HeldLock;
  let journal: Journal;
  if (folder === undefined) {
    log('usage: node engine.js RUN_FOLDER');
    return EXIT.noRun;
  }
  try {
    const made = await readRun(folder);
    run = word === '--no-queue' ? { ...made, queue: false } : made;
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
  const outcome = await conduct(folder, run, { lock, journal, keys });
  await journal.stopBeat();
  const told = tellEnd(journal, outcome);
  await journal.close();
  await lock.release();
  return !told ? EXIT.unwritable : outcome.outcome !== 'failed' ? EXIT.fine : UNWRITABLE.has(outcome.code ?? '') ? EXIT.unwritable : EXIT.failed;
}

interface Tools {
  readonly lock: HeldLock;
  readonly journal: Journal;
  readonly keys: KeyRing;
}

/** From the first stage to the last. Never throws. */
async function conduct(folder: string, run: RunFile, { lock, journal, keys }: Tools): Promise<Outcome> {
  const orders = new Orders(path.join(folder, RUN_FILES.control), performance.timeOrigin);
  const control = new Control(orders, (order, accepted) => { journal.event({ kind: 'acknowledged', order, accepted }); });
  listenToSignals(control);
  const process = identityOf(lock);
  const machine = new Machine({ run, folder, journal, control, process });
  try {
    const outcome = await execute({ run, folder, journal, control, machine, keys, process });
    return outcome.outcome === 'stopped' && outcome.code === undefined ? { ...outcome, ...control.because } : outcome;
  } catch (error) {
    if (control.signal.aborted && error === control.signal.reason) return { outcome: 'stopped', ...control.because };
    log(error);
    if (error instanceof DistillError) return { outcome: 'failed', code: error.code, data: error.data };
    return { outcome: 'failed', code: 'unexpected', data: { detail: error instanceof Error ? error.message : String(error) } };
  } finally {
    await machine.close();
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
