/**
 * Extension ↔ the Review Data page ↔ the thread that reads the data. The page holds only the rows in sight: it asks for a
 * view (filters and order), then for ranges of it and for one whole row. The thread owns index, decisions and their undo.
 */
import type { DataReport } from './dataReport.ts';
import type { MessageData } from './events.ts';
import type { ErrorCode } from './messages.ts';
import type { DataRecord } from './record.ts';
import type { DataRecipe } from './recipe.ts';
import type { ReviewDecision, ReviewLine } from './review.ts';

/** What rows are divided by: each row has one value of each (findings: any number). The empty value is "none". */
export const FACETS = ['verdict', 'decision', 'rule', 'finding', 'task', 'difficulty', 'teacher', 'language', 'answerLanguage'] as const;
export type Facet = (typeof FACETS)[number];

export interface Range {
  readonly min: number | null;
  readonly max: number | null;
}
export const ANY: Range = { min: null, max: null };

export interface DataFilter {
  /** Stands in prompt, reasoning or answer, whatever its case. */
  readonly text: string;
  /** Of each facet named, a row must have one of the values. */
  readonly facets: Readonly<Partial<Record<Facet, readonly string[]>>>;
  /** In tokens where the file's are known, else in characters. */
  readonly length: Range;
  readonly cost: Range;
}
/** Rows that a rule took away are looked at only when asked for. */
export const NO_FILTER: DataFilter = { text: '', facets: { rule: [''] }, length: ANY, cost: ANY };

export const SORTS = ['row', 'length', 'cost', 'difficulty', 'verdict'] as const;
export interface DataSort {
  readonly by: (typeof SORTS)[number];
  readonly descending: boolean;
}
export const FILE_ORDER: DataSort = { by: 'row', descending: false };

/** What the page is about, and where a person stands in it: kept by VS Code over a reload. */
export interface DataPlace {
  readonly file: string;
  readonly filter: DataFilter;
  readonly sort: DataSort;
  /** Id of the selected record. */
  readonly selected: string | null;
  readonly tab: 'rows' | 'report';
}

export interface FileSummary {
  readonly file: string;
  /** Rows of the data file; with those of its side file of removed rows, the rows of the index. */
  readonly rows: number;
  readonly removed: number;
  readonly bytes: number;
  /** Lines that are no record, and the first of them. */
  readonly broken: number;
  readonly firstBroken: { readonly line: number; readonly code: ErrorCode; readonly data: MessageData } | null;
  /** What a length is counted in. `teacher`: as the service counted them. */
  readonly lengths: 'tokens' | 'teacher' | 'characters';
  /** data.maxLength of the recipe; null without one. */
  readonly limit: number | null;
  readonly currency: string | null;
  /** Decisions whose row is not in the file any more; they are kept. */
  readonly orphans: number;
}

export interface RowPreview {
  /** 0-based in the index; what decisions are made on. */
  readonly row: number;
  /** 1-based line of its file. */
  readonly line: number;
  readonly removed: boolean;
  readonly prompt: string;
  readonly answer: string;
  readonly verdict: string;
  readonly decision: ReviewDecision | '';
  readonly length: number | null;
  /** Longer than the recipe's limit. */
  readonly cut: boolean;
  readonly task: string;
  readonly rule: string;
}

export interface RowDetail {
  readonly row: number;
  /** 0-based in the view; null where the filter does not let it through. */
  readonly position: number | null;
  readonly line: number;
  readonly removed: RemovedBy | null;
  readonly record: DataRecord;
  readonly review: Omit<ReviewLine, 'format' | 'id'> | null;
  readonly length: number | null;
  readonly cut: boolean;
  /** Rows with the very same texts. */
  readonly same: readonly { readonly row: number; readonly line: number; readonly removed: boolean }[];
  /** Row of the record that this one was taken for a duplicate of; null without one. */
  readonly partner: { readonly row: number; readonly line: number } | null;
}

export interface RemovedBy {
  readonly rule: string;
  readonly detail: Readonly<Record<string, string | number>>;
}

export interface FacetCount {
  readonly value: string;
  /** Rows that all other filters let through. */
  readonly count: number;
}

export interface ViewSummary {
  /** Grows with every view; answers that name another one are late. */
  readonly view: number;
  readonly total: number;
  readonly facets: Readonly<Record<Facet, readonly FacetCount[]>>;
  /** Where the selected record stands; null when it is not in the view. */
  readonly selected: { readonly position: number; readonly row: number } | null;
}

/** Of the whole file: what a person has done so far. */
export interface DecisionState {
  readonly counts: Readonly<Record<ReviewDecision, number>>;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Not yet on the disk. */
  readonly unsaved: boolean;
}

export type Edited = NonNullable<ReviewLine['edited']>;

export type DataFromPage =
  /** The page is there and visible: the answer is what it needs to show itself. */
  | { readonly kind: 'ready'; readonly place: DataPlace | null }
  | { readonly kind: 'view'; readonly filter: DataFilter; readonly sort: DataSort; readonly selected: string | null }
  | { readonly kind: 'rows'; readonly view: number; readonly from: number; readonly to: number }
  | { readonly kind: 'row'; readonly view: number; readonly row: number }
  | { readonly kind: 'decide'; readonly row: number; readonly decision: ReviewDecision | ''; readonly edited?: Edited }
  /** Every row of the view; the extension asks the person first. */
  | { readonly kind: 'decide-all'; readonly view: number; readonly decision: ReviewDecision | ''; readonly count: number }
  | { readonly kind: 'undo' }
  | { readonly kind: 'redo' }
  | { readonly kind: 'report' }
  | { readonly kind: 'export-report' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'again' }
  | { readonly kind: 'convert' }
  | { readonly kind: 'choose' }
  | { readonly kind: 'open-data'; readonly line: number; readonly removed: boolean }
  | { readonly kind: 'open-review' };

/** What of these goes on to the thread as it is. */
export type DataToWorker =
  | Extract<DataFromPage, { readonly kind: 'view' | 'rows' | 'row' | 'decide' | 'decide-all' | 'undo' | 'redo' | 'report' | 'cancel' | 'again' }>
  /** Everything that a page which was hidden must know. */
  | { readonly kind: 'hello' }
  /** Nobody looks: the files are no longer followed until the next hello. */
  | { readonly kind: 'hidden' }
  /** Saves what is unsaved, says `saved`, and ends. */
  | { readonly kind: 'close' };

export type DataFromWorker =
  | { readonly kind: 'progress'; readonly what: 'index' | 'search' | 'tokens' | 'report'; readonly done: number; readonly total: number; readonly rows: number }
  /** The index is whole (again): the page asks for its view. `change`: what happened to the file since the last one. */
  | { readonly kind: 'indexed'; readonly summary: FileSummary; readonly change: 'first' | 'grown' | 'replaced' | 'lengths' | 'cancelled'; readonly state: DecisionState }
  | { readonly kind: 'view'; readonly summary: ViewSummary }
  | { readonly kind: 'rows'; readonly view: number; readonly from: number; readonly rows: readonly RowPreview[] }
  | { readonly kind: 'row'; readonly view: number; readonly detail: RowDetail }
  /** Decisions changed; of the rows in sight the page asks again. `rows`: how many; `row`: which, where it is one. */
  | { readonly kind: 'decided'; readonly by: 'person' | 'undo' | 'redo' | 'file'; readonly rows: number; readonly row: number | null; readonly decision: ReviewDecision | '' | null; readonly state: DecisionState; readonly conflicts: number }
  | { readonly kind: 'state'; readonly state: DecisionState }
  | { readonly kind: 'report'; readonly report: DataReport }
  | { readonly kind: 'trouble'; readonly about: 'file' | 'review' | 'row' | 'report'; readonly code: ErrorCode; readonly data: MessageData }
  | { readonly kind: 'saved' };

export type DataToPage =
  | Exclude<DataFromWorker, { readonly kind: 'trouble' | 'saved' | 'indexed' }>
  /** `broken`: the sentence of the first line that is no row. */
  | (Extract<DataFromWorker, { readonly kind: 'indexed' }> & { readonly broken: string })
  | { readonly kind: 'trouble'; readonly about: 'file' | 'review' | 'row' | 'report'; readonly text: string; readonly convert: boolean }
  /** No file is chosen. */
  | { readonly kind: 'nothing' }
  /** Another file than the page's own: it begins anew. */
  | { readonly kind: 'file'; readonly place: DataPlace };

/** What the thread is started with. */
export interface DataWorkerStart {
  readonly file: string;
  /** Of the project's recipe; null where there is none, or its student has no tokenizer to count with. */
  readonly training: { readonly tokenizer: string; readonly template: DataRecipe['template']; readonly limit: number } | null;
}
