/**
 * What a resumed run may spend: a person who raises a cap and goes on means the recipe's file as it is now, not the copy in
 * run.json. Of a teacher the prices, the budget and the concurrency are taken from there, together, as money counts with its
 * prices; all else stays as the run began. A file that was not changed since then says nothing new: where it differs from the
 * copy, the run was started with changed values, which hold.
 */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { MessageData } from '../../shared/events.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { readRecipe } from '../../shared/recipeText.ts';
import type { ApiTeacher } from '../../shared/recipeTeacher.ts';
import type { RunFile } from '../../shared/run.ts';

type OnWarning = (code: 'collect-limits-changed' | 'collect-limits-kept', data: MessageData) => void;

/** The run's recipe with the limits of now; every one that differs is told. */
export async function withLimitsNow({ recipe, recipePath, createdAt }: Pick<RunFile, 'recipe' | 'recipePath' | 'createdAt'>, onWarning: OnWarning): Promise<Recipe> {
  const text = await changedText(recipePath, createdAt);
  if (text === null) return recipe;
  const file = path.basename(recipePath);
  const now = readRecipe(text).recipe;
  if (now === undefined) {
    onWarning('collect-limits-kept', { file });
    return recipe;
  }
  const teachers = Object.entries(recipe.teachers).map(([name, teacher]) => {
    const newer = now.teachers[name];
    if (teacher.type !== 'api' || newer?.type !== 'api') return [name, teacher] as const;
    for (const change of changesOf(`teachers.${name}`, teacher, newer)) onWarning('collect-limits-changed', { file, ...change });
    return [name, withLimits(teacher, newer)] as const;
  });
  return { ...recipe, teachers: Object.fromEntries(teachers) };
}

/** Null where the file is gone, can't be read, or is as it was. */
async function changedText(file: string, since: number): Promise<string | null> {
  try {
    const { mtimeMs } = await stat(file);
    return mtimeMs > since ? await readFile(file, 'utf8') : null;
  } catch {
    return null;
  }
}

function withLimits({ prices: _prices, budget: _budget, ...teacher }: ApiTeacher, { prices, budget, concurrency }: ApiTeacher): ApiTeacher {
  return { ...teacher, concurrency, ...(prices === undefined ? {} : { prices }), ...(budget === undefined ? {} : { budget }) };
}

function changesOf(at: string, before: ApiTeacher, now: ApiTeacher): readonly { readonly path: string; readonly now: string | number; readonly before: string | number }[] {
  const [old, young] = [limitsOf(before), limitsOf(now)];
  return [...new Set([...Object.keys(old), ...Object.keys(young)])].flatMap((key) => old[key] === young[key] ? [] : [{ path: `${at}.${key}`, now: young[key] ?? '–', before: old[key] ?? '–' }]);
}

/** The limits by their paths, as the recipe writes them. */
function limitsOf({ budget, prices, concurrency }: ApiTeacher): Readonly<Record<string, string | number>> {
  const under = (name: string, values: object | undefined): readonly (readonly [string, string | number])[] => Object.entries(values ?? {}).map(([key, value]) => [`${name}.${key}`, value as string | number]);
  return Object.fromEntries([...under('budget', budget), ...under('prices', prices), ['concurrency', concurrency] as const]);
}
