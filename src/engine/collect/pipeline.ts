/** The parts of a collect stage behind one another, and what each of them counts. */
import type { MessageData } from '../../shared/events.ts';
import type { CleanReport } from '../../shared/cleanReport.ts';
import type { CollectReport } from '../../shared/collectReport.ts';
import { sentence, type DistillError, type WarningCode } from '../../shared/messages.ts';
import type { MixReport } from '../../shared/mixReport.ts';
import type { Recipe } from '../../shared/recipe.ts';
import type { CollectStage } from '../../shared/recipeCollect.ts';
import type { DataRecord } from '../../shared/record.ts';
import type { Backend } from '../backend/contract.ts';
import { AugmentCounts, augmentRecords } from '../data/augment/augment.ts';
import { mixRecords } from '../data/mix/mix.ts';
import { SIDES, type Side } from '../data/mix/split.ts';
import type { OpenAsker } from '../teacher/asker.ts';
import { teacherJudge } from '../verify/judge.ts';
import { hasConsent, openSandbox } from '../verify/sandbox.ts';
import { askRecords, failureData, type AskCounts } from './ask.ts';
import type { Askers } from './askers.ts';
import { answerRules, cleanedRecords, questionRules } from './cleaned.ts';
import type { CollectProgress } from './progress.ts';
import { NAMED_ROWS, OutputSums } from './report.ts';
import { newSelectCounts, selectedRecords } from './selected.ts';
import type { SideRows } from './sideRows.ts';
import { sourceRecords } from './sources.ts';
import { askedTeacher, augmentTeacher } from './teachersOf.ts';
import { newVerifyCounts, verifiedRecords } from './verified.ts';

export interface PipelineOptions {
  readonly stage: CollectStage;
  readonly recipe: Recipe;
  readonly base: string;
  readonly signal: AbortSignal;
  readonly askers: Askers;
  readonly backend: () => Promise<Backend>;
  readonly side: SideRows | null;
  /** Where rows may wait: the run folder. */
  readonly scratch: string;
  readonly onWarning: (code: WarningCode, data: MessageData) => void;
}

export class Pipeline {
  readonly sums = new OutputSums();
  readonly counts = { read: 0, broken: 0, questions: 0, ask: { done: 0, answered: 0, cached: 0, failed: 0, unasked: 0 } satisfies AskCounts as AskCounts, verify: newVerifyCounts() };
  readonly askedTeacher: string | null;
  /** The first cap that was reached; rows are missing then. */
  spent: DistillError | null = null;
  #asker: OpenAsker | null = null;
  #cleaned: CleanReport | null = null;
  #cleanedAnswers: CleanReport | null = null;
  #augmented: AugmentCounts | null = null;
  #mixed: MixReport | null = null;
  readonly #selected = newSelectCounts();
  #lastFailure: DistillError | null = null;
  readonly #failures: { id: string; code: string; detail: string }[] = [];
  readonly #brokenRows: string[] = [];

  constructor(private readonly options: PipelineOptions) {
    this.askedTeacher = askedTeacher(options.stage, options.recipe.teachers);
  }

  /** What goes on to be asked: rows read, cleaned. */
  async *questions(): AsyncGenerator<DataRecord> {
    const { stage, base, signal } = this.options;
    const rows = sourceRecords(stage, {
      base, signal,
      onBrokenRow: (broken) => {
        this.counts.broken += 1;
        if (this.#brokenRows.length < NAMED_ROWS) this.#brokenRows.push(sentence(broken.code, broken.data, 'en'));
      },
    });
    const read = counted(rows, () => { this.counts.read += 1; });
    const cleaned = stage.clean === undefined ? read : this.#clean(read, questionRules(stage.clean, stage.ask), (report) => { this.#cleaned = report; });
    yield* counted(cleaned, () => { this.counts.questions += 1; });
  }

  /** From the questions to the rows that are written, and to which of the files. */
  async *rest(questions: AsyncIterable<DataRecord>, progress: CollectProgress): AsyncGenerator<{ readonly row: DataRecord; readonly side: Side }> {
    let rows = questions;
    const { stage } = this.options;
    if (stage.ask !== undefined) {
      rows = await this.#ask(rows, stage.ask, progress);
      if (stage.clean !== undefined) rows = this.#clean(rows, answerRules(stage.clean), (report) => { this.#cleanedAnswers = report; });
    }
    if (stage.verify !== undefined) rows = await this.#verify(rows, stage.verify, progress);
    if (stage.select !== undefined) rows = selectedRecords(rows, stage.select, this.#selected);
    if (stage.augment.length > 0) rows = await this.#augment(rows, progress);
    if (stage.mix === undefined) {
      for await (const row of rows) yield { row, side: 'train' };
      return;
    }
    const { signal, scratch } = this.options;
    const mixed = await mixRecords(rows, stage.mix, { folder: scratch, signal });
    try {
      this.#mixed = mixed.report;
      for (const side of SIDES) {
        progress.begin('mix', () => ({ done: this.sums.rows, total: mixed.rows.train + mixed.rows.validation + mixed.rows.test, kept: this.sums.rows, cached: this.counts.ask.cached, failed: this.counts.ask.failed }));
        for await (const row of mixed.records(side)) yield { row, side };
      }
    } finally {
      await mixed.remove();
    }
  }

  /** Rows of the stage, as its events count them. */
  get total(): number {
    return this.options.stage.ask === undefined ? this.counts.read : this.counts.ask.done;
  }

  /** Of failures that left rows out. */
  warn(): void {
    if (this.#lastFailure !== null && this.askedTeacher !== null) this.options.onWarning('rows-not-answered', failureData(this.askedTeacher, this.counts.ask, this.#lastFailure));
  }

  report({ end, beside, spent }: Required<Pick<CollectReport, 'end' | 'beside' | 'spent'>>): CollectReport {
    const { stage } = this.options;
    const { counts, sums } = this;
    const { cost } = sums;
    return {
      format: 1, stage: stage.name, at: Date.now(), end, to: end === 'nothing' ? null : stage.to, beside,
      rows: { read: counts.read, broken: counts.broken, questions: counts.questions, written: sums.rows },
      brokenRows: this.#brokenRows,
      clean: this.#cleaned, cleanAnswers: this.#cleanedAnswers,
      ask: this.#asker === null ? null : {
        teacher: this.#asker.teacher.name, model: this.#asker.teacher.model, requests: counts.ask.done, answered: counts.ask.answered,
        cached: counts.ask.cached, failed: counts.ask.failed, unasked: counts.ask.unasked, failures: this.#failures,
      },
      verify: stage.verify === undefined ? null : counts.verify,
      ...(stage.select === undefined ? {} : { select: this.#selected }),
      augment: this.#augmented?.report() ?? null, mix: this.#mixed,
      written: {
        tokens: sums.tokens, cost, tasks: sums.tasks,
        costPerRow: Object.fromEntries(Object.entries(cost).map(([currency, amount]) => [currency, sums.rows === 0 ? 0 : amount / sums.rows])),
      },
      spent,
    };
  }

  async #ask(rows: AsyncIterable<DataRecord>, ask: NonNullable<CollectStage['ask']>, progress: CollectProgress): Promise<AsyncIterable<DataRecord>> {
    const { askers, signal } = this.options;
    const asker = await askers.asker(this.askedTeacher ?? '');
    this.#asker = asker;
    const counts = this.counts.ask;
    progress.begin('ask', () => ({ done: counts.done, total: this.counts.questions * ask.samples, kept: counts.answered, cached: counts.cached, failed: counts.failed }));
    return askRecords(rows, {
      asker, ask, signal, counts,
      onFailed: (record, error) => {
        this.#lastFailure = error;
        if (this.#failures.length < NAMED_ROWS) this.#failures.push({ id: record.id, code: error.code, detail: error.message });
      },
      onSpent: (error) => { this.spent ??= error; },
    });
  }

  async #verify(rows: AsyncIterable<DataRecord>, verify: NonNullable<CollectStage['verify']>, progress: CollectProgress): Promise<AsyncIterable<DataRecord>> {
    const { askers, signal, stage, side, onWarning } = this.options;
    const counts = this.counts.verify;
    const asker = verify.judge === undefined ? null : await askers.asker(verify.judge.teacher);
    // Proven before anything is asked; without consent code rows stay undecided.
    const sandbox = verify.code === 'sandbox' && hasConsent() ? await openSandbox() : null;
    if (verify.code === 'sandbox' && sandbox === null) onWarning('collect-code-not-allowed', { stage: stage.name });
    const verified = (): number => counts.verdicts.right + counts.verdicts.wrong + counts.verdicts.unknown;
    if (stage.ask === undefined) progress.begin('verify', () => ({ done: verified(), total: null, kept: verified() - counts.removed, cached: 0, failed: counts.unjudged }));
    return verifiedRecords(rows, {
      verify, counts, judges: asker?.concurrency() ?? 0, tools: { signal, ...(asker === null ? {} : { judge: teacherJudge(asker) }), ...(sandbox === null ? {} : { sandbox }) },
      onSpent: (error) => { this.spent ??= error; },
      onRemoved: (record) => side?.notKept(record, verified() - 1, verified() - counts.removed),
    });
  }

  async #augment(rows: AsyncIterable<DataRecord>, progress: CollectProgress): Promise<AsyncIterable<DataRecord>> {
    const { askers, recipe, signal, stage } = this.options;
    const counts = new AugmentCounts();
    this.#augmented = counts;
    const teacherOf = (augmentation: CollectStage['augment'][number]): string | null => augmentTeacher(stage, augmentation, recipe.teachers);
    const open = await Promise.all(stage.augment.flatMap((each) => { const name = teacherOf(each); return name === null ? [] : [askers.asker(name)]; }));
    if (stage.ask === undefined) progress.begin('augment', () => ({ done: counts.read, total: null, kept: counts.read + counts.made, cached: 0, failed: 0 }));
    return augmentRecords(rows, stage.augment, {
      signal, seed: recipe.seed, asker: (augmentation) => askers.asker(teacherOf(augmentation) ?? ''), onSpent: (error) => { this.spent ??= error; },
      ...(open.length === 0 ? {} : { atOnce: Math.max(...open.map((asker) => asker.concurrency())) }),
    }, counts);
  }

  #clean(rows: AsyncIterable<DataRecord>, rules: NonNullable<CollectStage['clean']>, onReport: (report: CleanReport) => void): AsyncIterable<DataRecord> {
    const { recipe, base, signal, backend, side, scratch } = this.options;
    if (side === null) throw new Error('cleaning without a side file');
    return cleanedRecords(rows, rules, { recipe, base, signal, backend, scratch, removed: side, firstStays: rules.duplicates === 'exact' && this.#asker !== null, onReport, onProgress: () => undefined });
  }
}

async function* counted(rows: AsyncIterable<DataRecord>, count: () => void): AsyncGenerator<DataRecord> {
  for await (const row of rows) {
    count();
    yield row;
  }
}
