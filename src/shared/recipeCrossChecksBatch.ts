/** What a stage's way of feeding its rows must be to its losses. */
import { valueAt, type PathPart } from './recipePaths.ts';
import { writtenWeight } from './recipeCrossChecksTraining.ts';
import type { PlacelessProblem } from './recipeText.ts';

/** Attention maps are matched over whole sequences, and from the inside of blocks. */
const NOT_WITH_ATTENTION = ['packing', 'gradientCheckpointing'] as const;

/** Backends whose products are float32, whatever a stage asks for. */
export const FLOAT32_BACKENDS: readonly string[] = ['webgpu', 'wasm', 'cpu'];

export function batchProblems(recipe: unknown, index: number): readonly PlacelessProblem[] {
  const at = (...rest: readonly PathPart[]): readonly PathPart[] => ['stages', index, ...rest];
  const read = (...rest: readonly PathPart[]): unknown => valueAt(recipe, at(...rest));
  const scale: readonly PlacelessProblem[] = typeof read('lossScale') === 'number' && read('precision') !== 'float16' ? [{ code: 'recipe-loss-scale-alone', path: at('lossScale'), data: {}, atKey: true }] : [];
  const [precision, backend] = [read('precision'), valueAt(recipe, ['engine', 'backend'])];
  const narrow: readonly PlacelessProblem[] = (precision === 'bfloat16' || precision === 'float16') && typeof backend === 'string' && FLOAT32_BACKENDS.includes(backend)
    ? [{ code: 'recipe-precision-backend', path: at('precision'), data: { precision, backend }, allowed: ['float32'] }] : [];
  const own = [...scale, ...narrow];
  if (writtenWeight(read('weights', 'attention')) === 0) return own;
  return [...own, ...NOT_WITH_ATTENTION.filter((key) => read(key) === true).map((key): PlacelessProblem => ({ code: key === 'packing' ? 'recipe-packing-attention' : 'recipe-checkpointing-attention', path: at(key), data: {}, atKey: true as const }))];
}
