/**
 * The median stopping rule (Golovin et al. 2017, "Google Vizier", section 3.2.2): a run is stopped at step s when its best value
 * up to s is strictly worse than the median of the running averages, up to s, of the runs that are complete. The paper asks
 * for no least number of runs and no least step; both stand here, because the first runs and the first steps say little.
 * Steps are counted as shares of a run's own length: a sweep may change how long a run is.
 */

/** One validation: where in its run (0 … 1) and what. */
export interface CurvePoint {
  readonly share: number;
  readonly value: number;
}

export interface StoppingRule {
  readonly goal: 'min' | 'max';
  /** Share of a run before which it is never stopped. */
  readonly after: number;
  /** Complete runs that there must be. */
  readonly runs: number;
}

export interface Verdict {
  readonly behind: boolean;
  /** What was compared; null where it was too early to. */
  readonly best: number | null;
  readonly median: number | null;
}

export function judge(rule: StoppingRule, curve: readonly CurvePoint[], complete: readonly (readonly CurvePoint[])[]): Verdict {
  const now = curve.at(-1)?.share ?? 0;
  const averages = complete.flatMap((other) => averageUpTo(other, now) ?? []);
  if (now < rule.after || averages.length < Math.max(1, rule.runs)) return { behind: false, best: null, median: null };
  const values = curve.map(({ value }) => value);
  const best = rule.goal === 'min' ? Math.min(...values) : Math.max(...values);
  const median = medianOf(averages);
  return { behind: rule.goal === 'min' ? best > median : best < median, best, median };
}

/** Null where the run had measured nothing by then. */
function averageUpTo(curve: readonly CurvePoint[], share: number): number | null {
  const upTo = curve.filter((point) => point.share <= share);
  return upTo.length === 0 ? null : upTo.reduce((sum, { value }) => sum + value, 0) / upTo.length;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2 : sorted[Math.floor(middle)] ?? NaN;
}
