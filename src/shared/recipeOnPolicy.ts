/** Training on what the student itself writes, scored by the teacher (GKD: Agarwal et al. 2024). */
import * as z from 'zod';
import { about, count, positive, share } from './recipeParts.ts';

export const onPolicy = z.strictObject({
  share: share.default(0.5).meta(about('Probability that the completions of a batch are written by the student as it is, and not the data’s (λ); 0 never, 1 always.', '一批数据的回答由学生自己写出（而非取自数据）的概率 λ；0 为从不，1 为总是。')),
  maxNewTokens: count.default(256).meta(about('Tokens that the student writes for one prompt at most.', '学生对每个问题最多写出的词元数。')),
  temperature: positive.default(1).meta(about('Of the student’s sampling.', '学生采样的温度。')),
  topP: share.default(1).meta(about('Share of the probability that the student samples from.', '学生核采样的概率份额。')),
}).meta(about('The student writes, the teacher scores what it has written: the objective’s divergence on the student’s own tokens, and no cross-entropy there.', '学生书写，教师评分：在学生自己写出的词元上计算所选散度，且不计交叉熵。'));
