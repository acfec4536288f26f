/** What a training stage learns from: the weights of its losses, temperature, stored targets, what is matched inside the models. */
import * as z from 'zod';
import { about, count, positive } from './recipeParts.ts';

const courseKind = z.enum(['linear', 'cosine', 'exponential']).default('linear').meta(about('How it goes from one to the other.', '变化方式。'));
const courseSteps = count.optional().meta(about('Steps that it takes; by default all of the stage.', '所用步数；默认为整个阶段。'));

/** A weight, or one that changes over the steps. */
const lossWeight = z.union([z.number().min(0), z.strictObject({
  from: z.number().min(0).meta(about('Weight of the first step.', '第一步的权重。')),
  to: z.number().min(0).meta(about('Weight at the end, and of every validation, so that validations can be compared.', '结束时的权重；验证始终用它，以便相互比较。')),
  kind: courseKind,
  steps: courseSteps,
})]);

export const lossWeights = z.strictObject({
  kl: lossWeight.default(0).meta(about('Weight of T² times the divergence that the objective names.', 'T² 乘以目标所指散度的权重。')),
  ce: lossWeight.default(0).meta(about('Weight of the cross-entropy with the reference tokens.', '与参考词元交叉熵的权重。')),
  mse: lossWeight.default(0).meta(about('Weight of the mean squared difference of the logits, as they are.', '原始 logits 均方差的权重。')),
  hidden: lossWeight.default(0).meta(about('Weight of the hidden-state loss.', '隐藏状态损失的权重。')),
  attention: lossWeight.default(0).meta(about('Weight of the attention loss; its memory grows with the square of the length.', '注意力损失的权重；内存随长度平方增长。')),
  uld: lossWeight.default(0).meta(about('Weight of the distance to a teacher of another vocabulary (Universal Logit Distillation).', '与另一词表教师之间距离（通用 logit 蒸馏 ULD）的权重。')),
});

const layerMap = z.union([
  z.enum(['uniform', 'last']),
  z.array(z.tuple([z.int().min(0), z.int().min(0)])).min(1),
]).default('uniform').meta(about('Which teacher layer each student layer learns from: "uniform", "last", or pairs [teacher, student] (1 is the first block).', '学生各层对应的教师层："uniform"、"last"，或 [教师, 学生] 对（1 为第一层）。'));
export type LayerMap = z.output<typeof layerMap>;

export const hiddenMatching = z.strictObject({
  layers: layerMap,
  loss: z.enum(['mse', 'cosine']).default('mse').meta(about('How two states are compared.', '两个状态的比较方式。')),
  embeddings: z.boolean().default(false).meta(about('Also compare the embeddings (layer 0).', '同时比较词嵌入（第 0 层）。')),
  projection: z.enum(['each', 'shared']).default('each').meta(about('A learned projection from the student’s width to the teacher’s for each pair, or one for all.', '每对层一个从学生宽度到教师宽度的可学习投影，或全部共用一个。')),
}).meta(about('How hidden states are matched.', '隐藏状态的匹配方式。'));

export const attentionMatching = z.strictObject({
  layers: layerMap,
  loss: z.enum(['mse', 'kl']).default('kl').meta(about('KL of attention probabilities, or MSE of the scores before the softmax.', '注意力概率的 KL，或 softmax 之前分数的均方差。')),
}).meta(about('How attention is matched. Heads are matched where their number is equal, else averaged.', '注意力的匹配方式。头数相同时逐头匹配，否则取平均。'));

export const temperature = z.union([positive, z.strictObject({
  from: positive.meta(about('T of the first step.', '第一步的 T。')),
  to: positive.meta(about('T at the end, and of every validation, so that validations can be compared.', '结束时的 T；验证始终用它，以便相互比较。')),
  kind: courseKind,
  steps: courseSteps,
})]);

/** Beyond so many, probabilities of language models hardly add to the distance. */
const ULD_TOP = 64;

export const uld = z.strictObject({
  teacher: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional().meta(about('Name of the local teacher of another vocabulary, or several; by default the stage’s teacher.', '另一词表的本地教师名（可多个）；默认取该阶段的教师。')),
  topK: count.max(65_536).default(ULD_TOP).meta(about('Largest probabilities that are compared at each span.', '每个片段比较的最大概率个数。')),
  temperature: positive.default(1).meta(about('T of both distributions; without T², since probabilities are compared.', '两个分布的温度 T；比较的是概率，因此不乘 T²。')),
}).meta(about('How a teacher of another vocabulary is compared: sorted probabilities on pieces of text that both cut alike.', '与另一词表的教师比较的方式：在双方切分一致的文本片段上比较排序后的概率。'));

export const targets = z.strictObject({
  topK: count.max(65_536).meta(about('Tokens kept at each position: the most probable ones and the mass of the rest.', '每个位置保留的词元数：概率最高者，以及其余部分的总概率。')),
  from: z.enum(['teacher', 'data']).default('teacher').meta(about('A local teacher, or the log-probabilities that a service gave with the answers in the data (a collect stage with ask.sampling.topLogprobs); those serve T = 1.', '本地教师，或数据中随答案由服务返回的对数概率（collect 阶段设 ask.sampling.topLogprobs）；后者仅适用于 T = 1。')),
  tail: z.enum(['keep', 'drop']).default('keep').meta(about('What becomes of the rest at another T than 1, which a service does not tell: keep refuses such a T, drop takes the kept tokens for all that there is.', '当 T ≠ 1 时其余概率如何处理（服务不提供）：keep 拒绝该 T，drop 把保留的词元视为全部。')),
  values: z.enum(['float16', 'float32']).default('float16').meta(about('Number format of the log-probabilities; float32 is exact.', '对数概率的数值格式；float32 为精确。')),
});
