/** Native TensorFlow for this user: downloaded, checked, unpacked, tried, and only then registered. Nothing is done without being asked for. */
import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import type { BackendAttempt } from '../../shared/events.ts';
import type { SetupProgress, TensorflowOffer } from '../../shared/nativeTensorflow.ts';
import { withFileErrors } from '../../system/fileErrors.ts';
import { tryLock } from '../../system/lockFile.ts';
import { writeWholeFile, writeWholeFolder } from '../../system/wholeFile.ts';
import { libraryFolder } from '../backend/tensorflow/library.ts';
import { readRegistration, registrationFile, setupFolder, type Registration } from '../backend/tensorflow/registered.ts';
import { download } from './download.ts';
import { fileAddress } from './packageIndex.ts';
import type { IndexAddress } from './pipSettings.ts';
import { timed } from './timeLeft.ts';
import { unpack } from './unpack.ts';
import { LICENCE, LICENCE_FILES, type Wheel } from './wheels.ts';

const MEBIBYTE = 2 ** 20;
/** Kept free besides: a disk that is full to the last byte stops other programs. */
const SPARE_BYTES = 64 * MEBIBYTE;

type Environment = NodeJS.ProcessEnv;

export interface Tools {
  /** Opens the library of a folder in a process of its own and checks what it computes. */
  readonly check: (folder: string) => Promise<BackendAttempt>;
  readonly onProgress: (progress: SetupProgress) => void;
  readonly signal?: AbortSignal;
  readonly environment?: Environment;
}

export interface Installed {
  readonly folder: string;
  readonly version: string;
  readonly checked: BackendAttempt;
}

export function offerOf(wheel: Wheel, index: IndexAddress, environment: Environment = process.env): TensorflowOffer {
  return {
    version: wheel.version, gpu: wheel.gpu, file: wheel.file, downloadBytes: wheel.bytes, installedBytes: wheel.installedBytes,
    licence: LICENCE, index: index.shown, folder: folderOf(wheel, environment),
  };
}

/** @throws DistillError of every step; what was downloaded so far is kept when the network fails or the signal aborts. */
export async function install(wheel: Wheel, index: IndexAddress, tools: Tools): Promise<Installed> {
  const { environment = process.env, onProgress, signal } = tools;
  return locked(environment, async () => {
    const target = folderOf(wheel, environment);
    const archive = archiveOf(wheel, environment);
    await checkDisk(wheel, archive, environment);
    const url = await fileAddress(index, wheel, signal);
    const part = (name: SetupProgress['part'], total: number): ((done: number) => void) => timed(total, (done, all, secondsLeft) => { onProgress({ part: name, done, total: all, secondsLeft }); });
    const verified = part('verify', wheel.bytes);
    await download(archive, { url, name: wheel.file, bytes: wheel.bytes, sha256: wheel.sha256 }, {
      ...(signal === undefined ? {} : { signal }), onBytes: part('download', wheel.bytes), onVerified: (done) => { verified(done); },
    });
    // Beside the one that may be in use: only what works takes its place.
    const trial = `${target}-trial`;
    try {
      await writeWholeFolder(trial, (folder) => unpack(archive, [...LICENCE_FILES, ...wheel.libraries], folder, { ...(signal === undefined ? {} : { signal }), onBytes: part('unpack', wheel.installedBytes) }));
      onProgress({ part: 'check', done: 0, total: 1, secondsLeft: null });
      const checked = await tried(trial, tools);
      await rm(target, { recursive: true, force: true });
      await rename(trial, target);
      await register({ format: 1, folder: target, own: true }, environment);
      await rm(archive, { force: true });
      return { folder: target, version: wheel.version, checked };
    } catch (error) {
      await rm(trial, { recursive: true, force: true });
      if (error instanceof DistillError && error.code === 'setup-archive') await rm(archive, { force: true });
      throw error;
    }
  });
}

/** Takes a folder that a person has, as it stands. @throws DistillError `setup-check-failed` */
export async function registerFolder(named: string, tools: Tools): Promise<Omit<Installed, 'version'>> {
  const { environment = process.env } = tools;
  return locked(environment, async () => {
    const folder = libraryFolder(path.resolve(named));
    const checked = await tried(folder, tools);
    await register({ format: 1, folder, own: false }, environment);
    return { folder, checked };
  });
}

/** What setup has put here is deleted, and what it was told to use is forgotten; a folder that a person named stays. @returns the folder that was emptied */
export async function removeSetup(environment: Environment = process.env): Promise<{ readonly folders: readonly string[]; readonly bytes: number }> {
  const home = setupFolder(environment);
  if (!await exists(home)) return { folders: [], bytes: 0 };
  return locked(environment, async (lock) => {
    const names = (await readdir(home)).filter((name) => path.join(home, name) !== lock);
    const folders = names.map((name) => path.join(home, name));
    let bytes = 0;
    for (const folder of folders) bytes += await sizeOf(folder);
    // First what says that it is used: a crash in between leaves files that nobody takes for whole.
    await rm(registrationFile(environment), { force: true });
    for (const folder of folders) await withFileErrors(folder, () => rm(folder, { recursive: true, force: true }));
    return { folders: folders.length === 0 ? [] : [home], bytes };
  });
}

async function tried(folder: string, { check }: Tools): Promise<BackendAttempt> {
  const checked = await check(folder);
  if (checked.outcome !== 'taken') throw new DistillError('setup-check-failed', { folder, detail: checked.detail });
  return checked;
}

async function register(registration: Registration, environment: Environment): Promise<void> {
  const before = await readRegistration(environment).catch(() => null);
  await mkdir(setupFolder(environment), { recursive: true });
  await writeWholeFile(registrationFile(environment), `${JSON.stringify(registration, null, 2)}\n`);
  // Half a gigabyte that nobody uses any more.
  if (before?.own === true && before.folder !== registration.folder && path.dirname(before.folder) === setupFolder(environment)) await rm(before.folder, { recursive: true, force: true });
}

async function checkDisk(wheel: Wheel, archive: string, environment: Environment): Promise<void> {
  const home = setupFolder(environment);
  await withFileErrors(home, () => mkdir(home, { recursive: true }));
  const { bavail, bsize } = await statfs(home);
  const there = await sizeOf(archive);
  const needed = Math.max(0, wheel.bytes - there) + wheel.installedBytes + SPARE_BYTES;
  const free = bavail * bsize;
  if (free < needed) throw new DistillError('setup-disk', { folder: home, neededMiB: Math.ceil(needed / MEBIBYTE), freeMiB: Math.floor(free / MEBIBYTE) });
}

function folderOf({ version, gpu }: Wheel, environment: Environment): string {
  return path.join(setupFolder(environment), `${version}${gpu ? '-gpu' : ''}`);
}

/** Named after what it should become, so that the next try finds it. */
function archiveOf({ sha256 }: Wheel, environment: Environment): string {
  return path.join(setupFolder(environment), `download-${sha256.slice(0, 16)}.part`);
}

async function locked<T>(environment: Environment, work: (lockFile: string) => Promise<T>): Promise<T> {
  const file = path.join(setupFolder(environment), 'lock.json');
  await withFileErrors(file, () => mkdir(path.dirname(file), { recursive: true }));
  const attempt = await tryLock(file, { about: 'distill setup tensorflow' });
  if (attempt.type === 'taken') throw new DistillError('setup-busy', { pid: attempt.holder.pid });
  try {
    return await work(file);
  } finally {
    await attempt.lock.release();
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(() => true, () => false);
}

/** Of a file, or of everything in a folder; 0 when it is not there. */
async function sizeOf(file: string): Promise<number> {
  try {
    const info = await stat(file);
    if (!info.isDirectory()) return info.size;
    let bytes = 0;
    for (const name of await readdir(file)) bytes += await sizeOf(path.join(file, name));
    return bytes;
  } catch {
    return 0;
  }
}
