import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ProcessIdentity, RunEvent } from '../../../src/shared/events.ts';
import { deleteRun } from '../../../src/runs/actions.ts';
import { resumeRun, startRun } from '../../../src/runs/launcher.ts';
import type { EngineProgram } from '../../../src/runs/launcher.ts';
import { RunStore } from '../../../src/runs/store.ts';
import { stopRun } from '../../../src/runs/stop.ts';
import type { RunView } from '../../../src/runs/view.ts';
import { isAlive, processIdentity } from '../../../src/system/processIdentity.ts';
import { ProcessTree, waitForEnd } from '../../../src/system/processTree.ts';
import type { Script } from '../../fixtures/processes/scriptedEngine.ts';
import { makeReadOnly, mountDisk } from '../../fixtures/disks.ts';
import { bundleScript } from '../../fixtures/processes/scripts.ts';
import { smallRecipe } from '../../fixtures/runs.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

let bundles: string;
let engineScript: string;
const disk = mountDisk('256k');
beforeAll(async () => {
  bundles = mkdtempSync(path.join(tmpdir(), 'distill-test-'));
  engineScript = await bundleScript('scriptedEngine', bundles);
});
afterAll(() => rmSync(bundles, { recursive: true, force: true }));

function engine(script: Script, environment: Record<string, string> = {}): EngineProgram {
  return { script: engineScript, node: process.execPath, environment: { SCRIPT: JSON.stringify(script), ...environment } };
}

async function start(project: string, program: EngineProgram): Promise<{ readonly folder: string; readonly identity: ProcessIdentity }> {
  const run = await startRun({ project, recipePath: path.join(project, 'distill.json'), recipe: smallRecipe() }, program);
  onTestFinished(async () => void (await new ProcessTree(run.process).kill()));
  return { folder: run.folder, identity: run.process };
}

function storeOf(project: string): RunStore {
  const store = new RunStore({ projects: [project] });
  onTestFinished(() => store.dispose());
  return store;
}

/** Resolves with the run as soon as it is as wanted. */
async function until(store: RunStore, folder: string, wanted: (run: RunView) => boolean): Promise<RunView> {
  await store.ready;
  return new Promise((resolve) => {
    const look = (run: RunView | undefined): void => {
      if (run === undefined || run.folder !== folder || !wanted(run)) return;
      listening.dispose();
      resolve(run);
    };
    const listening = store.onDidChange(({ run }) => look(run));
    look(store.get(folder));
  });
}

/** The program that the engine of this run has started. */
async function leftBy(folder: string): Promise<ProcessIdentity> {
  const file = path.join(folder, 'left.pid');
  await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8') !== '').toBe(true);
  const left = await processIdentity(Number(readFileSync(file, 'utf8')));
  if (left === null) throw new Error('the engine\'s child runs');
  return left;
}

function eventsOf(folder: string): RunEvent[] {
  return readFileSync(path.join(folder, 'events.jsonl'), 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as RunEvent);
}

describe('starting a run', () => {
  it('makes a whole folder, starts a process that leads its own group, and is seen by a store', async () => {
    const project = temporaryFolder();
    const { folder, identity } = await start(project, engine({ steps: 3 }));
    expect(existsSync(path.join(folder, 'run.json'))).toBe(true);
    const run = await until(storeOf(project), folder, ({ status }) => status === 'done');
    expect(run).toMatchObject({ status: 'done', totalSteps: 3, resumable: false, facts: { step: 3, gaps: 0, broken: 0 } });
    expect(run.facts.latest['train/loss']).toEqual({ value: 1 / 3, step: 3 });
    expect(await waitForEnd(identity, 10_000)).toBe(true);
  });

  it('gives two runs that begin in the same second a folder each', async () => {
    const project = temporaryFolder();
    const [a, b] = await Promise.all([start(project, engine({ steps: 1 })), start(project, engine({ steps: 1 }))]);
    expect(a.folder).not.toBe(b.folder);
    expect(readdirSync(path.join(project, '.distill', 'runs')).length).toBe(2);
  });

  it('hands keys by environment alone: no file of the run has one', async () => {
    const project = temporaryFolder();
    const secret = 'sk-only-in-the-environment';
    const { folder } = await start(project, engine({ steps: 1 }, { TEACHER_KEY: secret }));
    await until(storeOf(project), folder, ({ status }) => status === 'done');
    for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (file.isFile()) expect(readFileSync(path.join(file.parentPath, file.name), 'utf8')).not.toContain(secret);
    }
  });

  it('fails with what engine.log says when the engine ends before its first event', async () => {
    const project = temporaryFolder();
    await expect(start(project, engine({ crash: 'no such backend' }))).rejects.toMatchObject({
      code: 'engine-not-started', data: { detail: 'Error: no such backend', log: expect.stringContaining('engine.log') as string },
    });
    // The folder says so itself, to every window.
    const store = storeOf(project);
    await store.ready;
    expect(store.runs()).toMatchObject([{ status: 'failed', facts: { ended: { code: 'engine-not-started' } } }]);
  });

  it('ends an engine that says nothing, and tells where its log is', async () => {
    const project = temporaryFolder();
    await expect(start(project, { ...engine({ silent: true }), silentMs: 3000 })).rejects.toMatchObject({ code: 'engine-silent', data: { seconds: 3, log: expect.stringContaining('engine.log') as string } });
    const store = storeOf(project);
    await store.ready;
    const [run] = store.runs();
    expect(run).toMatchObject({ status: 'failed', facts: { ended: { code: 'engine-silent' } } });
    // On a machine so slow that it was ended before it could say who it is, there is nobody to look for.
    const own = path.join(run?.folder ?? '', 'left.pid');
    if (existsSync(own)) expect(await processIdentity(Number(readFileSync(own, 'utf8')))).toBeNull();
  });

  it('names a node that isn\'t there', async () => {
    await expect(start(temporaryFolder(), { ...engine({}), node: '/nowhere/node' })).rejects.toMatchObject({ code: 'node-not-found', data: { path: '/nowhere/node' } });
  });

  it.skipIf(process.getuid?.() === 0)('in a folder that can\'t be written to names that folder (left out for root, who may write anywhere)', async () => {
    const project = temporaryFolder();
    chmodSync(project, 0o500);
    await expect(start(project, engine({}))).rejects.toMatchObject({ code: 'no-permission', data: { path: path.join(project, '.distill', 'runs') } });
  });

  it.skipIf(disk === null)('on a read-only disk says so and names the folder; what ran there before is still read, and not resumed (needs root, to mount a disk)', async () => {
    const project = path.join(disk ?? '', 'project');
    mkdirSync(project);
    const { folder } = await start(project, engine({ steps: 1 }));
    const written = await until(storeOf(project), folder, ({ status }) => status === 'done');
    makeReadOnly(disk ?? '');
    await expect(start(project, engine({ steps: 1 }))).rejects.toMatchObject({ code: 'read-only', data: { path: expect.stringContaining(path.join(project, '.distill', 'runs')) as string } });
    await expect(resumeRun(folder, engine({ steps: 2 }))).rejects.toMatchObject({ code: 'read-only', data: { path: path.join(folder, 'engine.log') } });
    const store = storeOf(project);
    await store.ready;
    expect(store.get(folder)).toEqual(written);
  });
});

describe('stopping a run', () => {
  it('is orderly: the engine saves, says that it stopped, and is gone', async () => {
    const project = temporaryFolder();
    const { folder, identity } = await start(project, engine({}));
    expect(await stopRun(folder)).toBe('ordered');
    expect(await isAlive(identity)).toBe('dead');
    const events = eventsOf(folder);
    expect(events.at(-1)).toMatchObject({ kind: 'ended', outcome: 'stopped' });
    expect(events.findLast(({ kind }) => kind === 'checkpoint')).toBeDefined();
    expect(await stopRun(folder)).toBe('not-running');
  });

  it('is shown as stopping while it takes its time, also in a window that didn\'t ask for it', async () => {
    const project = temporaryFolder();
    const { folder } = await start(project, engine({ deaf: 'orders' }));
    const other = storeOf(project);
    await until(other, folder, ({ status }) => status === 'running');
    const hurry = new AbortController();
    const stopping = stopRun(folder, { hurry: hurry.signal });
    await until(other, folder, ({ status }) => status === 'stopping');
    hurry.abort();
    expect(await stopping).toBe('terminated');
    const run = await until(other, folder, ({ status }) => status !== 'stopping');
    expect(run).toMatchObject({ status: 'stopped', resumable: true });
  });

  it.each(['child', 'own session'] as const)('takes what the engine started with it: %s', async (leaves) => {
    const { folder } = await start(temporaryFolder(), engine({ leaves }));
    const left = await leftBy(folder);
    expect(await stopRun(folder)).toBe('ordered');
    expect(await isAlive(left)).toBe('dead');
  });

  it.each(['child', 'own session'] as const)('is forced on an engine that hears nothing, and on its %s', async (leaves) => {
    const { folder, identity } = await start(temporaryFolder(), engine({ deaf: 'orders and SIGTERM', leaves }));
    const left = await leftBy(folder);
    expect(await stopRun(folder, { graceMs: 1, termMs: 1 })).toBe('killed');
    expect(await isAlive(identity)).toBe('dead');
    expect(await isAlive(left)).toBe('dead');
  });

  it('never signals a process that has the pid of an engine long gone', async () => {
    const project = temporaryFolder();
    const { folder } = await start(project, engine({}));
    await stopRun(folder);
    // The run claims that this very test process, of another start, is its engine.
    const own = await processIdentity();
    const pretended = { ...own, startToken: 'an earlier process' };
    appendFileSync(path.join(folder, 'events.jsonl'), `${JSON.stringify({ seq: 10_000, at: Date.now(), kind: 'started', process: pretended, resumedFrom: null })}\n`);
    writeFileSync(path.join(folder, 'engine.lock'), JSON.stringify({ format: 1, ...pretended, nonce: 'n', at: 0, about: null }));
    expect(await stopRun(folder, { graceMs: 1, termMs: 1 })).toBe('not-running');
  });
});

describe('an engine that was killed', () => {
  it('leaves a run that is shown as lost, resumes from its checkpoint, and keeps every number', async () => {
    const project = temporaryFolder();
    const { folder, identity } = await start(project, engine({}));
    const store = storeOf(project);
    await until(store, folder, ({ facts }) => facts.checkpoints.length > 0 && facts.step > 12);
    process.kill(identity.pid, 'SIGKILL');
    const lost = await until(store, folder, ({ status }) => status === 'lost');
    expect(lost).toMatchObject({ resumable: true, progress: null });
    appendFileSync(path.join(folder, 'events.jsonl'), '{"seq":99999,"kind":"met'); // torn by the death

    const checkpoint = lost.facts.checkpoints.at(-1)?.step ?? NaN;
    const again = await resumeRun(folder, engine({ steps: checkpoint + 3 }));
    expect(again.process.pid).not.toBe(identity.pid);
    const done = await until(store, folder, ({ status }) => status === 'done');
    expect(done.facts).toMatchObject({ step: checkpoint + 3, gaps: 0, broken: 0, started: { resumedFrom: { stage: 0, step: checkpoint } } });

    const steps = (await store.reader.snapshot(folder, { maxPoints: 10_000 })).curves[0]?.columns.steps ?? [];
    expect([...steps]).toEqual(Array.from({ length: checkpoint + 3 }, (_, index) => index + 1));
    // A window that opens now sees the same as the one that was there all the time.
    const fresh = storeOf(project);
    await fresh.ready;
    expect(fresh.get(folder)).toEqual(done);
  });

  it('can\'t be started twice in one folder, nor deleted while it runs', async () => {
    const { folder } = await start(temporaryFolder(), engine({}));
    await expect(resumeRun(folder, engine({}))).rejects.toMatchObject({ code: 'run-busy' });
    await expect(deleteRun(folder, null)).rejects.toMatchObject({ code: 'run-active' });
  });
});

describe('two runs for one device', () => {
  it('queue: the second tells whom it waits for, and starts when that one has died', async () => {
    const project = temporaryFolder();
    const environment = { DISTILL_STATE_FOLDER: temporaryFolder() };
    const first = await start(project, engine({ device: 'GPU 0' }, environment));
    const second = await start(project, engine({ device: 'GPU 0', steps: 2 }, environment));
    const store = storeOf(project);
    const waiting = await until(store, second.folder, ({ status }) => status === 'queued');
    expect(waiting.facts.queued).toMatchObject({ device: 'GPU 0', holder: first.folder });
    process.kill(first.identity.pid, 'SIGKILL');
    await until(store, second.folder, ({ status }) => status === 'done');
    expect(store.get(second.folder)?.facts.gaps).toBe(0);
  });
});
