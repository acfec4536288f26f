/** A student cut from its teacher: some of its layers, of each the neurons and heads that do most. Healing it is training's work. */
import { DistillError } from '../../shared/messages.ts';
import type { CutStudent } from '../../shared/recipe.ts';
import type { DecoderConfig, DecoderModel } from './contract.ts';
import { decoderFrom, readFloats, weightShapes } from './decoder.ts';
import { measureImportance, type CalibrationRow, type Importance } from './importance.ts';
import { affordable, quietHeads, takesHeads } from './quietHeads.ts';

export interface SlimPlan {
  /** Blocks that stay, in order; 0 is the first. */
  readonly layers: readonly number[];
  /** Neurons of a feed-forward layer that stay; all by default. */
  readonly intermediateSize?: number;
  /** Key-value heads that stay, each with its group of query heads; all by default. */
  readonly kvHeads?: number;
  /** Query heads that stay in all, equally many of every group that stays; all of those groups' by default. */
  readonly heads?: number;
}

/** The configuration of a student that is cut from a teacher. */
export function cutConfig(teacher: DecoderConfig, { layers, intermediate_size: intermediateSize, num_key_value_heads: kvHeads, num_attention_heads: heads }: CutStudent): DecoderConfig {
  return {
    ...teacher, layers: 'keep' in layers ? layers.keep : layers.length, intermediateSize: intermediateSize ?? teacher.intermediateSize,
    kvHeads: kvHeads ?? teacher.kvHeads, heads: heads ?? (kvHeads ?? teacher.kvHeads) * (teacher.heads / teacher.kvHeads),
  };
}

/**
 * The student as a recipe cuts it from its teacher; importance is measured on `rows` where the recipe asks for it.
 * Throws DistillError `layers-not-in-teacher`, `slim-too-wide`.
 */
export async function cutStudent(teacher: DecoderModel, recipe: CutStudent, rows: readonly CalibrationRow[]): Promise<DecoderModel> {
  const { layers, intermediate_size: intermediateSize, num_key_value_heads: kvHeads, num_attention_heads: heads } = recipe;
  const measured = intermediateSize !== undefined || kvHeads !== undefined || heads !== undefined || ('keep' in layers && layers.by === 'importance');
  refuseHeads(teacher.config, recipe);
  const importance = measured ? await measureImportance(teacher, rows) : null;
  const kept = 'keep' in layers ? chooseLayers(layers.by, layers.keep, teacher.config.layers, importance) : layers;
  const slimmer = cutConfig(teacher.config, recipe);
  if (!takesHeads(teacher.config, slimmer) || importance === null) return slimDecoder(teacher, { layers: kept, ...(intermediateSize === undefined ? {} : { intermediateSize }) }, importance);
  // Which heads can go depends on what else is gone.
  const rest = await slimDecoder(teacher, { layers: kept, ...(intermediateSize === undefined ? {} : { intermediateSize }) }, importance);
  try {
    const { heads: all, kvHeads: groups } = slimmer;
    const weighed = affordable(rest, rows, slimmer) ? { ...importance, ...await quietHeads(rest, rows, slimmer) } : await measureImportance(rest, rows);
    return await slimDecoder(rest, { layers: kept.map((_, layer) => layer), kvHeads: groups, heads: all }, weighed);
  } finally {
    rest.dispose();
  }
}

/**
 * Which `keep` of `total` blocks stay. `uniform`: block round(i·total / keep) for i = 1 … keep, so that the last stays; `last`: the
 * last ones; `importance`: those of the greatest influence, in the order in which they stand.
 */
export function chooseLayers(by: 'uniform' | 'last' | 'importance', keep: number, total: number, importance: Pick<Importance, 'layers'> | null): readonly number[] {
  if (keep > total) throw new DistillError('slim-too-wide', { what: 'layers', wanted: keep, have: total });
  switch (by) {
    case 'uniform': return Array.from({ length: keep }, (_, i) => Math.round(((i + 1) * total) / keep) - 1);
    case 'last': return Array.from({ length: keep }, (_, i) => total - keep + i);
    case 'importance': {
      if (importance === null) throw new Error('importance was not measured');
      return best(importance.layers, keep);
    }
  }
}

function refuseHeads(config: DecoderConfig, { num_key_value_heads: kvHeads = config.kvHeads, num_attention_heads: heads = kvHeads * (config.heads / config.kvHeads) }: Pick<CutStudent, 'num_key_value_heads' | 'num_attention_heads'>): void {
  const most = kvHeads * (config.heads / config.kvHeads);
  if (kvHeads > config.kvHeads) throw new DistillError('slim-too-wide', { what: 'num_key_value_heads', wanted: kvHeads, have: config.kvHeads });
  if (heads > most) throw new DistillError('slim-too-wide', { what: 'num_attention_heads', wanted: heads, have: most });
  if (heads % kvHeads !== 0) throw new DistillError('slim-heads', { wanted: heads, kv: kvHeads, most });
}

/** Throws DistillError `layers-not-in-teacher`, `slim-too-wide`, `slim-heads`. */
export async function slimDecoder(teacher: DecoderModel, plan: SlimPlan, importance: Importance | null): Promise<DecoderModel> {
  const { config } = teacher;
  for (const layer of plan.layers) {
    if (!Number.isInteger(layer) || layer < 0 || layer >= config.layers) throw new DistillError('layers-not-in-teacher', { layer, last: config.layers - 1 });
  }
  const { intermediateSize = config.intermediateSize, kvHeads = config.kvHeads } = plan;
  if (intermediateSize > config.intermediateSize) throw new DistillError('slim-too-wide', { what: 'intermediate_size', wanted: intermediateSize, have: config.intermediateSize });
  const group = config.heads / config.kvHeads;
  const { heads = kvHeads * group } = plan;
  refuseHeads(config, { num_key_value_heads: kvHeads, num_attention_heads: heads });
  const narrowed = intermediateSize < config.intermediateSize || heads < config.heads;
  if (narrowed && importance === null) throw new Error('importance was not measured');
  const slimmer = { ...config, layers: plan.layers.length, intermediateSize, kvHeads, heads };

  const values = new Map<string, Float32Array>();
  for (const [name, shape] of weightShapes(slimmer)) {
    const place = /^model\.layers\.(\d+)\.(.+)$/.exec(name);
    const layer = place === null ? null : plan.layers[Number(place[1])] ?? 0;
    const source = teacher.weights.get(layer === null ? name : `model.layers.${String(layer)}.${place?.[2] ?? ''}`);
    if (source === undefined) throw new Error(`the teacher has no ${name}`);
    const whole = await readFloats(source);
    values.set(name, layer === null || whole.length === shape.reduce((a, b) => a * b, 1) ? whole : cut(whole, source.shape, keptOf(place?.[2] ?? '', layer)));
  }
  return decoderFrom(slimmer, teacher.backend, (name) => values.get(name) as Float32Array);

  /** Rows or columns of a block's tensor that stay. */
  function keptOf(name: string, layer: number): { readonly axis: 0 | 1; readonly kept: readonly number[] } {
    const neurons = (): readonly number[] => best(importance?.neurons[layer] ?? [], intermediateSize);
    const kvKept = (): readonly number[] => best(importance?.groups[layer] ?? [], kvHeads);
    const columns = (kept: readonly number[]): readonly number[] => kept.flatMap((head) => Array.from({ length: config.headDim }, (_, i) => head * config.headDim + i));
    /** Of every group that stays the best heads, so that each key-value head goes on serving equally many. */
    const queryHeads = (): readonly number[] => kvKept().flatMap((kv) => best(importance?.heads[layer]?.subarray(kv * group, (kv + 1) * group) ?? [], heads / kvHeads).map((head) => kv * group + head));
    if (/^mlp\.(gate|up)_proj/.test(name)) return { axis: 0, kept: neurons() };
    if (name.startsWith('mlp.down_proj')) return { axis: 1, kept: neurons() };
    if (/^self_attn\.[kv]_proj/.test(name)) return { axis: 0, kept: columns(kvKept()) };
    if (name.startsWith('self_attn.q_proj')) return { axis: 0, kept: columns(queryHeads()) };
    return { axis: 1, kept: columns(queryHeads()) };
  }
}

/** The indices of the `keep` largest, ascending; of equals the first. */
function best(values: ArrayLike<number>, keep: number): readonly number[] {
  return Array.from(values, (value, index) => ({ value, index })).sort((a, b) => b.value - a.value || a.index - b.index).slice(0, keep).map(({ index }) => index).sort((a, b) => a - b);
}

/** Takes rows (axis 0) or columns (axis 1) of a matrix, or entries of a vector. */
function cut(values: Float32Array, shape: readonly number[], { axis, kept }: { readonly axis: 0 | 1; readonly kept: readonly number[] }): Float32Array {
  const columns = shape[1] ?? 1;
  if (axis === 0) {
    const out = new Float32Array(kept.length * columns);
    kept.forEach((row, i) => out.set(values.subarray(row * columns, (row + 1) * columns), i * columns));
    return out;
  }
  const rows = values.length / columns;
  const out = new Float32Array(rows * kept.length);
  for (let r = 0; r < rows; r++) kept.forEach((column, i) => { out[r * kept.length + i] = values[r * columns + column] ?? NaN; });
  return out;
}
