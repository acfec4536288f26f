/** What the fields of API teachers and of collect stages must be to each other. See recipeCrossChecks.ts. */
import { didYouMean } from './didYouMean.ts';
import { keysOf, valueAt, type PathPart } from './recipePaths.ts';
import type { PlacelessProblem } from './recipeText.ts';

/** The forms that a source can have, told by the key that only this form has. */
const SOURCE_FORMS = ['file', 'hub', 'synthesise'];
/** Ways of making new rows that can't do without a teacher. */
const ASKING: ReadonlySet<unknown> = new Set(['back-translation', 'rephrasing']);

/** Of the teachers, whichever stages use them. */
export function teacherProblems(recipe: unknown): readonly PlacelessProblem[] {
  return keysOf(valueAt(recipe, ['teachers'])).flatMap((name): PlacelessProblem[] => {
    const at = ['teachers', name] as const;
    if (valueAt(recipe, [...at, 'budget', 'money']) === undefined || valueAt(recipe, [...at, 'prices']) !== undefined) return [];
    return [{ code: 'recipe-budget-without-prices', path: [...at, 'budget', 'money'], data: { name } }];
  });
}

/** Of one collect stage and its place among the others. */
export function collectProblems(recipe: unknown, index: number): readonly PlacelessProblem[] {
  const at = (...rest: readonly PathPart[]): readonly PathPart[] => ['stages', index, ...rest];
  const read = (...rest: readonly PathPart[]): unknown => valueAt(recipe, at(...rest));
  const problems: PlacelessProblem[] = [...sourceProblems(recipe, index), ...targetProblems(recipe, index)];
  if (read('ask') !== undefined) problems.push(...askedProblems(recipe, at('ask', 'teacher')));
  const prompt = read('ask', 'prompt');
  if (typeof prompt === 'string' && !prompt.includes('{prompt}')) problems.push({ code: 'recipe-template-mark', path: at('ask', 'prompt'), data: { mark: '{prompt}' } });
  if (read('verify', 'judge') !== undefined) problems.push(...unknownTeacher(recipe, at('verify', 'judge', 'teacher')));
  if (read('select') !== undefined && (typeof read('ask', 'samples') !== 'number' || Number(read('ask', 'samples')) < 2)) problems.push({ code: 'recipe-select-one-sample', path: at('select'), data: {}, atKey: true });
  if (Number(read('select', 'logprob') ?? 0) > 0 && Number(read('ask', 'sampling', 'topLogprobs') ?? 0) === 0) problems.push({ code: 'recipe-select-no-logprobs', path: at('select', 'logprob'), data: {}, atKey: true });
  const augmentations = read('augment');
  if (Array.isArray(augmentations)) {
    augmentations.forEach((_, place) => {
      const path = at('augment', place, 'teacher');
      if (valueAt(recipe, path) !== undefined) problems.push(...unknownTeacher(recipe, path));
      else if (ASKING.has(read('augment', place, 'kind')) && read('ask') === undefined) problems.push(...askedProblems(recipe, path));
    });
  }
  return problems;
}

/** A teacher that may be left out where there is only one. */
function askedProblems(recipe: unknown, path: readonly PathPart[]): readonly PlacelessProblem[] {
  if (valueAt(recipe, path) !== undefined) return unknownTeacher(recipe, path);
  const names = keysOf(valueAt(recipe, ['teachers']));
  if (names.length === 1) return [];
  if (names.length === 0) return [{ code: 'recipe-nobody-to-ask', path, data: {} }];
  return [{ code: 'recipe-teacher-which', path, data: { allowed: listed(names) }, allowed: names }];
}

function unknownTeacher(recipe: unknown, path: readonly PathPart[]): readonly PlacelessProblem[] {
  const name = valueAt(recipe, path);
  const names = keysOf(valueAt(recipe, ['teachers']));
  if (typeof name !== 'string' || names.includes(name)) return [];
  const nearest = didYouMean(name, names);
  const ordered = nearest === null ? names : [nearest, ...names.filter((each) => each !== nearest)];
  return [{ code: 'recipe-teacher-unknown', path, data: { name, allowed: listed(ordered) }, allowed: names }];
}

/** The sources with their places: `from` is one or a list, a path or an object. */
function sourcesOf(recipe: unknown, index: number): readonly { readonly path: readonly PathPart[]; readonly value: unknown }[] {
  const path = ['stages', index, 'from'];
  const from = valueAt(recipe, path);
  return Array.isArray(from) ? from.map((value: unknown, place) => ({ path: [...path, place], value })) : from === undefined ? [] : [{ path, value: from }];
}

function sourceProblems(recipe: unknown, index: number): readonly PlacelessProblem[] {
  return sourcesOf(recipe, index).flatMap(({ path, value }): PlacelessProblem[] => {
    if (typeof value !== 'object' || value === null) return [];
    const forms = SOURCE_FORMS.filter((form) => valueAt(value, [form]) !== undefined);
    return forms.length === 1 ? [] : [{ code: 'recipe-source-form', path, data: { got: forms.length === 0 ? '–' : forms.join(', ') }, allowed: SOURCE_FORMS }];
  });
}

function targetProblems(recipe: unknown, index: number): readonly PlacelessProblem[] {
  const path = ['stages', index, 'to'];
  const to = valueAt(recipe, path);
  if (typeof to !== 'string') return [];
  const target = plain(to);
  const problems: PlacelessProblem[] = [];
  if (sourcesOf(recipe, index).some(({ value }) => [value, valueAt(value, ['file'])].some((file) => typeof file === 'string' && plain(file) === target))) {
    problems.push({ code: 'recipe-collect-overwrites', path, data: { file: to } });
  }
  const stages = valueAt(recipe, ['stages']);
  const others: readonly unknown[] = Array.isArray(stages) ? stages : [];
  const isTarget = (stage: unknown): boolean => valueAt(stage, ['type']) === 'collect' && typeof valueAt(stage, ['to']) === 'string' && plain(String(valueAt(stage, ['to']))) === target;
  if (others.slice(0, index).some(isTarget)) problems.push({ code: 'recipe-collect-same-target', path, data: { file: to } });
  // All of data is read at once, before the first stage that computes.
  const late = others.slice(0, index).some((stage) => valueAt(stage, ['type']) !== 'collect');
  const reads = ['train', 'validation', 'test'].flatMap((split) => {
    const value = valueAt(recipe, ['data', split]);
    return Array.isArray(value) ? value as readonly unknown[] : [value];
  });
  if (late && reads.some((file) => typeof file === 'string' && plain(file) === target)) problems.push({ code: 'recipe-collect-too-late', path, data: { file: to } });
  return problems;
}

/** A path without what can be written in several ways: `./a//b` is `a/b`. */
function plain(path: string): string {
  const parts: string[] = [];
  for (const part of path.split(/[\\/]+/)) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `${/^[\\/]/.test(path) ? '/' : ''}${parts.join('/')}`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? '–' : names.map((name) => JSON.stringify(name)).join(', ');
}
