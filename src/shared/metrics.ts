/** The names of metric values: one table for the trainer that emits them, the recipe's checks and the charts. */

/** Measured on the validation rows, every `validate.every` steps: what early stopping, gates and "best" may watch. */
export const VALIDATION_METRICS = [
  'validation/loss', 'validation/ce', 'validation/kl', 'validation/tokenAccuracy', 'validation/answerCe', 'validation/thinkCe',
] as const;

/** Measured by an evaluation stage: what a gate may watch as well. */
export const EVALUATION_METRICS = ['evaluation/accuracy', 'evaluation/retention'] as const;

export type ValidationMetric = (typeof VALIDATION_METRICS)[number];
