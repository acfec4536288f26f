import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { starRun } from '../../../src/runs/actions.ts';
import { createRunFolder, runsFolder } from '../../../src/runs/folder.ts';
import { RunStore } from '../../../src/runs/store.ts';
import type { RunChange } from '../../../src/runs/runEntry.ts';
import type { RunView } from '../../../src/runs/view.ts';
import { processIdentity } from '../../../src/system/processIdentity.ts';
import { linesOf, metric, numbered, runFileOf, started } from '../../fixtures/runs.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

function storeOf(...projects: string[]): RunStore {
  const store = new RunStore({ projects });
  onTestFinished(() => store.dispose());
  return store;
}

/** The next change of a run that has what is wanted in it. */
function change(store: RunStore, what: RunChange, wanted: (run: RunView) => boolean = () => true): Promise<RunView> {
  return new Promise((resolve) => {
    const listening = store.onDidChange(({ run, what: changed }) => {
      if (!changed.has(what) || !wanted(run)) return;
      listening.dispose();
      resolve(run);
    });
  });
}

async function runIn(project: string, createdAt: number, content: string): Promise<{ readonly folder: string; readonly events: string }> {
  const folder = await createRunFolder(project, runFileOf(createdAt));
  const events = path.join(folder, 'events.jsonl');
  if (content !== '') writeFileSync(events, content);
  return { folder, events };
}

const done = linesOf(numbered([started(), metric(1), { kind: 'ended', outcome: 'done' }]));

describe('the store', () => {
  it('is not ready before it knows its projects', async () => {
    const waiting = new RunStore({ projects: null });
    let ready = false;
    const told = waiting.ready.then(() => { ready = true; });
    await new Promise((resolve) => { setImmediate(resolve); });
    expect(ready).toBe(false);
    await waiting.setProjects([]);
    await told;
    waiting.dispose();
  });

  it('has the runs of its projects, the newest first, and only those', async () => {
    const [a, b] = [temporaryFolder(), temporaryFolder()];
    const old = await runIn(a, 1000, done);
    const young = await runIn(b, 9_000_000, done);
    const store = storeOf(a, b);
    await store.ready;
    expect(store.runs().map(({ folder }) => folder)).toEqual([young.folder, old.folder]);
    expect(store.runs(a).map(({ folder }) => folder)).toEqual([old.folder]);
    expect(store.get(path.basename(young.folder))?.folder).toBe(young.folder);
    const gone = change(store, 'removed');
    await store.setProjects([a]);
    expect((await gone).folder).toBe(young.folder);
    expect(store.get(young.folder)).toBeUndefined();
  });

  it('follows a living run, event by event, and is what a store that opens later is', async () => {
    const project = temporaryFolder();
    const own = await processIdentity();
    const { folder, events } = await runIn(project, Date.now(), linesOf(numbered([started(null, own ?? undefined)])));
    const store = storeOf(project);
    await store.ready;
    expect(store.get(folder)?.status).toBe('running');
    let seen = change(store, 'metric', ({ facts }) => facts.step === 5);
    appendFileSync(events, linesOf(numbered([metric(5)], 1)));
    expect((await seen).facts.latest).toEqual({ 'train/loss': { value: 0.2, step: 5 } });
    seen = change(store, 'status', ({ status }) => status === 'done');
    appendFileSync(events, linesOf(numbered([{ kind: 'ended', outcome: 'done' }], 2)));
    const last = await seen;
    const later = storeOf(project);
    await later.ready;
    expect(later.get(folder)).toEqual(last);
  });

  it('learns of runs that come, go and are starred elsewhere, also where there was no runs folder yet', async () => {
    const project = temporaryFolder();
    const store = storeOf(project);
    await store.ready;
    const added = change(store, 'added');
    const { folder } = await runIn(project, Date.now(), done);
    expect((await added).folder).toBe(folder);
    const starred = change(store, 'label');
    await starRun(folder, true);
    expect((await starred).label.starred).toBe(true);
    const removed = change(store, 'removed');
    renameSync(folder, path.join(project, 'elsewhere'));
    await removed;
    expect(store.runs()).toEqual([]);
  });

  it('shows a run whose run.json is missing or broken, with the reason', async () => {
    const project = temporaryFolder();
    const { folder } = await runIn(project, 1000, done);
    writeFileSync(path.join(folder, 'run.json'), '{"format":');
    mkdirSync(path.join(path.dirname(folder), 'not-a-run'));
    const store = storeOf(project);
    await store.ready;
    const problems = Object.fromEntries(store.runs().map(({ id, status, problem, resumable }) => [id, [status, problem?.code, resumable]]));
    expect(problems).toEqual({ [path.basename(folder)]: ['done', 'run-unreadable', false], 'not-a-run': ['lost', 'run-not-found', false] });
  });

  it('survives broken lines, kinds of a newer version and a torn end', async () => {
    const project = temporaryFolder();
    const { folder } = await runIn(project, 1000, `${linesOf(numbered([started(), metric(1)]))}{"seq":2,"at":1,"kind":"hologram"}\n}}}\n${linesOf(numbered([metric(3)], 3))}{"seq":4,"ki`);
    const store = storeOf(project);
    await store.ready;
    expect(store.get(folder)?.facts).toMatchObject({ step: 3, broken: 1, unknown: 1, gaps: 0 });
  });

  it('reads a big file in its reader, and goes on from there by itself', async () => {
    const project = temporaryFolder();
    const many = Array.from({ length: 5000 }, (_, index) => metric(index + 1));
    const { events } = await runIn(project, 1000, linesOf(numbered([started(), ...many])));
    const store = new RunStore({ projects: [project] });
    onTestFinished(() => store.dispose());
    const facts = vi.spyOn(store.reader, 'facts');
    await store.ready;
    expect(facts).toHaveBeenCalledTimes(1);
    const seen = change(store, 'status');
    appendFileSync(events, linesOf(numbered([metric(6000), { kind: 'ended', outcome: 'done' }], 5001)));
    expect((await seen).facts).toMatchObject({ step: 6000, gaps: 0 });
    expect(facts).toHaveBeenCalledTimes(1);
  });

  it('begins anew when a run\'s events were replaced', async () => {
    const project = temporaryFolder();
    const { folder, events } = await runIn(project, 1000, linesOf(numbered([started(), ...Array.from({ length: 50 }, (_, index) => metric(index + 1))])));
    const store = storeOf(project);
    await store.ready;
    const seen = change(store, 'metric', ({ facts }) => facts.step === 3);
    rmSync(events);
    writeFileSync(events, linesOf(numbered([started(), metric(3)])));
    await seen;
    expect((await store.refresh(folder))?.facts).toMatchObject({ seq: 1, step: 3 });
  });
});

describe('where the system tells of no change', () => {
  it('the store finds new runs, growth and ends by itself, and says why', async () => {
    const watch = (): never => { throw Object.assign(new Error('System limit for number of file watchers reached'), { code: 'ENOSPC' }); };
    vi.doMock('chokidar', () => ({ watch }));
    vi.doMock('node:fs', async (original) => ({ ...(await original<object>()), watch }));
    vi.resetModules();
    onTestFinished(() => { vi.doUnmock('chokidar'); vi.doUnmock('node:fs'); vi.resetModules(); });
    const { RunStore: PollingStore } = await import('../../../src/runs/store.ts');
    const project = temporaryFolder();
    mkdirSync(runsFolder(project), { recursive: true });
    const troubles: unknown[] = [];
    const own = await processIdentity();
    const store = new PollingStore({ projects: [project], onTrouble: (error) => troubles.push(error) });
    onTestFinished(() => store.dispose());
    await store.ready;
    expect(troubles).toMatchObject([{ code: 'ENOSPC' }]);
    const added = change(store, 'added');
    const { events } = await runIn(project, Date.now(), linesOf(numbered([started(null, own ?? undefined)])));
    expect((await added).status).toBe('running');
    const seen = change(store, 'status', ({ status }) => status === 'done');
    appendFileSync(events, linesOf(numbered([metric(2), { kind: 'ended', outcome: 'done' }], 1)));
    expect((await seen).facts.step).toBe(2);
  });
});
