/** The sweeps of the projects whose runs a store follows: a cache of their folders, told anew when a run of theirs changes. */
import { DistillError } from '../shared/messages.ts';
import type { SweepStatus } from '../shared/sweepPanel.ts';
import { Emitter, type Disposable, type Listen } from './emitter.ts';
import type { RunStore } from './store.ts';
import { listSweeps, projectOfSweep, readSweepFile, type SweepEnd, type SweepFile } from './sweepFolder.ts';
import { standingOf } from './sweepStatus.ts';
import { sweepViewOf, type SweepView } from './sweepView.ts';

/** Folders that come and go, and drivers that die, are seen this often; a run's news are told at once. */
const POLL_MS = 1000;
/** Sweeps at rest are looked at in every so many polls: another window may resume one. */
const REST_POLLS = 5;

interface Followed {
  readonly file: SweepFile;
  status: SweepStatus;
  end: SweepEnd | null;
}

export interface SweepStoreOptions {
  readonly store: Pick<RunStore, 'runs' | 'onDidChange' | 'ready'>;
  readonly projects: () => readonly string[];
  readonly onTrouble: (error: unknown) => void;
}

export class SweepStore implements Disposable {
  readonly #followed = new Map<string, Followed>();
  readonly #changed = new Emitter<string>();
  readonly #options: SweepStoreOptions;
  readonly #listening: Disposable;
  readonly #timer: NodeJS.Timeout;
  readonly #unreadable = new Set<string>();
  #polls = 0;
  #looking: Promise<void> | null = null;

  /** The folder of a sweep that came, went, or changed. */
  readonly onDidChange: Listen<string> = this.#changed.event;

  constructor(options: SweepStoreOptions) {
    this.#options = options;
    this.#listening = options.store.onDidChange(({ run, what }) => {
      const id = run.run?.sweep?.id;
      if (id === undefined || [...what].every((each) => each === 'none' || each === 'beat' || each === 'trace')) return;
      for (const [folder, { file }] of this.#followed) if (file.id === id && projectOfSweep(folder) === run.project) this.#changed.fire(folder);
    });
    this.#timer = setInterval(() => void this.look(), POLL_MS);
    this.#timer.unref();
    void this.look();
  }

  /** The newest first. */
  folders(project?: string): readonly string[] {
    const all = [...this.#followed].filter(([folder]) => project === undefined || projectOfSweep(folder) === project);
    return all.sort(([, a], [, b]) => b.file.createdAt - a.file.createdAt).map(([folder]) => folder);
  }

  get(folder: string): SweepView | undefined {
    const followed = this.#followed.get(folder);
    if (followed === undefined) return undefined;
    const project = projectOfSweep(folder);
    return sweepViewOf({ folder, project, ...followed, runs: this.#options.store.runs(project) });
  }

  /** The sweep that a run belongs to, where its folder is there. */
  ofRun(project: string, id: string | undefined): string | undefined {
    if (id === undefined) return undefined;
    return [...this.#followed.keys()].find((folder) => this.#followed.get(folder)?.file.id === id && projectOfSweep(folder) === project);
  }

  /** Looks at the folders now; calls that come meanwhile wait for the same look. */
  look(): Promise<void> {
    this.#looking ??= this.#look().catch(this.#options.onTrouble).finally(() => { this.#looking = null; });
    return this.#looking;
  }

  async #look(): Promise<void> {
    this.#polls += 1;
    const there = new Set((await Promise.all(this.#options.projects().map((project) => listSweeps(project)))).flat());
    for (const folder of this.#followed.keys()) {
      if (there.has(folder)) continue;
      this.#followed.delete(folder);
      this.#changed.fire(folder);
    }
    for (const folder of there) {
      const known = this.#followed.get(folder);
      const rests = known !== undefined && known.status !== 'running' && known.status !== 'stopping';
      if (rests && this.#polls % REST_POLLS !== 0) continue;
      const file = known?.file ?? await this.#read(folder);
      if (file === null) continue;
      const standing = await standingOf(folder, file);
      this.#followed.set(folder, { file, ...standing });
      if (known?.status !== standing.status || known.end?.at !== standing.end?.at) this.#changed.fire(folder);
    }
  }

  /** What can't be read is told once. */
  async #read(folder: string): Promise<SweepFile | null> {
    try {
      return await readSweepFile(folder);
    } catch (error) {
      if (!(error instanceof DistillError)) throw error;
      if (!this.#unreadable.has(folder)) this.#options.onTrouble(error);
      this.#unreadable.add(folder);
      return null;
    }
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#listening.dispose();
    this.#changed.dispose();
  }
}
