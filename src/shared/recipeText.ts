/** distill.json as text: comments and trailing commas allowed, every mistake named at once and with its place. */
import { parseTree, findNodeAtLocation, getNodeValue, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { MessageData } from './events.ts';
import { sentence, type ErrorCode, type Language } from './messages.ts';
import { recipe as schema, type Recipe } from './recipe.ts';
import { crossChecks } from './recipeCrossChecks.ts';
import { pathText, type PathPart } from './recipePaths.ts';
import { structuralProblems } from './recipeStructure.ts';
import { sweptValueProblems } from './sweepValues.ts';

export type RecipeProblemCode = Extract<ErrorCode, `recipe-${string}`>;

/** A mistake before its place in the text is known. */
export interface PlacelessProblem {
  readonly code: RecipeProblemCode;
  readonly path: readonly PathPart[];
  readonly data: MessageData;
  readonly allowed?: readonly string[];
  /** Underline the key instead of its value. */
  readonly atKey?: boolean;
}

export interface RecipeProblem {
  readonly code: RecipeProblemCode;
  /** `stages[1].teacher`; empty for the file as a whole. */
  readonly path: string;
  readonly data: MessageData;
  readonly allowed: readonly string[];
  /** Where in the text, in UTF-16 units as editors count; for diagnostics. */
  readonly offset: number;
  readonly length: number;
  /** 1-based, for the command line. */
  readonly line: number;
  readonly column: number;
}

export type ReadRecipe =
  | { readonly recipe: Recipe; readonly problems?: undefined }
  | { readonly recipe?: undefined; readonly problems: readonly RecipeProblem[] };

/**
 * Reads and checks a recipe. Files are not looked at: whether folders exist and layers are in range is checked when
 * they are loaded. Never throws.
 */
export function readRecipe(text: string): ReadRecipe {
  const errors: ParseError[] = [];
  // A byte order mark is what some editors put first; it is no mistake of the person.
  const root = parseTree(text.replace(/^\uFEFF/, ' '), errors, { allowTrailingComma: true });
  if (errors.length > 0 || root === undefined) {
    // At one place the parser misses several things at once (a value, a comma, a brace); the first says it.
    const found = errors.length > 0 ? errors.filter(({ offset }, index) => errors[index - 1]?.offset !== offset) : [{ error: 4 as const, offset: 0, length: 0 }];
    return { problems: found.map((error) => ({
      code: 'recipe-syntax', path: '', data: { detail: readable(printParseErrorCode(error.error)) }, allowed: [],
      offset: error.offset, length: Math.max(1, error.length), ...position(text, error.offset),
    })) };
  }
  const written: unknown = getNodeValue(root);
  const result = schema.safeParse(written);
  const found = [
    ...duplicateKeys(root, []),
    ...(result.success ? [] : structuralProblems(written, result.error.issues)),
    ...crossChecks(written),
  ];
  if (result.success && found.length === 0) found.push(...sweptValueProblems(written, result.data, problemsOf));
  if (result.success && found.length === 0) return { recipe: result.data };
  const problems = found.map((problem) => place(text, root, problem));
  return { problems: problems.sort((a, b) => a.offset - b.offset) };
}

function problemsOf(written: unknown): readonly PlacelessProblem[] {
  const result = schema.safeParse(written);
  return [...(result.success ? [] : structuralProblems(written, result.error.issues)), ...crossChecks(written)];
}

/** `distill.json:12:5: sentence`, as compilers write it, so that terminals make it a link. */
export function problemLine(problem: RecipeProblem, file: string, language: Language): string {
  return `${file}:${String(problem.line)}:${String(problem.column)}: ${sentence(problem.code, problem.data, language)}`;
}

function place(text: string, root: Node, problem: PlacelessProblem): RecipeProblem {
  const path = [...problem.path];
  const node = findNodeAtLocation(root, path);
  let spot: { offset: number; length: number };
  if (node !== undefined) {
    const key = node.parent?.type === 'property' ? node.parent.children?.[0] : undefined;
    spot = problem.atKey === true && key !== undefined ? key : node;
  } else {
    // Something is missing: point at the nearest thing around it that is there, at its key where it has one.
    let around: Node | undefined;
    while (around === undefined) {
      path.pop();
      around = path.length === 0 ? root : findNodeAtLocation(root, path);
    }
    spot = around.parent?.type === 'property' ? around.parent.children?.[0] ?? around : { offset: around.offset, length: 1 };
  }
  return {
    code: problem.code, path: pathText(problem.path), data: { path: pathText(problem.path), ...problem.data },
    allowed: problem.allowed ?? [], offset: spot.offset, length: spot.length, ...position(text, spot.offset),
  };
}

/** JSON lets a later key win silently; in a recipe it is a slip. */
function duplicateKeys(node: Node, path: readonly PathPart[]): readonly PlacelessProblem[] {
  if (node.type === 'array') return (node.children ?? []).flatMap((child, index) => duplicateKeys(child, [...path, index]));
  if (node.type !== 'object') return [];
  const seen = new Set<string>();
  return (node.children ?? []).flatMap((property) => {
    const key = String(property.children?.[0]?.value);
    const own: PlacelessProblem[] = seen.has(key) ? [{ code: 'recipe-key-twice', path: [...path, key], data: { key }, atKey: true }] : [];
    seen.add(key);
    const value = property.children?.[1];
    return value === undefined ? own : [...own, ...duplicateKeys(value, [...path, key])];
  });
}

function position(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** ValueExpected → value expected. */
function readable(code: string): string {
  return code.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}

