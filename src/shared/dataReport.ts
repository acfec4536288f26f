/** What is known about a data file as a whole: numbers only; sentences and drawings are made by whoever shows them. */
import type { ReviewDecision } from './review.ts';

export interface DataReport {
  readonly format: 1;
  readonly file: string;
  readonly rows: number;
  /** In the side file of removed rows. */
  readonly removed: number;
  readonly broken: number;
  readonly lengths: LengthReport;
  readonly duplicates: DuplicateReport;
  readonly verdicts: { readonly byTask: readonly VerdictCounts[]; readonly byDifficulty: readonly VerdictCounts[] };
  readonly diversity: DiversityReport;
  /** Of the rows, as they say or by their prompts. */
  readonly languages: readonly Count[];
  /** Of the reasoning; of the answer where there is none. */
  readonly answerLanguages: readonly Count[];
  readonly findings: readonly Count[];
  readonly rules: readonly Count[];
  readonly costs: readonly CostReport[];
  readonly decisions: Readonly<Record<ReviewDecision, number>>;
  /** How many rows of the data file know each part of their life. */
  readonly provenance: readonly Count[];
}

export interface Count {
  /** Empty: none. */
  readonly name: string;
  readonly count: number;
}

export interface LengthReport {
  readonly unit: 'tokens' | 'characters';
  /** Rows that were counted: all, or a random sample of them. */
  readonly counted: number;
  readonly parts: readonly LengthPart[];
  /** data.maxLength; null without a recipe or where lengths are characters. */
  readonly limit: number | null;
  /** Rows of those counted that are longer than the limit. */
  readonly cut: number;
}

export interface LengthPart {
  readonly part: 'row' | 'prompt' | 'think' | 'answer';
  readonly mean: number;
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly histogram: readonly Bin[];
}

/** Lengths from `from` up to, not including, `to`. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export interface DuplicateReport {
  /** Rows whose texts an earlier row has as well. */
  readonly exact: number;
  /** Null where it was not looked for. */
  readonly near: { readonly rows: number; readonly compared: number; readonly threshold: number } | null;
}

export interface VerdictCounts {
  readonly name: string;
  readonly right: number;
  readonly wrong: number;
  readonly unknown: number;
  /** Nobody has verified them. */
  readonly none: number;
}

export interface DiversityReport {
  /** Rows of the random sample. */
  readonly sampled: number;
  readonly words: number;
  /** Distinct n-grams over all n-grams of the sample (Li et al. 2016, section 4), n = 1, 2, 3; null without any. */
  readonly distinct: readonly (number | null)[];
  /** Jaccard similarity of the word shingles of random pairs of rows: their mean and the share above SIMILAR. */
  readonly pairs: number;
  readonly meanSimilarity: number | null;
  readonly similarPairs: number | null;
}

/** Two rows that share more of their shingles than this read alike. */
export const SIMILAR = 0.5;

export interface CostReport {
  readonly currency: string;
  readonly amount: number;
  readonly rows: number;
  /** Of rows that are neither removed nor rejected or quarantined. */
  readonly keptRows: number;
  /** The whole amount over the rows kept: what was thrown away was paid for too. Null where none is kept. */
  readonly perKeptRow: number | null;
}
