/** Extension ↔ the page of a sweep. The page is told everything anew at each change: a sweep is a table of some hundred rows. */
import type { RunStatus } from './panel.ts';
import type { SweptValue } from './recipeSweep.ts';

/** `lost`: nobody drives it any more, and it is not through. */
export type SweepStatus = 'running' | 'stopping' | 'done' | 'stopped' | 'failed' | 'lost';

export type SweepRowStatus = 'waiting' | RunStatus | 'stopped-behind';

export interface SweepRow {
  readonly index: number;
  /** Rows of one setting differ in their seed alone. */
  readonly setting: number;
  readonly seed: number;
  /** By the axis's name. */
  readonly values: Readonly<Record<string, SweptValue>>;
  /** Its run's folder; null before it is made. */
  readonly run: string | null;
  readonly status: SweepRowStatus;
  /** The sweep's metric, so far or in the end. */
  readonly value: number | null;
  /** Over the seeds of its setting, once all of them are done. */
  readonly mean: number | null;
  /** Of the best setting. */
  readonly best: boolean;
  readonly accuracy: number | null;
  readonly step: number;
  readonly totalSteps: number | null;
  readonly seconds: number | null;
}

export interface SweepPageAxis {
  /** The path as the recipe has it. */
  readonly name: string;
  /** Its end, as short as it can be told apart. */
  readonly label: string;
  readonly scale: 'linear' | 'log';
}

export interface SweepPage {
  readonly folder: string;
  readonly title: string;
  readonly status: SweepStatus;
  /** Why it failed, in the person's language. */
  readonly failure: string | null;
  readonly axes: readonly SweepPageAxis[];
  readonly metric: string;
  readonly goal: 'min' | 'max';
  /** Several runs of each setting. */
  readonly seeds: number;
  /** The rule of stopping early as a sentence; null where there is none. */
  readonly rule: string | null;
  readonly rows: readonly SweepRow[];
  readonly finished: number;
  readonly secondsLeft: number | null;
}

export type SweepToPage = { readonly kind: 'sweep'; readonly page: SweepPage } | { readonly kind: 'gone'; readonly text: string };

export type SweepFromPage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'open'; readonly run: string }
  | { readonly kind: 'compare'; readonly runs: readonly string[] }
  | { readonly kind: 'use'; readonly index: number }
  | { readonly kind: 'stop' }
  | { readonly kind: 'resume' };
