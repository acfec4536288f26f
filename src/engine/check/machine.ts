/** This machine, as the pre-flight sees it. */
import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import os from 'node:os';
import { promisify } from 'node:util';
import type { BackendAttempt, BackendName } from '../../shared/events.ts';
import type { Machine } from './contract.ts';

/** A native library that takes longer than this to load and check itself is not worth waiting for. */
const TRY_MS = 90_000;

/** `engine`: the engine's bundle, which tries a backend in a process of its own. */
export function thisMachine(engine: string, signal: AbortSignal): Machine {
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
    attempt: async (backend: BackendName): Promise<BackendAttempt> => {
      try {
        const { stdout } = await promisify(execFile)(process.execPath, [engine, '--try-backend', backend], { timeout: TRY_MS, signal, windowsHide: true, encoding: 'utf8' });
        // Libraries print what they like; the answer is the last line.
        return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as BackendAttempt;
      } catch (error) {
        signal.throwIfAborted();
        return { backend, outcome: 'unavailable', detail: error instanceof Error ? error.message.split('\n')[0] ?? '' : String(error) };
      }
    },
    environment: process.env,
  };
}
