/**
 * The operations of a decoder composed from plain TensorFlow.js operations: right on every backend, the fallback of the
 * fused ones and what those are checked against. Gradients are written out where that is shorter, saves tensors or is
 * numerically better than what the tape would derive.
 */
import { tf } from '../tf.ts';
import type { AdamSlots, AdamStep, Ops, RowsAndFlow } from './contract.ts';
import { withGradient } from './withGradient.ts';

/** Root mean square layer normalisation (Zhang & Sennrich 2019, eq. 4). */
function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  const inverseRms = (input: tf.Tensor): tf.Tensor => tf.rsqrt(tf.add(tf.mean(tf.square(input), -1, true), epsilon));
  return withGradient([x, weight], ([input, scale]) => ({
    value: tf.mul(tf.mul(input, inverseRms(input)), scale),
    save: [input, scale],
  }), (dy, [input, scale]) => {
    const inverse = inverseRms(input); // [rows, 1]
    const scaled = tf.mul(dy, scale);
    const projection = tf.mean(tf.mul(scaled, input), -1, true);
    const dx = tf.sub(tf.mul(scaled, inverse), tf.mul(input, tf.mul(projection, tf.mul(inverse, tf.square(inverse)))));
    const dWeight = tf.sum(tf.mul(dy, tf.mul(input, inverse)), 0);
    return [dx, dWeight];
  });
}

/** Su et al. 2021 (RoFormer), in the half-split layout of Hugging Face's Llama. Its gradient is the opposite rotation. */
function rotary(x: tf.Tensor4D, cos: tf.Tensor3D, sin: tf.Tensor3D): tf.Tensor4D {
  const rotate = (input: tf.Tensor, cosine: tf.Tensor, sine: tf.Tensor): tf.Tensor4D => {
    const [first, second] = tf.split(input, 2, -1) as [tf.Tensor, tf.Tensor];
    const [c, s] = [tf.expandDims(cosine, 1), tf.expandDims(sine, 1)];
    return tf.concat([tf.sub(tf.mul(first, c), tf.mul(second, s)), tf.add(tf.mul(second, c), tf.mul(first, s))], -1) as tf.Tensor4D;
  };
  return withGradient([x], ([input]) => ({ value: rotate(input, cos, sin), save: [cos, sin] }), (dy, [c, s]) => [rotate(dy, c, tf.neg(s))]);
}

/** Shazeer 2020, "GLU Variants Improve Transformer". */
function swiglu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return withGradient([gate, up], ([g, u]) => ({ value: tf.mul(tf.mul(g, tf.sigmoid(g)), u), save: [g, u] }), (dy, [g, u]) => {
    const s = tf.sigmoid(g);
    const silu = tf.mul(g, s);
    // silu'(g) = s · (1 + g · (1 − s)) = s + silu · (1 − s)
    const slope = tf.add(s, tf.mul(silu, tf.sub(1, s)));
    return [tf.mul(tf.mul(dy, u), slope), tf.mul(dy, silu)];
  });
}

function attentionSoftmax(scores: tf.Tensor4D, mask: tf.Tensor4D, scale: number): tf.Tensor4D {
  return withGradient([scores], ([input]) => {
    const probabilities = tf.softmax(tf.add(tf.mul(input, scale), mask));
    return { value: probabilities as tf.Tensor4D, save: [probabilities] };
  }, (dy, [p]) => {
    const weighted = tf.mul(p, dy);
    return [tf.mul(tf.sub(weighted, tf.mul(p, tf.sum(weighted, -1, true))), scale)];
  });
}

function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor1D, rowWeights: tf.Tensor1D): tf.Tensor1D {
  const vocabulary = logits.shape[1];
  return withGradient([logits], ([input]) => {
    const logProbabilities = tf.logSoftmax(input);
    const picked = tf.sum(tf.mul(tf.oneHot(targets, vocabulary), logProbabilities), -1);
    return { value: tf.neg(tf.mul(picked, rowWeights)) as tf.Tensor1D, save: [logProbabilities, targets, rowWeights] };
  }, (dy, [logProbabilities, ids, weights]) => {
    const difference = tf.sub(tf.exp(logProbabilities), tf.oneHot(ids as tf.Tensor1D, vocabulary));
    return [tf.mul(difference, tf.expandDims(tf.mul(weights, dy), 1))];
  });
}

/** Hinton, Vinyals & Dean 2015, eq. 2, as a divergence: the teacher's own entropy is subtracted, so equal models give 0. */
function forwardKl(student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number | tf.Scalar, rowWeights: tf.Tensor1D): tf.Tensor1D {
  return withGradient([student], ([input]) => {
    const teacherLog = tf.logSoftmax(tf.div(teacher, temperature));
    const studentLog = tf.logSoftmax(tf.div(input, temperature));
    const teacherProbabilities = tf.exp(teacherLog);
    const rows = tf.sum(tf.mul(teacherProbabilities, tf.sub(teacherLog, studentLog)), -1);
    return { value: tf.mul(rows, rowWeights) as tf.Tensor1D, save: [tf.sub(tf.exp(studentLog), teacherProbabilities), rowWeights] };
  }, (dy, [difference, weights]) => [tf.mul(difference, tf.expandDims(tf.mul(weights, tf.div(dy, temperature)), 1))]);
}

function crossEntropyFlow(logits: tf.Tensor2D, targets: tf.Tensor1D, rowWeights: tf.Tensor1D, flowWeights: tf.Tensor1D): RowsAndFlow {
  return tf.tidy((): RowsAndFlow => {
    const logs = tf.logSoftmax(logits);
    const hot = tf.oneHot(targets, logits.shape[1]);
    return { rows: tf.neg(tf.mul(tf.sum(tf.mul(hot, logs), -1), rowWeights)), flow: tf.mul(tf.sub(tf.exp(logs), hot), tf.expandDims(flowWeights, 1)) };
  });
}

function forwardKlFlow(student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number | tf.Scalar, rowWeights: tf.Tensor1D, flowWeights: tf.Tensor1D): RowsAndFlow {
  return tf.tidy((): RowsAndFlow => {
    const [logP, logQ] = [tf.logSoftmax(tf.div(teacher, temperature)), tf.logSoftmax(tf.div(student, temperature))];
    const p = tf.exp(logP);
    return { rows: tf.mul(tf.sum(tf.mul(p, tf.sub(logP, logQ)), -1), rowWeights), flow: tf.mul(tf.sub(tf.exp(logQ), p), tf.expandDims(tf.div(flowWeights, temperature), 1)) };
  });
}

function adamw(parameter: tf.Variable, gradient: tf.Tensor, slots: AdamSlots, step: AdamStep): void {
  tf.tidy(() => {
    const { learningRate, beta1, beta2, epsilon, decay, t, gradientScale } = step;
    const g = gradientScale === 1 ? gradient : tf.mul(gradient, gradientScale);
    slots.m.assign(tf.add(tf.mul(slots.m, beta1), tf.mul(g, 1 - beta1)));
    slots.v.assign(tf.add(tf.mul(slots.v, beta2), tf.mul(tf.square(g), 1 - beta2)));
    const mean = tf.div(slots.m, 1 - beta1 ** t);
    const deviation = tf.sqrt(tf.div(slots.v, 1 - beta2 ** t));
    const direction = tf.add(tf.div(mean, tf.add(deviation, epsilon)), tf.mul(parameter, decay));
    parameter.assign(tf.sub(parameter, tf.mul(direction, learningRate)));
  });
}

function sumOfSquares(gradients: readonly tf.Tensor[]): tf.Scalar {
  return tf.tidy(() => gradients.length === 0 ? tf.scalar(0) : tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)) as tf.Scalar)));
}

function linear(x: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(x, weight, false, true);
}

function linearGradient(dy: tf.Tensor2D, x: tf.Tensor2D, weight: tf.Tensor2D): readonly [tf.Tensor2D, tf.Tensor2D] {
  return [linearInputGradient(dy, weight), tf.matMul(dy, x, true)];
}

function linearInputGradient(dy: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(dy, weight);
}

export const portableOps: Ops = { linear, linearGradient, linearInputGradient, rmsNorm, rotary, swiglu, attentionSoftmax, crossEntropy, forwardKl, crossEntropyFlow, forwardKlFlow, adamw, sumOfSquares };
