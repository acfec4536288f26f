/** Short stories whose answer can be put back into them: told backwards, heads and legs, ages, sharing, meeting, working together. */
import type { Draw } from '../../draw.ts';
import type { Difficulty, Draft, ProblemKind } from '../contract.ts';
import { add, divide, equal, multiply, rational, subtract, type Rational } from '../../symbolic/rational.ts';
import { valueOf, wholeOf } from '../proofs.ts';
import type { Voice } from '../voice.ts';
import { greatestCommon, ratio } from '../writing.ts';

type Event = readonly ['gain' | 'lose' | 'double' | 'halve', number];

type Statement =
  | { readonly story: 'rewind'; readonly events: readonly Event[]; readonly left: number }
  | { readonly story: 'legs'; readonly heads: number; readonly legs: number; readonly a: number; readonly b: number; readonly name: string }
  | { readonly story: 'share'; readonly total: number; readonly more: number; readonly people: number; readonly who: 'most' | 'least' }
  | { readonly story: 'ages'; readonly older: number; readonly times: number; readonly years: number }
  | { readonly story: 'meet'; readonly distance: number; readonly first: number; readonly second: number; readonly chase: boolean }
  | { readonly story: 'work'; readonly hours: readonly number[] }
  | { readonly story: 'discount'; readonly paid: number; readonly off: readonly number[] };

const AT: Readonly<Record<Difficulty, readonly Statement['story'][]>> = { 1: ['rewind', 'share'], 2: ['rewind', 'legs', 'share'], 3: ['rewind', 'legs', 'discount', 'ages'], 4: ['meet', 'ages', 'rewind', 'discount'], 5: ['work', 'meet', 'rewind'] };

const THINGS: readonly (readonly [english: string, chinese: string])[] = [['marbles', '颗弹珠'], ['stickers', '张贴纸'], ['apples', '个苹果'], ['cards', '张卡片'], ['pencils', '支铅笔'], ['shells', '个贝壳'], ['stamps', '枚邮票'], ['buttons', '颗纽扣'], ['cookies', '块饼干'], ['beads', '颗珠子']];

export const wordProblems: ProblemKind<Statement> = {
  name: 'word-problems', task: 'maths', proof: 'substitution',
  about: ['Word problems: working backwards, sharing, heads and legs, ages, discounts, meeting, working together', '应用题：倒推、分配、鸡兔同笼、年龄、折扣、相遇追及、合作'],
  grows: ['number of events or unknowns, from one-step stories to rates', '事件与未知量增多，由一步倒推到速率问题'],
  make(draw, difficulty, voice) {
    switch (draw.pick(AT[difficulty])) {
      case 'rewind': return rewind(draw, difficulty, voice);
      case 'legs': return legs(draw, voice);
      case 'share': return share(draw, difficulty, voice);
      case 'ages': return ages(draw, voice);
      case 'meet': return meet(draw, difficulty, voice);
      case 'work': return work(draw, voice);
      case 'discount': return discount(draw, difficulty, voice);
    }
  },
  /** The answer is put back into the story, which must then come true; where whole numbers are asked, no other may do so. */
  check(statement, gold) {
    switch (statement.story) {
      case 'rewind': {
        const start = valueOf(gold);
        if (start === null || wholeOf(gold) === null) return false;
        let now: Rational = start;
        for (const [kind, amount] of statement.events) now = kind === 'gain' ? add(now, rational(amount)) : kind === 'lose' ? subtract(now, rational(amount)) : kind === 'double' ? add(now, now) : rational(now.n, now.d * 2n);
        return equal(now, rational(statement.left));
      }
      case 'legs': return only(gold, statement.heads, (b) => (statement.heads - b) * statement.a + b * statement.b === statement.legs);
      case 'share': return only(gold, statement.total, (asked) => {
        // Everybody but one has the same.
        const [most, least] = statement.who === 'most' ? [asked, asked - statement.more] : [asked + statement.more, asked];
        return least >= 0 && most + least * (statement.people - 1) === statement.total;
      });
      case 'ages': return only(gold, 120, (child) => child + statement.years > 0 && child + statement.older + statement.years === statement.times * (child + statement.years));
      case 'meet': {
        const time = valueOf(gold);
        if (time === null || time.n <= 0n) return false;
        const [a, b] = [multiply(time, rational(statement.first)), multiply(time, rational(statement.second))];
        return equal(statement.chase ? subtract(a, b) : add(a, b), rational(statement.distance));
      }
      case 'work': {
        const time = valueOf(gold);
        return time !== null && equal(statement.hours.map((hours) => divide(time, rational(hours)) ?? rational(0)).reduce(add), rational(1));
      }
      case 'discount': {
        const price = valueOf(gold);
        return price !== null && equal(statement.off.reduce((now, off) => multiply(now, rational(100 - off, 100)), price), rational(statement.paid));
      }
    }
  },
};

/** Among 0 … most this whole number alone fits. */
function only(gold: string, most: number, fits: (value: number) => boolean): boolean {
  const found: number[] = [];
  for (let value = 0; value <= most; value++) if (fits(value)) found.push(value);
  return found.length === 1 && found[0] === wholeOf(gold);
}

function rewind(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> | null {
  const start = draw.int(4, 60 + 20 * difficulty);
  const events: Event[] = [];
  let now = start;
  for (let i = 0; i < difficulty; i++) {
    const options: Event['0'][] = ['gain', ...(now > 6 ? ['lose' as const] : []), ...(now % 2 === 0 && difficulty > 1 ? ['halve' as const] : []), ...(now < 150 && difficulty > 1 ? ['double' as const] : [])];
    const kind = draw.pick(options);
    const amount = kind === 'gain' ? draw.int(2, 50) : kind === 'lose' ? draw.int(2, now - 2) : 2;
    if (events.at(-1)?.[0] === kind) return null;
    events.push([kind, amount]);
    now = kind === 'gain' ? now + amount : kind === 'lose' ? now - amount : kind === 'double' ? now * 2 : now / 2;
  }
  const [name = ''] = voice.names(1);
  const thing = voice.of(draw.pick(THINGS));
  const tell = ([kind, amount]: Event): string => {
    switch (kind) {
      case 'gain': return voice.say(['gets {amount} more', 'finds {amount} more', 'is given {amount}'], ['又得到 {amount} {thing}', '买来 {amount} {thing}', '收到 {amount} {thing}'], { amount, thing });
      case 'lose': return voice.say(['gives {amount} away', 'loses {amount}', 'sells {amount}'], ['送出 {amount} {thing}', '丢了 {amount} {thing}', '卖掉 {amount} {thing}'], { amount, thing });
      case 'double': return voice.say(['doubles the number by a trade', 'trades and ends up with twice as many'], ['通过交换使数量变成原来的两倍', '数量翻了一倍']);
      case 'halve': return voice.say(['gives half of what is left to a friend', 'puts exactly half of them in a drawer'], ['把剩下的一半送给朋友', '把其中正好一半放进抽屉（不再计入）']);
    }
  };
  const lines: string[] = [];
  let back = now;
  for (const [kind, amount] of [...events].reverse()) {
    const before = kind === 'gain' ? back - amount : kind === 'lose' ? back + amount : kind === 'double' ? back / 2 : back * 2;
    const claim = `${String(back)} ${kind === 'gain' ? '-' : kind === 'lose' ? '+' : kind === 'double' ? '÷' : '×'} ${String(kind === 'gain' || kind === 'lose' ? amount : 2)} = ${String(before)}`;
    lines.push(kind === 'gain' ? voice.say(['Before {amount} came: {claim}.', 'Undo the gain of {amount}: {claim}.'], ['得到 {amount} 之前：{claim}。', '减回增加的 {amount}：{claim}。'], { amount, claim })
      : kind === 'lose' ? voice.say(['Before {amount} went: {claim}.', 'Put the {amount} back: {claim}.'], ['少掉 {amount} 之前：{claim}。', '加回减少的 {amount}：{claim}。'], { amount, claim })
        : kind === 'double' ? voice.say(['Before the doubling there was half: {claim}.', 'Undo the doubling: {claim}.'], ['翻倍之前是一半：{claim}。', '除以 2 还原翻倍：{claim}。'], { claim })
          : voice.say(['Before half went there was twice as much: {claim}.', 'Undo the halving: {claim}.'], ['分出一半之前是两倍：{claim}。', '乘 2 还原减半：{claim}。'], { claim }));
    back = before;
  }
  const gold = String(start);
  const values = { name, thing, all: events.map(tell).join(voice.say([', then ', ', after that ', ', next '], ['，然后', '，接着', '，之后'])), left: now };
  return {
    statement: { story: 'rewind', events, left: now }, gold, answer: voice.answer(gold),
    prompt: voice.say(['{name} has some {thing}. {name} {all}. In the end {name} has {left}. How many {thing} were there at the start?', 'Starting with an unknown number of {thing}, {name} {all}, and finally has {left}. How many did {name} start with?'], ['{name}有一些{thing2}。{name}{all}，最后有 {left} {thing}。原来有多少？', '{name}一开始有若干{thing2}，{all}，最后剩 {left} {thing}。一开始有多少？'], { ...values, thing2: thing.slice(1) }),
    think: voice.steps(voice.say(['Work backwards from {left}.', 'Go back step by step from the end, {left}.', 'The story runs backwards: begin with {left}.'], ['从最后的 {left} 倒推。', '用倒推法，从 {left} 开始。', '从结果 {left} 一步步往回算。'], values), lines),
  };
}

function legs(draw: Draw, voice: Voice): Draft<Statement> {
  const [first, second, a, b] = draw.pick<readonly [readonly [string, string], readonly [string, string], number, number]>([[['chickens', '鸡'], ['rabbits', '兔子'], 2, 4], [['bicycles', '自行车'], ['tricycles', '三轮车'], 2, 3], [['stools', '三脚凳'], ['chairs', '四脚椅'], 3, 4], [['ducks', '鸭子'], ['cows', '牛'], 2, 4], [['sheep', '羊'], ['beetles', '甲虫'], 4, 6], [['beetles', '甲虫'], ['spiders', '蜘蛛'], 6, 8]]);
  const [x, y] = [draw.int(2, 40), draw.int(2, 40)];
  const [heads, all] = [x + y, x * a + y * b];
  const wheels = b === 3;
  const part = voice.of(wheels ? ['wheels', '个轮子'] : ['legs', '条腿']);
  const values = { p: voice.of(first), q: voice.of(second), a, b, heads, all, part };
  const gold = String(y);
  const [base, rest, each] = [heads * a, all - heads * a, b - a];
  return {
    statement: { story: 'legs', heads, legs: all, a, b, name: second[0] }, gold, answer: voice.answer(gold),
    prompt: voice.say(['Among {heads} {p} and {q} one counts {all} {part}. Each of the {p} has {a}, each of the {q} has {b}. How many {q} are there?', 'There are {p} ({a} {part} each) and {q} ({b} {part} each), {heads} in all, with {all} {part}. How many {q}?'], ['{p}和{q}共 {heads} 只（个），共有 {all} {part}。每只（个）{p}有 {a} {part}，{q}有 {b} {part}。{q}有多少？', '{p}（每个 {a} {part}）与{q}（每个 {b} {part}）合计 {heads}，一共 {all} {part}，求{q}的数量。'], values),
    think: voice.steps(
      voice.say(['Suppose all {heads} were {p}: {claim} {part}.', 'If there were only {p}, there would be {claim} {part}.'], ['假设全是{p}：{claim}（{part}）。', '若 {heads} 个都是{p}，则有 {claim}（{part}）。'], { ...values, claim: `${String(heads)} × ${String(a)} = ${String(base)}` }),
      voice.say(['That is too few by {claim}.', 'The difference to {all}: {claim}.'], ['比实际少 {claim}。', '与 {all} 相差：{claim}。'], { ...values, claim: `${String(all)} - ${String(base)} = ${String(rest)}` }),
      voice.say(['Each of the {q} brings {more} more, so there are {claim}.', 'Exchanging one of the {p} for one of the {q} adds {more}; that is needed {claim} times.'], ['每换成一个{q}多 {more}，所以{q}有 {claim}。', '每个{q}比{p}多 {more}：{claim}。'], { ...values, more: `${String(b)} - ${String(a)} = ${String(each)}`, claim: `${String(rest)} ÷ ${String(each)} = ${gold}` }),
    ),
  };
}

function share(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> | null {
  const people = difficulty === 1 ? 2 : draw.int(3, 5);
  const [least, more] = [draw.int(3, 40 * difficulty), draw.int(2, 30)];
  const who = draw.pick(['most', 'least'] as const);
  const total = least * people + more;
  const [name = '', other = ''] = voice.names(2);
  const thing = voice.of(draw.pick(THINGS));
  const gold = String(who === 'most' ? least + more : least);
  const values = { name, other, thing, thing2: thing.slice(1), total, more, people, others: people - 1 };
  const one = people === 2;
  return {
    statement: { story: 'share', total, more, people, who }, gold, answer: voice.answer(gold),
    prompt: one
      ? voice.say(who === 'most' ? ['{name} and {other} have {total} {thing} together. {name} has {more} more than {other}. How many does {name} have?'] : ['{name} and {other} have {total} {thing} together. {name} has {more} more than {other}. How many does {other} have?'],
        who === 'most' ? ['{name}和{other}共有 {total} {thing}，{name}比{other}多 {more}。{name}有多少？'] : ['{name}和{other}共有 {total} {thing}，{name}比{other}多 {more}。{other}有多少？'], values)
      : voice.say(who === 'most' ? ['{people} children share {total} {thing}. {name} gets {more} more than each of the other {others}, who all get the same. How many does {name} get?'] : ['{people} children share {total} {thing}. {name} gets {more} more than each of the other {others}, who all get the same. How many does each of the others get?'],
        who === 'most' ? ['{people} 个孩子分 {total} {thing}，{name}比其余 {others} 人每人多 {more}，其余的人一样多。{name}分到多少？'] : ['{people} 个孩子分 {total} {thing}，{name}比其余 {others} 人每人多 {more}，其余的人一样多。其余每人分到多少？'], values),
    think: voice.steps(
      voice.say(['Put the extra {more} aside: {claim}.', 'Without the {more} more, all would have the same: {claim}.'], ['先去掉多出的 {more}：{claim}。', '减去多的 {more} 后大家一样多：{claim}。'], { more, claim: `${String(total)} - ${String(more)} = ${String(least * people)}` }),
      voice.say(['Share that among {people}: {claim}.', 'Equal parts for {people}: {claim}.'], ['平均分成 {people} 份：{claim}。', '{people} 人平分：{claim}。'], { people, claim: `${String(least * people)} ÷ ${String(people)} = ${String(least)}` }),
      who === 'most' ? voice.say(['{name} has {more} more: {claim}.', 'Add the extra for {name}: {claim}.'], ['{name}再加上 {more}：{claim}。', '{name}多 {more}：{claim}。'], { name, more, claim: `${String(least)} + ${String(more)} = ${gold}` }) : '',
    ),
  };
}

function ages(draw: Draw, voice: Voice): Draft<Statement> | null {
  const [times, then, years] = [draw.int(2, 6), draw.int(3, 20), draw.int(-8, 12)];
  const older = then * (times - 1);
  const child = then - years;
  if (years === 0 || child < 1 || older > 60 || older < 15) return null;
  const [name = '', other = ''] = voice.names(2);
  const gold = String(child);
  const values = { name, other, older, times, years: Math.abs(years) };
  return {
    statement: { story: 'ages', older, times, years }, gold, answer: voice.answer(gold),
    prompt: years > 0
      ? voice.say(['{other} is {older} years older than {name}. In {years} years {other} will be {times} times as old as {name}. How old is {name} now?', '{name} is {older} years younger than {other}. {years} years from now, {other} will be {times} times as old as {name} then. What is the age of {name} today?'], ['{other}比{name}大 {older} 岁。{years} 年后{other}的年龄是{name}的 {times} 倍。{name}今年几岁？', '{name}比{other}小 {older} 岁，再过 {years} 年，{other}的年龄将是{name}的 {times} 倍。现在{name}多少岁？'], values)
      : voice.say(['{other} is {older} years older than {name}. {years} years ago {other} was {times} times as old as {name}. How old is {name} now?', '{name} is {older} years younger than {other}, who {years} years ago was {times} times as old as {name} was. How old is {name} today?'], ['{other}比{name}大 {older} 岁。{years} 年前{other}的年龄是{name}的 {times} 倍。{name}今年几岁？', '{name}比{other}小 {older} 岁，{years} 年前{other}的年龄是{name}的 {times} 倍。现在{name}多少岁？'], values),
    think: voice.steps(
      voice.say(['The difference of {older} years never changes.', 'They always stay {older} years apart.'], ['两人的年龄差 {older} 岁始终不变。', '年龄差总是 {older} 岁。'], values),
      voice.say(['At that time the difference is {parts} times the age of {name}: {claim} years.', 'One has {times} parts, the other 1, so {older} years are {parts} parts: {claim} for one part.'], ['那时差是{name}年龄的 {parts} 倍：{claim}（岁）。', '一人 {times} 份、一人 1 份，{older} 岁是 {parts} 份：每份 {claim}（岁）。'], { ...values, parts: times - 1, claim: `${String(older)} ÷ (${String(times)} - 1) = ${String(then)}` }),
      years > 0 ? voice.say(['That is in {years} years, so now: {claim}.', 'Go back {years} years: {claim}.'], ['那是 {years} 年后，所以现在：{claim}。', '倒回 {years} 年：{claim}。'], { ...values, claim: `${String(then)} - ${String(years)} = ${gold}` }) : voice.say(['That was {years} years ago, so now: {claim}.', 'Add the {years} years: {claim}.'], ['那是 {years} 年前，所以现在：{claim}。', '加上 {years} 年：{claim}。'], { ...values, claim: `${String(then)} + ${String(-years)} = ${gold}` }),
    ),
  };
}

function meet(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> | null {
  const chase = difficulty === 5 && draw.chance(0.5);
  const [first, second] = [draw.int(4, 24) * 5, draw.int(2, 20) * 5];
  const speed = chase ? first - second : first + second;
  if (speed <= 0) return null;
  const halves = draw.int(2, difficulty === 4 ? 8 : 14);
  const distance = difficulty === 4 ? speed * halves : speed * halves / 2;
  if (!Number.isInteger(distance) || distance > 1500) return null;
  const gold = ratio(distance, speed);
  const [name = '', other = ''] = voice.names(2);
  const values = { name, other, first, second, distance };
  return {
    statement: { story: 'meet', distance, first, second, chase }, gold, answer: voice.answer(gold),
    prompt: chase
      ? voice.say(['{other} is {distance} km ahead of {name} on the same road and drives on at {second} km/h. {name} follows at {first} km/h. After how many hours does {name} catch up? (A fraction if it is not whole.)'], ['{other}在{name}前方 {distance} km 处，以 {second} km/h 前进，{name}以 {first} km/h 同向追赶。几小时后追上？（不是整数时用分数）'], values)
      : voice.say(['{name} and {other} live {distance} km apart and drive towards each other, {name} at {first} km/h and {other} at {second} km/h, starting together. After how many hours do they meet? (A fraction if it is not whole.)', 'Two trains start at the same time from towns {distance} km apart and head for each other at {first} km/h and {second} km/h. In how many hours do they meet? (A fraction if it is not whole.)'], ['{name}和{other}相距 {distance} km，同时相向而行，速度分别为 {first} km/h 和 {second} km/h。几小时后相遇？（不是整数时用分数）', '两列火车从相距 {distance} km 的两地同时相向开出，速度为 {first} km/h 和 {second} km/h。几小时后相遇？（不是整数时用分数）'], values),
    think: voice.steps(
      chase ? voice.say(['The gap shrinks by {claim} km each hour.', 'The speeds are subtracted: {claim} km/h.'], ['每小时距离缩短 {claim}（km）。', '速度差：{claim}（km/h）。'], { claim: `${String(first)} - ${String(second)} = ${String(speed)}` }) : voice.say(['Together they close {claim} km each hour.', 'Their speeds add up: {claim} km/h.'], ['每小时共走 {claim}（km）。', '速度和：{claim}（km/h）。'], { claim: `${String(first)} + ${String(second)} = ${String(speed)}` }),
      voice.say(['Distance over speed: {claim} hours.', 'So the time is {claim} hours.'], ['路程除以速度：{claim}（小时）。', '所需时间：{claim}（小时）。'], { claim: `${String(distance)} ÷ ${String(speed)} = ${gold}` }),
    ),
  };
}

function work(draw: Draw, voice: Voice): Draft<Statement> {
  const hours = Array.from({ length: draw.int(2, 3) }, () => draw.int(2, 20));
  const common = hours.reduce((all, each) => all / greatestCommon(all, each) * each, 1);
  const shares = hours.map((each) => common / each);
  const sum = shares.reduce((total, each) => total + each, 0);
  const gold = ratio(common, sum);
  const names = voice.names(hours.length);
  const who = hours.map((each, i) => voice.say(['{name} alone needs {each} hours'], ['{name}单独需要 {each} 小时'], { name: names[i] ?? '', each }));
  const values = { who: voice.language === 'en' ? voice.list(who) : who.join('，'), common };
  return {
    statement: { story: 'work', hours }, gold, answer: voice.answer(gold),
    prompt: voice.say(['For a job {who}. How many hours do they need together? Give a fraction in lowest terms if it is not whole.', 'To paint a fence, {who}. Working together, how long does it take them in hours (a fraction in lowest terms if not whole)?'], ['完成一项工作，{who}。合作需要多少小时？（不是整数时用最简分数）', '粉刷一面墙，{who}。一起做需要几小时？（结果非整数时写最简分数）'], values),
    think: voice.steps(
      voice.say(['In one hour they do these parts of the job: {parts}.', 'Their shares per hour: {parts}.'], ['每小时各完成：{parts}。', '各自每小时的工作量：{parts}。'], { parts: hours.map((each, i) => `1/${String(each)}${each === common ? '' : ` = ${String(shares[i])}/${String(common)}`}`).join(voice.language === 'en' ? ', ' : '、') }),
      voice.say(['Together: {claim} of the job per hour.', 'The sum per hour: {claim}.'], ['每小时合计：{claim}。', '合作每小时完成 {claim}。'], { claim: `${shares.map((each) => `${String(each)}/${String(common)}`).join(' + ')} = ${String(sum)}/${String(common)}` }),
      voice.say(['The whole job takes {claim} hours.', 'So they need {claim} hours.'], ['全部完成需要 {claim}（小时）。', '所需时间为 {claim}（小时）。'], { claim: `1 ÷ (${String(sum)}/${String(common)}) = ${gold}` }),
    ),
  };
}

function discount(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> | null {
  const off = Array.from({ length: difficulty === 3 ? 1 : 2 }, () => draw.pick([10, 20, 25, 30, 40, 50, 60, 75]));
  const price = draw.int(4, 100) * 20;
  let paid = price;
  for (const each of off) paid = paid * (100 - each) / 100;
  if (!Number.isInteger(paid)) return null;
  const [name = ''] = voice.names(1);
  const thing = voice.say(['coat', 'bicycle', 'watch', 'desk', 'guitar', 'camera'], ['件外套', '辆自行车', '块手表', '张书桌', '把吉他', '台相机']);
  const values = { name, thing, paid, first: off[0] ?? 0, second: off[1] ?? 0 };
  const lines: string[] = [];
  let back = paid;
  for (const each of [...off].reverse()) {
    const before = back * 100 / (100 - each);
    if (!Number.isInteger(before)) return null;
    lines.push(voice.say(['{each}% off leaves {claim} percent, so before it the price was {back}.', 'After {each}% off, {claim} percent are left; undo it: {back}.'], ['降价 {each}% 后剩 {claim}（百分之），之前的价格：{back}。', '减去 {each}% 还剩 {claim}（百分之），还原：{back}。'], { each, claim: `100 - ${String(each)} = ${String(100 - each)}`, back: `${String(back)} ÷ ${String(100 - each)} × 100 = ${String(before)}` }));
    back = before;
  }
  const gold = String(price);
  return {
    statement: { story: 'discount', paid, off }, gold, answer: voice.answer(gold),
    prompt: off.length === 1
      ? voice.say(['{name} buys a {thing} at {first}% off and pays {paid} dollars. What was the price before?', 'After a discount of {first}% a {thing} costs {paid} dollars. What did it cost originally?'], ['{name}买了一{thing}，降价 {first}% 后付了 {paid} 元。原价是多少元？', '一{thing}降价 {first}% 后卖 {paid} 元，原价多少元？'], values)
      : voice.say(['A {thing} is first reduced by {first}%, and the new price then by {second}%. {name} pays {paid} dollars. What was the first price?', 'First {first}% is taken off the price of a {thing}, then {second}% off the reduced price; it now costs {paid} dollars. What was its original price?'], ['一{thing}先降价 {first}%，再在新价基础上降 {second}%，{name}付了 {paid} 元。最初价格是多少元？', '某商品（一{thing}）先减 {first}%，然后再减 {second}%，现价 {paid} 元，求原价（元）。'], values),
    think: voice.steps(voice.say(['Work backwards from the price paid.', 'Undo the discounts one at a time.', 'What was paid is what the discounts left.'], ['从实付价格倒推。', '逐次还原折扣。', '由现价往回算。']), lines),
  };
}
