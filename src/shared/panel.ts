/**
 * Extension ↔ webview. `hydrate` when a page becomes visible, `append` while it is visible, nothing while it is hidden.
 * A page that is told `from` other than the length it has asks to be hydrated again.
 */
import type { EvaluationEvent } from './events.ts';

/** Columns of one metric: x and y of equal length, ascending in step. Downsampled in a snapshot, exact in an append. */
export interface SeriesColumns {
  readonly name: string;
  readonly steps: readonly number[];
  readonly times: readonly number[];
  readonly tokens: readonly number[];
  readonly values: readonly (number | null)[];
}

export interface RunSnapshot {
  readonly run: string;
  readonly title: string;
  readonly status: RunStatus;
  readonly startedAt: number | null;
  /** Points that the host has of each series; an append's `from` continues here. */
  readonly length: Readonly<Record<string, number>>;
  readonly series: readonly SeriesColumns[];
  readonly stages: readonly { readonly name: string; readonly fromStep: number }[];
  readonly evaluations: readonly EvaluationEvent[];
}

export type RunStatus = 'queued' | 'starting' | 'running' | 'stopping' | 'done' | 'stopped' | 'failed' | 'lost';

export type MetricsToPage =
  | { readonly kind: 'hydrate'; readonly runs: readonly RunSnapshot[] }
  | { readonly kind: 'append'; readonly run: string; readonly from: number; readonly points: SeriesColumns }
  | { readonly kind: 'status'; readonly run: string; readonly status: RunStatus }
  | { readonly kind: 'range'; readonly request: number; readonly runs: readonly RunSnapshot[] };

export type MetricsFromPage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'hydrate' }
  | { readonly kind: 'range'; readonly request: number; readonly min: number; readonly max: number; readonly axis: XAxis }
  | { readonly kind: 'export'; readonly format: 'png' | 'csv'; readonly name: string; readonly data: string };

export type XAxis = 'step' | 'time' | 'tokens';
