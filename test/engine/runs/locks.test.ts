import { execFile, fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deviceLockFile } from '../../../src/system/deviceQueue.ts';
import { bundleScript } from '../../fixtures/processes/scripts.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const run = promisify(execFile);

describe('several processes', () => {
  it('never hold one lock at once, though every second of them leaves it behind as a crash would', async () => {
    const folder = temporaryFolder();
    const script = await bundleScript('contend', folder);
    const [lock, counter] = [path.join(folder, 'device.lock'), path.join(folder, 'counter')];
    writeFileSync(counter, '0');
    const [processes, rounds] = [5, 40];
    await Promise.all(Array.from({ length: processes }, () => run(process.execPath, [script, lock, counter, String(rounds)])));
    expect(Number(readFileSync(counter, 'utf8'))).toBe(processes * rounds);
  });
});

describe('the queue for a device', () => {
  it('serves in the order of asking, tells who is waited for, and passes over a waiter and a holder that died', async () => {
    const state = temporaryFolder();
    const script = await bundleScript('queueForDevice', state);
    const said: string[] = [];
    const start = (name: string): { child: ChildProcess; heard: (what: string) => Promise<void> } => {
      const child = fork(script, ['GPU 0', name], { env: { ...process.env, DISTILL_STATE_FOLDER: state } });
      onTestFinished(() => void child.kill('SIGKILL'));
      const messages: string[] = [];
      child.on('message', (message: { waiting?: string; held?: boolean }) => {
        const what = message.held === true ? 'held' : message.waiting === undefined ? 'asked' : `waits for ${message.waiting}`;
        messages.push(what);
        said.push(`${name} ${what}`);
      });
      return { child, heard: async (what) => { while (!messages.includes(what)) await once(child, 'message'); } };
    };
    const a = start('a');
    await a.heard('held');
    const b = start('b');
    await b.heard('waits for a');
    const c = start('c');
    await c.heard('waits for a');
    const d = start('d');
    await d.heard('waits for a');

    b.child.kill('SIGKILL');
    await once(b.child, 'exit');
    a.child.kill('SIGKILL');
    await c.heard('held');
    await d.heard('waits for c');
    c.child.send('release');
    await d.heard('held');
    d.child.send('release');
    await once(d.child, 'exit');

    expect(said.filter((line) => line.endsWith('held'))).toEqual(['a held', 'c held', 'd held']);
    const lockFile = deviceLockFile('GPU 0', state);
    expect(readdirSync(path.dirname(lockFile))).toEqual([`${path.basename(lockFile)}.queue`]);
    expect(readdirSync(`${lockFile}.queue`)).toEqual([]);
  });
});
