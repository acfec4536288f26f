/** Who stands where: clues about an order with exactly one solution, found by ruling places out; proved by trying all orders. */
import type { Draw } from '../../draw.ts';
import type { Difficulty, ProblemKind } from '../contract.ts';
import type { Voice } from '../voice.ts';

type Clue =
  | { readonly says: 'before' | 'right-before'; readonly a: number; readonly b: number }
  | { readonly says: 'next-to' | 'not-next-to'; readonly a: number; readonly b: number }
  | { readonly says: 'at' | 'not-at'; readonly a: number; readonly place: number }
  | { readonly says: 'between'; readonly a: number; readonly count: number; readonly b: number };

interface Statement {
  readonly names: readonly string[];
  readonly clues: readonly Clue[];
}

const PERSONS: Readonly<Record<Difficulty, number>> = { 1: 3, 2: 4, 3: 5, 4: 6, 5: 7 };
/** More clues than this and the problem is only long. */
const MOST_CLUES = 9;

export const ordering: ProblemKind<Statement> = {
  name: 'ordering', task: 'logic', proof: 'enumeration',
  about: ['Orders from clues, with exactly one solution', '根据线索排序，解唯一'],
  grows: ['persons from 3 to 7, clues from direct to relative ones', '人数由 3 增至 7，线索由直接到相对'],
  make(draw, difficulty, voice) {
    const names = voice.names(PERSONS[difficulty]);
    const order = draw.shuffled(names.map((_, index) => index));
    const place = names.map((_, index) => order.indexOf(index));
    const clues: Clue[] = [];
    let left = allOrders(names.length);
    while (left.length > 1) {
      if (clues.length >= MOST_CLUES) return null;
      const clue = clueOf(draw, difficulty, place);
      const fitting = left.filter((each) => fits(clue, each));
      // A clue that says nothing new is no clue.
      if (fitting.length === left.length) continue;
      clues.push(clue);
      left = fitting;
    }
    const shown = draw.shuffled(clues);
    const texts = shown.map((clue) => told(clue, names, voice));
    const solver = new Solver(names, shown, texts, voice);
    if (!solver.solve()) return null;
    const gold = order.map((index) => names[index] ?? '').join(', ');
    return {
      statement: { names, clues: shown }, gold, answer: voice.answer(gold),
      prompt: voice.say(
        ['{n} people, {names}, stand in a line.\n{clues}\nWhat is their order from front to back? List the names separated by commas.', '{names} finished a race with no ties.\n{clues}\nIn which order did they finish? Write the names from first to last with commas.'],
        ['{names} {n} 人排成一队。\n{clues}\n从前到后的顺序是什么？写出名字，用逗号加空格隔开。', '{names}参加赛跑，没有并列。\n{clues}\n从第一名到最后一名依次是谁？名字用逗号加空格隔开。'],
        { n: names.length, names: voice.list(names), clues: texts.map((text) => `- ${text}`).join('\n') },
      ),
      think: voice.steps(solver.lines, voice.say(['So the order is {gold}.', 'That leaves one order: {gold}.'], ['所以顺序是 {gold}。', '由此得到唯一的顺序：{gold}。'], { gold })),
    };
  },
  check({ names, clues }, gold) {
    const answer = gold.split(', ');
    let found: readonly number[] | null = null;
    for (const order of permutations(names.map((_, index) => index))) {
      if (!clues.every((clue) => holdsIn(clue, order))) continue;
      if (found !== null) return false;
      found = [...order];
    }
    return found !== null && found.map((index) => names[index]).join() === answer.join();
  },
};

/** place[person] of every order: tables by number of persons, made once. */
const ORDERS = new Map<number, readonly (readonly number[])[]>();

function allOrders(count: number): readonly (readonly number[])[] {
  const known = ORDERS.get(count);
  if (known !== undefined) return known;
  const orders = count === 1 ? [[0]] : allOrders(count - 1).flatMap((rest) => Array.from({ length: count }, (_, last) => [...rest.map((each) => each >= last ? each + 1 : each), last]));
  ORDERS.set(count, orders);
  return orders;
}

/** `place[person]`. */
function fits(clue: Clue, place: readonly number[]): boolean {
  const a = place[clue.a] ?? -1;
  switch (clue.says) {
    case 'at': return a === clue.place;
    case 'not-at': return a !== clue.place;
    case 'before': return a < (place[clue.b] ?? -1);
    case 'right-before': return a + 1 === place[clue.b];
    case 'next-to': return Math.abs(a - (place[clue.b] ?? -1)) === 1;
    case 'not-next-to': return Math.abs(a - (place[clue.b] ?? -1)) !== 1;
    case 'between': return Math.abs(a - (place[clue.b] ?? -1)) === clue.count + 1;
  }
}

/** The checker's: Heap's algorithm over the line itself, persons from front to back. */
function* permutations(line: number[], size = line.length): Generator<readonly number[]> {
  if (size <= 1) {
    yield line;
    return;
  }
  for (let i = 0; i < size; i++) {
    yield* permutations(line, size - 1);
    const other = size % 2 === 0 ? i : 0;
    [line[other], line[size - 1]] = [line[size - 1] as number, line[other] as number];
  }
}

function holdsIn(clue: Clue, line: readonly number[]): boolean {
  switch (clue.says) {
    case 'at': return line[clue.place] === clue.a;
    case 'not-at': return line[clue.place] !== clue.a;
    case 'before': return line.indexOf(clue.b) > line.indexOf(clue.a);
    case 'right-before': return line[line.indexOf(clue.a) + 1] === clue.b;
    case 'next-to': case 'not-next-to': {
      const at = line.indexOf(clue.a);
      return (line[at - 1] === clue.b || line[at + 1] === clue.b) === (clue.says === 'next-to');
    }
    case 'between': {
      const at = line.indexOf(clue.a);
      return line[at + clue.count + 1] === clue.b || line[at - clue.count - 1] === clue.b;
    }
  }
}

function clueOf(draw: Draw, difficulty: Difficulty, place: readonly number[]): Clue {
  const [a = 0, b = 0] = draw.several(place.map((_, index) => index), 2);
  const [x, y] = [place[a] ?? 0, place[b] ?? 0];
  const [front, back] = x < y ? [a, b] : [b, a];
  const gap = Math.abs(x - y);
  const says = draw.pick(difficulty <= 2 ? ['before', 'right-before', 'at', 'not-at', 'next-to'] as const : ['before', 'before', 'right-before', 'next-to', 'not-next-to', 'not-at', 'between', ...(difficulty === 3 ? ['at' as const] : [])] as const);
  switch (says) {
    case 'at': return { says, a, place: x };
    case 'not-at': return { says, a, place: draw.pick(place.filter((each) => each !== x)) };
    case 'right-before': return gap === 1 ? { says, a: front, b: back } : { says: 'before', a: front, b: back };
    case 'next-to': case 'not-next-to': return { says: gap === 1 ? 'next-to' : 'not-next-to', a, b };
    case 'between': return gap > 1 ? { says, a, count: gap - 1, b } : { says: 'next-to', a, b };
    case 'before': return { says, a: front, b: back };
  }
}

const EN_PLACES = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh'];
const ZH_PLACES = ['第一', '第二', '第三', '第四', '第五', '第六', '第七'];

const placeText = (place: number, voice: Voice): string => (voice.language === 'en' ? EN_PLACES : ZH_PLACES)[place] ?? '';

function told(clue: Clue, names: readonly string[], voice: Voice): string {
  const values = { a: names[clue.a] ?? '', b: 'b' in clue ? names[clue.b] ?? '' : '', place: 'place' in clue ? placeText(clue.place, voice) : '', n: 'count' in clue ? clue.count : 0 };
  switch (clue.says) {
    case 'before': return voice.say(['{a} is somewhere before {b}.', '{b} comes after {a}.'], ['{a}在{b}前面（不一定相邻）。', '{b}在{a}之后。'], values);
    case 'right-before': return voice.say(['{a} is directly before {b}.', '{b} comes directly after {a}.'], ['{a}紧挨在{b}前面。', '{b}紧跟在{a}之后。'], values);
    case 'next-to': return voice.say(['{a} and {b} are next to each other.', '{a} is right next to {b}, on one side or the other.'], ['{a}和{b}相邻。', '{a}与{b}紧挨着，先后不定。'], values);
    case 'not-next-to': return voice.say(['{a} and {b} are not next to each other.', '{a} is not right next to {b}.'], ['{a}和{b}不相邻。', '{a}与{b}没有挨着。'], values);
    case 'at': return voice.say(['{a} is {place}.', 'The {place} place belongs to {a}.'], ['{a}是{place}个。', '排在{place}的是{a}。'], values);
    case 'not-at': return voice.say(['{a} is not {place}.', 'The {place} place is not that of {a}.'], ['{a}不是{place}个。', '排在{place}的不是{a}。'], values);
    case 'between': return voice.say(clue.count === 1 ? ['Exactly one person is between {a} and {b}.'] : ['Exactly {n} people are between {a} and {b}.'], clue.count === 1 ? ['{a}和{b}之间恰好隔着一人。'] : ['{a}和{b}之间恰好隔着 {n} 人。'], values);
  }
}

/** For each person the places still open. */
type Places = readonly ReadonlySet<number>[];

/** Rules places out clue by clue, then supposes; tells each step that rules something out. */
class Solver {
  readonly lines: string[] = [];
  /** A trace longer than this is no pleasure to read. */
  static readonly LONGEST = 60;

  constructor(private readonly names: readonly string[], private readonly clues: readonly Clue[], private readonly texts: readonly string[], private readonly voice: Voice) {}

  /** False where the trace would grow too long, or the solution is not the only one. */
  solve(): boolean {
    const everywhere = new Set(this.names.keys());
    return this.#explore(this.names.map(() => everywhere), 0) === 1 && this.lines.length <= Solver.LONGEST;
  }

  /** How many solutions; at most 2 are counted. */
  #explore(start: Places, depth: number): number {
    let places: Places | null = start;
    for (let before: Places | null = null; places !== null && places !== before;) {
      before = places;
      places = this.#round(places, depth);
    }
    if (this.lines.length > Solver.LONGEST) return 0;
    if (places === null) return 0;
    if (places.every((each) => each.size === 1)) return 1;
    let [who, fewest] = [0, Infinity];
    places.forEach((each, index) => { if (each.size > 1 && each.size < fewest) [who, fewest] = [index, each.size]; });
    let solutions = 0;
    for (const place of places[who] ?? []) {
      this.#say(depth, this.voice.say(['Suppose {name} is {place}.', 'Try {name} in the {place} place.'], ['假设{name}排{place}。', '试试{name}在{place}个位置。'], { name: this.names[who] ?? '', place: placeText(place, this.voice) }));
      solutions += this.#explore(places.map((each, index) => index === who ? new Set([place]) : each), depth + 1);
      if (solutions > 1) break;
    }
    return solutions;
  }

  /** One pass over clues and taken places; null on a contradiction. */
  #round(places: Places, depth: number): Places | null {
    let now = places;
    for (const [at, clue] of this.clues.entries()) {
      const text = this.texts[at] ?? '';
      const next = narrowed(clue, now);
      for (const index of now.keys()) {
        const [old, left] = [now[index] ?? new Set<number>(), next[index] ?? new Set<number>()];
        if (left.size === old.size) continue;
        if (left.size === 0) {
          this.#say(depth, this.voice.say(['“{clue}” leaves no place for {name}: contradiction.', 'Then {name} has no place left because of “{clue}” This can’t be.'], ['线索“{clue}”使{name}没有位置，矛盾。', '由“{clue}”，{name}无处可排，不成立。'], { clue: text, name: this.names[index] ?? '' }));
          return null;
        }
        this.#say(depth, this.voice.say(['From “{clue}” {name} can only be {places}.', '“{clue}” So {name} is {places}.'], ['由“{clue}”，{name}只可能是{places}。', '因为“{clue}”，{name}只能在{places}。'], { clue: text, name: this.names[index] ?? '', places: this.#placesText(left) }));
      }
      now = next;
    }
    for (const [index, each] of now.entries()) {
      if (each.size !== 1) continue;
      const [place = 0] = each;
      const touched = now.some((other, at) => at !== index && other.has(place));
      if (!touched) continue;
      now = now.map((other, at) => at === index ? other : new Set([...other].filter((one) => one !== place)));
      this.#say(depth, this.voice.say(['{name} takes the {place} place, nobody else can.', 'The {place} place is {name}’s alone.'], ['{name}占{place}个位置，其他人不能再占。', '{place}个位置归{name}。'], { name: this.names[index] ?? '', place: placeText(place, this.voice) }));
      const empty = now.findIndex((other) => other.size === 0);
      if (empty >= 0) {
        this.#say(depth, this.voice.say(['No place is left for {name}: contradiction.', 'Then {name} has nowhere to stand. Impossible.'], ['{name}没有位置了，矛盾。', '这样{name}无处可排，不可能。'], { name: this.names[empty] ?? '' }));
        return null;
      }
    }
    for (const place of this.names.keys()) {
      const able = [...now.entries()].filter(([, each]) => each.has(place));
      if (able.length === 0) {
        this.#say(depth, this.voice.say(['Nobody is left for the {place} place: contradiction.', 'Then the {place} place stays empty. Impossible.'], ['{place}个位置无人可排，矛盾。', '{place}个位置空着，不可能。'], { place: placeText(place, this.voice) }));
        return null;
      }
      const [only] = able;
      if (able.length > 1 || only === undefined || only[1].size === 1) continue;
      now = now.map((each, at) => at === only[0] ? new Set([place]) : each);
      this.#say(depth, this.voice.say(['Only {name} can be {place}.', 'The {place} place is open to {name} alone.'], ['只有{name}能排{place}。', '{place}个位置只剩{name}可选。'], { name: this.names[only[0]] ?? '', place: placeText(place, this.voice) }));
    }
    return now.every((each, index) => each.size === places[index]?.size) ? places : now;
  }

  #placesText(places: ReadonlySet<number>): string {
    const words = [...places].sort((a, b) => a - b).map((place) => placeText(place, this.voice));
    return this.voice.language === 'en' ? words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}` : words.join('或');
  }

  #say(depth: number, line: string): void {
    this.lines.push(`${'  '.repeat(depth)}${line}`);
  }
}

/** What a clue rules out for the two it speaks of: places for which the other has none that fits. */
function narrowed(clue: Clue, places: Places): Places {
  const test: number[] = [];
  if (!('b' in clue)) return places.map((each, index) => index === clue.a ? new Set([...each].filter((place) => { test[clue.a] = place; return fits(clue, test); })) : each);
  const supported = (own: number, other: number): ReadonlySet<number> => new Set([...(places[own] ?? [])].filter((place) => [...(places[other] ?? [])].some((elsewhere) => {
    if (place === elsewhere) return false;
    test[own] = place;
    test[other] = elsewhere;
    return fits(clue, test);
  })));
  const [a, b] = [supported(clue.a, clue.b), supported(clue.b, clue.a)];
  return places.map((each, index) => index === clue.a ? a : index === clue.b ? b : each);
}
