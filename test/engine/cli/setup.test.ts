/** distill setup tensorflow, and what doctor says of it, as a person at a terminal and the extension meet them. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { thisMachine, wheelFor } from '../../../src/engine/tensorflowSetup/wheels.ts';
import { setupEvent, type SetupEvent } from '../../../src/shared/nativeTensorflow.ts';
import { watchForChange } from '../../../src/system/watchForChange.ts';
import { buildBundles, start, type Bundles, type Finished } from '../../fixtures/bundles.ts';
import { serveIndex } from '../../fixtures/packageIndex.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { tensorflowFolder } from '../../fixtures/tensorflow.ts';

let bundles: Bundles;
beforeAll(async () => { bundles = await buildBundles(['engine', 'cli']); }, 120_000);
afterAll(() => bundles.remove());

/** A user without anything: no data, no Python, no index but PyPI. */
function user(): { readonly data: string; readonly env: Readonly<Record<string, string>> } {
  const data = temporaryFolder();
  const empty = temporaryFolder();
  return { data, env: { DISTILL_DATA_FOLDER: data, DISTILL_STATE_FOLDER: path.join(data, 'state'), DISTILL_TENSORFLOW: '', PATH: empty, HOME: empty, XDG_CONFIG_HOME: empty, PIP_INDEX_URL: '', UV_DEFAULT_INDEX: '', UV_INDEX_URL: '', PIP_CONFIG_FILE: '' } };
}

const begin = (env: Readonly<Record<string, string>>, ...args: readonly string[]) => start(bundles.cli, args, { env });
const distill = (env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Finished> => begin(env, ...args).done;
const eventsOf = ({ stdout }: Finished): readonly SetupEvent[] => stdout.trim().split('\n').map((line) => setupEvent.parse(JSON.parse(line)));

/** Where was looked and why it was passed over. */
function codesOf(finished: Finished): readonly (readonly [string, string | undefined])[] {
  return eventsOf(finished).flatMap((event) => event.kind === 'found' ? event.findings.candidates.map(({ source, problem }) => [source, problem?.code] as const) : []);
}

/** Whether there is a wheel for the machine that runs the tests. */
const offered = ((): boolean => {
  try {
    return wheelFor(thisMachine(), false).bytes > 0;
  } catch {
    return false;
  }
})();

describe.runIf(offered)('without a word of consent', () => {
  test('it says where it looked and what it would take, with size, licence and place, and takes nothing', async () => {
    const { data, env } = user();
    const { code, stdout, stderr } = await distill(env, 'setup', 'tensorflow');
    expect(code).toBe(2);
    const wheel = wheelFor(thisMachine(), false);
    for (const text of ['nothing was set up', 'no Python on the PATH', wheel.file, 'https://pypi.org/simple', `${(wheel.bytes / 2 ** 20).toFixed(0)} MiB`, 'Apache-2.0', path.join(data, 'tensorflow', wheel.version)]) expect(stdout).toContain(text);
    expect(stderr).toContain('--yes');
    expect(existsSync(path.join(data, 'tensorflow'))).toBe(false);
  });

  test('in Chinese as well, and as JSON with an exit code of success: the extension asks then', async () => {
    const { env } = user();
    expect((await distill(env, 'setup', 'tensorflow', '--offer', '--lang', 'zh-cn')).stdout).toMatch(/尚未设置.*许可证/s);
    const asked = await distill({ ...env, PIP_INDEX_URL: 'https://pypi.tuna.tsinghua.edu.cn/simple' }, 'setup', 'tensorflow', '--json');
    expect(asked.code).toBe(0);
    expect(eventsOf(asked)).toMatchObject([{ kind: 'found', checked: null, findings: { candidates: [{ source: 'setup' }, { source: 'python' }] } }, { kind: 'offer', offer: { index: 'https://pypi.tuna.tsinghua.edu.cn/simple', gpu: false } }]);
  });
});

describe('what goes wrong is told in a sentence', () => {
  test.each([
    [['setup', 'pytorch'], 2, 'tensorflow'],
    [['setup', 'tensorflow', '--library', '/nowhere', '--gpu'], 2, '--gpu'],
    [['setup', 'tensorflow', '--library', '/nowhere/at/all'], 1, '/nowhere/at/all'],
    [['setup', 'tensorflow', '--yes', '--index', 'no address'], 1, offered ? 'no address' : 'tensorflow'],
  ])('%j', async (args, code, text) => {
    const finished = await distill(user().env, ...args);
    expect({ code: finished.code, said: finished.stderr }).toEqual({ code, said: expect.stringContaining(text) as string });
    expect(finished.stderr).not.toMatch(/\n\s+at /);
  });

  test.runIf(offered)('as JSON for the extension, in the language of the editor', async () => {
    const { env } = user();
    const finished = await distill(env, 'setup', 'tensorflow', '--yes', '--json', '--lang', 'zh-cn', '--index', 'http://127.0.0.1:9/simple');
    expect(finished.code).toBe(1);
    expect(eventsOf(finished).at(-1)).toMatchObject({ kind: 'failed', code: 'setup-network', message: expect.stringContaining('无法访问 http://127.0.0.1:9/simple/') as string });
  });

  test.runIf(offered)('a file that is another one than was published is deleted', async () => {
    const { data, env } = user();
    const wheel = wheelFor(thisMachine(), false);
    const served = await serveIndex(wheel, Buffer.alloc(0), { hash: '0'.repeat(64) });
    const finished = await distill(env, 'setup', 'tensorflow', '--yes', '--index', served.url);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain(wheel.sha256);
    expect(readdirSync(path.join(data, 'tensorflow'))).toEqual([]);
  });
});

test.runIf(offered && process.platform !== 'win32')('stopped while it downloads, it keeps what came and says so', async () => {
  const { data, env } = user();
  const wheel = wheelFor(thisMachine(), false);
  const served = await serveIndex(wheel, Buffer.alloc(4_000_000, 'x'), { hangs: true });
  const { child, done } = begin(env, 'setup', 'tensorflow', '--yes', '--index', served.url);
  const part = path.join(data, 'tensorflow', `download-${wheel.sha256.slice(0, 16)}.part`);
  const change = watchForChange(part);
  while (!existsSync(part) || statSync(part).size === 0) await change.next();
  change.close();
  child.kill('SIGINT');
  const finished = await done;
  expect({ code: finished.code, said: finished.stderr }).toEqual({ code: 3, said: expect.stringContaining('is kept') as string });
  expect(readdirSync(path.join(data, 'tensorflow'))).toEqual([path.basename(part)]);
});

describe.skipIf(tensorflowFolder === null)('a TensorFlow that works', () => {
  const folder = tensorflowFolder ?? '';

  test('is registered by its folder, found from then on, told by doctor, and left alone when setup is removed', async () => {
    const { env } = user();
    const registered = await distill(env, 'setup', 'tensorflow', '--library', folder, '--json');
    expect(registered.code).toBe(0);
    const version = expect.stringMatching(/^2\.\d+\.\d+$/) as string;
    expect(eventsOf(registered)).toMatchObject([{ kind: 'done', folder, version, checked: { outcome: 'taken' } }]);

    const again = await distill(env, 'setup', 'tensorflow', '--yes');
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(new RegExp(`distill setup +2\\.\\d+\\.\\d+ in ${folder.replaceAll('.', '\\.')}\\n.*Nothing to do`));

    const told = await distill(env, 'doctor', '--json');
    expect(JSON.parse(told.stdout)).toMatchObject({
      backends: [{ backend: 'tensorflow-gpu' }, { backend: 'tensorflow', outcome: 'taken', detail: expect.stringMatching(/^TensorFlow 2\.\d+\.\d+, CPU/) as string }, {}, {}],
      tensorflow: { candidates: [{ source: 'setup', folder, version, problem: null }] },
    });

    expect((await distill(env, 'setup', 'tensorflow', '--remove')).code).toBe(0);
    expect(readdirSync(folder)).toContain('LICENSE');
    expect(codesOf(await distill(env, 'setup', 'tensorflow', '--json'))).toEqual([['setup', 'tensorflow-not-set-up'], ['python', 'tensorflow-no-python']]);
    // Some ten processes, of which four load half a gigabyte.
  }, 180_000);

  test('is the only one that is asked when a variable names it', async () => {
    const { env } = user();
    expect(codesOf(await distill({ ...env, DISTILL_TENSORFLOW: path.dirname(bundles.folder) }, 'setup', 'tensorflow', '--json'))).toEqual([['environment', 'tensorflow-file-missing']]);
  });
});
