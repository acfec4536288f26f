import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquireLock, readLock, tryLock } from '../../../src/system/lockFile.ts';
import type { HeldLock, LockHolder } from '../../../src/system/lockFile.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

async function held(file: string, about?: string): Promise<HeldLock> {
  const attempt = await tryLock(file, about === undefined ? {} : { about });
  if (attempt.type !== 'held') throw new Error('expected to get the lock');
  return attempt.lock;
}

function leaveBehind(file: string, holder: LockHolder): LockHolder {
  const dead = { ...holder, startToken: 'gone', nonce: `${holder.nonce}-left` };
  writeFileSync(file, JSON.stringify(dead));
  return dead;
}

describe('a lock file', () => {
  it('has one holder, who is told to others', async () => {
    const file = path.join(temporaryFolder(), 'deep', 'device.lock');
    const lock = await held(file, 'run A');
    const second = await tryLock(file);
    expect(second).toMatchObject({ type: 'taken', holder: { pid: process.pid, about: 'run A' } });
    await lock.release();
    expect(existsSync(file)).toBe(false);
    await (await held(file)).release();
  });

  it('leaves nothing but itself in its folder', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'device.lock');
    const lock = await held(file);
    leaveBehind(file, lock.holder);
    const next = await held(file);
    expect(readdirSync(folder)).toEqual(['device.lock']);
    await next.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of a dead holder is taken over, and that holder can no longer release it', async () => {
    const file = path.join(temporaryFolder(), 'device.lock');
    const first = await held(file);
    leaveBehind(file, first.holder);
    const second = await held(file);
    await first.release();
    first.releaseSync();
    expect((await readLock(file))?.nonce).toBe(second.holder.nonce);
    second.releaseSync();
    expect(existsSync(file)).toBe(false);
  });

  it('of a holder on another host is left alone, unless the caller knows better', async () => {
    const file = path.join(temporaryFolder(), 'device.lock');
    const own = (await held(file)).holder;
    writeFileSync(file, JSON.stringify({ ...own, host: 'elsewhere', nonce: 'n' }));
    expect((await tryLock(file)).type).toBe('taken');
    expect((await tryLock(file, { liveness: () => Promise.resolve('dead') })).type).toBe('held');
  });

  it('whose taker-over died in the middle is still taken over', async () => {
    const file = path.join(temporaryFolder(), 'device.lock');
    const dead = leaveBehind(file, (await held(file)).holder);
    leaveBehind(`${file}.${dead.nonce}`, dead);
    expect((await tryLock(file)).type).toBe('held');
    expect(readdirSync(path.dirname(file))).toEqual(['device.lock']);
  });

  it('with nothing readable in it is respected while it is young and taken over when it is old', async () => {
    const file = path.join(temporaryFolder(), 'device.lock');
    writeFileSync(file, '{"pid":');
    expect((await tryLock(file)).type).toBe('taken');
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(file, longAgo, longAgo);
    expect((await tryLock(file)).type).toBe('held');
  });

  it('is waited for, and who waits is told by whom it is held', async () => {
    const file = path.join(temporaryFolder(), 'device.lock');
    const lock = await held(file, 'run A');
    let told: (about: string | null) => void = () => undefined;
    const waiting = new Promise<string | null>((resolve) => (told = resolve));
    const second = acquireLock(file, { onWaiting: (holder) => told(holder.about) });
    expect(await waiting).toBe('run A');
    await lock.release();
    expect((await second).holder.nonce).not.toBe(lock.holder.nonce);
  });

  it('that is waited for in vain can be given up, and the holder keeps it', async () => {
    const file = path.join(temporaryFolder(), 'device.lock');
    const lock = await held(file);
    const given = new AbortController();
    const second = acquireLock(file, { signal: given.signal, onWaiting: () => given.abort(new Error('given up')) });
    await expect(second).rejects.toThrow('given up');
    expect((await readLock(file))?.nonce).toBe(lock.holder.nonce);
  });
});
