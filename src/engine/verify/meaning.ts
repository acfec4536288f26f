/** Reads a final answer: which of the things that answers are it is, with its unit. */
import { apply, number, variablesOf, type Expression, type Meaning, type Unit } from './expression.ts';
import { parseMathematics } from './mathParser.ts';
import { leadingChinese, leadingEnglish, scaleAfter, type NumeralSpan } from './numerals.ts';
import { MAX_ANSWER_LENGTH, plainAnswer, plainWords } from './plainText.ts';
import { negative, plus, readDecimal, times, ZERO, type Rational } from './rational.ts';
import { NotMathematics } from './scanner.ts';
import { conversion, leadingMoney, unitNamed } from './units.ts';

const YES = new Set(['yes', 'true', 'correct', 'right', '是', '是的', '对', '对的', '正确', '真', '成立', '可以', '能', '√', '✓']);
const NO = new Set(['no', 'false', 'incorrect', 'wrong', '否', '不是', '错', '错误', '不对', '不正确', '假', '不成立', '不可以', '不能', '×', '✗']);
const APPROXIMATE = /^(?:\\approx|≈|about|approximately|roughly|around|nearly|almost|大约|约为|约等于|约|差不多)\s*/i;
/** What stands between number and unit, or after them, and says nothing of either. */
const FILLER = /^(?:\s|-(?=[a-z])|of\b|an?\b|in total\b|total\b|altogether\b|each\b|more\b|left\b|共|个(?=小时|月|星期|百分点))+/i;
const CLOCK = /^(\d{1,2}):([0-5]\d)(?::([0-5]\d))?\s*(?:([ap])\.?\s?m\.?)?$/i;
const HOUR = /^(\d{1,2})\s*([ap])\.?\s?m\.?$/i;
const CHINESE_CLOCK = /^(上午|下午|晚上|早上|凌晨|中午)?\s*(\d{1,2})\s*(?:点|时)(?!\d*[个米])(?:\s*(\d{1,2})\s*分?|(半))?$/;
const OPTION = /^(?:(?:option|choice|answer)\s+|选项?\s*)?[([{]?\s*([A-J])\s*[)\]}]?$/i;
const MANY_OPTIONS = /^[([]?([A-J](?:\s*(?:,|and|&|和)?\s*[A-J]){1,6})[)\]]?$/;

/** Never throws. A text that goes over a bound is `text`, and `tooLarge` says so. */
export function readMeaning(answer: string): { readonly meaning: Meaning; readonly tooLarge: boolean } {
  if (answer.length > MAX_ANSWER_LENGTH) return { meaning: { type: 'text', text: answer.trim() }, tooLarge: true };
  const text = plainAnswer(answer);
  try {
    return { meaning: read(text), tooLarge: false };
  } catch (error) {
    if (!(error instanceof NotMathematics)) throw error;
    return { meaning: { type: 'text', text: plainWords(answer) }, tooLarge: error.reason === 'too-large' };
  }
}

/** The option letters of an answer that is nothing but them: `(B)`, 选B, `A, C`; null for anything else. */
export function optionLetters(answer: string): string | null {
  if (answer.length > 60) return null;
  const text = plainAnswer(answer);
  const one = OPTION.exec(text)?.[1];
  if (one !== undefined) return one.toUpperCase();
  const many = MANY_OPTIONS.exec(text)?.[1];
  return many === undefined ? null : [...new Set(many.match(/[A-J]/g) ?? [])].sort().join('');
}

export function truthOf(answer: string): boolean | null {
  if (answer.length > 40) return null;
  const words = plainWords(answer);
  return YES.has(words) ? true : NO.has(words) ? false : null;
}

function read(text: string): Meaning {
  // 5th and 第5 are 5.
  const stripped = text.replace(APPROXIMATE, '').replace(/(\d)\s+or so$/i, '$1').replace(/^(\d+)(?:st|nd|rd|th)\b/i, '$1').replace(/^第(?=[\d一二三四五六七八九十百])/, '');
  if (stripped === '') throw new NotMathematics('syntax');
  return clock(stripped) ?? ratio(stripped) ?? compound(stripped) ?? quantity(stripped) ?? parseMathematics(stripped);
}

function clock(text: string): Meaning | null {
  const [, hours, minutes, seconds = '0', half] = CLOCK.exec(text) ?? [];
  if (hours !== undefined && minutes !== undefined && Number(hours) < 25) {
    const at = clockSeconds(Number(hours), Number(minutes), half) + Number(seconds);
    return { type: 'ratio', parts: half === undefined && seconds === '0' ? [literal(hours), literal(minutes)] : [], clock: at };
  }
  const [, hour, afternoon] = HOUR.exec(text) ?? [];
  if (hour !== undefined) return { type: 'ratio', parts: [], clock: clockSeconds(Number(hour), 0, afternoon) };
  const chinese = CHINESE_CLOCK.exec(text);
  if (chinese === null) return null;
  const [, part, at = '0', past, halfPast] = chinese;
  return { type: 'ratio', parts: [], clock: clockSeconds(Number(at), halfPast === undefined ? Number(past ?? 0) : 30, part === undefined ? undefined : part === '下午' || part === '晚上' ? 'p' : 'a') };
}

function clockSeconds(hours: number, minutes: number, half: string | undefined): number {
  const hour = half === undefined ? hours : hours % 12 + (half.toLowerCase() === 'p' ? 12 : 0);
  return hour * 3600 + minutes * 60;
}

function literal(digits: string): Expression {
  return number(readDecimal(digits) ?? ZERO);
}

function ratio(text: string): Meaning | null {
  const written = text.replace(/^(\d+(?:\.\d+)?) to (\d+(?:\.\d+)?)$/, '$1:$2').replace(/^([\d.]+)\s*比\s*([\d.]+)$/, '$1:$2');
  if (!written.includes(':') || written.length > 200) return null;
  const parts = written.split(':').map((part) => parseMathematics(part.trim()));
  const values = parts.flatMap((part) => part.type === 'expression' ? [part.value] : []);
  return parts.length >= 2 && values.length === parts.length ? { type: 'ratio', parts: values, clock: null } : null;
}

/** `1 hour 30 minutes`, `5 feet 3 inches`, 3元5角: two or more of one dimension. */
function compound(text: string): Meaning | null {
  if (text.length > 120) return null;
  let sum: Rational | null = ZERO;
  let first: Unit | null = null;
  let pieces = 0;
  for (let rest = text; rest !== '';) {
    const piece = leadingPiece(rest, first);
    if (piece === null || (first !== null && piece.unit.dimension !== first.dimension)) return null;
    first ??= piece.unit;
    const factor = conversion(piece.unit, first);
    const part = factor === null ? null : times(piece.value, factor);
    sum = sum === null || part === null ? null : plus(sum, part);
    pieces += 1;
    rest = piece.rest;
  }
  return pieces < 2 || first === null || sum === null ? null : { type: 'expression', value: number(sum), unit: first };
}

/** A number, its unit, and what follows. */
function leadingPiece(text: string, before: Unit | null): { readonly value: Rational; readonly unit: Unit; readonly rest: string } | null {
  const [digits] = /^\d+(?:\.\d+)?/.exec(text) ?? [];
  const span = digits === undefined ? leadingChinese(text) : null;
  const value = digits === undefined ? span?.value ?? null : readDecimal(digits);
  const after = text.slice(digits?.length ?? span?.length ?? 0).trimStart();
  if (value === null) return null;
  const [latin] = /^[A-Za-z]+/.exec(after) ?? [];
  const names = latin === undefined ? [4, 3, 2, 1].map((length) => after.slice(0, length)) : [latin];
  for (const name of names) {
    const unit = unitNamed(name) ?? (name === '分' ? fen(before) : null);
    if (unit !== null && !/^[\d\s]*$/.test(name)) return { value, unit, rest: after.slice(name.length).replace(/^\s*(?:,\s*)?(?:and\b\s*|零|又)?\s*/, '') };
  }
  return null;
}

function fen(before: Unit | null): Unit | null {
  return before?.dimension === 'time' ? unitNamed('分钟') : before?.dimension === 'CNY' ? unitNamed('分钱') : null;
}

/** A number or expression with a unit or a noun around it; null where the whole text is to be read as mathematics. */
function quantity(text: string): Meaning | null {
  const money = leadingMoney(text);
  if (money !== null) {
    const inner = quantity(money.rest) ?? parseMathematics(money.rest);
    if (inner.type !== 'expression') throw new NotMathematics('syntax');
    return { type: 'expression', value: money.minus ? apply('negate', inner.value) : inner.value, unit: inner.unit ?? money.unit };
  }
  const words = numeralWords(text);
  if (words !== null) return words;
  const scaled = scaledNumber(text);
  if (scaled !== null) return scaled;
  return withSuffix(text);
}

function numeralWords(text: string): Meaning | null {
  const span: NumeralSpan | null = leadingChinese(text) ?? (/^[A-Za-z]{3,}/.test(text) || /^an? /i.test(text) ? leadingEnglish(text) : null);
  if (span === null) return null;
  const rest = text.slice(span.length);
  const percent = span.percent ? unitNamed('%') : null;
  const value = number(span.value);
  if (rest.trim() === '') return { type: 'expression', value, unit: percent };
  const scale = scaleAfter(rest);
  const after = scale === null ? rest : rest.slice(scale.length);
  const product = scale === null ? span.value : times(span.value, scale.factor);
  // 一共有 3 个 is no 1.
  if (product === null || !isNoun(after) || /\d/.test(after)) return null;
  return { type: 'expression', value: number(product), unit: percent ?? unitOf(after) };
}

function scaledNumber(text: string): Meaning | null {
  const [all, minus, digits] = /^(-?)(\d[\d,]*(?:\.\d+)?)/.exec(text) ?? [];
  if (all === undefined || digits === undefined) return null;
  const scale = scaleAfter(text.slice(all.length));
  if (scale === null) return null;
  const rest = text.slice(all.length + scale.length);
  const base = readDecimal(digits.replaceAll(',', ''));
  const value = base === null ? null : times(base, scale.factor);
  if (value === null || !isNoun(rest)) return null;
  return { type: 'expression', value: number(minus === '-' ? negative(value) : value), unit: unitOf(rest) };
}

/** Words after a number that say that it isn't the answer, or only about where it lies. */
const QUALIFIED = /\b(?:not|nor|or|wrong|incorrect|impossible|at (?:least|most))\b|n't\b|不是|并非|不对|错误|不可能|以上|以下|以内|之间|或/i;

/** Words after a number that are a unit or a noun. */
function isNoun(text: string): boolean {
  return !QUALIFIED.test(text) && /^[\s\p{L}%°.()'"/^\d-]{0,80}$/u.test(text) && !/^\s*[\d^/]/.test(text);
}

function unitOf(text: string): Unit | null {
  const words = text.replace(FILLER, '').replace(/\s*\(.*\)$/, '');
  return unitNamed(words) ?? unitNamed(words.split(' ')[0] ?? '');
}

/** The longest known unit at the end behind a constant; else a noun behind a constant that the parser stops at. */
function withSuffix(text: string): Meaning | null {
  const tail = /[A-Za-z°%¤€£¢\u4e00-\u9fff][A-Za-z°%¤€£¢\u4e00-\u9fff\s/^\d{}.()'-]*$/.exec(text.slice(-90));
  if (tail === null) return null;
  const offset = Math.max(0, text.length - 90) + tail.index;
  for (const start of unitStarts(text, offset)) {
    const unit = unitOf(text.slice(start));
    if (unit === null || unitNamed(text.slice(start).replace(FILLER, '')) === null) continue;
    const value = constant(text.slice(0, start));
    if (value !== null) return { type: 'expression', value, unit };
  }
  // 42 apples, \frac{1}{2} pizza, 72个夹子: the parser reads none of these words.
  const noun = /^(-?\s?[\d.,/ ]*\d|.*[\d})])\s*-?\s?((?:[a-z]{2,}|[\u4e00-\u9fff]).{0,80})$/is.exec(text.slice(0, 200));
  if (noun === null || text.length > 200) return null;
  const [, before = '', after = ''] = noun;
  if (/^(?:and|or|to|in|mod|sqrt|pi)\b|^[a-z]{1,2}$|^(?:或|和|与)|\d|[=<>\\]/i.test(after) || !isNoun(after)) return null;
  const value = constant(before);
  return value === null ? null : { type: 'expression', value, unit: unitOf(after) };
}

/** Places where a word begins, from the front. */
function unitStarts(text: string, from: number): readonly number[] {
  const starts: number[] = [];
  for (let at = from; at < text.length && starts.length < 24; at++) {
    const [char, before] = [text[at] ?? '', text[at - 1] ?? ' '];
    if (/[A-Za-z°%¤€£¢\u4e00-\u9fff]/.test(char) && !(/[A-Za-z\\]/.test(before) && /[A-Za-z]/.test(char))) starts.push(at);
  }
  return starts;
}

function constant(text: string): Expression | null {
  const trimmed = text.trim().replace(/-$/, '').replace(/\\?[,;:]$/, '');
  if (trimmed === '') return null;
  try {
    const meaning = parseMathematics(trimmed);
    return meaning.type === 'expression' && variablesOf(meaning.value).size === 0 ? meaning.value : null;
  } catch (error) {
    if (error instanceof NotMathematics) return null;
    throw error;
  }
}
