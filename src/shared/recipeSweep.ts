/**
 * A sweep: a list or a range for any value of the recipe makes a set of runs that differ in these values alone. What the
 * paths may be is checked in recipeCrossChecksSweep.ts; what comes of it is worked out in sweepPlan.ts.
 */
import * as z from 'zod';
import { EVALUATION_METRICS, VALIDATION_METRICS } from './metrics.ts';
import { about, count, share } from './recipeParts.ts';

/** More runs than this are a slip of a range, not a plan for one device. */
export const MOST_SWEEP_RUNS = 1000;
/** A median of fewer completed runs says little. */
const RUNS_BEFORE_STOPPING = 3;
/** Below this share of a run its curve hardly tells good from bad. */
const SHARE_BEFORE_STOPPING = 0.3;

const range = z.strictObject({
  from: z.number().meta(about('First value.', '起始值。')),
  to: z.number().meta(about('Last value.', '结束值。')),
  steps: count.min(2).optional().meta(about('How many values, both ends among them; needed by a grid.', '取值个数（含两端）；grid 必填。')),
  scale: z.enum(['linear', 'log']).default('linear').meta(about('Even differences, or even ratios.', '等差或等比。')),
});

const values = z.union([z.array(z.json()).min(1), range]);

export const sweep = z.strictObject({
  values: z.record(z.string().min(1), values).meta(about(
    'By path in the recipe ("stages.train.temperature": a stage by its name, or "stages[0].temperature"): a list of values, or a range { from, to, steps, scale }.',
    '以配方中的路径为键（"stages.train.temperature"：按阶段名，或 "stages[0].temperature"）：取值列表，或范围 { from, to, steps, scale }。',
  )),
  metric: z.enum([...VALIDATION_METRICS, ...EVALUATION_METRICS]).default('validation/ce').meta(about('What the runs are compared by: of the model that a run ends with.', '比较各次运行的指标：取运行最终模型的值。')),
  goal: z.enum(['min', 'max']).optional().meta(about('Whether less or more is better; by default what the metric means.', '越小越好还是越大越好；默认由指标含义决定。')),
  order: z.enum(['grid', 'random']).default('grid').meta(about('grid: every combination. random: as many as runs says, drawn from the lists and ranges.', 'grid：所有组合。random：从列表与范围中随机抽取 runs 组。')),
  runs: count.max(MOST_SWEEP_RUNS).optional().meta(about('Of random: how many settings.', 'random 的组合数。')),
  seeds: count.max(100).default(1).meta(about('Runs of each setting, with the recipe’s seed, the one after it and so on; settings are compared by their means.', '每组取值的运行次数，种子依次加一；按均值比较各组。')),
  stopEarly: z.strictObject({
    rule: z.literal('median').default('median').meta(about(
      'Median stopping rule (Golovin et al. 2017, section 3.2.2): a run whose best value so far is worse than the median of what the completed runs had on average up to the same share of their steps.',
      '中位数停止规则（Golovin 等 2017，3.2.2 节）：若某次运行至今的最佳值差于各已完成运行在同一进度前平均值的中位数，则停止。',
    )),
    metric: z.enum(VALIDATION_METRICS).optional().meta(about('Measured along the way; by default the sweep’s own metric, where that is one of a validation.', '过程中测量的指标；默认为本次搜索的指标（若为验证指标）。')),
    after: share.default(SHARE_BEFORE_STOPPING).meta(about('Share of a run’s steps before which it is never stopped.', '达到该步数比例之前绝不停止。')),
    runs: count.default(RUNS_BEFORE_STOPPING).meta(about('Completed runs that there must be first.', '至少已有多少次完成的运行。')),
  }).optional().meta(about('Stops runs that are clearly behind.', '停止明显落后的运行。')),
}).meta(about('A list or a range for any value of the recipe: distill sweep makes a run of each combination and compares them.', '为配方中任意值给出列表或范围：distill sweep 运行各组合并进行比较。'));

export type Sweep = z.output<typeof sweep>;
export type SweepValues = Sweep['values'][string];
/** A value as JSON has it. */
export type SweptValue = z.output<ReturnType<typeof z.json>>;
