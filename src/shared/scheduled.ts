/** A number of the recipe that may change over a stage's steps: temperature, the weights of the losses. */
export interface Course {
  readonly from: number;
  readonly to: number;
  readonly kind: 'linear' | 'cosine' | 'exponential';
  /** That it takes; by default all of the stage. */
  readonly steps?: number | undefined;
}

export type Scheduled = number | Course;

/**
 * The value of a step, counted from 0: a number as it is, or from `from` to `to` over the course's steps (all of the stage), where
 * it stays. Exponential: the logarithm goes in a straight line.
 */
export function atStep(value: Scheduled, step: number, totalSteps: number): number {
  if (typeof value === 'number') return value;
  const { from, to, kind, steps } = value;
  const progress = Math.min(1, step / Math.max(1, (steps ?? totalSteps) - 1));
  switch (kind) {
    case 'linear':
      return from + (to - from) * progress;
    case 'cosine':
      return to + ((from - to) * (1 + Math.cos(Math.PI * progress))) / 2;
    case 'exponential':
      return from * (to / from) ** progress;
  }
}

/** What validations take: the last one, so that they are comparable with each other. */
export function atEnd(value: Scheduled): number {
  return typeof value === 'number' ? value : value.to;
}

/** The largest of all steps: every course goes one way only. */
export function largest(value: Scheduled): number {
  return typeof value === 'number' ? value : Math.max(value.from, value.to);
}
