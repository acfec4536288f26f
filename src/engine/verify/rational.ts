/** Exact fractions of whole numbers of any length, with a bound on their length so that nobody's exponent fills the memory. */

export interface Rational {
  readonly top: bigint;
  /** Above zero, without a common divisor with `top`. */
  readonly bottom: bigint;
}

/** Bits of a number at most: 10,000 decimal digits. */
const MAX_BITS = 33_220;
/** Decimal digits of a number that is read at most. */
const MAX_DIGITS = 10_000;
const MAX_EXPONENT = 10_000n;

export const ZERO: Rational = { top: 0n, bottom: 1n };
export const ONE: Rational = { top: 1n, bottom: 1n };

export function whole(value: bigint | number): Rational {
  return { top: BigInt(value), bottom: 1n };
}

/** Null where the bottom is zero or the number grows out of bounds. */
export function rational(top: bigint, bottom: bigint): Rational | null {
  if (bottom === 0n || tooLong(top) || tooLong(bottom)) return null;
  const divisor = gcd(top < 0n ? -top : top, bottom < 0n ? -bottom : bottom);
  const sign = bottom < 0n ? -1n : 1n;
  return { top: sign * top / divisor, bottom: sign * bottom / divisor };
}

export function plus(a: Rational, b: Rational): Rational | null {
  return rational(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom);
}

export function times(a: Rational, b: Rational): Rational | null {
  return rational(a.top * b.top, a.bottom * b.bottom);
}

export function over(a: Rational, b: Rational): Rational | null {
  return rational(a.top * b.bottom, a.bottom * b.top);
}

export function negative(a: Rational): Rational {
  return { top: -a.top, bottom: a.bottom };
}

export function same(a: Rational, b: Rational): boolean {
  return a.top === b.top && a.bottom === b.bottom;
}

/** Below zero, zero or above zero, like a − b. */
export function order(a: Rational, b: Rational): number {
  const difference = a.top * b.bottom - b.top * a.bottom;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** a^b for a whole b; for a fraction b only where the root is exact. Null where it isn't, or grows out of bounds. */
export function power(a: Rational, b: Rational): Rational | null {
  if (b.bottom !== 1n) {
    const root = b.bottom > 64n || a.top < 0n ? null : exactRoot(a, b.bottom);
    return root === null ? null : power(root, whole(b.top));
  }
  const exponent = b.top < 0n ? -b.top : b.top;
  if (a.top === 0n) return b.top > 0n ? ZERO : null;
  if (exponent > MAX_EXPONENT && !(a.bottom === 1n && (a.top === 1n || a.top === -1n))) return null;
  const size = Math.max(bits(a.top), bits(a.bottom));
  if (size > 1 && size * Number(exponent) > MAX_BITS) return null;
  if (a.bottom === 1n && (a.top === 1n || a.top === -1n)) return whole(a.top === 1n || exponent % 2n === 0n ? 1n : -1n);
  const result = { top: a.top ** exponent, bottom: a.bottom ** exponent };
  return b.top < 0n ? rational(result.bottom, result.top) : result;
}

/** The n-th root where it is a fraction; null otherwise. */
export function exactRoot(a: Rational, degree: bigint): Rational | null {
  if (a.top < 0n) {
    if (degree % 2n === 0n) return null;
    const root = exactRoot(negative(a), degree);
    return root === null ? null : negative(root);
  }
  const top = wholeRoot(a.top, degree);
  const bottom = wholeRoot(a.bottom, degree);
  return top === null || bottom === null ? null : { top, bottom };
}

/** Newton's method on whole numbers, from above. */
function wholeRoot(value: bigint, degree: bigint): bigint | null {
  if (value < 2n) return value;
  const exponent = Number(degree);
  let guess = 1n << BigInt(Math.ceil(bits(value) / exponent) + 1);
  for (;;) {
    const next = ((degree - 1n) * guess + value / guess ** (degree - 1n)) / degree;
    if (next >= guess) break;
    guess = next;
  }
  return guess ** degree === value ? guess : null;
}

/** A plain decimal, as `12`, `.5`, `1.50`, `6.02e23`; no separators, no sign. Null for anything else or out of bounds. */
export function readDecimal(text: string): Rational | null {
  if (text.length > MAX_DIGITS) return null;
  const match = /^(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,6}))?$/i.exec(text);
  if (match === null) return null;
  const [, before = '', after = '', exponent = '0'] = match;
  if (before === '' && after === '') return null;
  const shift = Number(exponent) - after.length;
  if (Math.abs(shift) > MAX_DIGITS) return null;
  const digits = BigInt(before + after);
  return shift >= 0 ? rational(digits * 10n ** BigInt(shift), 1n) : rational(digits, 10n ** BigInt(-shift));
}

/** The nearest float; Infinity where it is larger than every float. */
export function toNumber({ top, bottom }: Rational): number {
  const [a, b] = [bits(top), bits(bottom)];
  if (a < 1000 && b < 1000) return Number(top) / Number(bottom);
  // Both too long for a float: the quotient with 64 bits, then scaled.
  const shift = a - b - 64;
  const quotient = shift >= 0 ? (top >> BigInt(shift)) / bottom : top / (bottom >> BigInt(-shift) || 1n);
  return shift >= 0 ? Number(quotient) * 2 ** shift : Number((top << BigInt(-shift)) / bottom) * 2 ** shift;
}

/** As `3/4`, `12`. */
export function rationalText({ top, bottom }: Rational): string {
  return bottom === 1n ? String(top) : `${String(top)}/${String(bottom)}`;
}

/** Rounded half away from zero to so many decimals. */
export function rounded({ top, bottom }: Rational, decimals: number): Rational | null {
  const scale = 10n ** BigInt(decimals);
  const doubled = 2n * (top < 0n ? -top : top) * scale + bottom;
  const value = doubled / (2n * bottom);
  return rational(top < 0n ? -value : value, scale);
}

/** Bits of the number's absolute value. */
function bits(value: bigint): number {
  return (value < 0n ? -value : value).toString(16).length * 4;
}

function tooLong(value: bigint): boolean {
  // Comparing is cheap; writing out isn't.
  return value > LIMIT || value < -LIMIT;
}

const LIMIT = 1n << BigInt(MAX_BITS);

function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a === 0n ? 1n : a;
}
