/** The points of one metric on the page: typed columns that grow, and the curve that an axis makes of them. */
import type { SeriesColumns, XAxis } from '../../src/shared/panel.ts';

export class Columns {
  #length = 0;
  #steps: Float64Array;
  #times: Float64Array;
  #tokens: Float64Array;
  #values: Float64Array;

  constructor(capacity = 256) {
    this.#steps = new Float64Array(capacity);
    this.#times = new Float64Array(capacity);
    this.#tokens = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
  }

  static from(points: SeriesColumns): Columns {
    const columns = new Columns(Math.max(256, points.steps.length));
    columns.push(points);
    return columns;
  }

  get length(): number {
    return this.#length;
  }

  push(points: SeriesColumns): void {
    const count = points.steps.length;
    this.#reserve(this.#length + count);
    for (let i = 0; i < count; i += 1) {
      this.#steps[this.#length + i] = points.steps[i] ?? Number.NaN;
      this.#times[this.#length + i] = points.times[i] ?? Number.NaN;
      this.#tokens[this.#length + i] = points.tokens[i] ?? Number.NaN;
      this.#values[this.#length + i] = points.values[i] ?? Number.NaN;
    }
    this.#length += count;
  }

  /** These points, with those between the first and the last of `detail` replaced by it. */
  refinedBy(detail: Columns): Columns {
    if (detail.length === 0) return this;
    const first = detail.#steps[0] ?? 0;
    const last = detail.#steps[detail.length - 1] ?? 0;
    const before = this.#find(first);
    let after = this.#find(last);
    while (after < this.#length && (this.#steps[after] ?? 0) <= last) after += 1;
    const whole = new Columns(before + detail.length + this.#length - after + 256);
    whole.#copy(this, 0, before);
    whole.#copy(detail, 0, detail.length);
    whole.#copy(this, after, this.#length);
    return whole;
  }

  x(axis: XAxis): Float64Array {
    const column = axis === 'step' ? this.#steps : axis === 'time' ? this.#times : this.#tokens;
    return column.subarray(0, this.#length);
  }

  get steps(): Float64Array {
    return this.#steps.subarray(0, this.#length);
  }

  /** Not-a-number where the engine had no finite value. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  #find(step: number): number {
    return lowerBound(this.steps, step);
  }

  #copy(source: Columns, from: number, to: number): void {
    this.#reserve(this.#length + to - from);
    this.#steps.set(source.#steps.subarray(from, to), this.#length);
    this.#times.set(source.#times.subarray(from, to), this.#length);
    this.#tokens.set(source.#tokens.subarray(from, to), this.#length);
    this.#values.set(source.#values.subarray(from, to), this.#length);
    this.#length += to - from;
  }

  #reserve(needed: number): void {
    if (needed <= this.#steps.length) return;
    const capacity = Math.max(needed, this.#steps.length * 2);
    const grown = (old: Float64Array): Float64Array => {
      const column = new Float64Array(capacity);
      column.set(old);
      return column;
    };
    this.#steps = grown(this.#steps);
    this.#times = grown(this.#times);
    this.#tokens = grown(this.#tokens);
    this.#values = grown(this.#values);
  }
}

/** Index of the first element that is not below `x`, in an ascending array. */
export function lowerBound(ascending: ArrayLike<number>, x: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is drawn: ascending x, and y with not-a-number as a gap. */
export interface Curve {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** The curve of a series on an axis; time is counted in seconds from the run's start, so that runs lie over each other. */
export function curveOf(columns: Columns, axis: XAxis, startedAt: number): Curve {
  const x = columns.x(axis);
  return { x: axis === 'time' ? x.map((at) => (at - startedAt) / 1000) : x, y: columns.values };
}
