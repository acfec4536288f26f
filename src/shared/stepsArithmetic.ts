/**
 * Reads the arithmetic of a sentence (`12 × 7 = 84`, `48加24等于72`, `\frac{3}{4} \times 8 = 6`) and checks it. The evaluator
 * knows numbers and operations only; what it does not understand to the last sign is left alone, since a false alarm
 * costs more trust than a missed slip.
 */
import { numberKey } from './stepsNumbers.ts';
import { lexArithmetic, type Token } from './stepsLexer.ts';

/** `left = right` somewhere in a step. */
export interface Equation {
  /** Range of the whole equation in the step's text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** The left side in one writing (`7*12`, sides of + and × ordered); equal for the same calculation. */
  readonly left: string;
  /** What the step says it is. */
  readonly value: number;
  readonly unit: string;
}

/** Arithmetic that is wrong: `12 × 7 = 94`. */
export interface Slip {
  readonly start: number;
  readonly end: number;
  /** The left side as it stands in the step, in plain forms. */
  readonly written: string;
  /** The same in one writing, as of an equation. */
  readonly left: string;
  readonly claimed: number;
  readonly expected: number;
}

interface Expression {
  readonly key: string;
  readonly value: number;
  /** Operations in it; a bare number has none. */
  readonly operations: number;
  /** Units of the numbers, '' for none. */
  readonly units: readonly string[];
  /** The first number, for run-on equations (`2 + 3 = 5 × 2 = 10`). */
  readonly first: number;
  readonly decimals: number;
  /** Operands were written rounded or as percent, so equality is loose or ambiguous. */
  readonly rounded: boolean;
  readonly percent: boolean;
  readonly additive: boolean;
}

interface Parsed {
  readonly expression: Expression;
  readonly next: number;
}

/** Deeper nesting than this is no arithmetic that a person wrote. */
const MAX_DEPTH = 24;
/** Units that differ by one of these factors are the same quantity told otherwise (30 × 4 = 2 hours). */
const CONVERSIONS = [10, 100, 1000, 10_000, 1e5, 1e6, 1e8, 1e9, 60, 3600, 24, 7, 12, 16, 30, 365, 52, 3, 4, 1440];
const SLACK = 1e-9;
/** With operands that were themselves rounded, results this close are taken for right. */
const ROUNDED_SLACK = 0.01;

function leaf(token: Extract<Token, { type: 'number' }>): Expression {
  return {
    key: numberKey(token.value), value: token.value, operations: 0, units: token.unit === '' ? [] : [token.unit], first: token.value,
    decimals: token.decimals, rounded: token.decimals > 0, percent: token.percent, additive: false,
  };
}

function combine(operator: string, a: Expression, b: Expression): Expression {
  const value = operator === '+' ? a.value + b.value : operator === '-' ? a.value - b.value
    : operator === '*' ? a.value * b.value : operator === '/' ? a.value / b.value : a.value ** b.value;
  const swap = (operator === '+' || operator === '*') && a.key > b.key;
  const [x, y] = swap ? [b, a] : [a, b];
  return {
    key: `(${x.key}${operator}${y.key})`, value, operations: a.operations + b.operations + 1, units: [...a.units, ...b.units], first: a.first,
    decimals: Math.max(a.decimals, b.decimals), rounded: a.rounded || b.rounded, percent: a.percent || b.percent,
    additive: a.additive || b.additive || operator === '+' || operator === '-',
  };
}

function applied(name: string, a: Expression, value: number): Expression {
  return { ...a, key: `${name}(${a.key})`, value, operations: a.operations + 1, units: [], first: NaN };
}

function factorial(n: number): number {
  if (!Number.isInteger(n) || n < 0 || n > 170) return NaN;
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return product;
}

/** Recursive descent over the tokens of one sentence: sum → product → power → operand. */
class Parser {
  constructor(private readonly tokens: readonly Token[]) {}

  sum(at: number, depth: number): Parsed | null {
    let left = this.product(at, depth);
    while (left) {
      const sign = this.operator(left.next, '+-');
      if (sign === null) break;
      const right = this.product(left.next + 1, depth);
      if (!right) return null;
      left = { expression: combine(sign, left.expression, right.expression), next: right.next };
    }
    return left;
  }

  private product(at: number, depth: number): Parsed | null {
    let left = this.power(at, depth);
    while (left) {
      const sign = this.operator(left.next, '*/');
      const implicit = sign === null && this.opensTightly(left.next);
      if (sign === null && !implicit) break;
      const right = this.power(left.next + (implicit ? 0 : 1), depth);
      // 2(3 + 4) multiplies; 270（3/4） tells the same number in another way.
      if (!right || (implicit && right.expression.operations === 0 && this.tokens[left.next - 1]?.type === 'number')) return null;
      left = { expression: combine(sign ?? '*', left.expression, right.expression), next: right.next };
    }
    return left;
  }

  private power(at: number, depth: number): Parsed | null {
    const base = this.operand(at, depth);
    if (!base || this.operator(base.next, '^') === null) return base;
    const exponent = this.power(base.next + 1, depth + 1);
    return exponent && { expression: { ...combine('^', base.expression, exponent.expression), units: [] }, next: exponent.next };
  }

  private operand(at: number, depth: number): Parsed | null {
    const token = this.tokens[at];
    if (!token || depth > MAX_DEPTH) return null;
    if (token.type === 'operator' && token.sign === '-') {
      const inner = this.power(at + 1, depth + 1);
      return inner && { expression: { ...inner.expression, key: `-${inner.expression.key}`, value: -inner.expression.value, first: -inner.expression.first }, next: inner.next };
    }
    const primary = this.primary(at, token, depth);
    if (!primary || this.operator(primary.next, '!') === null) return primary;
    // `= 25!)`: perhaps only a cheer; what the sign stands on is kept as the first value.
    return { expression: { ...applied('!', primary.expression, factorial(primary.expression.value)), first: primary.expression.value }, next: primary.next + 1 };
  }

  private primary(at: number, token: Token, depth: number): Parsed | null {
    if (token.type === 'number') return { expression: leaf(token), next: at + 1 };
    if (token.type === 'open') {
      const inner = this.sum(at + 1, depth + 1);
      return inner && this.tokens[inner.next]?.type === 'close' ? { expression: inner.expression, next: inner.next + 1 } : null;
    }
    if (token.type !== 'function') return null;
    const first = this.primaryGroup(at + 1, depth);
    if (!first) return null;
    if (token.name === 'sqrt') return { expression: applied('sqrt', first.expression, Math.sqrt(first.expression.value)), next: first.next };
    const second = this.primaryGroup(first.next, depth);
    return second && { expression: combine('/', first.expression, second.expression), next: second.next };
  }

  private primaryGroup(at: number, depth: number): Parsed | null {
    const token = this.tokens[at];
    return token && (token.type === 'open' || token.type === 'number') ? this.primary(at, token, depth + 1) : null;
  }

  operator(at: number, signs: string): string | null {
    const token = this.tokens[at];
    return token?.type === 'operator' && signs.includes(token.sign) ? token.sign : null;
  }

  /** `2(3 + 4)` multiplies, `step 2 (3 + 4)` does not. */
  private opensTightly(at: number): boolean {
    const token = this.tokens[at];
    return token?.type === 'open' && token.tight && this.tokens[at - 1]?.type !== 'function';
  }
}

/** What may stand before arithmetic for it to be whole: nothing, punctuation, an ordinary word, an equals sign. */
function beginsClean(token: Token | undefined): boolean {
  return token === undefined || token.type === 'mark' || token.type === 'equals' || token.type === 'open' || (token.type === 'word' && !token.operand);
}

/** What may stand after it. */
function endsClean(token: Token | undefined): boolean {
  return token === undefined || token.type === 'mark' || token.type === 'equals' || token.type === 'close' || (token.type === 'word' && !token.operand);
}

function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) < SLACK;
}

/** Whether a claim may pass for the truth: rounded as far as it is written, or as loosely as its operands are. */
function agrees(claim: Expression, truth: Expression, approximate: boolean): boolean {
  const difference = Math.abs(claim.value - truth.value);
  const size = Math.max(Math.abs(truth.value), Math.abs(claim.value));
  if (difference <= SLACK * Math.max(1, size)) return true;
  if (approximate) return difference <= 0.1 * size;
  // 10 / 3 = 3.33, also cut rather than rounded.
  const lastPlace = 10 ** -claim.decimals * (claim.percent ? 0.01 : 1);
  const truthHasFraction = !isWhole(truth.value) || claim.decimals > 0;
  if (truthHasFraction && claim.operations === 0 && difference < lastPlace) return true;
  if ((truth.rounded || claim.rounded) && difference <= ROUNDED_SLACK * size) return true;
  // 5 / 20 × 100 = 25%, 20% of 50 written 20 × 50 / 100.
  if (claim.percent || truth.percent) {
    const ratio = claim.value / truth.value;
    if ([100, 0.01, 1e4, 1e-4].some((factor) => Math.abs(ratio / factor - 1) < ROUNDED_SLACK) || truth.additive) return true;
  }
  return false;
}

/** Units of a sum must agree, and a result in another unit may be a conversion: neither can be checked by numbers alone. */
function unitsAllow(claim: Expression, truth: Expression): boolean {
  const units = new Set(truth.units.map(singular));
  if (truth.additive && units.size > 1) return false;
  const claimed = claim.units.map(singular);
  if (claim.operations === 0 && claimed.length > 0 && claimed.some((unit) => !units.has(unit)) && units.size > 0) return false;
  if (claimed.length > 0) {
    const ratio = Math.abs(claim.value / truth.value);
    if (CONVERSIONS.some((factor) => Math.abs(ratio / factor - 1) < SLACK || Math.abs(ratio * factor - 1) < SLACK)) return false;
  }
  return true;
}

function singular(unit: string): string {
  return unit.toLowerCase().replace(/(?:e?s|个|的|了)$/, '');
}

/** A step that speaks of a mistake quotes it; it does not make it. */
const QUOTES_MISTAKE = /\b(?:wrong|incorrect|mistake|not right|error|isn't right|not equal)\b|错|不对|不等于|误/i;

export interface Arithmetic {
  readonly equations: readonly Equation[];
  readonly slips: readonly Slip[];
}

const NONE: Arithmetic = { equations: [], slips: [] };

/** Equations and slips of one step. `plain` is its text in `plainForms`; ranges are relative to it. */
export function arithmeticOf(plain: string): Arithmetic {
  if (!/\d/.test(plain) || !/[=≈≃]|\\approx|\b(?:is|are|equals?|gives?|makes?|get|that's|was|be)\b|[是得等为]/.test(plain)) return NONE;
  const tokens = lexArithmetic(plain);
  const parser = new Parser(tokens);
  const equations: Equation[] = [];
  const slips: Slip[] = [];
  const quotes = QUOTES_MISTAKE.test(plain);
  for (let at = 0; at < tokens.length;) {
    const first = startsOperand(tokens[at]) && beginsClean(tokens[at - 1]) ? parser.sum(at, 0) : null;
    if (!first) {
      at += 1;
      continue;
    }
    let left = first;
    let begin = at;
    at = first.next;
    for (let sign = tokens[at]; sign?.type === 'equals'; sign = tokens[at]) {
      const right = parser.sum(at + 1, 0);
      if (!right || !endsClean(tokens[right.next]) || (sign.word && left.expression.operations === 0)) break;
      const start = (tokens[begin] as Token).start;
      const end = (tokens[right.next - 1] as Token).end;
      const { expression: truth } = left;
      const { expression: claim } = right;
      if (truth.operations > 0 && Number.isFinite(claim.value)) {
        equations.push({ start, end, left: truth.key, value: claim.value, unit: claim.units[0] ?? '' });
        const runsOn = tokens[right.next]?.type === 'equals' && claim.operations > 0 && agrees({ ...claim, value: claim.first, operations: 0 }, truth, sign.approximate);
        const next = tokens[right.next];
        const claimedUnits = claim.units.length > 0 || next?.type !== 'word' ? claim.units : [plain.slice(next.start, next.end)];
        // A question claims nothing; `6! which` may be a factorial or a cheer.
        const unsure = /^\s*[?!]/.test(plain.slice(end, end + 4));
        if (!quotes && !unsure && !runsOn && Number.isFinite(truth.value) && unitsAllow({ ...claim, units: claimedUnits }, truth) && !agrees(claim, truth, sign.approximate) && !isRunOnEnd(claim, truth)) {
          slips.push({ start, end, written: plain.slice(start, (tokens[at - 1] as Token).end), left: truth.key, claimed: claim.value, expected: truth.value });
        }
      }
      begin = at + 1;
      left = right;
      at = right.next;
    }
  }
  return { equations, slips };
}

/** `12 + 3 = 15 × 2` is a sloppy chain, not a slip. */
function isRunOnEnd(claim: Expression, truth: Expression): boolean {
  return claim.operations > 0 && Math.abs(claim.first - truth.value) <= SLACK * Math.max(1, Math.abs(truth.value));
}

function startsOperand(token: Token | undefined): boolean {
  return token !== undefined && (token.type === 'number' || token.type === 'open' || token.type === 'function' || (token.type === 'operator' && token.sign === '-'));
}
