/** Tokens of the arithmetic in a sentence: numbers with their unit, operations in signs, words, LaTeX and Chinese, and what is neither. */
import { numbersIn } from './stepsNumbers.ts';

interface At {
  readonly start: number;
  readonly end: number;
}
export type Token = At & (
  | { readonly type: 'number'; readonly value: number; readonly unit: string; readonly decimals: number; readonly percent: boolean }
  | { readonly type: 'operator'; readonly sign: '+' | '-' | '*' | '/' | '^' | '!' }
  /** `tight`: no space before it. */
  | { readonly type: 'open'; readonly tight: boolean }
  | { readonly type: 'close' }
  | { readonly type: 'function'; readonly name: 'frac' | 'sqrt' }
  /** `word`: said (is, 等于), not written as a sign. */
  | { readonly type: 'equals'; readonly word: boolean; readonly approximate: boolean }
  /** `operand`: belongs to the mathematics (a variable, `of`, `mod`), so that arithmetic beside it isn't whole. */
  | { readonly type: 'word'; readonly operand: boolean }
  /** Punctuation. */
  | { readonly type: 'mark' }
);

const EQUAL_WORDS = new Set(['is', 'equals', 'equal', 'are', 'gives', 'makes', 'was']);
const HEDGES = new Set(['about', 'approximately', 'roughly', 'around', 'nearly', 'almost']);
const FILLERS = new Set(['to', 'also', 'just', 'exactly', 'indeed', 'actually', 'simply', 'then', 'still', 'us', 'you', 'a', 'total', 'of']);
const OPERATOR_WORDS: Readonly<Record<string, '+' | '-' | '*' | '/'>> = { plus: '+', minus: '-', times: '*' };
/** Words that take the number beside them as their operand, or say that it is only part of a comparison. */
const OPERAND_WORDS = new Set([
  'of', 'mod', 'modulo', 'sqrt', 'log', 'ln', 'sin', 'cos', 'tan', 'over', 'per', 'choose', 'squared', 'cubed', 'power', 'than', 'more', 'less',
  'fewer', 'times', 'half', 'twice', 'and', 'or', 'not', 'remainder', 'each', 'every', 'percent', 'by', 'from', 'between', 'base', 'degrees', 'to', 'x',
]);
/** Of these, what takes a number only when one stands before it: `3 and 4`, but not `…, and 12 × 7 = 84`. */
const JOINS = new Set(['and', 'or']);
/** Letters that may follow a number without a space and are a unit, not a variable. */
const UNITS = /^(?:cm|mm|km|kg|mg|ml|mL|hrs?|mins?|secs?|mph|kph|lbs?|oz|ft|in|m|g|L|kWh?|Hz|GB|MB|am|pm|°)(?![A-Za-z])/;

const HAN_OPERATOR: readonly (readonly [string, '+' | '-' | '*' | '/'])[] = [
  ['加上', '+'], ['减去', '-'], ['乘以', '*'], ['除以', '/'], ['加', '+'], ['减', '-'], ['乘', '*'],
];
const HAN_EQUALS = /(?:等于|得到|就是|也就是|得出|结果是|是|得|为)$/;

/** "12 times 2. That's 24", "3 by 3, which equals 9": the equals sign is in the next clause. */
const EQUALS_NEXT_CLAUSE = /[,.?:;]?\s*(?:which|that|this)\s?(?:['’]s|is|equals|gives|makes|comes to|should be|would be|will be|means)\b(?:\s+(?:also|just|indeed|equal to|us|you|a total of))?(?=\s*[\d$\\])/iy;

const LATEX_SKIP = /\\(?:left|right|bigl?|bigr?|Bigl?|Bigr?|displaystyle|quad|qquad|boxed|mathbf|[,;:! ()[\]$])/y;
const LATEX_TEXT = /\\(?:text|mathrm|textbf|operatorname)\{([^{}]{0,60})\}/y;
const LATEX = /\\[A-Za-z]+/y;
const LATIN = /[A-Za-z]+(?:['’][A-Za-z]+)?/y;
const HAN = /[\u3400-\u9fff]+/y;
const ANNOTATION = /\s?\((?=[^()\d]{1,40}\))[^()=+*/]*\)/y;

function stick(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

class Lexer {
  readonly tokens: Token[] = [];
  private readonly numbers: ReadonlyMap<number, ReturnType<typeof numbersIn>[number]>;
  private at = 0;

  constructor(private readonly text: string) {
    this.numbers = new Map(numbersIn(text).map((span) => [span.start, span]));
  }

  run(): readonly Token[] {
    const bullet = /^\s*(?:[-*+•●]\s|\d{1,3}[.)、](?!\d)|#{1,6}\s)/.exec(this.text);
    this.at = bullet?.[0].length ?? 0;
    while (this.at < this.text.length) this.step();
    return this.tokens;
  }

  private push(token: Token): void {
    this.tokens.push(token);
    this.at = token.end;
  }

  private get previous(): Token | undefined {
    return this.tokens.at(-1);
  }

  private step(): void {
    const { text, at } = this;
    const char = text[at] as string;
    if (char <= ' ' || char === '$') this.at += 1;
    else if (this.nextClause()) return;
    else if (char === '\\') this.latex();
    else if (this.numbers.has(at)) this.number();
    else if (/[A-Za-z]/.test(char)) this.latin();
    else if (/[\u3400-\u9fff]/.test(char)) this.han();
    else this.sign(char);
  }

  private nextClause(): boolean {
    if (!this.afterOperand()) return false;
    const match = stick(EQUALS_NEXT_CLAUSE, this.text, this.at);
    if (match) this.push({ type: 'equals', word: true, approximate: false, start: this.at, end: this.at + match[0].length });
    return match !== null;
  }

  private latex(): void {
    const { text, at } = this;
    const words = stick(LATEX_TEXT, text, at);
    if (words) {
      this.unitOrWord(words[1] ?? '', at, at + words[0].length);
      return;
    }
    const skip = stick(LATEX_SKIP, text, at);
    const command = stick(LATEX, text, at)?.[0];
    const end = at + (command?.length ?? 1);
    if (command === '\\times' || command === '\\cdot' || command === '\\ast') this.push({ type: 'operator', sign: '*', start: at, end });
    else if (command === '\\div') this.push({ type: 'operator', sign: '/', start: at, end });
    else if (command !== undefined && /^\\[dt]?frac$/.test(command)) this.push({ type: 'function', name: 'frac', start: at, end });
    else if (command === '\\sqrt' && text[end] !== '[') this.push({ type: 'function', name: 'sqrt', start: at, end });
    else if (command === '\\approx' || command === '\\simeq') this.push({ type: 'equals', word: false, approximate: true, start: at, end });
    else if (skip) this.at += skip[0].length;
    else this.push({ type: 'word', operand: true, start: at, end });
  }

  private number(): void {
    const { text, at } = this;
    const span = this.numbers.get(at) as NonNullable<ReturnType<typeof this.numbers.get>>;
    const before = text[at - 1] ?? ' ';
    const after = text.slice(span.end, span.end + 8);
    // 3:30, 1-2-3, x_1, ISBN: digits that aren't a quantity.
    const listed = /^,\d/.test(after) || (before === ',' && /\d/.test(text[at - 2] ?? ' '));
    // 0730 is a time, 5.\overline{3} goes on.
    const coded = /^0\d/.test(text.slice(at, span.end)) || after.startsWith('.\\');
    const compound = listed || coded || /[_:#]/.test(before) && /[\w:]/.test(text[at - 2] ?? ' ') || /^:\d/.test(after) || /^[_A-Za-z]/.test(after) && !UNITS.test(after) && !/^x ?\d/.test(after);
    if (compound) {
      this.push({ type: 'word', operand: true, start: at, end: span.end });
      return;
    }
    const unit = /[$¥€£]/.test(before) ? '$' : span.scaled ? 'scale' : '';
    this.push({ type: 'number', value: span.value, unit, decimals: span.decimals ?? 0, percent: span.percent, start: at, end: span.end });
    const note = stick(ANNOTATION, text, this.at);
    if (note) this.at += note[0].length;
  }

  /** A word right after a number is its unit when the arithmetic goes on (or ends) behind it. */
  private unitOrWord(word: string, start: number, end: number, operand = false): void {
    const { previous } = this;
    const goesOn = /^\s*(?:[)}\]]\s*)?(?:[-+*/=≈)}\]]|\\times|\\cdot|\\div|\\approx|\\\)|\\\]|\$|$|[.,;:!?。，；、])/.test(this.text.slice(end, end + 12))
      || EQUAL_WORDS.has(/^\s*([a-z]+)/.exec(this.text.slice(end, end + 12))?.[1] ?? '') || /^\s*(?:plus|minus|times|divided by)\b/.test(this.text.slice(end, end + 14));
    if (previous?.type === 'number' && previous.unit === '' && goesOn && !operand && /^\s*[\p{L} ]+\s*$/u.test(word)) {
      this.tokens[this.tokens.length - 1] = { ...previous, unit: word.trim() };
      this.at = end;
    } else this.push({ type: 'word', operand, start, end });
  }

  private latin(): void {
    const { text, at } = this;
    const match = stick(LATIN, text, at) as RegExpExecArray;
    const word = match[0].toLowerCase();
    const end = at + match[0].length;
    const { previous } = this;
    const operator = OPERATOR_WORDS[word];
    const division = /^(?:divided|multiplied) by\b/i.exec(text.slice(at, at + 16))?.[0];
    if (operator !== undefined && this.afterOperand()) this.push({ type: 'operator', sign: operator, start: at, end });
    else if (division !== undefined && this.afterOperand()) this.push({ type: 'operator', sign: division[0]?.toLowerCase() === 'd' ? '/' : '*', start: at, end: at + division.length });
    else if (word === 'x' && this.afterOperand() && /^\s*[\d($]/.test(text.slice(end, end + 3))) this.push({ type: 'operator', sign: '*', start: at, end });
    else if (word === 'of' && previous?.type === 'number' && (previous.percent || /\d\/\d+\s*$|[½-⅞]\s*$/.test(text.slice(Math.max(0, at - 12), at)))) {
      this.push({ type: 'operator', sign: '*', start: at, end });
    } else if (EQUAL_WORDS.has(word) && this.afterOperand()) this.push({ type: 'equals', word: true, approximate: false, start: at, end });
    else if (previous?.type === 'equals' && HEDGES.has(word)) {
      this.tokens[this.tokens.length - 1] = { ...previous, approximate: true, end };
      this.at = end;
    } else if (previous?.type === 'equals' && FILLERS.has(word)) this.at = end;
    else this.unitOrWord(match[0], at, end, OPERAND_WORDS.has(word) && !(JOINS.has(word) && previous?.type !== 'number') || (word.length === 1 && word !== 'a' && match[0] !== 'I'));
  }

  private afterOperand(): boolean {
    const { previous } = this;
    return previous?.type === 'number' || previous?.type === 'close' || (previous?.type === 'operator' && previous.sign === '!');
  }

  /** `48个加24个等于72个`: a run of characters behind a number is a unit, an operation or 等于, or a unit and then one of them. */
  private han(): void {
    const { text, at } = this;
    const run = (stick(HAN, text, at) as RegExpExecArray)[0];
    const end = at + run.length;
    if (!this.afterOperand()) {
      const hedge = this.previous?.type === 'equals' && /^(?:大约|约|差不多)$/.test(run);
      if (hedge) {
        this.tokens[this.tokens.length - 1] = { ...(this.previous as Extract<Token, { type: 'equals' }>), approximate: true, end };
        this.at = end;
      } else this.push({ type: 'word', operand: /[加减乘除比的第多少剩每个]$/.test(run), start: at, end });
      return;
    }
    const hedge = /(?:大约|约)$/.exec(run)?.[0] ?? '';
    const body = run.slice(0, run.length - hedge.length);
    const operator = HAN_OPERATOR.find(([word]) => body.endsWith(word) && body.length - word.length <= 3);
    const equals = HAN_EQUALS.exec(body)?.[0];
    const goesOnWithNumber = /^\s*[\d(.$-]/.test(text.slice(end, end + 3));
    if (operator && goesOnWithNumber) {
      this.attachUnit(body.slice(0, body.length - operator[0].length));
      this.push({ type: 'operator', sign: operator[1], start: at, end });
    } else if (equals !== undefined && goesOnWithNumber) {
      this.hanEquals(body.slice(0, body.length - equals.length), at, end, hedge !== '');
    } else if (run.length <= 3) this.unitOrWord(run, at, end, /[倍比多少的]/.test(run));
    else this.push({ type: 'word', operand: /^(?:的|倍|多|比|分之|加|减|乘|除)/.test(run), start: at, end });
  }

  /** 48的一半是24: a half is the one relation that Chinese solutions say in words all the time. */
  private hanEquals(middle: string, start: number, end: number, approximate: boolean): void {
    const half = /^(.{0,3}?)的一半(?:就|也)?$/.exec(middle);
    if (half) {
      this.attachUnit(half[1] ?? '');
      this.push({ type: 'operator', sign: '/', start, end: start });
      this.push({ type: 'number', value: 2, unit: '', decimals: 0, percent: false, start, end: start });
    } else if (middle.length > 3) {
      this.push({ type: 'word', operand: true, start, end });
      return;
    } else this.attachUnit(middle);
    this.push({ type: 'equals', word: true, approximate, start, end });
  }

  private attachUnit(unit: string): void {
    const { previous } = this;
    if (unit !== '' && previous?.type === 'number') this.tokens[this.tokens.length - 1] = { ...previous, unit };
  }

  private sign(char: string): void {
    const { text, at } = this;
    const one = at + 1;
    const two = text.slice(at, at + 2);
    const digitBefore = /[\d)]/.test(text[at - 1] ?? '');
    if (two === '**') {
      if (digitBefore && /[\d(]/.test(text[at + 2] ?? '')) this.push({ type: 'operator', sign: '^', start: at, end: at + 2 });
      else this.at += 2;
    } else if (/^(?:==|<=|>=|!=|=>|->|~=|\+-)/.test(two)) this.push({ type: 'word', operand: true, start: at, end: at + 2 });
    else if (char === '=') this.push({ type: 'equals', word: false, approximate: false, start: at, end: one });
    else if ('≈≃'.includes(char)) this.push({ type: 'equals', word: false, approximate: true, start: at, end: one });
    else if (char === '²' || char === '³') {
      this.push({ type: 'operator', sign: '^', start: at, end: at });
      this.push({ type: 'number', value: char === '²' ? 2 : 3, unit: '', decimals: 0, percent: false, start: at, end: one });
    } else if ('+*/^'.includes(char)) this.push({ type: 'operator', sign: char as '+', start: at, end: one });
    else if (char === '-') this.minus(at);
    else if (char === '!') this.bang(at);
    else if (char === '√') this.push({ type: 'function', name: 'sqrt', start: at, end: one });
    else if ('([{'.includes(char)) this.push({ type: 'open', tight: !/\s/.test(text[at - 1] ?? ' '), start: at, end: one });
    else if (')]}'.includes(char)) this.push({ type: 'close', start: at, end: one });
    else if (/[<>|&_~%'°]/.test(char)) this.push({ type: 'word', operand: true, start: at, end: one });
    else if ('.…'.includes(char) && /^(?:\.\.|…)/.test(text.slice(at, at + 2))) this.push({ type: 'word', operand: true, start: at, end: at + (char === '…' ? 1 : 2) });
    else this.push({ type: 'mark', start: at, end: one });
  }

  /** 10-15 without spaces is a range as often as a difference: an operation only with an equals sign to prove it. */
  private minus(at: number): void {
    const { text } = this;
    const spaced = /\s/.test(text[at - 1] ?? ' ') || !/\d/.test(text[at + 1] ?? '');
    const proven = spaced || /^-\s*[\d.,]+[^=.;。]{0,24}=/.test(text.slice(at, at + 40));
    // A dash before a number is a sign or a dash of the sentence: nobody can tell.
    if (!this.afterOperand() && /\s/.test(text[at + 1] ?? '')) this.push({ type: 'word', operand: true, start: at, end: at + 1 });
    else if (proven || !this.afterOperand()) this.push({ type: 'operator', sign: '-', start: at, end: at + 1 });
    else this.push({ type: 'word', operand: true, start: at, end: at + 1 });
  }

  /** A factorial goes on with arithmetic (5! × 4); a cheer ends the sentence. */
  private bang(at: number): void {
    const follows = /^!\s*(?:[-+*/^=)\]}≈]|\\|$|is\b|equals\b)/.test(this.text.slice(at, at + 10));
    const cheer = /^!+\s*(?:$|[A-Z\u3400-\u9fff])/.test(this.text.slice(at, at + 6));
    if (follows && !cheer && this.afterOperand()) this.push({ type: 'operator', sign: '!', start: at, end: at + 1 });
    else this.push({ type: 'mark', start: at, end: at + 1 });
  }
}

/** Tokens of a sentence in `plainForms`, a list marker at its head left out. */
export function lexArithmetic(plain: string): readonly Token[] {
  return new Lexer(plain).run();
}
