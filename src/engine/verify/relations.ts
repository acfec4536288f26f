/** Equations, inequalities and memberships: what an answer that is one of them says, and when two are the same. */
import { exactValue } from './evaluate.ts';
import { apply, number, variablesOf, type Expression, type Meaning, type Relation } from './expression.ts';
import { whole } from './rational.ts';
import { sameValue } from './sameValue.ts';

/** x = 5 is 5, x ∈ A is A, −2 < x < 5 is the interval, where the other side isn't a relation itself. */
export function unwrapped(a: Meaning, b: Meaning): readonly [Meaning, Meaning] {
  const [x, y] = [listOfValues(a), listOfValues(b)];
  if (x.type === 'relation' && y.type === 'relation') {
    const [p, q] = [intervalOf(x), intervalOf(y)];
    return p !== null && q !== null && variableOf(x) === variableOf(y) ? [p, q] : [x, y];
  }
  return [x.type === 'relation' ? valueOf(x) ?? intervalOf(x) ?? x : x, y.type === 'relation' ? valueOf(y) ?? intervalOf(y) ?? y : y];
}

/** x = 1, x = 2 is 1, 2; x = 1, y = 2 is (1, 2). */
function listOfValues(meaning: Meaning): Meaning {
  if (meaning.type !== 'list' || meaning.items.length === 0) return meaning;
  const named = meaning.items.map((item) => item.type === 'relation' ? { name: variableOf(item), value: valueOf(item) } : { name: null, value: item.type === 'expression' ? item : null });
  if (named[0]?.name === null || named.some(({ value }) => value === null)) return meaning;
  const items = named.flatMap(({ value }) => value === null ? [] : [value]);
  const names = new Set(named.map(({ name }) => name));
  // x = 1, 2: the second is x's as well.
  if ([...names].filter((name) => name !== null).length === 1) return { type: 'list', items };
  if (names.has(null) || names.size !== items.length) return meaning;
  return { type: 'group', open: '(', close: ')', items };
}

export type RelationMeaning = Extract<Meaning, { type: 'relation' }>;

function variableOf({ sides }: RelationMeaning): string | null {
  const names = sides.flatMap((side) => side.type === 'expression' && side.value.type === 'symbol' && variablesOf(side.value).size === 1 ? [side.value.name] : []);
  return names.length === 1 ? names[0] ?? null : null;
}

/** The right side of `x = …`, `f(x) = …`, or what x is in. */
function valueOf({ signs, sides }: RelationMeaning): Meaning | null {
  const [left] = sides;
  const right = sides.at(-1);
  if (left?.type !== 'expression' || right === undefined) return null;
  // 3/4 × 100 % = 75 %, x = 0.5 = 1/2: what stands last.
  const constants = sides.slice(signs.length === 1 ? 0 : 1, -1).every((side) => side.type === 'expression' && variablesOf(side.value).size === 0);
  if (signs.every((sign) => sign === '=') && constants && (signs.length > 1 || variablesOf(left.value).size === 0)) return variablesOf(left.value).size === 0 || left.value.type === 'symbol' ? right : null;
  if (signs.length !== 1) return null;
  if (signs[0] === 'in') return left.value.type === 'symbol' ? right : null;
  if (signs[0] !== '=') return null;
  const name = left.value;
  const isName = (name.type === 'symbol' && variablesOf(name).size === 1)
    || (name.type === 'apply' && name.operation === 'multiply' && name.parts.every((part) => part.type === 'symbol') && ['f', 'g', 'h', 'p', 'P', 'Q', 'q'].includes(name.parts[0]?.type === 'symbol' ? name.parts[0].name : ''));
  if (!isName) return null;
  return right.type === 'expression' && name.type === 'symbol' && variablesOf(right.value).has(name.name) ? null : right;
}

export const INFINITE: Meaning = { type: 'expression', value: { type: 'symbol', name: 'infinity' }, unit: null };
const MINUS_INFINITE: Meaning = { type: 'expression', value: apply('negate', { type: 'symbol', name: 'infinity' }), unit: null };

function intervalOf({ signs, sides }: RelationMeaning): Meaning | null {
  if (signs.length === 1 && signs[0] === 'in') return valueOf({ type: 'relation', signs, sides });
  const flipped: Partial<Record<Relation, Relation>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };
  if (signs.some((sign) => flipped[sign] === undefined)) return null;
  const isVariable = (side: Meaning | undefined): boolean => side?.type === 'expression' && side.value.type === 'symbol' && variablesOf(side.value).size === 1;
  const interval = (low: Meaning, closedLow: boolean, high: Meaning, closedHigh: boolean): Meaning => ({ type: 'group', open: closedLow ? '[' : '(', close: closedHigh ? ']' : ')', items: [low, high] });
  const [first, second, third] = sides;
  if (signs.length === 1 && first !== undefined && second !== undefined) {
    const left = isVariable(first);
    if (!left && !isVariable(second)) return null;
    const sign = left ? signs[0] : flipped[signs[0] as Relation];
    const bound = left ? second : first;
    return sign === '<' || sign === '<=' ? interval(MINUS_INFINITE, false, bound, sign === '<=') : interval(bound, sign === '>=', INFINITE, false);
  }
  if (signs.length !== 2 || first === undefined || third === undefined || !isVariable(second)) return null;
  if (signs.every((sign) => sign === '<' || sign === '<=')) return interval(first, signs[0] === '<=', third, signs[1] === '<=');
  if (signs.every((sign) => sign === '>' || sign === '>=')) return interval(third, signs[1] === '>=', first, signs[0] === '>=');
  return null;
}

/** The same, read from its end. */
export function reversed({ signs, sides }: RelationMeaning): RelationMeaning {
  const turned: Readonly<Record<Relation, Relation>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=', '!=': '!=', in: 'in' };
  return { type: 'relation', signs: signs.map((sign) => turned[sign]).reverse(), sides: [...sides].reverse() };
}

/** Left side minus right side; null where they are no expressions. */
export function difference({ sides }: RelationMeaning): Expression | null {
  const [left, right] = sides;
  return left?.type === 'expression' && right?.type === 'expression' ? apply('add', left.value, apply('negate', right.value)) : null;
}

/** p/q is the same at every point where it is the same as at one point. */
export function proportional(p: Expression, q: Expression): boolean {
  const names = [...new Set([...variablesOf(p), ...variablesOf(q)])].sort();
  const at = new Map(names.map((name, i) => [name, whole(BigInt(37 + 29 * i))] as const));
  const [x, y] = [exactValue(p, at), exactValue(q, at)];
  if (x !== null && y !== null) return x.top !== 0n && y.top !== 0n ? sameValue(apply('multiply', p, number(y)), apply('multiply', q, number(x))) === 'same' : sameValue(p, q) === 'same';
  return sameValue(p, q) === 'same' || sameValue(p, apply('negate', q)) === 'same';
}
