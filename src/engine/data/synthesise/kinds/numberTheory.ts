/** Divisors, primes, remainders. */
import type { Draw } from '../../draw.ts';
import type { Difficulty, Draft, ProblemKind } from '../contract.ts';
import { wholeOf } from '../proofs.ts';
import type { Voice } from '../voice.ts';
import { greatestCommon, leastCommon } from '../writing.ts';

type Statement =
  | { readonly asks: 'gcd' | 'lcm'; readonly a: number; readonly b: number }
  | { readonly asks: 'remainder'; readonly a: number; readonly b: number }
  | { readonly asks: 'largest-prime' | 'divisor-count' | 'divisor-sum'; readonly n: number }
  | { readonly asks: 'power-remainder'; readonly base: number; readonly exponent: number; readonly modulus: number }
  | { readonly asks: 'congruences'; readonly remainders: readonly (readonly [remainder: number, modulus: number])[] };

type Asks = Statement['asks'];

const AT: Readonly<Record<Difficulty, readonly Asks[]>> = {
  1: ['remainder', 'gcd'], 2: ['gcd', 'lcm', 'remainder', 'largest-prime'], 3: ['gcd', 'lcm', 'largest-prime', 'divisor-count'],
  4: ['divisor-count', 'divisor-sum', 'power-remainder', 'congruences'], 5: ['power-remainder', 'congruences', 'divisor-sum', 'lcm'],
};

export const numberTheory: ProblemKind<Statement> = {
  name: 'number-theory', task: 'maths', proof: 'enumeration',
  about: ['gcd, lcm, prime factors, divisors, remainders of powers, congruences', '最大公约数、最小公倍数、质因数、约数、幂的余数、同余'],
  grows: ['size of the numbers; from remainders and gcd to divisor sums, powers and congruences', '数值变大；由余数、公约数到约数和、幂与同余组'],
  make(draw, difficulty, voice) {
    const asks = draw.pick(AT[difficulty]);
    switch (asks) {
      case 'gcd': case 'lcm': return pairOf(asks, draw, difficulty, voice);
      case 'remainder': return remainderOf(draw, difficulty, voice);
      case 'largest-prime': case 'divisor-count': case 'divisor-sum': return factorsOf(asks, draw, difficulty, voice);
      case 'power-remainder': return powerOf(draw, difficulty, voice);
      case 'congruences': return congruencesOf(draw, difficulty, voice);
    }
  },
  /** By looking at every candidate. */
  check(statement, gold) {
    const answer = wholeOf(gold);
    return answer !== null && answer === enumerated(statement);
  },
};

function enumerated(statement: Statement): number | null {
  switch (statement.asks) {
    case 'gcd': {
      let best = 1;
      for (let i = 1; i <= Math.min(statement.a, statement.b); i++) if (statement.a % i === 0 && statement.b % i === 0) best = i;
      return best;
    }
    case 'lcm': {
      const [small, large] = [Math.min(statement.a, statement.b), Math.max(statement.a, statement.b)];
      let multiple = large;
      while (multiple % small !== 0) multiple += large;
      return multiple;
    }
    case 'remainder': {
      let rest = statement.a;
      while (rest >= statement.b) rest -= statement.b;
      return rest;
    }
    case 'largest-prime': case 'divisor-count': case 'divisor-sum': {
      const divisors: number[] = [];
      for (let i = 1; i <= statement.n; i++) if (statement.n % i === 0) divisors.push(i);
      if (statement.asks === 'divisor-count') return divisors.length;
      if (statement.asks === 'divisor-sum') return divisors.reduce((sum, each) => sum + each, 0);
      return divisors.filter((each) => each > 1 && divisors.every((other) => other === 1 || other === each || each % other !== 0)).at(-1) ?? null;
    }
    case 'power-remainder': {
      let rest = 1 % statement.modulus;
      for (let i = 0; i < statement.exponent; i++) rest = (rest * statement.base) % statement.modulus;
      return rest;
    }
    case 'congruences': {
      const end = statement.remainders.reduce((product, [, modulus]) => product * modulus, 1);
      for (let i = 1; i <= end; i++) if (statement.remainders.every(([remainder, modulus]) => i % modulus === remainder)) return i;
      return null;
    }
  }
}

function pairOf(asks: 'gcd' | 'lcm', draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> | null {
  const most = asks === 'gcd' ? [40, 120, 900, 900, 900][difficulty - 1] ?? 900 : [12, 24, 60, 60, 240][difficulty - 1] ?? 60;
  const common = draw.int(2, asks === 'gcd' ? Math.max(3, Math.floor(most / 12)) : 12);
  const [a, b] = [common * draw.int(1, Math.max(2, Math.floor(most / common))), common * draw.int(1, Math.max(2, Math.floor(most / common)))];
  if (a === b) return null;
  const values = { a, b };
  const [first, second] = a > b ? [a, b] : [b, a];
  const lines: string[] = [];
  let [x, y] = [first, second];
  while (y !== 0) {
    const rest = x % y;
    lines.push(`${String(x)} = ${String(Math.floor(x / y))} × ${String(y)}${rest === 0 ? '' : ` + ${String(rest)}`}`);
    [x, y] = [y, rest];
  }
  const gcd = x;
  const opening = voice.say(['Euclid’s algorithm: divide with remainder until nothing is left.', 'Divide the larger by the smaller and go on with the remainder.', 'I use the Euclidean algorithm on {a} and {b}.'], ['用辗转相除法：', '用大数除以小数，再用余数继续除。', '对 {a} 和 {b} 辗转相除。'], values);
  const found = voice.say(['The last divisor is {gcd}, so gcd({a}, {b}) = {gcd}.', 'The remainder is gone at {gcd}: gcd({a}, {b}) = {gcd}.'], ['最后的除数是 {gcd}，即 gcd({a}, {b}) = {gcd}。', '余数为 0 时除数是 {gcd}，所以 gcd({a}, {b}) = {gcd}。'], { ...values, gcd });
  if (asks === 'gcd') {
    return {
      statement: { asks, a, b }, gold: String(gcd), answer: voice.answer(String(gcd)), think: voice.steps(opening, lines, found),
      prompt: voice.say(['Find the greatest common divisor of {a} and {b}.', 'What is the largest number that divides both {a} and {b}?', 'Compute gcd({a}, {b}).'], ['求 {a} 和 {b} 的最大公约数。', '同时整除 {a} 和 {b} 的最大的数是多少？', '{a} 与 {b} 的最大公因数是多少？'], values),
    };
  }
  const lcm = leastCommon(a, b);
  return {
    statement: { asks, a, b }, gold: String(lcm), answer: voice.answer(String(lcm)),
    think: voice.steps(opening, lines, found, voice.say(['Then lcm({a}, {b}) = {a} × {b} ÷ {gcd} = {product} ÷ {gcd} = {lcm}.', 'The least common multiple is the product over the gcd: {a} × {b} ÷ {gcd} = {lcm}.'], ['最小公倍数等于乘积除以最大公约数：{a} × {b} ÷ {gcd} = {product} ÷ {gcd} = {lcm}。', '于是 lcm({a}, {b}) = {a} × {b} ÷ {gcd} = {lcm}。'], { ...values, gcd, lcm, product: a * b })),
    prompt: voice.say(['Find the least common multiple of {a} and {b}.', 'What is the smallest positive number that both {a} and {b} divide?', 'Compute lcm({a}, {b}).'], ['求 {a} 和 {b} 的最小公倍数。', '能同时被 {a} 和 {b} 整除的最小正整数是多少？', '{a} 与 {b} 的最小公倍数是多少？'], values),
  };
}

function remainderOf(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> {
  const b = draw.int(3, difficulty === 1 ? 12 : 60);
  const a = draw.int(b + 1, difficulty === 1 ? 150 : 5000);
  const [quotient, rest] = [Math.floor(a / b), a % b];
  const values = { a, b, quotient, product: quotient * b, rest };
  return {
    statement: { asks: 'remainder', a, b }, gold: String(rest), answer: voice.answer(String(rest)),
    prompt: voice.say(['What is the remainder when {a} is divided by {b}?', 'Find {a} mod {b}.', '{a} sweets are shared equally among {b} children. How many are left over?', 'Divide {a} by {b}. What remains?'], ['{a} 除以 {b} 的余数是多少？', '求 {a} mod {b}。', '把 {a} 颗糖平均分给 {b} 个孩子，会剩下几颗？', '{a} 除以 {b}，余几？'], values),
    think: voice.steps(
      voice.say(['{b} fits {quotient} times: {quotient} × {b} = {product}.', 'The largest multiple of {b} up to {a} is {quotient} × {b} = {product}.'], ['{b} 的 {quotient} 倍是 {quotient} × {b} = {product}，不超过 {a}。', '不超过 {a} 的最大倍数：{quotient} × {b} = {product}。'], values),
      voice.say(['What is left: {a} - {product} = {rest}.', 'Subtract: {a} - {product} = {rest}, which is smaller than {b}.'], ['剩下 {a} - {product} = {rest}。', '相减：{a} - {product} = {rest}，小于 {b}。'], values),
    ),
  };
}

function factorsOf(asks: 'largest-prime' | 'divisor-count' | 'divisor-sum', draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> | null {
  const n = draw.int(24, difficulty === 2 ? 300 : difficulty === 3 ? 1200 : 4000);
  const factors: { prime: number; exponent: number }[] = [];
  const lines: string[] = [];
  let rest = n;
  for (let p = 2; p * p <= rest; p++) {
    let exponent = 0;
    while (rest % p === 0) {
      lines.push(`${String(rest)} ÷ ${String(p)} = ${String(rest / p)}`);
      [rest, exponent] = [rest / p, exponent + 1];
    }
    if (exponent > 0) factors.push({ prime: p, exponent });
  }
  // A prime, or one with a huge prime in it, is no exercise in factoring.
  if (factors.length === 0) return null;
  if (rest > 1) {
    const same = factors.find(({ prime }) => prime === rest);
    if (same === undefined) factors.push({ prime: rest, exponent: 1 });
    else same.exponent += 1;
  }
  const product = factors.map(({ prime, exponent }) => exponent === 1 ? String(prime) : `${String(prime)}^${String(exponent)}`).join(' × ');
  const values = { n, product };
  const opening = voice.say(['Factor {n} by dividing by the smallest primes:', 'Divide {n} by primes as long as it goes:'], ['用最小的质数逐次去除，分解 {n}：', '对 {n} 作质因数分解：'], values);
  const whole = voice.say(['So {n} = {product}.', 'The factorisation is {n} = {product}.'], ['所以 {n} = {product}。', '分解结果：{n} = {product}。'], values);
  let [gold, last] = ['', ''];
  if (asks === 'largest-prime') {
    gold = String(factors.at(-1)?.prime ?? 1);
    last = voice.say(['The largest prime in it is {gold}.', 'Among these primes {gold} is the largest.'], ['其中最大的质因数是 {gold}。', '最大的质数是 {gold}。'], { gold });
  } else if (asks === 'divisor-count') {
    const count = factors.reduce((total, { exponent }) => total * (exponent + 1), 1);
    gold = String(count);
    last = voice.say(['Each exponent plus one, multiplied: {claim}.', 'A divisor takes each prime 0 up to its exponent times: {claim} choices.'], ['各指数加 1 再相乘：{claim}。', '每个质因数可取 0 到其指数次：共 {claim} 种。'], { claim: claimOf(factors.map(({ exponent }) => `(${String(exponent)} + 1)`), gold) });
  } else {
    const parts = factors.map(({ prime, exponent }) => Array.from({ length: exponent + 1 }, (_, i) => prime ** i));
    const sums = parts.map((powers) => powers.reduce((sum, each) => sum + each, 0));
    gold = String(sums.reduce((total, each) => total * each, 1));
    last = voice.steps(
      voice.say(['For each prime, add its powers: {claims}.', 'Sums of the powers: {claims}.'], ['每个质因数的各次幂求和：{claims}。', '各质数幂之和：{claims}。'], { claims: parts.map((powers, i) => `${powers.join(' + ')} = ${String(sums[i])}`).join('; ') }),
      sums.length === 1 ? '' : voice.say(['The sum of all divisors is their product: {claim}.', 'Multiply them: {claim}.'], ['所有约数之和为它们的乘积：{claim}。', '相乘：{claim}。'], { claim: claimOf(sums.map(String), gold) }),
    );
  }
  return { statement: { asks, n }, gold, answer: voice.answer(gold), think: voice.steps(opening, lines, whole, last), prompt: FACTOR_PROMPTS[asks](voice, values) };
}

const claimOf = (factors: readonly string[], result: string): string => `${factors.join(' × ')} = ${result}`;

const FACTOR_PROMPTS: Readonly<Record<'largest-prime' | 'divisor-count' | 'divisor-sum', (voice: Voice, values: { readonly n: number }) => string>> = {
  'largest-prime': (voice, values) => voice.say(['What is the largest prime factor of {n}?', 'Find the greatest prime that divides {n}.'], ['{n} 的最大质因数是多少？', '求整除 {n} 的最大质数。'], values),
  'divisor-count': (voice, values) => voice.say(['How many positive divisors does {n} have?', 'Count the positive whole numbers that divide {n}.'], ['{n} 有多少个正约数？', '能整除 {n} 的正整数有几个？'], values),
  'divisor-sum': (voice, values) => voice.say(['What is the sum of all positive divisors of {n}?', 'Add up all the positive divisors of {n}, itself included. What is the sum?'], ['{n} 的所有正约数之和是多少？', '求 {n} 的全部正约数（包括自身）的和。'], values),
};

function powerOf(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> {
  const [base, exponent, modulus] = difficulty === 4 ? [draw.int(2, 12), draw.int(5, 20), draw.int(5, 13)] : [draw.int(3, 40), draw.int(20, 120), draw.int(7, 41)];
  const lines: string[] = [];
  // Square and multiply, from the highest bit.
  let [done, rest] = [1, base % modulus];
  lines.push(voice.say(['Begin with {claim}.', 'First reduce the base: {claim}.'], ['先看底数：{claim}。', '底数取余：{claim}。'], { claim: `${String(base)} mod ${String(modulus)} = ${String(rest)}` }));
  for (const bit of exponent.toString(2).slice(1)) {
    const before = rest;
    [done, rest] = [done * 2, rest * rest % modulus];
    lines.push(voice.say(['Exponent {done}: square, {claim}', 'Squaring gives exponent {done}: {claim}'], ['指数 {done}：平方，{claim}', '平方得到指数 {done}：{claim}'], { done, claim: `${String(before)} × ${String(before)} mod ${String(modulus)} = ${String(rest)}` }));
    if (bit === '1') {
      const squared = rest;
      [done, rest] = [done + 1, rest * base % modulus];
      lines.push(voice.say(['Exponent {done}: times the base, {claim}', 'One factor more makes {done}: {claim}'], ['指数 {done}：再乘底数，{claim}', '多乘一次，指数 {done}：{claim}'], { done, claim: `${String(squared)} × ${String(base)} mod ${String(modulus)} = ${String(rest)}` }));
    }
  }
  const values = { base, exponent, modulus };
  return {
    statement: { asks: 'power-remainder', base, exponent, modulus }, gold: String(rest), answer: voice.answer(String(rest)),
    think: voice.steps(voice.say(['The power is too large to write out, so I reduce at every step.', 'Work with remainders all the way, by repeated squaring.'], ['幂很大，每一步都取余数。', '用反复平方法，始终只保留余数。']), lines),
    prompt: voice.say(['What is the remainder when {base}^{exponent} is divided by {modulus}?', 'Compute {base}^{exponent} mod {modulus}.', 'Find the remainder of {base}^{exponent} on division by {modulus}.'], ['{base}^{exponent} 除以 {modulus} 的余数是多少？', '计算 {base}^{exponent} mod {modulus}。', '求 {base}^{exponent} 除以 {modulus} 所得的余数。'], values),
  };
}

function congruencesOf(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> | null {
  const moduli = draw.several([3, 4, 5, 7, 9, 11, 13], difficulty === 4 ? 2 : 3).sort((a, b) => b - a);
  if (moduli.some((a, i) => moduli.some((b, j) => i < j && greatestCommon(a, b) > 1))) return null;
  const remainders = moduli.map((modulus) => [draw.int(0, modulus - 1), modulus] as const);
  // The sieve: go in steps of the moduli that are met already.
  let [current, step] = [remainders[0]?.[0] ?? 0, remainders[0]?.[1] ?? 1];
  if (current === 0) current = step;
  const lines: string[] = [voice.say(['Numbers that leave {r} when divided by {m}: {current}, {next}, … in steps of {m}.', 'Start with the condition for {m}: {current}, {next}, and so on.'], ['除以 {m} 余 {r} 的数：{current}、{next}……每次加 {m}。', '先满足除以 {m} 的条件：{current}、{next}……'], { r: remainders[0]?.[0] ?? 0, m: step, current, next: current + step })];
  for (const [remainder, modulus] of remainders.slice(1)) {
    const tried: string[] = [];
    while (current % modulus !== remainder) {
      tried.push(`${String(current)} mod ${String(modulus)} = ${String(current % modulus)}`);
      current += step;
    }
    tried.push(`${String(current)} mod ${String(modulus)} = ${String(remainder)}`);
    lines.push(voice.say(['Which of them leaves {r} on division by {m}? {tried}. So {current} fits.', 'Test them by {m} until the remainder is {r}: {tried}. That is {current}.'], ['其中哪个除以 {m} 余 {r}？{tried}。所以 {current} 符合。', '逐个除以 {m}，直到余数为 {r}：{tried}，即 {current}。'], { r: remainder, m: modulus, tried: tried.join('; '), current }));
    step *= modulus;
  }
  const conditions = voice.list(remainders.map(([r, m]) => voice.say(['remainder {r} when divided by {m}'], ['除以 {m} 余 {r}'], { r, m })));
  const gold = String(current);
  return {
    statement: { asks: 'congruences', remainders }, gold, answer: voice.answer(gold), think: voice.steps(lines),
    prompt: voice.say(['What is the smallest positive whole number with {conditions}?', 'Find the least positive integer that leaves {conditions}.'], ['满足{conditions}的最小正整数是多少？', '求{conditions}的最小正整数。'], { conditions }),
  };
}
