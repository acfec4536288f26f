/**
 * The methods that are compared, as stages of a recipe. All of them have the same rows, the same number of optimiser steps
 * and the same optimiser; a method of several stages shares the steps among them. What a method needs beyond its usual
 * setting was chosen on the validation rows of the arithmetic task.
 */
import type { RecipeInput } from '../../src/shared/recipe.ts';

type StageInput = RecipeInput['stages'][number];
type TrainInput = Extract<StageInput, { readonly type: 'train' }>;
type StudentInput = RecipeInput['student'];

export interface Setting {
  readonly steps: number;
  /** Where a method may write data of its own; absolute. */
  readonly scratch: string;
  /** The task's training questions, as the recipe writes their file. */
  readonly train: string;
  readonly template: RecipeInput['data']['template'];
}

export interface Method {
  readonly id: string;
  readonly name: string;
  /** Every method's own stages; evaluation comes after them. */
  readonly stages: (setting: Setting) => readonly StageInput[];
  /** Where it is not the usual one, which keeps the first and the last layer of the teacher. */
  readonly student?: StudentInput;
  /** Needs the second teacher. */
  readonly twoTeachers?: true;
  /** Trains on rows of its own. */
  readonly trainFile?: (setting: Setting) => string;
  /** The exported model computes in INT8: its size is that of the int8 file. */
  readonly int8?: true;
  /** Left out unless it is asked for by name (or by "all"). */
  readonly extra?: true;
}

const LEARNING_RATE = 0.003;
/** Adapters begin at zero and stay small: they take a larger one. */
const LORA_LEARNING_RATE = 0.01;

/** A training stage of the comparison; `share` of the steps. */
function train({ steps }: Setting, name: string, more: Partial<TrainInput>, share = 1): TrainInput {
  const own = Math.round(steps * share);
  return {
    type: 'train', name,
    optimizer: { learningRate: LEARNING_RATE }, schedule: { kind: 'cosine', warmupSteps: Math.min(50, Math.floor(own / 4)), floor: 0.05 },
    batch: { size: 64 }, limits: { steps: own }, validate: { every: own, rows: 128 }, checkpoint: { every: own, keepLast: 1 }, sentinel: 0, ...more,
  };
}

/** What the others are built on: 0.9 · T² · KL + 0.1 · CE at T = 2, as the example's own recipe. */
const KL_AND_CE = { teacher: 'teacher', alpha: 0.9, temperature: 2 } as const;
const tracesOf = ({ scratch }: Setting, name: string): string => `${scratch}/${name}.jsonl`;

export const METHODS: readonly Method[] = [
  { id: 'hard-labels', name: 'hard labels (cross-entropy on the reference)', stages: (s) => [train(s, 'train', { objective: 'sequence' })] },
  {
    id: 'sequence', name: 'sequence-level (cross-entropy on verified traces that the teacher wrote)',
    stages: (s) => [
      {
        type: 'collect', name: 'collect', from: s.train, to: tracesOf(s, 'sequence'),
        ask: { teacher: 'teacher', sampling: { temperature: 1, topP: 1, maxTokens: 80 } }, verify: { keep: 'right', trace: false },
      },
      train(s, 'train', { objective: 'sequence' }),
    ],
    trainFile: (s) => tracesOf(s, 'sequence'),
  },
  { id: 'kl', name: 'forward KL, T = 2', stages: (s) => [train(s, 'train', { ...KL_AND_CE, alpha: 1 })] },
  { id: 'kl-ce', name: 'forward KL + cross-entropy', stages: (s) => [train(s, 'train', KL_AND_CE)] },
  { id: 'reverse-kl', extra: true, name: 'reverse KL + cross-entropy', stages: (s) => [train(s, 'train', { ...KL_AND_CE, objective: 'reverse-kl' })] },
  { id: 'jsd', extra: true, name: 'JSD (β = ½) + cross-entropy', stages: (s) => [train(s, 'train', { ...KL_AND_CE, objective: 'jsd', beta: 0.5 })] },
  { id: 'skew-kl', extra: true, name: 'skewed KL (γ = 0.1) + cross-entropy', stages: (s) => [train(s, 'train', { ...KL_AND_CE, objective: 'skew-kl' })] },
  { id: 'mse', extra: true, name: 'MSE of logits', stages: (s) => [train(s, 'train', { teacher: 'teacher', weights: { kl: 0, ce: 0.1, mse: 1 } })] },
  { id: 'hidden', name: '+ hidden states', stages: (s) => [train(s, 'train', { teacher: 'teacher', temperature: 2, weights: { kl: 0.9, ce: 0.1, hidden: 0.1 } })] },
  { id: 'attention', name: '+ attention', stages: (s) => [train(s, 'train', { teacher: 'teacher', temperature: 2, weights: { kl: 0.9, ce: 0.1, attention: 1 } })] },
  {
    id: 'tinybert', name: 'TinyBERT (inside first, then prediction)',
    stages: (s) => [
      train(s, 'inside', { teacher: 'teacher', weights: { kl: 0, ce: 0, hidden: 1, attention: 1 }, hidden: { embeddings: true, projection: 'shared' }, attention: { loss: 'mse' } }, 0.5),
      train(s, 'prediction', { teacher: 'teacher', weights: { kl: 1, ce: 0 }, temperature: 1 }, 0.5),
    ],
  },
  {
    id: 'multi-teacher', name: 'two teachers, by confidence', twoTeachers: true,
    stages: (s) => [train(s, 'train', { alpha: 0.9, temperature: 2, teachers: [{ name: 'teacher' }, { name: 'second' }], combine: 'confidence' })],
  },
  { id: 'adaptive-t', name: 'temperature from 5 to 1', stages: (s) => [train(s, 'train', { ...KL_AND_CE, temperature: { from: 5, to: 1, kind: 'linear' } })] },
  { id: 'top-k', extra: true, name: 'stored top-8 log-probabilities', stages: (s) => [train(s, 'train', { ...KL_AND_CE, targets: { topK: 8 } })] },
  { id: 'qat', name: 'INT8 in training', int8: true, stages: (s) => [train(s, 'train', { ...KL_AND_CE, quantise: 'int8' }), { type: 'export', name: 'export', to: `${s.scratch}/int8`, dtype: 'int8' }] },
  {
    id: 'slimmed', name: 'slimmed by importance, then healed',
    student: { fromTeacher: 'teacher', layers: { keep: 2, by: 'importance' }, intermediate_size: 192, num_key_value_heads: 1 },
    stages: (s) => [train(s, 'train', KL_AND_CE)],
  },
  {
    id: 'on-policy', name: 'on-policy (half of the batches, in the last third of the steps)',
    stages: (s) => [
      train(s, 'train', KL_AND_CE, 2 / 3),
      train(s, 'on-policy', { teacher: 'teacher', objective: 'jsd', alpha: 0.9, temperature: 1, onPolicy: { share: 0.5, maxNewTokens: 80, temperature: 1, topP: 1 }, optimizer: { learningRate: LEARNING_RATE / 3 } }, 1 / 3),
    ],
  },
  {
    id: 'three-stages', name: 'KL, then KL + cross-entropy, then reinforcement',
    stages: (s) => [
      train(s, 'imitate', { ...KL_AND_CE, alpha: 1 }, 0.45),
      train(s, 'task', { ...KL_AND_CE, alpha: 0.5 }, 0.45),
      {
        type: 'reinforce', name: 'reinforce', prompts: 64, samples: 8, maxNewTokens: 80, kl: 0.001, batch: { size: 64 }, limits: { steps: Math.round(s.steps * 0.1) },
        optimizer: { learningRate: 2e-4, beta2: 0.99, weightDecay: 0 }, schedule: { kind: 'linear', warmupSteps: 5, floor: 0 },
        validate: { every: Math.round(s.steps * 0.1), rows: 64 }, checkpoint: { every: Math.round(s.steps * 0.1), keepLast: 1 },
      },
    ],
  },
  {
    id: 'lora', name: 'LoRA of rank 16 on all projections',
    stages: (s) => [train(s, 'train', { ...KL_AND_CE, lora: { rank: 16, alpha: 32, targets: 'all-linear' }, optimizer: { learningRate: LORA_LEARNING_RATE } })],
  },
];
