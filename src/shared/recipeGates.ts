/** What a stage demands before it begins and after it has ended. */
import * as z from 'zod';
import { EVALUATION_METRICS, REINFORCE_VALIDATION_METRICS, VALIDATION_METRICS } from './metrics.ts';
import { about } from './recipeParts.ts';

const bounds = {
  min: z.number().optional().meta(about('Missed when below.', '低于该值则未通过。')),
  max: z.number().optional().meta(about('Missed when above.', '高于该值则未通过。')),
};

/** A miss ends the run before the stage's first step. */
export const entry = z.strictObject({
  metric: z.enum([...VALIDATION_METRICS, ...REINFORCE_VALIDATION_METRICS, ...EVALUATION_METRICS]).meta(about('The metric of the model that the stage starts from: as it was last measured, else measured now.', '阶段起始模型的指标：取最近一次测量值，若没有则立即测量。')),
  ...bounds,
});

export const gate = z.strictObject({
  metric: z.enum([...VALIDATION_METRICS, ...EVALUATION_METRICS]).meta(about('The metric that is looked at when the stage ends.', '阶段结束时检查的指标。')),
  ...bounds,
  onMiss: z.enum(['stop', 'continue', 'best']).default('stop').meta(about(
    'What a missed gate does: stop skips the stages after it and fails the run; continue goes on; best goes back to the stage’s best checkpoint and goes on with that.',
    '未通过时：stop 跳过后续阶段并判运行失败；continue 继续；best 回到本阶段的最佳检查点并由此继续。',
  )),
});

/** Whatever a stage may watch. */
type Watching<T> = Omit<T, 'metric'> & { readonly metric: string };
export type Entry = Watching<z.output<typeof entry>>;
export type Gate = Watching<z.output<typeof gate>>;
