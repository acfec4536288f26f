/** Counting: arrangements, choices, words, committees, paths. Each answer is counted out one by one. */
import type { Draw } from '../../draw.ts';
import type { Difficulty, Draft, ProblemKind } from '../contract.ts';
import { wholeOf } from '../proofs.ts';
import type { Voice } from '../voice.ts';

type Statement =
  | { readonly asks: 'product'; readonly sizes: readonly number[] }
  | { readonly asks: 'arrange' | 'choose'; readonly n: number; readonly k: number }
  | { readonly asks: 'word'; readonly word: string }
  | { readonly asks: 'committee'; readonly a: number; readonly b: number; readonly size: number; readonly atLeast: number }
  | { readonly asks: 'paths'; readonly right: number; readonly up: number; readonly through: readonly [number, number] | null }
  | { readonly asks: 'digits'; readonly digits: readonly number[]; readonly length: number; readonly even: boolean };

const AT: Readonly<Record<Difficulty, readonly Statement['asks'][]>> = {
  1: ['product', 'arrange'], 2: ['arrange', 'choose', 'product'], 3: ['choose', 'paths', 'word', 'digits'], 4: ['committee', 'word', 'digits', 'paths'], 5: ['committee', 'digits', 'paths'],
};
/** Long enough to have repeated letters, short enough to count out. */
const WORDS = ['LEVEL', 'BANANA', 'COFFEE', 'LETTER', 'PEPPER', 'NOON', 'APPLE', 'TOTEM', 'EERIE', 'SEVEN', 'KAYAK', 'RADAR', 'SUCCESS', 'GIGGLE', 'COCOA', 'MAMMA', 'PAPAYA', 'TEETH', 'DADDY', 'ERROR', 'BOOKS', 'BALLOON', 'ROTOR', 'TATTOO', 'ALOHA', 'NANNY', 'MUMMY', 'PUPPY', 'SASSY', 'FLUFF', 'BUBBLE', 'DODO', 'PIZZA', 'SHEEP', 'QUEEN', 'TOOTH', 'CELLO', 'INDIA', 'KOKOK', 'LOLLY', 'ANNA', 'OTTO', 'MAMA', 'TEPEE', 'REFER', 'STATS', 'CIVIC', 'MADAM', 'SOLOS', 'TENET'];

export const combinatorics: ProblemKind<Statement> = {
  name: 'combinatorics', task: 'maths', proof: 'enumeration',
  about: ['Counting: products, arrangements, choices, words with repeated letters, committees, lattice paths, numbers from digits', '计数：乘法原理、排列、组合、重复字母、委员会、格路、组数'],
  grows: ['size of the sets; from products and arrangements to choices with conditions', '集合变大；由乘法原理、排列到带条件的组合'],
  make(draw, difficulty, voice) {
    switch (draw.pick(AT[difficulty])) {
      case 'product': return productOf(draw, difficulty, voice);
      case 'arrange': return arrangeOf(draw, difficulty, voice);
      case 'choose': return chooseOf(draw, difficulty, voice);
      case 'word': return wordOf(draw, voice);
      case 'committee': return committeeOf(draw, difficulty, voice);
      case 'paths': return pathsOf(draw, difficulty, voice);
      case 'digits': return digitsOf(draw, difficulty, voice);
    }
  },
  check(statement, gold) {
    const answer = wholeOf(gold);
    return answer !== null && answer === counted(statement);
  },
};

/** One by one; no formula of the traces is used. */
function counted(statement: Statement): number {
  switch (statement.asks) {
    case 'product': {
      let count = 0;
      const walk = (at: number): void => {
        if (at === statement.sizes.length) count += 1;
        else for (let i = 0; i < (statement.sizes[at] ?? 0); i++) walk(at + 1);
      };
      walk(0);
      return count;
    }
    case 'arrange': return orders(Array.from({ length: statement.n }, (_, i) => i), statement.k, () => true);
    case 'choose': return subsets(statement.n, (members) => members.length === statement.k);
    case 'word': {
      const found = new Set<string>();
      orders([...statement.word], statement.word.length, (letters) => found.add(letters.join('')) !== undefined);
      return found.size;
    }
    case 'committee': return subsets(statement.a + statement.b, (members) => members.length === statement.size && members.filter((each) => each < statement.a).length >= statement.atLeast);
    case 'paths': {
      const { right, up, through } = statement;
      let count = 0;
      const walk = (x: number, y: number, met: boolean): void => {
        const meets = met || (through !== null && x === through[0] && y === through[1]);
        if (x === right && y === up) count += through === null || meets ? 1 : 0;
        if (x < right) walk(x + 1, y, meets);
        if (y < up) walk(x, y + 1, meets);
      };
      walk(0, 0, false);
      return count;
    }
    case 'digits': return orders(statement.digits, statement.length, (digits) => digits[0] !== 0 && (!statement.even || (digits.at(-1) ?? 1) % 2 === 0));
  }
}

function orders<T>(items: readonly T[], length: number, fits: (chosen: readonly T[]) => boolean): number {
  let count = 0;
  const chosen: T[] = [];
  const used = items.map(() => false);
  const walk = (): void => {
    if (chosen.length === length) {
      if (fits(chosen)) count += 1;
      return;
    }
    for (let i = 0; i < items.length; i++) {
      if (used[i] === true) continue;
      used[i] = true;
      chosen.push(items[i] as T);
      walk();
      chosen.pop();
      used[i] = false;
    }
  };
  walk();
  return count;
}

function subsets(n: number, fits: (members: readonly number[]) => boolean): number {
  let count = 0;
  for (let mask = 0; mask < 2 ** n; mask++) {
    const members: number[] = [];
    for (let i = 0; i < n; i++) if ((mask >> i) & 1) members.push(i);
    if (fits(members)) count += 1;
  }
  return count;
}

const falling = (n: number, k: number): number[] => Array.from({ length: k }, (_, i) => n - i);
const times = (factors: readonly number[]): number => factors.reduce((product, each) => product * each, 1);
const choose = (n: number, k: number): number => times(falling(n, k)) / times(falling(k, k));

/** `C(7, 3) = (7 × 6 × 5) ÷ (3 × 2 × 1) = 210 ÷ 6 = 35` */
function chooseText(n: number, k: number): string {
  const head = `C(${String(n)}, ${String(k)})`;
  if (k === 0 || k === n) return `${head} = 1`;
  if (k === 1) return `${head} = ${String(n)}`;
  const small = Math.min(k, n - k);
  if (small === 1) return `${head} = C(${String(n)}, 1) = ${String(n)}`;
  const [top, bottom] = [falling(n, small), falling(small, small)];
  return `${head}${small === k ? '' : ` = C(${String(n)}, ${String(small)})`} = (${top.join(' × ')}) ÷ (${bottom.join(' × ')}) = ${String(times(top))} ÷ ${String(times(bottom))} = ${String(choose(n, k))}`;
}

function productOf(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> {
  const sizes = Array.from({ length: difficulty === 1 ? draw.int(2, 3) : draw.int(3, 4) }, () => draw.int(2, difficulty === 1 ? 12 : 9));
  const things = draw.several<readonly [string, string]>(voice.language === 'en' ? [['shirts', ''], ['trousers', ''], ['hats', ''], ['pairs of shoes', ''], ['scarves', ''], ['belts', '']] : [['衬衫', '件'], ['裤子', '条'], ['帽子', '顶'], ['鞋子', '双'], ['围巾', '条'], ['腰带', '条']], sizes.length);
  const all = voice.list(sizes.map((size, i) => voice.language === 'en' ? `${String(size)} ${things[i]?.[0] ?? ''}` : `${String(size)} ${things[i]?.[1] ?? ''}${things[i]?.[0] ?? ''}`));
  const gold = String(times(sizes));
  const [name = ''] = voice.names(1);
  return {
    statement: { asks: 'product', sizes }, gold, answer: voice.answer(gold),
    prompt: voice.say(['{name} has {all}. An outfit is one of each. How many different outfits are there?', 'From {all}, {name} picks exactly one of each kind. In how many ways can this be done?'], ['{name}有{all}。每样选一件搭配，共有多少种搭配？', '{name}要从{all}中各选一件，有多少种选法？'], { name, all }),
    think: voice.steps(voice.say(['The choices are independent, so their numbers multiply.', 'Each choice can be combined with every other: multiply.'], ['各选择互不影响，用乘法原理。', '每样选择都可与其他任意搭配，因此相乘。']), `${sizes.join(' × ')} = ${gold}`),
  };
}

function arrangeOf(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> {
  const n = difficulty === 1 ? draw.int(3, 6) : draw.int(5, 10);
  const k = difficulty === 1 ? (draw.chance(0.5) ? n : draw.int(2, n)) : draw.int(2, n > 7 ? 4 : n);
  const factors = falling(n, k);
  const gold = String(times(factors));
  const values = { n, k, thing: voice.say(['books', 'pictures', 'flags', 'runners', 'songs', 'plants', 'cups', 'toys', 'cards', 'students'], ['本书', '幅画', '面旗', '名选手', '首歌', '盆花', '个杯子', '个玩具', '张卡片', '名学生']) };
  return {
    statement: { asks: 'arrange', n, k }, gold, answer: voice.answer(gold),
    prompt: k === n
      ? voice.say(['In how many orders can {n} different {thing} be placed in a row?', '{n} different {thing} are put in a line. How many arrangements are there?'], ['{n} {thing}（各不相同）排成一排，有多少种排法？', '把不同的 {n} {thing}排成一行，共有多少种顺序？'], values)
      : voice.say(['From {n} different {thing}, {k} are chosen and placed in a row. How many arrangements are there?', 'How many ordered selections of {k} out of {n} different {thing} exist?'], ['从 {n} {thing}（各不相同）中选出 {k} 个排成一排，有多少种排法？', '从不同的 {n} {thing}中按顺序选出 {k} 个，有多少种？'], values),
    think: voice.steps(
      voice.say(['The first place can be filled in {n} ways, each next one in one way fewer.', 'Order matters: {n} choices for the first place, then one less each time.'], ['第一个位置有 {n} 种选择，之后每个位置少一种。', '考虑顺序：第一位 {n} 种，以后依次减 1。'], values),
      voice.say(['For {k} places: {claim}', 'Multiply the {k} numbers: {claim}'], ['共 {k} 个位置：{claim}', '{k} 个数相乘：{claim}'], { k, claim: `${factors.join(' × ')} = ${gold}` }),
    ),
  };
}

function chooseOf(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> {
  const n = difficulty === 2 ? draw.int(4, 9) : draw.int(6, 13);
  const k = draw.int(2, Math.min(n - 1, 6));
  const gold = String(choose(n, k));
  const values = { n, k, thing: voice.say(['students', 'books', 'players', 'colours', 'postcards', 'fruits', 'volunteers'], ['名学生', '本书', '名球员', '种颜色', '张明信片', '种水果', '名志愿者']) };
  return {
    statement: { asks: 'choose', n, k }, gold, answer: voice.answer(gold),
    prompt: voice.say(['In how many ways can {k} of {n} {thing} be chosen, if the order does not matter?', 'How many different groups of {k} can be formed from {n} {thing}?', 'A set of {k} is taken from {n} different {thing}. How many such sets are there?'], ['从 {n} {thing}中选出 {k} 个（不计顺序），有多少种选法？', '{n} {thing}中任选 {k} 个组成一组，共有多少种组合？', '从不同的 {n} {thing}里取 {k} 个，取法有多少种？'], values),
    think: voice.steps(voice.say(['Order does not matter, so these are combinations.', 'Only the set counts: choose {k} out of {n}.'], ['不计顺序，是组合问题。', '只看选了哪些：从 {n} 个里选 {k} 个。'], values), chooseText(n, k)),
  };
}

function wordOf(draw: Draw, voice: Voice): Draft<Statement> {
  // Real words have repeated letters; a drawn suffix makes more of them.
  const base = draw.pick(WORDS);
  const letters = draw.chance(0.6) && base.length < 6 ? base + draw.pick([...'ABDEGKLMNOPRSTU']) : base;
  const counts = new Map<string, number>();
  for (const letter of letters) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  const repeated = [...counts].filter(([, count]) => count > 1);
  const total = times(falling(letters.length, letters.length));
  const result = repeated.reduce((rest, [, count]) => rest / times(falling(count, count)), total);
  const gold = String(result);
  const values = { word: letters, n: letters.length, repeated: voice.list(repeated.map(([letter, count]) => voice.say(['{letter} {count} times'], ['{letter} 出现 {count} 次'], { letter, count }))) };
  return {
    statement: { asks: 'word', word: letters }, gold, answer: voice.answer(gold),
    prompt: voice.say(['How many different arrangements do the letters of {word} have?', 'In how many distinguishable ways can the letters {word} be ordered?'], ['字母 {word} 有多少种不同的排列？', '把 {word} 的字母重新排列，能得到多少个不同的字母串？'], values),
    think: voice.steps(
      voice.say(['{word} has {n} letters; repeated: {repeated}.', 'There are {n} letters, with {repeated}.'], ['{word} 共 {n} 个字母，其中 {repeated}。', '一共 {n} 个字母，{repeated}。'], values),
      voice.say(['Equal letters may be swapped, so divide by their orders: {claim}', 'All orders over those of the equal letters: {claim}'], ['相同字母交换不产生新排列，要除去：{claim}', '总排列数除以相同字母的排列数：{claim}'], { claim: `${String(letters.length)}! ÷ ${repeated.length === 1 ? `${String(repeated[0]?.[1])}!` : `(${repeated.map(([, count]) => `${String(count)}!`).join(' × ')})`} = ${String(total)} ÷ ${String(total / result)} = ${gold}` }),
    ),
  };
}

function committeeOf(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> | null {
  const most = difficulty === 4 ? 5 : 6;
  const [a, b] = [draw.int(3, most), draw.int(3, most)];
  const size = draw.int(3, difficulty === 4 ? 4 : 5);
  const atLeast = draw.int(1, difficulty === 4 ? 2 : 3);
  if (atLeast > Math.min(a, size) || size > a + b) return null;
  const lines: string[] = [];
  const parts: number[] = [];
  for (let from = Math.max(atLeast, size - b); from <= Math.min(a, size); from++) {
    const [x, y] = [choose(a, from), choose(b, size - from)];
    parts.push(x * y);
    lines.push(voice.say(['{from} women and {rest} men: {claim}', 'With {from} women ({rest} men): {claim}'], ['{from} 名女生、{rest} 名男生：{claim}', '选 {from} 女 {rest} 男：{claim}'], { from, rest: size - from, claim: `C(${String(a)}, ${String(from)}) × C(${String(b)}, ${String(size - from)}) = ${String(x)} × ${String(y)} = ${String(x * y)}` }));
  }
  const total = parts.reduce((sum, each) => sum + each, 0);
  const gold = String(total);
  const values = { a, b, size, atLeast, women: atLeast === 1 ? 'woman' : 'women' };
  return {
    statement: { asks: 'committee', a, b, size, atLeast }, gold, answer: voice.answer(gold),
    prompt: voice.say(['A committee of {size} is chosen from {a} women and {b} men. How many committees have at least {atLeast} {women}?', 'From {a} women and {b} men a team of {size} is formed with at least {atLeast} {women} in it. How many teams are possible?'], ['从 {a} 名女生和 {b} 名男生中选出 {size} 人，至少有 {atLeast} 名女生，有多少种选法？', '{a} 名女生、{b} 名男生中选 {size} 人组队，要求女生不少于 {atLeast} 人，共有多少种组队方式？'], values),
    think: voice.steps(voice.say(['Split by the number of women.', 'Go through the possible numbers of women one at a time.'], ['按女生人数分类。', '逐一考虑女生人数的各种情况。']), lines, parts.length === 1 ? '' : voice.say(['Together: {claim}', 'Add the cases: {claim}'], ['合计：{claim}', '各类相加：{claim}'], { claim: `${parts.join(' + ')} = ${gold}` })),
  };
}

function pathsOf(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> | null {
  const most = difficulty === 3 ? 5 : 6;
  const [right, up] = [draw.int(2, most), draw.int(2, most)];
  const through = difficulty < 4 ? null : [draw.int(1, right), draw.int(1, up)] as const;
  if (through !== null && ((through[0] === right && through[1] === up))) return null;
  const whole = voice.say(['Each path is an order of {right} steps right and {up} steps up.', 'A path has {n} steps; choosing which {up} of them go up fixes it.'], ['每条路由 {right} 步向右和 {up} 步向上组成。', '共 {n} 步，选定哪 {up} 步向上即可。'], { right, up, n: right + up });
  const values = { right, up, x: through?.[0] ?? 0, y: through?.[1] ?? 0 };
  if (through === null) {
    const gold = String(choose(right + up, up));
    return {
      statement: { asks: 'paths', right, up, through }, gold, answer: voice.answer(gold), think: voice.steps(whole, chooseText(right + up, up)),
      prompt: voice.say(['On a grid, how many shortest paths lead from (0, 0) to ({right}, {up}), going only right or up?', 'You may go only one unit right or one unit up at a time. How many ways are there from (0, 0) to ({right}, {up})?'], ['在方格网上，从 (0, 0) 到 ({right}, {up})，只能向右或向上走，有多少条最短路线？', '每步只能向右或向上走一格，从 (0, 0) 走到 ({right}, {up}) 有多少种走法？'], values),
    };
  }
  const [x, y] = through;
  const [first, second] = [choose(x + y, y), choose(right - x + up - y, up - y)];
  const gold = String(first * second);
  return {
    statement: { asks: 'paths', right, up, through }, gold, answer: voice.answer(gold),
    prompt: voice.say(['Going only right or up, how many paths from (0, 0) to ({right}, {up}) pass through ({x}, {y})?', 'A robot on a grid moves one unit right or up. How many of its ways from (0, 0) to ({right}, {up}) visit ({x}, {y})?'], ['只能向右或向上走，从 (0, 0) 到 ({right}, {up}) 且经过 ({x}, {y}) 的路线有多少条？', '机器人每次向右或向上走一格，从 (0, 0) 到 ({right}, {up})，途经 ({x}, {y}) 的走法有多少种？'], values),
    think: voice.steps(
      voice.say(['Split the path at ({x}, {y}).', 'Count the two halves apart: before and after ({x}, {y}).'], ['以 ({x}, {y}) 为界分成两段。', '分别计算到达 ({x}, {y}) 之前与之后的走法。'], values),
      voice.say(['First half: {claim}', 'To that point: {claim}'], ['前一段：{claim}', '到该点：{claim}'], { claim: chooseText(x + y, y) }),
      voice.say(['Second half: {claim}', 'From there on: {claim}'], ['后一段：{claim}', '之后：{claim}'], { claim: chooseText(right - x + up - y, up - y) }),
      voice.say(['Multiply: {claim}', 'Both together: {claim}'], ['相乘：{claim}', '合起来：{claim}'], { claim: `${String(first)} × ${String(second)} = ${gold}` }),
    ),
  };
}

function digitsOf(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> | null {
  const digits = draw.several([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], draw.int(4, 6)).sort((a, b) => a - b);
  const length = draw.int(3, Math.min(4, digits.length));
  const even = difficulty === 5;
  const withZero = digits.includes(0);
  const n = digits.length;
  const values = { digits: digits.join(', '), length, n };
  const prompt = voice.say(
    even ? ['How many even {length}-digit numbers can be formed from the digits {digits}, using each at most once?', 'Using each of the digits {digits} at most once, how many even numbers with {length} digits are there?'] : ['How many {length}-digit numbers can be formed from the digits {digits}, using each at most once?', 'Using each of the digits {digits} at most once, how many numbers with {length} digits are there?'],
    even ? ['用数字 {digits}（每个至多用一次）能组成多少个 {length} 位偶数？', '从 {digits} 中取数字（不重复）组成 {length} 位偶数，共有多少个？'] : ['用数字 {digits}（每个至多用一次）能组成多少个 {length} 位数？', '从 {digits} 中取数字（不重复）组成 {length} 位数，共有多少个？'], values,
  );
  const lines: string[] = [];
  let total = 0;
  if (!even) {
    const factors = withZero ? [n - 1, ...falling(n - 1, length - 1)] : falling(n, length);
    total = times(factors);
    lines.push(withZero ? voice.say(['The first digit can’t be 0: {m} choices. The others take what is left.', '0 may not lead, so {m} digits are possible in front.'], ['首位不能为 0，有 {m} 种；其余各位从剩下的数字中选。', '0 不能作首位，首位有 {m} 种选择。'], { m: n - 1 }) : voice.say(['Any of the {n} digits may come first, then one fewer each time.', 'There are {n} choices for the first place, and one fewer for each next.'], ['首位有 {n} 种，以后每位少一种。', '第一位 {n} 种选择，依次减少。'], values), `${factors.join(' × ')} = ${String(total)}`);
  } else {
    const evens = digits.filter((each) => each % 2 === 0);
    const others = evens.filter((each) => each !== 0).length;
    const parts: number[] = [];
    if (withZero) {
      const factors = falling(n - 1, length - 1);
      parts.push(times(factors));
      lines.push(voice.say(['Ending in 0: {claim}', 'If the last digit is 0: {claim}'], ['个位为 0：{claim}', '末位是 0 时：{claim}'], { claim: `${factors.join(' × ')} = ${String(times(factors))}` }));
    }
    if (others > 0) {
      const factors = [others, ...(withZero ? [n - 2, ...falling(n - 2, length - 2)] : falling(n - 1, length - 1))];
      parts.push(times(factors));
      lines.push(voice.say(['Ending in another even digit ({others} of them): {claim}', 'The last digit is one of {others} even digits other than 0: {claim}'], ['个位为其他偶数（{others} 个）：{claim}', '末位取非零偶数，共 {others} 种：{claim}'], { others, claim: `${factors.join(' × ')} = ${String(times(factors))}` }));
    }
    if (parts.length === 0) return null;
    total = parts.reduce((sum, each) => sum + each, 0);
    if (parts.length > 1) lines.push(voice.say(['Together: {claim}', 'In all: {claim}'], ['合计：{claim}', '一共：{claim}'], { claim: `${parts.join(' + ')} = ${String(total)}` }));
    lines.unshift(voice.say(['An even number ends in an even digit, and 0 may not lead.', 'Fix the last digit first, since it decides whether the number is even.'], ['偶数的个位是偶数，且首位不能为 0。', '先确定个位，因为它决定奇偶。']));
  }
  const gold = String(total);
  return { statement: { asks: 'digits', digits, length, even }, gold, answer: voice.answer(gold), think: voice.steps(lines), prompt };
}
