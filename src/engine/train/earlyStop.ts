/** Which of two values of a metric is better, and when to stop waiting for a better one. */
import { isBetterHigher } from '../../shared/metrics.ts';

export function isBetter(metric: string, value: number, than: number, minDelta = 0): boolean {
  return isBetterHigher(metric) ? value > than + minDelta : value < than - minDelta;
}

export interface EarlyStopState {
  readonly best: number | null;
  /** Validations since the best one. */
  readonly waited: number;
}

export class EarlyStop {
  constructor(
    private readonly settings: { readonly metric: string; readonly patience: number; readonly minDelta: number },
    private current: EarlyStopState = { best: null, waited: 0 },
  ) {}

  state(): EarlyStopState {
    return this.current;
  }

  /** Takes up a validation; true when patience is at its end. A value that is not finite is no improvement. */
  shouldStop(value: number | null): boolean {
    const { best, waited } = this.current;
    const improved = value !== null && Number.isFinite(value) && (best === null || isBetter(this.settings.metric, value, best, this.settings.minDelta));
    this.current = improved ? { best: value, waited: 0 } : { best, waited: waited + 1 };
    return this.current.waited >= this.settings.patience;
  }
}
