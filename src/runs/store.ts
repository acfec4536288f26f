/**
 * The runs of some projects, as their folders say: a cache that any replay rebuilds. Follows the folders and tells what
 * changed. Costs little: a folder is read on at most every READ_PAUSE_MS, and big files are read in the reader's thread.
 */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { RUN_FILES } from '../shared/run.ts';
import { Emitter } from './emitter.ts';
import type { Listen } from './emitter.ts';
import { listRuns, projectOf, runsFolder } from './folder.ts';
import { inProcessReader } from './metricsReader.ts';
import type { MetricsReader } from './metricsReader.ts';
import { RunEntry } from './runEntry.ts';
import type { RunChange } from './runEntry.ts';
import type { RunView } from './view.ts';
import { VIEW_FILES, watchRuns } from './watcher.ts';
import type { RunsWatcher } from './watcher.ts';

export interface RunChanged {
  /** As it is now; of a removed run, as it was last. */
  readonly run: RunView;
  readonly what: ReadonlySet<RunChange>;
}

export interface RunStoreOptions {
  /** Folders with a distill.json; null where they are still looked for: `setProjects` will tell. */
  readonly projects: readonly string[] | null;
  /** In a worker (workerReader) where the thread matters; default: in this process. Disposed with the store. */
  readonly reader?: MetricsReader;
  /** Something went wrong that no run can show (a folder that can't be read, no watches left). */
  readonly onTrouble?: (error: unknown) => void;
}

/** 200 events a second become 20 readings; small beside the 100 ms in which a page is told. */
const READ_PAUSE_MS = 50;
/** Is the engine there, has a file grown that no watcher told of: Linux answers from memory, elsewhere a program is asked. */
const POLL_MS = process.platform === 'linux' ? 1000 : 5000;
/** Runs at rest are looked at in every so many polls. */
const REST_POLLS = 10;
/** Folders read at the same time when a project is opened. */
const READ_AT_ONCE = 8;

const ALL_FILES: ReadonlySet<string> = new Set(VIEW_FILES);
const EVENTS_ONLY: ReadonlySet<string> = new Set([RUN_FILES.events]);

interface Followed {
  readonly entry: RunEntry;
  /** Read for the first time: until then nobody is told of it. */
  known: boolean;
  readonly dirty: Set<string>;
  timer: NodeJS.Timeout | null;
  readAt: number;
}

export class RunStore {
  readonly reader: MetricsReader;
  private readonly followed = new Map<string, Followed>();
  /** By project; null where there is no runs folder yet. */
  private readonly watchers = new Map<string, RunsWatcher | null>();
  private readonly changed = new Emitter<RunChanged>();
  private readonly onTrouble: (error: unknown) => void;
  private readonly poll: NodeJS.Timeout;
  private polls = 0;
  private polling = false;
  private disposed = false;
  /** When every run that was there at the beginning (or at the last `setProjects`) has been read; not before projects are known. */
  ready: Promise<void>;
  private projectsKnown: () => void = () => undefined;

  readonly onDidChange: Listen<RunChanged> = this.changed.event;

  constructor(options: RunStoreOptions) {
    this.reader = options.reader ?? inProcessReader();
    this.onTrouble = options.onTrouble ?? (() => undefined);
    this.ready = options.projects === null ? new Promise((resolve) => { this.projectsKnown = resolve; }) : this.setProjects(options.projects);
    this.poll = setInterval(() => void this.look(), POLL_MS);
    this.poll.unref();
  }

  /** All runs, the newest first. */
  runs(project?: string): readonly RunView[] {
    const views = [...this.followed.values()].filter(({ known }) => known).map(({ entry }) => entry.view).filter((view) => project === undefined || view.project === project);
    return views.sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0) || (a.id < b.id ? 1 : -1));
  }

  /** A run by its folder; or by its id, where only one project has it. */
  get(folderOrId: string): RunView | undefined {
    const exact = this.followed.get(folderOrId);
    if (exact?.known === true) return exact.entry.view;
    const named = this.runs().filter((run) => run.id === folderOrId);
    return named.length === 1 ? named[0] : undefined;
  }

  /** Follows these projects, and no longer the others. Resolves when their runs have been read. */
  setProjects(projects: readonly string[]): Promise<void> {
    this.ready = this.follow(projects.map((project) => path.resolve(project)));
    void this.ready.then(this.projectsKnown, this.projectsKnown);
    return this.ready;
  }

  /** Looks at a run's folder now, and resolves with it as it is (undefined: it is gone); also a run that is new. */
  async refresh(runFolder: string): Promise<RunView | undefined> {
    await this.read(runFolder, ALL_FILES);
    return this.followed.get(runFolder)?.entry.view;
  }

  dispose(): void {
    this.disposed = true;
    clearInterval(this.poll);
    for (const watcher of this.watchers.values()) watcher?.close();
    for (const { timer } of this.followed.values()) if (timer !== null) clearTimeout(timer);
    this.changed.dispose();
    this.reader.dispose();
  }

  private async follow(projects: readonly string[]): Promise<void> {
    const wanted = new Set(projects);
    for (const [project, watcher] of this.watchers) {
      if (wanted.has(project)) continue;
      this.watchers.delete(project);
      watcher?.close();
      for (const run of this.runs(project)) this.remove(run.folder);
    }
    for (const project of wanted) if (!this.watchers.has(project)) this.watch(project);
    const folders = (await Promise.all(projects.map((project) => this.list(project)))).flat();
    // The newest are read first: they are the ones at the top.
    const queue = folders.sort((a, b) => (path.basename(a) < path.basename(b) ? 1 : -1));
    await Promise.all(Array.from({ length: READ_AT_ONCE }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await this.read(next, ALL_FILES);
    }));
  }

  private watch(project: string): void {
    const runs = runsFolder(project);
    const watcher = existsSync(runs) ? watchRuns(runs, (runFolder, file) => this.soon(runFolder, file), this.onTrouble) : null;
    this.watchers.set(project, watcher);
  }

  private async list(project: string): Promise<readonly string[]> {
    try {
      return await listRuns(project);
    } catch (error) {
      this.onTrouble(error);
      return [];
    }
  }

  /** A file changed: it is read now, or READ_PAUSE_MS after it was last. */
  private soon(runFolder: string, file: string | null): void {
    if (this.disposed) return;
    const followed = this.followed.get(runFolder);
    if (followed === undefined) {
      void this.read(runFolder, ALL_FILES);
      return;
    }
    for (const dirty of file === null ? VIEW_FILES : [file]) followed.dirty.add(dirty);
    if (followed.timer !== null) return;
    followed.timer = setTimeout(() => {
      followed.timer = null;
      const files = new Set(followed.dirty);
      followed.dirty.clear();
      void this.read(runFolder, files);
    }, Math.max(0, followed.readAt + READ_PAUSE_MS - Date.now()));
  }

  private async read(runFolder: string, files: ReadonlySet<string>): Promise<void> {
    try {
      const there = (await stat(runFolder).catch(() => null))?.isDirectory() === true;
      if (this.disposed) return;
      if (!there) {
        this.remove(runFolder);
        return;
      }
      let followed = this.followed.get(runFolder);
      if (followed === undefined) {
        followed = { entry: new RunEntry(runFolder, this.reader), known: false, dirty: new Set(), timer: null, readAt: 0 };
        this.followed.set(runFolder, followed);
        this.watchers.get(projectOf(runFolder))?.follow(runFolder);
      }
      followed.readAt = Date.now();
      const what = await followed.entry.update(followed.known ? files : ALL_FILES);
      if (this.disposed || this.followed.get(runFolder) !== followed) return;
      const added = !followed.known;
      followed.known = true;
      if (added) this.changed.fire({ run: followed.entry.view, what: new Set([...what, 'added']) });
      else if (what.size > 0) this.changed.fire({ run: followed.entry.view, what });
    } catch (error) {
      if (!this.disposed) this.onTrouble(error);
    }
  }

  private remove(runFolder: string): void {
    const followed = this.followed.get(runFolder);
    if (followed === undefined) return;
    if (followed.timer !== null) clearTimeout(followed.timer);
    this.followed.delete(runFolder);
    this.reader.close(runFolder).catch(this.onTrouble);
    if (followed.known) this.changed.fire({ run: followed.entry.view, what: new Set(['removed']) });
  }

  /** The net under the watcher: new and vanished folders, files that grew untold, engines that died. */
  private async look(): Promise<void> {
    if (this.polling) return;
    this.polling = true;
    this.polls += 1;
    try {
      for (const [project, watcher] of this.watchers) {
        if (watcher === null) this.watch(project);
        const folders = new Set(await this.list(project));
        for (const folder of folders) if (!this.followed.has(folder)) await this.read(folder, ALL_FILES);
        for (const run of this.runs(project)) if (!folders.has(run.folder)) this.remove(run.folder);
      }
      for (const [folder, { entry }] of this.followed) {
        if (entry.active) await this.read(folder, EVENTS_ONLY);
        else if (this.polls % REST_POLLS === 0) await this.read(folder, ALL_FILES);
      }
    } finally {
      this.polling = false;
    }
  }
}
