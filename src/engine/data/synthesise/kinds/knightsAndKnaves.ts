/**
 * Knights, who always tell the truth, and knaves, who always lie (Smullyan 1978, "What Is the Name of This Book?"). Solved by
 * supposing and following up until something contradicts itself; proved by trying every assignment.
 */
import type { Draw } from '../../draw.ts';
import type { Difficulty, ProblemKind } from '../contract.ts';
import type { Voice } from '../voice.ts';

/** What one says, about persons by their index. */
type Claim =
  | { readonly says: 'is'; readonly who: number; readonly knight: boolean }
  | { readonly says: 'same' | 'different'; readonly who: number; readonly other: number }
  | { readonly says: 'both' | 'either' | 'if'; readonly who: number; readonly whoKnight: boolean; readonly other: number; readonly otherKnight: boolean }
  | { readonly says: 'count'; readonly knights: number };

interface Statement {
  readonly names: readonly string[];
  readonly claims: readonly Claim[];
  /** The answer's way of saying that there is none. */
  readonly none: string;
}

/** true: knight. */
type Roles = readonly (boolean | null)[];

const PERSONS: Readonly<Record<Difficulty, number>> = { 1: 2, 2: 3, 3: 3, 4: 4, 5: 5 };

export const knightsAndKnaves: ProblemKind<Statement> = {
  name: 'knights-and-knaves', task: 'logic', proof: 'enumeration',
  about: ['Knights tell the truth, knaves lie: who is who', '骑士说真话、无赖说假话：判断各人身份'],
  grows: ['persons from 2 to 5, and statements from naming one to conditions and counts', '人数由 2 增至 5，陈述由指认到条件与计数'],
  make(draw, difficulty, voice) {
    const names = voice.names(PERSONS[difficulty]).sort((a, b) => a < b ? -1 : 1);
    const roles = names.map(() => draw.chance(0.5));
    const claims = names.map((_, speaker) => claimOf(draw, difficulty, speaker, roles));
    if (claims.some((claim) => claim === null)) return null;
    const said = claims as Claim[];
    const solver = new Solver(names, said, voice);
    const solution = solver.solve();
    if (solution === null) return null;
    const none = voice.of(['none', '没有']);
    const knights = names.filter((_, index) => solution[index] === true);
    const gold = knights.length === 0 ? none : knights.join(', ');
    const lines = said.map((claim, speaker) => voice.say(['{name}: “{claim}”', '{name} says: “{claim}”'], ['{name}说：“{claim}”', '{name}：“{claim}”'], { name: names[speaker] ?? '', claim: told(claim, names, voice, speaker) }));
    return {
      statement: { names, claims: said, none }, gold, answer: voice.answer(gold),
      prompt: voice.say(
        ['On an island, knights always tell the truth and knaves always lie. You meet {names}.\n{lines}\nWho are the knights? Give their names in alphabetical order, separated by commas, or “none”.', 'Each of {names} is either a knight, who only says true things, or a knave, who only says false things.\n{lines}\nWhich of them are knights? List the names alphabetically with commas, or write “none”.'],
        ['岛上的骑士永远说真话，无赖永远说假话。你遇到了{names}。\n{lines}\n谁是骑士？按上文的顺序写出名字，用逗号加空格隔开；若没有则写“没有”。', '{names}每人要么是只说真话的骑士，要么是只说假话的无赖。\n{lines}\n哪些人是骑士？按上文顺序列出，逗号加空格分隔，没有则写“没有”。'], { names: voice.list(names), lines: lines.join('\n') },
      ),
      think: voice.steps(solver.lines, voice.say(['So the knights: {gold}.', 'All statements fit: knights are {gold}.'], ['所以骑士是：{gold}。', '全部陈述都吻合，骑士：{gold}。'], { gold })),
    };
  },
  check({ names, claims, none }, gold) {
    const knights = gold === none ? [] : gold.split(', ');
    if (knights.some((name) => !names.includes(name))) return false;
    const fitting: boolean[][] = [];
    for (let mask = 0; mask < 2 ** names.length; mask++) {
      const roles = names.map((_, index) => ((mask >> index) & 1) === 1);
      if (claims.every((claim, speaker) => isTrue(claim, roles) === roles[speaker])) fitting.push(roles);
    }
    const [only] = fitting;
    return fitting.length === 1 && only !== undefined && names.filter((_, index) => only[index]).join(', ') === knights.join(', ');
  },
};

/** The checker's reading of a claim: with all roles known. */
function isTrue(claim: Claim, roles: readonly boolean[]): boolean {
  switch (claim.says) {
    case 'is': return roles[claim.who] === claim.knight;
    case 'same': return roles[claim.who] === roles[claim.other];
    case 'different': return roles[claim.who] !== roles[claim.other];
    case 'both': return roles[claim.who] === claim.whoKnight && roles[claim.other] === claim.otherKnight;
    case 'either': return roles[claim.who] === claim.whoKnight || roles[claim.other] === claim.otherKnight;
    case 'if': return roles[claim.who] !== claim.whoKnight || roles[claim.other] === claim.otherKnight;
    case 'count': return roles.filter((each) => each).length === claim.knights;
  }
}

/** Something that the speaker may say: true of a knight, false of a knave. */
function claimOf(draw: Draw, difficulty: Difficulty, speaker: number, roles: readonly boolean[]): Claim | null {
  const others = roles.map((_, index) => index).filter((index) => index !== speaker);
  for (let tries = 0; tries < 12; tries++) {
    const says = draw.pick<Claim['says']>(difficulty <= 2 ? ['is', 'same', 'both', 'different', 'either'] : ['is', 'same', 'different', 'both', 'either', 'if', 'count']);
    const who = draw.pick(says === 'is' ? others : roles.map((_, index) => index));
    const other = draw.pick(others.filter((each) => each !== who).concat(who === speaker ? [] : [speaker]));
    const [whoKnight, otherKnight] = [draw.chance(0.5), draw.chance(0.5)];
    const claim: Claim = says === 'is' ? { says, who, knight: whoKnight } : says === 'same' || says === 'different' ? { says, who, other }
      : says === 'count' ? { says, knights: draw.int(0, roles.length) } : { says, who, whoKnight, other, otherKnight };
    if (isTrue(claim, roles) === roles[speaker]) return claim;
  }
  return null;
}

function told(claim: Claim, names: readonly string[], voice: Voice, speaker: number): string {
  const person = (index: number): string => index === speaker ? voice.of(['I', '我']) : names[index] ?? '';
  const being = (index: number, knight: boolean): string => voice.language === 'en' ? `${person(index)} ${index === speaker ? 'am' : 'is'} a ${knight ? 'knight' : 'knave'}` : `${person(index)}是${knight ? '骑士' : '无赖'}`;
  switch (claim.says) {
    case 'is': return `${being(claim.who, claim.knight)}${voice.of(['.', '。'])}`;
    case 'same': case 'different': {
      // The others come first: "Emma and I".
      const [a, b] = claim.who === speaker ? [claim.other, claim.who] : [claim.who, claim.other];
      const values = { a: person(a), b: person(b) };
      return claim.says === 'same' ? voice.say(['{a} and {b} are of the same kind.'], ['{a}和{b}是同一类人。'], values) : voice.say(['{a} and {b} are of different kinds.'], ['{a}和{b}不是同一类人。'], values);
    }
    case 'both': return voice.say(['{a}, and {b}.'], ['{a}，并且{b}。'], { a: being(claim.who, claim.whoKnight), b: being(claim.other, claim.otherKnight) });
    case 'either': return voice.say(['{a}, or {b} (or both).'], ['{a}，或者{b}（也可能都成立）。'], { a: being(claim.who, claim.whoKnight), b: being(claim.other, claim.otherKnight) });
    case 'if': return voice.say(['If {a}, then {b}.'], ['如果{a}，那么{b}。'], { a: being(claim.who, claim.whoKnight), b: being(claim.other, claim.otherKnight) });
    case 'count': return voice.say(claim.knights === 1 ? ['There is exactly 1 knight among us.'] : claim.knights === 0 ? ['There are no knights among us.'] : ['There are exactly {n} knights among us.'], ['我们当中恰好有 {n} 个骑士。'], { n: claim.knights });
  }
}

/** Whether a claim is decided by what is known so far: true, false, or null. */
function decided(claim: Claim, roles: Roles): boolean | null {
  const matches = (who: number, knight: boolean): boolean | null => roles[who] === null || roles[who] === undefined ? null : roles[who] === knight;
  const not = (value: boolean | null): boolean | null => value === null ? null : !value;
  const or = (a: boolean | null, b: boolean | null): boolean | null => a === true || b === true ? true : a === null || b === null ? null : false;
  switch (claim.says) {
    case 'is': return matches(claim.who, claim.knight);
    case 'same': case 'different': {
      const [a, b] = [roles[claim.who] ?? null, roles[claim.other] ?? null];
      return a === null || b === null ? null : (a === b) === (claim.says === 'same');
    }
    case 'both': return not(or(not(matches(claim.who, claim.whoKnight)), not(matches(claim.other, claim.otherKnight))));
    case 'either': return or(matches(claim.who, claim.whoKnight), matches(claim.other, claim.otherKnight));
    case 'if': return or(not(matches(claim.who, claim.whoKnight)), matches(claim.other, claim.otherKnight));
    case 'count': {
      const [yes, open] = [roles.filter((each) => each === true).length, roles.filter((each) => each === null).length];
      return yes > claim.knights || yes + open < claim.knights ? false : open === 0 ? yes === claim.knights : null;
    }
  }
}

interface Step {
  readonly line: string;
  readonly roles: Roles;
}

/** Follows up what is known one conclusion at a time; supposes where nothing follows. */
class Solver {
  readonly lines: string[] = [];

  constructor(private readonly names: readonly string[], private readonly claims: readonly Claim[], private readonly voice: Voice) {}

  /** Null where there is no solution or more than one. */
  solve(): readonly boolean[] | null {
    const solutions = this.#explore(this.names.map(() => null), 0);
    return solutions.length === 1 ? solutions[0] as readonly boolean[] : null;
  }

  #explore(start: Roles, depth: number): (readonly boolean[])[] {
    let roles = start;
    for (;;) {
      const clash = this.#contradiction(roles);
      if (clash !== null) {
        this.lines.push(`${this.#indent(depth)}${clash}`);
        return [];
      }
      const step = this.#follow(roles);
      if (step === null) break;
      this.lines.push(`${this.#indent(depth)}${step.line}`);
      roles = step.roles;
    }
    const open = roles.indexOf(null);
    if (open < 0) {
      this.lines.push(`${this.#indent(depth)}${this.voice.say(['Every statement now agrees with its speaker.', 'This is consistent with all statements.'], ['此时每句话都与说话者的身份相符。', '与所有陈述都一致。'])}`);
      return [roles as readonly boolean[]];
    }
    const found: (readonly boolean[])[] = [];
    for (const knight of [true, false]) {
      const name = this.names[open] ?? '';
      this.lines.push(`${this.#indent(depth)}${knight ? this.voice.say(['Suppose {name} is a knight.', 'First case: {name} is a knight.'], ['假设{name}是骑士。', '情形一：{name}是骑士。'], { name }) : this.voice.say(['Now suppose {name} is a knave.', 'Other case: {name} is a knave.'], ['再假设{name}是无赖。', '另一种情形：{name}是无赖。'], { name })}`);
      found.push(...this.#explore(roles.map((each, index) => index === open ? knight : each), depth + 1));
      if (found.length > 1) return found;
    }
    return found;
  }

  #indent(depth: number): string {
    return '  '.repeat(depth);
  }

  #contradiction(roles: Roles): string | null {
    for (const [speaker, claim] of this.claims.entries()) {
      const truth = decided(claim, roles);
      const role = roles[speaker] ?? null;
      if (truth === null || role === null || truth === role) continue;
      const name = this.names[speaker] ?? '';
      return role
        ? this.voice.say(['But then the statement of {name} is false, and a knight can’t lie: contradiction.', 'That makes {name}’s words false although {name} is a knight: impossible.'], ['但这样{name}的话是假的，骑士不会说谎，矛盾。', '{name}是骑士，话却是假的，不可能。'], { name })
        : this.voice.say(['But then the statement of {name} is true, and a knave can’t say that: contradiction.', 'That makes {name}’s words true although {name} is a knave: impossible.'], ['但这样{name}的话是真的，无赖不会说真话，矛盾。', '{name}是无赖，话却是真的，不可能。'], { name });
    }
    return null;
  }

  /** A speaker whose claim is decided, or a person whose role a known speaker's claim forces. */
  #follow(roles: Roles): Step | null {
    for (const [speaker, claim] of this.claims.entries()) {
      const truth = decided(claim, roles);
      const name = this.names[speaker] ?? '';
      if (roles[speaker] === null && truth !== null) {
        return {
          roles: roles.map((each, index) => index === speaker ? truth : each),
          line: truth ? this.voice.say(['What {name} says is true, so {name} is a knight.', '{name}’s statement holds; hence {name} is a knight.'], ['{name}说的是真话，所以{name}是骑士。', '{name}的话成立，因此{name}是骑士。'], { name }) : this.voice.say(['What {name} says is false, so {name} is a knave.', '{name}’s statement fails; hence {name} is a knave.'], ['{name}说的是假话，所以{name}是无赖。', '{name}的话不成立，因此{name}是无赖。'], { name }),
        };
      }
      const role = roles[speaker] ?? null;
      if (role === null || truth !== null) continue;
      for (const [index, known] of roles.entries()) {
        if (known !== null) continue;
        for (const knight of [true, false]) {
          const other = decided(claim, roles.map((each, at) => at === index ? !knight : each));
          if (other === null || other === role) continue;
          const values = { name, person: this.names[index] ?? '', kind: this.voice.of(knight ? ['a knight', '骑士'] : ['a knave', '无赖']) };
          return {
            roles: roles.map((each, at) => at === index ? knight : each),
            line: role ? this.voice.say(['{name} is a knight, so the statement is true, and that makes {person} {kind}.', 'Since {name} tells the truth, {person} must be {kind}.'], ['{name}是骑士，话为真，所以{person}是{kind}。', '{name}说真话，因此{person}必是{kind}。'], values) : this.voice.say(['{name} is a knave, so the statement is false, and that makes {person} {kind}.', 'Since {name} lies, {person} must be {kind}.'], ['{name}是无赖，话为假，所以{person}是{kind}。', '{name}说谎，因此{person}必是{kind}。'], values),
          };
        }
      }
    }
    return null;
  }
}
