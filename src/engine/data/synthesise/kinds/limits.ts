/** Limits: by substitution, by cancelling, at infinity, of sine and exponential quotients, of roots. */
import type { Draw } from '../../draw.ts';
import type { Difficulty, Draft, ProblemKind } from '../contract.ts';
import { floatValue, parseExpression } from '../../symbolic/expression.ts';
import { toNumber } from '../../symbolic/rational.ts';
import { valueOf } from '../proofs.ts';
import type { Voice } from '../voice.ts';
import { bracketed, following, polynomial, powerOf, ratio, term } from '../writing.ts';
import { SOMEWHERE } from './derivatives.ts';

interface Statement {
  readonly f: string;
  readonly at: number | 'infinity';
}

interface Solved extends Statement {
  readonly gold: string;
  readonly lines: readonly string[];
}

export const limits: ProblemKind<Statement> = {
  name: 'limits', task: 'maths', proof: 'numeric',
  about: ['Limits of functions', '函数极限'],
  grows: ['substitution, cancelling a factor, infinity, sine and exponential quotients, roots and cubes', '直接代入、约去因式、趋于无穷、正弦与指数商、根式与立方'],
  make(draw, difficulty, voice): Draft<Statement> | null {
    const { f, at, gold, lines } = MAKERS[difficulty](draw, voice);
    const where = at === 'infinity' ? '∞' : String(at);
    return {
      statement: { f, at }, gold, answer: voice.answer(gold), values: { x: SOMEWHERE }, think: voice.steps(lines),
      prompt: voice.say(['Find the limit of {f} as x approaches {where}.', 'What does {f} tend to as x → {where}?', 'Compute lim x→{where} of {f}.'], ['求 x → {where} 时 {f} 的极限。', '当 x 趋于 {where} 时，{f} 趋于多少？', '计算极限 lim x→{where}：{f}'], { f, where }),
    };
  },
  /** Values from both sides, ever nearer; errors of first order cancel. */
  check({ f, at }, gold) {
    const [of, value] = [parseExpression(f), valueOf(gold)];
    if (of === null || value === null) return false;
    const near = (h: number): number => at === 'infinity' ? floatValue(of, { x: 1 / h }) : (floatValue(of, { x: at + h }) + floatValue(of, { x: at - h })) / 2;
    const found = at === 'infinity' ? 2 * near(5e-7) - near(1e-6) : (4 * near(0.005) - near(0.01)) / 3;
    return Math.abs(found - toNumber(value)) <= 2e-5 * Math.max(1, Math.abs(found));
  },
};

const MAKERS: Readonly<Record<Difficulty, (draw: Draw, voice: Voice) => Solved>> = {
  1: (draw, voice) => {
    const [a, b, c, at] = [draw.int(-6, 6), draw.nonZero(-9, 9), draw.int(-12, 12), draw.int(-5, 6)];
    const value = a * at * at + b * at + c;
    const square = a === 0 ? [] : [a === 1 ? `${bracketed(at)}^2` : `${String(a)} × ${bracketed(at)}^2`];
    const put = [...square, `${a === 0 ? String(b) : bracketed(b)} × ${bracketed(at)}`].join(' + ');
    const terms = `${a === 0 ? '' : String(a * at * at)}${a === 0 ? String(b * at) : following(b * at)}`;
    return { f: polynomial(a === 0 ? [b, c] : [a, b, c]), at, gold: String(value), lines: [voice.say(['A polynomial is continuous, so put {at} in: {claim}', 'Nothing goes wrong at {at}; substitute: {claim}'], ['多项式连续，直接代入 {at}：{claim}', '在 {at} 处没有问题，代入：{claim}'], { at, claim: `${put}${c === 0 ? '' : following(c)} = ${terms}${c === 0 ? '' : following(c)} = ${String(value)}` })] };
  },
  2: (draw, voice) => {
    const [at, q, k] = [draw.int(-9, 9), draw.int(-9, 9), draw.int(1, 4)];
    return cancelled(voice, at, [k, -k * q]);
  },
  3: (draw, voice) => {
    const degree = draw.int(1, 3);
    const lower = draw.chance(0.25);
    const [top, bottom] = [[draw.nonZero(-9, 9), ...Array.from({ length: degree - (lower ? 1 : 0) }, () => draw.int(-9, 9))], [draw.nonZero(-9, 9), ...Array.from({ length: degree }, () => draw.int(-9, 9))]];
    const f = `(${polynomial(top)})/(${polynomial(bottom)})`;
    const gold = lower ? '0' : ratio(top[0] ?? 0, bottom[0] ?? 1);
    return {
      f, at: 'infinity', gold,
      lines: [voice.say(['Divide numerator and denominator by the highest power, {power}: all lower terms tend to 0.', 'For large x only the leading terms matter; the rest, over {power}, vanishes.'], ['分子分母同除以最高次 {power}，低次项都趋于 0。', 'x 很大时只有最高次项起作用。'], { power: powerOf('x', degree) }),
        lower ? voice.say(['The numerator has the lower degree, so the quotient tends to 0.', 'The denominator grows faster: the limit is 0.'], ['分子次数较低，商趋于 0。', '分母增长更快，极限为 0。']) : voice.say(['What remains is the quotient of the leading coefficients: {claim}', 'The leading coefficients decide: {claim}'], ['剩下首项系数之比：{claim}', '由首项系数决定：{claim}'], { claim: claimOf(top[0] ?? 0, bottom[0] ?? 1, gold) })],
    };
  },
  4: (draw, voice) => {
    const [a, b] = [draw.int(1, 12), draw.int(1, 12)];
    const gold = ratio(a, b);
    const [ax, bx] = [term(a, 'x'), term(b, 'x')];
    if (draw.chance(0.34)) return { f: `(e^(${ax}) - 1)/(${bx})`, at: 0, gold, lines: [voice.say(['Near 0, e^({ax}) - 1 behaves like {ax}.', '(e^u - 1)/u tends to 1 as u → 0; here u is {ax}.'], ['x 接近 0 时，e^({ax}) - 1 与 {ax} 等价。', 'u → 0 时 (e^u - 1)/u 趋于 1，这里 u 是 {ax}。'], { ax }), quotient(voice, ax, bx, a, b, gold)] };
    if (draw.chance(0.5)) return { f: `sin(${ax})/(${bx})`, at: 0, gold, lines: [voice.say(['Near 0, sin({ax}) behaves like {ax}.', 'sin(u)/u tends to 1 as u → 0; here u is {ax}.'], ['x 接近 0 时，sin({ax}) 与 {ax} 等价。', 'u → 0 时 sin(u)/u 趋于 1，这里 u 是 {ax}。'], { ax }), quotient(voice, ax, bx, a, b, gold)] };
    const value = ratio(a * a, 2 * b);
    return { f: `(1 - cos(${ax}))/(${term(b, 'x^2')})`, at: 0, gold: value, lines: [voice.say(['1 - cos(u) behaves like half of u^2 near 0; here u is {ax}, and {claim}.', 'Use that (1 - cos(u))/u^2 tends to 1/2; with u being {ax}, {claim}.'], ['u 接近 0 时 1 - cos(u) 等价于 u^2 的一半；这里 u 是 {ax}，{claim}。', '利用 (1 - cos(u))/u^2 趋于 1/2；u 为 {ax}，{claim}。'], { ax, claim: `${String(a)}^2 = ${String(a * a)}` }), voice.say(['So the quotient tends to {claim}', 'The limit is {claim}'], ['所以极限为 {claim}', '商趋于 {claim}'], { claim: `${String(a * a)}/(2 × ${String(b)}) = ${value}` })] };
  },
  5: (draw, voice) => {
    if (draw.chance(0.5)) {
      const [at, p, q, k] = [draw.nonZero(-6, 6), draw.int(-6, 6), draw.int(-6, 6), draw.int(1, 3)];
      return cancelled(voice, at, [k, -k * (p + q), k * p * q]);
    }
    const [r, k] = [draw.int(1, 20), draw.int(1, 12)];
    const gold = ratio(k, 2 * r);
    const inner = `${term(k, 'x')} + ${String(r * r)}`;
    return {
      f: `(sqrt(${inner}) - ${String(r)})/x`, at: 0, gold,
      lines: [
        voice.say(['Multiply by the conjugate sqrt({inner}) + {r}: the numerator becomes {claim}.', 'The form is 0/0. With the conjugate sqrt({inner}) + {r} the numerator turns into {claim}.'], ['分子有理化，乘以 sqrt({inner}) + {r}，分子变为 {claim}。', '这是 0/0 型。乘以共轭 sqrt({inner}) + {r}，分子成为 {claim}。'], { inner, r, claim: `${inner} - ${String(r)}^2 = ${term(k, 'x')}` }),
        voice.say(['x cancels and {k}/(sqrt({inner}) + {r}) remains.', 'After cancelling x: {k}/(sqrt({inner}) + {r}).'], ['约去 x，剩下 {k}/(sqrt({inner}) + {r})。', '约去 x 后为 {k}/(sqrt({inner}) + {r})。'], { inner, r, k }),
        voice.say(['At 0 this is {claim}', 'Now put 0 in: {claim}'], ['代入 0：{claim}', '此时取 0 得 {claim}'], { claim: `${String(k)}/(${String(r)} + ${String(r)}) = ${String(k)}/${String(2 * r)}${gold === `${String(k)}/${String(2 * r)}` ? '' : ` = ${gold}`}` }),
      ],
    };
  },
};

const claimOf = (n: number, d: number, gold: string): string => `${String(n)}/${bracketed(d)}` === gold ? gold : `${String(n)}/${bracketed(d)} = ${gold}`;

function quotient(voice: Voice, ax: string, bx: string, a: number, b: number, gold: string): string {
  return voice.say(['So the quotient tends to that of {ax} and {bx}: {claim}', 'The limit is that of {ax} over {bx}: {claim}'], ['于是极限等于 {ax} 与 {bx} 之比：{claim}', '商的极限为 {ax} 比 {bx}：{claim}'], { ax, bx, claim: claimOf(a, b, gold) });
}

/** ((x − at) · other)/(x − at), expanded. */
function cancelled(voice: Voice, at: number, other: readonly number[]): Solved {
  const top = [...other, 0].map((each, index) => each - at * (other[index - 1] ?? 0));
  const factor = at === 0 ? 'x' : `x${following(-at)}`;
  const rest = polynomial(other);
  const value = other.reduce((sum, each) => sum * at + each, 0);
  const numerator = polynomial(top);
  const put = rest.replaceAll(/(\d)?x/g, (_, digit: string | undefined) => `${digit === undefined ? '' : `${digit} × `}${bracketed(at)}`);
  return {
    f: at === 0 ? `(${numerator})/x` : `(${numerator})/(${factor})`, at, gold: String(value),
    lines: [
      voice.say(['Direct substitution gives 0/0, so the numerator has the factor {factor}.', 'Both parts vanish at {at}: {factor} can be taken out.'], ['直接代入得 0/0，分子含因式 {factor}。', '分子分母在 {at} 处都为 0，可提出 {factor}。'], { factor, at }),
      voice.say(['Factor: {claim}', 'Indeed {claim}'], ['因式分解：{claim}', '事实上 {claim}'], { claim: `${numerator} = (${factor})(${rest})` }),
      voice.say(['Cancel it; {rest} remains, and at {at}: {claim}', 'What remains is {rest}. Put {at} in: {claim}'], ['约去后剩 {rest}，在 {at} 处：{claim}', '剩下 {rest}，代入 {at}：{claim}'], { rest, at, claim: put === String(value) ? put : `${put} = ${String(value)}` }),
    ],
  };
}
