/** Starts the process that drives a sweep, so that it survives whoever started it. */
import { execa } from 'execa';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { DistillError } from '../shared/messages.ts';
import { fileError } from '../system/fileErrors.ts';
import { readLock } from '../system/lockFile.ts';
import { isAlive } from '../system/processIdentity.ts';
import { watchForChange } from '../system/watchForChange.ts';
import { inherited, type EngineProgram } from './launcher.ts';
import { findNode } from './node.ts';
import { readSweepEnd, readSweepFile, SWEEP_FILES } from './sweepFolder.ts';

/** Resolves once it holds the sweep, or has ended. Throws DistillError `sweep-busy`, `engine-not-started`, `node-not-found`. */
export async function startSweeper(folder: string, sweeper: string, engine: EngineProgram): Promise<void> {
  await readSweepFile(folder);
  const lock = path.join(folder, SWEEP_FILES.lock);
  const held = async (): Promise<boolean> => {
    const holder = await readLock(lock);
    return holder !== null && (await isAlive(holder)) === 'alive';
  };
  if (await held()) {
    const holder = await readLock(lock);
    throw new DistillError('sweep-busy', { sweep: path.basename(folder), pid: holder?.pid ?? 0, host: holder?.host ?? '' });
  }
  const before = (await readSweepEnd(folder))?.at ?? 0;
  const node = await findNode(engine.node);
  const log = path.join(folder, SWEEP_FILES.log);
  const output = await open(log, 'a').catch((error: unknown) => { throw fileError(error, log); });
  const change = watchForChange(lock);
  try {
    const descriptor = output.fd as 3;
    const child = execa(node.path, [sweeper, folder, engine.script], {
      cwd: folder, detached: true, cleanup: false, reject: false, stdin: 'ignore', stdout: descriptor, stderr: descriptor, windowsHide: true, extendEnv: false,
      env: { ...inherited(process.env), ...node.environment, ...engine.environment },
    });
    child.unref();
    let gone = false;
    const end = child.then(() => { gone = true; });
    while (!gone && !(await held())) await Promise.race([change.next(), end]);
    const ended = await readSweepEnd(folder);
    if (gone && (ended === null || ended.at <= before)) throw new DistillError('engine-not-started', { detail: `sweep.js (${String((await child).exitCode ?? '–')})`, log });
  } finally {
    change.close();
    await output.close();
  }
}
