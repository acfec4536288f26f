/** config.json: both spellings are read, what is not built is refused by name, what is written is read again. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { configFromSizes, parseConfig, writeConfig } from '../../../src/engine/model/config.ts';
import { sizes } from '../../../src/shared/recipe.ts';
import { MODELS } from './reference.ts';

const json = (name: string): Record<string, unknown> => JSON.parse(readFileSync(path.join(MODELS, name, 'config.json'), 'utf8')) as Record<string, unknown>;
const llama = json('tiny-llama');
const qwen2 = json('tiny-qwen2');
const qwen3 = json('tiny-qwen3');
const llama3 = json('tiny-llama3');

test('the spelling of Transformers 4 (rope_theta, rope_scaling, torch_dtype)', () => {
  expect(parseConfig(llama, 'config.json')).toEqual({
    family: 'llama', vocabSize: 50, hiddenSize: 24, intermediateSize: 36, layers: 3, heads: 4, kvHeads: 1, headDim: 10, maxPositions: 48, ropeTheta: 500, ropeScaling: null, qkNorm: false,
    rmsNormEpsilon: 1e-5, tiedHead: true, qkvBias: true, outputBias: true, int8: false, bosTokenId: 0, eosTokenIds: [49],
  });
});

test('the spelling of Transformers 5 (rope_parameters, dtype)', () => {
  expect(parseConfig(qwen2, 'config.json')).toEqual({
    family: 'qwen2', vocabSize: 385, hiddenSize: 32, intermediateSize: 40, layers: 2, heads: 4, kvHeads: 2, headDim: 8, maxPositions: 64, ropeTheta: 1_000_000, ropeScaling: null, qkNorm: false,
    rmsNormEpsilon: 1e-6, tiedHead: false, qkvBias: true, outputBias: false, int8: false, bosTokenId: null, eosTokenIds: [382],
  });
});

test('a Qwen3 has norms over its heads, and a head width that is no share of its width', () => {
  expect(parseConfig(qwen3, 'config.json')).toMatchObject({ family: 'qwen3', qkNorm: true, headDim: 8, hiddenSize: 24, qkvBias: false, outputBias: false });
  expect(parseConfig({ ...qwen3, head_dim: undefined }, 'config.json').headDim).toBe(128);
});

test('the stretched positions of Llama 3.1 in both spellings', () => {
  const scaling = { type: 'llama3', factor: 8, lowFactor: 1, highFactor: 4, originalPositions: 32 };
  expect(parseConfig(llama3, 'config.json')).toMatchObject({ ropeTheta: 1000, ropeScaling: scaling });
  const { rope_parameters: { rope_theta, ...older } } = llama3 as { rope_parameters: Record<string, unknown> };
  expect(parseConfig({ ...llama3, rope_parameters: undefined, rope_theta, rope_scaling: older }, 'config.json')).toMatchObject({ ropeTheta: 1000, ropeScaling: scaling });
  expect(parseConfig({ ...llama, rope_scaling: { type: 'linear', factor: 2 } }, 'config.json').ropeScaling).toEqual({ type: 'linear', factor: 2 });
});

test.each([['llama', llama], ['qwen2', qwen2], ['qwen3', qwen3], ['llama3', llama3], ['linear', { ...llama, rope_scaling: { type: 'linear', factor: 2 } }]] as const)('what is written of a %s is read as the same', (_, source) => {
  const config = parseConfig(source, 'config.json');
  expect(parseConfig(JSON.parse(writeConfig(config, 'float32')), 'config.json')).toEqual(config);
  const several = { ...config, eosTokenIds: [3, 4] };
  expect(parseConfig(JSON.parse(writeConfig(several, 'bfloat16')), 'config.json')).toEqual(several);
});

describe('refused, with the name of the field', () => {
  test.each([
    ['model_type', { model_type: 'qwen3_moe' }],
    ['model_type', { model_type: 'mistral' }],
    ['architectures', { architectures: ['LlamaForSequenceClassification'] }],
    ['hidden_act', { hidden_act: 'gelu' }],
    ['mlp_bias', { mlp_bias: true }],
    ['quantization_config', { quantization_config: { quant_method: 'gptq' } }],
    ['rope_scaling.rope_type', { rope_scaling: { rope_type: 'dynamic', factor: 8 } }],
    ['rope_parameters.rope_type', { rope_parameters: { rope_type: 'yarn', rope_theta: 10_000, factor: 4 } }],
    ['rope_parameters.partial_rotary_factor', { rope_parameters: { rope_type: 'default', rope_theta: 10_000, partial_rotary_factor: 0.5 } }],
    ['rope_parameters.full_attention', { rope_parameters: { full_attention: { rope_theta: 10_000 } } }],
    ['layer_types', { sliding_window: 16, layer_types: ['full_attention', 'sliding_attention'] }],
    ['use_sliding_window', { sliding_window: 16, use_sliding_window: true, max_window_layers: 1 }],
  ])('%s of %j', (field, change) => {
    expect(() => parseConfig({ ...llama, ...change }, 'm/config.json')).toThrow(expect.objectContaining({ code: 'config-unsupported', data: expect.objectContaining({ file: 'm/config.json', field }) as object }) as Error);
  });

  test.each([
    ['vocab_size', { vocab_size: undefined }],
    ['hidden_size', { hidden_size: 12.5 }],
    ['num_key_value_heads', { num_key_value_heads: 3 }],
    ['num_attention_heads', { num_attention_heads: 5, num_key_value_heads: 5, head_dim: null }],
    ['head_dim', { head_dim: 7 }],
    ['rms_norm_eps', { rms_norm_eps: '1e-5' }],
    ['rope_theta', { rope_theta: -1 }],
    ['rope_scaling.low_freq_factor', { rope_scaling: { rope_type: 'llama3', factor: 8 } }],
  ])('%s of %j', (field, change) => {
    expect(() => parseConfig({ ...llama, ...change }, 'config.json')).toThrow(expect.objectContaining({ code: 'config-malformed', data: expect.objectContaining({ field }) as object }) as Error);
  });
});

test('a sliding window that hides nothing is no hindrance', () => {
  for (const change of [{ sliding_window: 131_072, use_sliding_window: true, max_window_layers: 0 }, { sliding_window: 16, use_sliding_window: false }, { sliding_window: 16, use_sliding_window: true, max_window_layers: 28 }]) {
    expect(parseConfig({ ...qwen2, layer_types: undefined, ...change }, 'config.json').layers).toBe(2);
  }
});

test('the sizes of a recipe make a Llama with the ids of its tokenizer', () => {
  const given = sizes.parse({ hidden_size: 64, intermediate_size: 128, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2 });
  expect(configFromSizes(given, { vocabSize: 40, bosTokenId: null, eosTokenIds: [1] })).toMatchObject({
    family: 'llama', vocabSize: 40, headDim: 16, kvHeads: 2, tiedHead: true, qkvBias: false, maxPositions: 512, bosTokenId: null, eosTokenIds: [1],
  });
});
