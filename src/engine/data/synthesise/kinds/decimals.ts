/** Decimal numbers: places aligned for sums, points counted for products. */
import type { Draw } from '../../draw.ts';
import type { Difficulty, ProblemKind } from '../contract.ts';
import { sameValue } from '../proofs.ts';
import type { Voice } from '../voice.ts';

/** value = digits / 10^places, without needless zeros. */
interface Decimal {
  readonly digits: number;
  readonly places: number;
}

type Operator = '+' | '-' | '×' | '÷';

/** Operations, places and largest whole part, by difficulty. */
const SIZES: Readonly<Record<Difficulty, readonly [operations: number, places: number, whole: number]>> = { 1: [1, 1, 20], 2: [1, 2, 50], 3: [1, 2, 30], 4: [2, 2, 40], 5: [3, 3, 60] };

export const decimals: ProblemKind<string> = {
  name: 'decimals', task: 'maths', proof: 'evaluation',
  about: ['Decimal numbers: sums, products, exact quotients', '小数的加减乘除'],
  grows: ['decimal places from 1 to 3, products and quotients from 3, operations from 1 to 3', '小数位由 1 增至 3；3 级起有乘除；运算由 1 次增至 3 次'],
  make(draw, difficulty, voice) {
    const [operations, places, whole] = SIZES[difficulty];
    let value = decimal(draw, places, whole);
    let statement = text(value);
    const lines: string[] = [];
    for (let i = 0; i < operations; i++) {
      const operator = draw.pick<Operator>(difficulty < 3 ? ['+', '-'] : difficulty === 3 ? ['×', '÷'] : ['+', '-', '×']);
      const step = stepOf(operator, value, draw, places, whole, voice);
      if (step === null) return null;
      // A product of a sum has the sum in brackets, so that the order stays that of the steps.
      const product = operator === '×' || operator === '÷';
      if (operator === '÷') statement = text(step.first);
      statement = `${product && /[+-]/.test(statement) ? `(${statement})` : statement} ${operator} ${text(step.other)}`;
      lines.push(...step.lines);
      value = step.result;
    }
    if (value.digits <= 0 || value.places > 5 || value.digits > 5e7) return null;
    const gold = text(value);
    return {
      statement, gold, answer: voice.answer(gold), think: voice.steps(lines),
      prompt: voice.say(['Calculate {statement}.', 'What is {statement}? Give the exact decimal.', 'Work out {statement}.', 'Find the exact value of {statement}.'], ['计算 {statement}。', '{statement} 等于多少？请给出准确的小数。', '求 {statement} 的值。', '算一算：{statement}'], { statement }),
    };
  },
  check: (statement, gold) => sameValue(statement, gold),
};

function decimal(draw: Draw, places: number, whole: number): Decimal {
  return trimmed({ digits: draw.int(1, whole * 10 ** places), places: draw.int(1, places) });
}

function trimmed({ digits, places }: Decimal): Decimal {
  let [d, p] = [digits, places];
  while (p > 0 && d % 10 === 0) [d, p] = [d / 10, p - 1];
  return { digits: d, places: p };
}

function text({ digits, places }: Decimal): string {
  const all = String(Math.abs(digits)).padStart(places + 1, '0');
  return `${digits < 0 ? '-' : ''}${places === 0 ? all : `${all.slice(0, -places)}.${all.slice(-places)}`}`;
}

interface Step {
  readonly first: Decimal;
  readonly other: Decimal;
  readonly result: Decimal;
  readonly lines: readonly string[];
}

function stepOf(operator: Operator, value: Decimal, draw: Draw, places: number, whole: number, voice: Voice): Step | null {
  if (operator === '+' || operator === '-') {
    const other = decimal(draw, places, whole);
    const common = Math.max(value.places, other.places);
    const [a, b] = [value.digits * 10 ** (common - value.places), other.digits * 10 ** (common - other.places)];
    const sum = operator === '+' ? a + b : a - b;
    if (sum <= 0) return null;
    const result = trimmed({ digits: sum, places: common });
    const claim = `${text(value)} ${operator} ${text(other)} = ${text(result)}`;
    if (common === 0) return { first: value, other, result, lines: [`${claim}`] };
    const values = { claim, digits: `${String(a)} ${operator} ${String(b)} = ${String(sum)}`, common };
    return {
      first: value, other, result,
      lines: [voice.say(
        ['Line up the points, {common} digit(s) after each. Without the point: {digits}. Put it back: {claim}.', 'With {common} digit(s) after the point in both, {digits}, so {claim}.', 'Counted in units of decimal place {common}, {digits}; therefore {claim}.'],
        ['小数点对齐，保留 {common} 位小数。不看小数点：{digits}，放回小数点：{claim}。', '都写成 {common} 位小数，按整数算 {digits}，所以 {claim}。', '以第 {common} 位小数为单位，{digits}，因此 {claim}。'], values,
      )],
    };
  }
  if (operator === '×') {
    const other = trimmed({ digits: draw.int(2, 99), places: draw.int(0, Math.min(2, places)) });
    const digits = value.digits * other.digits;
    const result = trimmed({ digits, places: value.places + other.places });
    const values = {
      plain: `${String(value.digits)} × ${String(other.digits)} = ${String(digits)}`, places: value.places + other.places,
      count: `${String(value.places)} + ${String(other.places)} = ${String(value.places + other.places)}`, claim: `${text(value)} × ${text(other)} = ${text(result)}`,
    };
    return {
      first: value, other, result,
      lines: [voice.say(
        ['Multiply without the points: {plain}. The factors have {count} decimal places together, so {claim}.', '{plain}; the point moves {places} places to the left ({count}), which gives {claim}.'],
        ['先不看小数点：{plain}。两个因数共有 {count} 位小数，所以 {claim}。', '{plain}，小数点左移 {places} 位（{count}），得 {claim}。'], values,
      )],
    };
  }
  // The dividend is made from quotient and divisor, so that the quotient ends.
  const [divisor, quotient] = [trimmed({ digits: draw.int(2, 99), places: 1 }), decimal(draw, places, whole)];
  const first = trimmed({ digits: divisor.digits * quotient.digits, places: divisor.places + quotient.places });
  const scale = 10 ** divisor.places;
  const moved = trimmed({ digits: first.digits * scale, places: first.places });
  const values = { divisor: text(divisor), moved: text(moved), plain: String(divisor.digits), scale, quotient: text(quotient), claim: `${text(first)} ÷ ${text(divisor)} = ${text(quotient)}`, long: `${text(moved)} ÷ ${String(divisor.digits)} = ${text(quotient)}`, back: `${text(quotient)} × ${text(divisor)} = ${text(first)}` };
  return {
    first, other: divisor, result: quotient,
    lines: [voice.say(
      scale === 1 ? ['{claim}. Check: {back}.'] : ['Make the divisor whole by multiplying both by {scale}: {long}. So {claim}. Check: {back}.', 'Both times {scale}: {moved} ÷ {plain}. Dividing, {long}, hence {claim}. Indeed {back}.'],
      scale === 1 ? ['{claim}。验算：{back}。'] : ['被除数和除数同乘 {scale}，使除数为整数：{long}，所以 {claim}。验算：{back}。', '同时扩大 {scale} 倍：{moved} ÷ {plain}。{long}，因此 {claim}。检验：{back}。'], values,
    )],
  };
}
