/** The texts of the page of a sweep, English and Simplified Chinese side by side; `{0}` is filled by `fill` (metricsText.ts). */
import type { Language } from './messages.ts';
import { metricsText } from './metricsText.ts';

const TEXT = {
  title: ['Sweep', '搜索'],
  titleOf: ['Sweep: {0}', '搜索：{0}'],
  finished: ['{0} of {1} runs', '{0} / {1} 次运行'],
  left: ['{0} left', '剩余 {0}'],
  less: ['{0}: less is better', '{0}：越小越好'],
  more: ['{0}: more is better', '{0}：越大越好'],
  'status.running': ['Running', '运行中'],
  'status.stopping': ['Stopping', '停止中'],
  'status.done': ['Done', '已完成'],
  'status.stopped': ['Stopped', '已停止'],
  'status.failed': ['Failed', '失败'],
  'status.lost': ['Interrupted', '已中断'],
  'row.waiting': ['Waiting', '等待中'],
  'row.stopped-behind': ['Stopped: behind', '已停止：落后'],
  stop: ['Stop', '停止'],
  resume: ['Resume', '继续'],
  compare: ['Compare curves', '对比曲线'],
  compareHint: ['Draw the curves of the runs that the plot shows now in the metrics panel', '在指标面板中绘制当前显示的各次运行的曲线'],
  use: ['Use the best values in the recipe', '将最佳取值写入配方'],
  useRow: ['Use these values in the recipe', '将这些取值写入配方'],
  openRun: ['Open run {0}', '打开运行 {0}'],
  plot: ['Parallel coordinates', '平行坐标图'],
  plotHint: [
    'Drag along an axis to choose a part of it, click the axis to let go · click a line to open its run · keys: Tab to an axis, arrows to move the choice, Escape to let go',
    '沿坐标轴拖动可选取范围，单击坐标轴取消 · 单击线条打开运行 · 键盘：Tab 选择坐标轴，方向键移动范围，Esc 取消',
  ],
  plotSummary: ['{0} runs by {1} and {2}. The same numbers are in the table below.', '{0} 次运行，按 {1} 与 {2} 绘制。下方表格为相同数据。'],
  axisLabel: ['{0}, chosen {1} to {2}', '{0}，已选 {1} 至 {2}'],
  axisWhole: ['{0}, all', '{0}，全部'],
  shown: ['{0} of {1} runs chosen', '已选 {0} / {1} 次运行'],
  letGo: ['Show all', '显示全部'],
  legendBest: ['best', '最佳'],
  legendWorst: ['worst', '最差'],
  noValue: ['no value yet', '尚无数值'],
  table: ['Runs', '运行'],
  seed: ['seed', '种子'],
  mean: ['mean', '均值'],
  accuracy: ['accuracy', '准确率'],
  time: ['time', '用时'],
  outcome: ['status', '状态'],
  best: ['Best', '最佳'],
  sortBy: ['Sort by {0}', '按 {0} 排序'],
  steps: ['step {0} of {1}', '第 {0} / {1} 步'],
  'empty.waiting': ['Waiting for the first run', '等待第一次运行'],
  'empty.waitingHint': ['The plot is drawn as soon as a run has measured {0}.', '一旦有运行测得 {0}，即开始绘图。'],
  'empty.chosen': ['No run lies in what is chosen', '所选范围内没有运行'],
  rule: [
    'Runs are stopped early when their best {0} is behind the median of the completed runs’ averages (Golovin et al. 2017), not before {1} of their steps and {2} completed runs.',
    '若某次运行的最佳 {0} 落后于已完成运行均值的中位数（Golovin 等 2017），将被提前停止；步数达到 {1} 且已有 {2} 次完成的运行之前不会停止。',
  ],
} as const satisfies Record<string, readonly [english: string, chinese: string]>;

type OwnKey = keyof typeof TEXT;
type RunStatusKey = `status.${'queued' | 'starting'}`;
export type SweepPageText = Readonly<Record<OwnKey | RunStatusKey, string>>;

export function sweepPageText(language: Language): SweepPageText {
  const column = language === 'zh-cn' ? 1 : 0;
  const ofRuns = metricsText(language);
  return {
    ...Object.fromEntries(Object.entries(TEXT).map(([key, texts]) => [key, texts[column]])) as Record<OwnKey, string>,
    'status.queued': ofRuns['status.queued'], 'status.starting': ofRuns['status.starting'],
  };
}
