/**
 * The host's side of the Metrics page's protocol, without vscode: a snapshot when the page is there, what is new of it
 * every APPEND_EVERY_MS while it is there, nothing otherwise. Points come from the reader's thread; this one only passes
 * them on.
 */
import type { Disposable } from '../../runs/emitter.ts';
import type { Curve, MetricsReader, RunCurves } from '../../runs/metricsReader.ts';
import type { RunChanged } from '../../runs/store.ts';
import type { RunView } from '../../runs/view.ts';
import type { Language } from '../../shared/messages.ts';
import type { MetricsFromPage, MetricsToPage, RunHead, RunSeries, SeriesAppend, SeriesColumns } from '../../shared/panel.ts';
import { toSeriesColumns } from '../../shared/series.ts';
import { headOf } from './head.ts';

/** Ten times a second looks live; more would only be drawn between two glances. */
const APPEND_EVERY_MS = 100;
/** The line of a run (step, time left) is read, not watched. A change of status is told at once. */
const HEAD_EVERY_MS = 500;
/** Of one curve: four for each pixel of a chart on a wide screen's half. */
const MOST_POINTS = 3200;
/** Of all curves of a snapshot together: what a page draws within a frame. */
const MOST_POINTS_TOGETHER = 160_000;
const FEWEST_POINTS = 400;

export interface FeedSource {
  readonly reader: MetricsReader;
  get(folder: string): RunView | undefined;
  onDidChange(listener: (change: RunChanged) => void): Disposable;
}

interface Plotted {
  readonly folder: string;
  /** Null until the page has been told of the run. */
  sent: { revision: number; lengths: Record<string, number> } | null;
  head: string;
}

export type FeedRequest = Extract<MetricsFromPage, { kind: 'ready' | 'hydrate' | 'range' | 'smoothing' }>;

export class MetricsFeed implements Disposable {
  readonly #source: FeedSource;
  readonly #language: Language;
  readonly #post: (message: MetricsToPage) => void;
  readonly #trouble: (error: unknown) => void;
  readonly #listening: Disposable;
  #plotted: readonly Plotted[] = [];
  #pageThere = false;
  #smoothing = 0;
  #dirty = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #headsAt = 0;
  #headsNow = false;
  /** Snapshots, appends and ranges leave one after the other, so that an append always continues what was sent before it. */
  #work: Promise<void> = Promise.resolve();

  constructor(source: FeedSource, language: Language, post: (message: MetricsToPage) => void, trouble: (error: unknown) => void) {
    this.#source = source;
    this.#language = language;
    this.#post = post;
    this.#trouble = trouble;
    this.#listening = source.onDidChange((change) => this.#changed(change));
  }

  /** Folders of the runs that are drawn, in the order of their colours. */
  get runs(): readonly string[] {
    return this.#plotted.map(({ folder }) => folder);
  }

  setRuns(folders: readonly string[]): void {
    const wanted = [...new Set(folders)];
    if (wanted.join('\n') === this.runs.join('\n')) return;
    for (const { folder } of this.#plotted) if (!wanted.includes(folder)) void this.#source.reader.close(folder);
    this.#plotted = wanted.map((folder) => this.#plotted.find((run) => run.folder === folder) ?? { folder, sent: null, head: '' });
    this.#hydrate();
  }

  /** The page was hidden, and with that destroyed: it will say `ready` when it is shown again. */
  pageGone(): void {
    this.#pageThere = false;
    this.#stopTimer();
  }

  receive(request: FeedRequest): void {
    switch (request.kind) {
      case 'ready':
        this.#pageThere = true;
        this.#smoothing = request.smoothing;
        return this.#hydrate();
      case 'hydrate':
        return this.#hydrate();
      case 'smoothing':
        this.#smoothing = request.weight;
        return this.#hydrate();
      case 'range':
        return this.#then(() => this.#range(request));
    }
  }

  /** Resolves when everything asked for until now has been sent. */
  get settled(): Promise<void> {
    return this.#work;
  }

  dispose(): void {
    this.pageGone();
    this.#listening.dispose();
    for (const { folder } of this.#plotted) void this.#source.reader.close(folder);
    this.#plotted = [];
  }

  #changed({ run, what }: RunChanged): void {
    const plotted = this.#plotted.find(({ folder }) => folder === run.folder);
    if (plotted === undefined) return;
    if (what.has('added') || what.has('removed')) return this.#hydrate();
    this.#dirty.add(run.folder);
    if (['status', 'stage', 'checkpoint', 'warning', 'label', 'evaluation'].some((fact) => what.has(fact as 'status'))) this.#headsNow = true;
    this.#soon();
  }

  #soon(): void {
    if (!this.#pageThere || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#then(() => this.#append());
    }, APPEND_EVERY_MS);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #then(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch(this.#trouble);
  }

  #hydrating = false;
  #hydrate(): void {
    // Several wishes in a row are met by one snapshot.
    if (!this.#pageThere || this.#hydrating) return;
    this.#hydrating = true;
    this.#then(async () => {
      this.#hydrating = false;
      await this.#snapshot();
    });
  }

  async #snapshot(): Promise<void> {
    const smoothing = this.#smoothing;
    this.#dirty.clear();
    const present = this.#plotted.flatMap((plotted) => {
      const view = this.#source.get(plotted.folder);
      return view === undefined ? [] : [{ plotted, view }];
    });
    const maxPoints = pointsEach(present.map(({ view }) => view));
    const runs = await Promise.all(present.map(async ({ plotted, view }) => {
      const curves = await this.#source.reader.snapshot(plotted.folder, { maxPoints, smoothing });
      const series = seriesOf(plotted.folder, curves);
      plotted.sent = { revision: curves.revision, lengths: { ...series.length } };
      const head = headOf(this.#source.get(plotted.folder) ?? view, this.#language);
      plotted.head = JSON.stringify(head);
      return { ...series, head };
    }));
    if (this.#pageThere) this.#post({ kind: 'hydrate', runs, smoothing });
  }

  async #append(): Promise<void> {
    const dirty = this.#plotted.filter(({ folder }) => this.#dirty.has(folder));
    this.#dirty.clear();
    const appends: SeriesAppend[] = [];
    for (const plotted of dirty) {
      if (plotted.sent === null) return this.#snapshot();
      const { revision, lengths } = plotted.sent;
      const news = await this.#source.reader.since(plotted.folder, revision, lengths);
      // Points that the page has were taken back: the run was resumed from an earlier step.
      if (news === null) return this.#snapshot();
      for (const { name, length, columns } of news.curves) {
        appends.push({ run: plotted.folder, from: lengths[name] ?? 0, points: toSeriesColumns(name, columns) });
        lengths[name] = length;
      }
    }
    if (!this.#pageThere) return;
    if (appends.length > 0) this.#post({ kind: 'append', appends });
    this.#tellHeads(dirty);
  }

  #tellHeads(dirty: readonly Plotted[]): void {
    const now = Date.now();
    if (!this.#headsNow && now - this.#headsAt < HEAD_EVERY_MS) {
      // Told with the next tick that is due, so that the last step of a pause is not left out.
      for (const { folder } of dirty) this.#dirty.add(folder);
      if (dirty.length > 0) this.#soon();
      return;
    }
    this.#headsAt = now;
    this.#headsNow = false;
    for (const plotted of dirty) {
      const view = this.#source.get(plotted.folder);
      if (view === undefined) continue;
      const head: RunHead = headOf(view, this.#language);
      const text = JSON.stringify(head);
      if (text === plotted.head) continue;
      plotted.head = text;
      this.#post({ kind: 'head', head });
    }
  }

  async #range({ request, min, max, axis }: Extract<FeedRequest, { kind: 'range' }>): Promise<void> {
    const plotted = this.#plotted.filter(({ sent }) => sent !== null);
    const maxPoints = pointsEach(plotted.flatMap(({ folder }) => this.#source.get(folder) ?? []));
    const runs = await Promise.all(plotted.map(async ({ folder }) => {
      // The page counts time from the run's start, the reader since 1970.
      const [origin, unit] = axis === 'time' ? [this.#source.get(folder)?.startedAt ?? 0, 1000] : [0, 1];
      const curves = await this.#source.reader.range(folder, origin + min * unit, origin + max * unit, { maxPoints, axis, smoothing: this.#smoothing });
      return seriesOf(folder, curves);
    }));
    if (this.#pageThere) this.#post({ kind: 'range', request, runs });
  }
}

function pointsEach(views: readonly RunView[]): number {
  const curves = views.reduce((sum, { facts }) => sum + Object.keys(facts.latest).length, 0);
  return Math.max(FEWEST_POINTS, Math.min(MOST_POINTS, Math.floor(MOST_POINTS_TOGETHER / Math.max(1, curves))));
}

function seriesOf(run: string, { curves }: RunCurves): RunSeries {
  return { run, length: Object.fromEntries(curves.map(({ name, length }) => [name, length])), series: curves.map(columnsOf) };
}

function columnsOf({ name, columns, smoothed }: Curve): SeriesColumns {
  return { name, ...columns, ...(smoothed === null ? {} : { smoothed }) };
}
