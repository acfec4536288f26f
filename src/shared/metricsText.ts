/** Every text of the Metrics panel, English and Chinese side by side; `{0}`, `{1}` are filled by the page. */
import type { Language } from './messages.ts';

const TEXT = {
  title: ['Metrics', '指标'],
  titleOne: ['Metrics: {0}', '指标：{0}'],
  titleMany: ['Metrics: {0} runs', '指标：{0} 个运行'],

  'group.loss': ['Loss', '损失'],
  'group.regions': ['Reasoning and answer', '推理与答案'],
  'group.reward': ['Reward', '奖励'],
  'group.policy': ['Policy: KL to the start, entropy, clip, groups of one reward', '策略：与起点的 KL、熵、裁剪、同奖励组'],
  'group.completions': ['Length of completions', '回答长度'],
  'group.written': ['Written by the student, without an end', '学生书写、未结束的比例'],
  'group.learningRate': ['Learning rate', '学习率'],
  'group.temperature': ['Temperature', '温度'],
  'group.weights': ['Weights of the losses', '损失权重'],
  'group.gradient': ['Gradient norm', '梯度范数'],
  'group.speed': ['Speed', '速度'],
  'group.lossScale': ['Loss scale (float16)', '损失缩放（float16）'],
  'group.filled': ['Share of the fed positions that isn’t padding', '输入位置中非填充的比例'],
  'group.memory': ['Memory', '内存'],
  'group.accuracy': ['Accuracy and retention', '准确率与保留率'],
  'unit.tokens': ['tokens', '词元'],
  'unit.speed': ['tokens/s', 'token/秒'],
  'unit.memory': ['MiB', 'MiB'],

  'axis.label': ['X axis', '横轴'],
  'axis.step': ['Step', '步数'],
  'axis.time': ['Time', '时间'],
  'axis.tokens': ['Tokens', 'Token'],
  'axis.stepHint': ['Optimiser steps over the whole run', '整个运行的优化步数'],
  'axis.timeHint': ['Time since the run started', '自运行开始以来的时间'],
  'axis.tokensHint': ['Supervised tokens consumed', '已学习的监督 token 数'],
  smoothing: ['Smoothing', '平滑'],
  smoothingHint: ['Weight of the running average; the raw curve stays faint behind it', '滑动平均的权重；原始曲线以淡色保留在后方'],
  log: ['Log scale', '对数坐标'],
  reset: ['Reset zoom', '重置缩放'],
  choose: ['Choose runs…', '选择运行…'],
  png: ['Export PNG', '导出 PNG'],
  csv: ['Export CSV', '导出 CSV'],
  gestures: [
    'Drag to zoom · Shift+drag to pan · Ctrl/⌘+wheel to zoom · double-click to reset · keys: arrows, +, −, 0',
    '拖动缩放 · Shift+拖动平移 · Ctrl/⌘+滚轮缩放 · 双击重置 · 键盘：方向键、+、−、0',
  ],

  'status.queued': ['Queued', '排队中'],
  'status.starting': ['Starting', '启动中'],
  'status.running': ['Running', '运行中'],
  'status.stopping': ['Stopping', '停止中'],
  'status.done': ['Done', '已完成'],
  'status.stopped': ['Stopped', '已停止'],
  'status.failed': ['Failed', '失败'],
  'status.lost': ['Lost', '已丢失'],
  stepOf: ['step {0} of {1}', '第 {0} / {1} 步'],
  stepOnly: ['step {0}', '第 {0} 步'],
  collectedRows: ['{0} rows', '{0} 行'],
  collectedOf: ['{0} of {1}', '{0} / {1}'],
  collectedTokens: ['{0} tokens', '{0} 词元'],
  'part.read': ['reading', '读取'],
  'part.clean': ['cleaning', '清洗'],
  'part.ask': ['asking', '询问'],
  'part.verify': ['verifying', '验证'],
  'part.augment': ['augmenting', '增强'],
  'part.mix': ['mixing', '混合'],
  'part.write': ['writing', '写入'],
  'collected.done': ['rows', '行数'],
  'collected.kept': ['kept', '保留'],
  'collected.leftOut': ['left out', '移除'],
  'collected.cached': ['answered before', '先前已回答'],
  'collected.failed': ['failed', '失败'],
  'collected.rate': ['rate', '速度'],
  'collected.perSecond': ['{0}/s', '{0}/秒'],
  'collected.left': ['time left', '剩余时间'],
  'collected.spent': ['spent', '已花费'],
  'collected.reserved': ['reserved for requests in flight', '为进行中的请求预留'],
  'collected.tokens': ['tokens', '词元'],
  timeLeft: ['{0} left', '剩余 {0}'],
  elapsed: ['took {0}', '用时 {0}'],
  hours: ['{0} h {1} min', '{0} 小时 {1} 分'],
  minutes: ['{0} min {1} s', '{0} 分 {1} 秒'],
  seconds: ['{0} s', '{0} 秒'],

  'action.stop': ['Stop', '停止'],
  'action.resume': ['Resume', '继续'],
  'action.review': ['Review Data', '审阅数据'],
  'action.log': ['Open Log', '打开日志'],
  'action.diff': ['Diff Traces', '对比推理'],
  'action.reveal': ['Open Folder', '打开文件夹'],

  'empty.none': ['No run is plotted', '未选择任何运行'],
  'empty.noneHint': ['Tick runs in the experiment tree, or choose them here.', '在实验树中勾选运行，或在此处选择。'],
  'empty.waiting': ['Waiting for the first value', '等待第一个数值'],
  'empty.waitingHint': ['Loading the models takes a moment; the curves start with the first training step.', '加载模型需要片刻；第一个训练步完成后即开始绘制曲线。'],
  'empty.queuedHint': ['Another run has the device. This one starts by itself when the device is free.', '设备正被另一个运行占用，空闲后将自动开始。'],
  'empty.failed': ['The run failed before its first value', '运行在产生第一个数值之前失败'],
  'failure.lost': ['The engine is gone without having said why. Resume goes on from the last checkpoint.', '引擎未留下任何说明便已消失。可从最后一个检查点继续。'],
  'empty.ended': ['The run ended without a value', '运行结束，没有任何数值'],
  'empty.endedHint': ['Its log tells what happened.', '详情请查看日志。'],
  'empty.collecting': ['Collecting data', '正在收集数据'],
  'empty.collectingHint': ['Curves start with the first training step, where one follows.', '若后续有训练阶段，第一个训练步完成后即开始绘制曲线。'],
  'empty.collected': ['The data is collected', '数据已收集完毕'],
  'empty.collectedHint': ['Each row knows where it comes from and how it was judged.', '每一行都记录了其来源和判定结果。'],
  'empty.collectingStopped': ['Collecting has stopped', '收集已停止'],
  'empty.collectingStoppedHint': ['What was answered is kept: run it again, and only what is missing is asked.', '已得到的回答均已保留：再次运行时只询问缺少的部分。'],

  saved: ['Saved {0}', '已保存 {0}'],
  saving: ['Writing {0}', '正在写入 {0}'],
  nothingToSave: ['There is nothing to export: no run with values is plotted.', '没有可导出的内容：未绘制任何含数值的运行。'],

  finals: ['Values', '数值'],
  'finals.metric': ['Metric', '指标'],
  'finals.run': ['Run', '运行'],
  'finals.last': ['Last', '最新'],
  'finals.best': ['Best', '最佳'],
  'finals.bestAt': ['at step', '所在步'],
  'finals.points': ['Points', '点数'],
  bestCheckpoint: ['Best checkpoint: {0}', '最佳检查点：{0}'],
  resumedAt: ['Resumed from step {0}', '从第 {0} 步继续'],
  stageMark: ['Stage: {0}', '阶段：{0}'],

  show: ['Show {0}', '显示 {0}'],
  hide: ['Hide {0}', '隐藏 {0}'],
  legendHint: ['Click to show or hide, Shift+click in all runs, Alt+click to show it alone', '单击显示或隐藏，Shift+单击作用于所有运行，Alt+单击仅显示此项'],
  chartSummary: ['{0}: {1} curves. {2}', '{0}：{1} 条曲线。{2}'],
  chartValue: ['{0}: last {1}, best {2} at step {3}.', '{0}：最新 {1}，最佳 {2}（第 {3} 步）。'],
} as const satisfies Record<string, readonly [english: string, chinese: string]>;

export type MetricsTextKey = keyof typeof TEXT;
export type MetricsText = Readonly<Record<MetricsTextKey, string>>;

/** The panel's texts in one language: what the host hands to the page. */
export function metricsText(language: Language): MetricsText {
  const column = language === 'zh-cn' ? 1 : 0;
  return Object.fromEntries(Object.entries(TEXT).map(([key, texts]) => [key, texts[column]])) as unknown as MetricsText;
}

/** Fills `{0}`, `{1}` … of a text. */
export function fill(text: string, ...values: readonly (string | number)[]): string {
  return text.replaceAll(/\{(\d+)\}/g, (whole, index: string) => String(values[Number(index)] ?? whole));
}
