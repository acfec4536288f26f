/**
 * Paths inside a recipe. A relative one stays in the project's folder: a recipe that came with somebody else's
 * repository must not read or write elsewhere. Outside lies only what a person names absolutely.
 */
export type PathPart = string | number;

/** `stages[1].teacher`, the way messages name a place in a recipe. */
export function pathText(path: readonly PathPart[]): string {
  return path.map((part, index) => {
    if (typeof part === 'number') return `[${String(part)}]`;
    if (!/^[\w$-]+$/.test(part)) return `[${JSON.stringify(part)}]`;
    return index === 0 ? part : `.${part}`;
  }).join('');
}

function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') || path.startsWith('\\') || /^[A-Za-z]:[\\/]/.test(path);
}

/** Whether a relative path climbs out of the folder it is relative to, at any of its parts. */
export function escapesFolder(path: string): boolean {
  if (isAbsolutePath(path)) return false;
  let depth = 0;
  for (const part of path.split(/[\\/]+/)) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

/** Every path that a recipe names, with its place; tolerant of a recipe that is wrong elsewhere. */
export function recipePaths(recipe: unknown): readonly { readonly at: readonly PathPart[]; readonly path: string }[] {
  const found: { at: readonly PathPart[]; path: string }[] = [];
  const take = (at: readonly PathPart[]): void => {
    const value = valueAt(recipe, at);
    if (typeof value === 'string') found.push({ at, path: value });
  };
  for (const name of keysOf(valueAt(recipe, ['teachers']))) {
    if (valueAt(recipe, ['teachers', name, 'type']) === 'local') for (const key of ['model', 'adapter']) take(['teachers', name, key]);
  }
  take(['student', 'model']);
  take(['student', 'adapter']);
  take(['student', 'tokenizer']);
  for (const split of ['train', 'validation', 'test']) {
    take(['data', split]);
    const value = valueAt(recipe, ['data', split]);
    if (Array.isArray(value)) value.forEach((_, index) => { take(['data', split, index]); });
  }
  const stages = valueAt(recipe, ['stages']);
  const each = (at: readonly PathPart[], visit: (place: readonly PathPart[]) => void): void => {
    const value = valueAt(recipe, at);
    if (Array.isArray(value)) value.forEach((_, place) => { visit([...at, place]); });
  };
  if (Array.isArray(stages)) {
    stages.forEach((_, index) => {
      const at = ['stages', index];
      take([...at, 'to']);
      // A collect stage: a path, a source, or a list of both.
      for (const from of [[...at, 'from'], [...at, 'from', 'file']]) take(from);
      each([...at, 'from'], (place) => { take(place); take([...place, 'file']); });
      each([...at, 'clean', 'contamination'], take);
      for (const key of ['model', 'like']) take([...at, 'clean', 'irrelevant', key]);
    });
  }
  return found;
}

/** The value at a path of an unknown object; undefined where the path ends early. */
export function valueAt(value: unknown, path: readonly PathPart[]): unknown {
  let current: unknown = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<PathPart, unknown>)[part];
  }
  return current;
}

export function keysOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}
