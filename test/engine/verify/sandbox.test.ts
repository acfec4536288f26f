import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer, type Server } from 'node:http';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { humanEvalRecords } from '../../../bench/verify/humanEval.ts';
import { extractCode, verifyCode } from '../../../src/engine/verify/codeTests.ts';
import { CODE_LIMITS, hasConsent, openSandbox, type Sandbox, type SandboxOutcome } from '../../../src/engine/verify/sandbox.ts';
import { NO_PROVENANCE, type DataRecord } from '../../../src/shared/record.ts';
import { DistillError } from '../../../src/shared/messages.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

/** So long that a busy machine is no reason to fail; short for what hangs on purpose. */
const found = await openSandbox({ ...CODE_LIMITS, seconds: 50 }).catch((error: unknown) => error);
const sandbox = found instanceof Error ? null : found as Sandbox;
const brisk = sandbox === null ? null : await openSandbox({ ...CODE_LIMITS, seconds: 3 });
const why = found instanceof DistillError ? String(found.data['detail']) : '';
const dataFile = path.resolve(process.env['DISTILL_TEST_DATA'] ?? '../shared/data', 'humaneval/HumanEval.jsonl.gz');

test('a machine that can’t isolate refuses with its reason, one that can says how', () => {
  if (sandbox === null) {
    expect(found).toBeInstanceOf(DistillError);
    expect((found as DistillError).code).toBe('sandbox-unavailable');
    expect(why).not.toBe('');
    console.warn(`no sandbox on this machine, its tests are left out: ${why}`);
  } else expect(sandbox.how).not.toBe('');
});

test('consent is said by exactly one value of the variable', () => {
  expect(['1', '0', 'true', 'yes', '', undefined].map((value) => hasConsent({ DISTILL_ALLOW_CODE: value }))).toEqual([true, false, false, false, false, false]);
});

describe.skipIf(sandbox === null)(`in the sandbox${sandbox === null ? ' (left out: this machine can’t isolate a program)' : ''}`, () => {
  const run = (language: 'python' | 'javascript', code: string): Promise<SandboxOutcome> => (sandbox as Sandbox).run({ language, code });
  const printed = async (language: 'python' | 'javascript', code: string): Promise<string> => {
    const outcome = await run(language, code);
    return outcome.type === 'ended' ? outcome.stdout.trim() : JSON.stringify(outcome);
  };
  let server: Server;
  let port = 0;
  let calls = 0;
  beforeAll(async () => {
    server = createServer((_, response) => { calls += 1; response.end('reached'); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', () => { resolve(); }); });
    port = (server.address() as { readonly port: number }).port;
    process.env['DISTILL_TEST_SECRET'] = 'a key';
  });
  afterAll(() => { server.close(); delete process.env['DISTILL_TEST_SECRET']; });

  test.each(['python', 'javascript'] as const)('%s works: arithmetic, files in the scratch folder, its exit code', async (language) => {
    const code = language === 'python' ? 'open("a.txt", "w").write("x" * 10)\nprint(len(open("a.txt").read()), 2 ** 64)\nraise SystemExit(3)'
      : 'const fs = require("fs"); fs.writeFileSync("a.txt", "x".repeat(10)); console.log(fs.readFileSync("a.txt").length, String(2n ** 64n)); process.exitCode = 3;';
    expect(await run(language, code)).toMatchObject({ type: 'ended', code: 3, stdout: '10 18446744073709551616\n' });
  });

  test('nobody answers on the network: neither this machine’s own servers nor a name', async () => {
    expect(await printed('python', `import urllib.request\ntry:\n  print(urllib.request.urlopen("http://127.0.0.1:${String(port)}", timeout=2).read())\nexcept Exception as error:\n  print("no", type(error).__name__)`)).toMatch(/^no /);
    expect(await printed('javascript', `require("http").get("http://127.0.0.1:${String(port)}", () => console.log("reached")).on("error", (error) => console.log("no", error.code));`)).toMatch(/^no /);
    expect(await printed('python', 'import socket\ntry:\n  print(socket.getaddrinfo("example.com", 80))\nexcept Exception as error:\n  print("no")')).toBe('no');
    expect(await printed('python', 'import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ntry:\n  s.sendto(b"x", ("192.0.2.1", 53)); print("sent")\nexcept OSError:\n  print("no")')).toBe('no');
    expect(calls).toBe(0);
  });

  test('no file of the machine can be read, and nothing of the environment', async () => {
    const secret = path.join(temporaryFolder(), 'secret.txt');
    writeFileSync(secret, 'a secret');
    for (const file of [secret, '/etc/passwd', '/etc/hostname', `${process.cwd()}/package.json`, '/proc/1/environ', '/root/.ssh', '/dev/sda', '/sys/kernel']) {
      expect(await printed('python', `try:\n  print(open(${JSON.stringify(file)}).read())\nexcept Exception as error:\n  print("no")`), file).toBe('no');
    }
    expect(await printed('javascript', `try { console.log(require("fs").readFileSync(${JSON.stringify(secret)}, "utf8")); } catch { console.log("no"); }`)).toBe('no');
    const environment = await printed('python', 'import os\nprint(dict(os.environ))');
    expect(environment).not.toContain('a key');
    expect(environment).not.toContain(process.env['HOME'] === '/scratch' ? 'never' : `'HOME': '${process.env['HOME'] ?? 'never'}'`);
  });

  test('nothing outside the scratch folder can be written, mounted or gained', async () => {
    for (const file of ['/usr/written', '/bin/sh', '/written', '/dev/written', '/proc/sys/kernel/hostname', '/etc/written']) {
      expect(await printed('python', `try:\n  open(${JSON.stringify(file)}, "w").write("x"); print("written")\nexcept OSError:\n  print("no")`), file).toBe('no');
    }
    const escapes = 'import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nprint([libc.mount(b"none", b"/scratch", b"tmpfs", 0, None), libc.umount2(b"/usr", 2), libc.mount(None, b"/usr", None, 32 | 4096, None), libc.chroot(b"/scratch"), libc.sethostname(b"x", 1), libc.setuid(0) if os.getuid() != 0 else -1])';
    expect(await printed('python', escapes)).toBe('[-1, -1, -1, -1, -1, -1]');
    // In a user namespace of its own a program is root, over nothing of ours: what is mounted stays as it is.
    const nested = 'import ctypes\nlibc = ctypes.CDLL(None)\nlibc.unshare(0x10000000 | 0x20000)\nprint([libc.mount(None, b"/usr", None, 32 | 4096, None), libc.umount2(b"/usr", 2)])\ntry:\n  open("/usr/written", "w"); print("written")\nexcept OSError:\n  print("no")';
    expect(await printed('python', nested)).toBe('[-1, -1]\nno');
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('distill-sandbox'));
    expect(before).toEqual([]);
  });

  test('its parent and every other process are out of reach', async () => {
    // What it may end is itself.
    const code = `import os, signal\nfor pid in (os.getppid(), 1, ${String(process.pid)}):\n  try:\n    os.kill(pid, signal.SIGKILL)\n  except OSError:\n    pass\nprint("done", all(int(p) < 1000 for p in os.listdir("/proc") if p.isdigit()))`;
    expect(['done True', JSON.stringify({ type: 'out-of-bounds', what: 'memory' })]).toContain(await printed('python', code));
  });

  test('what does not end is ended, with everything that it started', async () => {
    expect(await (brisk as Sandbox).run({ language: 'python', code: 'import os, time\nif os.fork() == 0:\n  os.setsid()\ntime.sleep(1000)' })).toEqual({ type: 'timed-out' });
    expect(await (brisk as Sandbox).run({ language: 'javascript', code: 'for (;;);' })).toEqual({ type: 'timed-out' });
    expect(await printed('python', 'import os\nif os.fork() == 0:\n  import time; os.setsid(); os.close(0); os.close(1); os.close(2); time.sleep(1000)\nprint("parent gone")')).toBe('parent gone');
    const left = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => { try { return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('/scratch/program'); } catch { return false; } });
    expect(left).toEqual([]);
  }, 60_000);

  test('memory, processes, output and disk have their bounds', async () => {
    expect(await run('python', 'x = "a" * 10**10')).toEqual({ type: 'out-of-bounds', what: 'memory' });
    expect(await run('javascript', 'const a = []; for (;;) a.push(Buffer.alloc(1e7, 1));')).toEqual({ type: 'out-of-bounds', what: 'memory' });
    expect(await run('python', 'while True: print("x" * 10000)')).toEqual({ type: 'out-of-bounds', what: 'output' });
    expect(await printed('python', 'import os\nn = 0\ntry:\n  while n < 1000:\n    if os.fork() == 0:\n      import time; time.sleep(1000)\n    n += 1\nexcept OSError:\n  pass\nprint(n < 20)\nimport sys; sys.stdout.flush(); os._exit(0)')).toBe('True');
    expect(await printed('python', 'try:\n  f = open("big", "wb")\n  for _ in range(1000): f.write(b"x" * 1000000)\nexcept OSError as error:\n  print("no")')).toBe('no');
  }, 60_000);

  test('an abort ends it at once with the abort’s own reason', async () => {
    const aborter = new AbortController();
    const running = (sandbox as Sandbox).run({ language: 'python', code: 'import time; time.sleep(1000)' }, aborter.signal);
    aborter.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });
});

describe('code of an answer', () => {
  const tests = { language: 'python', entry: 'add' } as const;
  test.each([
    ['```python\ndef add(a, b):\n    return a + b\n```', 'def add(a, b):\n    return a + b\n'],
    ['Use it so:\n```\nadd(1, 2)\n```\nwhere\n```py\ndef add(a, b):\n    return a + b\n```\nDone.', 'def add(a, b):\n    return a + b\n'],
    ['    return a + b\n', '    return a + b\n'],
    ['```python\ndef add(a, b):\n    return', 'def add(a, b):\n    return\n'],
    ['I can’t do that', null], ['', null],
  ])('%j is %j', (answer, code) => {
    expect(extractCode(answer, tests)).toBe(code);
  });
});

const row = (answer: string, more: Partial<NonNullable<DataRecord['tests']>> = {}): DataRecord => ({
  format: 1, id: 'x', prompt: 'Add two numbers.', think: '', answer, gold: null, provenance: NO_PROVENANCE,
  tests: { language: 'python', prelude: 'from typing import List\n\ndef add(a, b):\n    """Adds."""\n', code: 'assert add(1, 2) == 3\nassert add(-1, 1) == 0', entry: 'add', ...more },
});
const recipe = { answers: true, code: 'sandbox', trace: false, keep: 'all' } as const;

test('code runs only where recipe and person both allow it', async () => {
  expect(await verifyCode(row('    return a + b\n'), { ...recipe, code: 'never' }, sandbox === null ? {} : { sandbox })).toBe('code-not-allowed');
  expect(await verifyCode(row('    return a + b\n'), recipe, {})).toBe('code-not-allowed');
});

describe.skipIf(sandbox === null)('tests of a row', () => {
  const judged = (record: DataRecord): ReturnType<typeof verifyCode> => verifyCode(record, recipe, { sandbox: sandbox as Sandbox });
  test('pass for right code, whole or as the rest of the signature, and fail for wrong, early-ending and missing code', async () => {
    expect(await judged(row('    return a + b\n'))).toBe('tests-passed');
    expect(await judged(row('```python\ndef add(a: int, b: int) -> int:\n    return a + b\n```'))).toBe('tests-passed');
    expect(await judged(row('    return a - b\n'))).toBe('tests-failed');
    expect(await judged(row('    import sys; sys.exit(0)\n'))).toBe('tests-failed');
    expect(await judged(row('    import os; os._exit(0)\n'))).toBe('tests-failed');
    expect(await verifyCode(row('    while True: pass\n'), recipe, { sandbox: brisk as Sandbox })).toBe('tests-timed-out');
    expect(await judged(row('I don’t know.'))).toBe('no-code-found');
    const script = { language: 'javascript', prelude: '', code: 'require("assert").strictEqual(add(1, 2), 3);', entry: 'add' } as const;
    expect(await judged(row('```js\nfunction add(a, b) { return a + b; }\n```', script))).toBe('tests-passed');
    expect(await judged(row('```js\nconst add = (a, b) => a - b;\n```', script))).toBe('tests-failed');
  }, 60_000);

  test.skipIf(!existsSync(dataFile))(`HumanEval: own solutions pass and changed ones fail, every 33rd problem${existsSync(dataFile) ? '' : ' (left out: no humaneval in DISTILL_TEST_DATA)'}`, async () => {
    const items = humanEvalRecords(gunzipSync(readFileSync(dataFile)).toString('utf8')).filter((_, index) => index % 33 === 0);
    for (const { record, wrongs } of items) {
      expect(await verifyCode(record, recipe, { sandbox: sandbox as Sandbox }), record.id).toBe('tests-passed');
      expect(await verifyCode({ ...record, answer: wrongs[0] ?? '' }, recipe, { sandbox: sandbox as Sandbox }), record.id).toBe('tests-failed');
    }
  }, 120_000);
});
