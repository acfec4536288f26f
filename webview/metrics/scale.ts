/** Ranges and ticks of the axes. Pure: the chart and the picture use the same. */
import { firstNotBelow } from '../../src/shared/series.ts';
import type { Curve } from './line.ts';

export interface Range {
  readonly min: number;
  readonly max: number;
}

export interface YRules {
  readonly log: boolean;
  readonly fromZero: boolean;
}

/** Smallest and largest x of all curves, or null without a point. */
export function extentX(curves: Iterable<Curve>): Range | null {
  let min = Infinity;
  let max = -Infinity;
  for (const { x } of curves) {
    if (x.length === 0) continue;
    min = Math.min(min, x[0] ?? Infinity);
    max = Math.max(max, x[x.length - 1] ?? -Infinity);
  }
  if (min > max) return null;
  return min === max ? { min: min - 0.5, max: max + 0.5 } : { min, max };
}

/** The y range in which all curves fit between two x, with a little air. */
export function rangeY(curves: Iterable<Curve>, shown: Range, rules: YRules): Range {
  let min = Infinity;
  let max = -Infinity;
  for (const { x, y } of curves) {
    // One point beyond each edge: the line to it crosses the picture.
    const from = Math.max(0, firstNotBelow(x, shown.min) - 1);
    const to = Math.min(x.length, firstNotBelow(x, shown.max) + 1);
    for (let i = from; i < to; i += 1) {
      const value = y[i] ?? Number.NaN;
      if (rules.log && !(value > 0)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  if (min > max) return rules.log ? { min: 0.1, max: 1 } : { min: 0, max: 1 };
  if (rules.log) {
    const air = Math.max((max / min) ** 0.06, 1.05);
    return { min: min / air, max: max * air };
  }
  if (rules.fromZero && min >= 0) return { min: 0, max: max > 0 ? max * 1.08 : 1 };
  const air = max > min ? (max - min) * 0.07 : Math.abs(max) * 0.1 || 1;
  // A share or a loss does not look as if it could be below zero.
  return { min: min >= 0 ? Math.max(0, min - air) : min - air, max: max + air };
}

/** Round tick values within a range, at most `most`, and their distance (0 on a logarithmic axis). */
export function ticks({ min, max }: Range, most: number, log: boolean): { readonly values: readonly number[]; readonly increment: number } {
  if (log) {
    const spread = logTicks(min, max, most);
    if (spread.length >= 2) return { values: spread, increment: 0 };
  }
  const rough = (max - min) / Math.max(1, most);
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const increment = ([1, 2, 2.5, 5, 10].find((step) => step * magnitude >= rough) ?? 10) * magnitude;
  const values: number[] = [];
  for (let k = Math.ceil(min / increment - 1e-9); k * increment <= max + increment * 1e-9; k += 1) values.push(Number((k * increment).toPrecision(12)));
  return { values, increment };
}

function logTicks(min: number, max: number, most: number): readonly number[] {
  const from = Math.floor(Math.log10(min));
  const to = Math.ceil(Math.log10(max));
  for (const digits of [[1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]) {
    const values: number[] = [];
    for (let power = from; power <= to; power += 1) for (const digit of digits) values.push(Number((digit * 10 ** power).toPrecision(3)));
    const inside = values.filter((value) => value >= min && value <= max);
    if (inside.length <= most + 1) return inside;
    if (digits.length === 1) return inside.filter((_, index) => index % Math.ceil(inside.length / most) === 0);
  }
  return [];
}

/** Ticks of elapsed seconds: round in the units of a clock. */
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

export function clockTicks({ min, max }: Range, most: number): { readonly values: readonly number[]; readonly increment: number } {
  const rough = (max - min) / Math.max(1, most);
  if (rough < 1) return ticks({ min, max }, most, false);
  const increment = CLOCK_STEPS.find((step) => step >= rough) ?? Math.ceil(rough / 86_400) * 86_400;
  const values: number[] = [];
  for (let value = Math.ceil(min / increment) * increment; value <= max; value += increment) values.push(value);
  return { values, increment };
}

/** A range moved or stretched about a point, kept within the whole; null when it is the whole again. */
export function zoomed(shown: Range, whole: Range, change: { readonly factor?: number; readonly about?: number; readonly shift?: number }): Range | null {
  const about = change.about ?? (shown.min + shown.max) / 2;
  const factor = change.factor ?? 1;
  const width = Math.max((shown.max - shown.min) * factor, (whole.max - whole.min) * 1e-7);
  if (width >= whole.max - whole.min) return null;
  const share = (about - shown.min) / (shown.max - shown.min);
  const wanted = about - share * width + (change.shift ?? 0);
  const min = Math.min(Math.max(wanted, whole.min), whole.max - width);
  return { min, max: min + width };
}
