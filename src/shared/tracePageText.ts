/** Every text of the reasoning page, English and Chinese side by side; `{0}`, `{1}` are filled by the page. */
import type { Language } from './messages.ts';

const TEXT = {
  title: ['Reasoning', '推理对比'],
  nothing: ['No example is chosen.', '尚未选择示例。'],
  question: ['Question', '题目'],
  gold: ['Gold answer', '标准答案'],
  noGold: ['none in the data', '数据中没有'],
  teacher: ['Teacher', '教师'],
  student: ['Student', '学生'],
  noTrace: ['no trace of this example', '没有这道题的轨迹'],
  previous: ['Previous example', '上一个示例'],
  next: ['Next example', '下一个示例'],
  choose: ['Choose an example…', '选择示例…'],
  position: ['{0} of {1}', '{0} / {1}'],
  filter: ['Filter: {0}', '筛选：{0}'],
  editor: ['Open in the diff editor', '在差异编辑器中打开'],
  matched: ['both', '两者都有'],
  contradicting: ['contradicts', '相互矛盾'],
  skipped: ['teacher only', '仅教师有'],
  extra: ['student only', '仅学生有'],
  calculation: ['calculation', '计算'],
  statement: ['statement', '陈述'],
  check: ['check', '检查'],
  conclusion: ['conclusion', '结论'],
  loop: ['loop', '循环'],
  slip: ['wrong arithmetic', '计算错误'],
  wrongHere: ['First wrong step', '第一处错误'],
  partsHere: ['The paths part', '思路分开'],
  shared: ['{0}: of the teacher’s steps shared', '{0}：学生覆盖的教师步骤'],
  steps: ['steps', '步骤'],
  stepsOf: ['Teacher {0} · Student {1}', '教师 {0} · 学生 {1}'],
  slips: ['wrong arithmetic', '计算错误'],
  looped: ['steps in loops', '循环中的步骤'],
  toWrong: ['Go to the first wrong step', '跳到第一处错误'],
  toParting: ['Go to where the paths part', '跳到思路分开处'],
  none: ['none', '无'],
  step: ['Step {0}', '第 {0} 步'],
  only: ['Show', '显示'],
  overview: ['Overview: click to go there', '总览：点击跳转'],
  keys: ['Keys: j/k next and previous step that differs · n/p example · w first wrong step', '快捷键：j/k 下一个/上一个不同的步骤 · n/p 示例 · w 第一处错误'],
  rowLabel: ['Row {0}: {1}', '第 {0} 行：{1}'],
  section: ['{0}: {1} of {2} teacher steps shared', '{0}：{2} 个教师步骤中 {1} 个被覆盖'],
} as const satisfies Record<string, readonly [en: string, zh: string]>;

export type TracePageText = Readonly<Record<keyof typeof TEXT, string>>;

export function tracePageText(language: Language): TracePageText {
  const column = language === 'en' ? 0 : 1;
  return Object.fromEntries(Object.entries(TEXT).map(([key, pair]) => [key, pair[column]])) as TracePageText;
}
