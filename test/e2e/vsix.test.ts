/** The packed extension, installed into a fresh VS Code that knows nothing of this repository, trains. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EndedEvent, StartedEvent } from '../../src/shared/events.ts';
import { tensorflowFolder } from '../fixtures/tensorflow.ts';
import { ExampleProject } from '../harness/example.ts';
import { Editor, repository } from '../harness/workbench.ts';

const LARGEST_MIB = 15;

let scratch: string;
let vsix: string;
let editor: Editor;
let project: ExampleProject;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'dv-'));
  vsix = path.join(scratch, 'distill-workbench.vsix');
  await promisify(execFile)(process.execPath, [path.join(repository, 'scripts/package.mjs'), vsix], { cwd: repository });
  project = await ExampleProject.create({ steps: 12, evaluateRows: 8, batch: 8 });
  editor = await Editor.start({ vsix });
});
afterAll(async () => {
  await editor?.close();
  await project?.remove();
  await rm(scratch, { recursive: true, force: true });
});

test('it is small and holds nothing of development', async () => {
  expect((await stat(vsix)).size / 2 ** 20).toBeLessThan(LARGEST_MIB);
  const { stdout } = await promisify(execFile)('python3', ['-m', 'zipfile', '-l', vsix]);
  expect(stdout).toMatch(/extension\/dist\/engine\.js/);
  expect(stdout).toMatch(/extension\/dist\/ThirdPartyNotices\.txt/);
  expect(stdout).not.toMatch(/\.ts\s|(?<!dist\/)node_modules|\.distill\/|teacher\.jsonl|test\/|scripts\/|\.map\s|bench\//);
  // What calls TensorFlow's library: one package serves every system.
  const builds = [...stdout.matchAll(/extension\/dist\/node_modules\/@koromix\/(\S+\.node)/g)].map(([, file]) => file).sort();
  expect(builds).toEqual(['koffi-darwin-arm64/darwin_arm64/koffi.node', 'koffi-darwin-x64/darwin_x64/koffi.node', 'koffi-linux-arm64/linux_arm64/koffi.node', 'koffi-linux-x64/linux_x64/koffi.node', 'koffi-win32-x64/win32_x64/koffi.node']);
});

test.skipIf(tensorflowFolder === null)('its engine runs on native TensorFlow, with nothing but the package', async () => {
  const folder = path.join(scratch, 'unpacked');
  await promisify(execFile)('python3', ['-m', 'zipfile', '-e', vsix, folder]);
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(folder, 'extension/dist/engine.js'), '--try-backend', 'tensorflow'], { cwd: scratch, env: { ...process.env, DISTILL_TENSORFLOW: tensorflowFolder ?? '' } });
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ outcome: 'taken', detail: expect.stringMatching(/^TensorFlow 2\./) as string });
});

test('it trains and evaluates', async () => {
  const window = await (await editor.open({ folder: project.folder })).load();
  await window.openContainer();
  await window.page.getByText('nothing has been run yet').first().waitFor();
  await window.command('Distill: Run');
  await expect.poll(async () => {
    const run = (await project.runs())[0];
    return run === undefined ? undefined : (await project.events(run)).findLast((event): event is EndedEvent => event.kind === 'ended')?.outcome;
  }, { timeout: 120_000 }).toBe('done');
  const events = await project.events((await project.runs())[0] ?? '');
  expect(events.find((event): event is StartedEvent => event.kind === 'started')?.backend).toBe('wasm');
  expect(events.some((event) => event.kind === 'evaluation')).toBe(true);
  await window.notification(/is done/).first().waitFor();
  await window.screenshot('vsix-trained');
  await window.close();
});
