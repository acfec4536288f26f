import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import path from 'node:path';

/** Nothing tells of a process's death, and network disks tell of no change at all: so waiting looks again this often. */
const POLL_MS = 500;

export interface ChangeWatch {
  /** Resolves when the file changed since the last call, came or went, after POLL_MS, or when the signal aborts. */
  next(): Promise<void>;
  close(): void;
}

/** Watches one file (its folder, so that it may come and go), with a poll as the net. Never throws. */
export function watchForChange(file: string, signal?: AbortSignal): ChangeWatch {
  const name = path.basename(file);
  let wake: (() => void) | null = null;
  let changed = false;
  const onChange = (): void => {
    changed = true;
    wake?.();
  };
  let watcher: FSWatcher | null = null;
  try {
    watcher = watch(path.dirname(file), (_type, changedName) => {
      if (changedName === null || changedName === name) onChange();
    });
    watcher.on('error', () => undefined);
  } catch {
    // No such folder yet, or no watches left on this machine: the poll does.
  }
  signal?.addEventListener('abort', onChange);
  return {
    async next() {
      if (!changed && signal?.aborted !== true) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, POLL_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      wake = null;
      changed = false;
    },
    close() {
      watcher?.close();
      signal?.removeEventListener('abort', onChange);
    },
  };
}
