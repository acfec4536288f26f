/** A teacher behind an OpenAI-compatible API: where it is, what it costs, and how much it may cost at most. */
import * as z from 'zod';
import { about, count, positive } from './recipeParts.ts';

/** Services whose address and key variable are known; the table itself is in engine/teacher/presets.ts. */
export const SERVICES = ['deepseek', 'openai', 'together', 'openrouter', 'siliconflow', 'dashscope', 'volcengine', 'moonshot', 'zhipu', 'vllm', 'sglang', 'ollama', 'llama.cpp', 'lmstudio'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** A reasoning model that a service is known for; a person may name another. */
const TEACHERS: Readonly<Partial<Record<ServiceName, string>>> = {
  deepseek: 'deepseek-reasoner', ollama: 'deepseek-r1:7b', vllm: 'deepseek-ai/DeepSeek-R1-Distill-Qwen-7B', sglang: 'deepseek-ai/DeepSeek-R1-Distill-Qwen-7B',
  siliconflow: 'deepseek-ai/DeepSeek-R1', together: 'deepseek-ai/DeepSeek-R1', openrouter: 'deepseek/deepseek-r1',
};

/** Null where the service has no such name: it has to be given. */
export function usualTeacher(service: ServiceName): string | null {
  return TEACHERS[service] ?? null;
}

const price = z.number().min(0);

export const prices = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/).default('USD').meta(about('Three letters: USD, CNY, EUR.', '三个字母：USD、CNY、EUR。')),
  input: price.meta(about('Price of a million input tokens.', '每百万输入词元的价格。')),
  cachedInput: price.optional().meta(about('Price of a million input tokens that the service found in its cache; by default that of input.', '命中服务端缓存的输入词元价格；默认同 input。')),
  output: price.meta(about('Price of a million output tokens.', '每百万输出词元的价格。')),
  reasoning: price.optional().meta(about('Price of a million reasoning tokens; by default that of output.', '每百万推理词元的价格；默认同 output。')),
}).meta(about('Prices as the provider publishes them. A local service costs 0.', '服务商公布的价格。本地服务为 0。'));

export const budget = z.strictObject({
  money: positive.optional().meta(about('Most that this teacher may cost in this project, in the currency of prices. Requests in flight count with their worst case.', '本项目中该教师的费用上限（货币同 prices）。进行中的请求按最坏情况计入。')),
  tokens: count.optional().meta(about('Most tokens, input and output together, over the whole project.', '整个项目的词元上限（输入与输出合计）。')),
}).meta(about('A hard cap over all runs of this project. What was answered once is never paid again; raise it and run again to go on.', '本项目所有运行共享的硬上限。已得到的回答不会重复付费；调高后再次运行即可继续。'));

export const apiTeacher = z.strictObject({
  type: z.literal('api').meta(about('An OpenAI-compatible service: gives texts, and log-probabilities where it offers them.', 'OpenAI 兼容服务：提供文本，部分服务还提供对数概率。')),
  service: z.enum(SERVICES).optional().meta(about('A known service: its address and the usual name of its key variable need not be written.', '已知服务：无需再写地址与密钥变量名。')),
  baseUrl: z.url().optional().meta(about('Address as the provider writes it; only the endpoint’s name is appended.', '服务商给出的地址；只在其后追加端点名。')),
  model: z.string().min(1).meta(about('The service’s name of the model.', '该服务中的模型名。')),
  keyVariable: z.string().regex(/^[A-Z_][A-Z0-9_]*$/).optional()
    .meta(about('Name of the environment variable that holds the key; never the key itself.', '存放密钥的环境变量名；绝不写密钥本身。')),
  prices: prices.optional(),
  budget: budget.optional(),
  concurrency: count.max(4096).default(64).meta(about('Requests at once at most; the client finds the service’s own limit below that.', '最大并发请求数；客户端会自动探测服务的实际上限。')),
  timeouts: z.strictObject({
    firstTokenSeconds: positive.default(300).meta(about('Longest wait for the first token.', '等待首个词元的最长时间（秒）。')),
    silenceSeconds: positive.default(90).meta(about('Longest silence between two tokens.', '两个词元之间的最长静默（秒）。')),
  }).prefault({}),
  retries: z.int().min(0).max(20).default(6).meta(about('Tries again after a failure that may pass: 429, 5xx, a cut connection.', '对可恢复的失败（429、5xx、连接中断）的重试次数。')),
  body: z.record(z.string(), z.json()).default({}).meta(about('More fields of the request’s body, as the service wants them.', '请求体的附加字段，按服务要求填写。')),
}).refine(({ service, baseUrl }) => service !== undefined || baseUrl !== undefined, { path: ['baseUrl'], message: 'baseUrl or service' });

export type ApiTeacher = z.output<typeof apiTeacher>;
export type Prices = z.output<typeof prices>;
export type Budget = z.output<typeof budget>;
