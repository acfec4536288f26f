/**
 * Extension ↔ webview. `hydrate` when a page becomes visible, `append` while it is visible, nothing while it is hidden.
 * A page that is told `from` other than the length it has asks to be hydrated again.
 */
import type { EvaluationEvent } from './events.ts';
import type { RowPlace } from './rowLosses.ts';

/**
 * Columns of one metric: x and y of equal length, ascending in step. Downsampled in a snapshot (typed arrays, which VS Code
 * hands over as they are), exact in an append (plain arrays, cheaper when short). A gap is null or not-a-number.
 */
export interface SeriesColumns {
  readonly name: string;
  readonly steps: ArrayLike<number>;
  /** Milliseconds since 1970. */
  readonly times: ArrayLike<number>;
  readonly tokens: ArrayLike<number>;
  readonly values: ArrayLike<number | null>;
  /** Of a snapshot: the running average of all points, at these points. */
  readonly smoothed?: ArrayLike<number | null>;
}

/** Where something happened, on each of the three x axes. */
export interface Position {
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly tokens: number;
}

export interface StageMark extends Position {
  readonly name: string;
  /** Where it ended; null while it goes on. */
  readonly to: Position | null;
  readonly gates: readonly GateMark[];
}
/** What a stage demands of a metric: a line at the bound, and a sentence behind it. */
export interface GateMark {
  readonly metric: string;
  readonly min: number | null;
  readonly max: number | null;
  /** Null: not judged yet. */
  readonly passed: boolean | null;
  readonly text: string;
}
export interface CheckpointMark extends Position {
  readonly name: string;
  readonly best: boolean;
}
/** A warning, or a run taken up again: a tick on the x axis with a sentence behind it. */
export interface IncidentMark extends Position {
  readonly kind: 'warning' | 'resumed';
  readonly text: string;
}

/** What a page may offer for a run; the host refuses with a sentence what can't be done. */
export type RunAction = 'stop' | 'resume' | 'review' | 'log' | 'diff' | 'reveal';

/** Something of a run in two words: `kept` `1 204`. */
export interface HeadFact {
  readonly label: string;
  readonly value: string;
}

/** Everything that is shown of a run but its points. */
export interface RunHead {
  readonly run: string;
  readonly title: string;
  readonly status: RunStatus;
  readonly startedAt: number | null;
  readonly stage: string | null;
  /** It collects data, or has and did nothing after it: no curves are to be waited for. */
  readonly collects: boolean;
  /** What is known of that, in the person's language; empty where nothing was collected. */
  readonly collected: readonly HeadFact[];
  readonly step: number;
  readonly totalSteps: number | null;
  readonly secondsLeft: number | null;
  readonly backend: string | null;
  readonly device: string | null;
  /** Why a failed or lost run ended, in the person's language. */
  readonly failure: string | null;
  readonly actions: readonly RunAction[];
  readonly stages: readonly StageMark[];
  readonly checkpoints: readonly CheckpointMark[];
  readonly incidents: readonly IncidentMark[];
  readonly evaluations: readonly EvaluationEvent[];
}

export interface RunSeries {
  readonly run: string;
  /** Points that the host has of each series; an append's `from` continues here. */
  readonly length: Readonly<Record<string, number>>;
  readonly series: readonly SeriesColumns[];
}

export interface RunSnapshot extends RunSeries {
  readonly head: RunHead;
}

export interface SeriesAppend {
  readonly run: string;
  readonly from: number;
  readonly points: SeriesColumns;
}

/** What a row lost at a step: means over its supervised positions, and its part of the step's sum. */
export interface StepRow {
  /** Null for a row that no file has. */
  readonly place: RowPlace | null;
  readonly loss: number;
  readonly ce: number;
  readonly kl: number | null;
  readonly positions: number;
  readonly share: number;
}

export type RunStatus = 'queued' | 'starting' | 'running' | 'stopping' | 'done' | 'stopped' | 'failed' | 'lost';

export type MetricsToPage =
  /** `smoothing`: the weight with which the snapshots were averaged. */
  | { readonly kind: 'hydrate'; readonly runs: readonly RunSnapshot[]; readonly smoothing: number }
  | { readonly kind: 'append'; readonly appends: readonly SeriesAppend[] }
  | { readonly kind: 'head'; readonly head: RunHead }
  | { readonly kind: 'range'; readonly request: number; readonly runs: readonly RunSeries[] }
  /** The rows of a step, of `all` at most so many; null where none were recorded. */
  | { readonly kind: 'rows'; readonly run: string; readonly step: number; readonly rows: readonly StepRow[] | null; readonly all: number }
  /** Draw the page as a picture and send it back (`export`). */
  | { readonly kind: 'picture' };

export type MetricsFromPage =
  /** The page listens; with the weight that it was left with. */
  | { readonly kind: 'ready'; readonly smoothing: number }
  | { readonly kind: 'hydrate' }
  /** Weight of the running average from now on; answered by `hydrate`. */
  | { readonly kind: 'smoothing'; readonly weight: number }
  /** `min` and `max` as drawn: steps, seconds since the run's start, or tokens. */
  | { readonly kind: 'range'; readonly request: number; readonly min: number; readonly max: number; readonly axis: XAxis }
  /** A picture as base64 of a PNG; the CSV is written by the host at full resolution. */
  | { readonly kind: 'export'; readonly format: 'png'; readonly data: string }
  | { readonly kind: 'export'; readonly format: 'csv' }
  | { readonly kind: 'action'; readonly action: RunAction; readonly run: string }
  /** Which rows a step trained on; answered by `rows`. */
  | { readonly kind: 'rows'; readonly run: string; readonly step: number }
  | { readonly kind: 'openRow'; readonly run: string; readonly place: RowPlace }
  /** Let the person choose which runs are drawn. */
  | { readonly kind: 'choose' };

export type XAxis = 'step' | 'time' | 'tokens';
