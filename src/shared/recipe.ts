/**
 * The recipe's schema: the one source of its types, of its checks (recipeText.ts adds those that look across fields),
 * and of media/schemas/recipe.schema*.json (generated). `about` holds the hover text of the editor in both languages.
 * Paths are relative to the recipe's file.
 */
import * as z from 'zod';
import { VALIDATION_METRICS } from './metrics.ts';
import { entry, gate } from './recipeGates.ts';
import { sweep } from './recipeSweep.ts';
import { apiTeacher } from './recipeTeacher.ts';
import { collectStage } from './recipeCollect.ts';
import { onPolicy } from './recipeOnPolicy.ts';
import { optimizer, schedule } from './recipeOptimiser.ts';
import { attentionMatching, hiddenMatching, lossWeights, targets, temperature, uld } from './recipeLosses.ts';
import { reinforceStage } from './recipeReinforce.ts';
import { freeze, lora } from './recipeAdapter.ts';
import { compile, lossScale, precision } from './recipeStep.ts';
import { about, count, fields, pathText, positive, share } from './recipeParts.ts';
import { PRESET_NAMES, PRESET_POSITIONS, presetSizes } from './recipePresets.ts';
import { largest } from './scheduled.ts';

const folder = pathText;
const metric = z.enum(VALIDATION_METRICS);

export const NAME_LENGTH = 60;
export const projectName = z.string().min(1).max(NAME_LENGTH);

/** Sizes of a new decoder, in the words of Hugging Face's config.json. */
export const sizes = z.strictObject({
  hidden_size: count.meta(about('Width of the model.', '模型宽度。')),
  intermediate_size: count.meta(about('Inner width of the feed-forward layers.', '前馈层的内部宽度。')),
  num_hidden_layers: count.meta(about('Number of layers.', '层数。')),
  num_attention_heads: count.meta(about('Attention heads of a layer; divides hidden_size unless head_dim is given.', '每层的注意力头数；未指定 head_dim 时须能整除 hidden_size。')),
  num_key_value_heads: count.optional().meta(about('Key and value heads (grouped-query attention); by default as many as attention heads.', '键值头数（分组查询注意力）；默认与注意力头数相同。')),
  head_dim: count.optional().meta(about('Width of one head; by default hidden_size / num_attention_heads. Must be even.', '单个头的宽度；默认为 hidden_size / num_attention_heads。必须为偶数。')),
  max_position_embeddings: count.default(512).meta(about('Longest sequence in tokens.', '最大序列长度（词元）。')),
  rope_theta: positive.default(10_000).meta(about('Base of the rotary positions.', '旋转位置编码的基数。')),
  rms_norm_eps: positive.default(1e-5).meta(about('Epsilon of RMSNorm.', 'RMSNorm 的 epsilon。')),
  tie_word_embeddings: z.boolean().default(true).meta(about('The head shares the embedding’s weights.', '输出层与词嵌入共享权重。')),
  attention_bias: z.boolean().default(false).meta(about('Biases on the attention projections.', '注意力投影带偏置。')),
}).meta(about('Sizes of a new model, in the words of Hugging Face’s config.json.', '新模型的尺寸，名称与 Hugging Face 的 config.json 一致。'));

export const localTeacher = z.strictObject({
  type: z.literal('local').meta(about('A Hugging Face folder on this machine: gives logits.', '本机上的 Hugging Face 模型文件夹：可提供 logits。')),
  model: folder.meta(about('The folder: config.json, model.safetensors, tokenizer.json.', '模型文件夹：config.json、model.safetensors、tokenizer.json。')),
  adapter: folder.optional().meta(about('A folder in PEFT’s layout whose adapter is merged into its weights.', 'PEFT 格式的适配器文件夹，合并到其权重中。')),
});
export const teacher = z.discriminatedUnion('type', [localTeacher, apiTeacher]);

export const student = z.union([
  z.strictObject({
    model: folder.meta(about('A Hugging Face folder to start from.', '作为起点的 Hugging Face 模型文件夹。')),
    adapter: folder.optional().meta(about('A folder in PEFT’s layout (adapter_config.json, adapter_model.safetensors) that is put beside its weights. A first stage with the same lora goes on with it, any other begins with it merged.', 'PEFT 格式的适配器文件夹（adapter_config.json、adapter_model.safetensors），加在模型权重旁。首个阶段的 lora 与其相同时继续训练，否则先合并。')),
  }),
  z.strictObject({
    new: sizes,
    tokenizer: folder.optional().meta(about('A folder with tokenizer.json; by default the first local teacher’s.', '含 tokenizer.json 的文件夹；默认使用第一个本地教师的。')),
  }),
  z.strictObject({
    fromTeacher: z.string().min(1).meta(about('Name of the teacher whose layers the student starts from; widths stay the teacher’s unless they are cut.', '学生所取层的教师名；宽度与教师相同，除非另行裁剪。')),
    layers: z.union([
      z.array(z.int().min(0)).min(1),
      z.strictObject({
        keep: count.meta(about('How many layers stay.', '保留的层数。')),
        by: z.enum(['uniform', 'last', 'importance']).default('uniform').meta(about('At even distances with the last, the last ones, or those that change the states most on the training rows.', '等间隔（含最后一层）、最后若干层，或在训练数据上对状态影响最大的层。')),
      }),
    ]).meta(about('The layers taken, in order (0 is the teacher’s first), or how many and by what rule.', '依次取用的层（0 为教师的第一层），或保留数量及其规则。')),
    intermediate_size: count.optional().meta(about('Neurons of each feed-forward layer that stay: those that do most on the training rows.', '每个前馈层保留的神经元数：在训练数据上作用最大者。')),
    num_key_value_heads: count.optional().meta(about('Key-value heads that stay, each with its query heads: those that do most on the training rows.', '保留的键值头数（连同其查询头）：在训练数据上作用最大者。')),
    num_attention_heads: count.optional().meta(about('Query heads that stay in all, equally many beside every key-value head that stays: those that do most on the training rows.', '保留的查询头总数，每个保留的键值头分得相同数目：在训练数据上作用最大者。')),
  }),
  z.strictObject({
    preset: z.enum(PRESET_NAMES).meta(about(
      'A new model of a known shape. Parameters without the embedding, and with a vocabulary of 8,192: nano 0.2M (0.7M), micro 1.2M (2.2M), mini 6.0M (8.1M), small 18.9M (22.0M), medium 106M (111M), large 315M (322M).',
      '按已知形状新建模型。不含词嵌入的参数量，及词表为 8192 时的总量：nano 0.2M（0.7M）、micro 1.2M（2.2M）、mini 6.0M（8.1M）、small 18.9M（22.0M）、medium 106M（111M）、large 315M（322M）。',
    )),
    tokenizer: folder.optional().meta(about('A folder with tokenizer.json; by default the first local teacher’s.', '含 tokenizer.json 的文件夹；默认使用第一个本地教师的。')),
    max_position_embeddings: count.default(PRESET_POSITIONS).meta(about('Longest sequence in tokens.', '最大序列长度（词元）。')),
  }).transform(({ preset, tokenizer, max_position_embeddings: positions }) => ({ new: presetSizes(preset, positions), ...(tokenizer === undefined ? {} : { tokenizer }) })),
]).meta(about('The model that is trained: a folder, a new one from sizes or of a preset, or some layers of a teacher.', '要训练的模型：现有文件夹、按尺寸或预设新建，或取自教师的若干层。'));

export const data = z.strictObject({
  train: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).meta(about('File(s) or dataset folders of training rows: JSONL, JSON, CSV, Parquet and the usual layouts of their rows.', '训练数据的文件或数据集文件夹（可多个）：JSONL、JSON、CSV、Parquet，以及常见的字段布局。')),
  validation: z.union([z.string().min(1), share]).default(0.05).meta(about('A file, or a share of the training rows that is held out. Rows of one prompt stay on one side.', '文件，或从训练数据中留出的比例。同一问题的行只会在同一侧。')),
  test: z.union([z.string().min(1), share]).optional().meta(about('A file, or a share of the training rows that is held out for the final evaluation.', '文件，或为最终评估留出的比例。')),
  fields: fields.prefault({}).meta(about('Which field holds what: a name, or { field, before | after } to cut at a mark (GSM8K: after "#### ").', '各内容所在字段：字段名，或用 { field, before | after } 按标记截取（GSM8K：after "#### "）。')),
  template: z.union([
    z.literal('chat'),
    z.strictObject({
      prompt: z.string().meta(about('Text given to the model, with {prompt} in it.', '提供给模型的文本，含 {prompt}。')),
      completion: z.string().meta(about('Text the model learns to write, with {think} and {answer} in it.', '模型要学会书写的文本，含 {think} 与 {answer}。')),
    }),
  ]).default('chat').meta(about('"chat" uses the tokenizer’s chat template; otherwise two texts with {prompt}, {think}, {answer}.', '"chat" 使用分词器自带的对话模板；否则给出含 {prompt}、{think}、{answer} 的两段文本。')),
  maxLength: count.default(512).meta(about('Longest row in tokens, prompt and end token included.', '每行最大词元数，含问题与结束词元。')),
  tooLong: z.enum(['cut', 'drop', 'refuse']).default('cut').meta(about('Rows longer than maxLength: cut at a step boundary, dropped, or the run is refused.', '超过 maxLength 的行：在步骤边界截断、丢弃，或拒绝运行。')),
}).meta(about('Where the rows come from and how they become text.', '数据来源及其转成文本的方式。'));

/** The guides' usual setting: 0.7 on the soft targets, 0.3 on the reference tokens. */
const DEFAULT_ALPHA = 0.7;
/** The guides' usual T. */
const DEFAULT_TEMPERATURE = 2;
/** Passes over the data where a stage names no limit. */
const DEFAULT_EPOCHS = 3;

export const trainStage = z.strictObject({
  type: z.literal('train').meta(about('Trains the student.', '训练学生模型。')),
  name: z.string().min(1).default('train').meta(about('Name of the stage; each is used once.', '阶段名；不可重复。')),
  objective: z.enum(['forward-kl', 'reverse-kl', 'jsd', 'skew-kl', 'sequence']).default('forward-kl')
    .meta(about('Soft targets of a local teacher (with T²) and cross-entropy, by the divergence named: forward-kl KL(p ‖ q), reverse-kl KL(q ‖ p), jsd (beta), skew-kl (gamma). sequence: cross-entropy on the traces alone.', '本地教师的软标签（含 T²）加交叉熵，按所选散度：forward-kl KL(p ‖ q)、reverse-kl KL(q ‖ p)、jsd（beta）、skew-kl（gamma）。sequence：仅对推理轨迹做交叉熵。')),
  beta: share.default(0.5).meta(about('Of jsd: β·KL(p ‖ M) + (1 − β)·KL(q ‖ M), M = β·p + (1 − β)·q; 0 is forward KL, 1 reverse KL.', 'jsd 的 β：β·KL(p ‖ M) + (1 − β)·KL(q ‖ M)，M = β·p + (1 − β)·q；0 为前向 KL，1 为反向 KL。')),
  gamma: z.number().min(0).lt(1).default(0.1).meta(about('Of skew-kl: KL(p ‖ γ·p + (1 − γ)·q).', 'skew-kl 的 γ：KL(p ‖ γ·p + (1 − γ)·q)。')),
  trains: z.string().min(1).optional().meta(about('Warm-up: name of a local teacher that this stage trains in place of the student, on the rows alone (objective sequence). Later stages learn from it as it then is; its folder stays as it was.', '预热：本阶段训练该本地教师而非学生，仅用数据行（目标 sequence）。之后的阶段以训练后的它为教师；其原文件夹不变。')),
  teacher: z.string().optional().meta(about('Name of a teacher; needed where there are several.', '教师名；有多个教师时必填。')),
  teachers: z.array(z.strictObject({
    name: z.string().min(1).meta(about('Name of a local teacher of the student’s vocabulary.', '与学生词表相同的本地教师名。')),
    weight: positive.default(1).meta(about('Its weight in the mean of probabilities.', '在概率加权平均中的权重。')),
    tasks: z.record(z.string(), z.number().min(0)).default({}).meta(about('Its weight for rows of a task, where that differs.', '针对某类任务数据行的权重（若不同）。')),
  })).min(2).optional().meta(about('Several teachers as one: a weighted mean of their probabilities. Hidden states and attention are those of the first.', '多教师：对其概率加权平均。隐藏状态与注意力取自第一位教师。')),
  combine: z.enum(['weights', 'confidence']).default('weights').meta(about('By their weights, or also by how sure each is at each position: w · exp(−entropy / tau).', '按权重，或再按每个位置的置信度：w · exp(−熵 / tau)。')),
  tau: positive.default(1).meta(about('Of confidence: small values listen to the surest teacher only.', '置信度的 tau：越小越只听最有把握的教师。')),
  weights: lossWeights.optional().meta(about('Of the total: weights.kl · T² · KL + weights.ce · CE + … Each a number, or { from, to } to change it over the steps.', '总损失：weights.kl · T² · KL + weights.ce · CE + … 每项为数字，或用 { from, to } 使其随步数变化。')),
  alpha: share.optional().meta(about('Short for weights { kl: alpha, ce: 1 − alpha }; 0.7 where neither is given. (Other tools put alpha on the cross-entropy.)', 'weights { kl: alpha, ce: 1 − alpha } 的简写；二者均未给出时为 0.7。（有些工具把 alpha 放在交叉熵上。）')),
  temperature: temperature.optional().meta(about('T of the soft targets, 2 where it isn’t given (1 for those in the data); T² is applied once, to the divergence. Or { from, to } to change it over the steps.', '软标签温度 T，未给出时为 2（取自数据的为 1）；T² 只乘在散度上一次。也可写 { from, to } 使其随步数变化。')),
  targets: targets.optional().meta(about('Ask the teacher once, keep its top-k log-probabilities in the run’s folder and train from them: no teacher in memory afterwards.', '只询问教师一次，将其 top-k 对数概率存于运行文件夹并据此训练：之后无需教师驻留内存。')),
  hidden: hiddenMatching.prefault({}),
  attention: attentionMatching.prefault({}),
  uld: uld.prefault({}),
  optimizer: optimizer.prefault({}),
  schedule: schedule.prefault({}),
  batch: z.strictObject({
    size: count.default(16).meta(about('Rows of one forward pass.', '一次前向计算的行数。')),
    accumulate: count.default(1).meta(about('Forward passes whose gradients make one optimiser step; equals a batch that many times larger.', '累积多少次前向的梯度后更新一次；等价于同倍数的更大批次。')),
    buckets: z.int().min(0).default(0).meta(about('Steps whose rows are sorted by length together, so that rows of like length share a step and little is padding; 0 draws rows whatever their length. 8 to 32 are usual; the larger, the less a step is a fair sample.', '将多少步的数据行一起按长度排序，使长度相近的行同处一步以减少填充；0 表示不按长度抽取。常用 8 到 32；越大，每一步越不像随机样本。')),
  }).prefault({}),
  limits: z.strictObject({
    steps: count.optional().meta(about('Optimiser steps at most.', '最多更新步数。')),
    epochs: positive.optional().meta(about('Passes over the training rows at most.', '最多遍历训练数据的次数。')),
  }).prefault({}).meta(about('Where the stage ends: whichever comes first; 3 epochs where none is given.', '阶段结束条件：先到者为准；均未给出时为 3 个 epoch。')),
  validate: z.strictObject({
    every: count.default(100).meta(about('Steps between two validations.', '两次验证之间的步数。')),
    rows: count.default(256).meta(about('Validation rows used at most.', '最多使用的验证行数。')),
  }).prefault({}),
  earlyStop: z.strictObject({
    metric: metric.default('validation/loss'),
    patience: count.meta(about('Validations without improvement before the stage ends.', '连续多少次验证无改善则结束。')),
    minDelta: z.number().min(0).default(0).meta(about('Smallest change that counts as an improvement.', '视为改善的最小变化。')),
  }).optional(),
  checkpoint: z.strictObject({
    every: count.default(200).meta(about('Steps between two checkpoints.', '两次存档之间的步数。')),
    keepLast: count.default(2).meta(about('How many of the last checkpoints are kept; the best one always is.', '保留最近几个存档；最佳存档始终保留。')),
    best: metric.default('validation/loss').meta(about('The metric that chooses the best checkpoint.', '用于选出最佳存档的指标。')),
  }).prefault({}),
  onPolicy: onPolicy.optional(),
  lora: lora.optional(),
  freeze: freeze.optional(),
  quantise: z.enum(['none', 'int8']).default('none').meta(about('int8: trains for INT8 (weights by channel, activations by token, straight through); export with dtype int8.', 'int8：为 INT8 训练（权重按通道、激活按词元，直通梯度）；导出时将 dtype 设为 int8。')),
  packing: z.boolean().default(false).meta(about('Several rows in one sequence instead of padding: the same losses, no row sees another. Pays where lengths differ much.', '将多行拼入同一序列以免填充：损失不变，各行互不可见。行长差异大时有益。')),
  gradientCheckpointing: z.boolean().default(false).meta(about('Recompute each block in the backward pass instead of keeping its activations: the same losses, less memory, about a third more time.', '反向传播时重新计算各层而不保存激活值：损失不变，内存更少，时间约多三分之一。')),
  precision,
  lossScale,
  compile,
  rowLosses: z.boolean().default(true).meta(about('Record what each row lost at each step (24 bytes a row), so that a spike can be traced to its rows.', '记录每一步中每行数据的损失（每行 24 字节），以便将尖峰追溯到具体数据行。')),
  sentinel: z.int().min(0).default(50).meta(about('Steps between two looks at how hard each term of the loss pulls (one more backward pass a term); 0 never looks.', '每隔多少步测量各损失项的梯度范数（每项多一次反向传播）；0 表示不测量。')),
  entry: entry.optional().meta(about('Checked before the first step: a miss ends the run there.', '第一步之前检查：未通过则运行就此结束。')),
  gate: gate.optional().meta(about('Checked at the end of the stage.', '阶段结束时检查。')),
}).transform(({ alpha, weights, limits, teacher, ...rest }) => {
  const kl = rest.objective === 'sequence' ? 0 : alpha ?? DEFAULT_ALPHA;
  const first = teacher ?? rest.teachers?.[0]?.name;
  return {
    ...rest,
    ...(first === undefined ? {} : { teacher: first }),
    temperature: rest.temperature ?? (rest.targets?.from === 'data' ? 1 : DEFAULT_TEMPERATURE),
    weights: weights ?? { kl, ce: 1 - kl, mse: 0, hidden: 0, attention: 0, uld: 0 },
    limits: { steps: limits.steps, epochs: limits.epochs ?? (limits.steps === undefined ? DEFAULT_EPOCHS : undefined) },
  };
});

export const evaluateStage = z.strictObject({
  type: z.literal('evaluate').meta(about('Teacher and student answer the same held-out prompts.', '教师与学生回答同一批留出的问题。')),
  name: z.string().min(1).default('evaluate').meta(about('Name of the stage; each is used once.', '阶段名；不可重复。')),
  teacher: z.string().nullable().optional().meta(about('Name of a local teacher; by default the only one; null evaluates the student alone.', '本地教师名；默认取唯一的教师；null 表示只评估学生。')),
});

export const exportStage = z.strictObject({
  type: z.literal('export').meta(about('Writes the student as a Hugging Face folder.', '将学生写成 Hugging Face 模型文件夹。')),
  name: z.string().min(1).default('export').meta(about('Name of the stage; each is used once.', '阶段名；不可重复。')),
  to: folder.meta(about('The folder that the files are written to.', '写入的文件夹。')),
  dtype: z.enum(['float32', 'bfloat16', 'float16', 'int8']).default('float32').meta(about('Number format of the weights; int8 is W8A8 as vLLM and Transformers (compressed-tensors) read it.', '权重的数值格式；int8 为 vLLM 与 Transformers（compressed-tensors）可读的 W8A8。')),
  adapter: z.boolean().default(false).meta(about('Write only the adapter of a LoRA stage, in PEFT’s layout, instead of the model with the adapter merged into it.', '只写出 LoRA 阶段的适配器（PEFT 格式），而不是合并后的模型。')),
});

export const stage = z.discriminatedUnion('type', [collectStage, trainStage, reinforceStage, evaluateStage, exportStage]);

export const evaluate = z.strictObject({
  split: z.enum(['validation', 'test']).optional().meta(about('Which held-out rows; by default test where data.test is given, else validation.', '使用哪部分留出数据；有 data.test 时默认为 test，否则为 validation。')),
  rows: count.default(200).meta(about('Prompts at most.', '最多问题数。')),
  maxNewTokens: count.default(256).meta(about('Tokens that a model may write for one prompt.', '每个问题最多生成的词元数。')),
  batch: count.default(32).meta(about('Prompts generated together.', '同时生成的问题数。')),
  temperature: z.number().min(0).default(0).meta(about('0 is greedy.', '0 为贪心解码。')),
  topP: share.default(1).meta(about('Share of the probability that is sampled from.', '核采样的概率份额。')),
});

export const engine = z.strictObject({
  kind: z.enum(['tfjs', 'torch']).default('tfjs').meta(about('tfjs is embedded; torch has its place here and is not there yet.', 'tfjs 为内置引擎；torch 已预留，尚不可用。')),
  backend: z.enum(['auto', 'tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm', 'cpu']).default('auto').meta(about('"auto" takes the first that loads and computes right.', '"auto" 取第一个能加载且计算正确的后端。')),
  threads: count.optional().meta(about('Threads of the backend; by default its own rule.', '后端线程数；默认由后端决定。')),
});

/** The recipe as the schema sees it; `recipe` below fills in what depends on other fields. */
const written = z.strictObject({
  $schema: z.string().optional(),
  format: z.literal(1).meta(about('Version of the recipe’s format.', '配方格式版本。')),
  name: projectName.meta(about('Name of the project; run folders carry it.', '项目名；运行文件夹会带上它。')),
  teachers: z.record(z.string().min(1), teacher).default({}).meta(about('Teachers by name.', '按名称列出的教师。')),
  student,
  data,
  stages: z.array(stage).min(1).meta(about('What is done, in order.', '依次执行的阶段。')),
  evaluate: evaluate.prefault({}).meta(about('How evaluation stages generate.', '评估阶段的生成方式。')),
  engine: engine.prefault({}).meta(about('What executes the recipe.', '执行配方的引擎。')),
  seed: z.int().min(0).default(0).meta(about('Seed of everything random.', '所有随机过程的种子。')),
  sweep: sweep.optional(),
});

export const recipe = written.transform((value) => {
  const locals = Object.keys(value.teachers).filter((name) => value.teachers[name]?.type === 'local');
  // With one local teacher nobody needs to name it.
  const only = locals.length === 1 ? locals[0] : undefined;
  // One of another vocabulary can't answer prompts in the student's tokens.
  const foreign = value.stages.some((each) => each.type === 'train' && weighs(each, 'uld'));
  return {
    ...value,
    stages: value.stages.map((each) => {
      if (each.type === 'export' || each.type === 'collect' || each.type === 'reinforce' || each.teacher !== undefined || only === undefined) return each;
      if (each.type === 'evaluate') return { ...each, teacher: foreign ? null : only };
      return each.objective === 'sequence' ? each : { ...each, teacher: only };
    }),
    evaluate: { ...value.evaluate, split: value.evaluate.split ?? (value.data.test === undefined ? 'validation' as const : 'test' as const) },
  };
});

/** Whether a term of the loss has a weight at any step of a stage. */
export function weighs({ weights }: Pick<TrainStage, 'weights'>, term: keyof TrainStage['weights']): boolean {
  return largest(weights[term]) > 0;
}

/** Whether a training stage compares the student with a teacher token by token: its logits, its states or its attention. */
export function asksTeacher({ weights }: Pick<TrainStage, 'weights'>): boolean {
  return [weights.kl, weights.mse, weights.hidden, weights.attention].some((weight) => largest(weight) > 0);
}

/** Whether it does so with a local teacher at hand, and not with what a service said of the data. */
export function comparesWithModel(stage: Pick<TrainStage, 'weights' | 'targets'>): boolean {
  return asksTeacher(stage) && stage.targets?.from !== 'data';
}

/** Local teachers of another vocabulary that a training stage learns from: what is compared with them are pieces of text. */
export function otherTeachers(stage: Pick<TrainStage, 'weights' | 'teacher' | 'uld'>): readonly string[] {
  if (!weighs(stage, 'uld')) return [];
  const { teacher } = stage.uld;
  return teacher === undefined ? (stage.teacher === undefined ? [] : [stage.teacher]) : typeof teacher === 'string' ? [teacher] : teacher;
}

/** Local teachers that a training stage compares the student with. */
export function comparedTeachers(stage: Pick<TrainStage, 'weights' | 'teacher' | 'teachers' | 'targets'>): readonly string[] {
  if (!comparesWithModel(stage)) return [];
  return stage.teachers?.map(({ name }) => name) ?? (stage.teacher === undefined ? [] : [stage.teacher]);
}

/** A recipe with every default filled in. */
export type Recipe = z.output<typeof recipe>;
/** A recipe as a person writes it. */
export type RecipeInput = z.input<typeof recipe>;
export type TrainStage = z.output<typeof trainStage>;
export type EvaluateStage = z.output<typeof evaluateStage>;
export type ExportStage = z.output<typeof exportStage>;
export type CutStudent = Extract<z.output<typeof student>, { readonly fromTeacher: string }>;
export type Stage = z.output<typeof stage>;
export type Sizes = z.output<typeof sizes>;
export type CollectStage = z.output<typeof collectStage>;
export type DataRecipe = z.output<typeof data>;
