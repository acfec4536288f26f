/** How a training stage's steps are computed: precision, and whether a step is one function. */
import * as z from 'zod';
import { about, positive } from './recipeParts.ts';

export const PRECISIONS = ['float32', 'bfloat16', 'float16'] as const;

export const precision = z.enum(PRECISIONS).default('float32').meta(about(
  'Number format of the matrix products; weights, optimiser and everything between products stay float32. bfloat16 and float16 need native TensorFlow.',
  '矩阵乘积的数值格式；权重、优化器及乘积之间的一切仍为 float32。bfloat16 与 float16 需要本机 TensorFlow。'));

export const lossScale = z.union([z.literal('dynamic'), positive]).default('dynamic').meta(about(
  'Of float16: what the loss is multiplied by before the backward pass. "dynamic" halves it when a gradient overflows (that step is repeated) and doubles it after 2,000 steps without.',
  '用于 float16：反向传播前损失所乘的系数。"dynamic" 在梯度溢出时减半（并重做该步），连续 2,000 步无溢出则加倍。'));

export const compile = z.enum(['auto', 'off']).default('auto').meta(about(
  'auto: on native TensorFlow a whole step is one function, with one function for each shape of a batch; operation by operation where that can’t be. off: always operation by operation.',
  'auto：在本机 TensorFlow 上整步为一个函数（每种批次形状一个）；无法如此时逐个运算执行。off：始终逐个运算执行。'));
