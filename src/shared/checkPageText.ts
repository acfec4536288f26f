/** Every text of the page of *Check Project*, English and Chinese side by side; `{0}` is filled by the page. */
import type { Language } from './messages.ts';

const TEXT = {
  title: ['Check', '检查'],
  titleOf: ['Check: {0}', '检查：{0}'],
  teacherTopic: ['Teacher “{0}” ↔ student', '教师“{0}” ↔ 学生'],
  studentTopic: ['Recipe and student', '配方与学生'],
  dataTopic: ['Data', '数据'],
  runTopic: ['Training and machine', '训练与本机'],
  ready: ['Nothing stands in the way of a run.', '可以运行。'],
  readyWarned: ['It can be run.', '可以运行。'],
  refused: ['This can’t work yet.', '目前无法运行。'],
  refusals: ['{0} can’t work', '{0} 项无法运行'],
  warnings: ['{0} to look at', '{0} 项需留意'],
  passes: ['{0} fine', '{0} 项通过'],
  passesOf: ['{0} checks passed', '{0} 项检查通过'],
  passOf: ['1 check passed', '1 项检查通过'],
  again: ['Check again', '重新检查'],
  online: ['Ask the services too', '同时询问服务'],
  copy: ['Copy as text', '复制为文本'],
  run: ['Run', '运行'],
  cancel: ['Cancel', '取消'],
  checking: ['Checking…', '正在检查…'],
  checkingWhat: ['Checking: {0}', '正在检查：{0}'],
  stale: ['The recipe was changed after this check.', '配方在此次检查后已被修改。'],
  fixed: ['Fixed in the recipe', '已在配方中修复'],
  reveal: ['Show in the recipe', '在配方中显示'],
  setKey: ['Set Teacher API Key…', '设置教师 API 密钥…'],
  evidence: ['What was seen', '查看依据'],
  nothing: ['Nothing was checked yet.', '尚未检查。'],
} as const satisfies Record<string, readonly [en: string, zh: string]>;

export type CheckPageText = Readonly<Record<keyof typeof TEXT, string>>;

export function checkPageText(language: Language): CheckPageText {
  const column = language === 'en' ? 0 : 1;
  return Object.fromEntries(Object.entries(TEXT).map(([key, pair]) => [key, pair[column]])) as CheckPageText;
}
