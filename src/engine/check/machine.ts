/** This machine, as the pre-flight sees it. */
import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import os from 'node:os';
import { promisify } from 'node:util';
import type { BackendAttempt, BackendName } from '../../shared/events.ts';
import { KEYS_VARIABLE } from '../../shared/teacherKeys.ts';
import type { Machine } from './contract.ts';

/** A native library that takes longer than this to load and check itself is not worth waiting for. */
const TRY_MS = 90_000;

/** `engine`: the engine's bundle, which tries a backend in a process of its own. */
export function thisMachine(engine: string, signal: AbortSignal): Machine {
  const environment = { ...process.env };
  // Whether a key is there is worth knowing; the programs that try backends get none.
  Reflect.deleteProperty(process.env, KEYS_VARIABLE);
  /** What a backend says does not change while a recipe is mended. */
  const known = new Map<BackendName, Promise<BackendAttempt>>();
  return {
    freeMemory: () => {
      // Containers have less than their host says; Node 20.13 and newer ask for it.
      const limit = (process as { constrainedMemory?: () => number }).constrainedMemory?.() ?? 0;
      return limit > 0 ? Math.min(os.freemem(), limit) : os.freemem();
    },
    freeDisk: async (path) => {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    },
    attempt: (backend) => {
      const attempt = known.get(backend) ?? tryInProcess(engine, backend, signal);
      known.set(backend, attempt);
      return attempt;
    },
    environment,
  };
}

/** A native library may end the process that loads it. */
async function tryInProcess(engine: string, backend: BackendName, signal: AbortSignal): Promise<BackendAttempt> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [engine, '--try-backend', backend], { timeout: TRY_MS, signal, windowsHide: true, encoding: 'utf8' });
    // Libraries print what they like; the answer is the last line.
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as BackendAttempt;
  } catch (error) {
    signal.throwIfAborted();
    return { backend, outcome: 'unavailable', detail: error instanceof Error ? error.message.split('\n')[0] ?? '' : String(error) };
  }
}
