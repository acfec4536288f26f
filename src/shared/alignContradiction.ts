/** Two steps of one row contradict each other when they give the same calculation, or the same named quantity, another value. */
import type { Claim, Step } from './steps.ts';

export interface Contradiction {
  /** What both speak of: the left side of an equation, or the words of a name. */
  readonly left: string;
  readonly teacher: number;
  readonly student: number;
}

/** Values that differ by less than this, one of them with a fraction, are one value rounded twice. */
const ROUNDING = 0.01;
/** Names of quantities are the same when this share of their words is. */
const SAME_NAME = 0.75;

export function sameValue(a: number, b: number): boolean {
  const size = Math.max(Math.abs(a), Math.abs(b));
  const difference = Math.abs(a - b);
  if (difference <= 1e-9 * Math.max(1, size)) return true;
  if (!Number.isInteger(a) || !Number.isInteger(b)) {
    // 25% and 25 are one value told in two ways.
    return difference <= ROUNDING * size || Math.abs(a * 100 - b) <= ROUNDING * size || Math.abs(b * 100 - a) <= ROUNDING * size;
  }
  return false;
}

function sameName(a: Claim, b: Claim): boolean {
  const shared = a.name.filter((word) => b.name.includes(word)).length;
  const all = a.name.length + b.name.length - shared;
  if (shared === all) return true;
  // Names that differ in a number (the first 3 days, the first 4 days) are two quantities.
  const numbers = (claim: Claim): string => claim.name.filter((word) => /^\d/.test(word)).join(' ');
  return shared >= 3 && shared / all >= SAME_NAME && numbers(a) === numbers(b);
}

interface Told {
  readonly left: string;
  readonly value: number;
}

/** Differences over what both tell, leaving out what one side tells both ways (a mistake put right in the same step). */
function differences(teacher: readonly Told[], student: readonly Told[], same: (a: number, b: number) => boolean): Contradiction[] {
  const found: Contradiction[] = [];
  for (let a = 0; a < teacher.length; a++) {
    for (let b = 0; b < student.length; b++) {
      const ours = teacher[a] as Told;
      const theirs = student[b] as Told;
      if (!same(a, b) || sameValue(ours.value, theirs.value)) continue;
      const reconciled = student.some((told, k) => same(a, k) && sameValue(told.value, ours.value))
        || teacher.some((told, k) => same(k, b) && sameValue(told.value, theirs.value));
      if (!reconciled && !found.some(({ left }) => left === ours.left)) found.push({ left: ours.left, teacher: ours.value, student: theirs.value });
    }
  }
  return found;
}

function named(steps: readonly Step[], variables: boolean): Claim[] {
  return steps.flatMap((step) => step.claims.filter(({ name }) => variables || name.some((word) => word.length > 1)));
}

export function contradictionsOf(teacher: readonly Step[], student: readonly Step[]): Contradiction[] {
  const equations = [teacher.flatMap((step) => step.equations), student.flatMap((step) => step.equations)] as const;
  const byEquation = differences(equations[0], equations[1], (a, b) => equations[0][a]?.left === equations[1][b]?.left);
  const told = (list: readonly Claim[]): Told[] => list.map(({ name, value }) => ({ left: name.join(' '), value }));
  // x, a, b are given other values on purpose while a model searches; only in a conclusion are they a result.
  const concludes = [...teacher, ...student].some(({ kind }) => kind === 'conclusion');
  const claims = [named(teacher, concludes), named(student, concludes)] as const;
  const byName = differences(told(claims[0]), told(claims[1]), (a, b) => sameName(claims[0][a] as Claim, claims[1][b] as Claim));
  return [...byEquation, ...byName];
}

/** What a trace came to, and the step that says it. */
export interface Result {
  readonly step: number;
  /** Null where the step doesn't say which of its numbers it is. */
  readonly value: number | null;
}

/** How near the end a conclusion has to stand to be the result. */
const RESULT_STEPS = 6;

function namesAnswer({ name }: Claim): boolean {
  return name.includes('answer') || name.includes('答案');
}

export function givesAnswer(step: Step): boolean {
  return step.claims.some(namesAnswer);
}

/** The last value that a trace claims as its answer; else what its last conclusion or calculation comes to, when that stands at the end. */
export function resultOf(steps: readonly Step[]): Result | null {
  for (let k = steps.length - 1; k >= Math.max(0, steps.length - RESULT_STEPS); k--) {
    const { claims, index } = steps[k] as Step;
    const answer = claims.findLast(namesAnswer);
    if (answer) return { step: index, value: answer.value };
  }
  for (let k = steps.length - 1; k >= Math.max(0, steps.length - RESULT_STEPS); k--) {
    const { kind, numbers, equations, claims, index } = steps[k] as Step;
    if (numbers.length === 0 || (kind !== 'conclusion' && kind !== 'calculation')) continue;
    const only = new Set(numbers).size === 1 ? numbers[0] : undefined;
    return { step: index, value: claims.at(-1)?.value ?? equations.at(-1)?.value ?? only ?? null };
  }
  return null;
}

export function resultContradiction({ teacher, student }: { readonly teacher: Result | null; readonly student: Result | null }): Contradiction[] {
  if (teacher === null || student === null || teacher.value === null || student.value === null || sameValue(teacher.value, student.value)) return [];
  return [{ left: 'answer', teacher: teacher.value, student: student.value }];
}
