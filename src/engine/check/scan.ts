/** The rows of a recipe's data as the pre-flight needs them: how they are split, and the lengths of a sample of them. */
import { existsSync } from 'node:fs';
import type { DistillError } from '../../shared/messages.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { goldOf, rowEncoder } from '../data/encode.ts';
import { resolvePath } from '../data/paths.ts';
import { chooseSplits, dataFileProblems, splitFiles } from '../data/prepare.ts';
import type { Row } from '../data/row.ts';
import { promptKey, type Split } from '../data/split.ts';
import { rowsOf } from '../data/trainingRows.ts';
import type { Tokenizer } from '../model/tokenizer.ts';

/** Rows whose tokens are counted: enough to tell a share of 1 % within half a percent. Before a launch a person waits. */
const SAMPLE = { whole: 4000, quick: 400 } as const;
/** Texts of rows that both tokenizers are asked about. */
const PROBED_ROWS = 20;
/** Rows that are decoded again to see whether anything was lost. */
const RETURNED_ROWS = 200;
const SHOWN_CHARACTERS = 80;
/** Training rows with the shortest prompts, kept to be cut at other lengths. */
const SHORTEST_ROWS = 16;
/** Rows between two breaths of the event loop. */
const BREATH_ROWS = 64;

export interface SampledRow {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** Prompt, completion and end token, before anything is cut. */
  readonly tokens: number;
  readonly promptTokens: number;
  readonly think: boolean;
  /** Has an answer that a student's own can be held against. */
  readonly judgeable: boolean;
  readonly split: 'train' | 'validation';
}

export interface ScannedRows {
  /** Rows in each split. */
  readonly rows: Readonly<Record<Split, number>>;
  /** Training rows that came with a service's log-probabilities. */
  readonly said: number;
  /** Training rows left out because another file holds their prompt out. */
  readonly heldOut: number;
  /** Training rows whose prompt came before. */
  readonly repeated: number;
  /** Prompts that stand both in the validation file and in the test file. */
  readonly heldOutTwice: number;
  /** Of the training and validation rows; all of them where `exact`. */
  readonly sample: readonly SampledRow[];
  readonly exact: boolean;
  /** Whether any training row of the sample is left at the recipe's own data.maxLength and tooLong. */
  readonly anyLeft: boolean;
  /** Whether a data.maxLength leaves a training row, and refuses none: what a fix may set. Looks at the shortest rows. */
  leaves(maxLength: number): boolean;
  readonly largestId: number;
  /** Prompts of the evaluation split, each once, with the tokens of those that were counted. */
  readonly evaluation: { readonly prompts: number; readonly withoutGold: number; readonly promptTokens: readonly number[] };
  /** Prompts by split, each once: for finding near duplicates. */
  readonly prompts: Readonly<Record<'train' | 'heldOut', readonly string[]>>;
  /** Some rows as text. */
  readonly probes: readonly string[];
  /** Of the first rows counted: those that don't come back from the tokenizer, with what comes back. */
  readonly lossy: { readonly rows: number; readonly lost: readonly (readonly [text: string, back: string])[] };
}

export type Scan =
  | { readonly type: 'rows'; readonly rows: ScannedRows }
  | { readonly type: 'problems'; readonly problems: readonly DistillError[] }
  /** A file that a collect stage will write. */
  | { readonly type: 'collected'; readonly file: string; readonly stage: string };

export interface ScanOptions {
  readonly recipe: Recipe;
  readonly base: string;
  readonly tokenizer: Tokenizer;
  readonly quick: boolean;
  readonly signal: AbortSignal;
  progress(done: number, total: number): void;
}

/** Throws what rowEncoder throws, and the signal's reason. */
export async function scanRows(options: ScanOptions): Promise<Scan> {
  const { recipe, base, tokenizer, signal } = options;
  const collected = fileToCome(recipe, base, options.quick);
  if (collected !== null) return { type: 'collected', ...collected };
  const problems = await dataFileProblems({ recipe, base });
  if (problems.length > 0) return { type: 'problems', problems };

  const files = splitFiles({ recipe, base });
  const { splits, total } = await chooseSplits({ recipe, base, tokenizer }, files);
  const encoder = rowEncoder(tokenizer, { ...recipe.data, maxLength: Infinity });
  const limit = options.quick ? SAMPLE.quick : SAMPLE.whole;
  const every = Math.max(1, Math.ceil(total / limit));
  const rows: Record<Split, number> = { train: 0, validation: 0, test: 0 };
  const seen: Record<Split, Set<string>> = { train: new Set(), validation: new Set(), test: new Set() };
  const prompts = { train: [] as string[], heldOut: [] as string[] };
  const sample: SampledRow[] = [];
  const probes: string[] = [];
  const lossy = { rows: 0, lost: [] as (readonly [string, string])[] };
  const shortest: { readonly row: Row; readonly promptTokens: number }[] = [];
  const cutter = rowEncoder(tokenizer, recipe.data);
  let anyLeft = false;
  const evaluation = { prompts: 0, withoutGold: 0, promptTokens: [] as number[] };
  const ofFile = { test: new Set<string>(), validation: new Set<string>() };
  let [done, said, heldOut, repeated, heldOutTwice, largestId] = [0, 0, 0, 0, 0, 0];
  for (const origin of ['test', 'validation', 'train'] as const) {
    for await (const row of rowsOf(files[origin], recipe.data.fields)) {
      if (done % BREATH_ROWS === 0) {
        options.progress(done, total);
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
      }
      done += 1;
      const key = promptKey(row.prompt);
      if (origin !== 'train') ofFile[origin].add(key);
      if (origin === 'validation' && ofFile.test.has(key)) heldOutTwice += 1;
      const split = splits.get(key) ?? 'train';
      // As prepareData does: a prompt that another file holds out is not trained on.
      if (origin !== 'train' && split !== origin) continue;
      if (origin === 'train' && split !== 'train' && files[split].length > 0) {
        heldOut += 1;
        continue;
      }
      rows[split] += 1;
      if (split === 'train' && (row.logprobs?.length ?? 0) > 0) said += 1;
      const first = !seen[split].has(key);
      seen[split].add(key);
      if (first) prompts[split === 'train' ? 'train' : 'heldOut'].push(row.prompt);
      else if (split === 'train') repeated += 1;
      const counted = done % every === 0 || every === 1;
      if (split === recipe.evaluate.split && first) {
        evaluation.prompts += 1;
        if ((row.gold ?? row.answer) === '') evaluation.withoutGold += 1;
        if (counted) evaluation.promptTokens.push(encoder.promptIds(row).length);
      }
      if (split === 'test' || !counted) continue;
      const encoded = encoder.encode(row);
      if (encoded.type !== 'row') continue;
      const { ids, promptLength } = encoded.row;
      for (const id of ids) largestId = Math.max(largestId, id);
      sample.push({ file: row.file, line: row.line + 1, tokens: ids.length, promptTokens: promptLength, think: row.think !== '', judgeable: (goldOf(row) ?? '').trim() !== '', split });
      if (split === 'train') {
        anyLeft ||= ids.length <= recipe.data.maxLength || (recipe.data.tooLong === 'cut' && cutter.encode(row).type === 'row');
        keepShortest(shortest, { row, promptTokens: promptLength });
      }
      if (probes.length < PROBED_ROWS && split === 'train') probes.push(tokenizer.decode([...ids]));
      if (lossy.rows < RETURNED_ROWS) {
        lossy.rows += 1;
        const lost = lostPart([row.prompt, row.answer], tokenizer.decode([...ids], { special: true }));
        if (lost !== null) lossy.lost.push(lost);
      }
    }
  }
  options.progress(total, total);
  const leaves = (maxLength: number): boolean => {
    const lengths = sample.filter((each) => each.split === 'train').map(({ tokens }) => tokens);
    switch (recipe.data.tooLong) {
      case 'refuse': return sample.every(({ tokens }) => tokens <= maxLength);
      case 'drop': return lengths.some((tokens) => tokens <= maxLength);
      case 'cut': {
        const shorter = rowEncoder(tokenizer, { ...recipe.data, maxLength });
        return lengths.some((tokens) => tokens <= maxLength) || shortest.some(({ row }) => shorter.encode(row).type === 'row');
      }
    }
  };
  return { type: 'rows', rows: { rows, said, heldOut, repeated, heldOutTwice, sample, exact: every === 1, anyLeft, leaves, largestId, evaluation, prompts, probes, lossy } };
}

function keepShortest(kept: { readonly row: Row; readonly promptTokens: number }[], next: { readonly row: Row; readonly promptTokens: number }): void {
  if (kept.length >= SHORTEST_ROWS && next.promptTokens >= (kept.at(-1)?.promptTokens ?? 0)) return;
  kept.push(next);
  kept.sort((a, b) => a.promptTokens - b.promptTokens);
  kept.length = Math.min(kept.length, SHORTEST_ROWS);
}

/** A data file that a collect stage writes and that is not there yet; before a launch, which writes it anew, whether or not. */
function fileToCome(recipe: Recipe, base: string, launch: boolean): { readonly file: string; readonly stage: string } | null {
  for (const stage of recipe.stages) {
    if (stage.type !== 'collect') continue;
    const named = [recipe.data.train, recipe.data.validation, recipe.data.test].flat().includes(stage.to);
    if (named && (launch || !existsSync(resolvePath(base, stage.to)))) return { file: stage.to, stage: stage.name };
  }
  return null;
}

/** The first of a row's texts that is not in what its tokens say, with that; null: all are. Spaces and forms may change. */
function lostPart(texts: readonly string[], decoded: string): readonly [string, string] | null {
  const plain = (text: string): string => text.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, '');
  const whole = plain(decoded);
  const lost = texts.find((text) => !whole.includes(plain(text)));
  return lost === undefined ? null : [lost.slice(0, SHOWN_CHARACTERS), decoded.slice(0, SHOWN_CHARACTERS)];
}
