/**
 * Drives a sweep: its runs one after another, each an engine of its own. Everything that it knows it finds in the folders: a
 * sweeper that was killed is followed by another that takes up the run that goes on, resumes the one that was interrupted and
 * makes those that are missing.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseEvent } from '../shared/events.ts';
import { DistillError, sentence } from '../shared/messages.ts';
import { shortNumber } from '../shared/numbers.ts';
import type { Recipe } from '../shared/recipe.ts';
import { RUN_FILES } from '../shared/run.ts';
import { goalOf, planSweep, recipesOf, type PlannedRun } from '../shared/sweepPlan.ts';
import { isBetterHigher } from '../shared/metrics.ts';
import { judge, type CurvePoint } from '../shared/sweepRule.ts';
import { readLock, tryLock } from '../system/lockFile.ts';
import { isAlive } from '../system/processIdentity.ts';
import { followRun, readRun } from './followRun.ts';
import { resumeRun, startRun, type EngineProgram, type Starting } from './launcher.ts';
import { giveOrder, readOrders } from './orders.ts';
import { stopRun } from './stop.ts';
import { SweepCurve } from './sweepCurve.ts';
import { projectOfSweep, readSweepFile, runsOfSweep, SWEEP_FILES, writeSweepEnd, type SweepEnd, type SweepFile } from './sweepFolder.ts';
import { rowStatus } from './sweepView.ts';
import type { RunView } from './view.ts';
import { isActive } from './status.ts';

export interface SweepOptions {
  /** Only these places of the sweep; default all. */
  readonly only?: ReadonlySet<number> | null;
  /** Aborted: the run at work is stopped in order, and the sweep with it. */
  readonly signal?: AbortSignal;
  /** False: beside other runs, also where the sweep was made to wait for the device. */
  readonly queue?: boolean;
  /** No longer wait for the orderly end. */
  readonly hurry?: AbortSignal;
  /** A run of it is taken up (again), or has ended. */
  readonly onRun?: (index: number, folder: string, ended: RunView | null) => void;
}

/** All of so many runs failed before anything was measured: the rest would as well. */
const FAILED_AT_FIRST = 2;

/**
 * Resolves when the sweep is through, or was stopped. Throws DistillError `sweep-busy`, `sweep-not-found`, `sweep-unreadable`,
 * or of the file system.
 */
export async function runSweep(folder: string, engine: EngineProgram, options: SweepOptions = {}): Promise<SweepEnd['outcome']> {
  const file = await readSweepFile(folder);
  const attempt = await tryLock(path.join(folder, SWEEP_FILES.lock), { about: folder });
  if (attempt.type === 'taken') throw new DistillError('sweep-busy', { sweep: file.id, pid: attempt.holder.pid, host: attempt.holder.host });
  const release = (): void => attempt.lock.releaseSync();
  process.once('exit', release);
  try {
    await writeSweepEnd(folder, null);
    const end = await new Sweeper(folder, file, engine, options).run();
    await writeSweepEnd(folder, end);
    return end.outcome;
  } finally {
    process.off('exit', release);
    await attempt.lock.release();
  }
}

type End = Omit<SweepEnd, 'format' | 'at'>;

class Sweeper {
  readonly #project: string;
  readonly #startedAt = Date.now();
  readonly #recipes: readonly Recipe[];
  readonly #planned: readonly PlannedRun[];
  /** Curves of the runs that are complete, for the stopping rule. */
  readonly #complete: (readonly CurvePoint[])[] = [];
  /** Since the beginning: runs that failed before they had measured anything. */
  #failedAtFirst = 0;
  #measured = false;

  constructor(private readonly folder: string, private readonly file: SweepFile, private readonly engine: EngineProgram, private readonly options: SweepOptions) {
    const plan = planSweep(file.recipe, file.sweep, file.seed);
    this.#project = projectOfSweep(folder);
    this.#planned = plan.runs;
    this.#recipes = recipesOf(file.recipe, plan).recipes;
  }

  async run(): Promise<End> {
    const { only = null } = this.options;
    const runs = await runsOfSweep(this.#project, this.file.id);
    for (const folder of runs.values()) await this.#remember(folder);
    for (const planned of this.#planned) {
      if (only !== null && !only.has(planned.index)) continue;
      if (await this.#stopAsked()) return { outcome: 'stopped' };
      const ended = await this.#one(planned, runs.get(planned.index));
      if (ended instanceof DistillError) {
        this.#failedAtFirst += 1;
        if (!this.#measured && this.#failedAtFirst >= FAILED_AT_FIRST) return { outcome: 'failed', code: 'sweep-none-ran', data: { count: this.#failedAtFirst, detail: sentence(ended.code, ended.data, 'en') } };
        continue;
      }
      if (ended === null) continue;
      if (await this.#stopAsked()) return { outcome: 'stopped' };
      if (ended.facts.step > 0) this.#measured = true;
      else if (ended.status === 'failed') this.#failedAtFirst += 1;
      if (!this.#measured && this.#failedAtFirst >= FAILED_AT_FIRST) {
        const { ended: last } = ended.facts;
        return { outcome: 'failed', code: 'sweep-none-ran', data: { count: this.#failedAtFirst, detail: last?.code === undefined ? '' : sentence(last.code, last.data ?? {}, 'en') } };
      }
    }
    return { outcome: 'done' };
  }

  /** Makes, resumes or follows one run to its end; null where there is nothing to do, an error where none came up. */
  async #one(planned: PlannedRun, known: string | undefined): Promise<RunView | DistillError | null> {
    const queue = (this.options.queue ?? true) && this.file.queue;
    const starting: Starting = { queue, ...(this.options.hurry === undefined ? {} : { hurry: this.options.hurry }) };
    try {
      let folder = known;
      if (folder === undefined) {
        const { file } = this;
        const recipe = this.#recipes[planned.index];
        if (recipe === undefined) return null;
        ({ folder } = await startRun({
          project: this.#project, recipePath: file.recipePath, recipe, queue, versions: file.versions,
          sweep: { id: file.id, index: planned.index, setting: planned.setting, values: planned.values },
        }, this.engine, starting));
      } else {
        const view = await readRun(folder);
        if (['done', 'stopped-behind'].includes(rowStatus(view))) return null;
        if (!isActive(view.status)) {
          // What a gate has ended is an answer, and no other comes of asking again.
          if (!view.resumable) return null;
          await resumeRun(folder, this.engine, starting);
        }
      }
      this.options.onRun?.(planned.index, folder, null);
      const ended = await this.#follow(folder);
      this.options.onRun?.(planned.index, folder, ended);
      await this.#remember(folder, ended);
      return ended;
    } catch (error) {
      if (error instanceof DistillError) return error;
      throw error;
    }
  }

  async #follow(folder: string): Promise<RunView> {
    const { stopEarly } = this.file.sweep;
    const metric = stopEarly?.metric ?? this.file.sweep.metric;
    const curve = new SweepCurve(metric);
    let [stopping, behind] = [false, false];
    return followRun(folder, {
      onEvent: async (event) => {
        if (!curve.take(event) || stopEarly === undefined || behind || event.kind !== 'metric') return;
        const { totalSteps } = await readRun(folder);
        if (totalSteps === null) return;
        const goal = stopEarly.metric === undefined ? goalOf(this.file.sweep) : isBetterHigher(metric) ? 'max' : 'min';
        const verdict = judge({ goal, after: stopEarly.after, runs: stopEarly.runs }, curve.points(totalSteps), this.#complete);
        // At its last step there is nothing left to save.
        if (!verdict.behind || event.step >= totalSteps) return;
        behind = true;
        await giveOrder(folder, 'stop', { code: 'stopped-behind', data: { step: event.step, metric, best: shortNumber(verdict.best ?? NaN), median: shortNumber(verdict.median ?? NaN) } });
      },
      onLook: async () => {
        if (stopping || !(await this.#stopAsked())) return;
        stopping = true;
        await stopRun(folder, this.options.hurry === undefined ? {} : { hurry: this.options.hurry });
      },
    });
  }

  /** Keeps the curve of a run that went through. */
  async #remember(folder: string, known?: RunView): Promise<void> {
    const { stopEarly, metric } = this.file.sweep;
    const view = known ?? await readRun(folder).catch(() => null);
    if (view === null) return;
    if (view.facts.step > 0) this.#measured = true;
    if (stopEarly === undefined || view.status !== 'done') return;
    const curve = new SweepCurve(stopEarly.metric ?? metric);
    await eachEvent(folder, curve);
    this.#complete.push(curve.points(view.totalSteps ?? view.facts.step));
  }

  async #stopAsked(): Promise<boolean> {
    if (this.options.signal?.aborted === true) return true;
    return (await readOrders(this.folder)).some(({ order, at }) => order === 'stop' && at >= this.#startedAt);
  }
}

async function eachEvent(folder: string, curve: SweepCurve): Promise<void> {
  for (const line of (await readFile(path.join(folder, RUN_FILES.events), 'utf8')).split('\n')) {
    const parsed = parseEvent(line);
    if (parsed.type === 'event') curve.take(parsed.event);
  }
}

/** Asks whoever drives the sweep to stop it and the run at work, in order. False where nobody drives it. */
export async function stopSweep(folder: string): Promise<boolean> {
  const holder = await readLock(path.join(folder, SWEEP_FILES.lock));
  if (holder === null || (await isAlive(holder)) === 'dead') return false;
  await giveOrder(folder, 'stop');
  return true;
}
