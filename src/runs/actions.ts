/** What a person does to a run: name it, star it, draw it, delete it. Written to label.json or moved; never to the engine's files. */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { DistillError } from '../shared/messages.ts';
import { RUN_FILES } from '../shared/run.ts';
import type { RunLabel } from '../shared/run.ts';
import { systemCode, withFileErrors } from '../system/fileErrors.ts';
import { isAlive } from '../system/processIdentity.ts';
import { writeWholeFile } from '../system/wholeFile.ts';
import { projectOf, readLabel } from './folder.ts';
import { engineOf } from './stop.ts';

/** Where deleted runs wait on systems without a trash, relative to the project. */
const TRASH_FOLDER = path.join('.distill', 'trash');

/** What was deleted longer ago than this is removed for good when the next run is deleted. */
const TRASH_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Names a run; an empty title gives it its own name back. Throws DistillError of the file system. */
export async function renameRun(runFolder: string, title: string): Promise<void> {
  const label: { -readonly [K in keyof RunLabel]: RunLabel[K] } = await readLabel(runFolder);
  if (title.trim() === '') delete label.title;
  else label.title = title.trim();
  await writeLabel(runFolder, label);
}

export async function starRun(runFolder: string, starred: boolean): Promise<void> {
  await writeLabel(runFolder, { ...(await readLabel(runFolder)), starred });
}

/** Whether the run's curves are drawn. */
export async function plotRun(runFolder: string, plotted: boolean): Promise<void> {
  await writeLabel(runFolder, { ...(await readLabel(runFolder)), plotted });
}

async function writeLabel(runFolder: string, label: RunLabel): Promise<void> {
  await writeWholeFile(path.join(runFolder, RUN_FILES.label), `${JSON.stringify(label, null, 2)}\n`);
}

export interface Deletion {
  /** Puts the run back. Throws DistillError of the file system. Null where the system's trash took it: it has its own way back. */
  readonly undo: (() => Promise<void>) | null;
}

/**
 * Deletes a run that no engine works on. `systemTrash` moves a folder to the system's trash and throws where there is none;
 * without it, or then, the run goes to the project's .distill/trash. Throws DistillError `run-active`, or of the file system.
 */
export async function deleteRun(runFolder: string, systemTrash: ((folder: string) => Promise<void>) | null): Promise<Deletion> {
  const engine = await engineOf(runFolder);
  if (engine !== null && (await isAlive(engine)) === 'alive') throw new DistillError('run-active', { run: path.basename(runFolder) });
  if (systemTrash !== null) {
    try {
      await systemTrash(runFolder);
      return { undo: null };
    } catch (error) {
      if (!(await stat(runFolder).then(() => true, () => false))) throw error;
      // No trash on this system (a server, a network disk): ours is next.
    }
  }
  const trash = path.join(projectOf(runFolder), TRASH_FOLDER);
  await withFileErrors(trash, async () => mkdir(trash, { recursive: true }));
  await forgetOld(trash);
  const kept = path.join(trash, `${Date.now()}-${path.basename(runFolder)}`);
  await withFileErrors(runFolder, async () => rename(runFolder, kept));
  return { undo: async () => withFileErrors(runFolder, async () => rename(kept, runFolder)) };
}

async function forgetOld(trash: string): Promise<void> {
  for (const name of await readdir(trash)) {
    const deletedAt = Number(/^(\d+)-/.exec(name)?.[1] ?? NaN);
    if (Date.now() - deletedAt <= TRASH_DAYS * DAY_MS) continue;
    await rm(path.join(trash, name), { recursive: true, force: true }).catch((error: unknown) => {
      if (systemCode(error) === undefined) throw error; // a file that can't be removed stays for the next time
    });
  }
}
