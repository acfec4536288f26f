/** One linear equation in x. */
import type { Draw } from '../../draw.ts';
import type { Difficulty, ProblemKind } from '../contract.ts';
import { add, ONE, rational } from '../../symbolic/rational.ts';
import { holds, valueOf } from '../proofs.ts';
import type { Voice } from '../voice.ts';
import { bracketed, following, leastCommon, polynomial, ratio, term } from '../writing.ts';

export const linearEquations: ProblemKind<string> = {
  name: 'linear-equations', task: 'maths', proof: 'substitution',
  about: ['Linear equations in one unknown', '一元一次方程'],
  grows: ['one step, two steps, x on both sides, brackets, fractions with rational solutions', '一步、两步、两边含 x、带括号、带分母且解为分数'],
  make(draw, difficulty, voice) {
    const { equation, lines, n, d } = MAKERS[difficulty](draw, voice);
    const gold = ratio(n, d);
    if (Math.abs(n / d) > 500) return null;
    return {
      statement: equation, gold, values: { x: rational(n, d) }, answer: voice.answer(gold),
      think: voice.steps(
        voice.say(['We need x with {equation}.', 'Let me isolate x in {equation}.', 'Start from {equation}.', ''], ['求满足 {equation} 的 x。', '从 {equation} 出发，把 x 单独留在一边。', '解 {equation}。', ''], { equation }),
        lines, (lines.at(-1) ?? '').endsWith(`x = ${gold}`) ? '' : `x = ${gold}`,
        draw.chance(0.4) ? voice.say(['Putting x = {gold} back makes both sides equal.', 'Check: with x = {gold} both sides agree.'], ['代回 x = {gold}，两边相等。', '检验：x = {gold} 时等式成立。'], { gold }) : '',
      ),
      prompt: voice.say(
        ['Solve for x: {equation}', 'Find x if {equation}.', 'What value of x satisfies {equation}?', 'Solve the equation {equation}.'],
        ['解方程：{equation}', '已知 {equation}，求 x。', 'x 取何值时 {equation}？', '求方程 {equation} 的解。'], { equation },
      ),
    };
  },
  /** The solution fits, and two other numbers don't: a linear equation that fails somewhere has at most one solution. */
  check(equation, gold) {
    const x = valueOf(gold);
    if (x === null) return false;
    const far = add(x, rational(7));
    return holds(equation, { x }) === true && holds(equation, { x: add(x, ONE) }) === false && holds(equation, { x: far }) === false;
  },
};

interface Solved {
  readonly equation: string;
  readonly lines: readonly string[];
  /** x = n/d. */
  readonly n: number;
  readonly d: number;
}

const MAKERS: Readonly<Record<Difficulty, (draw: Draw, voice: Voice) => Solved>> = {
  1: oneStep,
  2: (draw, voice) => {
    const [a, b, x] = [draw.nonZero(-12, 12), draw.nonZero(-30, 30), draw.int(-12, 12)];
    const factor = Math.abs(a) === 1 ? 3 : a;
    return twoSteps(factor, b, factor * x + b, voice);
  },
  3: (draw, voice) => {
    const [a, c, b, x] = [draw.nonZero(2, 15), draw.nonZero(-9, 9), draw.nonZero(-30, 30), draw.int(-12, 12)];
    const other = a === c ? c + 1 || 1 : c;
    return bothSides(a, b, other, (a - other) * x + b, voice);
  },
  4: (draw, voice) => {
    const [a, b, c, e, x] = [draw.int(2, 9), draw.nonZero(-9, 9), draw.nonZero(-6, 6), draw.nonZero(-9, 9), draw.int(-10, 10)];
    const other = a === c ? -c : c;
    const rest = a * (x + b) - other * (x + e);
    const left = `${String(a)}(x${following(b)})`;
    const right = `${term(other, `(x${following(e)})`)}${rest === 0 ? '' : following(rest)}`;
    const solved = bothSides(a, a * b, other, other * e + rest, voice);
    return { ...solved, equation: `${left} = ${right}`, lines: [voice.say(['Expand the brackets: {open}', 'Multiply out: {open}'], ['去括号：{open}', '展开：{open}'], { open: solved.equation }), ...solved.lines] };
  },
  5: (draw, voice) => {
    const [a, c, p] = [draw.nonZero(-9, 9), draw.nonZero(-9, 9), draw.int(2, 7)];
    const q = draw.pick([2, 3, 4, 5, 6, 8, 9].filter((each) => each !== p));
    const e = draw.int(-6, 12);
    const common = leastCommon(p, q);
    const [u, v] = [common / p, common / q];
    const solved = twoSteps(u + v, u * a + v * c, common * e, voice);
    return {
      ...solved, equation: `(x${following(a)})/${String(p)} + (x${following(c)})/${String(q)} = ${String(e)}`,
      lines: [
        voice.say(['Multiply both sides by {common}, the least common multiple of {p} and {q}: {open}', 'To clear the denominators {p} and {q}, multiply by {common}: {open}'], ['两边同乘 {p} 和 {q} 的最小公倍数 {common}：{open}', '去分母，同乘 {common}：{open}'], { common, p, q, open: `${term(u, `(x${following(a)})`)} + ${term(v, `(x${following(c)})`)} = ${String(common)} × ${bracketed(e)}` }),
        voice.say(['Expand and collect: {open}', 'That is {open}'], ['展开并合并：{open}', '即 {open}'], { open: solved.equation }), ...solved.lines,
      ],
    };
  },
};

function oneStep(draw: Draw, voice: Voice): Solved {
  const x = draw.int(-20, 60);
  if (draw.chance(0.5)) {
    const a = draw.nonZero(2, 15);
    const values = { a, claim: `x = ${String(a * x)} ÷ ${String(a)}` };
    return { equation: `${String(a)}x = ${String(a * x)}`, n: x, d: 1, lines: [voice.say(['Divide both sides by {a}: {claim}', 'x is multiplied by {a}, so divide: {claim}'], ['两边同除以 {a}：{claim}', 'x 乘了 {a}，所以除以 {a}：{claim}'], values)] };
  }
  const b = draw.nonZero(-60, 60);
  const values = { b: Math.abs(b), claim: `x = ${String(x + b)}${following(-b)}` };
  return { equation: `x${following(b)} = ${String(x + b)}`, n: x, d: 1, lines: [b > 0 ? voice.say(['Subtract {b} from both sides: {claim}', 'Take {b} away on both sides: {claim}'], ['两边同减 {b}：{claim}', '移项，减去 {b}：{claim}'], values) : voice.say(['Add {b} to both sides: {claim}', 'Bring {b} to the other side: {claim}'], ['两边同加 {b}：{claim}', '移项，加上 {b}：{claim}'], values)] };
}

/** ax + b = c with any a but 0. */
function twoSteps(a: number, b: number, c: number, voice: Voice): Solved {
  const lines = b === 0 ? [] : [voice.say(['Move {b} to the other side: {claim}', 'Without the constant on the left: {claim}', 'Isolate the term with x: {claim}'], ['把常数项 {b} 移到右边：{claim}', '移项：{claim}', '留下含 x 的项：{claim}'], { b, claim: `${term(a, 'x')} = ${String(c)}${following(-b)} = ${String(c - b)}` })];
  if (a !== 1) lines.push(voice.say(['Divide by {a}: {claim}', 'Dividing both sides by {a}, {claim}'], ['两边除以 {a}：{claim}', '系数化为 1：{claim}'], { a, claim: `x = ${String(c - b)}/${bracketed(a)}` }));
  return { equation: `${polynomial([a, b])} = ${String(c)}`, n: c - b, d: a, lines };
}

/** ax + b = cx + e with a ≠ c. */
function bothSides(a: number, b: number, c: number, e: number, voice: Voice): Solved {
  const solved = twoSteps(a - c, b, e, voice);
  const values = { cx: term(c, 'x'), claim: `${term(a, 'x')} - ${c < 0 ? `(${term(c, 'x')})` : term(c, 'x')}${b === 0 ? '' : following(b)} = ${String(e)}`, short: solved.equation };
  return { ...solved, equation: `${polynomial([a, b])} = ${polynomial([c, e])}`, lines: [voice.say(['Subtract {cx} from both sides: {claim}, that is {short}', 'Collect x on the left: {claim}, so {short}'], ['两边同减 {cx}：{claim}，即 {short}', '含 x 的项移到左边：{claim}，即 {short}'], values), ...solved.lines] };
}
