/**
 * Tells which run folder something happened in, cheaply: chokidar on the runs folder itself (depth 0: folders that come and
 * go), and one plain fs.watch for each run's folder, which names the file. chokidar asks for a file's status at each change
 * (`stat`), which at 200 events a second costs more than reading them; and it takes a watch for every file, not one for a
 * folder. Where the system has no watches left (inotify's limit), `onTrouble` says so and the store's poll is the only net,
 * as it is on network disks, which tell of nothing.
 */
import { watch as watchFolders } from 'chokidar';
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import path from 'node:path';
import { RUN_FILES } from '../shared/run.ts';
import { isRunName } from './folder.ts';

/** What a view is made of, and the lock, which comes and goes with an engine. */
export const VIEW_FILES: readonly string[] = [RUN_FILES.run, RUN_FILES.label, RUN_FILES.control, RUN_FILES.lock, RUN_FILES.events];

export interface RunsWatcher {
  /** Watches a run's folder, also one that was found otherwise; again after it came back. */
  follow(runFolder: string): void;
  close(): void;
}

/** `runsFolder` has to exist. `onChange` names the file, or null when any may have changed (the folder itself came or went). */
export function watchRuns(runsFolder: string, onChange: (runFolder: string, file: string | null) => void, onTrouble: (error: unknown) => void): RunsWatcher {
  const watched = new Map<string, FSWatcher>();

  const follow = (runFolder: string): void => {
    if (watched.has(runFolder)) return;
    try {
      const watcher = watch(runFolder, { persistent: false }, (_type, name) => {
        if (name === null || VIEW_FILES.includes(name)) onChange(runFolder, name);
      });
      watcher.on('error', (error) => {
        forget(runFolder);
        onTrouble(error);
      });
      watched.set(runFolder, watcher);
    } catch (error) {
      onTrouble(error);
    }
  };
  const forget = (runFolder: string): void => {
    watched.get(runFolder)?.close();
    watched.delete(runFolder);
  };
  const isRun = (folder: string): boolean => path.dirname(folder) === runsFolder && isRunName(path.basename(folder));

  let folders: ReturnType<typeof watchFolders> | null = null;
  try {
    folders = watchFolders(runsFolder, { depth: 0, persistent: false, ignored: (file) => file !== runsFolder && !isRun(file) });
    folders
      .on('addDir', (folder) => {
        if (!isRun(folder)) return;
        follow(folder);
        onChange(folder, null);
      })
      .on('unlinkDir', (folder) => {
        if (!isRun(folder)) return;
        forget(folder);
        onChange(folder, null);
      })
      .on('error', onTrouble);
  } catch (error) {
    onTrouble(error);
  }

  return {
    follow,
    close() {
      void folders?.close();
      for (const watcher of watched.values()) watcher.close();
      watched.clear();
    },
  };
}
