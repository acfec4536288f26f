/** What cleaning did: each rule with its count and examples. For the command line, the workbench's pages and --json. */

/** Rules in the order in which a row meets them. */
export const CLEAN_RULES = [
  'unicode', 'control', 'html', 'boilerplate', 'empty', 'pattern', 'length', 'secrets', 'contamination', 'dissimilar', 'perplexity',
  'duplicate', 'near-duplicate', 'same-problem',
  // Not a rule of cleaning: rows of a collect stage that its verification didn't keep lie in the same side file.
  'verdict',
] as const;
export type CleanRule = (typeof CLEAN_RULES)[number];

/** Rules that change a row's texts and let it go on. */
export const TEXT_RULES = ['unicode', 'control', 'html', 'boilerplate'] as const satisfies readonly CleanRule[];
export type TextRule = (typeof TEXT_RULES)[number];

export type RuleDetail = Readonly<Record<string, string | number>>;

export interface CleanExample {
  readonly id: string;
  /** 0-based, in the order of the input. */
  readonly row: number;
  /** What was taken, or the row's prompt; clipped, and secrets are masked. */
  readonly text: string;
  readonly detail: RuleDetail;
}

export interface RuleReport {
  readonly rule: CleanRule;
  /** Rows changed by it. */
  readonly changed: number;
  /** Rows kept and marked in their provenance. */
  readonly flagged: number;
  /** Rows that it took away. */
  readonly removed: number;
  readonly examples: readonly CleanExample[];
}

/** A row and the evaluation row that it holds. */
export interface ContaminationPair {
  readonly id: string;
  readonly row: number;
  readonly file: string;
  /** 1-based row of the evaluation set. */
  readonly evaluationRow: number;
  readonly by: 'n-gram' | 'minhash';
  /** Share of the evaluation row's n-grams that the row holds, or the prompts' Jaccard similarity. */
  readonly share: number;
}

export interface CleanReport {
  readonly rows: number;
  readonly kept: number;
  /** Only the rules that did something, in their order. */
  readonly rules: readonly RuleReport[];
  /** At most CONTAMINATION_PAIRS of them; the counts are in the rule. */
  readonly contamination: readonly ContaminationPair[];
  /** Which segmenter cut Chinese words; null where there was nothing to cut for. */
  readonly segmenter: 'jieba' | 'intl' | null;
  readonly seconds: number;
}
