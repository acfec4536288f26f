/**
 * Whether two expressions are equal. Fractions exactly; rational functions exactly at random points (a difference that isn't
 * zero vanishes at a random point with a chance of degree over range: Schwartz 1980, Zippel 1979); all else by floats at random
 * points, and where those agree by the symbolic engine too, which has the last word where it has one.
 */
import { exactValue, floatValue, type Complex } from './evaluate.ts';
import { mentions, variablesOf, type Expression } from './expression.ts';
import { order, rounded, same, toNumber, whole, type Rational } from './rational.ts';
import { symbolicOpinion } from './symbolic.ts';

export type Sameness = 'same' | 'different' | 'rounded' | 'unknown';

/** Points at which two expressions are held against each other. */
const POINTS = 6;
/** Floats of equal expressions differ by rounding alone: some hundred roundings of 1.1e-16. */
const TOLERANCE = 1e-11;
/** Points of which this many must be defined for both. */
const MIN_DEFINED = 3;
/** Random whole numbers of Schwartz and Zippel's points: fixed, so that a verdict is the same every time; of both signs, √(x²) is not x. */
const EXACT_POINTS: readonly (readonly bigint[])[] = [[1009n, 2713n, 907n, 3469n, 5303n, 7561n, 8837n, 9479n], [-4721n, 1361n, -6899n, -2087n, 7933n, -3163n, 9871n, -5591n], [3877n, -6421n, 2243n, 7129n, -1733n, 9091n, -4409n, 8263n]];

export function sameValue(a: Expression, b: Expression): Sameness {
  const [x, y] = [exactValue(a), exactValue(b)];
  if (x !== null && y !== null) return same(x, y) ? 'same' : isRounded(x, y) || isRounded(y, x) ? 'rounded' : 'different';
  if (mentions(a, 'infinity') || mentions(b, 'infinity')) return JSON.stringify(plain(a)) === JSON.stringify(plain(b)) ? 'same' : 'different';
  const names = [...new Set([...variablesOf(a), ...variablesOf(b)])].sort();
  const exact = names.length > 0 && names.length <= 8 ? atExactPoints(a, b, names) : null;
  if (exact !== null) return exact ? 'same' : 'different';
  const floats = atFloatPoints(a, b, names);
  if (floats === 'different') return (x !== null && roundsTo(b, x)) || (y !== null && roundsTo(a, y)) ? 'rounded' : 'different';
  const opinion = symbolicOpinion(a, b);
  if (floats === 'unknown') return opinion ?? 'unknown';
  // The floats agree. Where there are no variables the engine reckons with fifty digits, which tell near misses.
  return opinion === 'different' && names.length === 0 ? 'different' : 'same';
}

/** Bigints in JSON, and −x as one thing with the number. */
function plain(expression: Expression): unknown {
  if (expression.type === 'number') return `${String(expression.value.top)}/${String(expression.value.bottom)}`;
  if (expression.type === 'symbol') return expression.name;
  return [expression.operation, ...expression.parts.map(plain)];
}

/** Null where a point has no exact value. */
function atExactPoints(a: Expression, b: Expression, names: readonly string[]): boolean | null {
  for (const point of EXACT_POINTS) {
    const at = new Map(names.map((name, i) => [name, whole(point[i] ?? 1n)] as const));
    const [x, y] = [exactValue(a, at), exactValue(b, at)];
    if (x === null || y === null) return null;
    if (!same(x, y)) return false;
  }
  return true;
}

function atFloatPoints(a: Expression, b: Expression, names: readonly string[]): Sameness {
  let defined = 0;
  const points = names.length === 0 ? 1 : POINTS;
  for (let point = 0; point < points; point++) {
    const at = new Map(names.map((name, i) => [name, pointOf(point, i)] as const));
    const [x, y] = [floatValue(a, at), floatValue(b, at)];
    if (![x.re, x.im, y.re, y.im].every(Number.isFinite)) continue;
    defined += 1;
    const size = Math.max(Math.hypot(x.re, x.im), Math.hypot(y.re, y.im));
    if (Math.hypot(x.re - y.re, x.im - y.im) > TOLERANCE * Math.max(size, names.length === 0 ? 0 : 1e-3)) return 'different';
  }
  return defined >= Math.min(points, MIN_DEFINED) ? 'same' : 'unknown';
}

/** Real, of both signs, some beside the axis: √(x²) is not x. Steps of the golden ratio spread them. */
function pointOf(point: number, variable: number): Complex {
  const spread = ((point * 8 + variable + 1) * 0.618_033_988_749_894_9) % 1;
  const size = 0.3 + 2.1 * spread;
  return { re: (point + variable) % 3 === 1 ? -size : size, im: point >= 4 ? 0.4 * spread : 0 };
}

/** Decimals from which a value can be the rounding of another: 0.33 for a third, not 0 for it. */
const MIN_DECIMALS = 2;
const MAX_DECIMALS = 30;

/** Whether `short` is a decimal that `long` rounds to. */
function isRounded(long: Rational, short: Rational): boolean {
  const decimals = decimalsOf(short);
  if (decimals === null || decimals < MIN_DECIMALS) return false;
  const value = rounded(long, decimals);
  return value !== null && same(value, short) && order(long, short) !== 0;
}

function roundsTo(expression: Expression, short: Rational): boolean {
  const decimals = decimalsOf(short);
  if (decimals === null || decimals < MIN_DECIMALS || variablesOf(expression).size > 0) return false;
  const { re, im } = floatValue(expression, new Map());
  return im === 0 && Math.abs(re - toNumber(short)) <= 0.5000001 * 10 ** -decimals;
}

/** Decimals that a fraction needs; null where it has no end. */
function decimalsOf({ bottom }: Rational): number | null {
  let scale = 1n;
  for (let decimals = 0; decimals <= MAX_DECIMALS; decimals++) {
    if (scale % bottom === 0n) return decimals;
    scale *= 10n;
  }
  return null;
}
