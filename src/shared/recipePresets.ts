/**
 * Shapes for students that begin from nothing, by name. Deep and thin with grouped queries and a tied head, which is what works best
 * below a billion parameters (MobileLLM, Liu et al. 2024, sections 2.2 and 2.3); `medium` and `large` are the shapes of SmolLM2's
 * 135M and 360M (Ben Allal et al. 2025). Widths, heads and inner widths are multiples of 8, so that no kernel meets a ragged end.
 */
import type * as z from 'zod';
import type { sizes } from './recipe.ts';

interface Shape {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
}

export const PRESETS = {
  nano: { hidden_size: 64, intermediate_size: 192, num_hidden_layers: 4, num_attention_heads: 4, num_key_value_heads: 2 },
  micro: { hidden_size: 128, intermediate_size: 384, num_hidden_layers: 6, num_attention_heads: 4, num_key_value_heads: 2 },
  mini: { hidden_size: 256, intermediate_size: 768, num_hidden_layers: 8, num_attention_heads: 8, num_key_value_heads: 2 },
  small: { hidden_size: 384, intermediate_size: 1024, num_hidden_layers: 12, num_attention_heads: 6, num_key_value_heads: 2 },
  medium: { hidden_size: 576, intermediate_size: 1536, num_hidden_layers: 30, num_attention_heads: 9, num_key_value_heads: 3 },
  large: { hidden_size: 960, intermediate_size: 2560, num_hidden_layers: 32, num_attention_heads: 15, num_key_value_heads: 5 },
} as const satisfies Record<string, Shape>;

export type Preset = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as readonly Preset[];

/** Positions of a preset where the recipe doesn't say: enough for short reasoning. */
export const PRESET_POSITIONS = 2048;
/** Rotary base and epsilon of the models whose shapes these are. */
const COMMON = { rope_theta: 10_000, rms_norm_eps: 1e-5, tie_word_embeddings: true, attention_bias: false } as const;

/** All sizes of a preset. */
export function presetSizes(preset: Preset, positions: number): z.output<typeof sizes> {
  return { ...PRESETS[preset], ...COMMON, max_position_embeddings: positions };
}

/** Parameters without the embedding, and those that the embedding adds for each entry of the vocabulary (the head shares it). */
export function presetParameters(preset: Preset): { readonly blocks: number; readonly perToken: number } {
  const { hidden_size: width, intermediate_size: inner, num_hidden_layers: layers, num_attention_heads: heads, num_key_value_heads: kv } = PRESETS[preset];
  const attention = 2 * width * width + (2 * width * width * kv) / heads;
  return { blocks: layers * (attention + 3 * width * inner + 2 * width) + width, perToken: width };
}
