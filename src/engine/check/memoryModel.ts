/**
 * How much memory a training step or an evaluation takes at once, in bytes. Weights, moments and gradients follow from the
 * sizes; what the forward and the backward pass hold was measured: the largest `tf.memory().numBytes` of a pass on the
 * WebAssembly backend over twelve models (layers, widths, heads, lengths, vocabularies), from whose differences the numbers
 * below come. test/engine/check/memory.test.ts holds them against a fresh measurement.
 */
import type { DecoderConfig } from '../model/contract.ts';
import { parametersOf } from './models.ts';

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

/** Values that a pass holds for each token and layer, as multiples of what they are as wide as. */
interface PassCost {
  readonly scores: number;
  readonly inner: number;
  readonly keys: number;
  readonly width: number;
  readonly queries: number;
}
const TRAINING: PassCost = { scores: 8.3, inner: 6.4, keys: 12.75, width: 22, queries: 15.3 };
const FORWARD: PassCost = { scores: 4, inner: 3, keys: 9, width: 9, queries: 6 };
/** Values for each token outside the layers, as multiples of the width. */
const OUTSIDE_LAYERS = 10;
/** Tensors as large as the logits: the student's alone, and with a teacher's beside them. */
const LOGITS = { alone: 3, withTeacher: 7 } as const;

/** Maps [batch, heads, seq, seq] that a pair of attention layers holds, of the student's heads and of the teacher's. */
const ATTENTION = { kl: { student: 23.4, teacher: 2 }, mse: { student: 11.3, teacher: 2 } } as const;
/** States [tokens, teacher's width] that a pair of hidden layers holds. */
const HIDDEN = 8.4;

/** What matching of the teacher's inside holds besides: grows with the square of the length where attention is matched. */
export interface Inside {
  readonly hiddenPairs: number;
  readonly attentionPairs: number;
  readonly loss: 'kl' | 'mse';
}

export interface StepShape {
  /** Rows of one forward pass, tokens of the longest, supervised positions of all together. */
  readonly batch: number;
  readonly length: number;
  readonly kept: number;
  readonly accumulate: number;
  readonly vocabulary: number;
}

export interface MemoryPart {
  /** A word of preflightText.ts. */
  readonly part: 'inside' | 'weights' | 'moments' | 'gradients' | 'activations' | 'logits' | 'teacher' | 'teacher-pass';
  readonly bytes: number;
}

/** Parts that are there at the same time, at the worst moment of a step. `teacher`: the one that this stage asks. `held`: parameters of all teachers that are loaded. */
export function trainingMemory(student: DecoderConfig, teacher: DecoderConfig | null, held: number, shape: StepShape, inside: Inside | null = null): readonly MemoryPart[] {
  const weights = parametersOf(student) * FLOAT;
  const tokens = shape.batch * shape.length;
  const logits = shape.kept * shape.vocabulary * FLOAT;
  const activations = passBytes(student, tokens, shape.length, TRAINING);
  const ownPass = activations + logits * (teacher === null ? LOGITS.alone : LOGITS.withTeacher);
  const parts: MemoryPart[] = [
    { part: 'weights', bytes: weights }, { part: 'moments', bytes: 2 * weights },
    // Adding one micro-batch's gradients to the sum makes a new sum.
    { part: 'gradients', bytes: weights * (shape.accumulate > 1 ? 2 : 1) },
  ];
  if (held > 0) parts.push({ part: 'teacher', bytes: held * FLOAT });
  if (inside !== null && teacher !== null) parts.push({ part: 'inside', bytes: insideBytes(student, teacher, shape, inside) });
  // The teacher is through before the student begins: the larger of the two passes counts.
  const teacherPass = teacher === null ? 0 : passBytes(teacher, tokens, shape.length, FORWARD) + logits;
  if (teacherPass > ownPass) parts.push({ part: 'teacher-pass', bytes: teacherPass });
  else parts.push({ part: 'activations', bytes: activations }, { part: 'logits', bytes: ownPass - activations });
  return parts;
}

/** Of an evaluation: the prompts' own pass, and the cache of keys and values grown to its end (twice, while it is copied). */
export function generationMemory(model: DecoderConfig, held: number, { batch, prompt, length }: { readonly batch: number; readonly prompt: number; readonly length: number }): readonly MemoryPart[] {
  const cache = 2 * batch * length * model.layers * 2 * model.kvHeads * model.headDim * FLOAT;
  return [
    { part: 'weights', bytes: held * FLOAT },
    { part: 'activations', bytes: Math.max(passBytes(model, batch * prompt, prompt, FORWARD), cache) },
    { part: 'logits', bytes: LOGITS.alone * batch * model.vocabSize * FLOAT },
  ];
}

function insideBytes(student: DecoderConfig, teacher: DecoderConfig, { batch, length }: StepShape, { hiddenPairs, attentionPairs, loss }: Inside): number {
  const maps = batch * length * length * (ATTENTION[loss].student * student.heads + ATTENTION[loss].teacher * teacher.heads);
  return FLOAT * (attentionPairs * maps + hiddenPairs * HIDDEN * batch * length * teacher.hiddenSize);
}

function passBytes(config: DecoderConfig, tokens: number, length: number, cost: PassCost): number {
  const { layers, hiddenSize, intermediateSize, heads, kvHeads, headDim } = config;
  const ofLayer = cost.scores * heads * length + cost.inner * intermediateSize + cost.keys * kvHeads * headDim + cost.width * hiddenSize + cost.queries * heads * headDim;
  return tokens * (layers * ofLayer + OUTSIDE_LAYERS * hiddenSize) * FLOAT;
}

export function total(parts: readonly MemoryPart[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}
