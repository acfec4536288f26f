/** Sums, differences, products and quotients of fractions, in lowest terms. */
import type { Draw } from '../../draw.ts';
import type { Difficulty, ProblemKind } from '../contract.ts';
import { sameValue, valueOf } from '../proofs.ts';
import { fractionText } from '../../symbolic/rational.ts';
import type { Voice } from '../voice.ts';
import { greatestCommon, leastCommon, ratio } from '../writing.ts';

interface Fraction {
  readonly n: number;
  readonly d: number;
}

type Operator = '+' | '-' | '×' | '÷';

/** Larger numerators or denominators than this are a matter of stamina. */
const LARGEST = 5000;

export const fractions: ProblemKind<string> = {
  name: 'fractions', task: 'maths', proof: 'evaluation',
  about: ['Fractions: + − × ÷, reduced to lowest terms', '分数四则运算，化为最简'],
  grows: ['from equal denominators over related to any ones; three fractions at 4, four with brackets at 5', '由同分母到相关分母、任意分母；4 级三个分数，5 级四个分数带括号'],
  make(draw, difficulty, voice) {
    let value = fraction(draw, difficulty, null);
    let statement = text(value);
    const lines: string[] = [];
    for (let i = 0; i < Math.max(1, difficulty - 2); i++) {
      const operator = draw.pick<Operator>(difficulty === 1 ? ['+', '-'] : difficulty === 2 ? ['+', '-', '×'] : ['+', '-', '×', '÷']);
      const other = fraction(draw, difficulty, value);
      if (other.d === 1) return null;
      const step = stepOf(operator, value, other, voice);
      if (step === null || step.result.n <= 0 || Math.max(step.result.n, step.result.d) > LARGEST) return null;
      const tight = operator === '×' || operator === '÷';
      statement = `${tight ? `(${statement})` : statement} ${operator} ${tight ? `(${text(other)})` : text(other)}`;
      lines.push(...step.lines);
      value = step.result;
    }
    const gold = text(value);
    return {
      statement, gold, answer: voice.answer(gold), think: voice.steps(lines),
      prompt: voice.say(
        ['Calculate {statement}. Give the answer in lowest terms.', 'What is {statement} as a fraction in lowest terms?', 'Simplify {statement} to a single fraction in lowest terms.', 'Work out {statement}, reduced fully.'],
        ['计算 {statement}，结果化为最简分数。', '{statement} 等于多少？用最简分数表示。', '化简 {statement}，写成最简分数。', '求 {statement} 的值（最简形式）。'], { statement },
      ),
    };
  },
  check(statement, gold) {
    const value = valueOf(gold);
    return sameValue(statement, gold) && value !== null && fractionText(value) === gold;
  },
};

function fraction(draw: Draw, difficulty: Difficulty, like: Fraction | null): Fraction {
  const largest = [12, 12, 12, 10, 8][difficulty - 1] ?? 12;
  const related = like !== null && difficulty <= 2;
  const d = related ? (difficulty === 1 ? like.d : like.d * draw.int(1, 4)) : draw.int(difficulty === 1 ? 3 : 2, difficulty === 1 ? 40 : largest * 2);
  const n = draw.int(1, difficulty === 1 ? d - 1 : Math.max(2, d + 3));
  // With equal denominators the fractions stand as they are drawn.
  const common = difficulty === 1 ? 1 : greatestCommon(n, d);
  return { n: n / common, d: d / common };
}

const text = ({ n, d }: Fraction): string => d === 1 ? String(n) : `${String(n)}/${String(d)}`;

function stepOf(operator: Operator, a: Fraction, b: Fraction, voice: Voice): { readonly result: Fraction; readonly lines: readonly string[] } | null {
  const lines: string[] = [];
  let [n, d] = [0, 1];
  if (operator === '+' || operator === '-') {
    d = leastCommon(a.d, b.d);
    const [x, y] = [a.n * d / a.d, b.n * d / b.d];
    n = operator === '+' ? x + y : x - y;
    const [p, q] = [`${String(x)}/${String(d)}`, `${String(y)}/${String(d)}`];
    if (a.d === b.d) lines.push(voice.say(['The denominators are equal, so only the numerators count: {sum}.', 'Both have the denominator {d}: {sum}.'], ['分母相同，只需计算分子：{sum}。', '两个分数的分母都是 {d}：{sum}。'], { d, sum: `${String(x)} ${operator} ${String(y)} = ${String(n)}` }));
    else lines.push(voice.say(['The least common denominator of {ad} and {bd} is {d}: {first}, {second}.', 'Bring both to the denominator {d}: {first} and {second}.'], ['{ad} 和 {bd} 的最小公分母是 {d}：{first}，{second}。', '通分到分母 {d}：{first}，{second}。'], { ad: a.d, bd: b.d, d, first: same(text(a), p), second: same(text(b), q) }));
    lines.push(`${text(a)} ${operator} ${text(b)} = ${a.d === b.d ? '' : `${p} ${operator} ${q} = `}${String(n)}/${String(d)}`);
  } else {
    const flipped = operator === '÷' ? { n: b.d, d: b.n } : b;
    [n, d] = [a.n * flipped.n, a.d * flipped.d];
    if (operator === '÷') lines.push(voice.say(['Dividing by {b} is multiplying by its reciprocal {flipped}.', 'Turn the divisor over: {b} becomes {flipped}.'], ['除以 {b} 等于乘以它的倒数 {flipped}。', '把除数倒过来：{b} 变为 {flipped}。'], { b: text(b), flipped: text(flipped) }));
    const given = operator === '÷' ? `(${text(a)}) ÷ (${text(b)}) = ` : '';
    lines.push(voice.say(['Numerators and denominators multiply: {claim}', 'Multiply across: {claim}'], ['分子乘分子、分母乘分母：{claim}', '分别相乘：{claim}'], { claim: `${given}(${text(a)}) × (${text(flipped)}) = (${String(a.n)} × ${String(flipped.n)})/(${String(a.d)} × ${String(flipped.d)}) = ${String(n)}/${String(d)}` }));
  }
  if (n === 0) return null;
  const common = greatestCommon(n, d);
  if (common > 1) lines.push(voice.say(['Divide both by {common}: {claim}.', 'Reduce by {common}: {claim}.'], ['分子分母同除以 {common}：{claim}。', '约去 {common}：{claim}。'], { common, claim: `${String(n)}/${String(d)} = ${ratio(n, d)}` }));
  return { result: { n: n / common, d: d / common }, lines };
}

const same = (a: string, b: string): string => a === b ? a : `${a} = ${b}`;
