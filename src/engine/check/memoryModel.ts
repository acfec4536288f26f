/**
 * How much memory a process takes at most while it trains or evaluates, in bytes. Weights, moments and gradients follow from the
 * sizes; what a pass holds beside them was measured: the peak of a process's resident memory over the configurations of
 * bench/memory, for each way in which a step is computed, to which memoryCosts.ts was fitted. `npm run bench -- memory` prints
 * estimate, measurement and error of each.
 */
import type { LoraSettings } from '../../shared/recipeAdapter.ts';
import type { DecoderConfig } from '../model/contract.ts';
import { targetsOf } from '../model/lora.ts';
import { CHUNK_BYTES, CHUNKED_FROM_BYTES } from '../train/chunkedLosses.ts';
import { COSTS, type Computed, type Costs } from './memoryCosts.ts';
import { parametersOf } from './models.ts';

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

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

/** What a step is made of. */
export interface StepPlan {
  readonly student: DecoderConfig;
  /** The teacher that is asked in the step; null where there is none, or its targets are stored. */
  readonly teacher: DecoderConfig | null;
  /** Parameters of all teachers that are loaded. */
  readonly held: number;
  readonly shape: StepShape;
  readonly inside?: Inside | null;
  /** Whether logits are compared with a teacher's, wherever those come from. */
  readonly compared?: boolean;
  readonly lora?: LoraSettings | undefined;
  /** Parameters that are trained where that isn't all of them (of an adapter its own), and blocks from the first on below which nothing is. */
  readonly trained?: number;
  readonly frozenBlocks?: number;
  readonly checkpointing?: boolean;
  /** Student and teacher are also run without a gradient, operation by operation: validations. */
  readonly validates?: boolean;
  /** The teacher is also run outside of steps, for targets that are stored beforehand. */
  readonly asksBefore?: boolean;
}

export interface MemoryPart {
  /** A word of preflightText.ts. */
  readonly part: 'inside' | 'weights' | 'moments' | 'gradients' | 'activations' | 'logits' | 'teacher' | 'teacher-pass' | 'forward-pass' | 'base';
  readonly bytes: number;
}

/** Parts that are there at the same time, at the worst moment of a stage, the engine itself among them. */
export function trainingMemory(plan: StepPlan, computed: Computed, costs: Costs = COSTS[computed]): readonly MemoryPart[] {
  const { student, teacher, held, shape, inside = null, compared = teacher !== null, lora } = plan;
  const tokens = shape.batch * shape.length;
  const adapters = lora === undefined ? 0 : adapterParameters(student, lora);
  const trained = lora === undefined ? plan.trained ?? parametersOf(student) : adapters;
  const logits = shape.kept * shape.vocabulary * FLOAT;
  const activations = activationBytes(plan, tokens, costs);
  // Those that validations have at once.
  const atOnce = logits < CHUNKED_FROM_BYTES ? logits : CHUNK_BYTES;
  const ofLogits = logits < CHUNKED_FROM_BYTES ? logits * (compared ? costs.logits.withTeacher : costs.logits.alone) : pieceBytes(student, shape, compared, lora === undefined, costs);
  const parts: MemoryPart[] = [
    { part: 'base', bytes: costs.base }, { part: 'weights', bytes: (parametersOf(student) + adapters) * FLOAT }, { part: 'moments', bytes: 2 * trained * FLOAT },
    { part: 'gradients', bytes: trained * FLOAT * (shape.accumulate > 1 ? costs.gradients.summed : costs.gradients.once) },
  ];
  if (held > 0) parts.push({ part: 'teacher', bytes: held * FLOAT });
  if (inside !== null && teacher !== null) parts.push({ part: 'inside', bytes: insideBytes(student, teacher, shape, inside, costs) });
  // The teacher is through before the student begins: the larger of the two passes counts.
  const within = teacher === null ? 0 : forwardBytes(teacher, tokens, shape.length, costs) + 2 * logits;
  // Outside of a step nothing is one function.
  const plain = computed === 'whole' ? COSTS.eager : costs;
  const outside = Math.max(
    teacher !== null && plan.asksBefore === true ? forwardBytes(teacher, tokens, shape.length, plain) + 2 * logits : 0,
    plan.validates === true ? forwardBytes(student, tokens, shape.length, plain) + plain.logits.alone * atOnce : 0,
    teacher !== null && plan.validates === true ? forwardBytes(teacher, tokens, shape.length, plain) + 2 * atOnce : 0,
  );
  const other = Math.max(within, outside - parts.filter(({ part }) => part === 'gradients').reduce((sum, { bytes }) => sum + bytes, 0));
  if (other > activations + ofLogits) parts.push({ part: outside > within ? 'forward-pass' : 'teacher-pass', bytes: other });
  else parts.push({ part: 'activations', bytes: activations }, { part: 'logits', bytes: ofLogits });
  return parts;
}

/** Losses in pieces: the logits of one, and the gradients of the states and, where it is trained, of the head's weight that they leave. */
function pieceBytes({ hiddenSize }: DecoderConfig, { kept, vocabulary }: StepShape, compared: boolean, trainsHead: boolean, { logits }: Costs): number {
  return CHUNK_BYTES * (compared ? logits.withTeacher : logits.alone) + 2 * (kept + (trainsHead ? vocabulary : 0)) * hiddenSize * FLOAT;
}

/** Of an evaluation: the prompts' own pass, and the cache of keys and values grown to its end (twice, while it is copied). */
export function generationMemory(model: DecoderConfig, held: number, { batch, prompt, length }: { readonly batch: number; readonly prompt: number; readonly length: number }, computed: Computed): readonly MemoryPart[] {
  const costs = COSTS[computed];
  const cache = 2 * batch * length * model.layers * 2 * model.kvHeads * model.headDim * FLOAT;
  return [
    { part: 'base', bytes: costs.base }, { part: 'weights', bytes: held * FLOAT },
    { part: 'activations', bytes: Math.max(forwardBytes(model, batch * prompt, prompt, computed === 'whole' ? COSTS.eager : costs), cache) },
    { part: 'logits', bytes: GENERATION_LOGITS * batch * model.vocabSize * FLOAT },
  ];
}

/** Tensors as large as the logits of one position of each row. */
const GENERATION_LOGITS = 3;

function activationBytes({ student, shape, lora, checkpointing = false, frozenBlocks = 0 }: StepPlan, tokens: number, costs: Costs): number {
  const block = blockBytes(student, tokens, shape.length, costs) + (lora === undefined ? 0 : adapterBytes(student, lora, tokens, costs));
  const outside = tokens * student.hiddenSize * costs.outside * FLOAT;
  const live = student.layers - frozenBlocks * (1 - costs.frozen);
  if (!checkpointing) return block * live + outside;
  // What goes into each block stays; one block at a time is computed again, and what a function hasn't forgotten yet.
  return tokens * student.hiddenSize * FLOAT * student.layers * costs.checkpoint.kept + block * (1 + costs.checkpoint.share * (live - 1)) + outside;
}

/** A pass without a gradient. */
function forwardBytes(model: DecoderConfig, tokens: number, length: number, costs: Costs): number {
  return costs.forward * blockBytes(model, tokens, length, costs) * (costs.forgets ? 1 : model.layers);
}

/** What one block of a pass keeps for its gradient. */
function blockBytes({ hiddenSize, intermediateSize, heads, kvHeads, headDim }: DecoderConfig, tokens: number, length: number, { pass }: Costs): number {
  return tokens * FLOAT * (pass.scores * heads * length + pass.inner * intermediateSize + pass.keys * kvHeads * headDim + pass.width * hiddenSize + pass.queries * heads * headDim);
}

/** The product beside each target's, and what is between the two matrices, of one block. */
function adapterBytes(student: DecoderConfig, lora: LoraSettings, tokens: number, { adapter }: Costs): number {
  const widths = [...targetsOf(student, lora.targets).values()].reduce((sum, [out]) => sum + out + 2 * lora.rank, 0);
  return (tokens * FLOAT * adapter * widths) / student.layers;
}

/** Numbers in an adapter's matrices. */
export function adapterParameters(config: DecoderConfig, { rank, targets }: LoraSettings): number {
  return [...targetsOf(config, targets).values()].reduce((sum, [out, width]) => sum + rank * (out + width), 0);
}

function insideBytes(student: DecoderConfig, teacher: DecoderConfig, { batch, length }: StepShape, { hiddenPairs, attentionPairs, loss }: Inside, costs: Costs): number {
  const { student: own, teacher: theirs } = costs.attention[loss];
  return FLOAT * (attentionPairs * batch * length * length * (own * student.heads + theirs * teacher.heads) + hiddenPairs * costs.hidden * batch * length * teacher.hiddenSize);
}

export function total(parts: readonly MemoryPart[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}
