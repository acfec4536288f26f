/**
 * Tells which run folder something happened in. chokidar, narrowly: a runs folder, one level deep, only the files that a
 * view is made of; never `awaitWriteFinish`, which withholds a growing file. Where the system has no watches left (inotify's
 * limit) or tells of no change (network disks), `onTrouble` says so once and the store's poll is the only net.
 */
import { watch } from 'chokidar';
import type { FSWatcher } from 'chokidar';
import path from 'node:path';
import { RUN_FILES } from '../shared/run.ts';
import { isRunName } from './folder.ts';

const WATCHED: ReadonlySet<string> = new Set([RUN_FILES.run, RUN_FILES.label, RUN_FILES.events, RUN_FILES.control]);

export type RunFileName = typeof RUN_FILES.run | typeof RUN_FILES.label | typeof RUN_FILES.events | typeof RUN_FILES.control;

export interface RunsWatcher {
  close(): Promise<void>;
}

export function watchRuns(runsFolder: string, onChange: (runFolder: string, file: RunFileName) => void, onTrouble: (error: unknown) => void): RunsWatcher {
  const depthOf = (file: string): number => {
    const relative = path.relative(runsFolder, file);
    return relative === '' ? 0 : relative.split(path.sep).length;
  };
  let watcher: FSWatcher | null = null;
  try {
    watcher = watch(runsFolder, {
      depth: 1,
      ignoreInitial: false,
      atomic: false,
      ignored: (file) => {
        const depth = depthOf(file);
        if (depth === 0) return false;
        return depth === 1 ? !isRunName(path.basename(file)) : !WATCHED.has(path.basename(file));
      },
    });
    const tell = (file: string): void => {
      if (depthOf(file) === 2) onChange(path.dirname(file), path.basename(file) as RunFileName);
    };
    watcher.on('add', tell).on('change', tell).on('unlink', tell).on('error', onTrouble);
  } catch (error) {
    onTrouble(error);
  }
  return { close: async () => watcher?.close() };
}
