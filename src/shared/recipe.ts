/**
 * The recipe's schema: the one source of its types, of its checks, and of media/schemas/recipe.schema.json (generated).
 * `.describe()` is the hover text in the editor (English); its Chinese stands in recipeDescriptions.zh-cn.ts.
 * Paths are relative to the recipe's file.
 */
import { z } from 'zod';

const positive = z.number().positive();
const count = z.int().min(1);
const share = z.number().min(0).max(1);
const folder = z.string().min(1);

/** Sizes of a new decoder, in the words of Hugging Face's config.json. */
export const sizes = z.strictObject({
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.optional(),
  head_dim: count.optional(),
  max_position_embeddings: count.default(512),
  rope_theta: positive.default(10_000),
  rms_norm_eps: positive.default(1e-5),
  tie_word_embeddings: z.boolean().default(true),
  attention_bias: z.boolean().default(false),
});

export const localTeacher = z.strictObject({ type: z.literal('local'), model: folder });
export const apiTeacher = z.strictObject({
  type: z.literal('api'),
  baseUrl: z.url(),
  model: z.string().min(1),
  /** Name of the environment variable that holds the key; never the key. */
  keyVariable: z.string().regex(/^[A-Z_][A-Z0-9_]*$/).optional(),
});

export const student = z.union([
  z.strictObject({ model: folder }),
  z.strictObject({
    new: sizes,
    /** A folder with tokenizer.json; by default the first local teacher's. */
    tokenizer: folder.optional(),
  }),
  /** Starts from some layers of a teacher (0 is its first); widths stay the teacher's. */
  z.strictObject({ fromTeacher: z.string().min(1), layers: z.array(z.int().min(0)).min(1) }),
]);

export const data = z.strictObject({
  train: z.string(),
  /** A file, or a share of the training rows that is held out. */
  validation: z.union([z.string(), share]).default(0.05),
  test: z.union([z.string(), share]).optional(),
  fields: z.strictObject({
    prompt: z.string().default('prompt'),
    think: z.string().default('think'),
    answer: z.string().default('answer'),
    messages: z.string().default('messages'),
    gold: z.string().default('gold'),
  }).prefault({}),
  /** "chat" uses the tokenizer's chat template; otherwise two texts with {prompt}, {think}, {answer} in braces. */
  template: z.union([
    z.literal('chat'),
    z.strictObject({ prompt: z.string(), completion: z.string() }),
  ]).default('chat'),
  maxLength: count.default(512),
  /** What becomes of rows longer than maxLength: cut at a step boundary, dropped, or the run is refused. */
  tooLong: z.enum(['cut', 'drop', 'refuse']).default('cut'),
});

const schedule = z.strictObject({
  kind: z.enum(['cosine', 'linear', 'constant']).default('cosine'),
  warmupSteps: z.int().min(0).default(0),
  /** The learning rate at the end, as a share of its peak. */
  floor: share.default(0.1),
});

const optimizer = z.strictObject({
  kind: z.literal('adamw').default('adamw'),
  learningRate: positive.default(1e-3),
  beta1: share.default(0.9),
  beta2: share.default(0.95),
  epsilon: positive.default(1e-8),
  weightDecay: z.number().min(0).default(0.01),
  clipNorm: positive.nullable().default(1),
});

export const gate = z.strictObject({
  metric: z.string(),
  min: z.number().optional(),
  max: z.number().optional(),
  onMiss: z.enum(['stop', 'continue']).default('stop'),
});

export const trainStage = z.strictObject({
  type: z.literal('train'),
  name: z.string().min(1),
  /** forward-kl: soft targets of a teacher (with T²) and cross-entropy. sequence: cross-entropy on the traces alone. */
  objective: z.enum(['forward-kl', 'sequence']).default('forward-kl'),
  teacher: z.string().optional(),
  /** Of the total: weights.kl · T² · KL + weights.ce · CE. `alpha` is short for { kl: alpha, ce: 1 − alpha }. */
  weights: z.strictObject({ kl: z.number().min(0), ce: z.number().min(0) }).optional(),
  alpha: share.optional(),
  temperature: positive.default(2),
  optimizer: optimizer.prefault({}),
  schedule: schedule.prefault({}),
  batch: z.strictObject({ size: count.default(16), accumulate: count.default(1) }).prefault({}),
  limits: z.strictObject({ steps: count.optional(), epochs: positive.optional() })
    .refine((limits) => limits.steps !== undefined || limits.epochs !== undefined, { error: 'one of steps, epochs' }),
  validate: z.strictObject({ every: count.default(100), rows: count.default(256) }).prefault({}),
  earlyStop: z.strictObject({ metric: z.string().default('validation/loss'), patience: count, minDelta: z.number().min(0).default(0) }).optional(),
  checkpoint: z.strictObject({ every: count.default(200), keepLast: count.default(2), best: z.string().default('validation/loss') }).prefault({}),
  /** Checked at the end of the stage. */
  gate: gate.optional(),
});

export const evaluateStage = z.strictObject({ type: z.literal('evaluate'), name: z.string().min(1) });

export const exportStage = z.strictObject({
  type: z.literal('export'),
  name: z.string().min(1),
  /** A folder that the Hugging Face files are written to, whole. */
  to: folder,
  dtype: z.enum(['float32', 'bfloat16', 'float16']).default('float32'),
});

export const stage = z.discriminatedUnion('type', [trainStage, evaluateStage, exportStage]);

export const evaluate = z.strictObject({
  split: z.enum(['validation', 'test']).default('test'),
  rows: count.default(200),
  maxNewTokens: count.default(256),
  batch: count.default(32),
  temperature: z.number().min(0).default(0),
  topP: share.default(1),
});

export const engine = z.strictObject({
  kind: z.enum(['tfjs', 'torch']).default('tfjs'),
  backend: z.enum(['auto', 'tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm', 'cpu']).default('auto'),
  threads: count.optional(),
});

export const recipe = z.strictObject({
  $schema: z.string().optional(),
  format: z.literal(1),
  name: z.string().min(1).max(60),
  teachers: z.record(z.string(), z.discriminatedUnion('type', [localTeacher, apiTeacher])).default({}),
  student,
  data,
  stages: z.array(stage).min(1),
  evaluate: evaluate.prefault({}),
  engine: engine.prefault({}),
  seed: z.int().min(0).default(0),
});

/** A recipe with every default filled in. */
export type Recipe = z.output<typeof recipe>;
/** A recipe as a person writes it. */
export type RecipeInput = z.input<typeof recipe>;
export type TrainStage = z.output<typeof trainStage>;
export type EvaluateStage = z.output<typeof evaluateStage>;
export type ExportStage = z.output<typeof exportStage>;
export type Stage = z.output<typeof stage>;
export type Sizes = z.output<typeof sizes>;
