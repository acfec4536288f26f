/** Files and folders that a reader never sees half-written: made under a temporary name, flushed, renamed. */
import { randomBytes } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { systemCode, withFileErrors } from './fileErrors.ts';

/** What a temporary name begins with: readers of a folder pass these over, and a leftover of a crash is told by it. */
export const TEMPORARY_PREFIX = '.tmp-';

/** A virus scanner or indexer may hold a file on Windows for a moment: renames are tried again for about this long. */
const RENAME_TRIES = 8;
const RENAME_PAUSE_MS = 25;

/** A sibling of `target` that no other process uses. */
export function temporaryName(target: string): string {
  return path.join(path.dirname(target), `${TEMPORARY_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}-${path.basename(target)}`);
}

/** Replaces a file as a whole; its folder must exist. Throws DistillError (see withFileErrors) and leaves the old file then. */
export async function writeWholeFile(target: string, content: string | Uint8Array): Promise<void> {
  await withFileErrors(target, async () => {
    const temporary = temporaryName(target);
    try {
      const file = await open(temporary, 'wx');
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      await renameOver(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await flushFolder(path.dirname(target));
  });
}

/**
 * Makes a folder appear as a whole: `fill` writes into a temporary one, every file of it is flushed, then it is renamed.
 * A folder of that name is replaced, or, with `exclusive`, left alone, and the answer is false.
 */
export async function writeWholeFolder(target: string, fill: (folder: string) => Promise<void>, options: { readonly exclusive?: boolean } = {}): Promise<boolean> {
  return withFileErrors(target, async () => {
    const temporary = temporaryName(target);
    try {
      await mkdir(temporary);
      await fill(temporary);
      await flushTree(temporary);
      if (await renamedToFreeName(temporary, target)) return true;
      if (options.exclusive === true) {
        await rm(temporary, { recursive: true, force: true });
        return false;
      }
      // Two renames: a crash between them leaves the new folder under its temporary name and the old one beside it.
      const old = temporaryName(target);
      await rename(target, old);
      await rename(temporary, target);
      await rm(old, { recursive: true, force: true });
      return true;
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    } finally {
      await flushFolder(path.dirname(target));
    }
  });
}

/** Removes what a crash left under temporary names in `folder`. Only for a folder that nobody else is writing to. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (name.startsWith(TEMPORARY_PREFIX)) await rm(path.join(folder, name), { recursive: true, force: true });
  }
}

/** Renames onto a name that is free: the system refuses it when a folder with something in it has that name. */
async function renamedToFreeName(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    if (process.platform === 'win32' && code === 'EPERM' && (await readdir(to).catch(() => null)) !== null) return false;
    throw error;
  }
}

/** Renames onto a file that may be there. */
export async function renameOver(from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const held = process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(systemCode(error) ?? '');
      if (!held || tries === RENAME_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, RENAME_PAUSE_MS * tries));
    }
  }
}

async function flushTree(folder: string): Promise<void> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) await flushTree(full);
    else if (entry.isFile()) await flush(full, 'r+');
  }
  await flushFolder(folder);
}

/** A rename is only durable when its folder is flushed too; Windows can't flush a folder and doesn't need to. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await flush(folder, 'r').catch((error: unknown) => {
    // Some network file systems refuse to flush a folder: the rename stands, only its durability is theirs.
    if (!['EINVAL', 'ENOTSUP', 'EACCES', 'EPERM', 'EISDIR', 'ENOENT'].includes(systemCode(error) ?? '')) throw error;
  });
}

async function flush(target: string, flags: string): Promise<void> {
  const handle = await open(target, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
