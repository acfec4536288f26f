/**
 * The same problem with other numbers: the chain of the trace is computed anew. What was whole stays whole, what was positive
 * stays positive, what was larger stays larger, down to each part of each calculation; the texts follow.
 */
import type { DataRecord } from '../../../shared/record.ts';
import type { Draw } from '../draw.ts';
import { exactValue, type Bindings, type Expression } from '../symbolic/expression.ts';
import { decimalText, equal, isWhole, less, ONE, rational, ZERO, type Rational } from '../symbolic/rational.ts';
import { statementsOf } from '../symbolic/statements.ts';
import { chainOf, goldOf, type Chain } from './chain.ts';
import type { Try } from './contract.ts';
import { explainedKeys, numberTokens, rewritten, writtenLike } from './numberTokens.ts';

/** Draws of new numbers before a problem is given up. */
const DRAWS = 400;

export function otherNumbers(record: DataRecord, draw: Draw): Try {
  const chain = chainOf(record);
  if (typeof chain === 'string') return chain;
  const values = numbersFor(chain, draw);
  if (values === null) return 'no-numbers-found';
  const changed = new Map<string, Rational>();
  for (const [key] of chain.given) {
    const value = values[`q${key}`];
    if (value !== undefined) changed.set(key, value);
  }
  // One value of the trace may be written for two things: then both must have come out the same again.
  for (const [index, { key }] of chain.steps.entries()) {
    const value = values[`r${String(index)}`];
    if (value === undefined) return 'no-numbers-found';
    const other = changed.get(key);
    if (other !== undefined && !equal(other, value)) return 'ambiguous-number';
    // A constant of the same value could be meant, unless nothing changed.
    if (chain.constants.has(key) && !equal(value, chain.steps[index]?.result ?? value)) return 'ambiguous-number';
    changed.set(key, value);
  }
  const write = (text: string): string | null => {
    const tokens = numberTokens(text);
    if (tokens.some(({ key }) => !changed.has(key) && !chain.constants.has(key))) return null;
    return rewritten(text, tokens, (token) => {
      const value = changed.get(token.key);
      return value === undefined || equal(value, token.value) ? null : writtenLike(value, token.text);
    });
  };
  // A number word of the trace that names a value which changes would stay behind.
  const words = explainedWords(record.think);
  for (const [key, value] of changed) if (words.has(key) && decimalText(value) !== key && !explainedKeys(record.prompt).has(key)) return 'ambiguous-number';
  const prompt = rewritten(record.prompt, numberTokens(record.prompt), (token) => {
    const value = token.fixed || !chain.given.has(token.key) ? undefined : changed.get(token.key);
    return value === undefined ? null : writtenLike(value, token.text);
  });
  const [think, answer, gold] = [write(record.think), write(record.answer), record.gold === null ? null : write(record.gold)];
  if (think === null || answer === null || (record.gold !== null && gold === null)) return 'unexplained-number';
  if (prompt === record.prompt) return 'same-as-before';
  const result = { ...record, prompt, think, answer, gold };
  return provesItself(result) ? { prompt, think, answer, gold, detail: { changed: [...chain.given.keys()].map((key) => `${key}→${decimalText(changed.get(key) ?? ZERO) ?? ''}`).join(', ') } } : 'step-not-true';
}

/** Read as if nobody had made it: every equation of the new trace holds, and its chain ends in the new answer. */
function provesItself(record: DataRecord): boolean {
  const plain = record.think.replaceAll(/(?<=\d),(?=\d{3})/g, '').replaceAll(/[$¥￥]/g, '');
  if (statementsOf(plain).untrue.length > 0) return false;
  const chain = chainOf(record);
  const gold = goldOf(record);
  // What stood for one thing may now look like two by chance: such a problem is as good, but can't be proved.
  return typeof chain !== 'string' && gold !== null && chain.steps.at(-1)?.key === gold.key;
}

const WORD_VALUES: readonly (readonly [RegExp, string])[] = [
  [/\btwo\b|两|二/i, '2'], [/\bthree\b|三/i, '3'], [/\bfour\b|四/i, '4'], [/\bfive\b|五/i, '5'], [/\bsix\b|六/i, '6'], [/\bseven\b|七/i, '7'], [/\beight\b|八/i, '8'],
  [/\bnine\b|九/i, '9'], [/\bten\b|十/i, '10'], [/\beleven\b/i, '11'], [/\btwelve\b|\bdozen\b/i, '12'], [/\btwenty\b/i, '20'], [/\bthirty\b/i, '30'], [/\bhundred\b/i, '100'],
];

function explainedWords(text: string): ReadonlySet<string> {
  return new Set(WORD_VALUES.filter(([pattern]) => pattern.test(text)).map(([, value]) => value));
}

/** Values of all variables of the chain, or null. */
function numbersFor(chain: Chain, draw: Draw): Bindings | null {
  const given = [...chain.given.entries()];
  const old: Record<string, Rational> = {};
  for (const [key, { value }] of given) old[`q${key}`] = value;
  chain.steps.forEach(({ result }, index) => { old[`r${String(index)}`] = result; });
  for (let tries = 0; tries < DRAWS; tries++) {
    const values: Record<string, Rational> = {};
    for (const [key, { value, most }] of given) values[`q${key}`] = near(value, most, draw);
    if (!sameOrder(given.map(([, { value }]) => value), given.map(([key]) => values[`q${key}`] ?? ZERO), chain.fixed)) continue;
    if (given.every(([key, { value }]) => equal(values[`q${key}`] ?? ZERO, value))) continue;
    const fits = chain.steps.every(({ expression, result }, index) => {
      const value = alike(expression, old, values);
      if (value === null || !likeOld(result, value)) return false;
      values[`r${String(index)}`] = value;
      return true;
    });
    if (fits) return values;
  }
  return null;
}

/** A number of the same size and roundness; 1 stays, since "1 apples" is nothing. */
function near(value: Rational, limit: number, draw: Draw): Rational {
  const scale = value.d === 1n ? 1 : 10 ** (decimalText(value)?.split('.')[1]?.length ?? 0);
  const size = Number(value.n) * (scale / Number(value.d));
  if (value.d === 1n && size <= 1) return value;
  const step = size % 1000 === 0 ? 500 : size % 100 === 0 ? 50 : size % 10 === 0 ? (size < 50 ? 5 : 10) : size % 5 === 0 && size >= 15 ? 5 : 1;
  const [low, high] = [Math.max(value.d === 1n ? 2 : 1, Math.ceil(size / 2)), size < 10 ? size * 2 + 1 : Math.floor(size * 1.8)];
  const most = Math.min(high, limit * scale);
  const [from, to] = [Math.ceil(low / step), Math.floor(most / step)];
  return to < from ? value : rational(draw.int(from, to) * step, scale);
}

/** Which is larger stays so, among the changed ones and against those that stay. */
function sameOrder(before: readonly Rational[], after: readonly Rational[], fixed: readonly Rational[]): boolean {
  const all = (values: readonly Rational[]): readonly Rational[] => [...values, ...fixed];
  const [a, b] = [all(before), all(after)];
  return a.every((x, i) => a.every((y, j) => i >= j || (less(x, y) === less(b[i] ?? ZERO, b[j] ?? ZERO) && equal(x, y) === equal(b[i] ?? ZERO, b[j] ?? ZERO))));
}

/** The new value, where every part of the calculation is of the old kind. */
function alike(expression: Expression, old: Bindings, values: Bindings): Rational | null {
  const [before, after] = [exactValue(expression, old), exactValue(expression, values)];
  if (before === null || after === null) return null;
  if (expression.type === 'binary') {
    if (alike(expression.a, old, values) === null || alike(expression.b, old, values) === null) return null;
    if (!likeOld(before, after)) return null;
  }
  return after;
}

/** Whole if it was, of the same sign, on the same side of 1, with no more decimals. */
function likeOld(before: Rational, after: Rational): boolean {
  if (isWhole(before) !== isWhole(after) && isWhole(before)) return false;
  if (less(ZERO, before) !== less(ZERO, after) || equal(before, ZERO) !== equal(after, ZERO)) return false;
  if (less(before, ONE) !== less(after, ONE) || (equal(before, ONE) !== equal(after, ONE))) return false;
  const [a, b] = [decimalText(before), decimalText(after)];
  // A part such as 1/3 of a calculation has no end before either.
  return a === null || (b !== null && (b.split('.')[1]?.length ?? 0) <= (a.split('.')[1]?.length ?? 0));
}
