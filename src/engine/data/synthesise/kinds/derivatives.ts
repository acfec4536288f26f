/** Derivatives: powers, polynomials, products, chains; as a function or at a point. */
import type { Draw } from '../../draw.ts';
import type { Difficulty, ProblemKind } from '../contract.ts';
import { floatValue, parseExpression } from '../../symbolic/expression.ts';
import { rational } from '../../symbolic/rational.ts';
import type { Voice } from '../voice.ts';
import { bracketed, polynomial, powerOf, term } from '../writing.ts';

interface Statement {
  readonly f: string;
  /** Where the slope is asked; null asks for the function. */
  readonly at: number | null;
}

interface Derived {
  readonly f: string;
  readonly derivative: string;
  readonly lines: readonly string[];
}

/** Any number that is no special point: identities of the steps are checked at it. */
export const SOMEWHERE = rational(7, 3);

export const derivatives: ProblemKind<Statement> = {
  name: 'derivatives', task: 'maths', proof: 'numeric',
  about: ['Derivatives as functions and at a point', '导数：求导函数与某点的导数'],
  grows: ['powers, polynomials, slopes and products, the chain rule, products with exponentials and sines', '幂函数、多项式、某点斜率与乘积、链式法则、与指数或三角函数的乘积'],
  make(draw, difficulty, voice) {
    const { f, derivative, lines } = MAKERS[difficulty](draw, voice);
    if (derivative === '0') return null;
    const asksSlope = difficulty <= 3 && draw.chance(0.35);
    if (!asksSlope) {
      return {
        statement: { f, at: null }, gold: derivative, answer: voice.answer(derivative), values: { x: SOMEWHERE }, think: voice.steps(lines),
        prompt: voice.say(['Differentiate f(x) = {f} with respect to x.', 'Find the derivative of {f}.', 'What is d/dx of {f}?', 'Let f(x) = {f}. Find f′(x).'], ['求 f(x) = {f} 的导数。', '对 {f} 求导。', '设 f(x) = {f}，求 f′(x)。', '函数 {f} 的导函数是什么？'], { f }),
      };
    }
    const at = draw.int(-4, 5);
    const put = derivative.replaceAll(/(\d)?x/g, (_, digit: string | undefined) => `${digit === undefined ? '' : `${digit} × `}${bracketed(at)}`).replaceAll(')(', ') × (');
    const expression = parseExpression(derivative);
    const value = expression === null ? NaN : floatValue(expression, { x: at });
    if (!Number.isInteger(value) || Math.abs(value) > 5000) return null;
    const gold = String(value);
    return {
      statement: { f, at }, gold, answer: voice.answer(gold), values: { x: SOMEWHERE },
      think: voice.steps(lines, voice.say(['At the point {at} this gives {claim}.', 'Put {at} in for x: {claim}.'], ['在 {at} 处：{claim}。', '把 {at} 代入：{claim}。'], { at, claim: put === gold ? gold : `${put} = ${gold}` })),
      prompt: voice.say(['Find the slope of the curve y = {f} at x = {at}.', 'Let f(x) = {f}. Compute f′({at}).', 'What is the derivative of {f} at x = {at}?'], ['求曲线 y = {f} 在 x = {at} 处的斜率。', '设 f(x) = {f}，求 f′({at})。', '函数 {f} 在 x = {at} 处的导数是多少？'], { f, at }),
    };
  },
  /** Central differences at several points (Richardson's extrapolation: error of order h⁴). */
  check({ f, at }, gold) {
    const [of, derivative] = [parseExpression(f), parseExpression(gold)];
    if (of === null || derivative === null) return false;
    const slope = (x: number, h: number): number => (floatValue(of, { x: x + h }) - floatValue(of, { x: x - h })) / (2 * h);
    let compared = 0;
    for (const x of at === null ? [0.37, 0.81, 1.43, 2.19, -0.58, -1.31] : [at]) {
      const numeric = (4 * slope(x, 0.0005) - slope(x, 0.001)) / 3;
      // ln x has no value on the left.
      if (Number.isNaN(numeric)) continue;
      compared += 1;
      const claimed = floatValue(derivative, { x });
      if (!(Math.abs(claimed - numeric) <= 1e-6 * Math.max(1, Math.abs(numeric)))) return false;
    }
    return compared >= (at === null ? 4 : 1);
  },
};

const MAKERS: Readonly<Record<Difficulty, (draw: Draw, voice: Voice) => Derived>> = {
  1: (draw, voice) => byTerms([draw.nonZero(-12, 12), ...Array.from({ length: draw.int(1, 6) }, () => 0)], draw.chance(0.5) ? draw.nonZero(-20, 20) : 0, voice),
  2: (draw, voice) => byTerms([draw.nonZero(-6, 6), ...Array.from({ length: draw.int(1, 3) }, () => draw.int(-9, 9))], draw.int(-15, 15), voice),
  3: (draw, voice) => draw.chance(0.5) ? product(draw, voice) : byTerms([draw.nonZero(-5, 5), draw.nonZero(-9, 9), draw.int(-9, 9), draw.int(-9, 9)], draw.int(-9, 9), voice),
  4: chain,
  5: transcendental,
};

/** `constant` replaces the last coefficient. */
function byTerms(coefficients: readonly number[], constant: number, voice: Voice): Derived {
  const all = [...coefficients.slice(0, -1), constant];
  const degree = all.length - 1;
  const derived = all.slice(0, -1).map((each, index) => each * (degree - index));
  const lines = all.flatMap((coefficient, index) => {
    const power = degree - index;
    if (coefficient === 0) return [];
    const of = term(coefficient, powerOf('x', power));
    if (power === 0) return [voice.say(['The constant {of} falls away.', 'A constant such as {of} has derivative 0.'], ['常数项 {of} 的导数为 0。', '常数 {of} 求导后消失。'], { of })];
    return [voice.say(['The derivative of {of}: multiply by the exponent {power} and lower it by one, {claim}.', '{of} becomes {to}, since {sum}.'], ['{of} 求导：乘以指数 {power}，指数减 1，{claim}。', '{of} 变为 {to}，因为 {sum}。'], { of, power, to: term(coefficient * power, powerOf('x', power - 1)), sum: `${String(coefficient)} × ${String(power)} = ${String(coefficient * power)}`, claim: `${String(coefficient)} × ${String(power)} = ${String(coefficient * power)}` })];
  });
  const derivative = polynomial(derived);
  return { f: polynomial(all), derivative, lines: [voice.say(['Go term by term with the power rule.', 'Use the power rule on each term.'], ['逐项使用幂函数求导法则。', '用幂法则逐项求导。']), ...lines, voice.say(['Together: {derivative}', 'So the derivative is {derivative}'], ['合起来：{derivative}', '所以导数是 {derivative}'], { derivative })] };
}

function product(draw: Draw, voice: Voice): Derived {
  const [a, b, c, d] = [draw.nonZero(-6, 6), draw.nonZero(-9, 9), draw.nonZero(-6, 6), draw.nonZero(-9, 9)];
  const [u, v] = [polynomial([a, 0, b]), polynomial([c, d])];
  const derivative = polynomial([3 * a * c, 2 * a * d, b * c]);
  const open = `${term(2 * a, 'x')} × (${v}) + (${u}) × ${bracketed(c)} = ${derivative}`;
  return {
    f: `(${u})(${v})`, derivative,
    lines: [
      voice.say(['Product rule: (uv)′ is u′v + uv′, with u: {u} and v: {v}.', 'Use the product rule on {u} and {v}.'], ['用乘积法则，两个因式为 {u} 和 {v}。', '设 u 为 {u}，v 为 {v}，乘积的导数是 u′v + uv′。'], { u, v }),
      voice.say(['Their derivatives are {du} and {dv}.', 'u′ is {du}, v′ is {dv}.'], ['它们的导数分别是 {du} 和 {dv}。', 'u′ 为 {du}，v′ 为 {dv}。'], { du: term(2 * a, 'x'), dv: c }),
      voice.say(['Put together and expanded: {open}', 'So {open}'], ['代入并展开：{open}', '所以 {open}'], { open }),
    ],
  };
}

function chain(draw: Draw, voice: Voice): Derived {
  const [a, b, n] = [draw.nonZero(-6, 7), draw.nonZero(-9, 9), draw.int(3, 7)];
  const inner = polynomial([a, b]);
  const k = draw.nonZero(-9, 9);
  const scaled = (by: number, text: string): string => by === 1 ? text : by === -1 ? `-${text}` : `${String(by)}${text}`;
  const [f, derivative, outer, claim] = draw.pick([
    [`(${inner})^${String(n)}`, scaled(n * a, `(${inner})^${String(n - 1)}`), `${String(n)}(${inner})^${String(n - 1)}`, `${String(n)} × ${bracketed(a)} = ${String(n * a)}`],
    [scaled(k, `sin(${inner})`), scaled(k * a, `cos(${inner})`), scaled(k, `cos(${inner})`), `${String(k)} × ${bracketed(a)} = ${String(k * a)}`],
    [scaled(k, `cos(${inner})`), scaled(-k * a, `sin(${inner})`), scaled(-k, `sin(${inner})`), `${String(-k)} × ${bracketed(a)} = ${String(-k * a)}`],
    [scaled(k, `e^(${inner})`), scaled(k * a, `e^(${inner})`), scaled(k, `e^(${inner})`), `${String(k)} × ${bracketed(a)} = ${String(k * a)}`],
  ] as const);
  return {
    f, derivative,
    lines: [
      voice.say(['The inner function is {inner}, with derivative {a}.', 'Chain rule: inside stands {inner}, whose derivative is {a}.'], ['内层函数是 {inner}，导数为 {a}。', '链式法则：内层 {inner} 的导数是 {a}。'], { inner, a }),
      voice.say(['The outer derivative, with the inside kept: {outer}.', 'Differentiate the outside first: {outer}.'], ['外层求导，内层不变：{outer}。', '先对外层求导得 {outer}。'], { outer }),
      voice.say(['Multiply by {a}: {claim}, so the result is {derivative}', 'Times the inner derivative, {claim}: {derivative}'], ['再乘内层导数 {a}：{claim}，结果为 {derivative}', '乘以 {a}，{claim}，得 {derivative}'], { a, claim, derivative }),
    ],
  };
}

function transcendental(draw: Draw, voice: Voice): Derived {
  const [a, b, k] = [draw.nonZero(-6, 6), draw.int(-9, 9), draw.nonZero(-5, 5)];
  const u = polynomial([a, b]);
  const kx = term(k, 'x');
  const first = b === 0 ? u : `(${u})`;
  if (draw.chance(0.5)) {
    const factor = polynomial([a * k, b * k + a]);
    const derivative = `(${factor})e^(${kx})`;
    return {
      f: `${first}e^(${kx})`, derivative,
      lines: [
        voice.say(['Product rule with u: {u} and v: e^({kx}).', 'This is a product of {u} and e^({kx}).'], ['乘积法则：u 为 {u}，v 为 e^({kx})。', '这是 {u} 与 e^({kx}) 的乘积。'], { u, kx }),
        voice.say(['u′ is {a}; v′ is {k} times e^({kx}) by the chain rule.', 'The derivatives: {a}, and {k} times e^({kx}).'], ['u′ 为 {a}；由链式法则，v′ 是 {k} 乘 e^({kx})。', '导数分别为 {a} 和 {k} 乘 e^({kx})。'], { a, k, kx }),
        voice.say(['e^({kx}) is common; its factor is {claim}', 'Collect the factor of e^({kx}): {claim}'], ['提出公因式 e^({kx})，系数为 {claim}', 'e^({kx}) 的系数：{claim}'], { kx, claim: `${String(a)} + ${bracketed(k)} × (${u}) = ${factor}` }), derivative,
      ],
    };
  }
  const sine = draw.chance(0.5);
  const [outer, inner] = sine ? ['sin', 'cos'] : ['cos', 'sin'];
  const sign = sine ? 1 : -1;
  const second = polynomial([sign * k * a, sign * k * b]);
  const derivative = `${term(a, `${outer}(${kx})`)} + (${second})${inner}(${kx})`;
  return {
    f: `${first}${outer}(${kx})`, derivative,
    lines: [
      voice.say(['Product rule with u: {u} and v: {outer}({kx}).', 'Take {u} and {outer}({kx}) as the two factors.'], ['乘积法则：u 为 {u}，v 为 {outer}({kx})。', '两个因式是 {u} 和 {outer}({kx})。'], { u, outer, kx }),
      voice.say(['u′ is {a}, and v′ is {c} times {inner}({kx}).', 'Their derivatives are {a} and {c} times {inner}({kx}).'], ['u′ 为 {a}，v′ 是 {c} 乘 {inner}({kx})。', '导数分别是 {a} 与 {c} 乘 {inner}({kx})。'], { a, c: sign * k, inner, kx }),
      voice.say(['The factor of {inner}({kx}) is {claim}', 'For {inner}({kx}): {claim}'], ['{inner}({kx}) 的系数：{claim}', '{inner}({kx}) 前面是 {claim}'], { inner, kx, claim: `${bracketed(sign * k)} × (${u}) = ${second}` }),
      voice.say(['Altogether: {derivative}', 'Sum of both parts: {derivative}'], ['合起来：{derivative}', '两部分之和：{derivative}'], { derivative }),
    ],
  };
}

