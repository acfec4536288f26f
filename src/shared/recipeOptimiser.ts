/** How a stage that changes the student takes its steps. */
import * as z from 'zod';
import { about, positive, share } from './recipeParts.ts';

export const schedule = z.strictObject({
  kind: z.enum(['cosine', 'linear', 'constant']).default('cosine').meta(about('How the learning rate falls after the warm-up.', '预热后学习率的下降方式。')),
  warmupSteps: z.int().min(0).default(0).meta(about('Steps of linear warm-up.', '线性预热步数。')),
  floor: share.default(0.1).meta(about('The learning rate at the end, as a share of its peak.', '结束时的学习率占峰值的比例。')),
});

export const optimizer = z.strictObject({
  kind: z.literal('adamw').default('adamw'),
  learningRate: positive.default(1e-3).meta(about('Peak learning rate.', '学习率峰值。')),
  beta1: share.default(0.9),
  beta2: share.default(0.95),
  epsilon: positive.default(1e-8),
  weightDecay: z.number().min(0).default(0.01).meta(about('Decoupled weight decay (AdamW); norms and biases have none.', '解耦权重衰减（AdamW）；归一化与偏置不衰减。')),
  clipNorm: positive.nullable().default(1).meta(about('Largest norm of the whole gradient; null never clips.', '整体梯度范数上限；null 表示不裁剪。')),
});
