/**
 * The loss of GRPO (Shao et al. 2024, section 4.1, eq. 3 and 4), negated for descent. With q the student's distribution at the
 * sampling temperature, ρ = q(token) / q_old(token) and A the advantage of the token's completion, each token gives
 *
 *   −min(ρ·A, clip(ρ, 1 − low, 1 + high)·A) + β·k3,   k3 = r − log r − 1,  r = q_ref(token) / q(token)
 *
 * the clip being PPO's (Schulman et al. 2017, eq. 7; two bounds as DAPO has them, Yu et al. 2025, section 3.1) and k3 the
 * estimator of KL(q ‖ q_ref) that is never negative (Schulman 2020). The loss is Σ weight · token; the weights say how tokens
 * become one number (`tokenWeights`). The gradient is written out: in log q(token) it is −ρ·A where the clip leaves it, plus
 * β·(1 − r), and in the logits that times (onehot − q) / T.
 */
import type { Ops } from '../backend/contract.ts';
import { withGradient } from '../backend/withGradient.ts';
import { tf } from '../tf.ts';
import { slice } from './chunkedLosses.ts';
import { places } from './places.ts';

export interface PolicySettings {
  /** Of the sampling. */
  readonly temperature: number;
  readonly clip: { readonly low: number; readonly high: number };
  /** β; 0 leaves the KL out of the loss. */
  readonly kl: number;
}

/** Of the written tokens, [rows] each. */
export interface PolicyTokens {
  /** int32. */
  readonly labels: tf.Tensor1D;
  readonly advantages: tf.Tensor1D;
  /** How much each counts in the loss; 0 for padding. */
  readonly weights: tf.Tensor1D;
  /** 1, or 0 for padding: what the statistics count. */
  readonly mask: tf.Tensor1D;
  /** log q_old; null where the weights are those that wrote the tokens: then ρ = 1, and its gradient is that of q. */
  readonly old: tf.Tensor1D | null;
  /** log q_ref; null without a reference. */
  readonly reference: tf.Tensor1D | null;
}

/** All are kept: the caller's to dispose of. */
export interface PolicyStatistics {
  /** log q of the tokens [rows]. */
  readonly logQ: tf.Tensor1D;
  /** Sums over the tokens. */
  readonly klSum: tf.Scalar;
  readonly entropySum: tf.Scalar;
  /** Tokens whose gradient the clip took away. */
  readonly clippedSum: tf.Scalar;
}

/** log q(token) of logits [rows, vocabulary] at the temperature. */
export function tokenLogProbabilities(logits: tf.Tensor2D, labels: tf.Tensor1D, temperature: number): tf.Tensor1D {
  return tf.tidy(() => picked(tf.logSoftmax(tf.div(logits, temperature)), labels));
}

/** The loss, with a gradient in the logits [rows, vocabulary]; `told` is given the statistics of the pass. Inside a tf.tidy or a gradient. */
export function policyLoss(logits: tf.Tensor2D, tokens: PolicyTokens, settings: PolicySettings, told: (statistics: PolicyStatistics) => void): tf.Scalar {
  return withGradient([logits], ([input]) => {
    const { loss, flow, ...statistics } = pieceLoss(input as tf.Tensor2D, tokens, settings);
    told(keptAll(statistics));
    return { value: loss, save: [flow] };
  }, (dy, [flow]) => [tf.mul(flow, dy)]);
}

/**
 * The same from states [rows, hidden] and the head's weight [vocabulary, hidden], `most` rows at a time: the logits of all tokens never
 * exist at once (as chunkedLosses.ts does it for the other losses). With a gradient in the states and, where it is trained, in the head.
 */
export function policyLossOfStates(ops: Ops, states: tf.Tensor2D, head: tf.Tensor2D, tokens: PolicyTokens, settings: PolicySettings, { most, trained }: { readonly most: number; readonly trained: boolean }, told: (statistics: PolicyStatistics) => void): tf.Scalar {
  const [rows] = states.shape;
  return withGradient([states, ...(trained ? [head] : [])], ([x, given]) => {
    const weight = (given ?? head) as tf.Tensor2D;
    const logs: tf.Tensor1D[] = [];
    const dStates: tf.Tensor2D[] = [];
    // Loss, the three sums and, where the head is trained, its gradient so far.
    let sums: tf.Tensor[] = [];
    for (let begin = 0; begin < rows; begin += most) {
      const size = Math.min(most, rows - begin);
      const before = sums;
      const part = tf.tidy((): tf.Tensor[] => {
        const input = slice(x as tf.Tensor2D, begin, size);
        const cut = (whole: tf.Tensor1D | null): tf.Tensor1D | null => (whole === null ? null : slice(whole, begin, size));
        const own: PolicyTokens = { labels: slice(tokens.labels, begin, size), advantages: slice(tokens.advantages, begin, size), weights: slice(tokens.weights, begin, size), mask: slice(tokens.mask, begin, size), old: cut(tokens.old), reference: cut(tokens.reference) };
        const { loss, flow, logQ, klSum, entropySum, clippedSum } = pieceLoss(ops.linear(input, weight), own, settings);
        const flows = trained ? ops.linearGradient(flow, input, weight) : [ops.linearInputGradient(flow, weight)] as const;
        const added = [loss, klSum, entropySum, clippedSum, ...flows.slice(1)].map((value, index) => (before[index] === undefined ? value : tf.add(before[index], value)));
        return [logQ, flows[0], ...added];
      });
      tf.dispose(before);
      logs.push(part[0] as tf.Tensor1D);
      dStates.push(part[1] as tf.Tensor2D);
      sums = part.slice(2);
    }
    const [loss, klSum, entropySum, clippedSum, ...dHead] = sums as [tf.Scalar, tf.Scalar, tf.Scalar, tf.Scalar, ...tf.Tensor[]];
    told(keptAll({ logQ: tf.concat1d(logs), klSum, entropySum, clippedSum }));
    return { value: loss, save: [tf.concat2d(dStates, 0), ...dHead] };
  }, (dy, [dStates, dHead]) => (trained ? [tf.mul(dStates, dy), tf.mul(dHead, dy)] : [tf.mul(dStates, dy)]));
}

interface Piece extends PolicyStatistics {
  readonly loss: tf.Scalar;
  /** The loss's gradient in the logits. */
  readonly flow: tf.Tensor2D;
}

function pieceLoss(logits: tf.Tensor2D, { labels, advantages, weights, mask, old, reference }: PolicyTokens, { temperature, clip, kl }: PolicySettings): Piece {
  const [rows, vocabulary] = logits.shape;
  const logs = tf.logSoftmax(tf.div(logits, temperature)) as tf.Tensor2D;
  const q = tf.exp(logs);
  const logQ = picked(logs, labels);
  const ratio = old === null ? tf.onesLike(logQ) : tf.exp(tf.sub(logQ, old));
  const free = tf.mul(ratio, advantages);
  const clipped = tf.mul(tf.clipByValue(ratio, 1 - clip.low, 1 + clip.high), advantages);
  // The smaller one counts; where that is the clipped one and it differs, ρ has no influence any more.
  const held = tf.greater(free, clipped);
  const logR = reference === null ? tf.zerosLike(logQ) : tf.sub(reference, logQ);
  const k3 = tf.sub(tf.expm1(logR), logR);
  const each = tf.add(tf.neg(tf.minimum(free, clipped)), tf.mul(k3, kl));
  const slope = tf.sub(tf.mul(tf.expm1(logR), -kl), tf.where(held, tf.zerosLike(free), free));
  const factor = tf.div(tf.mul(slope, weights), temperature);
  const ofTokens = tf.scatterND(places(tf.reshape(labels, [rows, 1])), factor, [rows, vocabulary]);
  return {
    loss: tf.sum(tf.mul(each, weights)), flow: tf.sub(ofTokens, tf.mul(q, tf.expandDims(factor, 1))), logQ, klSum: tf.sum(tf.mul(k3, mask)),
    entropySum: tf.sum(tf.mul(tf.neg(tf.sum(tf.mul(q, logs), -1)), mask)), clippedSum: tf.sum(tf.mul(tf.cast(held, 'float32'), mask)),
  };
}

function keptAll({ logQ, klSum, entropySum, clippedSum }: PolicyStatistics): PolicyStatistics {
  return { logQ: tf.keep(logQ), klSum: tf.keep(klSum), entropySum: tf.keep(entropySum), clippedSum: tf.keep(clippedSum) };
}

function picked(logs: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  const [rows] = logs.shape;
  return tf.reshape(tf.gatherND(logs, places(tf.reshape(labels, [rows, 1]))), [rows]);
}

export type Aggregation = 'sequence' | 'token' | 'constant';

/**
 * How much each token of a completion counts, for completions of so many tokens: `sequence` 1 / (N·|o|) (GRPO, eq. 3), `token`
 * 1 / Σ|o| (DAPO, Yu et al. 2025, eq. 8), `constant` 1 / (N·longest) (Dr. GRPO, Liu et al. 2025, section 3.2, whose sum of tokens
 * is divided by a constant so that no answer's length changes its weight). N is the number of completions that count.
 */
export function tokenWeights(aggregation: Aggregation, lengths: readonly number[], longest: number): readonly number[] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  return lengths.map((length) => {
    switch (aggregation) {
      case 'sequence': return 1 / (lengths.length * Math.max(1, length));
      case 'token': return 1 / Math.max(1, total);
      case 'constant': return 1 / (lengths.length * longest);
    }
  });
}

/** Added to a standard deviation before anything is divided by it; TRL's value. */
const DEVIATION_FLOOR = 1e-4;

/**
 * The advantages of one group's rewards: reward − mean, and divided by the group's standard deviation (of a sample, n − 1) where
 * they are normalised (Shao et al. 2024, section 4.1.2; without: Liu et al. 2025, section 3.2). Null where all rewards are the
 * same: nothing was better than anything.
 */
export function groupAdvantages(rewards: readonly number[], normalised: boolean): readonly number[] | null {
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
  if (rewards.every((reward) => reward === rewards[0])) return null;
  const centred = rewards.map((reward) => reward - mean);
  if (!normalised) return centred;
  const deviation = Math.sqrt(centred.reduce((sum, each) => sum + each * each, 0) / (rewards.length - 1));
  return centred.map((each) => each / (deviation + DEVIATION_FLOOR));
}
