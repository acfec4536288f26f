/** Numbers as they are written within mathematics: separators of thousands, scientific notation, the fraction of a mixed number. */
import { over, whole, type Rational } from './rational.ts';

/** Digits with separators of thousands: 1,234 · 12,34,567 · 1 234 · 1'234 · 1_234 · 1.234.567,8 · then plain ones. */
const GROUPED = [
  String.raw`(?:\d{1,3}(?:,\d{3})+(?!\d|,\d)|\d{1,3}(?:,\d{2})+,\d{3}(?![\d,])|\d{1,3}(?: \d{3})+(?![\d/]| \d)|\d{1,3}(?:'\d{3})+(?!\d)|\d{1,3}(?:_\d{3})+(?!\d))(?:\.\d+)?`,
  String.raw`\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?(?!\d)|\d{1,3}(?:\.\d{3})+,\d+(?!\d)|\d+(?:\.\d*)?|\.\d+`,
].join('|');

/** The number that begins at a place, as a plain decimal. Within brackets a comma always parts: (1,234) are two. */
export function readDigits(text: string, at: number, inBrackets: boolean): { readonly digits: string; readonly end: number } | null {
  const pattern = inBrackets ? /\d+(?:\.\d*)?|\.\d+/y : new RegExp(GROUPED, 'y');
  pattern.lastIndex = at;
  const [written] = pattern.exec(text) ?? [];
  if (written === undefined) return null;
  // 1.234.567,8 as it is written on the continent.
  const continental = /^\d{1,3}(?:\.\d{3})+(?:,\d+)?$/.test(written) && (written.includes(',') || written.indexOf('.') !== written.lastIndexOf('.'));
  const digits = continental ? written.replaceAll('.', '').replace(',', '.') : written.replaceAll(/[, '_]/g, '');
  const scientific = /[eE][+-]?\d{1,6}(?![\d.A-Za-z])/y;
  scientific.lastIndex = pattern.lastIndex;
  const [exponent] = scientific.exec(text) ?? [];
  return exponent === undefined ? { digits, end: pattern.lastIndex } : { digits: digits + exponent, end: scientific.lastIndex };
}

/** The proper fraction of literals behind a whole number: 1 1/2, 1\frac{4}{5}. */
export function readProperFraction(text: string, at: number): { readonly value: Rational; readonly end: number } | null {
  const pattern = /\s*\\frac\s*(?:\{\s*(\d{1,15})\s*\}|(\d))\s*(?:\{\s*(\d{1,15})\s*\}|(\d))|\s+(\d{1,15})\s?\/\s?(\d{1,15})(?![\d.])/y;
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match === null) return null;
  const [top, bottom] = [match[1] ?? match[2] ?? match[5] ?? '', match[3] ?? match[4] ?? match[6] ?? ''];
  const value = BigInt(bottom) === 0n || BigInt(top) >= BigInt(bottom) ? null : over(whole(BigInt(top)), whole(BigInt(bottom)));
  return value === null ? null : { value, end: pattern.lastIndex };
}
