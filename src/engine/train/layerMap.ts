/** Which layer of the teacher each layer of the student is held against. */
import { DistillError } from '../../shared/messages.ts';
import type { LayerMap } from '../../shared/recipeLosses.ts';

/** Layers as Hugging Face counts hidden states: 0 is the embedding, 1 the first block's output, the last is after the final norm. */
export interface LayerPair {
  readonly teacher: number;
  readonly student: number;
}

/**
 * For student layers i = 1 … Ls of a teacher with Lt: `uniform` is round(i·Lt / Ls), so that the last meets the last (TinyBERT,
 * Jiao et al. 2020, section 4.2); `last` is Lt − Ls + i; or pairs [teacher, student] as they are written.
 * `embeddings` adds the pair (0, 0). Throws DistillError `layer-pair-unknown`.
 */
export function layerPairs(map: LayerMap, teacherLayers: number, studentLayers: number, embeddings: boolean): readonly LayerPair[] {
  const lowest = embeddings ? 0 : 1;
  const of = (teacher: number, student: number): LayerPair => {
    if (teacher < 0 || teacher > teacherLayers || student < 0 || student > studentLayers) {
      throw new DistillError('layer-pair-unknown', { pair: `[${String(teacher)}, ${String(student)}]`, teacher: teacherLayers, student: studentLayers });
    }
    return { teacher, student };
  };
  const own = typeof map !== 'string'
    ? map.map(([teacher, student]) => of(teacher, student))
    : Array.from({ length: studentLayers }, (_, index) => index + 1).map((i) => of(map === 'uniform' ? Math.round((i * teacherLayers) / studentLayers) : teacherLayers - studentLayers + i, i));
  return lowest === 0 && !own.some(({ teacher, student }) => teacher === 0 && student === 0) ? [{ teacher: 0, student: 0 }, ...own] : own;
}
