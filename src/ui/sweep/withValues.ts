/** A setting of a sweep written into the text of a recipe; comments and everything else stay as they are. No vscode here. */
import { applyEdits, modify, parse } from 'jsonc-parser';
import { readRecipe } from '../../shared/recipeText.ts';
import type { SweptValue } from '../../shared/recipeSweep.ts';
import { sweepPath } from '../../shared/sweepPaths.ts';

/** Null where the recipe has no place for a value (it was changed since), or would no longer be right. */
export function withValues(text: string, values: Readonly<Record<string, SweptValue>>): string | null {
  let changed = text;
  for (const [name, value] of Object.entries(values)) {
    const { path } = sweepPath(parse(changed), name);
    if (path === null) return null;
    changed = applyEdits(changed, modify(changed, [...path], value, { formattingOptions: { insertSpaces: true, tabSize: 2 } }));
  }
  return readRecipe(changed).recipe === undefined ? null : changed;
}
