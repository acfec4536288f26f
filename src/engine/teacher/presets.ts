/**
 * Known services. The table says what a person would else have to look up (address, the usual name of the key's variable) and
 * which parameters are known not to be taken. What isn't written here is found out at run time: see service.ts.
 */
import type { ApiTeacher, ServiceName } from '../../shared/recipeTeacher.ts';

/** Fields of the body that we send on our own account and can do without. */
export const DROPPABLE = ['stream_options', 'seed', 'logprobs', 'top_logprobs', 'temperature', 'top_p', 'stream'] as const;
export type Droppable = (typeof DROPPABLE)[number];

export interface Preset {
  readonly baseUrl: string;
  /** Null for services that run on one's own machine and want no key. */
  readonly keyVariable: string | null;
  /** Name of the field that limits the answer's tokens; `max_tokens` where it isn't said. */
  readonly limitField?: 'max_completion_tokens';
  /** Fields that the service refuses or ignores. */
  readonly without?: readonly Droppable[];
  /** Models whose provider documents that they ignore sampling and refuse log-probabilities. */
  readonly ignoresSampling?: RegExp;
}

/** Addresses as the providers document them; each is overridden by the recipe's baseUrl. */
export const PRESETS: Readonly<Record<ServiceName, Preset>> = {
  // api-docs.deepseek.com/guides/reasoning_model: temperature and top_p have no effect, logprobs is an error.
  deepseek: { baseUrl: 'https://api.deepseek.com/v1', keyVariable: 'DEEPSEEK_API_KEY', without: ['seed'], ignoresSampling: /reasoner/i },
  openai: { baseUrl: 'https://api.openai.com/v1', keyVariable: 'OPENAI_API_KEY', limitField: 'max_completion_tokens' },
  together: { baseUrl: 'https://api.together.xyz/v1', keyVariable: 'TOGETHER_API_KEY' },
  openrouter: { baseUrl: 'https://openrouter.ai/api/v1', keyVariable: 'OPENROUTER_API_KEY' },
  siliconflow: { baseUrl: 'https://api.siliconflow.cn/v1', keyVariable: 'SILICONFLOW_API_KEY' },
  dashscope: { baseUrl: 'https://dashscope.aliyuncs.com/compatible-mode/v1', keyVariable: 'DASHSCOPE_API_KEY' },
  volcengine: { baseUrl: 'https://ark.cn-beijing.volces.com/api/v3', keyVariable: 'ARK_API_KEY' },
  moonshot: { baseUrl: 'https://api.moonshot.cn/v1', keyVariable: 'MOONSHOT_API_KEY' },
  zhipu: { baseUrl: 'https://open.bigmodel.cn/api/paas/v4', keyVariable: 'ZHIPU_API_KEY' },
  vllm: { baseUrl: 'http://localhost:8000/v1', keyVariable: null },
  sglang: { baseUrl: 'http://localhost:30000/v1', keyVariable: null },
  ollama: { baseUrl: 'http://localhost:11434/v1', keyVariable: null },
  'llama.cpp': { baseUrl: 'http://localhost:8080/v1', keyVariable: null },
  lmstudio: { baseUrl: 'http://localhost:1234/v1', keyVariable: null },
};

/** The preset of a teacher; null where the recipe gives an address alone. */
export function presetOf({ service }: Pick<ApiTeacher, 'service'>): Preset | null {
  return service === undefined ? null : PRESETS[service];
}

/** The environment variable that holds the key: the recipe's, the service's usual one, or null where none is known. */
export function keyVariableOf(teacher: Pick<ApiTeacher, 'service' | 'keyVariable'>): string | null {
  return teacher.keyVariable ?? presetOf(teacher)?.keyVariable ?? null;
}
