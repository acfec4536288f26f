/** Training stages whose memory is estimated and then measured: sizes, lengths and methods that differ in what they hold. */
import { configFromSizes } from '../../src/engine/model/config.ts';
import type { DecoderConfig } from '../../src/engine/model/contract.ts';
import { presetSizes, type Preset } from '../../src/shared/recipePresets.ts';
import { trainStage, type Sizes, type TrainStage } from '../../src/shared/recipe.ts';

export interface MemoryCase {
  readonly name: string;
  readonly student: DecoderConfig;
  readonly teacher: DecoderConfig | null;
  readonly stage: TrainStage;
  readonly rows: number;
  /** Rows that are validated on, before the first step and at the end. */
  readonly validation: number;
  /** Tokens that are fed of each row, and supervised positions among them. */
  readonly length: number;
  readonly kept: number;
}

interface Plan {
  readonly student?: Preset | Partial<Sizes>;
  readonly teacher?: Preset | Partial<Sizes> | null;
  readonly vocabulary?: number;
  readonly batch?: number;
  readonly length?: number;
  /** Share of the positions that are supervised. */
  readonly share?: number;
  readonly rows?: number;
  readonly validation?: number;
  readonly stage?: object;
}

function configOf(sizes: Preset | Partial<Sizes>, vocabulary: number): DecoderConfig {
  const whole = typeof sizes === 'string' ? presetSizes(sizes, 1024) : { ...presetSizes('micro', 1024), ...sizes };
  return configFromSizes(whole, { vocabSize: vocabulary, bosTokenId: null, eosTokenIds: [1] });
}

function plan(name: string, { student = 'micro', teacher = 'mini', vocabulary = 2048, batch = 8, length = 192, share = 0.75, rows = batch, validation = 0, stage = {} }: Plan): MemoryCase {
  const { batch: accumulated, ...rest } = stage as { readonly batch?: object };
  const own = teacher === null ? { objective: 'sequence' } : { teacher: 'teacher' };
  return {
    name, student: configOf(student, vocabulary), teacher: teacher === null ? null : configOf(teacher, vocabulary), rows, validation, length, kept: Math.round(length * share),
    stage: trainStage.parse({ type: 'train', ...own, batch: { size: batch, ...accumulated }, limits: { steps: STEPS }, sentinel: 0, validate: { every: STEPS }, checkpoint: { every: 1000, keepLast: 1 }, ...rest }),
  };
}

/** The first step makes what the others use again. */
const STEPS = 2;

export const CASES: readonly MemoryCase[] = [
  plan('plain step, 1.4M parameters', { teacher: null }),
  plan('plain step, 6.6M parameters', { student: 'mini', teacher: null }),
  plan('plain step, 6.6M parameters, 16 at once', { student: 'mini', teacher: null, batch: 16 }),
  plan('plain step, 19.7M parameters', { student: 'small', teacher: null, batch: 4 }),
  plan('teacher live, 1.4M from 6.6M', { rows: 64 }),
  plan('teacher live, 6.6M from 19.7M', { student: 'mini', teacher: 'small', rows: 64 }),
  plan('teacher live, 1.4M from 19.7M', { teacher: 'small', rows: 64 }),
  plan('rows of 512 tokens', { length: 512, batch: 4, rows: 64 }),
  plan('rows of 64 tokens, 32 at once', { length: 64, batch: 32, rows: 128 }),
  plan('vocabulary of 16,384', { vocabulary: 16_384, batch: 4, rows: 64 }),
  plan('vocabulary of 16,384, no teacher', { vocabulary: 16_384, teacher: null, batch: 4 }),
  plan('validated', { student: 'mini', teacher: 'small', rows: 64, validation: 8 }),
  plan('vocabulary of 32,768, few supervised', { vocabulary: 32_768, batch: 4, share: 0.25, rows: 64 }),
  plan('vocabulary of 32,768, losses in pieces', { vocabulary: 32_768, batch: 24, rows: 64 }),
  plan('many heads', { student: { num_attention_heads: 8, num_key_value_heads: 8, hidden_size: 256, intermediate_size: 512 }, teacher: null, length: 256 }),
  plan('wide and shallow', { student: { hidden_size: 512, intermediate_size: 2048, num_hidden_layers: 2, num_attention_heads: 8, num_key_value_heads: 2 }, teacher: null }),
  plan('heads wider than the model', { student: { head_dim: 64 }, teacher: null }),
  plan('narrow feed-forward', { student: { hidden_size: 256, intermediate_size: 256, num_attention_heads: 4, num_key_value_heads: 4 }, teacher: null }),
  plan('deep and narrow', { student: { num_hidden_layers: 16 }, teacher: null }),
  plan('micro-batches', { student: 'mini', teacher: null, batch: 4, stage: { batch: { accumulate: 4 } } }),
  plan('gradient checkpointing', { student: 'mini', teacher: null, batch: 16, stage: { gradientCheckpointing: true } }),
  plan('gradient checkpointing, deep', { student: { num_hidden_layers: 16 }, rows: 64, batch: 16, stage: { gradientCheckpointing: true } }),
  plan('LoRA of rank 8', { student: 'small', teacher: null, batch: 4, stage: { lora: { rank: 8 } } }),
  plan('LoRA of rank 16, teacher live', { student: 'mini', teacher: 'small', rows: 64, stage: { lora: { rank: 16, targets: ['q_proj', 'v_proj'] } } }),
  plan('embeddings and half of the layers frozen', { student: 'small', teacher: null, batch: 4, stage: { freeze: ['embeddings', 'layers.0-5'] } }),
  plan('targets stored in memory', { rows: 16, stage: { limits: { steps: 6 } } }),
  plan('top-50 targets on disk', { rows: 32, stage: { targets: { topK: 50 } } }),
  plan('hidden states matched', { rows: 64, stage: { weights: { kl: 1, ce: 0, hidden: 1 } } }),
  plan('attention matched', { rows: 64, batch: 4, stage: { weights: { kl: 1, ce: 0, attention: 1 } } }),
  plan('INT8', { student: 'mini', teacher: null, stage: { quantise: 'int8' } }),
  plan('bfloat16 products', { student: 'mini', teacher: null, stage: { precision: 'bfloat16' } }),
  plan('operation by operation', { student: 'mini', teacher: null, stage: { compile: 'off' } }),
  plan('operation by operation, teacher live', { rows: 64, stage: { compile: 'off' } }),
  plan('packed rows', { student: 'mini', teacher: null, length: 96, rows: 64, stage: { packing: true } }),
  plan('reverse KL', { rows: 64, vocabulary: 8192, batch: 4, stage: { objective: 'reverse-kl' } }),
];

