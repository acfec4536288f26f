/**
 * How far the student's distribution is from the teacher's, for each weighted row of logits [rows, vocabulary]. With
 * p = softmax(t / T) and q = softmax(s / T), each value is a sum over the vocabulary of a function of p and q alone, so each
 * gradient is q·(g − Σ q·g) / T with g the slope of that function in q: written out here, because recording it would keep
 * five tensors of the size of the logits instead of one. T² is not applied here but once in the total (losses.ts).
 */
import type { Ops, RowsAndFlow } from '../backend/contract.ts';
import { withGradient } from '../backend/withGradient.ts';
import { tf } from '../tf.ts';
import type { Factor } from './losses.ts';
import { places } from './places.ts';
import { NOTHING } from './topKFile.ts';

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

/** Log-probabilities [rows, outcomes] of teacher (p) and student (q); an outcome is a token, or all tokens of a rest. */
interface Pair {
  readonly logP: tf.Tensor2D;
  readonly logQ: tf.Tensor2D;
}

interface Rowwise {
  /** [rows, outcomes]; its sum over the outcomes is the divergence of a row. */
  readonly terms: tf.Tensor;
  /** The slope in the student's logits divided by T, for each outcome: q·(g − Σ q·g) [rows, outcomes]. */
  readonly flow: tf.Tensor;
}

/**
 * Of each row its weight times its divergence [rows]. Inside tf.tidy or a gradient; none flows into the teacher's logits. `rowWeights` [rows] is the
 * mask of kept positions.
 */
export function divergenceRows(ops: Ops, divergence: Divergence, student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: Factor, rowWeights: tf.Tensor1D): tf.Tensor1D {
  // The usual one has an operation of its own on every backend.
  if (rowwiseOf(divergence) === forwardKl) return ops.forwardKl(student, teacher, temperature, rowWeights);
  return withGradient([student], ([input]) => {
    const { terms, flow } = compared(divergence, input as tf.Tensor2D, teacher, temperature);
    return { value: weighted(terms, rowWeights), save: [flow, rowWeights] };
  }, (dy, [flow, weights]) => [tf.mul(flow, tf.expandDims(tf.mul(weights, tf.div(dy, temperature)), 1))]);
}

/** The same rows and, at once and without a tape, the gradient of Σ flowWeight · divergence in the student's logits. */
export function divergenceFlow(ops: Ops, divergence: Divergence, student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: Factor, rowWeights: tf.Tensor1D, flowWeights: tf.Tensor1D): RowsAndFlow {
  if (rowwiseOf(divergence) === forwardKl) return ops.forwardKlFlow(student, teacher, temperature, rowWeights, flowWeights);
  return tf.tidy(() => flowing(compared(divergence, student, teacher, temperature), temperature, rowWeights, flowWeights));
}

function flowing({ terms, flow }: Rowwise, temperature: Factor, rowWeights: tf.Tensor1D, flowWeights: tf.Tensor1D): RowsAndFlow {
  return { rows: weighted(terms, rowWeights), flow: tf.mul(flow, tf.expandDims(tf.div(flowWeights, temperature), 1)) };
}

function compared(divergence: Divergence, student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: Factor): Rowwise {
  return rowwiseOf(divergence)({ logP: tf.logSoftmax(tf.div(teacher, temperature)), logQ: tf.logSoftmax(tf.div(student, temperature)) });
}

/**
 * The same where only the teacher's k most probable tokens are known and the mass of all others: a divergence between
 * distributions over k + 1 outcomes. `ids` int32 [rows, k]; `logP` [rows, k + 1], already at the temperature, the rest last.
 */
export function topDivergenceRows(divergence: Divergence, student: tf.Tensor2D, ids: tf.Tensor2D, logP: tf.Tensor2D, temperature: Factor, rowWeights: tf.Tensor1D): tf.Tensor1D {
  return withGradient([student], ([input]) => {
    const { terms, flow } = topCompared(divergence, input as tf.Tensor2D, ids, logP, temperature);
    return { value: weighted(terms, rowWeights), save: [flow, rowWeights] };
  }, (dy, [flow, weights]) => [tf.mul(flow, tf.expandDims(tf.mul(weights, tf.div(dy, temperature)), 1))]);
}

export function topDivergenceFlow(divergence: Divergence, student: tf.Tensor2D, ids: tf.Tensor2D, logP: tf.Tensor2D, temperature: Factor, rowWeights: tf.Tensor1D, flowWeights: tf.Tensor1D): RowsAndFlow {
  return tf.tidy(() => flowing(topCompared(divergence, student, ids, logP, temperature), temperature, rowWeights, flowWeights));
}

function topCompared(divergence: Divergence, student: tf.Tensor2D, ids: tf.Tensor2D, logP: tf.Tensor2D, temperature: Factor): Rowwise {
  const [rows, vocabulary] = student.shape;
  const k = ids.shape[1];
  const logQ: tf.Tensor2D = tf.logSoftmax(tf.div(student, temperature));
  const at = places(ids);
  const onto = (values: tf.Tensor): tf.Tensor => tf.scatterND(at, tf.reshape(values, [rows * k]), [rows, vocabulary]);
  const others = tf.add(logQ, onto(tf.fill([rows, k], NOTHING)));
  const logRest = tf.logSumExp(others, -1, true);
  // A place of the k that nothing fills (its token stands there once more) is no outcome: neither side gives it anything.
  const unfilled = tf.mul(tf.cast(tf.lessEqual(tf.slice(logP, [0, 0], [rows, k]), NOTHING / 2), 'float32'), NOTHING);
  const logTop: tf.Tensor2D = tf.add(tf.reshape(tf.gatherND(logQ, at), [rows, k]), unfilled);
  const { terms, flow } = rowwiseOf(divergence)({ logP, logQ: tf.concat2d([logTop, logRest as tf.Tensor2D], 1) });
  // What flows into the rest is shared among its tokens by their probabilities.
  const ofTop = onto(tf.slice(flow, [0, 0], [rows, k]));
  const ofRest = tf.mul(tf.exp(tf.sub(others, logRest)), tf.slice(flow, [0, k], [rows, 1]));
  // With every token among the top there is no rest: its outcome has no probability, and its share of others means nothing.
  return { terms, flow: k === vocabulary ? ofTop : tf.add(ofTop, ofRest) };
}

/** GKD's β of 0 and 1 are the KLs by definition. */
function rowwiseOf(divergence: Divergence): (pair: Pair) => Rowwise {
  switch (divergence.kind) {
    case 'forward-kl': return forwardKl;
    case 'reverse-kl': return reverseKl;
    case 'skew-kl': return divergence.gamma === 0 ? forwardKl : (pair) => skewKl(pair, divergence.gamma);
    case 'jsd': return divergence.beta === 0 ? forwardKl : divergence.beta === 1 ? reverseKl : (pair) => jsd(pair, divergence.beta);
  }
}

function weighted(terms: tf.Tensor, rowWeights: tf.Tensor1D): tf.Tensor1D {
  return tf.mul(tf.sum(terms, -1), rowWeights);
}

/** q·(g − Σ q·g) of a slope g in q, which is known up to a constant for each row: it cancels. */
function flowOf(logQ: tf.Tensor2D, slope: tf.Tensor): tf.Tensor {
  const q = tf.exp(logQ);
  return tf.mul(q, tf.sub(slope, tf.sum(tf.mul(q, slope), -1, true)));
}

/** g = −p / q grows without bound where q goes to 0; q·g doesn't. */
function forwardKl({ logP, logQ }: Pair): Rowwise {
  const p = tf.exp(logP);
  return { terms: tf.mul(p, tf.sub(logP, logQ)), flow: tf.sub(tf.exp(logQ), p) };
}

function reverseKl({ logP, logQ }: Pair): Rowwise {
  const slope = tf.sub(logQ, logP);
  return { terms: tf.mul(tf.exp(logQ), slope), flow: flowOf(logQ, slope) };
}

function skewKl({ logP, logQ }: Pair, gamma: number): Rowwise {
  const logM = logMixture(logP, gamma, logQ);
  const ratio = tf.sub(logP, logM);
  return { terms: tf.mul(tf.exp(logP), ratio), flow: flowOf(logQ, tf.mul(tf.exp(ratio), gamma - 1)) };
}

function jsd({ logP, logQ }: Pair, beta: number): Rowwise {
  const logM = logMixture(logP, beta, logQ);
  const ofTeacher = tf.mul(tf.exp(logP), tf.sub(logP, logM));
  const toMixture = tf.sub(logQ, logM);
  const ofStudent = tf.mul(tf.exp(logQ), toMixture);
  // What M's own change with q contributes adds up to a constant.
  return { terms: tf.add(tf.mul(ofTeacher, beta), tf.mul(ofStudent, 1 - beta)), flow: flowOf(logQ, tf.mul(toMixture, 1 - beta)) };
}

/** log(w·p + (1 − w)·q) for 0 < w < 1, without leaving the logarithms: small probabilities stay apart from 0. */
function logMixture(logP: tf.Tensor2D, w: number, logQ: tf.Tensor2D): tf.Tensor2D {
  const [a, b] = [tf.add(logP, Math.log(w)), tf.add(logQ, Math.log1p(-w))];
  return tf.add(tf.maximum(a, b), tf.log1p(tf.exp(tf.neg(tf.abs(tf.sub(a, b))))));
}

export function logitsMseFlow(student: tf.Tensor2D, teacher: tf.Tensor2D, rowWeights: tf.Tensor1D, flowWeights: tf.Tensor1D): RowsAndFlow {
  return tf.tidy((): RowsAndFlow => {
    const difference = tf.sub(student, teacher);
    return { rows: tf.mul(tf.mean(tf.square(difference), -1), rowWeights), flow: tf.mul(difference, tf.expandDims(tf.mul(flowWeights, 2 / student.shape[1]), 1)) };
  });
}

/** Of each row its weight times the mean over the vocabulary of (s − t)²: logits compared as they are, without a temperature. */
export function logitsMseRows(student: tf.Tensor2D, teacher: tf.Tensor2D, rowWeights: tf.Tensor1D): tf.Tensor1D {
  const vocabulary = student.shape[1];
  return withGradient([student], ([input]) => {
    const difference = tf.sub(input, teacher);
    return { value: tf.mul(tf.mean(tf.square(difference), -1), rowWeights) as tf.Tensor1D, save: [difference, rowWeights] };
  }, (dy, [difference, weights]) => [tf.mul(difference, tf.expandDims(tf.mul(weights, tf.mul(dy, 2 / vocabulary)), 1))]);
}
