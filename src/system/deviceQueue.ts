/**
 * Who may use a device (the GPU, the CPU's cores): one run at a time per user and machine, whichever window or terminal it
 * came from. The lock file decides; tickets beside it make the waiting fair: only the first living waiter tries.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { withFileErrors } from './fileErrors.ts';
import { readLock, tryLock } from './lockFile.ts';
import type { AcquireOptions, HeldLock, LockHolder } from './lockFile.ts';
import { hostName, isAlive } from './processIdentity.ts';
import { stateFolder } from './stateFolder.ts';
import { watchForChange } from './watchForChange.ts';

export interface DeviceOptions extends Omit<AcquireOptions, 'liveness'> {
  /** Default: stateFolder(). */
  readonly folder?: string;
}

/**
 * Takes the device, after those who came before. `onWaiting` tells who has it now, again whenever that changes; the lock is
 * released by its `release`, or by the death of this process. Throws the signal's reason, or DistillError of the file system.
 */
export async function acquireDevice(device: string, options: DeviceOptions = {}): Promise<HeldLock> {
  const lockFile = deviceLockFile(device, options.folder);
  const about = options.about === undefined ? {} : { about: options.about };
  const queue = `${lockFile}.queue`;
  // Digits sort as text for the next 200 years; the random part tells two of one millisecond apart.
  const ticketFile = path.join(queue, `${String(Date.now()).padStart(13, '0')}-${randomBytes(4).toString('hex')}`);
  return withFileErrors(lockFile, async () => {
    await mkdir(queue, { recursive: true });
    const ticket = await tryLock(ticketFile, about);
    const change = watchForChange(lockFile, options.signal);
    try {
      let told: string | null = null;
      for (;;) {
        options.signal?.throwIfAborted();
        const first = await firstWaiter(queue);
        let blocking: LockHolder | null = await readLock(lockFile);
        if (first === null || first === path.basename(ticketFile)) {
          const attempt = await tryLock(lockFile, about);
          if (attempt.type === 'held') return attempt.lock;
          blocking = attempt.holder;
        }
        if (blocking !== null && blocking.nonce !== told) {
          told = blocking.nonce;
          options.onWaiting?.(blocking);
        }
        await change.next();
      }
    } finally {
      change.close();
      if (ticket.type === 'held') await ticket.lock.release();
    }
  });
}

/** The lock of a device on this host: a home folder may be shared by many machines, their devices are not. */
export function deviceLockFile(device: string, folder: string = stateFolder()): string {
  const short = createHash('sha256').update(`${hostName()}\n${device}`).digest('hex').slice(0, 8);
  return path.join(folder, 'devices', `${device.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 40)}-${short}.lock`);
}

/** The ticket of the first waiter that lives; those of dead waiters are removed. */
async function firstWaiter(queue: string): Promise<string | null> {
  for (const name of (await readdir(queue)).sort()) {
    if (!/^\d{13}-[0-9a-f]{8}$/.test(name)) continue;
    const waiter = await readLock(path.join(queue, name));
    if (waiter === null) continue;
    if ((await isAlive(waiter)) !== 'dead') return name;
    // A ticket's name is never used again, so nobody living can lose it here.
    await rm(path.join(queue, name), { force: true });
  }
  return null;
}
