/** Sentences about teachers behind an API: service, key, budget, cache. See messages.ts. */
import type { Sentence } from './messages.ts';

export const TEACHER_ERRORS = {
  'budget-spent': {
    en: 'The budget of the teacher {teacher} is spent: {spent} of {cap} ({answered} rows are answered and kept). Raise teachers.{teacher}.budget and run again: nothing that was answered is paid twice.',
    'zh-cn': '教师 {teacher} 的预算已用完：{spent} / {cap}（已得到并保留 {answered} 行回答）。调高 teachers.{teacher}.budget 后再次运行：已得到的回答不会重复付费。',
  },
} as const satisfies Record<string, Sentence>;

export const TEACHER_WARNINGS = {
} as const satisfies Record<string, Sentence>;
