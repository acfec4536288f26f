/**
 * Cleaning: rows through the rules of a recipe's `clean`. Rows stream as long as no rule compares them with each other; with
 * duplicates they wait in a spool (in memory, then in a scratch file), of which only fingerprints are compared.
 */
import os from 'node:os';
import { TEXT_RULES, type CleanReport, type CleanRule, type RuleDetail, type TextRule } from '../../../shared/cleanReport.ts';
import { DistillError } from '../../../shared/messages.ts';
import type { CleanRecipe } from '../../../shared/recipeCollect.ts';
import { transformed, type DataRecord } from '../../../shared/record.ts';
import type { Tokenizer } from '../../model/tokenizer.ts';
import { readRecords } from '../formats/read.ts';
import type { EvaluationQuestion } from './contamination.ts';
import { DuplicateFinder, type Duplicate } from './dedupe.ts';
import { promptPattern } from './pattern.ts';
import { inOrder, WorkPool, type PoolOptions } from './pool.ts';
import type { Relevance } from './relevance.ts';
import type { ChangedRow, SideSink } from './removed.ts';
import { ReportBuilder } from './reportBuilder.ts';
import type { RowResult, WorkOptions } from './rowWork.ts';
import { NumberSpool, Spool } from './spool.ts';
import { textsOf } from './textRules.ts';

/** Rows that go to a worker together, at most, and their characters. */
const BATCH_ROWS = 128;
const BATCH_CHARACTERS = 1 << 20;
/** What may wait in memory for the comparison: characters of texts, and bytes of shingles. */
const SPOOL_CHARACTERS = 1 << 27;
const SPOOL_BYTES = 1 << 27;
/** Characters that a record takes besides its texts. */
const RECORD_OVERHEAD = 1000;

export interface CleanProgress {
  readonly part: 'rows' | 'compare' | 'write';
  readonly done: number;
  /** Null while it isn't known. */
  readonly total: number | null;
}

export interface CleanContext {
  /** The folder that the paths of the options are relative to. */
  readonly base: string;
  /** The student's; needed for limits of length. */
  readonly tokenizer?: Tokenizer | undefined;
  /** Told everything that is taken. */
  readonly removed: SideSink;
  /** Perplexity or embeddings under a model; needed where the recipe names one (openRelevance). */
  readonly relevance?: Relevance | undefined;
  /** Called before the generator ends. */
  readonly onReport?: ((report: CleanReport) => void) | undefined;
  readonly onProgress?: ((progress: CleanProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly pool?: PoolOptions | undefined;
  /** Where rows wait; by default the system's folder for temporary files. */
  readonly scratch?: string | undefined;
  /** Of exact duplicates the first stays, not the best: rows that are only compared exactly then stream as well. */
  readonly firstStays?: boolean | undefined;
}

/** A row that has met every rule but those that compare. */
interface Entry {
  readonly record: DataRecord;
  readonly removed: Removal | null;
  readonly changed: Omit<ChangedRow, 'row' | 'kept'> | null;
}

interface Removal {
  readonly rule: CleanRule;
  readonly detail: RuleDetail;
  readonly example: string;
}

/**
 * The rows that stay, in their order. Throws DistillError `clean-…` for options that can't be met, those of reading the
 * evaluation sets, of the file system, and the signal's reason.
 */
export async function* cleanRecords(records: AsyncIterable<DataRecord>, options: CleanRecipe, context: CleanContext): AsyncGenerator<DataRecord, CleanReport> {
  const cleaning = await Cleaning.open(options, context);
  try {
    yield* cleaning.rows(records);
  } finally {
    await cleaning.close();
  }
  const report = cleaning.report();
  context.onReport?.(report);
  return report;
}

class Cleaning {
  readonly #report = new ReportBuilder();
  readonly #pool: WorkPool;
  readonly #compares: boolean;
  readonly #near: boolean;

  private constructor(private readonly options: CleanRecipe, private readonly context: CleanContext, private readonly work: WorkOptions) {
    this.#pool = new WorkPool(work, context.pool);
    this.#near = work.near;
    this.#compares = work.near || work.exact || work.sameProblem;
  }

  static async open(options: CleanRecipe, context: CleanContext): Promise<Cleaning> {
    const limited = options.length.max !== undefined || options.length.min > 0;
    if (limited && context.tokenizer === undefined) throw new DistillError('clean-needs-tokenizer', {});
    const { irrelevant } = options;
    const modelled = irrelevant?.maxPerplexity !== undefined || irrelevant?.minSimilarity !== undefined;
    if (modelled && context.relevance === undefined) throw new DistillError('clean-needs-model', {});
    return new Cleaning(options, context, {
      textRules: TEXT_RULES.filter((rule) => options[rule]),
      length: limited && context.tokenizer !== undefined ? { min: options.length.min, max: options.length.max ?? null, tokenizer: context.tokenizer.folder } : null,
      secrets: options.secrets, similarity: options.similarity, sameProblem: options.sameProblem,
      exact: options.duplicates !== 'keep', near: options.duplicates === 'near',
      questions: await readQuestions(options.contamination, context),
    });
  }

  report(): CleanReport {
    return this.#report.report(this.#pool.segmenter);
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async *rows(records: AsyncIterable<DataRecord>): AsyncGenerator<DataRecord> {
    if (!this.#compares) {
      for await (const { entry } of this.#entries(records)) {
        const kept = await this.#finish(entry, null, null);
        if (kept !== null) yield kept;
      }
      return;
    }
    if (this.context.firstStays === true && !this.#near && !this.options.sameProblem) {
      yield* this.#firstOfEach(records);
      return;
    }
    const folder = this.context.scratch ?? os.tmpdir();
    const spool = new Spool<Entry>(folder, SPOOL_CHARACTERS);
    const shingles = new NumberSpool(folder, SPOOL_BYTES);
    try {
      const finder = new DuplicateFinder({ similarity: this.options.similarity, near: this.#near }, shingles);
      const ids: string[] = [];
      for await (const { entry, result } of this.#entries(records)) {
        const { record } = entry;
        ids.push(record.id);
        finder.add(record, entry.removed === null ? result : null);
        spool.add(entry, record.prompt.length + record.think.length + record.answer.length + RECORD_OVERHEAD);
      }
      const gone = finder.find((done, total) => {
        this.context.signal?.throwIfAborted();
        this.context.onProgress?.({ part: 'compare', done, total });
      });
      let row = 0;
      for await (const entry of spool.values()) {
        const kept = await this.#finish(entry, gone.get(row) ?? null, ids);
        row += 1;
        if (row % BATCH_ROWS === 0) {
          this.context.signal?.throwIfAborted();
          this.context.onProgress?.({ part: 'write', done: row, total: spool.count });
        }
        if (kept !== null) yield kept;
      }
    } finally {
      spool.remove();
      shingles.remove();
    }
  }

  async *#firstOfEach(records: AsyncIterable<DataRecord>): AsyncGenerator<DataRecord> {
    const first = new Map<number, number>();
    const ids: string[] = [];
    for await (const { entry, result: { exact } } of this.#entries(records)) {
      const row = ids.push(entry.record.id) - 1;
      const of = entry.removed === null ? first.get(exact) : undefined;
      if (entry.removed === null && of === undefined) first.set(exact, row);
      const kept = await this.#finish(entry, of === undefined ? null : { rule: 'duplicate', of, similarity: 1 }, ids);
      if (kept !== null) yield kept;
    }
  }

  /** Every row with what the rules that look at rows one by one say, in order. */
  async *#entries(records: AsyncIterable<DataRecord>): AsyncGenerator<{ readonly entry: Entry; readonly result: RowResult }> {
    const { signal, onProgress, relevance } = this.context;
    const pattern = this.options.irrelevant?.pattern === undefined ? null : promptPattern(this.options.irrelevant.pattern);
    let row = 0;
    for await (const [batch, results] of inOrder(batches(records), this.#pool.window, (rows) => this.#pool.work(rows.map(textsOf), rows.length < BATCH_ROWS))) {
      signal?.throwIfAborted();
      const cleaned = batch.map((record, i) => cleanedRecord(record, results[i]));
      const matches = pattern?.test(cleaned.map(({ record }) => record.prompt)) ?? null;
      const judged = relevance === undefined ? null : await relevance.judge(cleaned.map(({ record }, i) => (results[i]?.removed ?? null) !== null || matches?.[i] === true ? null : record));
      for (const [i, { record, changed }] of cleaned.entries()) {
        const result = results[i];
        if (result === undefined) throw new Error(`no result for row ${String(row)}`);
        for (const { rule, taken } of result.changes) this.#report.count(rule, 'changed', { id: record.id, row, text: taken });
        if (result.flagged !== null) this.#report.count('secrets', 'flagged', { id: record.id, row, text: result.flagged.example, detail: result.flagged.detail });
        if (result.contaminated !== null) this.#tellPair(result, record.id, row);
        const removed: Removal | null = result.removed ?? (matches?.[i] === true ? { rule: 'pattern', detail: { pattern: this.options.irrelevant?.pattern ?? '' }, example: record.prompt } : null)
          ?? (judged?.[i] === null || judged?.[i] === undefined ? null : { ...judged[i], example: record.prompt });
        yield { entry: { record, removed, changed }, result };
        row += 1;
      }
      this.#report.rows = row;
      onProgress?.({ part: 'rows', done: row, total: null });
    }
  }

  #row = 0;

  /** Writes what was taken of a row; answers the record where it stays. */
  async #finish({ record, removed, changed }: Entry, duplicate: Duplicate | null, ids: readonly string[] | null): Promise<DataRecord | null> {
    const row = this.#row++;
    const removal = removed ?? (duplicate === null ? null : {
      rule: duplicate.rule, example: record.prompt,
      detail: { of: ids?.[duplicate.of] ?? '', ofRow: duplicate.of, ...(duplicate.similarity === null ? {} : { similarity: Number(duplicate.similarity.toFixed(4)) }) },
    });
    if (changed !== null) await this.context.removed.write({ ...changed, row, kept: removal === null ? this.#report.kept : null });
    if (removal === null) {
      this.#report.kept += 1;
      return record;
    }
    this.#report.count(removal.rule, 'removed', { id: record.id, row, text: removal.example, detail: removal.detail });
    await this.context.removed.write({ format: 1, kind: 'removed', rule: removal.rule, detail: removal.detail, row, keptBefore: this.#report.kept, record });
    return null;
  }

  #tellPair({ contaminated }: RowResult, id: string, row: number): void {
    const question = contaminated === null ? undefined : this.work.questions[contaminated.question];
    if (contaminated === null || question === undefined) return;
    this.#report.contaminated({ id, row, file: question.file, evaluationRow: question.row, by: contaminated.by, share: contaminated.share });
  }
}

async function* batches(records: AsyncIterable<DataRecord>): AsyncGenerator<readonly DataRecord[]> {
  let batch: DataRecord[] = [];
  let characters = 0;
  for await (const record of records) {
    batch.push(record);
    characters += record.prompt.length + record.think.length + record.answer.length;
    if (batch.length < BATCH_ROWS && characters < BATCH_CHARACTERS) continue;
    yield batch;
    [batch, characters] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

/** The record after the text rules and the flag, each of them in its provenance, and what it was before. */
function cleanedRecord(record: DataRecord, result: RowResult | undefined): { readonly record: DataRecord; readonly changed: Omit<ChangedRow, 'row' | 'kept'> | null } {
  let cleaned = record;
  let changed: Omit<ChangedRow, 'row' | 'kept'> | null = null;
  if (result !== undefined && result.texts !== null) {
    const { prompt, think, answer, gold, messages, options } = result.texts;
    const original: Record<string, unknown> = {};
    for (const [name, after] of Object.entries({ prompt, think, answer, gold })) {
      const before = record[name as 'prompt' | 'think' | 'answer' | 'gold'];
      if (before !== after) original[name] = before;
    }
    if (messages !== null && JSON.stringify(messages) !== JSON.stringify(record.messages)) original['messages'] = record.messages;
    if (options !== null && JSON.stringify(options) !== JSON.stringify(record.options)) original['options'] = record.options;
    cleaned = { ...record, prompt, think, answer, gold, ...(messages === null ? {} : { messages }), ...(options === null ? {} : { options }) };
    for (const { rule, taken } of result.changes) cleaned = transformed(cleaned, {}, rule === 'boilerplate' ? { name: `clean/${rule}`, detail: { taken } } : { name: `clean/${rule}` });
    const rules: TextRule[] = result.changes.map(({ rule }) => rule);
    changed = { format: 1, kind: 'changed', rules, id: record.id, original: original as ChangedRow['original'] };
  }
  // A row that is cleaned again is marked once.
  if (result !== undefined && result.flagged !== null && !record.provenance.transformations.some(({ name }) => name === 'clean/secrets')) cleaned = transformed(cleaned, {}, { name: 'clean/secrets', detail: result.flagged.detail });
  return { record: cleaned, changed };
}

async function readQuestions(files: readonly string[], { base, signal }: CleanContext): Promise<readonly EvaluationQuestion[]> {
  const questions: EvaluationQuestion[] = [];
  for (const file of files) {
    for await (const { prompt, provenance } of readRecords({ file, format: 'auto' }, { base, onBroken: 'refuse', ...(signal === undefined ? {} : { signal }) })) {
      questions.push({ file: provenance.source?.file ?? file, row: provenance.source?.row ?? questions.length + 1, prompt });
    }
  }
  return questions;
}
