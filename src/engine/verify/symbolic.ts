/**
 * The opinion of a computer algebra system (CortexJS Compute Engine) on whether two expressions are equal. It is given trees
 * that were read and measured here, never a model's text, so that nobody's power tower or brace can keep it busy.
 */
import type { ComputeEngine } from '@cortex-js/compute-engine';
import { exactValue } from './evaluate.ts';
import { variablesOf, type Expression, type Operation } from './expression.ts';

/** Digits that it reckons with, and of which it may lose a few. */
const DIGITS = 50;
const AGREEING_DIGITS = 40;
/** An answer that takes longer is no answer; its own limit looks at the clock between steps. */
const TIME_LIMIT_MS = 500;
const MAX_NODES = 150;
const MAX_EXPONENT = 200;
const MAX_NUMBER_LENGTH = 400;

type MathJson = string | number | { readonly num: string } | readonly MathJson[];

let engine: ComputeEngine | null = null;

/** Loads the symbolic engine, a quarter of a second, once. Until then comparisons do without it. */
export async function loadSymbolic(): Promise<void> {
  if (engine !== null) return;
  const { ComputeEngine: Engine } = await import('@cortex-js/compute-engine');
  engine = new Engine();
  engine.precision = DIGITS;
}

/** Null where it isn't loaded or has no opinion. */
export function symbolicOpinion(a: Expression, b: Expression): 'same' | 'different' | null {
  if (engine === null || nodes(a) + nodes(b) > MAX_NODES || isHeavy(a) || isHeavy(b)) return null;
  const ce = engine;
  try {
    return ce.withTimeLimit(TIME_LIMIT_MS, () => opinion(ce, a, b));
  } catch {
    // Its time limit, or something that it doesn't know.
    return null;
  }
}

function opinion(ce: ComputeEngine, a: Expression, b: Expression): 'same' | 'different' | null {
  const [x, y] = [ce.box(mathJson(a) as never), ce.box(mathJson(b) as never)];
  if (variablesOf(a).size + variablesOf(b).size === 0) {
    const [difference, size] = [x.sub(y).N(), x.abs().N()];
    const [off, scale] = [difference.abs().N().re, size.re];
    if (!Number.isFinite(off) || !Number.isFinite(scale)) return null;
    return off <= Math.max(scale, Number.MIN_VALUE) * 10 ** -AGREEING_DIGITS ? 'same' : 'different';
  }
  return x.isSame(y) || x.isEqual(y) === true || x.sub(y).simplify().is(0) ? 'same' : null;
}

function nodes(expression: Expression): number {
  return expression.type === 'apply' ? expression.parts.reduce((sum, part) => sum + nodes(part), 1) : 1;
}

/** Powers, factorials and numbers whose value alone would take long. */
function isHeavy(expression: Expression): boolean {
  if (expression.type === 'number') return String(expression.value.top).length + String(expression.value.bottom).length > MAX_NUMBER_LENGTH;
  if (expression.type === 'symbol') return false;
  if (expression.operation === 'power' || expression.operation === 'exp') {
    const exponent = expression.parts.at(-1);
    const value = exponent === undefined ? null : exactValue(exponent);
    if (value !== null && (value.top > BigInt(MAX_EXPONENT) * value.bottom || -value.top > BigInt(MAX_EXPONENT) * value.bottom)) return true;
    // A tower of powers.
    if (exponent?.type === 'apply' && value === null && exponent.operation === 'power') return true;
  }
  if (expression.operation === 'factorial' || expression.operation === 'binomial') return true;
  return expression.parts.some(isHeavy);
}

const NAMES: Readonly<Record<Exclude<Operation, 'log' | 'root'>, string>> = {
  add: 'Add', multiply: 'Multiply', divide: 'Divide', power: 'Power', negate: 'Negate', abs: 'Abs', factorial: 'Factorial', binomial: 'Binomial', floor: 'Floor', ceil: 'Ceil',
  sin: 'Sin', cos: 'Cos', tan: 'Tan', cot: 'Cot', sec: 'Sec', csc: 'Csc', arcsin: 'Arcsin', arccos: 'Arccos', arctan: 'Arctan', sinh: 'Sinh', cosh: 'Cosh', tanh: 'Tanh', ln: 'Ln', exp: 'Exp',
};
const CONSTANTS: Readonly<Record<string, string>> = { pi: 'Pi', e: 'ExponentialE', i: 'ImaginaryUnit', infinity: 'PositiveInfinity' };

function mathJson(expression: Expression): MathJson {
  if (expression.type === 'number') {
    const { top, bottom } = expression.value;
    return bottom === 1n ? { num: String(top) } : ['Rational', { num: String(top) }, { num: String(bottom) }];
  }
  // Names of one's own can't be the engine's.
  if (expression.type === 'symbol') return CONSTANTS[expression.name] ?? `v_${[...expression.name].map((char) => char.codePointAt(0)?.toString(16) ?? '').join('_')}`;
  const parts = expression.parts.map(mathJson);
  if (expression.operation === 'root') return ['Root', ...parts];
  if (expression.operation === 'log') return ['Log', ...parts];
  return [NAMES[expression.operation], ...parts];
}
