/** Last and best value of a curve. */
import type { Curve } from './line.ts';
import { groupOf } from './groups.ts';
import type { LineStyle } from './lineStyle.ts';

export interface Summary {
  readonly last: number | null;
  readonly best: number | null;
  readonly bestX: number | null;
}

/** Thinning keeps each bucket's lowest and highest point, so the best of what is shown is the best there was. */
export function summarise({ x, y }: Curve, metric: string): Summary {
  const { better } = groupOf(metric);
  let last: number | null = null;
  let best: number | null = null;
  let bestX: number | null = null;
  for (let i = 0; i < y.length; i += 1) {
    const value = y[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    last = value;
    if (better !== null && (best === null || (better === 'lower' ? value < best : value > best))) {
      best = value;
      bestX = x[i] ?? null;
    }
  }
  return { last, best, bestX };
}

export interface FinalsRow {
  readonly metric: string;
  readonly run: string;
  readonly style: LineStyle;
  readonly summary: Summary;
  /** Points that the host has. */
  readonly points: number;
}
