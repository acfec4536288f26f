/** Sentences about what a training stage learns from: weights, schedules, stored targets, teachers of another vocabulary. See messages.ts. */
import type { Sentence } from './messages.ts';

export const LOSS_ERRORS = {
  'recipe-course-too-long': {
    en: '{path} is {steps}, but the stage has {limit} steps: it would never reach {to}, which is what every validation takes. Shorten it to {limit}, or leave it out to take the whole stage.',
    'zh-cn': '{path} 为 {steps}，但该阶段只有 {limit} 步，永远到不了 {to}，而每次验证都以它为准。请缩短到 {limit}，或省略以使用整个阶段。',
  },
  'recipe-course-from-nothing': {
    en: '{path}: an exponential course can’t begin or end at 0. Take linear or cosine, or a small number instead of 0.',
    'zh-cn': '{path}：指数变化不能以 0 为起点或终点。请改用 linear 或 cosine，或用一个很小的数代替 0。',
  },
} as const satisfies Record<string, Sentence>;

export const LOSS_WARNINGS = {
} as const satisfies Record<string, Sentence>;
