/**
 * The stage `reinforce`: the student writes several completions of each prompt, a verifier rewards them, and what was better
 * than the others of its group becomes more probable (GRPO: Shao et al. 2024, section 4.1).
 */
import * as z from 'zod';
import { EVALUATION_METRICS, REINFORCE_VALIDATION_METRICS } from './metrics.ts';
import { freeze, lora } from './recipeAdapter.ts';
import { entry, gate } from './recipeGates.ts';
import { optimizer, schedule } from './recipeOptimiser.ts';
import { about, count, positive, share } from './recipeParts.ts';

/** Steps where a stage names none. */
const DEFAULT_STEPS = 100;

const rewards = z.strictObject({
  answer: z.number().min(0).default(1).meta(about('Weight of a right answer: 1 where the verifier finds the reference’s answer, else 0.', '答案正确的权重：验证器判定与标准答案一致为 1，否则为 0。')),
  format: z.number().min(0).default(0.1).meta(about('Weight of a right form: 1 where the completion ended by itself, its reasoning is closed and an answer follows, else 0.', '格式正确的权重：自行结束、推理已闭合且其后有答案为 1，否则为 0。')),
  length: z.number().min(0).default(0).meta(about('Weight of a completion that is short enough: 1 up to length.from tokens, falling in a straight line to 0 at length.to.', '长度适当的权重：不超过 length.from 词元为 1，直线降至 length.to 时为 0。')),
}).meta(about('The reward of a completion: the sum of weight · part.', '一个回答的奖励：各项权重 · 分值之和。'));

const length = z.strictObject({
  from: z.int().min(0).meta(about('Tokens up to which nothing is lost.', '不扣分的最大词元数。')),
  to: count.meta(about('Tokens from which nothing is left.', '得分降至 0 的词元数。')),
}).meta(about('The shape of the reward for length; needed where it has a weight.', '长度奖励的形状；其权重大于 0 时必填。'));

export const reinforceStage = z.strictObject({
  type: z.literal('reinforce').meta(about('Reinforces what a verifier finds right in the student’s own completions (GRPO).', '强化学生自己写出且经验证正确的内容（GRPO）。')),
  name: z.string().min(1).default('reinforce').meta(about('Name of the stage; each is used once.', '阶段名；不可重复。')),
  prompts: count.default(16).meta(about('Prompts of one step.', '每步的问题数。')),
  samples: count.max(1024).default(8).meta(about('Completions of each prompt: the group whose rewards are compared. At least 2.', '每个问题的回答数：组内比较奖励。至少为 2。')),
  maxNewTokens: count.default(256).meta(about('Tokens of one completion at most.', '单个回答的最大词元数。')),
  temperature: positive.default(1).meta(about('Of the sampling. All log-probabilities of the stage are taken at it.', '采样温度。本阶段所有对数概率均按此温度计算。')),
  topP: share.default(1).meta(about('Share of the probability that is sampled from; below 1 what is learnt from is no longer quite what the policy says.', '核采样的概率份额；小于 1 时样本不再完全服从策略分布。')),
  rewards: rewards.prefault({}),
  length: length.optional(),
  advantage: z.enum(['normalised', 'centred']).default('normalised').meta(about('normalised: (reward − mean) / standard deviation of the group (GRPO). centred: reward − mean (Dr. GRPO), which doesn’t favour prompts that are nearly always or nearly never solved.', 'normalised：（奖励 − 均值）/ 组内标准差（GRPO）。centred：奖励 − 均值（Dr. GRPO），不偏向几乎总对或几乎总错的问题。')),
  aggregate: z.enum(['sequence', 'token', 'constant']).default('token').meta(about('How tokens become one loss. sequence: the mean over each completion, then over completions (GRPO). token: the mean over all tokens (DAPO). constant: the sum by completions · maxNewTokens (Dr. GRPO).', '词元如何汇成损失。sequence：先对每个回答取平均再对回答平均（GRPO）。token：对全部词元取平均（DAPO）。constant：总和除以回答数 · maxNewTokens（Dr. GRPO）。')),
  clip: z.strictObject({
    low: positive.lt(1).default(0.2).meta(about('A token whose probability has fallen below 1 − low times the old one is not pushed down further.', '概率已降至旧值 1 − low 倍以下的词元不再压低。')),
    high: positive.default(0.2).meta(about('A token whose probability has risen above 1 + high times the old one is not pushed up further; DAPO takes 0.28.', '概率已升至旧值 1 + high 倍以上的词元不再抬高；DAPO 取 0.28。')),
  }).prefault({}),
  kl: z.number().min(0).default(0.04).meta(about('Weight of the KL to the student as the stage began with it; 0 needs no copy of it.', '与阶段开始时学生模型之间 KL 的权重；为 0 时无需保留其副本。')),
  iterations: count.max(64).default(1).meta(about('Updates made from the completions of one step; the clip matters from the second on.', '每步的回答用于更新的次数；从第二次起裁剪才起作用。')),
  optimizer: optimizer.prefault({ learningRate: 1e-4, weightDecay: 0 }),
  schedule: schedule.prefault({ kind: 'constant' }),
  batch: z.strictObject({
    size: count.default(16).meta(about('Completions of one forward and backward pass; their gradients are added up to one update.', '一次前向与反向计算的回答数；梯度累加成一次更新。')),
  }).prefault({}),
  limits: z.strictObject({
    steps: count.optional().meta(about('Steps at most; each writes prompts · samples completions.', '最多步数；每步写出 prompts · samples 个回答。')),
    epochs: positive.optional().meta(about('Passes over the prompts at most.', '最多遍历问题的次数。')),
  }).prefault({}).transform(({ steps, epochs }) => ({ steps: steps ?? (epochs === undefined ? DEFAULT_STEPS : undefined), epochs }))
    .meta(about('Where the stage ends: whichever comes first; 100 steps where none is given.', '阶段结束条件：先到者为准；均未给出时为 100 步。')),
  validate: z.strictObject({
    every: count.default(20).meta(about('Steps between two validations.', '两次验证之间的步数。')),
    rows: count.default(128).meta(about('Validation prompts used at most; they are answered greedily.', '最多使用的验证问题数；以贪心方式回答。')),
  }).prefault({}),
  earlyStop: z.strictObject({
    metric: z.enum(REINFORCE_VALIDATION_METRICS).default('validation/reward'),
    patience: count.meta(about('Validations without improvement before the stage ends.', '连续多少次验证无改善则结束。')),
    minDelta: z.number().min(0).default(0).meta(about('Smallest change that counts as an improvement.', '视为改善的最小变化。')),
  }).optional(),
  checkpoint: z.strictObject({
    every: count.default(20).meta(about('Steps between two checkpoints.', '两次存档之间的步数。')),
    keepLast: count.default(2).meta(about('How many of the last checkpoints are kept; the best one always is.', '保留最近几个存档；最佳存档始终保留。')),
    best: z.enum(REINFORCE_VALIDATION_METRICS).default('validation/reward').meta(about('The metric that chooses the best checkpoint.', '用于选出最佳存档的指标。')),
  }).prefault({}),
  lora: lora.optional(),
  freeze: freeze.optional(),
  traces: z.strictObject({
    every: z.int().min(0).default(20).meta(about('Steps between two looks at what the student writes; 0 never keeps any.', '每隔多少步保留学生所写内容以供查看；0 表示从不保留。')),
    rows: count.default(4).meta(about('Completions kept as traces each time.', '每次保留为轨迹的回答数。')),
  }).prefault({}),
  entry: entry.optional().meta(about('Checked before the first step: a miss ends the run there.', '第一步之前检查：未通过则运行就此结束。')),
  gate: gate.extend({ metric: z.enum([...REINFORCE_VALIDATION_METRICS, ...EVALUATION_METRICS]).meta(about('The metric that is looked at when the stage ends.', '阶段结束时检查的指标。')) }).optional().meta(about('Checked at the end of the stage.', '阶段结束时检查。')),
});

export type ReinforceStage = z.output<typeof reinforceStage>;
