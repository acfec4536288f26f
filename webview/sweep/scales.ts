/** Where values lie on an axis of the plot (0 at its bottom, 1 at its top), and which of them are written beside it. Pure. */
import type { SweepPage, SweepRow } from '../../src/shared/sweepPanel.ts';
import { sweptText } from '../../src/shared/sweepText.ts';
import { ticks } from '../metrics/scale.ts';
import { formatTick } from '../shared/format.ts';

export interface Tick {
  readonly at: number;
  readonly text: string;
}

export interface Axis {
  /** Of a swept value its path, of the last one the metric. */
  readonly name: string;
  readonly label: string;
  readonly ticks: readonly Tick[];
  /** Null: the row has no value there (yet). */
  at(row: SweepRow): number | null;
  text(row: SweepRow): string;
}

/** More values than this beside an axis can't be read. */
const MOST_TICKS = 9;
/** Ticks of an axis whose values are not written one by one, at most. */
const EVEN_TICKS = 7;

export function axesOf({ axes, metric, rows }: Pick<SweepPage, 'axes' | 'metric' | 'rows'>): readonly Axis[] {
  return [
    ...axes.map(({ name, label, scale }): Axis => {
      const written = rows.map((row) => row.values[name]);
      const numbers = written.filter((value) => typeof value === 'number');
      const place = numbers.length === written.length ? numeric(numbers, scale) : ordinal(written.map(sweptText));
      return { name, label, ticks: place.ticks, at: (row) => place.at(row.values[name] ?? null), text: (row) => sweptText(row.values[name]) };
    }),
    metricAxis(metric, rows),
  ];
}

function metricAxis(metric: string, rows: readonly SweepRow[]): Axis {
  const place = numeric(rows.flatMap(({ value }) => value ?? []), 'linear', true);
  return { name: metric, label: metric, ticks: place.ticks, at: ({ value }) => (value === null ? null : place.at(value)), text: ({ value }) => sweptText(value ?? undefined) };
}

interface Place {
  readonly ticks: readonly Tick[];
  at(value: unknown): number;
}

function numeric(values: readonly number[], scale: 'linear' | 'log', even = false): Place {
  const distinct = [...new Set(values)].sort((a, b) => a - b);
  const [low = 0, high = 0] = [distinct[0], distinct.at(-1)];
  const log = low > 0 && (scale === 'log' || isGeometric(distinct));
  const at = (value: number): number => (high === low ? 0.5 : log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));
  const each = high === low || (!even && distinct.length <= MOST_TICKS);
  const round = each ? { values: distinct, increment: 0 } : ticks({ min: low, max: high }, EVEN_TICKS, log);
  const marked = round.values.filter((value) => value >= low && value <= high);
  const text = (value: number): string => (each ? sweptText(value) : formatTick(value, round.increment));
  return { ticks: marked.map((value) => ({ at: at(value), text: text(value) })), at: (value) => at(Number(value)) };
}

/** 0.001, 0.01, 0.1 written as a list: even ratios belong at even distances. */
function isGeometric(distinct: readonly number[]): boolean {
  if (distinct.length < 3 || (distinct[0] ?? 0) <= 0) return false;
  const ratios = distinct.slice(1).map((value, index) => value / (distinct[index] ?? 1));
  return Math.max(...ratios) / Math.min(...ratios) < 1.05;
}

/** In the order in which they were written. */
function ordinal(texts: readonly string[]): Place {
  const distinct = [...new Set(texts)];
  const place = (text: string): number => (distinct.length < 2 ? 0.5 : distinct.indexOf(text) / (distinct.length - 1));
  return { ticks: distinct.map((text) => ({ at: place(text), text })), at: (value) => place(sweptText(value as never)) };
}

/** Chosen parts of axes by the axis's name, as shares of its length. */
export type Choice = Readonly<Record<string, readonly [low: number, high: number]>>;

/** Values on the very edge of a choice belong to it. */
const EDGE = 1e-6;

export function isChosen(row: SweepRow, axes: readonly Axis[], choice: Choice): boolean {
  return axes.every((axis) => {
    const part = choice[axis.name];
    if (part === undefined) return true;
    const at = axis.at(row);
    return at !== null && at >= part[0] - EDGE && at <= part[1] + EDGE;
  });
}

/** How good a value is among all: 1 the best, 0 the worst; null without one. */
export function goodness({ value }: SweepRow, { rows, goal }: Pick<SweepPage, 'rows' | 'goal'>): number | null {
  if (value === null) return null;
  const values = rows.flatMap((row) => row.value ?? []);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const share = high === low ? 1 : (value - low) / (high - low);
  return goal === 'max' || high === low ? share : 1 - share;
}

export type SortKey = 'index' | 'value' | 'mean' | 'seed' | 'accuracy' | 'seconds' | 'status' | `axis:${string}`;
export interface Sort {
  readonly key: SortKey;
  readonly descending: boolean;
}

/** Rows without a value come last, whichever way; equal ones stay in the order of the sweep. */
export function sorted(rows: readonly SweepRow[], { key, descending }: Sort): readonly SweepRow[] {
  const of = (row: SweepRow): number | string | null => {
    if (!key.startsWith('axis:')) return row[key as Exclude<SortKey, `axis:${string}`>];
    const value = row.values[key.slice('axis:'.length)];
    return typeof value === 'number' ? value : value === undefined ? null : sweptText(value);
  };
  return [...rows].sort((a, b) => {
    const [x, y] = [of(a), of(b)];
    if (x === null || y === null) return x === y ? a.index - b.index : x === null ? 1 : -1;
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), undefined, { numeric: true });
    return (descending ? -order : order) || a.index - b.index;
  });
}
