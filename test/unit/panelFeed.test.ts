/** The two ends of the Metrics panel's protocol against each other, on real run folders: the page has every point. */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RunStore } from '../../src/runs/store.ts';
import type { UnsentEvent } from '../../src/shared/events.ts';
import type { MetricsFromPage, MetricsToPage, RunHead, RunSnapshot } from '../../src/shared/panel.ts';
import { MetricsFeed, type FeedRequest } from '../../src/ui/metrics/feed.ts';
import { MetricsModel } from '../../webview/metrics/model.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';

const BEGAN = Date.UTC(2026, 7, 1);

/** A run folder that grows as an engine's would. */
class Recording {
  #seq = 0;
  private constructor(readonly folder: string) {}

  static async make(project: string, name: string): Promise<Recording> {
    const recording = new Recording(path.join(project, '.distill', 'runs', name));
    await mkdir(recording.folder, { recursive: true });
    await writeFile(path.join(recording.folder, 'events.jsonl'), '');
    return recording;
  }

  async write(...events: readonly UnsentEvent[]): Promise<void> {
    const lines = events.map((event) => `${JSON.stringify({ seq: this.#seq, at: BEGAN + 1000 * this.#seq++, ...event })}\n`);
    await appendFile(path.join(this.folder, 'events.jsonl'), lines.join(''));
  }

  start(resumedFrom: { stage: number; step: number } | null = null): Promise<void> {
    return this.write({
      kind: 'started', process: { pid: 1, startToken: 'x', host: 'elsewhere' }, engine: 'tfjs', backend: 'wasm', device: 'cpu', threads: 2, attempts: [], resumedFrom,
    });
  }

  steps(from: number, to: number): Promise<void> {
    return this.write(...Array.from({ length: to - from }, (_, index): UnsentEvent => {
      const step = from + index;
      return { kind: 'metric', stage: 0, step, tokens: step * 100, values: { loss: 1 / step, ...(step % 10 === 0 ? { 'validation/loss': 2 / step } : {}) } };
    }));
  }

  ended(): Promise<void> {
    return this.write({ kind: 'ended', outcome: 'failed', code: 'unexpected', data: { detail: 'a disk' } });
  }
}

/** Page and host on one wire. While the page is hidden, what is sent to it is lost, as in VS Code. */
class Wire {
  model = new MetricsModel();
  readonly sent: MetricsToPage[] = [];
  visible = false;
  readonly feed: MetricsFeed;

  constructor(readonly store: RunStore) {
    this.feed = new MetricsFeed(store, 'en', (message) => this.#arrive(message), (error) => { throw error; });
  }

  async show(smoothing = 0): Promise<void> {
    this.model = new MetricsModel();
    this.visible = true;
    await this.ask({ kind: 'ready', smoothing });
  }

  hide(): void {
    this.visible = false;
    this.feed.pageGone();
  }

  async ask(request: FeedRequest): Promise<void> {
    this.feed.receive(request);
    await this.feed.settled;
  }

  /** Until the host has sent what it found new. */
  async tick(): Promise<void> {
    await vi.advanceTimersByTimeAsync(100);
    await this.feed.settled;
  }

  steps(run = 0, metric = 'loss'): readonly number[] {
    return [...this.model.runs[run]?.metrics.get(metric)?.line.points.columns().steps ?? []];
  }

  #arrive(message: MetricsToPage): void {
    expect(this.visible, 'nothing is sent to a hidden page').toBe(true);
    this.sent.push(message);
    const answer: MetricsFromPage | null = this.model.take(message) === 'out-of-step' ? { kind: 'hydrate' } : null;
    if (answer !== null) this.feed.receive(answer);
  }
}

const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, index) => from + index);

describe('the Metrics panel’s protocol', () => {
  let store: RunStore;
  let run: Recording;
  let wire: Wire;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const project = path.join(temporaryFolder(), 'project');
    run = await Recording.make(project, '2026-08-01-0900-one');
    await run.start();
    store = new RunStore({ projects: [] });
    await store.refresh(run.folder);
    wire = new Wire(store);
  });
  afterEach(() => {
    wire.feed.dispose();
    store.dispose();
    vi.useRealTimers();
  });

  const grow = async (...work: readonly Promise<void>[]): Promise<void> => {
    await Promise.all(work);
    await store.refresh(run.folder);
    await wire.tick();
  };

  test('a page that is shown gets a snapshot, then exactly what is new', async () => {
    await run.steps(1, 21);
    await store.refresh(run.folder);
    wire.feed.setRuns([run.folder]);
    await wire.show();
    expect(wire.steps()).toEqual(range(1, 21));
    await grow(run.steps(21, 41));
    await grow(run.steps(41, 45));
    expect(wire.steps()).toEqual(range(1, 45));
    expect(wire.steps(0, 'validation/loss')).toEqual([10, 20, 30, 40]);
    expect(wire.sent.filter(({ kind }) => kind === 'hydrate')).toHaveLength(1);
  });

  test('of a run that collects the page says how far it is and what it has cost, and after the end what it came to', async () => {
    const spend = { teacher: 'big', currency: 'USD', money: 0.4, reservedMoney: 0.2, moneyCap: 5, tokens: 1200, reservedTokens: 100, tokenCap: null, inFlight: 2, concurrency: 4 };
    const collect = { kind: 'collect', stage: 0, part: 'ask', total: 60, kept: 10, cached: 3, failed: 1 } as const;
    const stage = { kind: 'stage', stage: 0, name: 'collect', type: 'collect', total: null } as const;
    await run.write({ ...stage, state: 'begin' }, { ...collect, done: 10, spend }, { ...collect, done: 14, spend });
    await store.refresh(run.folder);
    wire.feed.setRuns([run.folder]);
    await wire.show();
    const facts = (): object => Object.fromEntries((wire.model.runs[0]?.head.collected ?? []).map(({ label, value }) => [label, value]));
    const shown = { kept: '10', 'answered before': '3', failed: '1', spent: '0.40 of 5.00 USD', 'reserved for requests in flight': '0.20 USD', tokens: '1\u202f200' };
    expect(facts()).toMatchObject(shown);
    await grow(run.write({ ...collect, part: 'write', done: 55, total: 55, kept: 55, spend: { ...spend, reservedMoney: 0 } }, { ...stage, state: 'end', total: 60, reason: 'done' }, { kind: 'ended', outcome: 'done' }));
    expect(wire.model.runs[0]?.head).toMatchObject({ status: 'done', collects: true });
    expect(facts()).toEqual({ rows: '60', kept: '55', 'left out': '5', 'answered before': '3', failed: '1', spent: '0.40 of 5.00 USD', tokens: '1\u202f200' });
  });

  test('nothing is sent while the page is hidden, and it has every point when it is shown again', async () => {
    wire.feed.setRuns([run.folder]);
    await wire.show();
    await grow(run.steps(1, 11));
    wire.hide();
    await grow(run.steps(11, 31));
    await wire.show();
    await grow(run.steps(31, 33));
    expect(wire.steps()).toEqual(range(1, 33));
  });

  test('a resumed run takes back the points above its checkpoint', async () => {
    wire.feed.setRuns([run.folder]);
    await wire.show();
    await grow(run.steps(1, 31));
    await run.start({ stage: 0, step: 20 });
    await grow(run.steps(21, 26));
    expect(wire.steps()).toEqual(range(1, 26));
    expect(wire.model.runs[0]?.head.incidents).toMatchObject([{ kind: 'resumed', step: 20 }]);
  });

  test('a page that missed an append asks for a snapshot by itself', async () => {
    wire.feed.setRuns([run.folder]);
    await wire.show();
    await grow(run.steps(1, 11));
    wire.model.take({ kind: 'append', appends: [{ run: run.folder, from: 10, points: { name: 'loss', steps: [99], times: [0], tokens: [0], values: [0] } }] });
    await grow(run.steps(11, 13));
    await wire.feed.settled;
    expect(wire.steps()).toEqual(range(1, 13));
  });

  test('a long run arrives thinned, with its lowest and highest value, and exactly where it is zoomed', async () => {
    await run.steps(1, 20_001);
    await store.refresh(run.folder);
    wire.feed.setRuns([run.folder]);
    await wire.show();
    const metric = wire.model.runs[0]?.metrics.get('loss');
    expect(metric?.length).toBe(20_000);
    expect(metric?.line.points.length).toBeLessThan(4000);
    const { values } = metric?.line.points.columns() ?? { values: new Float64Array() };
    expect([Math.max(...values), Math.min(...values)]).toEqual([1, 1 / 20_000]);
    await wire.ask({ kind: 'range', request: wire.model.nextRequest(), min: 5000, max: 5200, axis: 'step' });
    const detail = metric?.detail?.points.columns().steps.filter((step) => step >= 5000 && step <= 5200);
    expect([...detail ?? []]).toEqual(range(5000, 5201));
    // A finer part does not shift what comes after it.
    await grow(run.steps(20_001, 20_011));
    expect(metric?.detail?.points.columns().steps.at(-1)).toBe(20_010);
  });

  test('a range in time is counted from the run’s own start', async () => {
    await run.steps(1, 101);
    await store.refresh(run.folder);
    wire.feed.setRuns([run.folder]);
    await wire.show();
    await wire.ask({ kind: 'range', request: wire.model.nextRequest(), min: 50, max: 52, axis: 'time' });
    const answer = wire.sent.findLast((message) => message.kind === 'range');
    expect(Array.from(answer?.runs[0]?.series[0]?.steps ?? [])).toEqual([49, 50, 51, 52, 53]);
  });

  test('an answer to an older zoom is passed over', async () => {
    await run.steps(1, 101);
    await store.refresh(run.folder);
    wire.feed.setRuns([run.folder]);
    await wire.show();
    const old = wire.model.nextRequest();
    wire.model.dropDetail();
    await wire.ask({ kind: 'range', request: old, min: 50, max: 60, axis: 'step' });
    expect(wire.model.runs[0]?.metrics.get('loss')?.detail).toBeNull();
  });

  test('the running average goes on over appended points as if all had been averaged at once', async () => {
    await run.steps(1, 51);
    await store.refresh(run.folder);
    wire.feed.setRuns([run.folder]);
    await wire.show(0.9);
    await grow(run.steps(51, 101));
    const live = [...wire.model.runs[0]?.metrics.get('loss')?.line.average?.columns().values ?? []];
    await wire.ask({ kind: 'hydrate' });
    const whole = [...wire.model.runs[0]?.metrics.get('loss')?.line.average?.columns().values ?? []];
    expect(live).toHaveLength(100);
    live.forEach((value, index) => expect(value).toBeCloseTo(whole[index] ?? Number.NaN, 10));
  });

  test('runs come in the order in which they were chosen, each with its own points', async () => {
    const other = await Recording.make(path.dirname(path.dirname(path.dirname(run.folder))), '2026-08-01-0901-two');
    await other.start();
    await Promise.all([run.steps(1, 4), other.steps(1, 6)]);
    await Promise.all([store.refresh(run.folder), store.refresh(other.folder)]);
    await wire.show();
    wire.feed.setRuns([other.folder, run.folder]);
    await wire.feed.settled;
    expect(wire.model.runs.map(({ head }) => head.title)).toEqual(['2026-08-01-0901-two', '2026-08-01-0900-one']);
    expect([wire.steps(0), wire.steps(1)]).toEqual([range(1, 6), range(1, 4)]);
    wire.feed.setRuns([run.folder]);
    await wire.feed.settled;
    expect(wire.model.runs).toHaveLength(1);
  });

  test('two runs of the same name are told apart by their folders', async () => {
    const head = { title: 'arithmetic 14:12' } as RunHead;
    const model = new MetricsModel();
    const snapshot = (folder: string): RunSnapshot => ({ run: folder, length: {}, series: [], head: { ...head, run: folder } });
    model.take({ kind: 'hydrate', smoothing: 0, runs: [snapshot('/p/.distill/runs/one'), snapshot('C:\\p\\runs\\two')] });
    expect(model.runs.map((each) => each.head.title)).toEqual(['one', 'two']);
  });

  test('a failed run says why, and what can be done', async () => {
    wire.feed.setRuns([run.folder]);
    await wire.show();
    await grow(run.ended());
    expect(wire.model.runs[0]?.head).toMatchObject({ status: 'failed', actions: expect.arrayContaining(['log', 'reveal']) as unknown });
    expect(wire.model.runs[0]?.head.failure).toContain('a disk');
  });
});
