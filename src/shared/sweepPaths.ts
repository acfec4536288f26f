/** Paths of a sweep: `stages.train.weights.kl` names a stage by its name, `stages[0]` by its place. Read against the recipe's schema. */
import { didYouMean } from './didYouMean.ts';
import { valueAt, type PathPart } from './recipePaths.ts';
import { allowedKeys } from './recipeShape.ts';

export type SweepPath =
  | { readonly path: readonly PathPart[] }
  /** `at`: the part that is not known, `known`: what could stand there. */
  | { readonly path: null; readonly at: string; readonly known: readonly string[]; readonly nearest: string | null };

/** What can't be swept: another recipe's name or format is no value that is tried out. */
const NEVER: ReadonlySet<string> = new Set(['$schema', 'format', 'name', 'seed', 'sweep']);

export function sweepPath(recipe: unknown, written: string): SweepPath {
  const path: PathPart[] = [];
  for (const part of partsOf(written)) {
    const here = valueAt(recipe, path);
    if (path.length === 1 && path[0] === 'stages' && Array.isArray(here)) {
      const names = here.map((stage) => String(valueAt(stage, ['name']) ?? valueAt(stage, ['type'])));
      const place = names.includes(part) ? names.indexOf(part) : /^\d+$/.test(part) ? Number(part) : -1;
      if (place < 0 || place >= names.length) return unknown(part, names);
      path.push(place);
    } else if (/^\d+$/.test(part) && Array.isArray(here)) {
      if (Number(part) >= here.length) return unknown(part, here.map((_, index) => String(index)));
      path.push(Number(part));
    } else {
      const names = isNamedByPerson(path) ? Object.keys((here ?? {}) as object) : allowedKeys(recipe, path).filter((key) => path.length > 0 || !NEVER.has(key));
      if (!names.includes(part)) return unknown(part, names);
      path.push(part);
    }
  }
  return path.length === 0 ? unknown(written, allowedKeys(recipe, [])) : { path };
}

/** Keys that the schema doesn't know because a person chose them. */
function isNamedByPerson(path: readonly PathPart[]): boolean {
  return path.length === 1 && path[0] === 'teachers';
}

function partsOf(written: string): readonly string[] {
  return written.split(/\.|\[|\]/).filter((part) => part !== '');
}

function unknown(at: string, known: readonly string[]): SweepPath {
  return { path: null, at, known, nearest: didYouMean(at, known) };
}

/** The shortest end of each path that tells it from the others: what heads a column. */
export function shortPaths(paths: readonly string[]): readonly string[] {
  const ends = paths.map((path) => path.split('.'));
  return ends.map((parts, index) => {
    for (let length = 1; length < parts.length; length += 1) {
      const end = parts.slice(-length).join('.');
      if (ends.every((other, place) => place === index || other.slice(-length).join('.') !== end)) return end;
    }
    return paths[index] ?? '';
  });
}
