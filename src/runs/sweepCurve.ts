/** The values of one metric of a run as shares of its length, kept up with its events: what the stopping rule compares. */
import type { RunEvent } from '../shared/events.ts';
import type { CurvePoint } from '../shared/sweepRule.ts';

export class SweepCurve {
  #points: { readonly step: number; readonly value: number }[] = [];

  constructor(private readonly metric: string) {}

  /** True when the event brought a value of the metric. */
  take(event: RunEvent): boolean {
    if (event.kind === 'started') {
      const step = event.resumedFrom?.step ?? -1;
      this.#points = this.#points.filter((point) => point.step <= step);
    }
    if (event.kind !== 'metric') return false;
    const value = event.values[this.metric];
    if (typeof value !== 'number') return false;
    this.#points.push({ step: event.step, value });
    return true;
  }

  points(totalSteps: number): readonly CurvePoint[] {
    return this.#points.map(({ step, value }) => ({ share: totalSteps > 0 ? step / totalSteps : 0, value }));
  }
}
