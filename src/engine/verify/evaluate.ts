/** Values of expressions: exactly where they are fractions, else as complex floats at chosen points. */
import type { Expression, Operation } from './expression.ts';
import { exactRoot, negative, over, plus, power, rational, times, toNumber, whole, ZERO, type Rational } from './rational.ts';

const MAX_FACTORIAL = 2000n;

/** The exact value with the variables as given; null where it is no fraction, is undefined, or grows out of bounds. */
export function exactValue(expression: Expression, at: ReadonlyMap<string, Rational> = new Map()): Rational | null {
  if (expression.type === 'number') return expression.value;
  if (expression.type === 'symbol') return at.get(expression.name) ?? null;
  const values: Rational[] = [];
  for (const part of expression.parts) {
    const value = exactValue(part, at);
    if (value === null) return null;
    values.push(value);
  }
  const [a = ZERO, b = ZERO] = values;
  switch (expression.operation) {
    case 'add': return values.reduce<Rational | null>((sum, value) => sum === null ? null : plus(sum, value), ZERO);
    case 'multiply': return times(a, b);
    case 'divide': return over(a, b);
    case 'negate': return negative(a);
    case 'power': return power(a, b);
    case 'root': return b.bottom === 1n && b.top > 0n && b.top <= 64n ? exactRoot(a, b.top) : null;
    case 'abs': return a.top < 0n ? negative(a) : a;
    case 'floor': return whole(floored(a));
    case 'ceil': return whole(-floored(negative(a)));
    case 'factorial': return a.bottom === 1n && a.top >= 0n && a.top <= MAX_FACTORIAL ? factorial(a.top) : null;
    case 'binomial': return binomial(a, b);
    case 'exp': return a.top === 0n ? whole(1) : null;
    case 'ln': return a.top === 1n && a.bottom === 1n ? ZERO : null;
    case 'log': return exactLogarithm(a, b);
    case 'sin': case 'tan': case 'arcsin': case 'arctan': case 'sinh': case 'tanh': return a.top === 0n ? ZERO : null;
    case 'cos': case 'cosh': return a.top === 0n ? whole(1) : null;
    case 'cot': case 'sec': case 'csc': case 'arccos': return null;
  }
}

function floored({ top, bottom }: Rational): bigint {
  return top >= 0n ? top / bottom : -((-top + bottom - 1n) / bottom);
}

function factorial(n: bigint): Rational | null {
  let product = 1n;
  for (let factor = 2n; factor <= n; factor++) product *= factor;
  return rational(product, 1n);
}

function binomial(n: Rational, k: Rational): Rational | null {
  if (n.bottom !== 1n || k.bottom !== 1n || k.top < 0n || n.top < k.top || n.top > 1_000_000n) return null;
  const few = k.top * 2n > n.top ? n.top - k.top : k.top;
  if (few > MAX_FACTORIAL) return null;
  let value = 1n;
  for (let i = 1n; i <= few; i++) value = value * (n.top - few + i) / i;
  return rational(value, 1n);
}

/** log of a power of the base. */
function exactLogarithm(value: Rational, base: Rational): Rational | null {
  if (value.top <= 0n || base.bottom !== 1n || base.top < 2n) return null;
  const inverted = value.top === 1n && value.bottom > 1n;
  if (!inverted && value.bottom !== 1n) return null;
  let left = inverted ? value.bottom : value.top;
  let exponent = 0n;
  while (left % base.top === 0n) {
    left /= base.top;
    exponent += 1n;
  }
  return left === 1n ? whole(inverted ? -exponent : exponent) : null;
}

export interface Complex {
  readonly re: number;
  readonly im: number;
}

const NAN: Complex = { re: Number.NaN, im: Number.NaN };
const HALF_PI = Math.PI / 2;

/** The value as a complex float on the principal branches; NaN where it isn't defined or not known. */
export function floatValue(expression: Expression, at: ReadonlyMap<string, Complex>): Complex {
  if (expression.type === 'number') return { re: toNumber(expression.value), im: 0 };
  if (expression.type === 'symbol') {
    switch (expression.name) {
      case 'pi': return { re: Math.PI, im: 0 };
      case 'e': return { re: Math.E, im: 0 };
      case 'i': return { re: 0, im: 1 };
      default: return at.get(expression.name) ?? NAN;
    }
  }
  return applied(expression.operation, expression.parts.map((part) => floatValue(part, at)));
}

function applied(operation: Operation, values: readonly Complex[]): Complex {
  const [a = NAN, b = NAN] = values;
  switch (operation) {
    case 'add': return values.reduce((sum, value) => ({ re: sum.re + value.re, im: sum.im + value.im }), { re: 0, im: 0 });
    case 'multiply': return product(a, b);
    case 'divide': return quotient(a, b);
    case 'negate': return { re: -a.re, im: -a.im };
    case 'power': return raised(a, b);
    case 'root': return a.im === 0 && a.re < 0 && b.im === 0 && b.re % 2 === 1 ? { re: -((-a.re) ** (1 / b.re)), im: 0 } : raised(a, quotient({ re: 1, im: 0 }, b));
    case 'abs': return { re: Math.hypot(a.re, a.im), im: 0 };
    case 'floor': return real(a, Math.floor);
    case 'ceil': return real(a, Math.ceil);
    case 'factorial': return real(a, (n) => Number.isInteger(n) && n >= 0 && n < 171 ? Array.from({ length: n }, (_, i) => i + 1).reduce((p, q) => p * q, 1) : Number.NaN);
    case 'binomial': return a.im === 0 && b.im === 0 && Number.isInteger(b.re) && b.re >= 0 && b.re < 1000
      ? { re: Array.from({ length: b.re }, (_, i) => (a.re - i) / (i + 1)).reduce((p, q) => p * q, 1), im: 0 } : NAN;
    case 'ln': return logarithm(a);
    case 'log': return quotient(logarithm(a), logarithm(b));
    case 'exp': return raised({ re: Math.E, im: 0 }, a);
    case 'sin': return { re: Math.sin(a.re) * Math.cosh(a.im), im: Math.cos(a.re) * Math.sinh(a.im) };
    case 'cos': return cosine(a);
    case 'tan': return quotient(applied('sin', [a]), cosine(a));
    case 'cot': return quotient(cosine(a), applied('sin', [a]));
    case 'sec': return quotient({ re: 1, im: 0 }, cosine(a));
    case 'csc': return quotient({ re: 1, im: 0 }, applied('sin', [a]));
    case 'arcsin': return Math.abs(a.re) <= 1 ? real(a, Math.asin) : NAN;
    case 'arccos': return Math.abs(a.re) <= 1 ? real(a, Math.acos) : NAN;
    case 'arctan': return real(a, Math.atan);
    case 'sinh': return real(a, Math.sinh);
    case 'cosh': return real(a, Math.cosh);
    case 'tanh': return real(a, Math.tanh);
  }
}

function real(value: Complex, map: (value: number) => number): Complex {
  return value.im === 0 ? { re: map(value.re), im: 0 } : NAN;
}

function cosine(a: Complex): Complex {
  return { re: Math.cos(a.re) * Math.cosh(a.im), im: -Math.sin(a.re) * Math.sinh(a.im) };
}

function product(a: Complex, b: Complex): Complex {
  return { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re };
}

function quotient(a: Complex, b: Complex): Complex {
  const size = b.re * b.re + b.im * b.im;
  return size === 0 ? NAN : { re: (a.re * b.re + a.im * b.im) / size, im: (a.im * b.re - a.re * b.im) / size };
}

function logarithm(a: Complex): Complex {
  const size = Math.hypot(a.re, a.im);
  return size === 0 ? NAN : { re: Math.log(size), im: Math.atan2(a.im, a.re) };
}

function raised(a: Complex, b: Complex): Complex {
  if (b.im === 0 && Number.isInteger(b.re) && Math.abs(b.re) <= 64) {
    let result: Complex = { re: 1, im: 0 };
    for (let i = 0; i < Math.abs(b.re); i++) result = product(result, a);
    return b.re < 0 ? quotient({ re: 1, im: 0 }, result) : result;
  }
  if (a.im === 0 && b.im === 0 && a.re > 0) return { re: a.re ** b.re, im: 0 };
  if (a.re === 0 && a.im === 0) return b.re > 0 ? { re: 0, im: 0 } : NAN;
  // Half a turn by sine and cosine is off by an ulp that later differences would show.
  if (a.im === 0 && b.im === 0 && b.re === 0.5) return { re: 0, im: Math.sqrt(-a.re) };
  const log = logarithm(a);
  const exponent = product(log, b);
  const size = Math.exp(exponent.re);
  return Math.abs(exponent.im - HALF_PI) < 1e-15 ? { re: 0, im: size } : { re: size * Math.cos(exponent.im), im: size * Math.sin(exponent.im) };
}
