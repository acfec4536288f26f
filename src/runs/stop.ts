/** Ending a run: asked for by an order, then by a signal, then forced. Nothing stays behind. */
import path from 'node:path';
import type { ProcessIdentity } from '../shared/events.ts';
import { DistillError } from '../shared/messages.ts';
import { RUN_FILES } from '../shared/run.ts';
import { readLock } from '../system/lockFile.ts';
import { isAlive } from '../system/processIdentity.ts';
import { ProcessTree, waitForEnd } from '../system/processTree.ts';
import { RunFold } from './fold.ts';
import { readRunFile } from './folder.ts';
import { giveOrder } from './orders.ts';
import { Tail } from './tail.ts';

export interface StopOptions {
  /** For the engine to finish its step, save and end by itself. */
  readonly graceMs?: number;
  /** After SIGTERM. */
  readonly termMs?: number;
  /** No longer wait for the orderly end: go on to the signals at once (a person asked twice). */
  readonly hurry?: AbortSignal;
}

/** `ordered`: by itself, saved. `terminated`: after SIGTERM. `killed`: by SIGKILL. `not-running`: there was nothing to stop. */
export type StopOutcome = 'ordered' | 'terminated' | 'killed' | 'not-running';

/** A step of a large student and a checkpoint on a slow disk take this long at most. */
const GRACE_MS = 30_000;
const TERM_MS = 5000;

/**
 * Stops the run's engine and everything it started, and resolves when nothing of it is left. Pid and start token are
 * checked before every signal. Throws DistillError `run-not-found`, `run-not-on-this-host` (the order stands there and is
 * taken up by that engine), `stop-failed` when a process survives SIGKILL, or of the file system.
 */
export async function stopRun(runFolder: string, options: StopOptions = {}): Promise<StopOutcome> {
  await readRunFile(runFolder);
  const engine = await engineOf(runFolder);
  const life = engine === null ? 'dead' : await isAlive(engine);
  if (engine === null || life === 'dead') return 'not-running';
  const run = path.basename(runFolder);
  const tree = new ProcessTree(engine);
  // Before the order: an engine that ends at once no longer tells whom it started.
  if (life === 'alive') await tree.alive();
  await giveOrder(runFolder, 'stop');
  if (life === 'unknown') throw new DistillError('run-not-on-this-host', { run, host: engine.host });

  if (await waitForEnd(engine, options.graceMs ?? GRACE_MS, options.hurry)) {
    // What the engine started and forgot goes with it.
    await ended(tree, run);
    return 'ordered';
  }
  if (await tree.terminate(options.termMs ?? TERM_MS)) return 'terminated';
  const rootLeft = (await isAlive(engine)) === 'alive';
  await ended(tree, run);
  return rootLeft ? 'killed' : 'terminated';
}

async function ended(tree: ProcessTree, run: string): Promise<void> {
  const [left] = await tree.kill();
  if (left !== undefined) throw new DistillError('stop-failed', { run, pid: left.pid, detail: 'SIGKILL' });
}

/** The process that works on a run: the holder of its lock, or who wrote its last events. Null when nobody ever did. */
export async function engineOf(runFolder: string): Promise<ProcessIdentity | null> {
  const holder = await readLock(path.join(runFolder, RUN_FILES.lock));
  if (holder !== null && (await isAlive(holder)) !== 'dead') return holder;
  const fold = new RunFold();
  await new Tail(path.join(runFolder, RUN_FILES.events)).read((block) => void fold.block(block));
  return fold.current.ended === null ? fold.current.process : null;
}
