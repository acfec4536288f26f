/** What a mathematical text means, as a tree. */
import type { Rational } from './rational.ts';

export type Operation = 'add' | 'multiply' | 'divide' | 'power' | 'negate' | 'root' | 'abs' | 'factorial' | 'binomial' | 'floor' | 'ceil'
  | 'sin' | 'cos' | 'tan' | 'cot' | 'sec' | 'csc' | 'arcsin' | 'arccos' | 'arctan' | 'sinh' | 'cosh' | 'tanh' | 'ln' | 'log' | 'exp';

export type Expression =
  | { readonly type: 'number'; readonly value: Rational }
  /** A variable, or the constants pi, e, i, infinity. */
  | { readonly type: 'symbol'; readonly name: string }
  /** `root`: radicand, degree. `log`: argument, base. */
  | { readonly type: 'apply'; readonly operation: Operation; readonly parts: readonly Expression[] };

export type Bracket = '(' | '[' | '{';

export type Meaning =
  | { readonly type: 'expression'; readonly value: Expression; readonly unit: Unit | null }
  /** Both of a ± b. */
  | { readonly type: 'list'; readonly items: readonly Meaning[] }
  | { readonly type: 'group'; readonly open: Bracket; readonly close: ')' | ']' | '}'; readonly items: readonly Meaning[] }
  | { readonly type: 'union'; readonly items: readonly Meaning[] }
  | { readonly type: 'matrix'; readonly rows: readonly (readonly Expression[])[] }
  /** `sides` has one more than `signs`. */
  | { readonly type: 'relation'; readonly signs: readonly Relation[]; readonly sides: readonly Meaning[] }
  /** Digits in a base, as 52_8. */
  | { readonly type: 'based'; readonly digits: string; readonly base: number; readonly value: Rational }
  | { readonly type: 'ratio'; readonly parts: readonly Expression[]; readonly clock: number | null }
  | { readonly type: 'options'; readonly letters: string }
  | { readonly type: 'truth'; readonly value: boolean }
  | { readonly type: 'text'; readonly text: string };

export type Relation = '=' | '<' | '<=' | '>' | '>=' | '!=' | 'in';

export interface Unit {
  /** What is measured: length, time, money of a currency … */
  readonly dimension: string;
  /** Of the dimension's own unit. */
  readonly factor: Rational;
  /** As it was written. */
  readonly name: string;
}

export const number = (value: Rational): Expression => ({ type: 'number', value });
export const symbol = (name: string): Expression => ({ type: 'symbol', name });
export const apply = (operation: Operation, ...parts: readonly Expression[]): Expression => ({ type: 'apply', operation, parts });

/** Names of the variables of an expression: every symbol but the constants. */
export function variablesOf(expression: Expression, found = new Set<string>()): ReadonlySet<string> {
  if (expression.type === 'symbol' && !CONSTANTS.has(expression.name)) found.add(expression.name);
  if (expression.type === 'apply') for (const part of expression.parts) variablesOf(part, found);
  return found;
}

export function mentions(expression: Expression, name: string): boolean {
  return expression.type === 'symbol' ? expression.name === name : expression.type === 'apply' && expression.parts.some((part) => mentions(part, name));
}

const CONSTANTS = new Set(['pi', 'e', 'i', 'infinity']);
