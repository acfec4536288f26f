/** What adapters and frozen parts must be to the rest of a recipe, and a student of a preset to its tokenizer and its rows. */
import { keysOf, valueAt, type PathPart } from './recipePaths.ts';
import { PRESET_POSITIONS } from './recipePresets.ts';
import type { PlacelessProblem } from './recipeText.ts';

export function adapterProblems(recipe: unknown): readonly PlacelessProblem[] {
  const problems: PlacelessProblem[] = [...presetProblems(recipe)];
  const stages = valueAt(recipe, ['stages']);
  if (!Array.isArray(stages)) return problems;
  // Whether the student has an adapter as the stage begins.
  let adapted = valueAt(recipe, ['student', 'adapter']) !== undefined;
  stages.forEach((stage: unknown, index) => {
    const at = (key: string): readonly PathPart[] => ['stages', index, key];
    const type = valueAt(stage, ['type']);
    if (type === 'train' || type === 'reinforce') {
      adapted = valueAt(stage, ['lora']) !== undefined;
      if (adapted && valueAt(stage, ['freeze']) !== undefined) problems.push({ code: 'recipe-lora-and-freeze', path: at('freeze'), data: {}, atKey: true });
    } else if (type === 'export' && valueAt(stage, ['adapter']) === true) {
      if (!adapted) problems.push({ code: 'recipe-export-no-adapter', path: at('adapter'), data: {}, atKey: true });
      if (valueAt(stage, ['dtype']) === 'int8') problems.push({ code: 'recipe-adapter-int8', path: at('dtype'), data: {} });
    }
  });
  return problems;
}

function presetProblems(recipe: unknown): readonly PlacelessProblem[] {
  if (valueAt(recipe, ['student', 'preset']) === undefined) return [];
  const problems: PlacelessProblem[] = [];
  const teachers = valueAt(recipe, ['teachers']);
  const local = keysOf(teachers).some((name) => valueAt(teachers, [name, 'type']) === 'local');
  if (valueAt(recipe, ['student', 'tokenizer']) === undefined && !local) problems.push({ code: 'recipe-no-tokenizer', path: ['student', 'tokenizer'], data: {} });
  const positions = valueAt(recipe, ['student', 'max_position_embeddings']) ?? PRESET_POSITIONS;
  const longest = valueAt(recipe, ['data', 'maxLength']);
  if (typeof positions === 'number' && typeof longest === 'number' && longest > positions) {
    problems.push({ code: 'recipe-longer-than-model', path: ['data', 'maxLength'], data: { longest, positions } });
  }
  return problems;
}
