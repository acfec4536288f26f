/**
 * config.json of the Llama, Qwen2 and Qwen3 families, in the spellings of Transformers 4 (rope_theta, torch_dtype) and 5
 * (rope_parameters, dtype). What would change the numbers and is not built is refused with the field's name.
 */
import type { Sizes } from '../../shared/recipe.ts';
import { DistillError } from '../../shared/messages.ts';
import type { DecoderConfig, RopeScaling } from './contract.ts';
import type { FloatDtype } from './safetensors.ts';

type Json = Readonly<Record<string, unknown>>;

const ARCHITECTURES = { llama: 'LlamaForCausalLM', qwen2: 'Qwen2ForCausalLM', qwen3: 'Qwen3ForCausalLM' } as const;
const FAMILIES = Object.keys(ARCHITECTURES) as readonly (keyof typeof ARCHITECTURES)[];

/** Defaults of Transformers' LlamaConfig, Qwen2Config and Qwen3Config, for the fields that their files may leave out. */
const DEFAULTS = {
  llama: { max_position_embeddings: 2048, rms_norm_eps: 1e-6, rope_theta: 10_000, bos_token_id: 1, eos_token_id: 2 },
  qwen2: { max_position_embeddings: 32_768, rms_norm_eps: 1e-6, rope_theta: 10_000, bos_token_id: null, eos_token_id: null },
  qwen3: { max_position_embeddings: 32_768, rms_norm_eps: 1e-6, rope_theta: 10_000, bos_token_id: null, eos_token_id: null },
} as const;

/** `file` is named in the errors. Throws DistillError `config-unsupported`, `config-malformed`. */
export function parseConfig(json: unknown, file: string): DecoderConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new DistillError('config-malformed', { file, field: 'the whole', value: JSON.stringify(json).slice(0, 40), allowed: 'a JSON object' });
  }
  const fields = json as Json;
  const unsupported = (field: string, value: unknown, allowed: string): DistillError =>
    new DistillError('config-unsupported', { file, field, value: JSON.stringify(value) ?? 'missing', allowed });
  const malformed = (field: string, value: unknown, allowed: string): DistillError =>
    new DistillError('config-malformed', { file, field, value: JSON.stringify(value) ?? 'missing', allowed });

  const family = FAMILIES.find((known) => known === fields['model_type']);
  if (family === undefined) throw unsupported('model_type', fields['model_type'], FAMILIES.join(', '));
  const architectures = fields['architectures'];
  if (Array.isArray(architectures) && !architectures.includes(ARCHITECTURES[family])) throw unsupported('architectures', architectures, ARCHITECTURES[family]);

  const given = (field: string, fallback?: unknown): unknown => fields[field] ?? fallback;
  const count = (field: string, fallback?: number): number => {
    const value = given(field, fallback);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) throw malformed(field, value, 'a whole number from 1 on');
    return value;
  };
  const positive = (field: string, value: unknown): number => {
    if (typeof value !== 'number' || !(value > 0) || !Number.isFinite(value)) throw malformed(field, value, 'a number above 0');
    return value;
  };
  const only = (field: string, wanted: unknown): void => {
    const value = given(field, wanted);
    if (value !== wanted) throw unsupported(field, value, JSON.stringify(wanted));
  };

  only('hidden_act', 'silu');
  only('mlp_bias', false);
  only('partial_rotary_factor', 1);
  const int8 = isInt8(fields, unsupported);

  const layers = count('num_hidden_layers');
  const heads = count('num_attention_heads');
  const kvHeads = count('num_key_value_heads', heads);
  const hiddenSize = count('hidden_size');
  const maxPositions = count('max_position_embeddings', DEFAULTS[family].max_position_embeddings);
  if (heads % kvHeads !== 0) throw malformed('num_key_value_heads', kvHeads, `a divisor of num_attention_heads (${heads})`);
  if (given('head_dim') === undefined && family !== 'qwen3' && hiddenSize % heads !== 0) throw malformed('num_attention_heads', heads, `a divisor of hidden_size (${hiddenSize}), or head_dim`);
  const headDim = count('head_dim', family === 'qwen3' ? QWEN3_HEAD_DIM : Math.floor(hiddenSize / heads));
  if (headDim % 2 !== 0) throw malformed('head_dim', headDim, 'an even number (rotary positions turn pairs)');

  const rope = ropeOf(fields, maxPositions, unsupported, positive);
  refuseSlidingWindow(fields, layers, maxPositions, unsupported);
  const tied = given('tie_word_embeddings', false);
  if (typeof tied !== 'boolean') throw malformed('tie_word_embeddings', tied, 'true or false');
  const attentionBias = family === 'qwen2' || given('attention_bias', false) === true;

  return {
    family,
    vocabSize: count('vocab_size'),
    hiddenSize,
    intermediateSize: count('intermediate_size'),
    layers,
    heads,
    kvHeads,
    headDim,
    maxPositions,
    ropeTheta: positive('rope_theta', rope.theta ?? DEFAULTS[family].rope_theta),
    ropeScaling: rope.scaling,
    rmsNormEpsilon: positive('rms_norm_eps', given('rms_norm_eps', DEFAULTS[family].rms_norm_eps)),
    tiedHead: tied,
    qkvBias: attentionBias,
    outputBias: family !== 'qwen2' && attentionBias,
    qkNorm: family === 'qwen3',
    int8,
    bosTokenId: tokenIds('bos_token_id' in fields ? fields['bos_token_id'] : DEFAULTS[family].bos_token_id)[0] ?? null,
    eosTokenIds: tokenIds('eos_token_id' in fields ? fields['eos_token_id'] : DEFAULTS[family].eos_token_id),
  };
}

/**
 * INT8 weights per channel and activations per token, as the compressed-tensors library writes it (and vLLM reads it); or our own
 * mark on float weights that are trained for it.
 */
function isInt8(fields: Json, unsupported: Refusal): boolean {
  if (fields[INT8_MARK] === 'int8') return true;
  const quantised = fields['quantization_config'];
  if (quantised === undefined || quantised === null) return false;
  const same = JSON.stringify(normalisedGroups(quantised)) === JSON.stringify(normalisedGroups(INT8_CONFIG));
  if (!same) throw unsupported('quantization_config', quantised, 'compressed-tensors W8A8: int8 weights by channel, dynamic int8 activations by token');
  return true;
}

const INT8_MARK = 'distill_trained_for';

/** The part that decides what is computed. */
function normalisedGroups(config: unknown): unknown {
  const { quant_method: method, format, config_groups: groups } = config as Json;
  const first = (groups as Readonly<Record<string, Json>> | undefined)?.['group_0'];
  const scheme = (key: string): unknown => {
    const { num_bits: bits, type, symmetric, strategy, dynamic = false } = (first?.[key] ?? {}) as Json;
    return [bits, type, symmetric, strategy, dynamic];
  };
  return [method, format, Object.keys(groups ?? {}).length, first?.['targets'], scheme('weights'), scheme('input_activations')];
}

const INT8_CONFIG = {
  quant_method: 'compressed-tensors',
  format: 'int-quantized',
  quantization_status: 'compressed',
  ignore: ['lm_head'],
  config_groups: {
    group_0: {
      targets: ['Linear'],
      weights: { num_bits: 8, type: 'int', symmetric: true, strategy: 'channel', dynamic: false },
      input_activations: { num_bits: 8, type: 'int', symmetric: true, strategy: 'token', dynamic: true },
    },
  },
} as const;

/** An id, a list of ids or nothing, as Hugging Face's files have them. */
export function tokenIds(value: unknown): readonly number[] {
  return (Array.isArray(value) ? value : [value]).filter((id): id is number => Number.isSafeInteger(id) && (id as number) >= 0);
}

/** Head width of a Qwen3 whose file doesn't say: Qwen3Config's. */
const QWEN3_HEAD_DIM = 128;

type Refusal = (field: string, value: unknown, allowed: string) => DistillError;

/** Transformers 5: rope_parameters; 4: rope_theta beside rope_scaling. `theta` undefined: neither says. */
function ropeOf(fields: Json, maxPositions: number, unsupported: Refusal, positive: (field: string, value: unknown) => number): { readonly theta: unknown; readonly scaling: RopeScaling | null } {
  const read = (field: string): { readonly rope: Json; readonly scaling: RopeScaling | null } => {
    const value = fields[field];
    if (value === undefined || value === null) return { rope: {}, scaling: null };
    if (typeof value !== 'object') throw unsupported(field, value, 'default, linear, llama3');
    const rope = value as Json;
    if ((rope['partial_rotary_factor'] ?? 1) !== 1) throw unsupported(`${field}.partial_rotary_factor`, rope['partial_rotary_factor'], '1');
    // One set of parameters for each kind of layer (full_attention, sliding_attention).
    const nested = Object.entries(rope).find(([, inner]) => typeof inner === 'object' && inner !== null);
    if (nested !== undefined) throw unsupported(`${field}.${nested[0]}`, nested[1], 'one rope_theta for all layers');
    const number = (key: string, fallback?: number): number => positive(`${field}.${key}`, rope[key] ?? fallback);
    switch (rope['rope_type'] ?? rope['type'] ?? 'default') {
      case 'default': return { rope, scaling: null };
      case 'linear': return { rope, scaling: { type: 'linear', factor: number('factor') } };
      case 'llama3': return { rope, scaling: {
        type: 'llama3', factor: number('factor'), lowFactor: number('low_freq_factor'), highFactor: number('high_freq_factor'),
        originalPositions: number('original_max_position_embeddings', maxPositions),
      } };
      default: throw unsupported(`${field}.rope_type`, rope['rope_type'] ?? rope['type'], 'default, linear, llama3');
    }
  };
  const [newer, older] = [read('rope_parameters'), read('rope_scaling')];
  return { theta: newer.rope['rope_theta'] ?? fields['rope_theta'] ?? undefined, scaling: newer.scaling ?? older.scaling };
}

function refuseSlidingWindow(fields: Json, layers: number, maxPositions: number, unsupported: Refusal): void {
  const window = fields['sliding_window'];
  // A window as wide as the context hides nothing.
  if (typeof window !== 'number' || window >= maxPositions) return;
  const types = fields['layer_types'];
  if (Array.isArray(types)) {
    if (types.includes('sliding_attention')) throw unsupported('layer_types', 'sliding_attention', 'full_attention');
    return;
  }
  const firstSliding = fields['max_window_layers'] ?? 28;
  if (fields['use_sliding_window'] === true && typeof firstSliding === 'number' && firstSliding < layers) throw unsupported('use_sliding_window', true, 'false');
}

/** The sizes of a recipe's new student as a configuration: the Llama family, its ids from the tokenizer. */
export function configFromSizes(sizes: Sizes, tokenizer: { readonly vocabSize: number; readonly bosTokenId: number | null; readonly eosTokenIds: readonly number[] }): DecoderConfig {
  return parseConfig({
    ...sizes,
    model_type: 'llama',
    vocab_size: tokenizer.vocabSize,
    bos_token_id: tokenizer.bosTokenId,
    eos_token_id: [...tokenizer.eosTokenIds],
  }, 'distill.json: student.new');
}

/** config.json as Transformers 4 and 5 both read it. */
export function writeConfig(config: DecoderConfig, dtype: FloatDtype | 'int8'): string {
  const { family } = config;
  const floats = dtype === 'int8' ? 'float32' : dtype;
  return `${JSON.stringify({
    architectures: [ARCHITECTURES[family]],
    model_type: family,
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim,
    hidden_act: 'silu',
    max_position_embeddings: config.maxPositions,
    initializer_range: INITIALIZER_RANGE,
    rms_norm_eps: config.rmsNormEpsilon,
    use_cache: true,
    tie_word_embeddings: config.tiedHead,
    // Both spellings: Transformers 5 reads the second, 4 the first.
    rope_theta: config.ropeTheta,
    rope_parameters: { ...writtenScaling(config), rope_theta: config.ropeTheta },
    ...(config.ropeScaling === null ? {} : { rope_scaling: writtenScaling(config) }),
    ...(family === 'llama' ? { attention_bias: config.outputBias, mlp_bias: false } : family === 'qwen3' ? { attention_bias: config.outputBias, use_sliding_window: false } : { use_sliding_window: false }),
    attention_dropout: 0,
    bos_token_id: config.bosTokenId,
    eos_token_id: config.eosTokenIds.length > 1 ? config.eosTokenIds : (config.eosTokenIds[0] ?? null),
    dtype: floats,
    torch_dtype: floats,
    ...(dtype === 'int8' ? { quantization_config: INT8_CONFIG } : config.int8 ? { [INT8_MARK]: 'int8' } : {}),
  }, null, 2)}\n`;
}

/** As both spellings have it. */
function writtenScaling({ ropeScaling }: DecoderConfig): Json {
  switch (ropeScaling?.type) {
    case undefined: return { rope_type: 'default' };
    case 'linear': return { rope_type: 'linear', factor: ropeScaling.factor };
    case 'llama3': {
      const { factor, lowFactor, highFactor, originalPositions } = ropeScaling;
      return { rope_type: 'llama3', factor, low_freq_factor: lowFactor, high_freq_factor: highFactor, original_max_position_embeddings: originalPositions };
    }
  }
}

/** Standard deviation of new weights: Hugging Face's default for all families. */
export const INITIALIZER_RANGE = 0.02;
