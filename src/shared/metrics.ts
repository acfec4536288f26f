/** The names of metric values: one table for the trainer that emits them, the recipe's checks and the charts. */

/**
 * Told after every optimiser step. kl is the divergence that the objective names; it is missing where no teacher has a
 * weight; mse, hidden and attention where they have none; think or answer where a batch has none.
 */
export const TRAINING_METRICS = [
  'loss', 'kl', 'ce', 'mse', 'hidden', 'attention', 'uld', 'thinkKl', 'answerKl', 'thinkCe', 'answerCe',
  'learningRate', 'temperature', 'gradNorm', 'tokensPerSecond', 'filled', 'lossScale', 'memoryMiB',
] as const;

/** Told every `sentinel` steps: the norm of each term's own gradient. */
export const SENTINEL_METRICS = ['gradKl', 'gradCe', 'gradMse', 'gradHidden', 'gradAttention', 'gradUld'] as const;

/** Told with each step for the weights that change over the steps. */
export const WEIGHT_METRICS = ['weightKl', 'weightCe', 'weightMse', 'weightHidden', 'weightAttention', 'weightUld'] as const;

/** Measured on the validation rows, every `validate.every` steps: what early stopping, gates and "best" may watch. */
export const VALIDATION_METRICS = [
  'validation/loss', 'validation/ce', 'validation/kl', 'validation/mse', 'validation/hidden', 'validation/attention', 'validation/uld', 'validation/tokenAccuracy', 'validation/answerCe', 'validation/thinkCe',
  'validation/answerKl', 'validation/thinkKl',
] as const;

/** Measured by an evaluation stage: what a gate may watch as well. */
export const EVALUATION_METRICS = ['evaluation/accuracy', 'evaluation/retention'] as const;

/**
 * Told after every step of a reinforcement stage besides loss, learningRate, gradNorm, tokensPerSecond (of completions) and
 * memoryMiB: mean reward and its parts before their weights, share of right answers, KL to the reference student and entropy
 * by token, share of tokens whose clip took the gradient away, tokens of a completion, share without an end, share of groups
 * whose rewards were all the same.
 */
export const REINFORCE_METRICS = ['reward', 'rewardAnswer', 'rewardFormat', 'rewardLength', 'accuracy', 'referenceKl', 'entropy', 'clipShare', 'completionTokens', 'unfinishedShare', 'sameRewardShare'] as const;

/** Measured by a reinforcement stage on the validation prompts, answered greedily. */
export const REINFORCE_VALIDATION_METRICS = ['validation/reward', 'validation/accuracy', 'validation/completionTokens', 'validation/unfinishedShare'] as const;

/** Told with each step of an on-policy stage: whether its batch was written by the student (1 or 0); of such a batch tokens of a completion, and the share without an end. */
export const ON_POLICY_METRICS = ['onPolicy', 'completionTokens', 'unfinishedShare'] as const;

/** Accuracy, retention and reward are better when higher; losses, lengths and what is unfinished when lower. */
export function isBetterHigher(metric: string): boolean {
  return /accuracy|retention|reward/i.test(metric);
}

export function isEvaluationMetric(metric: string): boolean {
  return metric.startsWith('evaluation/');
}

export type TrainingMetric = (typeof TRAINING_METRICS)[number];
export type ValidationMetric = (typeof VALIDATION_METRICS)[number];
