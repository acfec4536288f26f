/** Definite integrals of polynomials. */
import type { Draw } from '../../draw.ts';
import type { Difficulty, ProblemKind } from '../contract.ts';
import { floatValue, parseExpression } from '../../symbolic/expression.ts';
import { valueOf } from '../proofs.ts';
import { add, fractionText, multiply, rational, subtract, toNumber, ZERO, type Rational } from '../../symbolic/rational.ts';
import { bracketed, polynomial, powerOf } from '../writing.ts';
import type { Voice } from '../voice.ts';
import { SOMEWHERE } from './derivatives.ts';

interface Statement {
  readonly f: string;
  readonly from: number;
  readonly to: number;
}

export const integrals: ProblemKind<Statement> = {
  name: 'integrals', task: 'maths', proof: 'numeric',
  about: ['Definite integrals of polynomials', '多项式的定积分'],
  grows: ['degree from 1 to 4, signs, brackets to expand, limits on both sides of 0', '次数由 1 增至 4，含负系数、需展开的括号、跨过 0 的积分限'],
  make(draw, difficulty, voice) {
    const { f, coefficients, opening } = integrandOf(draw, difficulty, voice);
    const from = difficulty <= 2 ? draw.int(0, 2) : draw.int(-3, 2);
    const to = from + draw.int(1, difficulty <= 2 ? 4 : 5);
    const degree = coefficients.length - 1;
    const primitive = coefficients.map((each, index) => rational(each, degree - index + 1));
    const at = (x: number): Rational => primitive.reduce((sum, each, index) => add(sum, multiply(each, rational(BigInt(x) ** BigInt(degree - index + 1)))), ZERO);
    const [upper, lower] = [at(to), at(from)];
    const value = subtract(upper, lower);
    const gold = fractionText(value);
    if (gold.length > 8) return null;
    const text = primitiveText(primitive);
    const put = (x: number): string => [putIn(primitive, x), termsAt(primitive, x)].join(' = ');
    return {
      statement: { f, from, to }, gold, answer: voice.answer(gold), values: { x: SOMEWHERE },
      think: voice.steps(
        opening,
        voice.say(['An antiderivative, each exponent raised by one and divided by: {text}', 'Integrate term by term: {text}'], ['逐项积分，指数加 1 再除以新指数：{text}', '原函数为 {text}'], { text }),
        voice.say(['At the upper limit {to}: {claim}.', 'Put {to} in: {claim}.'], ['代入上限 {to}：{claim}。', '上限 {to} 处：{claim}。'], { to, claim: closed(put(to), fractionText(upper)) }),
        voice.say(['At the lower limit {from}: {claim}.', 'Put {from} in: {claim}.'], ['代入下限 {from}：{claim}。', '下限 {from} 处：{claim}。'], { from, claim: closed(put(from), fractionText(lower)) }),
        voice.say(['The difference: {claim}.', 'Upper minus lower: {claim}.'], ['相减：{claim}。', '上限值减下限值：{claim}。'], { claim: `${fractionText(upper)} - ${lower.n < 0n ? `(${fractionText(lower)})` : fractionText(lower)} = ${gold}` }),
      ),
      prompt: voice.say(['Compute the integral of {f} from x = {from} to x = {to}.', 'Evaluate the definite integral ∫ ({f}) dx with limits {from} and {to}. Give an exact value.', 'What is the exact value of ∫ ({f}) dx from {from} to {to}?'], ['求 {f} 从 x = {from} 到 x = {to} 的定积分。', '计算定积分 ∫ ({f}) dx，下限 {from}，上限 {to}，给出精确值。', '{f} 在区间 [{from}, {to}] 上的定积分等于多少（精确值）？'], { f, from, to }),
    };
  },
  /** Gauss–Legendre with three points on each of 64 parts: exact to rounding for these degrees. */
  check({ f, from, to }, gold) {
    const [of, value] = [parseExpression(f), valueOf(gold)];
    if (of === null || value === null) return false;
    const parts = 64;
    const half = (to - from) / parts / 2;
    let sum = 0;
    for (let i = 0; i < parts; i++) {
      const middle = from + (2 * i + 1) * half;
      for (const [node, weight] of [[-Math.sqrt(0.6), 5 / 9], [0, 8 / 9], [Math.sqrt(0.6), 5 / 9]] as const) sum += weight * half * floatValue(of, { x: middle + node * half });
    }
    return Math.abs(sum - toNumber(value)) <= 1e-9 * Math.max(1, Math.abs(sum));
  },
};

function integrandOf(draw: Draw, difficulty: Difficulty, voice: Voice): { readonly f: string; readonly coefficients: readonly number[]; readonly opening: readonly string[] } {
  const plain = (coefficients: readonly number[]): { readonly f: string; readonly coefficients: readonly number[]; readonly opening: readonly string[] } => ({ f: polynomial(coefficients), coefficients, opening: [] });
  switch (difficulty) {
    case 1: return plain([draw.int(1, 12), draw.int(0, 9)]);
    case 2: return plain([draw.int(1, 9), draw.int(-6, 9), draw.int(-6, 9)]);
    case 3: return plain([draw.nonZero(-6, 6), draw.int(-9, 9), draw.int(-9, 9)]);
    case 4: return plain([draw.nonZero(-4, 4), draw.int(-6, 6), draw.int(-9, 9), draw.int(-9, 9)]);
    case 5: {
      const [a, b, c, d] = [draw.nonZero(-3, 3), draw.nonZero(-5, 5), draw.nonZero(-3, 3), draw.nonZero(-5, 5)];
      const e = draw.chance(0.5) ? 0 : 1;
      const [u, v] = [polynomial(e === 0 ? [a, b] : [a, 0, b]), polynomial([c, 0, d])];
      // (ax + b)(cx² + d) or (ax² + b)(cx² + d)
      const coefficients = e === 0 ? [a * c, b * c, a * d, b * d] : [a * c, 0, a * d + b * c, 0, b * d];
      const f = `(${u})(${v})`;
      return { f, coefficients, opening: [voice.say(['Expand first: {claim}', 'Multiply the brackets out: {claim}'], ['先展开：{claim}', '去括号：{claim}'], { claim: `${f} = ${polynomial(coefficients)}` })] };
    }
  }
}

/** A chain that ends in the value; one that ends there already is left as it is. */
const closed = (chain: string, value: string): string => chain.endsWith(` = ${value}`) ? chain : `${chain} = ${value}`;

function primitiveText(primitive: readonly Rational[]): string {
  return written(primitive, (power) => powerOf('x', power), (text) => text);
}

function putIn(primitive: readonly Rational[], x: number): string {
  return written(primitive, (power) => power === 1 ? bracketed(x) : `${bracketed(x)}^${String(power)}`, (text) => ` × ${text}`);
}

/** The values of the terms, those that are 0 left out. */
function termsAt(primitive: readonly Rational[], x: number): string {
  let text = '';
  primitive.forEach((coefficient, index) => {
    const value = multiply(coefficient, rational(BigInt(x) ** BigInt(primitive.length - index)));
    if (value.n === 0n) return;
    const size = fractionText(value.n < 0n ? { n: -value.n, d: value.d } : value);
    text += text === '' ? `${value.n < 0n ? '-' : ''}${size}` : ` ${value.n < 0n ? '-' : '+'} ${size}`;
  });
  return text === '' ? '0' : text;
}

/** `3/2x^2 - x` or the same with a number in the place of x. */
function written(primitive: readonly Rational[], power: (exponent: number) => string, after: (text: string) => string): string {
  let text = '';
  primitive.forEach((coefficient, index) => {
    if (coefficient.n === 0n) return;
    const size = coefficient.n < 0n ? { n: -coefficient.n, d: coefficient.d } : coefficient;
    const of = power(primitive.length - index);
    const shown = size.n === 1n && size.d === 1n ? of : `${size.d === 1n ? fractionText(size) : `(${fractionText(size)})`}${after(of)}`;
    text += text === '' ? `${coefficient.n < 0n ? '-' : ''}${shown}` : ` ${coefficient.n < 0n ? '-' : '+'} ${shown}`;
  });
  return text;
}
