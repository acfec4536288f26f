/**
 * How far the student's distribution is from the teacher's, summed over weighted rows of logits [rows, vocabulary]. With
 * p = softmax(t / T) and q = softmax(s / T), each value is a sum over the vocabulary of a function of p and q alone, so each
 * gradient is q·(g − Σ q·g) / T with g the slope of that function in q: written out here, because recording it would keep
 * five tensors of the size of the logits instead of one. T² is not applied here but once in the total (losses.ts).
 */
import type { Ops } from '../backend/contract.ts';
import { withGradient } from '../backend/withGradient.ts';
import { tf } from '../tf.ts';

export type Divergence =
  /** KL(p ‖ q): the student must cover what the teacher holds possible (Hinton, Vinyals & Dean 2015, section 2). */
  | { readonly kind: 'forward-kl' }
  /** KL(q ‖ p): the student must not say what the teacher holds impossible (MiniLLM, Gu et al. 2024, section 2.1). */
  | { readonly kind: 'reverse-kl' }
  /**
   * β·KL(p ‖ M) + (1 − β)·KL(q ‖ M), M = β·p + (1 − β)·q (GKD, Agarwal et al. 2024, section 2). β = 0 and β = 1 are defined as
   * forward and reverse KL: there the formula itself goes to 0.
   */
  | { readonly kind: 'jsd'; readonly beta: number }
  /** KL(p ‖ γ·p + (1 − γ)·q): forward KL with a bounded gradient (DistiLLM, Ko et al. 2024, section 3.1). */
  | { readonly kind: 'skew-kl'; readonly gamma: number };

/** Log-probabilities [rows, vocabulary] of teacher (p) and student (q). */
interface Pair {
  readonly logP: tf.Tensor2D;
  readonly logQ: tf.Tensor2D;
}

interface Rowwise {
  /** [rows, vocabulary]; its sum over the vocabulary is the divergence of a row. */
  readonly terms: tf.Tensor;
  /** The slope in q [rows, vocabulary], up to a constant for each row, which cancels. */
  readonly slope: tf.Tensor;
}

/**
 * The weighted sum over rows. Inside tf.tidy or a gradient; none flows into the teacher's logits. `rowWeights` [rows] is the
 * mask of kept positions.
 */
export function divergenceSum(ops: Ops, divergence: Divergence, student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number, rowWeights: tf.Tensor1D): tf.Scalar {
  switch (divergence.kind) {
    case 'forward-kl':
      return ops.forwardKl(student, teacher, temperature, rowWeights);
    case 'reverse-kl':
      return weightedSum(student, teacher, temperature, rowWeights, reverseKl);
    case 'skew-kl':
      return weightedSum(student, teacher, temperature, rowWeights, (pair) => skewKl(pair, divergence.gamma));
    case 'jsd':
      if (divergence.beta === 0) return divergenceSum(ops, { kind: 'forward-kl' }, student, teacher, temperature, rowWeights);
      if (divergence.beta === 1) return divergenceSum(ops, { kind: 'reverse-kl' }, student, teacher, temperature, rowWeights);
      return weightedSum(student, teacher, temperature, rowWeights, (pair) => jsd(pair, divergence.beta));
  }
}

function reverseKl({ logP, logQ }: Pair): Rowwise {
  const slope = tf.sub(logQ, logP);
  return { terms: tf.mul(tf.exp(logQ), slope), slope };
}

function skewKl({ logP, logQ }: Pair, gamma: number): Rowwise {
  const logM = logMixture(logP, gamma, logQ);
  const ratio = tf.sub(logP, logM);
  return { terms: tf.mul(tf.exp(logP), ratio), slope: tf.mul(tf.exp(ratio), gamma - 1) };
}

function jsd({ logP, logQ }: Pair, beta: number): Rowwise {
  const logM = logMixture(logP, beta, logQ);
  const ofTeacher = tf.mul(tf.exp(logP), tf.sub(logP, logM));
  const toMixture = tf.sub(logQ, logM);
  const ofStudent = tf.mul(tf.exp(logQ), toMixture);
  // What M's own change with q contributes adds up to a constant.
  return { terms: tf.add(tf.mul(ofTeacher, beta), tf.mul(ofStudent, 1 - beta)), slope: tf.mul(toMixture, 1 - beta) };
}

/** log(w·p + (1 − w)·q) for 0 ≤ w < 1, without leaving the logarithms: small probabilities stay apart from 0. */
function logMixture(logP: tf.Tensor2D, w: number, logQ: tf.Tensor2D): tf.Tensor2D {
  if (w === 0) return logQ;
  const [a, b] = [tf.add(logP, Math.log(w)), tf.add(logQ, Math.log1p(-w))];
  return tf.add(tf.maximum(a, b), tf.log1p(tf.exp(tf.neg(tf.abs(tf.sub(a, b))))));
}

function weightedSum(student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number, rowWeights: tf.Tensor1D, of: (pair: Pair) => Rowwise): tf.Scalar {
  return withGradient([student], ([input]) => {
    const logQ: tf.Tensor2D = tf.logSoftmax(tf.div(input, temperature));
    const { terms, slope } = of({ logP: tf.logSoftmax(tf.div(teacher, temperature)), logQ });
    const q = tf.exp(logQ);
    const gradient = tf.mul(q, tf.sub(slope, tf.sum(tf.mul(q, slope), -1, true)));
    return { value: tf.sum(tf.mul(tf.sum(terms, -1), rowWeights)) as tf.Scalar, save: [gradient, rowWeights] };
  }, (dy, [gradient, weights]) => [tf.mul(gradient, tf.expandDims(tf.mul(weights, tf.div(dy, temperature)), 1))]);
}

/** Σ over rows of the mean over the vocabulary of (s − t)²: logits compared as they are, without a temperature. */
export function logitsMseSum(student: tf.Tensor2D, teacher: tf.Tensor2D, rowWeights: tf.Tensor1D): tf.Scalar {
  const vocabulary = student.shape[1];
  return withGradient([student], ([input]) => {
    const difference = tf.sub(input, teacher);
    return { value: tf.sum(tf.mul(tf.mean(tf.square(difference), -1), rowWeights)) as tf.Scalar, save: [difference, rowWeights] };
  }, (dy, [difference, weights]) => [tf.mul(difference, tf.expandDims(tf.mul(weights, tf.mul(dy, 2 / vocabulary)), 1))]);
}
