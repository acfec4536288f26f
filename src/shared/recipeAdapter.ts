/** What of a student a stage trains: low-rank adapters in place of the weights, or only a part of the weights. */
import * as z from 'zod';
import { about, count, positive } from './recipeParts.ts';

/** The projections of a block, by the names that Hugging Face's files and PEFT have for them. */
export const PROJECTIONS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;
export type Projection = (typeof PROJECTIONS)[number];

/** As PEFT names what stands for all of them. */
const ALL_LINEAR = 'all-linear';

export const lora = z.strictObject({
  rank: count.meta(about('r: how many numbers each projection’s change goes through. 8 to 64 are usual; more learns more.', 'r：每个投影的改动所经过的维数。常用 8 到 64；越大可学越多。')),
  alpha: positive.optional().meta(about('The change is multiplied by alpha / rank; by default 2 · rank.', '改动乘以 alpha / rank；默认为 2 · rank。')),
  targets: z.union([z.literal(ALL_LINEAR), z.array(z.enum(PROJECTIONS)).min(1)]).default(ALL_LINEAR).meta(about('Projections that get an adapter, by PEFT’s names; "all-linear" is all of them.', '加上适配器的投影，名称同 PEFT；"all-linear" 为全部。')),
  rslora: z.boolean().default(false).meta(about('Multiply by alpha / √rank instead, so that high ranks learn as fast (rsLoRA).', '改为乘以 alpha / √rank，使高秩时学习速度不减（rsLoRA）。')),
}).transform(({ rank, alpha, targets, rslora }) => ({
  rank, alpha: alpha ?? 2 * rank, rslora, targets: targets === ALL_LINEAR ? PROJECTIONS : PROJECTIONS.filter((name) => targets.includes(name)),
})).meta(about('Low-rank adapters: the student’s weights stay as they are, two thin matrices beside each projection are trained (LoRA).', '低秩适配器：学生权重保持不变，只训练每个投影旁的两个窄矩阵（LoRA）。'));

export const freeze = z.array(z.string().min(1)).min(1).meta(about(
  'What stays as it is: "embeddings", "head", "norms", "layers.0-3" (0 is the first), or names of weights with * for any letters.',
  '保持不变的部分："embeddings"、"head"、"norms"、"layers.0-3"（0 为第一层），或带 * 通配的权重名。',
));

export type LoraSettings = Readonly<z.output<typeof lora>>;
