/**
 * A lock file with its holder in it. It is made whole and exclusively; a dead holder's lock is taken over by one process only.
 *
 * The race that matters: two processes see the same dead holder, the first replaces the lock by its own, and the second, a
 * moment late, replaces that living lock. So a dead holder's lock may only be replaced by who holds a second lock, the
 * guard, named after the nonce of that dead holder, and who has then read the lock again and still found that nonce. Nobody
 * else changes a lock with a dead holder's nonce, and a nonce never comes back. The guard is a lock like any other: if its
 * holder dies as well, it is taken over the same way.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, unlinkSync } from 'node:fs';
import { link, mkdir, open, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { ProcessIdentity } from '../shared/events.ts';
import { DistillError } from '../shared/messages.ts';
import { systemCode, withFileErrors } from './fileErrors.ts';
import { isAlive, processIdentity } from './processIdentity.ts';
import type { Liveness } from './processIdentity.ts';
import { watchForChange } from './watchForChange.ts';
import { temporaryName } from './wholeFile.ts';

export interface LockHolder extends ProcessIdentity {
  readonly format: 1;
  /** Different for every taking of a lock, also by the same process. */
  readonly nonce: string;
  /** When it was taken, milliseconds since 1970. */
  readonly at: number;
  /** What the holder does with it (a run's folder), for people who wait. */
  readonly about: string | null;
}

export interface HeldLock {
  readonly path: string;
  readonly holder: LockHolder;
  /** Removes the lock if it is still this one. May be called twice. */
  release(): Promise<void>;
  /** The same for an exit handler. Never throws. */
  releaseSync(): void;
}

export type LockAttempt =
  | { readonly type: 'held'; readonly lock: HeldLock }
  | { readonly type: 'taken'; readonly holder: LockHolder };

export interface LockOptions {
  readonly about?: string;
  /** Whether a holder still lives; `unknown` counts as living. By default by pid and start token (isAlive). */
  readonly liveness?: (holder: LockHolder) => Promise<Liveness>;
}

export interface AcquireOptions extends LockOptions {
  /** Ends the waiting: its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Called at the first wait and each time the holder is another one. */
  readonly onWaiting?: (holder: LockHolder) => void;
}

/** A lock that can't be read is one that a file system without hard links is just being written to; after this time it is broken. */
const BROKEN_AFTER_MS = 10_000;

/** Takes the lock, or says who has it. The folder is made if it is missing. Throws DistillError of the file system. */
export async function tryLock(file: string, options: LockOptions = {}): Promise<LockAttempt> {
  return withFileErrors(file, async () => {
    await mkdir(path.dirname(file), { recursive: true });
    const mine = await newHolder(file, options.about ?? null);
    for (;;) {
      // Looking comes before making, so that waiting writes nothing.
      const seen = await readLock(file);
      if (seen === null) {
        if (await createExclusively(file, mine)) return { type: 'held', lock: heldLock(file, mine) };
        continue;
      }
      if ((await (options.liveness ?? isAlive)(seen)) !== 'dead') return { type: 'taken', holder: seen };
      const outcome = await takeOver(file, seen, mine);
      if (outcome !== 'changed') return outcome;
    }
  });
}

/** Takes the lock, waiting for it as long as it takes. Throws the signal's reason when aborted, DistillError of the file system. */
export async function acquireLock(file: string, options: AcquireOptions = {}): Promise<HeldLock> {
  const change = watchForChange(file, options.signal);
  try {
    let told: LockHolder | null = null;
    for (;;) {
      options.signal?.throwIfAborted();
      const attempt = await tryLock(file, options);
      if (attempt.type === 'held') {
        if (options.signal?.aborted !== true) return attempt.lock;
        await attempt.lock.release();
        continue;
      }
      if (told === null || !sameProcess(told, attempt.holder)) options.onWaiting?.(attempt.holder);
      told = attempt.holder;
      await change.next();
    }
  } finally {
    change.close();
  }
}

/**
 * Who holds the lock; null when nobody does. A file that can't be read as a lock is given a holder that is `dead` once the
 * file is old enough (BROKEN_AFTER_MS), `unknown` before.
 */
export async function readLock(file: string): Promise<LockHolder | null> {
  try {
    const text = await readFile(file, 'utf8');
    return parseHolder(text) ?? (await brokenHolder(file, text));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

async function newHolder(file: string, about: string | null): Promise<LockHolder> {
  const identity = await processIdentity();
  if (identity === null) throw new DistillError('lock-unusable', { path: file, detail: 'the start time of this process is not told by the system' });
  return { format: 1, ...identity, nonce: randomBytes(12).toString('hex'), at: Date.now(), about };
}

function parseHolder(text: string): LockHolder | null {
  try {
    const value = JSON.parse(text) as Partial<LockHolder> | null;
    const whole = typeof value?.pid === 'number' && typeof value.startToken === 'string' && typeof value.host === 'string' && typeof value.nonce === 'string';
    return whole ? (value as LockHolder) : null;
  } catch {
    return null;
  }
}

async function brokenHolder(file: string, text: string): Promise<LockHolder> {
  const { mtimeMs, ino } = await stat(file);
  const nonce = createHash('sha256').update(`${ino} ${mtimeMs} ${text}`).digest('hex').slice(0, 24);
  const old = Date.now() - mtimeMs > BROKEN_AFTER_MS;
  const own = await processIdentity();
  // Pid 0 is nobody's: on this host it is dead; on no host it is unknown.
  return { format: 1, pid: 0, startToken: '', host: old ? (own?.host ?? '') : '', nonce, at: mtimeMs, about: null };
}

/** Creates the lock with its content in it, or answers false when there is one. */
async function createExclusively(file: string, holder: LockHolder): Promise<boolean> {
  const temporary = await writeTemporary(file, holder);
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return false;
    // FAT, and some network and user-space file systems, have no hard links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code ?? '')) throw error;
    return await createWithoutLinks(file, holder);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function createWithoutLinks(file: string, holder: LockHolder): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    try {
      await handle.writeFile(JSON.stringify(holder));
    } finally {
      await handle.close();
    }
    // Whoever slept between making and writing for longer than BROKEN_AFTER_MS has lost it.
    return (await readLock(file))?.nonce === holder.nonce;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function writeTemporary(file: string, holder: LockHolder): Promise<string> {
  const temporary = temporaryName(file);
  const handle = await open(temporary, 'wx');
  try {
    await handle.writeFile(JSON.stringify(holder));
  } finally {
    await handle.close();
  }
  return temporary;
}

/** Replaces the lock of a dead holder. `changed`: the lock is no longer that holder's. Whoever has the guard is as good as the holder. */
async function takeOver(file: string, dead: LockHolder, mine: LockHolder): Promise<LockAttempt | 'changed'> {
  const guard = await tryLock(`${file}.${dead.nonce}`, mine.about === null ? {} : { about: mine.about });
  if (guard.type === 'taken') return guard;
  try {
    if ((await readLock(file))?.nonce !== dead.nonce) return 'changed';
    await rename(await writeTemporary(file, mine), file);
    return { type: 'held', lock: heldLock(file, mine) };
  } finally {
    await guard.lock.release();
  }
}

function heldLock(file: string, holder: LockHolder): HeldLock {
  return {
    path: file,
    holder,
    async release() {
      // Between reading and removing nobody can change it: its holder, this process, lives.
      if ((await readLock(file))?.nonce === holder.nonce) await unlink(file);
    },
    releaseSync() {
      try {
        if (parseHolder(readFileSync(file, 'utf8'))?.nonce === holder.nonce) unlinkSync(file);
      } catch {
        // Gone already, or the disk is: a dead holder's lock is taken over anyway.
      }
    },
  };
}

function sameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.startToken === b.startToken && a.host === b.host;
}
