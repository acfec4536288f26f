/** A training stage as the memory estimate needs it: the largest pass of its steps, by the trainer's own rules, and what is trained in it. */
import { DistillError } from '../../shared/messages.ts';
import { asksTeacher, weighs, type TrainStage } from '../../shared/recipe.ts';
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderConfig } from '../model/contract.ts';
import { weightShapes } from '../model/decoder.ts';
import { frozenWeights } from '../model/freeze.ts';
import { passesOf, type Shapes } from '../train/batch.ts';
import { layerPairs } from '../train/layerMap.ts';
import { packRows } from '../train/packing.ts';
import { totalSteps } from '../train/schedule.ts';
import { STORED_BYTES_MOST } from '../train/softTargets.ts';
import { PASSES_WORTH_STORING } from '../train/trainer.ts';
import type { Inside, StepPlan, StepShape } from './memoryModel.ts';
import { parametersOf } from './models.ts';

/** How long rows are, of a sample, and how many there are. */
export interface RowLengths {
  readonly sample: readonly { readonly tokens: number; readonly promptTokens: number }[];
  readonly train: number;
  readonly validation: number;
}

export interface StageModels {
  readonly student: DecoderConfig;
  /** Of several the one whose pass is largest. */
  readonly teacher: DecoderConfig | null;
  /** All that are loaded. */
  readonly held: readonly DecoderConfig[];
}

export function stepPlan({ student, teacher, held }: StageModels, stage: TrainStage, rows: RowLengths | null, limit: number, shapes: Shapes): StepPlan {
  return {
    student, teacher, held: held.reduce((sum, config) => sum + parametersOf(config), 0), compared: asksTeacher(stage),
    shape: largestPass(stage, student, rows, limit, shapes), inside: teacher === null ? null : insideOf(stage, teacher, student),
    lora: stage.lora, ...frozenParts(stage, student), checkpointing: stage.gradientCheckpointing,
    validates: (rows?.validation ?? 0) > 0, asksBefore: stage.targets !== undefined || storedTargets(stage, rows, limit, student.vocabSize) > 0,
  };
}

/** The largest pass of a step whose rows are the longest of the sample, cut to `limit` tokens. */
function largestPass(stage: TrainStage, student: DecoderConfig, rows: RowLengths | null, limit: number, shapes: Shapes): StepShape {
  const { size, accumulate } = stage.batch;
  const lengths = (rows?.sample ?? []).map(({ tokens, promptTokens }) => ({ tokens: Math.min(tokens, limit), promptTokens: Math.min(promptTokens, limit) }));
  const longest = lengths.length === 0 ? [{ tokens: limit, promptTokens: 0 }] : lengths.sort((a, b) => b.tokens - a.tokens);
  // A stage of few rows goes over them again within a step.
  const taken = Array.from({ length: size * accumulate }, (_, index): EncodedRow => {
    const { tokens, promptTokens } = longest[index % longest.length]!;
    return { row: index, file: '', ids: new Int32Array(Math.max(2, tokens)), promptLength: promptTokens, answerStart: Math.max(1, promptTokens), ended: true };
  });
  const passes = stage.packing ? packRows(taken, size, student, shapes) : passesOf(taken, size, student.maxPositions, shapes);
  const largest = passes.reduce((most, pass) => (pass.batch * pass.seq > most.batch * most.seq ? pass : most));
  const kept = Object.values(largest.segments).reduce((sum, { positions }) => sum + positions.length, 0);
  return { batch: largest.batch, length: largest.seq, kept, accumulate: passes.length, vocabulary: student.vocabSize };
}

/** What is trained where parts are frozen, and how many blocks from the first on lie below all of it. */
function frozenParts({ freeze, lora }: TrainStage, student: DecoderConfig): { readonly trained?: number; readonly frozenBlocks?: number } {
  if (freeze === undefined || lora !== undefined) return {};
  let frozen: ReadonlySet<string>;
  try {
    frozen = frozenWeights(student, freeze);
  } catch (error) {
    // The check of the student says so.
    if (error instanceof DistillError) return {};
    throw error;
  }
  const trained = [...weightShapes(student)].filter(([name]) => !frozen.has(name));
  const lowest = Math.min(student.layers, ...trained.map(([name]) => name === 'model.embed_tokens.weight' ? 0 : Number(/^model\.layers\.(\d+)\./.exec(name)?.[1] ?? student.layers)));
  return { trained: trained.reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0), frozenBlocks: lowest };
}

/** Pairs of layers that a stage matches; null where it matches none, or names some that there are not (its own check says so). */
function insideOf(stage: TrainStage, teacher: DecoderConfig, student: DecoderConfig): Inside | null {
  const { hidden, attention } = stage;
  if (!weighs(stage, 'hidden') && !weighs(stage, 'attention')) return null;
  try {
    return {
      hiddenPairs: weighs(stage, 'hidden') ? layerPairs(hidden.layers, teacher.layers, student.layers, hidden.embeddings).length : 0,
      attentionPairs: weighs(stage, 'attention') ? layerPairs(attention.layers, teacher.layers, student.layers, false).length : 0,
      loss: attention.loss,
    };
  } catch (error) {
    if (error instanceof DistillError) return null;
    throw error;
  }
}

/** Bytes of the teacher's logits that a stage keeps in main memory, by trainer.ts's own rule; 0 where it asks the teacher again. */
export function storedTargets(stage: TrainStage, rows: RowLengths | null, limit: number, vocabulary: number): number {
  if (rows === null || rows.sample.length === 0 || !asksTeacher(stage) || stage.targets !== undefined || stage.teachers !== undefined || weighs(stage, 'hidden') || weighs(stage, 'attention')) return 0;
  const { batch } = stage;
  const passes = (totalSteps(stage, rows.train).steps * batch.size * batch.accumulate) / rows.train;
  const kept = rows.sample.reduce((sum, { tokens, promptTokens }) => sum + Math.max(0, Math.min(tokens, limit) - promptTokens), 0) / rows.sample.length;
  const bytes = kept * (rows.train + rows.validation) * vocabulary * Float32Array.BYTES_PER_ELEMENT;
  return passes < PASSES_WORTH_STORING || bytes > STORED_BYTES_MOST ? 0 : bytes;
}
