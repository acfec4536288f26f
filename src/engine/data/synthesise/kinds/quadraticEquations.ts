/** Quadratic equations whose real solutions are rational, or whose number of real solutions is asked. */
import type { Draw } from '../../draw.ts';
import type { Difficulty, ProblemKind } from '../contract.ts';
import { add, equal, less, ONE, subtract, type Rational } from '../../symbolic/rational.ts';
import { exactValue, parseExpression, type Expression } from '../../symbolic/expression.ts';
import { valueOf } from '../proofs.ts';
import type { Voice } from '../voice.ts';
import { bracketed, following, greatestCommon, polynomial, ratio } from '../writing.ts';

interface Statement {
  readonly equation: string;
  readonly asks: 'solutions' | 'count';
}

export const quadraticEquations: ProblemKind<Statement> = {
  name: 'quadratic-equations', task: 'maths', proof: 'substitution',
  about: ['Quadratic equations with rational solutions; number of real solutions', '一元二次方程：有理解、实数解个数'],
  grows: ['square roots, factoring, larger and double roots, leading coefficients with the formula, brackets on both sides', '开方、因式分解、较大或重根、首项系数不为 1（求根公式）、两边带括号'],
  make(draw, difficulty, voice) {
    if (difficulty >= 4 && draw.chance(0.25)) return countOf(draw, voice);
    const { equation, opening, a, b, c } = equationOf(draw, difficulty, voice);
    if (a === 0 || Math.max(Math.abs(a), Math.abs(b), Math.abs(c)) > 1500) return null;
    const discriminant = b * b - 4 * a * c;
    const root = Math.sqrt(discriminant);
    if (!Number.isInteger(root)) return null;
    const pairs = [[-b - root, 2 * a], [-b + root, 2 * a]].sort((p, q) => (p[0] ?? 0) / (p[1] ?? 1) - (q[0] ?? 0) / (q[1] ?? 1));
    const solutions = [...new Set(pairs.map(([n = 0, d = 1]) => ratio(n, d)))];
    const gold = solutions.join(', ');
    const values = { equation };
    return {
      statement: { equation, asks: 'solutions' }, gold, answer: voice.answer(gold),
      think: voice.steps(opening, stepsOf(a, b, c, root, solutions, draw, voice)),
      prompt: voice.say(
        ['Solve {equation}. Give all solutions in increasing order, separated by commas.', 'Find every x with {equation} (smallest first, separated by commas).', 'What are the solutions of {equation}? List them from smallest to largest, with a comma between them.'],
        ['解方程 {equation}，从小到大写出所有解，用逗号隔开。', '求满足 {equation} 的所有 x（由小到大，逗号分隔）。', '方程 {equation} 的解是什么？按从小到大排列，以逗号分隔。'], values,
      ),
    };
  },
  check({ equation, asks }, gold) {
    const difference = differenceOf(equation);
    if (difference === null) return false;
    const [p, q, r] = [-1, 0, 1].map((x) => exactValue(difference, { x: { n: BigInt(x), d: 1n } }));
    if (!p || !q || !r) return false;
    // Second difference 2a: a true quadratic has at most two zeros.
    const twiceA = add(subtract(p, add(q, q)), r);
    if (twiceA.n === 0n) return false;
    if (asks === 'count') return gold === String(zerosByVertex(difference, twiceA, subtract(r, p)));
    const found = gold.split(', ').map((text) => valueOf(text));
    if (found.some((x) => x === null || exactValue(difference, { x })?.n !== 0n)) return false;
    const [x, y, ...more] = found as Rational[];
    if (x === undefined || more.length > 0) return false;
    if (y !== undefined) return less(x, y);
    // A single zero must be the axis: values on both sides of it are equal.
    const [before, after] = [exactValue(difference, { x: subtract(x, ONE) }), exactValue(difference, { x: add(x, ONE) })];
    return before !== null && after !== null && equal(before, after);
  },
};

/** left − right. */
function differenceOf(equation: string): Expression | null {
  const [left = '', right = ''] = equation.split('=');
  const [a, b] = [parseExpression(left), parseExpression(right)];
  return a && b && { type: 'binary', operator: '-', a, b };
}

/** The sign of the value at the vertex −b/2a against that of a. `twiceB` is f(1) − f(−1) = 2b. */
function zerosByVertex(difference: Expression, twiceA: Rational, twiceB: Rational): number | null {
  const x: Rational = { n: -twiceB.n * twiceA.d, d: twiceB.d * twiceA.n * 2n };
  const vertex = exactValue(difference, { x: x.d < 0n ? { n: -x.n, d: -x.d } : x });
  if (vertex === null) return null;
  return vertex.n === 0n ? 1 : (vertex.n > 0n) === (twiceA.n > 0n) ? 0 : 2;
}

interface Drawn {
  readonly equation: string;
  readonly opening: readonly string[];
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

function equationOf(draw: Draw, difficulty: Difficulty, voice: Voice): Drawn {
  const plain = (a: number, b: number, c: number): Drawn => ({ equation: `${polynomial([a, b, c])} = 0`, opening: [], a, b, c });
  switch (difficulty) {
    case 1: {
      const [a, r] = [draw.int(1, 9), draw.int(1, 20)];
      return draw.chance(0.4) ? { ...plain(a, 0, -a * r * r), equation: `${polynomial([a, 0, 0])} = ${String(a * r * r)}` } : plain(a, draw.nonZero(-99, 99), 0);
    }
    case 2: case 3: {
      const most = difficulty === 2 ? 9 : 24;
      const [p, q] = [draw.nonZero(-most, most), draw.chance(0.12) ? null : draw.nonZero(-most, most)];
      const other = q ?? p;
      return plain(1, -(p + other), p * other);
    }
    case 4: {
      const [k, p, m, q] = [draw.int(1, 5), draw.nonZero(-9, 9), draw.int(2, 5), draw.nonZero(-9, 9)];
      return plain(k * m, -(k * q + m * p), p * q);
    }
    case 5: {
      // (x + u)(x + v) = wx + z with the roots drawn first.
      const [p, q, u, v] = [draw.int(-10, 10), draw.int(-10, 10), draw.nonZero(-9, 9), draw.nonZero(-9, 9)];
      const [w, z] = [u + v + p + q, u * v - p * q];
      const right = polynomial([w, z]);
      const equation = `(x${following(u)})(x${following(v)}) = ${right}`;
      const standard = polynomial([1, -(p + q), p * q]);
      return {
        equation, a: 1, b: -(p + q), c: p * q,
        opening: [
          voice.say(['Expand the left side: {open} = {right}', 'Multiply out: {open} = {right}'], ['展开左边：{open} = {right}', '去括号：{open} = {right}'], { open: polynomial([1, u + v, u * v]), right }),
          voice.say(['Bring everything to one side: {standard} = 0', 'Subtract the right side: {standard} = 0'], ['移项整理：{standard} = 0', '全部移到左边：{standard} = 0'], { standard }),
        ],
      };
    }
  }
}

function stepsOf(a: number, b: number, c: number, root: number, solutions: readonly string[], draw: Draw, voice: Voice): string {
  const either = solutions.map((x) => `x = ${x}`).join(voice.of([' or ', ' 或 ']));
  const last = voice.say(['So {either}.', 'Hence {either}.', 'The solutions: {either}.'], ['所以 {either}。', '因此 {either}。', '解为 {either}。'], { either });
  if (b === 0 && Number.isInteger(root / (2 * a))) return voice.steps(voice.say(['x^2 stands alone: x^2 = {claim}', 'Isolate the square: x^2 = {claim}'], ['化为 x^2 = {claim}', '把平方项单独留下：x^2 = {claim}'], { claim: `${String(-c)} ÷ ${String(a)} = ${String(-c / a)}` }), voice.say(['Both roots count: {claim} and its negative.', '{claim}, and the negative root works, too.'], ['注意正负两个根：{claim}，以及它的相反数。', '{claim}，负根同样成立。'], { claim: `${String(root / (2 * a))}^2 = ${String(-c / a)}` }), last);
  if (c === 0 && b !== 0) {
    const [factor, inner] = [greatestCommon(a, b), [a / greatestCommon(a, b), b / greatestCommon(a, b)]];
    return voice.steps(voice.say(['Every term has x: {open}', 'Factor x out: {open}'], ['每项都含 x，提取公因式：{open}', '提公因式：{open}'], { open: `${factor === 1 ? '' : String(factor)}x(${polynomial(inner)}) = 0` }), voice.say(['A product is 0 when a factor is 0.', 'One of the factors must be zero.'], ['乘积为 0，则必有一个因式为 0。', '其中一个因式等于零。']), last);
  }
  if (a === 1 && draw.chance(0.7)) {
    const [p, q] = [(-b - root) / 2, (-b + root) / 2];
    const values = { b, c, p: -p, q: -q, product: `${bracketed(-p)} × ${bracketed(-q)} = ${String(p * q)}`, sum: `${bracketed(-p)} + ${bracketed(-q)} = ${String(-p - q)}`, open: p === q ? `(x${following(-p)})^2 = 0` : `(x${following(-p)})(x${following(-q)}) = 0` };
    return voice.steps(
      voice.say(['Two numbers with product {c} and sum {b} are needed: {product} and {sum}.', 'Look for factors of {c} that add up to {b}: {product}, {sum}.'], ['找两个数，积为 {c}，和为 {b}：{product}，{sum}。', '十字相乘：{product}，{sum}。'], values),
      voice.say(['So the equation factors as {open}', 'It factors: {open}'], ['因此可分解为 {open}', '因式分解：{open}'], values), last,
    );
  }
  const discriminant = b * b - 4 * a * c;
  const values = { d: `${bracketed(b)}^2 - 4 × ${bracketed(a)} × ${bracketed(c)} = ${String(b * b)} - ${bracketed(4 * a * c)} = ${String(discriminant)}`, root: `${String(root)}^2 = ${String(discriminant)}`, r: root };
  const branches = solutions.length === 1 ? [`x = ${String(-b)}/(2 × ${bracketed(a)}) = ${solutions[0] ?? ''}`] : [-root, root].map((each) => `x = (${String(-b)}${following(each)})/(2 × ${bracketed(a)}) = ${ratio(-b + each, 2 * a)}`);
  return voice.steps(
    voice.say(['Use the quadratic formula. Discriminant: {d}', 'The discriminant is {d}'], ['用求根公式，判别式：{d}', '先算判别式：{d}'], values),
    voice.say(['Its square root is {r}, because {root}.', '{root}, so its root is {r}.'], ['它的平方根是 {r}，因为 {root}。', '{root}，所以开方得 {r}。'], values), branches, last,
  );
}

function countOf(draw: Draw, voice: Voice): ReturnType<ProblemKind<Statement>['make']> {
  const [a, b] = [draw.nonZero(-9, 9), draw.int(-20, 20)];
  // A double root now and then: c = b²/4a where that is whole.
  const c = draw.chance(0.3) && (b * b) % (4 * a) === 0 ? b * b / (4 * a) : draw.int(-20, 20);
  const discriminant = b * b - 4 * a * c;
  const count = discriminant > 0 ? 2 : discriminant === 0 ? 1 : 0;
  const equation = `${polynomial([a, b, c])} = 0`;
  const claim = `${bracketed(b)}^2 - 4 × ${bracketed(a)} × ${bracketed(c)} = ${String(b * b)} - ${bracketed(4 * a * c)} = ${String(discriminant)}`;
  const gold = String(count);
  return {
    statement: { equation, asks: 'count' }, gold, answer: voice.answer(gold),
    prompt: voice.say(['How many different real solutions does {equation} have?', 'Find the number of distinct real roots of {equation}.'], ['方程 {equation} 有几个不同的实数解？', '求方程 {equation} 的不同实根个数。'], { equation }),
    think: voice.steps(
      voice.say(['The sign of the discriminant decides: {claim}', 'Compute the discriminant: {claim}'], ['由判别式的符号判断：{claim}', '计算判别式：{claim}'], { claim }),
      count === 2 ? voice.say(['It is positive, so there are two different real solutions.'], ['判别式大于 0，有两个不同的实数解。']) : count === 1 ? voice.say(['It is zero, so both roots fall together: one solution.'], ['判别式等于 0，两根重合，只有一个解。']) : voice.say(['It is negative, so no real number solves it: 0 solutions.'], ['判别式小于 0，没有实数解，个数为 0。']),
    ),
  };
}

