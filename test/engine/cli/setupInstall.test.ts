/** Setting up TensorFlow against an index of our own: what is taken, what is refused, and what a broken connection leaves. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readRegistration } from '../../../src/engine/backend/tensorflow/registered.ts';
import { install, offerOf, registerFolder, removeSetup, type Tools } from '../../../src/engine/tensorflowSetup/install.ts';
import { packageIndex } from '../../../src/engine/tensorflowSetup/pipSettings.ts';
import { timed } from '../../../src/engine/tensorflowSetup/timeLeft.ts';
import { wheelFor, type Machine, type Wheel } from '../../../src/engine/tensorflowSetup/wheels.ts';
import { DistillError } from '../../../src/shared/messages.ts';
import type { SetupProgress } from '../../../src/shared/nativeTensorflow.ts';
import { tryLock } from '../../../src/system/lockFile.ts';
import { madeWheel, serveIndex, sha256, type IndexOptions, type Served } from '../../fixtures/packageIndex.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const LINUX: Machine = { platform: 'linux', arch: 'x64', glibc: '2.36', macos: null };

interface Made {
  readonly environment: NodeJS.ProcessEnv;
  readonly home: string;
  readonly tools: Tools;
  readonly progress: SetupProgress[];
  readonly wheel: Wheel;
  readonly served: Served;
  run(changes?: Partial<Tools>): ReturnType<typeof install>;
}

/** A data folder of its own and an index that has the wheel; the library in it passes its check without being opened. */
async function made(options: IndexOptions = {}): Promise<Made & { readonly archive: Buffer }> {
  const { wheel, archive } = madeWheel(wheelFor(LINUX, false));
  const served = await serveIndex(wheel, archive, options);
  const data = temporaryFolder();
  // Of this test alone: a person's own settings name other indexes and proxies.
  const environment = { DISTILL_DATA_FOLDER: data };
  const progress: SetupProgress[] = [];
  const tools: Tools = { check: () => Promise.resolve({ backend: 'tensorflow', outcome: 'taken', detail: 'as a test says' }), onProgress: (each) => { progress.push(each); }, environment };
  return { environment, home: path.join(data, 'tensorflow'), tools, progress, wheel, served, archive, run: async (changes = {}) => install(wheel, await packageIndex(served.url, environment), { ...tools, ...changes }) };
}

/** What lies in the folder when nothing is going on. */
const inside = (home: string): readonly string[] => readdirSync(home).filter((name) => !name.endsWith('.part')).sort();

describe('an index that has it', () => {
  test.each<readonly [string, IndexOptions]>([['in JSON', {}], ['in HTML', { html: true }], ['below a path, as mirrors have it', { html: true, prefix: '/pypi/mirror' }], ['with redirects', { moved: true }], ['without checksums', { html: true, hash: null }]])('%s: the libraries and their licence are taken, and nothing else', async (_, options) => {
    const { run, home, wheel, environment, progress } = await made(options);
    const { folder, version, checked } = await run();
    expect({ folder, version, outcome: checked.outcome }).toEqual({ folder: path.join(home, wheel.version), version: wheel.version, outcome: 'taken' });
    expect(readdirSync(folder).sort()).toEqual(['LICENSE', 'THIRD_PARTY_NOTICES.txt', 'libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']);
    expect(readFileSync(path.join(folder, 'LICENSE'), 'utf8')).toBe('Apache License');
    expect(readFileSync(path.join(folder, 'libtensorflow_cc.so.2')).length).toBe(300_000);
    expect(await readRegistration(environment)).toEqual({ format: 1, folder, own: true });
    expect(readdirSync(home).sort()).toEqual([wheel.version, 'used.json']);
    for (const part of ['download', 'unpack'] as const) {
      const of = progress.filter((each) => each.part === part);
      expect(of.at(-1)?.done).toBeGreaterThan(0);
      expect(of.map(({ done }) => done)).toEqual(of.map(({ done }) => done).sort((a, b) => a - b));
    }
  });

  test('what would be downloaded is said before: size, place, licence, index without its password', async () => {
    const { wheel, environment, home } = await made();
    const index = await packageIndex('https://me:secret@mirror.example/simple', environment);
    expect(offerOf(wheel, index, environment)).toEqual({
      version: wheel.version, gpu: false, file: wheel.file, downloadBytes: wheel.bytes, installedBytes: wheel.installedBytes, licence: 'Apache-2.0', index: 'https://mirror.example/simple', folder: path.join(home, wheel.version),
    });
  });

  test('a name and a password are sent to their own host', async () => {
    const { served, environment, tools, wheel } = await made();
    await install(wheel, await packageIndex(served.url.replace('//', '//me:sec%20ret@'), environment), tools);
    expect(new Set(served.requests.map(({ authorization }) => authorization))).toEqual(new Set([`Basic ${Buffer.from('me:sec ret').toString('base64')}`]));
  });
});

describe('a connection that breaks', () => {
  test('goes on where it stopped, as often as it brings something', async () => {
    const { run, served, wheel, archive } = await made({ breaks: 3 });
    const { folder } = await run();
    expect(existsSync(path.join(folder, 'libtensorflow_cc.so.2'))).toBe(true);
    const ranges = served.requests.filter(({ path: asked }) => asked.endsWith(wheel.file)).map(({ range }) => Number(/\d+/.exec(range ?? '0')?.[0]));
    expect(ranges).toHaveLength(4);
    expect(ranges[0]).toBe(0);
    // Half of what was left came each time.
    expect(ranges[3]).toBeGreaterThan(archive.length * 0.8);
  });

  test('to a server without ranges begins anew, and is whole all the same', async () => {
    const { run, served } = await made({ breaks: 1, ranges: false });
    const { folder } = await run();
    expect(existsSync(path.join(folder, 'libtensorflow_cc.so.2'))).toBe(true);
    expect(served.requests.at(-1)?.range).toMatch(/^bytes=\d+-$/);
  });

  test('when the process was ended, what it had is kept, checked again and gone on with', async () => {
    const { run, home, wheel, archive, served, progress } = await made();
    await mkdir(home, { recursive: true });
    const part = path.join(home, `download-${wheel.sha256.slice(0, 16)}.part`);
    await writeFile(part, archive.subarray(0, 200_000));
    await run();
    expect(served.requests.at(-1)?.range).toBe('bytes=200000-');
    expect(progress.some((each) => each.part === 'verify' && each.done > 0)).toBe(true);
    expect(existsSync(part)).toBe(false);
  });

  test('by the person: what came is kept for the next try, and nothing is registered', async () => {
    const { run, home, environment, wheel } = await made();
    const stop = new AbortController();
    await expect(run({ signal: stop.signal, onProgress: ({ part }) => { if (part === 'unpack') stop.abort(new Error('enough')); } })).rejects.toThrow('enough');
    expect(readdirSync(home)).toEqual([`download-${wheel.sha256.slice(0, 16)}.part`]);
    expect(await readRegistration(environment)).toBeNull();
    expect((await run()).version).toBe(wheel.version);
  });
});

describe('it is refused, in words and without a trace,', () => {
  test.each<readonly [string, IndexOptions, string]>([
    ['when the index says that its file is another one', { hash: '1'.repeat(64) }, 'setup-checksum'],
    ['when the file is another one', { content: Buffer.alloc(1_000_000, 'x') }, 'setup-checksum'],
    ['when the file is longer than its publisher’s', { content: Buffer.alloc(2_000_000, 'x'), hash: null }, 'setup-checksum'],
    ['when the file is not there', { status: 404 }, 'setup-network'],
  ])('%s', async (_, options, code) => {
    const { run, home, environment } = await made(options);
    await expect(run()).rejects.toMatchObject({ code });
    expect(inside(home)).toEqual([]);
    expect(readdirSync(home).filter((name) => name.endsWith('.part') && code === 'setup-checksum')).toEqual([]);
    expect(await readRegistration(environment)).toBeNull();
  });

  test('when the index has no such file, or is no index, or nobody answers', async () => {
    const { tools, served, wheel, environment } = await made();
    const other = { ...wheel, file: 'tensorflow_cpu-9.9.9.whl' };
    await expect(install(other, await packageIndex(served.url, environment), tools)).rejects.toMatchObject({ code: 'setup-index-without', data: { file: other.file } });
    await expect(install(wheel, await packageIndex(`${served.url}/nowhere`, environment), tools)).rejects.toMatchObject({ code: 'setup-index-unreadable', data: { detail: 'HTTP 404' } });
    const closed = createServer();
    await new Promise<void>((resolve) => { closed.listen(0, '127.0.0.1', resolve); });
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => { closed.close(resolve); });
    await expect(install(wheel, await packageIndex(`http://127.0.0.1:${port}/simple`, environment), tools)).rejects.toMatchObject({ code: 'setup-network', data: { detail: expect.stringContaining('ECONNREFUSED') as string } });
  });

  test('when the library does not work here: what was there before stays in use', async () => {
    const { run, environment } = await made();
    const { folder } = await run();
    await expect(run({ check: () => Promise.resolve({ backend: 'tensorflow', outcome: 'wrong', detail: 'matMul: off by 1' }) })).rejects.toMatchObject({ code: 'setup-check-failed', data: { detail: 'matMul: off by 1' } });
    expect(await readRegistration(environment)).toMatchObject({ folder });
    expect(existsSync(path.join(folder, 'libtensorflow_cc.so.2'))).toBe(true);
  });

  test.each([['in its content', 150_000, 10_000], ['at its beginning', 299_990, 8]])('when the wheel is damaged inside, %s', async (_, fromEnd, bytes) => {
    const { archive, wheel } = madeWheel(wheelFor(LINUX, false));
    const damaged = Buffer.from(archive);
    // In the last library.
    damaged.fill(0x07, archive.length - fromEnd, archive.length - fromEnd + bytes);
    const pinned = { ...wheel, sha256: sha256(damaged) };
    const served = await serveIndex(pinned, damaged);
    const environment = { DISTILL_DATA_FOLDER: temporaryFolder() };
    await expect(install(pinned, await packageIndex(served.url, environment), { check: () => Promise.reject(new Error('not asked for')), onProgress: () => undefined, environment })).rejects.toMatchObject({ code: 'setup-archive' });
    expect(readdirSync(path.join(environment.DISTILL_DATA_FOLDER, 'tensorflow'))).toEqual([]);
  });

  test('while another process sets it up', async () => {
    const { run, home } = await made();
    const attempt = await tryLock(path.join(home, 'lock.json'));
    onTestFinished(() => attempt.type === 'held' ? attempt.lock.release() : undefined);
    await expect(run()).rejects.toMatchObject({ code: 'setup-busy', data: { pid: process.pid } });
  });

  test('where the disk has no room for it', async () => {
    const { wheel, tools, served, environment, home } = await made();
    await expect(install({ ...wheel, installedBytes: 2 ** 50 }, await packageIndex(served.url, environment), tools)).rejects.toMatchObject({ code: 'setup-disk', data: { folder: home } });
    expect(served.requests).toEqual([]);
  });

  test.each<readonly [string, Machine, boolean, string]>([
    ['on a system without a published library', { platform: 'win32', arch: 'x64', glibc: null, macos: null }, false, 'setup-no-wheel'],
    ['on another processor', { ...LINUX, arch: 'riscv64' }, false, 'setup-no-wheel'],
    ['for a GPU where there is no such build', { platform: 'darwin', arch: 'arm64', glibc: null, macos: '14.0' }, true, 'setup-no-gpu-wheel'],
    ['on an old C library', { ...LINUX, glibc: '2.12' }, false, 'setup-system-too-old'],
    ['on musl', { ...LINUX, glibc: null }, false, 'setup-system-too-old'],
    ['on an old macOS', { platform: 'darwin', arch: 'arm64', glibc: null, macos: '11.0' }, false, 'setup-system-too-old'],
  ])('%s', (_, machine, gpu, code) => {
    expect(() => wheelFor(machine, gpu)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

test('every platform’s wheel is pinned whole, and is one of the versions that run', () => {
  for (const [platform, arch] of [['linux', 'x64'], ['linux', 'arm64'], ['darwin', 'arm64'], ['darwin', 'x64']] as const) {
    const wheel = wheelFor({ platform, arch, glibc: '2.40', macos: '15.0' }, false);
    expect(wheel).toMatchObject({ gpu: false, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string, version: expect.stringMatching(/^2\.(1[2-9]|2[01])\.\d$/) as string });
    expect(wheel.file).toContain(`-${wheel.version}-`);
    expect(wheel.libraries).toHaveLength(2);
  }
  expect(wheelFor(LINUX, true)).toMatchObject({ gpu: true, project: 'tensorflow' });
});

describe('which index', () => {
  const shown = async (named: string | null, environment: NodeJS.ProcessEnv): Promise<string> => (await packageIndex(named, { HOME: '/nowhere', XDG_CONFIG_HOME: temporaryFolder(), ...environment })).shown;

  test('the command line’s, then pip’s and uv’s variables, then pip’s file, then PyPI', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'pip.conf');
    await writeFile(file, '# a mirror\n[freeze]\nindex-url = https://not.this/simple\n[global]\ntimeout = 60\nindex-url = https://pypi.tuna.tsinghua.edu.cn/simple\n');
    const all = { PIP_INDEX_URL: 'https://pip.example/simple/', UV_DEFAULT_INDEX: 'corp=https://uv.example/simple', PIP_CONFIG_FILE: file };
    expect(await shown('http://named.example/simple', all)).toBe('http://named.example/simple');
    expect(await shown(null, all)).toBe('https://pip.example/simple');
    expect(await shown(null, { ...all, PIP_INDEX_URL: '' })).toBe('https://uv.example/simple');
    expect(await shown(null, { PIP_CONFIG_FILE: file })).toBe('https://pypi.tuna.tsinghua.edu.cn/simple');
    await writeFile(file, '[global]\nindex-url = https://a.example/simple\n[install]\nindex_url: https://b.example/simple\n');
    expect(await shown(null, { PIP_CONFIG_FILE: file })).toBe('https://b.example/simple');
  });

  test.each(['not an address', 'ftp://example.org/simple'])('what is none is refused: %s', async (named) => {
    await expect(packageIndex(named, {})).rejects.toMatchObject({ code: 'setup-index-address', data: { address: named, origin: '--index' } });
  });
});

describe('a folder of one’s own, and taking it all away', () => {
  test('a folder is registered when it works, and stays when setup is removed', async () => {
    const { tools, environment, home, run } = await made();
    await run();
    const own = temporaryFolder();
    await writeFile(path.join(own, 'libtensorflow_cc.so.2'), '');
    await expect(registerFolder(own, { ...tools, check: () => Promise.resolve({ backend: 'tensorflow', outcome: 'unavailable', detail: 'no' }) })).rejects.toBeInstanceOf(DistillError);
    expect((await readRegistration(environment))?.own).toBe(true);
    expect((await registerFolder(own, tools)).folder).toBe(own);
    expect(await readRegistration(environment)).toEqual({ format: 1, folder: own, own: false });
    // What was downloaded before is nobody's any more.
    expect(inside(home)).toEqual(['used.json']);
    expect((await removeSetup(environment)).folders).toEqual([home]);
    expect(await readRegistration(environment)).toBeNull();
    expect(await readFile(path.join(own, 'libtensorflow_cc.so.2'), 'utf8')).toBe('');
  });

  test('what was downloaded is deleted, also what is half of it; where there is nothing, nothing happens', async () => {
    const { environment, home, run, wheel } = await made();
    expect(await removeSetup(environment)).toEqual({ folders: [], bytes: 0 });
    await run();
    await writeFile(path.join(home, 'download-0123456789abcdef.part'), 'half');
    const { bytes } = await removeSetup(environment);
    expect(bytes).toBeGreaterThan(wheel.installedBytes);
    expect(readdirSync(home)).toEqual([]);
  });
});

test('the time that is left comes from how it has gone lately, told a few times a second', () => {
  let now = 0;
  const told: (readonly [number, number | null])[] = [];
  const tell = timed(1000, (done, _, secondsLeft) => { told.push([done, secondsLeft]); }, () => now);
  for (const [at, done] of [[0, 0], [100, 50], [1000, 100], [2000, 200], [20_000, 900], [20_001, 950], [20_002, 1000]] as const) {
    now = at;
    tell(done);
  }
  expect(told).toEqual([[0, null], [100, 9], [200, 8], [900, 3], [1000, 0]]);
});
