/** Numbers in words, exactly: 三十五, 两百零三, 三分之一, 百分之二十, 一半, twenty-one, two thirds, a dozen. */
import { negative, over, plus, rational, readDecimal, whole, ZERO, type Rational } from './rational.ts';

const DIGITS = '零一二三四五六七八九';
const OTHER_DIGITS: Readonly<Record<string, number>> = { 〇: 0, 两: 2, 壹: 1, 贰: 2, 叁: 3, 肆: 4, 伍: 5, 陆: 6, 柒: 7, 捌: 8, 玖: 9 };
const UNITS: Readonly<Record<string, bigint>> = { 十: 10n, 拾: 10n, 百: 100n, 佰: 100n, 千: 1000n, 仟: 1000n };
/** A Chinese numeral, with decimal point. */
const HAN = '[零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]';
const LONGEST = 40;

const digitOf = (char: string): number => DIGITS.includes(char) ? DIGITS.indexOf(char) : OTHER_DIGITS[char] ?? -1;

/** 一千二百三十 = 1230, 二〇二四 = 2024, 三点一四 = 3.14; null where it is no numeral. */
export function chineseNumeral(text: string): Rational | null {
  if (text === '' || text.length > LONGEST) return null;
  const [before = '', after, ...rest] = text.split('点');
  if (rest.length > 0 || before === '') return null;
  const integer = chineseInteger(before);
  if (after === undefined || integer === null) return integer === null ? null : whole(integer);
  const decimals = [...after].map(digitOf);
  return decimals.length === 0 || decimals.includes(-1) ? null : plus(whole(integer), rational(BigInt(decimals.join('')), 10n ** BigInt(decimals.length)) ?? ZERO);
}

function chineseInteger(text: string): bigint | null {
  if ([...text].every((char) => digitOf(char) >= 0)) return BigInt([...text].map(digitOf).join(''));
  let [total, section, last] = [0n, 0n, 1n];
  let digit: number | null = null;
  for (const char of text) {
    const value = digitOf(char);
    if (value === 0) last = 1n;
    else if (value > 0) {
      if (digit !== null) return null;
      digit = value;
    } else if (char === '万' || char === '亿') {
      const part = section + BigInt(digit ?? 0);
      if (part === 0n && total === 0n) return null;
      total = char === '万' ? total + part * 10_000n : (total + part) * 100_000_000n;
      [section, digit, last] = [0n, null, char === '万' ? 10_000n : 100_000_000n];
    } else {
      const unit = UNITS[char];
      if (unit === undefined || (digit === null && unit !== 10n)) return null;
      section += BigInt(digit ?? 1) * unit;
      [digit, last] = [null, unit];
    }
  }
  // 三百五 is 350, 三万五 is 35,000: a last digit without its unit stands one below the unit before it.
  const tail = BigInt(digit ?? 0) * (last > 10n && text.at(-2) !== '零' && text.at(-2) !== '〇' ? last / 10n : 1n);
  return total + section + tail;
}

const NUMERAL = `(?:${HAN}+(?:点${HAN}+)?|\\d+(?:\\.\\d+)?)`;
const CHINESE = new RegExp(`^(负)?(?:(百|千)分之(${NUMERAL})|(?:(${NUMERAL})又)?(${NUMERAL})分之(${NUMERAL})|(一?半)|(${HAN}+(?:点${HAN}+)?)(?!分之))`);
/** Of words that begin with a numeral and are none: 一次函数, 三角形, 十字. */
const NO_NUMERAL = /^(?:一[次共起定旦元些样般直定起切]|三角|[十百千万亿个]位|四边|五边|六边|二次|百科|千克|千米|万一|十字)/;

export interface NumeralSpan {
  readonly value: Rational;
  /** Characters it takes. */
  readonly length: number;
  readonly percent: boolean;
}

/** The Chinese numeral or fraction at the beginning of a text; null where there is none. */
export function leadingChinese(text: string): NumeralSpan | null {
  const match = CHINESE.exec(text.slice(0, 4 * LONGEST));
  if (match === null || NO_NUMERAL.test(text)) return null;
  const [all, minus, hundred, share, mixed, bottom, top, half, numeral] = match;
  const read = (part: string): Rational | null => /^\d/.test(part) ? readDecimal(part) : chineseNumeral(part);
  let value: Rational | null = null;
  if (share !== undefined) {
    const part = read(share);
    value = part === null ? null : hundred === '百' ? part : over(part, whole(1000));
  } else if (bottom !== undefined && top !== undefined) {
    const [a, b] = [read(top), read(bottom)];
    value = a === null || b === null ? null : over(a, b);
    const before = mixed === undefined ? ZERO : read(mixed);
    value = value === null || before === null ? null : plus(value, before);
  } else if (numeral !== undefined) value = chineseNumeral(numeral);
  else if (half !== undefined) value = rational(1n, 2n);
  if (value === null) return null;
  return { value: minus === undefined ? value : negative(value), length: all.length, percent: hundred === '百' };
}

const SMALL = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'];
const TENS = ['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const SCALES: Readonly<Record<string, bigint>> = { thousand: 1_000n, million: 1_000_000n, billion: 1_000_000_000n, trillion: 1_000_000_000_000n };
const PARTS: Readonly<Record<string, bigint>> = {
  half: 2n, halves: 2n, third: 3n, quarter: 4n, fourth: 4n, fifth: 5n, sixth: 6n, seventh: 7n, eighth: 8n, ninth: 9n, tenth: 10n, twelfth: 12n, hundredth: 100n, thousandth: 1000n,
};
const VALUES = new Map<string, number>([...SMALL.map((word, i) => [word, i] as const), ...TENS.map((word, i) => [word, 20 + 10 * i] as const)]);

/** The English numeral at the beginning of a text: `twenty-one`, `one hundred and five`, `two thirds`, `a dozen`. Null where there is none. */
export function leadingEnglish(text: string): NumeralSpan | null {
  const words = wordsOf(text);
  let [total, section] = [0n, 0n];
  let [taken, end, seen] = [0, 0, false];
  const minus = words[0]?.word === 'minus' || words[0]?.word === 'negative';
  for (let at = minus ? 1 : 0; at < words.length; at++) {
    const { word, end: stop } = words[at] as Word;
    const value = VALUES.get(word);
    const scale = SCALES[word];
    if (value !== undefined) {
      // "two three" is no number.
      if (taken > 0 && !(value < 10 && taken >= 20 && taken % 10 === 0) && taken !== 100) break;
      section += BigInt(value);
      taken = value === 0 ? 1 : value;
    } else if ((word === 'a' || word === 'an') && !seen && ['hundred', 'thousand', 'million', 'billion', 'dozen', 'half', 'third', 'quarter', 'fifth', 'tenth'].includes(words[at + 1]?.word ?? '')) {
      section += 1n;
      taken = 1;
    } else if (word === 'hundred' && seen && section % 100n !== 0n) {
      section = section / 100n * 100n + section % 100n * 100n;
      taken = 100;
    } else if (word === 'dozen' && seen) {
      section *= 12n;
      taken = 12;
    } else if (scale !== undefined && seen) {
      total += section * scale;
      section = 0n;
      taken = 100;
    } else if (word === 'and' && seen && taken === 100 && VALUES.has(words[at + 1]?.word ?? '')) continue;
    else {
      const part = PARTS[word] ?? PARTS[word.replace(/s$/, '')];
      if (part === undefined || !(seen || word === 'half') || (word === 'third' && !seen)) break;
      const value = rational(seen ? total + section : 1n, part);
      return value === null ? null : { value: minus ? negative(value) : value, length: stop, percent: false };
    }
    seen = true;
    end = stop;
  }
  const value = whole(total + section);
  return seen ? { value: minus ? negative(value) : value, length: end, percent: false } : null;
}

interface Word {
  readonly word: string;
  readonly end: number;
}

function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  const pattern = /\s*-?\s*([A-Za-z]+)/y;
  while (words.length < 30) {
    const match = pattern.exec(text);
    if (match === null) break;
    words.push({ word: (match[1] ?? '').toLowerCase(), end: pattern.lastIndex });
  }
  return words;
}

const SCALE_WORDS: Readonly<Record<string, bigint>> = { ...SCALES, hundred: 100n, dozen: 12n, 百: 100n, 千: 1000n, 万: 10_000n, 十万: 100_000n, 百万: 1_000_000n, 千万: 10_000_000n, 亿: 100_000_000n, 万亿: 1_000_000_000_000n };
const SCALED = /^\s*(?:(hundred|thousand|million|billion|trillion|dozen)s?\b|(十万|百万|千万|万亿|百|千(?![克米瓦])|万|亿))/i;

/** The word for its size that follows a number: `3.5 million`, `3.5万`. */
export function scaleAfter(text: string): { readonly factor: Rational; readonly length: number } | null {
  const match = SCALED.exec(text);
  const factor = SCALE_WORDS[(match?.[1] ?? match?.[2] ?? '').toLowerCase()];
  return match === null || factor === undefined ? null : { factor: whole(factor), length: match[0].length };
}
