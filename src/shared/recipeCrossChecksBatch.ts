/** What a stage's way of feeding its rows must be to its losses. */
import { valueAt, type PathPart } from './recipePaths.ts';
import { writtenWeight } from './recipeCrossChecksTraining.ts';
import type { PlacelessProblem } from './recipeText.ts';

/** Attention maps are matched over whole sequences, and from the inside of blocks. */
const NOT_WITH_ATTENTION = ['packing', 'gradientCheckpointing'] as const;

export function batchProblems(recipe: unknown, index: number): readonly PlacelessProblem[] {
  const at = (...rest: readonly PathPart[]): readonly PathPart[] => ['stages', index, ...rest];
  const read = (...rest: readonly PathPart[]): unknown => valueAt(recipe, at(...rest));
  const scale: readonly PlacelessProblem[] = typeof read('lossScale') === 'number' && read('precision') !== 'float16' ? [{ code: 'recipe-loss-scale-alone', path: at('lossScale'), data: {}, atKey: true }] : [];
  if (writtenWeight(read('weights', 'attention')) === 0) return scale;
  return [...scale, ...NOT_WITH_ATTENTION.filter((key) => read(key) === true).map((key): PlacelessProblem => ({ code: key === 'packing' ? 'recipe-packing-attention' : 'recipe-checkpointing-attention', path: at(key), data: {}, atKey: true as const }))];
}
