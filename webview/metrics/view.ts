/** What a person has set on the page: the only thing that is kept while it is hidden or the window reloads. */
import type { XAxis } from '../../src/shared/panel.ts';
import { shownAtFirst } from './groups.ts';

export interface ViewState {
  readonly format: 1;
  /** The runs that were drawn: the host's serializer reads them. */
  readonly runs: readonly string[];
  readonly axis: XAxis;
  /** Weight of the running average, 0 to 0.99. */
  readonly smoothing: number;
  readonly log: boolean;
  readonly zoom: { readonly min: number; readonly max: number } | null;
  /** Keys (`seriesKey`) of curves that were switched off, and of those that were switched on. */
  readonly hidden: readonly string[];
  readonly revealed: readonly string[];
}

/** As TensorBoard begins: enough to see where a noisy curve goes. */
const FIRST_SMOOTHING = 0.6;

export const FRESH_VIEW: ViewState = { format: 1, runs: [], axis: 'step', smoothing: FIRST_SMOOTHING, log: false, zoom: null, hidden: [], revealed: [] };

/** A curve's key: NUL can stand in no folder name. */
export function seriesKey(run: string, metric: string): string {
  return `${run}\u0000${metric}`;
}

/** Reads kept state of any age: what is missing or wrong is as on a fresh page. */
export function restoreView(kept: unknown): ViewState {
  if (typeof kept !== 'object' || kept === null || (kept as { format?: unknown }).format !== 1) return FRESH_VIEW;
  const { runs, axis, smoothing, log, zoom, hidden, revealed } = kept as { readonly [Key in keyof ViewState]?: unknown };
  return {
    format: 1,
    runs: strings(runs),
    axis: axis === 'time' || axis === 'tokens' ? axis : 'step',
    smoothing: typeof smoothing === 'number' && smoothing >= 0 && smoothing < 1 ? smoothing : FIRST_SMOOTHING,
    log: log === true,
    zoom: range(zoom),
    hidden: strings(hidden),
    revealed: strings(revealed),
  };
}

export function isVisible(view: ViewState, key: string, metric: string, runs: number): boolean {
  return view.revealed.includes(key) || (shownAtFirst(metric, runs) && !view.hidden.includes(key));
}

/** Switches curves on or off. */
export function withVisible({ hidden, revealed }: ViewState, keys: readonly string[], visible: boolean): Pick<ViewState, 'hidden' | 'revealed'> {
  const others = (list: readonly string[]): readonly string[] => list.filter((key) => !keys.includes(key));
  return visible ? { hidden: others(hidden), revealed: [...others(revealed), ...keys] } : { hidden: [...others(hidden), ...keys], revealed: others(revealed) };
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function range(value: unknown): ViewState['zoom'] {
  const { min, max } = (value ?? {}) as { min?: unknown; max?: unknown };
  return Number.isFinite(min) && Number.isFinite(max) && (min as number) < (max as number) ? { min: min as number, max: max as number } : null;
}
