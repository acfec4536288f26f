/** The values of a recipe that are tried out again and again, and how a text of it is changed without losing a comment. */
import { applyEdits, modify } from 'jsonc-parser';
import type { BackendName } from '../../shared/events.ts';
import type { Recipe, TrainStage } from '../../shared/recipe.ts';

export type ChangeKind = 'name' | 'steps' | 'learningRate' | 'temperature' | 'alpha' | 'batchSize' | 'seed' | 'backend' | 'threads';

export interface ChangeableValue {
  readonly kind: ChangeKind;
  /** Of which stage, where it belongs to one. */
  readonly stage: { readonly index: number; readonly name: string } | null;
  /** As a person writes it; null where the recipe leaves it open. */
  readonly current: string | null;
}

export const BACKENDS: readonly (BackendName | 'auto')[] = ['auto', 'tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm', 'cpu'];

/** What the dialogue offers for a recipe, with today's values. */
export function changeableValues(recipe: Recipe): readonly ChangeableValue[] {
  const ofStages = recipe.stages.flatMap((stage, index): readonly ChangeableValue[] => {
    if (stage.type !== 'train') return [];
    const at = { index, name: stage.name };
    const soft: readonly ChangeableValue[] = stage.objective !== 'sequence' ? [
      // A schedule is changed in the recipe itself.
      ...(typeof stage.temperature === 'number' ? [{ kind: 'temperature', stage: at, current: String(stage.temperature) } as const] : []),
      { kind: 'alpha', stage: at, current: softShare(stage.weights) },
    ] : [];
    return [
      { kind: 'steps', stage: at, current: stage.limits.steps === undefined ? null : String(stage.limits.steps) },
      { kind: 'learningRate', stage: at, current: String(stage.optimizer.learningRate) },
      ...soft,
      { kind: 'batchSize', stage: at, current: String(stage.batch.size) },
    ];
  });
  return [
    { kind: 'name', stage: null, current: recipe.name },
    ...ofStages,
    { kind: 'seed', stage: null, current: String(recipe.seed) },
    { kind: 'backend', stage: null, current: recipe.engine.backend },
    { kind: 'threads', stage: null, current: recipe.engine.threads === undefined ? null : String(recipe.engine.threads) },
  ];
}

/** The share of the soft targets, where the two weights are one number told twice. */
function softShare(weights: TrainStage['weights'] | undefined): string | null {
  if (weights === undefined) return null;
  const { kl, ce, ...others } = weights;
  if (typeof kl !== 'number' || typeof ce !== 'number' || Object.values(others).some((weight) => weight !== 0) || Math.abs(kl + ce - 1) > 1e-9) return null;
  return String(kl);
}

/** Writes one value into the text of a recipe; comments and everything else stay as they are. */
export function writeValue(text: string, { kind, stage }: ChangeableValue, written: string): string {
  const train = stage === null ? [] : ['stages', stage.index];
  switch (kind) {
    case 'name': return put(text, ['name'], written);
    case 'steps': return put(text, [...train, 'limits', 'steps'], Number(written));
    case 'learningRate': return put(text, [...train, 'optimizer', 'learningRate'], Number(written));
    case 'temperature': return put(text, [...train, 'temperature'], Number(written));
    // One of the two forms may stand in a recipe: alpha takes the place of the weights.
    case 'alpha': return put(put(text, [...train, 'weights'], undefined), [...train, 'alpha'], Number(written));
    case 'batchSize': return put(text, [...train, 'batch', 'size'], Number(written));
    case 'seed': return put(text, ['seed'], Number(written));
    case 'backend': return put(text, ['engine', 'backend'], written);
    case 'threads': return put(text, ['engine', 'threads'], Number(written));
  }
}

function put(text: string, path: (string | number)[], value: unknown): string {
  return applyEdits(text, modify(text, path, value, { formattingOptions: { insertSpaces: true, tabSize: 2 } }));
}
