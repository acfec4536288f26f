/** One metric of one run on the page: its points and their running average, in the columns that the host uses as well. */
import type { SeriesColumns, XAxis } from '../../src/shared/panel.ts';
import { axisOf, firstAbove, firstNotBelow, Series, Smoother, weightInView } from '../../src/shared/series.ts';

/** What is drawn: ascending x, and y with not-a-number as a gap. */
export interface Curve {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

export class Line {
  private constructor(readonly points: Series, readonly average: Series | null, private readonly smoother: Smoother | null) {}

  /** A snapshot of `length` points (thinned to fewer), averaged with `smoothing`. */
  static from(snapshot: SeriesColumns, length: number, smoothing: number): Line {
    const points = new Series(snapshot.name);
    append(points, snapshot, snapshot.values);
    if (snapshot.smoothed === undefined) return new Line(points, null, null);
    const average = new Series(snapshot.name);
    append(average, snapshot, snapshot.smoothed);
    const last = lastFinite(average.columns().values);
    return new Line(points, average, new Smoother(weightInView(smoothing, length), last === null ? undefined : { smoothed: last, points: length }));
  }

  /** A line that begins on this page. */
  static empty(name: string, smoothing: number): Line {
    return smoothing > 0 ? new Line(new Series(name), new Series(name), new Smoother(smoothing)) : new Line(new Series(name), null, null);
  }

  /** Takes points at the end; their averages, for `detail` of this line, which takes the same. */
  push(exact: SeriesColumns): readonly number[] | null {
    const { smoother } = this;
    const averages = smoother === null ? null : Array.from(exact.values, (value) => smoother.next(value ?? Number.NaN));
    this.take(exact, averages);
    return averages;
  }

  take(exact: SeriesColumns, averages: readonly number[] | null): void {
    append(this.points, exact, exact.values);
    if (this.average !== null && averages !== null) append(this.average, exact, averages);
  }

  /** This line with what lies between the first and the last point of `detail` replaced by it. */
  refinedBy(detail: Line): Line {
    if (detail.points.length === 0) return this;
    return new Line(
      spliced(this.points, detail.points),
      this.average === null || detail.average === null ? null : spliced(this.average, detail.average),
      null,
    );
  }

  /** Time is counted in seconds from `startedAt`, so that runs lie over each other. */
  curve(axis: XAxis, startedAt: number): Curve {
    return curveOf(this.points, axis, startedAt);
  }

  averageCurve(axis: XAxis, startedAt: number): Curve | null {
    return this.average === null ? null : curveOf(this.average, axis, startedAt);
  }
}

function curveOf(series: Series, axis: XAxis, startedAt: number): Curve {
  const columns = series.columns();
  const x = axisOf(columns, axis);
  return { x: axis === 'time' ? x.map((at) => (at - startedAt) / 1000) : x, y: columns.values };
}

function append(series: Series, { steps, times, tokens }: SeriesColumns, values: ArrayLike<number | null>): void {
  for (let i = 0; i < steps.length; i += 1) series.append(steps[i] ?? 0, times[i] ?? 0, tokens[i] ?? 0, values[i] ?? null);
}

function spliced(whole: Series, detail: Series): Series {
  const { steps } = whole.columns();
  const inner = detail.columns();
  const result = new Series(whole.name);
  result.appendColumns(whole.columns(0, firstNotBelow(steps, inner.steps[0] ?? 0)));
  result.appendColumns(inner);
  result.appendColumns(whole.columns(firstAbove(steps, inner.steps[inner.steps.length - 1] ?? 0)));
  return result;
}

/** The last value that is a number, or null. */
export function lastFinite(values: Float64Array): number | null {
  for (let i = values.length - 1; i >= 0; i -= 1) {
    const value = values[i] ?? Number.NaN;
    if (Number.isFinite(value)) return value;
  }
  return null;
}
