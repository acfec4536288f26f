/** Exact fractions: what makes a claim such as 0.1 + 0.2 = 0.3 true without a tolerance. */

/** Lowest terms; the denominator is positive. */
export interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

export const ZERO: Rational = { n: 0n, d: 1n };
export const ONE: Rational = { n: 1n, d: 1n };

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** n/d in lowest terms; d is not 0. */
export function rational(n: bigint | number, d: bigint | number = 1n): Rational {
  const [top, bottom] = [BigInt(n), BigInt(d)];
  if (bottom === 1n) return { n: top, d: 1n };
  const common = gcd(top, bottom) * (bottom < 0n ? -1n : 1n);
  return { n: top / common, d: bottom / common };
}

export const add = (a: Rational, b: Rational): Rational => a.d === 1n && b.d === 1n ? { n: a.n + b.n, d: 1n } : rational(a.n * b.d + b.n * a.d, a.d * b.d);
export const subtract = (a: Rational, b: Rational): Rational => add(a, negated(b));
export const multiply = (a: Rational, b: Rational): Rational => rational(a.n * b.n, a.d * b.d);
export const negated = (a: Rational): Rational => ({ n: -a.n, d: a.d });
export const equal = (a: Rational, b: Rational): boolean => a.n === b.n && a.d === b.d;
export const isWhole = (a: Rational): boolean => a.d === 1n;
export const less = (a: Rational, b: Rational): boolean => a.n * b.d < b.n * a.d;
export const toNumber = (a: Rational): number => Number(a.n) / Number(a.d);

/** null where b is 0. */
export function divide(a: Rational, b: Rational): Rational | null {
  return b.n === 0n ? null : rational(a.n * b.d, a.d * b.n);
}

/** A power with a whole exponent no larger than `MAX_EXPONENT`; else null. */
export function power(a: Rational, exponent: Rational): Rational | null {
  if (!isWhole(exponent) || exponent.n > MAX_EXPONENT || exponent.n < -MAX_EXPONENT) return null;
  if (exponent.n < 0n) return a.n === 0n ? null : power({ n: a.d * (a.n < 0n ? -1n : 1n), d: a.n < 0n ? -a.n : a.n }, negated(exponent));
  return { n: a.n ** exponent.n, d: a.d ** exponent.n };
}

/** Larger powers are no step that a person checks, and would fill the memory. */
const MAX_EXPONENT = 400n;

/** Of `12`, `0.75`, `.5`; null for anything else. */
export function rationalOf(decimal: string): Rational | null {
  const match = /^(\d*)(?:\.(\d+))?$/.exec(decimal);
  if (match === null || decimal === '') return null;
  const [, whole = '', fraction = ''] = match;
  return fraction === '' ? { n: BigInt(whole), d: 1n } : rational(BigInt(whole + fraction), 10n ** BigInt(fraction.length));
}

/** `7`, `-3/4`. */
export function fractionText(a: Rational): string {
  return a.d === 1n ? a.n.toString() : `${a.n.toString()}/${a.d.toString()}`;
}

/** `0.75`; null where the decimal expansion does not end. */
export function decimalText(a: Rational): string | null {
  let places = 0;
  for (let rest = a.d; rest !== 1n; places += 1) {
    const common = gcd(rest, 10n);
    if (common === 1n) return null;
    rest /= common;
  }
  if (places === 0) return a.n.toString();
  const digits = ((a.n < 0n ? -a.n : a.n) * 10n ** BigInt(places) / a.d).toString().padStart(places + 1, '0');
  return `${a.n < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** As a decimal where that ends, else as a fraction. */
export function plainText(a: Rational): string {
  return decimalText(a) ?? fractionText(a);
}
