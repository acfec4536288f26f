/** The numbers written in digits in a question or a trace, which of them may be changed, and how a new one is written. */
import { decimalText, rationalOf, type Rational } from '../symbolic/rational.ts';

export interface NumberToken {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly value: Rational;
  /** decimalText of the value: equal for equal numbers. */
  readonly key: string;
  readonly percent: boolean;
  /** The largest that makes sense here: 24 hours, 7 days, 100 %. */
  readonly most: number;
  /** Part of a time, a date, a fraction, a range, a name: stays as it is. */
  readonly fixed: boolean;
}

const NUMBER = /\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+/g;
const YEAR = /^(?:19|20)\d\d$/;

export function numberTokens(text: string): NumberToken[] {
  const found: NumberToken[] = [];
  for (const match of text.matchAll(NUMBER)) {
    const [written] = match;
    const [start, end] = [match.index, match.index + written.length];
    const value = rationalOf(written.replaceAll(',', ''));
    if (value === null) continue;
    found.push({ start, end, text: written, value, key: decimalText(value) ?? '', percent: /^\s?(?:%|percent)/.test(text.slice(end)), most: mostOf(value, text.slice(end, end + 24)), fixed: isFixed(text, start, end) });
  }
  return found;
}

/** A number of a unit that was within the next larger one stays within it: nobody sleeps 26 hours a day. */
const WITHIN: readonly (readonly [unit: RegExp, limits: readonly number[]])[] = [
  [/^\s?(?:%|percent)/i, [100]], [/^[\s-]?(?:hours?|hrs?)\b|^\s?小时/i, [8, 12, 24]], [/^[\s-]?(?:minutes?|mins?|seconds?)\b|^\s?(?:分钟|秒)/i, [60]],
  [/^[\s-]?days?\b|^\s?天/i, [7, 31, 365]], [/^[\s-]?weeks?\b/i, [4, 52]], [/^[\s-]?months?\b|^\s?个月/i, [12]], [/^[\s-]?years?[\s-]old\b|^\s?岁/i, [19, 100]], [/^[\s-]?(?:inches|inch|cents?)\b/i, [99]],
];

function mostOf(value: Rational, after: string): number {
  const limits = WITHIN.find(([unit]) => unit.test(after))?.[1] ?? [];
  return limits.find((limit) => value.n <= BigInt(limit) * value.d) ?? Infinity;
}

function isFixed(text: string, start: number, end: number): boolean {
  const [before, after] = [text.slice(Math.max(0, start - 3), start), text.slice(end, end + 6)];
  // x2, v1.5, #3, 3:30, 1/2, -5, A4, iPhone12
  if (/[A-Za-z_#:/.^]$|\d-$|[−–-]$/.test(before) && !/\b(?:USD|RMB)$/i.test(before)) return true;
  // 3:30, 1/2, 5-7, 4th, 3pm, 2D, 10x
  return /^(?::\d|\/\d|[–-]\d|st\b|nd\b|rd\b|th\b|s\b|\s?[ap]\.?m\b|x\b|D\b|°|\s?o'clock|:|点|号|日|\^|\s?(?:年级|班|楼|路))/i.test(after) || YEAR.test(text.slice(start, end));
}

/** The text with the numbers at some places written anew. */
export function rewritten(text: string, tokens: readonly NumberToken[], written: (token: NumberToken) => string | null): string {
  let [out, at] = ['', 0];
  for (const token of tokens) {
    const next = written(token);
    if (next === null) continue;
    out += text.slice(at, token.start) + next;
    at = token.end;
  }
  return out + text.slice(at);
}

/** A value in the way in which the old one stands: thousands separators, places of money. Null where its decimals don't end. */
export function writtenLike(value: Rational, like: string): string | null {
  const plain = decimalText(value);
  if (plain === null) return null;
  const [whole = '', fraction = ''] = plain.split('.');
  const places = like.split('.')[1];
  // 2.50 stays money; 0.2 becomes 0.25 or 3.
  const padded = places !== undefined && places.length === 2 && (fraction !== '' || places.endsWith('0')) ? fraction.padEnd(2, '0') : fraction;
  const grouped = like.includes(',') ? whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',') : whole;
  return padded === '' ? grouped : `${grouped}.${padded}`;
}

/** Values that words of a text name, as number keys: they are no digits, so they can't be changed. */
const WORDS: readonly (readonly [pattern: RegExp, keys: readonly string[]])[] = [
  [/\bone\b|\bonce\b|\bfirst\b|\bsingle\b|\ba third\b/i, ['1']], [/\btwo\b|\btwice\b|\bhal(?:f|ves)\b|\bdoubl\w*|\bboth\b|\bpairs?\b|\bcouple\b|\bsecond\b|\btwins?\b|\beither\b|\beach other\b|\bmidway\b/i, ['2', '0.5', '1.5', '50']],
  [/\bthree\b|\bthrice\b|\btripl\w*|\bthirds?\b|\btrio\b|\byards?\b/i, ['3']], [/\bfour(?:th|ths)?\b|\bquarters?\b|\bquadrupl\w*/i, ['4', '0.25', '25', '0.75']],
  [/\bfive\b|\bfifths?\b|\bnickels?\b|\bweekdays?\b|\bworkdays?\b|\bschool days?\b|\bwork week\b/i, ['5', '0.05', '0.2']], [/\bsix(?:th|ths)?\b|\bhexagon/i, ['6']], [/\bseven(?:th|ths)?\b|\bweek|\bdaily\b|\bday/i, ['7']],
  [/\beight(?:h|hs)?\b/i, ['8', '0.125']], [/\bnine\b|\bninths?\b/i, ['9']], [/\bten(?:th|ths)?\b|\bdimes?\b|\bdecades?\b/i, ['10', '0.1']], [/\beleven/i, ['11']],
  [/\btwelve\b|\bdozen|\byear|\bmonth|\bannual|\bfeet\b|\bfoot\b|\binch/i, ['12', '6']], [/\bthirteen/i, ['13']], [/\bfourteen/i, ['14']], [/\bfifteen/i, ['15']], [/\bsixteen|\bounces?\b|\bpounds?\b|\bcups?\b/i, ['16']],
  [/\bseventeen/i, ['17']], [/\beighteen/i, ['18']], [/\bnineteen/i, ['19']], [/\btwenty/i, ['20']], [/\bthirty|\bmonth/i, ['30', '31']], [/\bforty/i, ['40']], [/\bfifty/i, ['50']], [/\bsixty|\bminutes?\b|\bhours?\b|\bseconds?\b|\bhourly\b/i, ['60', '3600']],
  [/\bhundred|%|\bpercent|\bcents?\b|\bcm\b|\bcentimet|\bmeters?\b|\bpenn(?:y|ies)\b/i, ['100', '0.01', '1']], [/\bthousand|\bkm\b|\bkilo|\bkg\b|\bgrams?\b|\bml\b|\blit(?:er|re)s?\b|\bmilli/i, ['1000']],
  [/\bday|\bhour/i, ['24']], [/\byear|\bannual/i, ['365', '52']], [/\bweek/i, ['52', '14']], [/\bmonth/i, ['4']], [/\bquadrilateral|\bsquare|\brectang|\bsides\b/i, ['4', '2']], [/\btriang/i, ['3', '2']], [/\baverage|\bmean\b/i, ['2']],
  [/[一壹]/, ['1']], [/[二两双倍半]/, ['2', '0.5']], [/[三]/, ['3']], [/[四]|长方形|正方形|矩形|周长/, ['4', '2']], [/[五]/, ['5']], [/[六]/, ['6']], [/[七周]|星期|天/, ['7']], [/[八]/, ['8']], [/[九]/, ['9']], [/[十]/, ['10']],
  [/[年月]|一打/, ['12', '30']], [/分钟|小时|秒/, ['60', '3600']], [/天|小时/, ['24']], [/百|%|厘米|分米/, ['100', '10']], [/千|克|毫/, ['1000']], [/三角/, ['3', '2']], [/平均/, ['2']],
];

/** Values that a text explains without digits: by number words, units, shapes. */
export function explainedKeys(text: string): ReadonlySet<string> {
  // 1 explains itself: 1 + 20%, 1 - 1/4.
  const keys = new Set(['1', '0']);
  for (const [pattern, values] of WORDS) if (pattern.test(text)) for (const value of values) keys.add(value);
  return keys;
}
