/**
 * A collect stage: sources → clean → ask → verify → augment → mix → a file, streamed. Everything that can be wrong is found
 * before the first request: inputs are read to their end (what is to be asked waits in the run folder), keys and caps looked
 * at, the output's folder tried. Answers are safe as soon as they come (teacher/cache.ts); the output appears whole, at the end.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Spend } from '../../shared/events.ts';
import { DistillError } from '../../shared/messages.ts';
import type { Recipe } from '../../shared/recipe.ts';
import type { CollectStage } from '../../shared/recipeCollect.ts';
import type { DataRecord } from '../../shared/record.ts';
import { Askers } from '../collect/askers.ts';
import { needsModel } from '../collect/cleaned.ts';
import { Outputs } from '../collect/outputs.ts';
import { Pipeline } from '../collect/pipeline.ts';
import { CollectProgress, type CollectNumbers } from '../collect/progress.ts';
import { reportName, spentSince, writeReport } from '../collect/report.ts';
import { teachersOf } from '../collect/teachersOf.ts';
import { resolvePath } from '../data/paths.ts';
import { readRecords } from '../data/formats/read.ts';
import { recordWriter } from '../data/formats/write.ts';
import type { OpenAsker } from '../teacher/asker.ts';
import { messagesOf } from '../teacher/prompts.ts';
import type { Execution, Outcome } from './execute.ts';
import { warningKey, type History } from './history.ts';

/** How often orders are looked at: a stop closes every request at once. */
const POLL_MS = 250;

/** Whether a stage computes with a model of this machine: then it waits for the device like training. */
export function needsMachine(stage: CollectStage, { teachers }: Recipe): boolean {
  return (stage.clean !== undefined && needsModel(stage.clean)) || teachersOf(stage, teachers).some((name) => teachers[name]?.type === 'local');
}

/** Null when the stage is done and the next one may begin. Throws DistillError, and what libraries throw. */
export async function runCollectStage(execution: Execution, stage: CollectStage, index: number, history: History): Promise<Outcome | null> {
  const { journal, control } = execution;
  const begin = { kind: 'stage', stage: index, name: stage.name, type: stage.type } as const;
  if (control.stopped()) return { outcome: 'stopped' };
  journal.event({ ...begin, state: 'begin', total: null });
  const cancel = new AbortController();
  const signal = AbortSignal.any([control.signal, cancel.signal]);
  const timer = setInterval(() => { control.stopped(); }, POLL_MS);
  const work = new CollectWork(execution, stage, index, signal, history);
  try {
    const { total, spent } = await work.run();
    await work.close();
    journal.event({ ...begin, state: 'end', total, reason: spent === null ? 'done' : 'budget' });
    return spent === null ? null : { outcome: 'stopped', code: spent.code, data: spent.data };
  } catch (error) {
    // Whatever it was: every request is closed before anything else is done.
    cancel.abort(error);
    if (!control.signal.aborted) throw error;
    // Requests that the stop has cut off count at their worst case: the last word of the spend comes after them.
    await work.close();
    journal.event({ ...begin, state: 'end', total: work.told?.total ?? null, reason: 'stopped' });
    return { outcome: 'stopped' };
  } finally {
    clearInterval(timer);
    await work.close();
  }
}

interface Ended {
  readonly total: number;
  /** The cap that was reached; rows are missing then. */
  readonly spent: DistillError | null;
}

class CollectWork {
  readonly #askers: Askers;
  readonly #spool: string;
  readonly #onWarning: ConstructorParameters<typeof Askers>[0]['onWarning'];
  #progress: CollectProgress | null = null;
  #trouble: unknown = null;

  constructor(private readonly execution: Execution, private readonly stage: CollectStage, private readonly index: number, private readonly signal: AbortSignal, { warned }: History) {
    const { run, folder, keys, machine, journal } = execution;
    const { recipe, base } = run;
    this.#onWarning = (code, data) => {
      if (!warned.has(warningKey(code, data))) journal.event({ kind: 'warning', code, data });
    };
    this.#askers = new Askers({ recipe, base, keys, about: folder, backend: () => machine.backend(), onWarning: this.#onWarning });
    this.#spool = path.join(folder, `.questions-${String(index)}.jsonl`);
  }

  async run(): Promise<Ended> {
    const { stage, signal, execution: { run: { base, recipe }, folder, machine } } = this;
    // Keys, locks and ledgers of all teachers, before a row is read.
    for (const name of teachersOf(stage, recipe.teachers)) await this.#askers.asker(name);
    const outputs = await Outputs.begin(stage, resolvePath(base, stage.to));
    try {
      const pipeline = new Pipeline({ stage, recipe, base, signal, side: outputs.side, scratch: folder, askers: this.#askers, backend: () => machine.backend(), onWarning: this.#onWarning });
      return await this.#flow(pipeline, outputs);
    } catch (error) {
      await outputs.abandon();
      throw error;
    }
  }

  /** The numbers that were told last. */
  get told(): CollectNumbers | null {
    return this.#progress?.numbers ?? null;
  }

  /** The second time it does nothing. */
  async close(): Promise<void> {
    await this.#askers.close();
    this.#progress?.end();
    await rm(this.#spool, { force: true });
  }

  async #flow(pipeline: Pipeline, outputs: Outputs): Promise<Ended> {
    const { stage, execution: { journal } } = this;
    const before = await this.#askers.spends();
    const asker = pipeline.askedTeacher === null ? null : await this.#askers.asker(pipeline.askedTeacher);
    const progress = new CollectProgress(journal, this.index, () => asker?.spend() ?? null, (error) => { this.#trouble ??= error; });
    this.#progress = progress;
    const { counts } = pipeline;
    progress.begin(stage.clean === undefined ? 'read' : 'clean', () => ({ done: counts.read, total: null, kept: counts.questions, cached: 0, failed: counts.broken }));
    const questions = asker === null ? pipeline.questions() : await this.#spooled(pipeline, asker);
    for await (const { row, side } of pipeline.rest(questions, progress)) {
      await outputs.write(row, side);
      pipeline.sums.take(row);
      this.#check();
    }
    return this.#finish(pipeline, outputs, before);
  }

  /** Reads everything before anything is asked: what is wrong with the input costs nothing, and the number of questions is known. */
  async #spooled(pipeline: Pipeline, asker: OpenAsker): Promise<AsyncIterable<DataRecord>> {
    const { stage: { ask }, signal, execution: { run: { base } } } = this;
    const writer = await recordWriter(this.#spool);
    try {
      let roomy = false;
      for await (const record of pipeline.questions()) {
        if (!roomy && ask !== undefined && !asker.has(messagesOf(record, ask), ask.sampling, 0)) {
          asker.checkRoom(messagesOf(record, ask), ask.sampling);
          roomy = true;
        }
        await writer.write(record);
        this.#check();
      }
      await writer.close();
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    return readRecords({ file: this.#spool, format: 'distill' }, { base, onBroken: 'refuse', signal });
  }

  /** The files under their names, then the report. Nothing is written where no row is left: what was there before stays. */
  async #finish(pipeline: Pipeline, outputs: Outputs, before: readonly Spend[]): Promise<Ended> {
    const { stage, execution: { folder } } = this;
    const beside = outputs.beside().map((name) => path.posix.join(path.posix.dirname(stage.to), name));
    const { spent, sums, counts, total } = pipeline;
    const rows = { done: sums.rows, total: sums.rows, kept: sums.rows, cached: counts.ask.cached, failed: counts.ask.failed };
    this.#progress?.begin('write', () => rows);
    const end = sums.rows === 0 ? 'nothing' : spent === null ? 'done' : 'budget';
    if (end === 'nothing') await outputs.abandon();
    else {
      const previous = await outputs.close(end === 'budget');
      if (previous !== null) this.#onWarning('collect-previous-kept', { file: stage.to, rows: sums.rows, previous: path.basename(previous) });
    }
    this.#progress?.tell();
    await writeReport(folder, pipeline.report({ end, beside: end === 'nothing' ? [] : beside, spent: spentSince(before, await this.#askers.spends()) }));
    pipeline.warn();
    if (end === 'nothing' && spent === null) throw new DistillError('collect-nothing', { stage: stage.name, file: stage.to, rows: counts.read, report: reportName(stage.name) });
    return { total, spent };
  }

  /** What could not be told of (a full disk) ends the work here. */
  #check(): void {
    if (this.#trouble !== null) throw this.#trouble;
    this.signal.throwIfAborted();
  }
}
