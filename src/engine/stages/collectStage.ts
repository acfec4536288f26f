/**
 * A collect stage: sources → clean → ask → verify → augment → mix → a file, streamed. Everything that can be wrong is found
 * before the first request: inputs are read to their end (what is to be asked waits in the run folder), keys and caps looked
 * at, the output's folder tried. Answers are safe as soon as they come (teacher/cache.ts); the output appears whole, at the end.
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import type { Recipe } from '../../shared/recipe.ts';
import type { CollectStage } from '../../shared/recipeCollect.ts';
import type { DataRecord } from '../../shared/record.ts';
import { withFileErrors } from '../../system/fileErrors.ts';
import { Askers } from '../collect/askers.ts';
import { Pipeline } from '../collect/pipeline.ts';
import { CollectProgress } from '../collect/progress.ts';
import { reportName, spentSince, writeReport } from '../collect/report.ts';
import { teachersOf } from '../collect/teachersOf.ts';
import { resolvePath } from '../data/paths.ts';
import { readRecords } from '../data/formats/read.ts';
import { recordWriter, type RecordWriter } from '../data/formats/write.ts';
import { messagesOf } from '../teacher/prompts.ts';
import type { Execution, Outcome } from './execute.ts';
import { warningKey, type History } from './history.ts';

/** How often orders are looked at: a stop closes every request at once. */
const POLL_MS = 250;

/** Whether a stage computes with a model of this machine: then it waits for the device like training. */
export function needsMachine(stage: CollectStage, { teachers }: Recipe): boolean {
  return stage.clean?.irrelevant?.model !== undefined || teachersOf(stage, teachers).some((name) => teachers[name]?.type === 'local');
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
    journal.event({ ...begin, state: 'end', total, reason: spent === null ? 'done' : 'budget' });
    return spent === null ? null : { outcome: 'stopped', code: spent.code, data: spent.data };
  } catch (error) {
    // Whatever it was: every request is closed before anything else is done.
    cancel.abort(error);
    if (!control.signal.aborted) throw error;
    journal.event({ ...begin, state: 'end', total: null, reason: 'stopped' });
    return { outcome: 'stopped' };
  } finally {
    clearInterval(timer);
    await work.close();
  }
}

class CollectWork {
  readonly #askers: Askers;
  readonly #pipeline: Pipeline;
  readonly #spool: string;
  #progress: CollectProgress | null = null;
  #trouble: unknown = null;

  constructor(private readonly execution: Execution, private readonly stage: CollectStage, private readonly index: number, private readonly signal: AbortSignal, { warned }: History) {
    const { run, folder, keys, machine, journal } = execution;
    const { recipe, base } = run;
    const onWarning: ConstructorParameters<typeof Askers>[0]['onWarning'] = (code, data) => {
      if (!warned.has(warningKey(code, data))) journal.event({ kind: 'warning', code, data });
    };
    this.#askers = new Askers({ recipe, base, keys, about: folder, backend: () => machine.backend(), onWarning });
    this.#pipeline = new Pipeline({ stage, recipe, base, signal, askers: this.#askers, backend: () => machine.backend(), onWarning });
    this.#spool = path.join(folder, `.questions-${String(index)}.jsonl`);
  }

  async run(): Promise<{ readonly total: number; readonly spent: DistillError | null }> {
    const { stage, execution: { run: { base, recipe }, journal } } = this;
    const to = resolvePath(base, stage.to);
    await withFileErrors(to, () => mkdir(path.dirname(to), { recursive: true }));
    // Keys, locks and ledgers of all teachers, before a row is read.
    for (const name of teachersOf(stage, recipe.teachers)) await this.#askers.asker(name);
    const before = await this.#askers.spends();
    const name = this.#pipeline.askedTeacher;
    const asker = name === null ? null : await this.#askers.asker(name);
    this.#progress = new CollectProgress(journal, this.index, () => asker?.spend() ?? null, (error) => { this.#trouble ??= error; });
    const writer = await recordWriter(to);
    try {
      this.#progress.begin('read', () => ({ done: this.#pipeline.counts.read, total: null, kept: this.#pipeline.counts.questions, cached: 0, failed: this.#pipeline.counts.broken }));
      const questions = stage.ask === undefined ? this.#pipeline.questions() : await this.#spooled();
      const rows = this.#pipeline.rest(questions, this.#progress);
      await this.#write(rows, writer);
      return await this.#finish(writer, before);
    } catch (error) {
      await writer.abandon();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#progress?.end();
    await this.#askers.close();
    await rm(this.#spool, { force: true });
  }

  /** Reads everything before anything is asked: what is wrong with the input costs nothing, and the number of questions is known. */
  async #spooled(): Promise<AsyncIterable<DataRecord>> {
    const { ask } = this.stage;
    const writer = await recordWriter(this.#spool);
    const name = this.#pipeline.askedTeacher;
    const asker = name === null ? null : await this.#askers.asker(name);
    try {
      let checked = false;
      for await (const record of this.#pipeline.questions()) {
        if (!checked && ask !== undefined && asker !== null && !asker.has(messagesOf(record, ask), ask.sampling, 0)) {
          asker.checkRoom(messagesOf(record, ask), ask.sampling);
          checked = true;
        }
        await writer.write(record);
        this.#check();
      }
      await writer.close();
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    return readRecords({ file: this.#spool, format: 'distill' }, { base: this.execution.run.base, onBroken: 'refuse', signal: this.signal });
  }

  async #write(rows: AsyncIterable<DataRecord>, writer: RecordWriter): Promise<void> {
    for await (const row of rows) {
      await writer.write(row);
      this.#pipeline.sums.take(row);
      this.#check();
    }
  }

  /** The file under its name, or, where the budget ended too early to replace a longer one, beside it; then the report. */
  async #finish(writer: RecordWriter, before: Awaited<ReturnType<Askers['spends']>>): Promise<{ readonly total: number; readonly spent: DistillError | null }> {
    const { stage, execution: { folder } } = this;
    const { spent, sums, counts } = this.#pipeline;
    this.#progress?.begin('write', () => ({ done: sums.rows, total: sums.rows, kept: sums.rows, cached: counts.ask.cached, failed: counts.ask.failed }));
    this.#progress?.tell();
    const end = sums.rows === 0 ? 'nothing' : spent === null ? 'done' : 'budget';
    if (end === 'nothing') await writer.abandon();
    else await this.#pipeline.close(writer);
    const total = this.#pipeline.total;
    await writeReport(folder, this.#pipeline.report({ end, spent: spentSince(before, await this.#askers.spends()) }));
    this.#pipeline.warn();
    if (end === 'nothing' && spent === null) throw new DistillError('collect-nothing', { stage: stage.name, file: stage.to, rows: counts.read, report: reportName(stage.name) });
    return { total, spent };
  }

  /** What could not be told of (a full disk) ends the work here. */
  #check(): void {
    if (this.#trouble !== null) throw this.#trouble;
    this.signal.throwIfAborted();
  }
}
