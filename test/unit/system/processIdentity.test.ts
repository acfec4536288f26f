import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { isAlive, processIdentity } from '../../../src/system/processIdentity.ts';

describe('the identity of a process', () => {
  it('is alive as long as the process runs and dead afterwards', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'spawn');
    const identity = await processIdentity(child.pid);
    if (identity === null) throw new Error('a running process has an identity');
    expect(await isAlive(identity)).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await isAlive(identity)).toBe('dead');
    expect(await processIdentity(child.pid)).toBeNull();
  });

  it('is not that of a later process with the same pid', async () => {
    const own = await processIdentity();
    if (own === null) throw new Error('this process has an identity');
    expect(await isAlive(own)).toBe('alive');
    expect(await isAlive({ ...own, startToken: `${own.startToken}0` })).toBe('dead');
  });

  it('is unknown on another host, whatever runs here under that pid', async () => {
    const own = await processIdentity();
    if (own === null) throw new Error('this process has an identity');
    expect(await isAlive({ ...own, host: `not-${hostname()}` })).toBe('unknown');
  });

  it('is dead for pids that no process can have', async () => {
    const own = await processIdentity();
    if (own === null) throw new Error('this process has an identity');
    for (const pid of [0, -1, 1.5, 2 ** 30]) expect(await isAlive({ ...own, pid })).toBe('dead');
  });

  it.skipIf(process.platform === 'win32')('of a zombie that nobody has reaped is dead', async () => {
    // The shell's child ends at once; the shell becomes a program that never waits for it.
    const shell = spawn('sh', ['-c', 'true & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [printed] = (await once(shell.stdout, 'data')) as [Buffer];
    const zombie = Number(printed.toString());
    try {
      await expect.poll(() => processIdentity(zombie)).toBeNull();
    } finally {
      shell.kill('SIGKILL');
    }
  });
});
