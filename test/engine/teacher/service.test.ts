import { describe, expect, it } from 'vitest';
import { keyVariableOf, PRESETS } from '../../../src/engine/teacher/presets.ts';
import { Service } from '../../../src/engine/teacher/service.ts';
import { apiTeacher, SERVICES } from '../../../src/shared/recipeTeacher.ts';
import type { MessageData } from '../../../src/shared/events.ts';
import { question } from './setup.ts';

function service(teacher: object, key: string | null = 'sk-1', warnings: { code: string; data: MessageData }[] = []): Service {
  return new Service(apiTeacher.parse({ type: 'api', model: 'm', ...teacher }), 'r1', key, (code, data) => { warnings.push({ code, data }); });
}

describe('where requests go', () => {
  for (const [base, expected] of [
    ['https://api.example.com/v1', 'https://api.example.com/v1/chat/completions'], ['https://api.example.com/v1/', 'https://api.example.com/v1/chat/completions'],
    ['https://api.example.com', 'https://api.example.com/chat/completions'], ['https://api.example.com/v1/chat/completions', 'https://api.example.com/v1/chat/completions'],
    ['https://a.openai.azure.com/openai/deployments/r1?api-version=2025-01-01', 'https://a.openai.azure.com/openai/deployments/r1/chat/completions?api-version=2025-01-01'],
  ] as const) {
    it(base, () => { expect(service({ baseUrl: base }).url.href).toBe(expected); });
  }

  it('what may be secret in an address is not shown', () => {
    expect(service({ baseUrl: 'https://me:pw@api.example.com/v1?sig=abc' }).address).toBe('https://api.example.com/v1/chat/completions');
  });

  it('an address of another kind is refused', () => {
    expect(() => service({ baseUrl: 'ftp://api.example.com' })).toThrow(/must begin with http/);
  });

  it('every known service has an address that works as it stands', () => {
    for (const name of SERVICES) expect(service({ service: name }).url.pathname.endsWith('/chat/completions'), name).toBe(true);
    expect(Object.keys(PRESETS).sort()).toEqual([...SERVICES].sort());
  });

  it('the recipe’s address goes before the service’s, its key variable too', () => {
    expect(service({ service: 'deepseek', baseUrl: 'http://127.0.0.1:9/v1' }).host).toBe('127.0.0.1:9');
    expect([keyVariableOf({ service: 'deepseek' }), keyVariableOf({ service: 'deepseek', keyVariable: 'MINE' }), keyVariableOf({ service: 'vllm' }), keyVariableOf({})]).toEqual(['DEEPSEEK_API_KEY', 'MINE', null, null]);
  });
});

describe('the key', () => {
  it('goes as a bearer token, to Azure as api-key, and nowhere where there is none', () => {
    expect(service({ baseUrl: 'https://api.example.com/v1' }, ' sk-1\n').headers).toMatchObject({ authorization: 'Bearer sk-1' });
    const azure = service({ baseUrl: 'https://gateway.example.com/openai/deployments/r1?api-version=2025-01-01' }).headers;
    expect(azure).toMatchObject({ 'api-key': 'sk-1' });
    expect(azure).not.toHaveProperty('authorization');
    expect(Object.keys(service({ service: 'vllm' }, null).headers)).not.toContain('authorization');
  });
});

describe('the body', () => {
  const body = (teacher: object, options: Parameters<typeof question>[2] = {}, sample = 0): Record<string, unknown> => JSON.parse(service(teacher).body(question('x', sample, options))) as Record<string, unknown>;

  it('says what is sampled, with a seed for each sample', () => {
    expect(body({ service: 'vllm' }, { temperature: 0.6, topP: 0.9, maxTokens: 50, seed: 5, topLogprobs: 3 }, 2)).toEqual({
      model: 'm', messages: [{ role: 'user', content: 'x' }], stream: true, stream_options: { include_usage: true },
      max_tokens: 50, temperature: 0.6, top_p: 0.9, seed: 7, logprobs: true, top_logprobs: 3,
    });
  });

  it('has the recipe’s own fields, which win', () => {
    expect(body({ service: 'vllm', body: { temperature: 1, top_k: 20, stream: false } })).toMatchObject({ temperature: 1, top_k: 20, stream: false });
    expect(body({ service: 'vllm', body: { stream: false } })).not.toHaveProperty('stream_options');
  });

  it('leaves out what a service is known not to take', () => {
    const warnings: { code: string; data: MessageData }[] = [];
    const reasoner = JSON.parse(service({ service: 'deepseek', model: 'deepseek-reasoner' }, null, warnings).body(question('x', 0, { topLogprobs: 3 }))) as object;
    for (const field of ['temperature', 'top_p', 'logprobs', 'top_logprobs', 'seed']) expect(reasoner).not.toHaveProperty(field);
    expect(warnings.map(({ code }) => code)).toEqual(['teacher-sampling-ignored']);
    expect(body({ service: 'openai' }, { maxTokens: 50 })).toMatchObject({ max_completion_tokens: 50 });
  });
});
