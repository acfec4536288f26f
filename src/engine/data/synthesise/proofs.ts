/** What several checkers share: a text's exact value, and the lists that answers are. */
import { exactValue, parseExpression, type Bindings } from '../symbolic/expression.ts';
import { equal, type Rational } from '../symbolic/rational.ts';

/** The exact value of a text without unknowns, or null. */
export function valueOf(text: string, bindings: Bindings = {}): Rational | null {
  const expression = parseExpression(text);
  return expression && exactValue(expression, bindings);
}

export function sameValue(a: string, b: string, bindings: Bindings = {}): boolean {
  const [x, y] = [valueOf(a, bindings), valueOf(b, bindings)];
  return x !== null && y !== null && equal(x, y);
}

/** Whether both sides of `left = right` are equal under the bindings; null where they have no value. */
export function holds(equation: string, bindings: Bindings): boolean | null {
  const [left = '', right = '', ...more] = equation.split('=');
  const [x, y] = [valueOf(left, bindings), valueOf(right, bindings)];
  return more.length > 0 || x === null || y === null ? null : equal(x, y);
}

/** A whole number as it must be written, or null. */
export function wholeOf(text: string): number | null {
  return /^-?(?:0|[1-9]\d*)$/.test(text) ? Number(text) : null;
}
