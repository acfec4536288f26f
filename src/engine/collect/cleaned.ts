/**
 * Cleaning within a collect stage. Without a teacher all rules meet the rows at once. With one they meet them twice: what is
 * about the question (duplicates, contamination, relevance) before it is paid for, what is about the trace (its length) when
 * it is there, and what is about texts (Unicode, HTML, secrets …) both times. Answers that are the same to the letter go as
 * well: a teacher may give one answer to several samples. Answers that are only similar stay: several ways to tell one
 * solution are what samples are for.
 */
import type { CleanReport } from '../../shared/cleanReport.ts';
import type { Recipe } from '../../shared/recipe.ts';
import type { CleanRecipe, CollectStage } from '../../shared/recipeCollect.ts';
import type { DataRecord } from '../../shared/record.ts';
import type { Backend } from '../backend/contract.ts';
import { cleanRecords, type CleanProgress } from '../data/clean/clean.ts';
import { openRelevance } from '../data/clean/relevance.ts';
import type { SideSink } from '../data/clean/removed.ts';
import { resolvePath } from '../data/paths.ts';
import { loadTokenizer } from '../model/tokenizer.ts';
import { tokenizerOf } from '../stages/models.ts';

export interface CleanedOptions {
  readonly recipe: Recipe;
  readonly base: string;
  readonly signal: AbortSignal;
  readonly removed: SideSink;
  /** Where rows may wait; by default the system's folder for temporary files. */
  readonly scratch?: string;
  /** See CleanContext. */
  readonly firstStays?: boolean;
  readonly backend: () => Promise<Backend>;
  readonly onProgress: (progress: CleanProgress) => void;
  readonly onReport: (report: CleanReport) => void;
}

/** The rules that meet the rows as they come in. */
export function questionRules(clean: CleanRecipe, ask: CollectStage['ask']): CleanRecipe {
  return ask === undefined ? clean : { ...clean, length: { min: 0 } };
}

/** The rules that meet the teacher's answers. */
export function answerRules(clean: CleanRecipe): CleanRecipe {
  return { ...clean, duplicates: clean.duplicates === 'keep' ? 'keep' : 'exact', sameProblem: false, contamination: [], irrelevant: undefined };
}

/** Whether these rules compute with a model. */
export function needsModel({ irrelevant }: CleanRecipe): boolean {
  return irrelevant?.maxPerplexity !== undefined || irrelevant?.minSimilarity !== undefined;
}

/** Throws what cleanRecords throws, and what loading the student's tokenizer or the rules' model throws. */
export async function* cleanedRecords(records: AsyncIterable<DataRecord>, rules: CleanRecipe, { recipe, base, backend, ...options }: CleanedOptions): AsyncGenerator<DataRecord> {
  const limited = rules.length.max !== undefined || rules.length.min > 0;
  const tokenizer = limited ? await loadTokenizer(resolvePath(base, tokenizerOf(recipe))) : undefined;
  const relevance = needsModel(rules) ? await openRelevance(rules.irrelevant, { base, backend: await backend() }) : null;
  try {
    yield* cleanRecords(records, rules, { base, tokenizer, relevance: relevance ?? undefined, ...options });
  } finally {
    relevance?.dispose();
  }
}
