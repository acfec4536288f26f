/** A recipe's files as rows to train on, rows to validate on and prompts to evaluate on. */
import type { MessageData } from '../../shared/events.ts';
import { DistillError, type WarningCode } from '../../shared/messages.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { reviewFileOf } from '../../shared/review.ts';
import { Random } from '../model/random.ts';
import { idsByBytes } from '../model/tokenBytes.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import type { EncodedRow, EvaluationRow } from './contract.ts';
import { goldOf, rowEncoder, type RowEncoder } from './encode.ts';
import { checkReadings, otherReading, type OtherReader } from './otherReading.ts';
import { resolvePath } from './paths.ts';
import type { Row } from './row.ts';
import { saidTokens } from './saidTokens.ts';
import { promptKey, splitPrompts, type Split } from './split.ts';
import type { Template } from './template.ts';
import { RowNotes, rowsOf, type Consumed, type RecordRow } from './trainingRows.ts';

export interface PreparedData {
  readonly train: readonly EncodedRow[];
  readonly validation: readonly EncodedRow[];
  /** Of the recipe's evaluation split, chosen by the seed. */
  readonly evaluation: readonly EvaluationRow[];
  readonly template: Template;
  readonly shares: DataShares;
  readonly consumed: Consumed;
}

export interface DataShares {
  readonly rows: number;
  readonly cut: number;
  readonly dropped: number;
  /** Training rows left out because their prompt is held out in another file. */
  readonly heldOut: number;
}

export interface PrepareOptions {
  readonly recipe: Pick<Recipe, 'data' | 'evaluate' | 'seed'>;
  /** The folder that the recipe's paths are relative to. */
  readonly base: string;
  readonly tokenizer: Tokenizer;
  /** Teachers with tokenizers of their own, by whose tokens the rows are read as well. */
  readonly others?: readonly OtherReader[];
  /** Where a stage learns from the log-probabilities in the data: how many it keeps at each position. */
  readonly said?: number | null;
  /** Called now and then between rows; what it throws ends the work. */
  readonly onProgress?: (done: number, total: number) => void | Promise<void>;
  readonly onWarning?: (code: WarningCode, data: MessageData) => void;
}

/** Rows between two calls of onProgress: some hundred milliseconds of encoding. */
const PROGRESS_ROWS = 100;

/**
 * Reads the files twice: once to decide which prompts are held out, once to encode. So memory holds the ids only.
 * Throws DistillError `data-…`, `path-escapes`, and those of rowEncoder.
 */
export async function prepareData(options: PrepareOptions): Promise<PreparedData> {
  const { recipe: { data, evaluate, seed }, tokenizer } = options;
  const encoder = rowEncoder(tokenizer, data);
  const others = (options.others ?? []).map((other) => [other.name, otherReading(tokenizer, data, other)] as const);
  const said = options.said === null || options.said === undefined ? null : { tokenizer, ids: await idsByBytes(tokenizer.folder), k: Math.min(options.said, tokenizer.vocabSize - 1) };
  const files = splitFiles(options);
  const notes = new RowNotes();
  const { splits, total } = await chooseSplits(options, files, notes);
  notes.take();
  const encoded: Record<Split, EncodedRow[]> = { train: [], validation: [], test: [] };
  const asked: RecordRow[] = [];
  let [done, cut, dropped, heldOut] = [0, 0, 0, 0];
  for (const [origin, paths] of Object.entries(files) as [Split, readonly string[]][]) {
    for await (const row of rowsOf(paths, data.fields, notes)) {
      if (done % PROGRESS_ROWS === 0) await options.onProgress?.(done, total);
      done += 1;
      const split = splits.get(promptKey(row.prompt)) ?? 'train';
      // A prompt that another file holds out is not trained on; within the file its own split counts.
      if (origin !== 'train' && split !== origin) continue;
      if (origin === 'train' && split !== 'train' && files[split].length > 0) {
        heldOut += 1;
        notes.add(row.file, row.number, 'heldOut');
        continue;
      }
      if (split === evaluate.split) asked.push(row);
      if (split === 'test') {
        notes.add(row.file, row.number, 'test');
        continue;
      }
      const outcome = encoder.encode(row);
      if (outcome.type === 'dropped') {
        dropped += 1;
        notes.add(row.file, row.number, 'dropped');
        continue;
      }
      notes.add(row.file, row.number, split);
      if (!outcome.row.ended) {
        cut += 1;
        notes.add(row.file, row.number, 'cut');
      }
      const readings = Object.fromEntries(others.map(([name, read]) => [name, read(row, outcome.row)]));
      const tokens = said === null ? null : saidTokens(said, row, outcome.row);
      encoded[split].push({ ...outcome.row, ...(others.length === 0 ? {} : { readings }), ...(tokens === null ? {} : { said: tokens }) });
    }
  }
  await options.onProgress?.(total, total);
  const rows = encoded.train.length + encoded.validation.length + dropped;
  const shares = { rows, cut, dropped, heldOut };
  if (encoded.train.length === 0) {
    // Where nothing was too long, the length limit is not to blame.
    throw dropped === 0 && heldOut > 0 ? new DistillError('data-all-held-out', { heldOut }) : new DistillError('data-nothing-left', { rows, dropped, limit: data.maxLength });
  }
  const warning = options.onWarning ?? (() => undefined);
  warn(shares, data.maxLength, warning);
  warnOfReview(notes, warning);
  for (const other of options.others ?? []) checkReadings(other, [...encoded.train, ...encoded.validation], warning);
  const drawn = chosen(asked, evaluate.rows, seed);
  for (const { file, number } of drawn) notes.add(file, number, 'evaluated');
  return {
    train: encoded.train, validation: encoded.validation, evaluation: drawn.map((row) => evaluationRow(row, encoder)), template: encoder.template, shares,
    consumed: notes.consumed(options.base),
  };
}

/**
 * The first mistake of every data file, where prepareData stops at the first of all. Throws DistillError `path-escapes`
 * and those of the file system.
 */
export async function dataFileProblems(options: Pick<PrepareOptions, 'recipe' | 'base'>): Promise<readonly DistillError[]> {
  const problems: DistillError[] = [];
  for (const paths of Object.values(splitFiles(options))) {
    let [rows, wrong] = [0, 0];
    for (const file of new Set(paths)) {
      try {
        const read = rowsOf([file], options.recipe.data.fields);
        while ((await read.next()).done !== true) rows += 1;
      } catch (error) {
        if (!(error instanceof DistillError)) throw error;
        problems.push(error);
        wrong += 1;
      }
    }
    const [first] = paths;
    if (first !== undefined && rows === 0 && wrong === 0) problems.push(new DistillError('data-file-empty', { file: first }));
  }
  return problems;
}

export type SplitFiles = Readonly<Record<Split, readonly string[]>>;

export function splitFiles({ recipe: { data }, base }: Pick<PrepareOptions, 'recipe' | 'base'>): SplitFiles {
  const files = (value: string | number | readonly string[] | undefined): readonly string[] =>
    (typeof value === 'string' ? [value] : Array.isArray(value) ? value as readonly string[] : []).map((each) => resolvePath(base, each));
  // Held-out files first: their prompts are known before a training row is looked at.
  return { test: files(data.test), validation: files(data.validation), train: files(data.train) };
}

export async function chooseSplits({ recipe: { data, seed } }: PrepareOptions, files: SplitFiles, notes: RowNotes | null = null): Promise<{ readonly splits: ReadonlyMap<string, Split>; readonly total: number }> {
  const keys: Record<Split, string[]> = { test: [], validation: [], train: [] };
  for (const split of ['test', 'validation', 'train'] as const) {
    for await (const row of rowsOf(files[split], data.fields, notes)) keys[split].push(promptKey(row.prompt));
    for (const file of files[split]) if (keys[split].length === 0) throw new DistillError('data-file-empty', { file });
  }
  const share = (value: string | number | undefined): number => typeof value === 'number' ? value : 0;
  const fixed = new Map<string, Split>([...keys.validation.map((key) => [key, 'validation'] as const), ...keys.test.map((key) => [key, 'test'] as const)]);
  const free = keys.train.filter((key) => !fixed.has(key));
  const splits = new Map([...splitPrompts(free, { validation: share(data.validation), test: share(data.test) }, seed), ...fixed]);
  return { splits, total: keys.train.length + keys.validation.length + keys.test.length };
}

/** Prompts to evaluate on: one of each, a sample by the seed, in the order of the file. */
function chosen(rows: readonly RecordRow[], count: number, seed: number): readonly RecordRow[] {
  const unique = [...new Map(rows.map((row) => [promptKey(row.prompt), row])).values()];
  const random = new Random(seed, 'evaluation');
  const drawn = unique.map((row, index) => ({ row, index, lot: random.uniform() })).sort((a, b) => a.lot - b.lot).slice(0, count).sort((a, b) => a.index - b.index);
  return drawn.map(({ row }) => row);
}

function evaluationRow(row: Row, encoder: RowEncoder): EvaluationRow {
  return {
    example: `${String(row.line + 1)}`,
    prompt: row.prompt, promptIds: encoder.promptIds(row),
    gold: goldOf(row),
    reference: { think: row.think, answer: row.answer },
  };
}

function warnOfReview({ review }: RowNotes, warning: (code: WarningCode, data: MessageData) => void): void {
  if (review.left > 0 || review.edited > 0) warning('data-rows-reviewed', { left: review.left, edited: review.edited });
  for (const [file, count] of review.unmatched) warning('data-review-unmatched', { file: reviewFileOf(file), count });
}

function warn({ rows, cut, dropped, heldOut }: DataShares, limit: number, warning: (code: WarningCode, data: MessageData) => void): void {
  const percent = (part: number): string => `${(100 * part / Math.max(1, rows)).toFixed(1)}%`;
  if (cut > 0) warning('data-rows-cut', { cut, rows, share: percent(cut), limit });
  if (dropped > 0) warning('data-rows-dropped', { dropped, rows, share: percent(dropped), limit });
  if (heldOut > 0) warning('data-rows-held-out', { heldOut });
}
