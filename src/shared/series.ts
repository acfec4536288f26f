/**
 * The points of one metric, in typed columns: append, cut, slice by range, thin for a screen, smooth. Pure; shared by the
 * host's worker and the webview. A value that was not finite is NaN here (null in the events), and is drawn as a gap.
 */
import type { SeriesColumns, XAxis } from './panel.ts';

/** Columns of equal length, in the order the points were made: steps, times and tokens never go back. */
export interface Columns {
  /** Optimiser steps over the whole run. */
  readonly steps: Float64Array;
  /** Milliseconds since 1970. */
  readonly times: Float64Array;
  /** Supervised tokens over the whole run. */
  readonly tokens: Float64Array;
  readonly values: Float64Array;
}

const FIRST_CAPACITY = 256;

export class Series {
  private steps = new Float64Array(FIRST_CAPACITY);
  private times = new Float64Array(FIRST_CAPACITY);
  private tokens = new Float64Array(FIRST_CAPACITY);
  private values = new Float64Array(FIRST_CAPACITY);
  private count = 0;

  constructor(readonly name: string) {}

  get length(): number {
    return this.count;
  }

  append(step: number, time: number, tokens: number, value: number | null): void {
    if (this.count === this.steps.length) this.grow(this.count + 1);
    this.steps[this.count] = step;
    this.times[this.count] = time;
    this.tokens[this.count] = tokens;
    this.values[this.count] = value ?? NaN;
    this.count += 1;
  }

  appendColumns(columns: Columns): void {
    const length = columns.steps.length;
    if (this.count + length > this.steps.length) this.grow(this.count + length);
    this.steps.set(columns.steps, this.count);
    this.times.set(columns.times, this.count);
    this.tokens.set(columns.tokens, this.count);
    this.values.set(columns.values, this.count);
    this.count += length;
  }

  /** Forgets the points above a step: a run was resumed there. Returns how many. */
  dropAbove(step: number): number {
    const kept = firstAbove(this.steps.subarray(0, this.count), step);
    const dropped = this.count - kept;
    this.count = kept;
    return dropped;
  }

  /** The points `from` … `to` (excluded) as views, without a copy: valid until the next change of this series. */
  columns(from = 0, to = this.count): Columns {
    return part({ steps: this.steps, times: this.times, tokens: this.tokens, values: this.values }, from, Math.min(to, this.count));
  }

  private grow(needed: number): void {
    const capacity = Math.max(needed, this.steps.length * 2);
    const grown = (column: Float64Array): Float64Array<ArrayBuffer> => {
      const larger = new Float64Array(capacity);
      larger.set(column.subarray(0, this.count));
      return larger;
    };
    this.steps = grown(this.steps);
    this.times = grown(this.times);
    this.tokens = grown(this.tokens);
    this.values = grown(this.values);
  }
}

/** The column of an x axis. */
export function axisOf(columns: Columns, axis: XAxis): Float64Array {
  switch (axis) {
    case 'step': return columns.steps;
    case 'time': return columns.times;
    case 'tokens': return columns.tokens;
  }
}

/** The points with min ≤ x ≤ max and one more on either side, so that a line reaches the edge of the view. Views, no copy. */
export function sliceRange(columns: Columns, axis: XAxis, min: number, max: number): Columns {
  const x = axisOf(columns, axis);
  const from = firstNotBelow(x, min);
  const to = firstAbove(x, max);
  return part(columns, Math.max(0, from - 1), Math.min(x.length, Math.max(to, from) + 1));
}

/**
 * The indices of at most `maxPoints` points whose line on a screen is that of all points: the first, last, lowest and
 * highest of each of equally wide buckets of the axis (M4: Jugel et al., VLDB 2014, section 4), and one NaN of a bucket with
 * a gap. No spike and no gap is lost. Ascending.
 */
export function thinned(columns: Columns, maxPoints: number, axis: XAxis = 'step'): Uint32Array {
  const { values } = columns;
  const x = axisOf(columns, axis);
  const length = values.length;
  if (length <= maxPoints) return Uint32Array.from({ length }, (_, index) => index);
  let gaps = false;
  for (let i = 0; i < length && !gaps; i += 1) gaps = Number.isNaN(values[i]);
  const perBucket = gaps ? 5 : 4;
  const buckets = Math.max(1, Math.floor(maxPoints / perBucket));
  const [low, high] = [x[0] as number, x[length - 1] as number];
  // Points that all share one x (no width) go by their index.
  const byIndex = !(high > low);
  const scale = byIndex ? buckets / length : buckets / (high - low);
  const kept = new Uint32Array(buckets * perBucket);
  let count = 0;
  let start = 0;
  while (start < length) {
    const bucket = bucketOf(byIndex ? start : (x[start] as number) - low, scale, buckets);
    let [lowest, highest, gap] = [-1, -1, -1];
    let end = start;
    for (; end < length; end += 1) {
      if (bucketOf(byIndex ? end : (x[end] as number) - low, scale, buckets) > bucket) break;
      const value = values[end] as number;
      if (Number.isNaN(value)) {
        if (gap < 0) gap = end;
      } else {
        if (lowest < 0 || value < (values[lowest] as number)) lowest = end;
        if (highest < 0 || value > (values[highest] as number)) highest = end;
      }
    }
    const chosen = [start, lowest, highest, gap, end - 1].filter((index) => index >= 0).sort((a, b) => a - b);
    let previous = -1;
    for (const index of chosen) {
      if (index !== previous) {
        kept[count] = index;
        count += 1;
      }
      previous = index;
    }
    start = end;
  }
  return kept.subarray(0, count);
}

/** The points at these indices, copied. */
export function pick(columns: Columns, indices: Uint32Array): Columns {
  return {
    steps: pickColumn(columns.steps, indices),
    times: pickColumn(columns.times, indices),
    tokens: pickColumn(columns.tokens, indices),
    values: pickColumn(columns.values, indices),
  };
}

export function pickColumn(column: Float64Array, indices: Uint32Array): Float64Array<ArrayBuffer> {
  const picked = new Float64Array(indices.length);
  for (let i = 0; i < indices.length; i += 1) picked[i] = column[indices[i] as number] as number;
  return picked;
}

/** At most `maxPoints` points that look the same on a screen: `thinned`, copied. */
export function downsample(columns: Columns, maxPoints: number, axis: XAxis = 'step'): Columns {
  return pick(columns, thinned(columns, maxPoints, axis));
}

/**
 * Exponential moving average with bias correction, point by point, as TensorBoard draws it (tensorboard/components/
 * vz_line_chart2, resmoothDataset; the correction is Adam's, Kingma & Ba 2015, section 3). A NaN stays NaN and is passed over.
 */
export class Smoother {
  private average = 0;
  private taken = 0;

  /** `weight` of what came before: 0 (no smoothing) to below 1. `after`: go on where another one ended. */
  constructor(private readonly weight: number, after?: { readonly smoothed: number; readonly points: number }) {
    if (after === undefined || !Number.isFinite(after.smoothed)) return;
    this.average = after.smoothed * (1 - weight ** after.points);
    this.taken = after.points;
  }

  next(value: number): number {
    if (!Number.isFinite(value)) return value;
    this.average = this.average * this.weight + (1 - this.weight) * value;
    this.taken += 1;
    return this.average / (1 - this.weight ** this.taken);
  }
}

/** Up to so many points in view the weight is TensorBoard's, for one point. */
const POINTS_OF_FULL_WEIGHT = 1000;

/** The weight for one of `points` points: longer curves are averaged over the same share of the view, or it would not be seen. */
export function weightInView(weight: number, points: number): number {
  return weight ** Math.min(1, POINTS_OF_FULL_WEIGHT / Math.max(1, points));
}

/** The smoothed values of a whole column. Smooth all points and thin afterwards: thinned points over-represent the spikes. */
export function smoothed(values: Float64Array, weight: number): Float64Array<ArrayBuffer> {
  const smoother = new Smoother(weight);
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i += 1) result[i] = smoother.next(values[i] as number);
  return result;
}

/** For a message to a page: plain arrays, NaN as null. */
export function toSeriesColumns(name: string, columns: Columns): SeriesColumns {
  return {
    name,
    steps: Array.from(columns.steps),
    times: Array.from(columns.times),
    tokens: Array.from(columns.tokens),
    values: Array.from(columns.values, (value) => (Number.isNaN(value) ? null : value)),
  };
}

/** Index of the first x ≥ bound in an ascending column; its length when there is none. */
export function firstNotBelow(column: Float64Array, bound: number): number {
  let [low, high] = [0, column.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((column[middle] as number) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first x > bound in an ascending column; its length when there is none. */
export function firstAbove(column: Float64Array, bound: number): number {
  let [low, high] = [0, column.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((column[middle] as number) <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

function bucketOf(distance: number, scale: number, buckets: number): number {
  return Math.min(buckets - 1, Math.floor(distance * scale));
}

function part(columns: Columns, from: number, to: number): Columns {
  return {
    steps: columns.steps.subarray(from, to),
    times: columns.times.subarray(from, to),
    tokens: columns.tokens.subarray(from, to),
    values: columns.values.subarray(from, to),
  };
}
