/** The names of metric values: one table for the trainer that emits them, the recipe's checks and the charts. */

/**
 * Told after every optimiser step. kl is the divergence that the objective names; it is missing where no teacher has a
 * weight; mse, hidden and attention where they have none; think or answer where a batch has none.
 */
export const TRAINING_METRICS = [
  'loss', 'kl', 'ce', 'mse', 'hidden', 'attention', 'thinkKl', 'answerKl', 'thinkCe', 'answerCe',
  'learningRate', 'temperature', 'gradNorm', 'tokensPerSecond', 'memoryMiB',
] as const;

/** Told every `sentinel` steps: the norm of each term's own gradient. */
export const SENTINEL_METRICS = ['gradKl', 'gradCe', 'gradMse', 'gradHidden', 'gradAttention'] as const;

/** Measured on the validation rows, every `validate.every` steps: what early stopping, gates and "best" may watch. */
export const VALIDATION_METRICS = [
  'validation/loss', 'validation/ce', 'validation/kl', 'validation/mse', 'validation/hidden', 'validation/attention', 'validation/tokenAccuracy', 'validation/answerCe', 'validation/thinkCe',
  'validation/answerKl', 'validation/thinkKl',
] as const;

/** Measured by an evaluation stage: what a gate may watch as well. */
export const EVALUATION_METRICS = ['evaluation/accuracy', 'evaluation/retention'] as const;

export type TrainingMetric = (typeof TRAINING_METRICS)[number];
export type ValidationMetric = (typeof VALIDATION_METRICS)[number];
