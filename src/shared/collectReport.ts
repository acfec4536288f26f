/** reports/collect-NAME.json: what a collect stage did with its rows, and what it cost. */
import type { AugmentReport } from './augmentReport.ts';
import type { CleanReport } from './cleanReport.ts';
import type { Verdict } from './events.ts';
import type { MixReport } from './mixReport.ts';
import type { TokenUse } from './record.ts';

export interface CollectReport {
  readonly format: 1;
  readonly stage: string;
  readonly at: number;
  /** `budget`: the cap was reached, and rows are missing. */
  readonly end: 'done' | 'budget' | 'nothing';
  /** The file that was written, as the recipe names it, or the partial one beside it; null where none was. */
  readonly to: string | null;
  /** The files beside it that were written as well: held-out rows, and what was taken out. Reports of earlier versions lack it. */
  readonly beside?: readonly string[];
  readonly rows: {
    /** Rows that were read or made. */
    readonly read: number;
    /** Rows that could not be read, where the recipe leaves those out. */
    readonly broken: number;
    /** Rows that went on to be asked. */
    readonly questions: number;
    readonly written: number;
  };
  /** The first rows that could not be read, in words. */
  readonly brokenRows: readonly string[];
  /** What cleaning did with the rows that came in. */
  readonly clean: CleanReport | null;
  /** And with the answers that the teacher gave to them. */
  readonly cleanAnswers: CleanReport | null;
  readonly ask: {
    readonly teacher: string;
    readonly model: string;
    readonly requests: number;
    readonly answered: number;
    readonly cached: number;
    readonly failed: number;
    /** Not asked, because the budget was spent. */
    readonly unasked: number;
    readonly failures: readonly { readonly id: string; readonly code: string; readonly detail: string }[];
  } | null;
  readonly verify: {
    readonly verdicts: Readonly<Record<Verdict, number>>;
    readonly reasons: Readonly<Record<string, number>>;
    readonly findings: Readonly<Record<string, number>>;
    /** Left out by `keep`. */
    readonly removed: number;
    /** Not judged, because the judge's budget was spent: left out. */
    readonly unjudged: number;
  } | null;
  /** Choosing among the samples of a question, where the stage does. */
  readonly select?: {
    readonly questions: number;
    readonly rows: number;
    /** Samples that said the same as another one of their question: its weight holds theirs. */
    readonly same: number;
  };
  /** What augmenting and mixing say of themselves. */
  readonly augment: AugmentReport | null;
  readonly mix: MixReport | null;
  /** Of the rows that were written. */
  readonly written: {
    readonly tokens: TokenUse;
    /** By currency: what these rows have cost, in this run or an earlier one. */
    readonly cost: Readonly<Record<string, number>>;
    readonly costPerRow: Readonly<Record<string, number>>;
    /** Rows by task; '' where a row has none. */
    readonly tasks: Readonly<Record<string, number>>;
  };
  /** What this run has spent, answers that were not kept included, and the project so far. */
  readonly spent: readonly {
    readonly teacher: string;
    readonly currency: string | null;
    readonly tokens: number;
    readonly money: number | null;
    readonly projectTokens: number;
    readonly projectMoney: number | null;
  }[];
}
