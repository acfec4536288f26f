/**
 * The arithmetic of a trace as a program: which of its numbers come from the question, which from earlier steps, which are
 * constants of the world (60 minutes, half). Wherever this is not plain, there is no program.
 */
import type { AugmentReason } from '../../../shared/augmentReport.ts';
import type { DataRecord } from '../../../shared/record.ts';
import { exactValue, parseExpression, type Expression } from '../symbolic/expression.ts';
import { add, decimalText, equal, ONE, rational, subtract, divide, type Rational } from '../symbolic/rational.ts';
import { explainedKeys, numberTokens, type NumberToken } from './numberTokens.ts';

export interface Step {
  /** With a variable in the place of every number that comes from the question (`q5`) or an earlier step (`r0`). */
  readonly expression: Expression;
  readonly result: Rational;
  readonly key: string;
}

export interface Chain {
  /** Values of the question that may be changed, by their key. */
  readonly given: ReadonlyMap<string, { readonly value: Rational; readonly most: number }>;
  /** Keys of numbers of the question that stay. */
  readonly fixed: readonly Rational[];
  readonly steps: readonly Step[];
  /** Keys of constants: they stay wherever they stand. */
  readonly constants: ReadonlySet<string>;
}

/** GSM8K's calculator annotations (Cobbe et al. 2021, appendix C). */
const ANNOTATION = /<<([^<>=]+)=([^<>=]+)>>/g;
/** A plain chain in a text without them: `12 × 4 = 48`. */
const WRITTEN = /((?:\(\s*)*\d[\d.,]*%?(?:\s*[-+*/×÷−]\s*(?:\(\s*)*\d[\d.,]*%?(?:\s*\))*)+)\s*=\s*[$¥￥]?\s*(\d[\d.,]*\d|\d)/g;

/** What the trace calculates, or why that can't be told. */
export function chainOf(record: DataRecord): Chain | AugmentReason {
  const trace = record.think;
  const gold = goldOf(record);
  if (gold === null) return (record.gold ?? record.answer).trim() === '' ? 'no-reference' : 'reference-not-number';
  const written = calculationsOf(trace);
  if (written === null) return 'step-not-true';
  if (written.length === 0 || written.at(-1)?.key !== gold.key) return 'no-chain';
  const tokens = numberTokens(record.prompt);
  const explained = explainedKeys(record.prompt);
  const spelled = explainedKeys(`${record.prompt} ${trace.replaceAll(ANNOTATION, '')}`);
  const fixedKeys = new Set(tokens.filter(({ fixed }) => fixed).map(({ key }) => key));
  const stays = (key: string): boolean => explained.has(key) || fixedKeys.has(key);
  const used = new Set(written.flatMap(({ literals }) => literals));
  const changeable = tokens.filter(({ key }) => !stays(key) && used.has(key));
  const given = new Map<string, { readonly value: Rational; readonly most: number }>();
  for (const { key, value, most } of changeable) given.set(key, { value, most: Math.min(most, given.get(key)?.most ?? Infinity) });
  if (given.size === 0) return 'nothing-to-change';
  const constants = new Set([...spelled, ...fixedKeys, ...percentConstants(tokens, given)]);
  // A number that the steps don't use may be a fact that new numbers contradict; a percentage may be used as 0.2 or 1.2.
  if (tokens.some(({ key, percent }) => !given.has(key) && !stays(key) && !percent)) return 'unused-number';
  const steps: Step[] = [];
  const results = new Map<string, string[]>();
  for (const { expression, value, key, literals } of written) {
    for (const literal of literals) {
      const [asked, earlier] = [given.has(literal), results.get(literal) ?? []];
      if ((asked && earlier.length > 0) || new Set(earlier).size > 1 || (earlier.length > 0 && constants.has(literal))) return 'ambiguous-number';
      if (!asked && earlier.length === 0 && !constants.has(literal)) return 'unexplained-number';
    }
    steps.push({ expression: named(expression, (literal) => given.has(literal) ? `q${literal}` : results.get(literal)?.[0] ?? null), result: value, key });
    results.set(key, [...(results.get(key) ?? []), `r${String(steps.length - 1)}`]);
  }
  return { given, fixed: tokens.filter(({ key }) => !given.has(key)).map(({ value }) => value), steps, constants };
}

interface Calculation {
  readonly expression: Expression;
  readonly value: Rational;
  readonly key: string;
  readonly literals: readonly string[];
}

/** Null where one of them is not exactly true. */
function calculationsOf(trace: string): readonly Calculation[] | null {
  const annotated = [...trace.matchAll(ANNOTATION)];
  const found = annotated.length > 0 ? annotated : [...trace.matchAll(WRITTEN)];
  const calculations: Calculation[] = [];
  for (const [, left = '', right = ''] of found) {
    const [expression, claimed] = [parseExpression(plain(left)), parseExpression(plain(right))];
    const [value, claim] = [expression && exactValue(expression), claimed && exactValue(claimed)];
    if (expression === null || value === null || claim === null || !equal(value, claim)) return null;
    const key = decimalText(value);
    if (key === null) return null;
    calculations.push({ expression, value, key, literals: literalsOf(expression) });
  }
  return calculations;
}

const plain = (text: string): string => text.replaceAll(/[$¥￥]/g, '').replaceAll(/(?<=\d),(?=\d{3})/g, '');

function literalsOf(expression: Expression): readonly string[] {
  switch (expression.type) {
    case 'number': return [decimalText(expression.value) ?? ''];
    case 'variable': return [];
    case 'negated': case 'factorial': return literalsOf(expression.of);
    case 'binary': return [...literalsOf(expression.a), ...literalsOf(expression.b)];
    case 'call': return expression.arguments.flatMap(literalsOf);
  }
}

function named(expression: Expression, nameOf: (literal: string) => string | null): Expression {
  switch (expression.type) {
    case 'number': {
      const name = nameOf(decimalText(expression.value) ?? '');
      return name === null ? expression : { type: 'variable', name };
    }
    case 'variable': return expression;
    case 'negated': case 'factorial': return { ...expression, of: named(expression.of, nameOf) };
    case 'binary': return { ...expression, a: named(expression.a, nameOf), b: named(expression.b, nameOf) };
    case 'call': return { ...expression, arguments: expression.arguments.map((each) => named(each, nameOf)) };
  }
}

/** 20% that stays may stand in the steps as 20, 0.2, 1.2, 0.8, 80 or 120. */
function percentConstants(tokens: readonly NumberToken[], given: ReadonlyMap<string, unknown>): readonly string[] {
  const hundred = rational(100);
  return tokens.filter(({ key, percent }) => percent && !given.has(key)).flatMap(({ value }) => {
    const part = divide(value, hundred) ?? value;
    return [value, part, add(ONE, part), subtract(ONE, part), subtract(hundred, value), add(hundred, value)].map((each) => decimalText(each) ?? '');
  });
}

/** The reference, where it is a plain number. */
export function goldOf(record: DataRecord): NumberToken | null {
  const text = record.gold ?? record.answer;
  const tokens = numberTokens(text);
  const [only] = tokens;
  return tokens.length === 1 && only !== undefined && /^[\s$¥￥]*$/.test(text.slice(0, only.start)) && /^\D{0,20}$/.test(text.slice(only.end)) ? only : null;
}
