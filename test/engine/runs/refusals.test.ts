/** What the system refuses only to a process of its own: few open files, no /proc, another user's processes. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { createRunFolder } from '../../../src/runs/folder.ts';
import { processIdentity } from '../../../src/system/processIdentity.ts';
import { bundleScript } from '../../fixtures/processes/scripts.ts';
import { smallRecipe } from '../../fixtures/runs.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const run = promisify(execFile);
const asRoot = process.platform === 'linux' && process.getuid?.() === 0;
const mayUnshare = asRoot && spawnSync('unshare', ['-m', 'true']).status === 0;
/** `nobody` of every Linux. */
const NOBODY = 65534;
const asNobody = { uid: NOBODY, gid: NOBODY };
/** A Node in root's own folder is none for others. */
const mayBeNobody = asRoot && spawnSync(process.execPath, ['-e', ''], asNobody).status === 0;
/** As many as Node itself opens at its start, and some. */
const FEW_FILES = 64;

it.skipIf(process.platform === 'win32')('a process that has all its files open says so, with the file that it can no longer open', async () => {
  const folder = temporaryFolder();
  const script = await bundleScript('refuse', folder);
  const file = path.join(folder, 'control.jsonl');
  const { stdout } = await run('sh', ['-c', `ulimit -n ${String(FEW_FILES)}; exec "$0" "$@"`, process.execPath, script, 'no more files', file]);
  expect(JSON.parse(stdout)).toMatchObject({ code: 'too-many-files', data: { path: file } });
});

it.skipIf(!mayUnshare)('a lock is not made by a process whose start time nobody tells (needs root, to hide /proc)', async () => {
  const folder = temporaryFolder();
  const script = await bundleScript('refuse', folder);
  const file = path.join(folder, 'device.lock');
  const { stdout } = await run('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs tmpfs /proc && exec "$0" "$@"', process.execPath, script, 'a lock', file]);
  expect(JSON.parse(stdout)).toMatchObject({ code: 'lock-unusable', data: { path: file } });
});

it.skipIf(!mayBeNobody)('an engine that can\'t be ended is named: it is another user\'s (needs root, to be two users)', async () => {
  const project = temporaryFolder();
  const script = await bundleScript('refuse', project);
  const folder = await createRunFolder(project, { format: 1, createdAt: Date.now(), recipePath: path.join(project, 'distill.json'), base: project, recipe: smallRecipe(), parent: null, queue: true, versions: {} });
  const engine = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  onTestFinished(() => void engine.kill('SIGKILL'));
  await once(engine, 'spawn');
  writeFileSync(path.join(folder, 'engine.lock'), JSON.stringify({ format: 1, ...(await processIdentity(engine.pid)), nonce: 'n', at: 0, about: null }));
  for (const each of [project, folder]) chmodSync(each, 0o777);
  const child = spawn(process.execPath, [script, 'a stop', folder], { stdio: ['ignore', 'pipe', 'inherit'], ...asNobody });
  let said = '';
  child.stdout.on('data', (text: Buffer) => { said += text.toString(); });
  await once(child, 'close');
  expect(JSON.parse(said)).toMatchObject({ code: 'stop-failed', data: { run: path.basename(folder), pid: engine.pid } });
  expect(engine.exitCode).toBeNull();
});
