/** What the schema library found wrong with a recipe, in this project's codes: expected, got, allowed. */
import type * as z from 'zod';
import { didYouMean } from './didYouMean.ts';
import { keysOf, pathText, valueAt, type PathPart } from './recipePaths.ts';
import { allowedKeys } from './recipeShape.ts';
import { SERVICES } from './recipeTeacher.ts';
import type { PlacelessProblem } from './recipeText.ts';

type Issue = z.core.$ZodIssue;

/** The forms a student can have, told by the key that only this form has. */
const STUDENT_FORMS = ['model', 'new', 'fromTeacher', 'preset'];

export function structuralProblems(written: unknown, issues: readonly Issue[], base: readonly PathPart[] = []): readonly PlacelessProblem[] {
  return issues.flatMap((issue) => problemsOf(written, issue, [...base, ...issue.path.map((part) => typeof part === 'symbol' ? String(part) : part)]));
}

function problemsOf(written: unknown, issue: Issue, path: readonly PathPart[]): readonly PlacelessProblem[] {
  const value = valueAt(written, path);
  const got = shown(value);
  switch (issue.code) {
    case 'invalid_type':
      if (path.length === 0) return [{ code: 'recipe-not-object', path, data: { got } }];
      if (value === undefined) return [missing(path)];
      return [{ code: 'recipe-type', path, data: { expected: issue.expected, got } }];
    case 'invalid_value': {
      if (value === undefined) return [missing(path, issue.values.map((each) => JSON.stringify(each) ?? String(each)))];
      return [notAllowed(path, value, issue.values.map((each) => JSON.stringify(each) ?? String(each)))];
    }
    case 'too_small':
      if (typeof value === 'number') return [{ code: 'recipe-too-small', path, data: { got, limit: `${issue.inclusive === true ? '≥' : '>'} ${String(issue.minimum)}` } }];
      return [{ code: 'recipe-empty', path, data: { got } }];
    case 'too_big':
      if (typeof value === 'number') return [{ code: 'recipe-too-big', path, data: { got, limit: `${issue.inclusive === true ? '≤' : '<'} ${String(issue.maximum)}` } }];
      return [{ code: 'recipe-too-long', path, data: { limit: String(issue.maximum) } }];
    case 'invalid_format':
      return [{ code: 'recipe-format', path, data: { got, expected: issue.format === 'url' ? 'https://…' : String(issue.pattern ?? issue.format) } }];
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path, allowedKeys(written, path)));
    case 'invalid_union':
      return unionProblems(written, issue, path, value);
    case 'custom':
      // The one rule that the schema itself has across fields: an API teacher is somewhere.
      if (issue.message === 'baseUrl or service') return [{ code: 'recipe-teacher-no-address', path, data: { allowed: SERVICES.join(', ') }, allowed: SERVICES }];
      return [{ code: 'recipe-type', path, data: { expected: issue.message, got } }];
    default:
      return [{ code: 'recipe-type', path, data: { expected: issue.message, got } }];
  }
}

function unionProblems(written: unknown, issue: z.core.$ZodIssueInvalidUnion, path: readonly PathPart[], value: unknown): readonly PlacelessProblem[] {
  // A union told apart by a key (`type`): the library points at that key and lists what it may be.
  const options = (issue as { options?: readonly unknown[] }).options;
  if (options !== undefined) {
    return value === undefined ? [missing(path, options.map(String))] : [notAllowed(path, value, options.map((each) => JSON.stringify(each)))];
  }
  if (value === undefined) return [missing(path)];
  if (pathText(path) === 'student' && typeof value === 'object') {
    const forms = STUDENT_FORMS.filter((key) => valueAt(value, [key]) !== undefined);
    if (forms.length !== 1) return [{ code: 'recipe-student-form', path, data: { got: keysOf(value).join(', ') }, allowed: STUDENT_FORMS }];
    return structuralProblems(written, issue.errors[STUDENT_FORMS.indexOf(forms[0] ?? '')] ?? [], path);
  }
  // The alternative that takes this kind of value at all is the one that was meant.
  const meant = issue.errors.filter((errors) => !errors.some((error) => error.path.length === 0 && (error.code === 'invalid_type' || error.code === 'invalid_value')));
  const nearest = meant.length > 0 ? meant.reduce((a, b) => (b.length < a.length ? b : a)) : null;
  if (nearest !== null) return structuralProblems(written, nearest, path);
  const expected = issue.errors.flatMap((errors) => errors.filter((error) => error.path.length === 0))
    .map((error) => error.code === 'invalid_type' ? error.expected : error.code === 'invalid_value' ? error.values.map((each) => JSON.stringify(each)).join(' | ') : '');
  return [{ code: 'recipe-type', path, data: { expected: expected.filter((each) => each !== '').join(' | '), got: shown(value) } }];
}

function missing(path: readonly PathPart[], allowed: readonly string[] = []): PlacelessProblem {
  const key = String(path.at(-1) ?? '');
  if (allowed.length > 0) return { code: 'recipe-missing-value', path, data: { key, allowed: allowed.join(', ') }, allowed };
  return { code: 'recipe-missing', path, data: { key }, allowed };
}

function notAllowed(path: readonly PathPart[], value: unknown, allowed: readonly string[]): PlacelessProblem {
  return { code: 'recipe-value', path, data: { got: shown(value), allowed: allowed.join(', ') }, allowed };
}

function unknownKey(key: string, parent: readonly PathPart[], allowed: readonly string[]): PlacelessProblem {
  const path = [...parent, key];
  const nearest = didYouMean(key, allowed);
  if (nearest !== null) return { code: 'recipe-unknown-key-near', path, data: { key, nearest }, allowed, atKey: true };
  return { code: 'recipe-unknown-key', path, data: { key, allowed: allowed.join(', ') }, allowed, atKey: true };
}

/** A value as it was written, short enough for a sentence. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
