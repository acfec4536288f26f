/**
 * Aligns the steps of a teacher's and a student's reasoning: which steps both took, which the student left out, which it
 * added, where it contradicts the teacher, and where it first goes wrong. Order is kept on both sides (alignPath.ts);
 * one long step may answer several short ones of the other side; loops are collapsed first (alignLoops.ts).
 */
import { contradictionsOf, resultContradiction, resultOf, sameValue, type Contradiction } from './alignContradiction.ts';
import { findLoops, fingerprint, stepsOutsideLoops, type Loop } from './alignLoops.ts';
import { alignPath, longestAscending, type PathPair, type RowSource } from './alignPath.ts';
import { featuresOf, sharedWeight, similarity, SimilarityRows, type Features, type FeatureTable } from './alignSimilarity.ts';
import type { Step } from './steps.ts';

export type { Contradiction };
export type Relation = 'matched' | 'contradicting' | 'skipped' | 'extra';

export interface AlignedRow {
  /** `skipped`: only the teacher has it; `extra`: only the student. */
  readonly relation: Relation;
  /** Indices of the steps, ascending; empty on the side that has none. */
  readonly teacher: readonly number[];
  readonly student: readonly number[];
  /** 0 … 1; 0 of a step that stands alone. */
  readonly similarity: number;
  readonly contradictions: readonly Contradiction[];
  /** Of a row that holds the repetitions of a loop: how many rounds they are; else 0. */
  readonly rounds: number;
  /** Of a step that stands alone: the step of the other side that says the same at another place. */
  readonly elsewhere: number | null;
}

export interface FirstWrong {
  /** Index of the row and of the student's step. */
  readonly row: number;
  readonly step: number;
  readonly reason: 'slip' | 'contradiction';
}

export interface Alignment {
  readonly rows: readonly AlignedRow[];
  /** The first row where the paths part over something that counts: a calculation, a result, a conclusion. Null where they never do. */
  readonly firstDivergence: number | null;
  /** The first step of the student that is wrong and is not put right later: an arithmetic slip, or against the teacher. */
  readonly firstWrong: FirstWrong | null;
  readonly summary: AlignmentSummary;
}

export interface AlignmentSummary {
  readonly teacherSteps: number;
  readonly studentSteps: number;
  /** Share of the teacher's steps that the student took too (contradicting ones are not), 0 … 1; 1 where there are none. */
  readonly matchedShare: number;
  readonly matched: number;
  readonly contradicting: number;
  readonly skipped: number;
  readonly extra: number;
  readonly slips: { readonly teacher: number; readonly student: number };
  /** Steps inside the repetitions of loops. */
  readonly looped: { readonly teacher: number; readonly student: number };
}

/** Below this two steps share words by chance. Chosen on the hand-labelled pairs of test/fixtures/traces. */
const PAIR_THRESHOLD = 0.3;
/** A neighbour joins a pair when the pair grows more alike by this much. */
const JOIN_GAIN = 0.03;
/** A neighbour also joins when this share of it stands in the other side's step, and it says more than a word or two. */
const COVERED_SHARE = 0.7;
const COVERED_SIZE = 6;
/** A step joins at most this many of the other side. */
const MAX_JOINED = 4;
/** Above this a lone step is the same as one elsewhere. */
const ELSEWHERE_THRESHOLD = 0.55;
/** Anchors are steps that both sides have once, word for word, and that are longer than an aside. */
const ANCHOR_LENGTH = 16;

/** A step, or the repetitions of a loop as one. */
interface Unit {
  readonly steps: readonly number[];
  readonly rounds: number;
}

export function alignSteps(teacher: readonly Step[], student: readonly Step[]): Alignment {
  const sides = [sideOf(teacher), sideOf(student)] as const;
  const ours = sides[0].kept.map((index) => teacher[index] as Step);
  const theirs = sides[1].kept.map((index) => student[index] as Step);
  const table = featuresOf(ours, theirs);
  const source = new BestPartners(new SimilarityRows(table, ours, theirs), ours.length, theirs.length);
  const path = alignPath(ours.length, theirs.length, source, PAIR_THRESHOLD, anchorsOf(sides[0].keptPrints, sides[1].keptPrints));
  const groups = joinNeighbours(withLoneCalculations(path, ours, theirs), table);
  const rows = assemble(groups, sides, source, teacher, student);
  return { rows, firstDivergence: firstDivergence(rows, teacher, student), firstWrong: firstWrong(rows, teacher, student), summary: summarise(rows, teacher, student) };
}

interface Side {
  readonly loops: readonly Loop[];
  /** Steps that take part in the alignment. */
  readonly kept: readonly number[];
  readonly keptPrints: readonly string[];
}

function sideOf(steps: readonly Step[]): Side {
  const prints = steps.map(({ text }) => fingerprint(text));
  const loops = findLoops(prints);
  const kept = stepsOutsideLoops(steps, loops);
  return { loops, kept, keptPrints: kept.map((index) => prints[index] as string) };
}

/** Pairs of steps that stand word for word once on each side, the longest run of them that keeps the order. */
function anchorsOf(teacher: readonly string[], student: readonly string[]): (readonly [number, number])[] {
  const once = (prints: readonly string[]): Map<string, number> => {
    const places = new Map<string, number>();
    prints.forEach((print, i) => places.set(print, places.has(print) ? -1 : i));
    return places;
  };
  const theirs = once(student);
  const pairs: [number, number][] = [];
  for (const [print, i] of once(teacher)) {
    const j = theirs.get(print) ?? -1;
    if (i >= 0 && j >= 0 && print.length >= ANCHOR_LENGTH) pairs.push([i, j]);
  }
  return longestAscending(pairs.sort((a, b) => a[0] - b[0]));
}

/** Passes similarities through and remembers each step's best partner, in whatever order. */
class BestPartners implements RowSource {
  readonly ofTeacher: Float32Array;
  readonly ofStudent: Float32Array;
  private readonly teacherAt: Int32Array;
  private readonly studentAt: Int32Array;

  constructor(private readonly rows: RowSource, teachers: number, students: number) {
    this.ofTeacher = new Float32Array(teachers);
    this.ofStudent = new Float32Array(students);
    this.teacherAt = new Int32Array(teachers).fill(-1);
    this.studentAt = new Int32Array(students).fill(-1);
  }

  fill(i: number, from: number, to: number, out: Float32Array): void {
    this.rows.fill(i, from, to, out);
    const { ofStudent, ofTeacher } = this;
    let best = ofTeacher[i] as number;
    for (let j = from; j < to; j++) {
      const value = out[j - from] as number;
      if (value === 0) continue;
      if (value > best) {
        best = value;
        this.teacherAt[i] = j;
      }
      if (value > (ofStudent[j] as number)) {
        ofStudent[j] = value;
        this.studentAt[j] = i;
      }
    }
    ofTeacher[i] = best;
  }

  partnerOfTeacher(i: number): number {
    return (this.ofTeacher[i] as number) >= ELSEWHERE_THRESHOLD ? (this.teacherAt[i] as number) : -1;
  }

  partnerOfStudent(j: number): number {
    return (this.ofStudent[j] as number) >= ELSEWHERE_THRESHOLD ? (this.studentAt[j] as number) : -1;
  }
}

/**
 * After a mistake the student calculates the same with other numbers (84 + 42, 94 + 47), and nothing in it is alike.
 * Between two pairs, a lone calculation of each side with the same operation is taken for the same step.
 */
function withLoneCalculations(path: readonly PathPair[], teacher: readonly Step[], student: readonly Step[]): PathPair[] {
  const all: PathPair[] = [];
  let before = { teacher: -1, student: -1 };
  for (const next of [...path, { teacher: teacher.length, student: student.length, similarity: 0 }]) {
    const ours = calculations(teacher, before.teacher + 1, next.teacher);
    const theirs = calculations(student, before.student + 1, next.student);
    const [a, b] = [ours[0], theirs[0]];
    if (ours.length === 1 && theirs.length === 1 && a !== undefined && b !== undefined && operationOf(teacher[a]) === operationOf(student[b])) {
      all.push({ teacher: a, student: b, similarity: PAIR_THRESHOLD });
    }
    if (next.teacher < teacher.length) all.push(next);
    before = next;
  }
  return all;
}

function calculations(steps: readonly Step[], from: number, to: number): number[] {
  return range(from, to).filter((k) => operationOf(steps[k]) !== null);
}

/** The operation of a step that does just one. */
function operationOf(step: Step | undefined): string | null {
  if (step === undefined || step.equations.length !== 1) return null;
  return /^\([\d.]+([-+*/^])[\d.]+\)$/.exec(step.equations[0]?.left ?? '')?.[1] ?? null;
}

/** Positions (among the kept steps) of one row: from … to, inclusive, on both sides. */
interface Group {
  teacher: [number, number];
  student: [number, number];
  similarity: number;
}

/**
 * Lets the unpaired neighbours of a pair join it when together they are more alike: the student said in two sentences
 * what the teacher said in one, or the other way round.
 */
function joinNeighbours(path: readonly PathPair[], table: FeatureTable): Group[] {
  const groups = path.map(({ teacher, student, similarity: alike }): Group => ({ teacher: [teacher, teacher], student: [student, student], similarity: alike }));
  groups.forEach((group, g) => {
    const before = groups[g - 1];
    const after = groups[g + 1];
    const bounds = {
      teacher: [before ? before.teacher[1] + 1 : 0, after ? after.teacher[0] - 1 : table.teacher.length - 1],
      student: [before ? before.student[1] + 1 : 0, after ? after.student[0] - 1 : table.student.length - 1],
    } as const;
    for (let grown = true; grown;) {
      grown = false;
      for (const side of ['teacher', 'student'] as const) {
        for (const [end, next] of [[1, group[side][1] + 1], [0, group[side][0] - 1]] as const) {
          if (next < bounds[side][0] || next > bounds[side][1] || group[side][1] - group[side][0] + 1 >= MAX_JOINED) continue;
          // Only one side grows: a row of several against several says little.
          const other = side === 'teacher' ? 'student' : 'teacher';
          if (group[other][1] > group[other][0]) continue;
          const wider: Group = { ...group, [side]: end === 1 ? [group[side][0], next] : [next, group[side][1]] };
          const gain = alikeness(wider, table) - alikeness(group, table);
          if (gain < JOIN_GAIN && !covered(table[side][next] as Features, table[other][group[other][0]] as Features, table.weights)) continue;
          group[side] = wider[side];
          group.similarity = Math.min(1, group.similarity + Math.max(0, gain));
          grown = true;
        }
      }
    }
  });
  return groups;
}

/** Whether nearly all that a step says stands in the other side's one step: `15,600 + 1,560 = 17,160` in the sentence that did it all. */
function covered(step: Features, by: Features, weights: Float32Array): boolean {
  return step.size >= COVERED_SIZE && sharedWeight(step.ids, by.ids, weights) >= COVERED_SHARE * step.size;
}

function alikeness(group: Group, table: FeatureTable): number {
  const teacher = union(table.teacher, group.teacher, table.weights);
  const student = union(table.student, group.student, table.weights);
  return similarity(sharedWeight(teacher.ids, student.ids, table.weights), teacher.size, student.size);
}

function union(features: readonly Features[], [from, to]: readonly [number, number], weights: Float32Array): Features {
  if (from === to) return features[from] as Features;
  const ids = Int32Array.from(new Set(features.slice(from, to + 1).flatMap((own) => [...own.ids]))).sort();
  return { ids, size: ids.reduce((sum, id) => sum + (weights[id] as number), 0) };
}

function unitsOf(side: Side): { readonly units: readonly Unit[]; readonly place: readonly number[] } {
  const units: Unit[] = [];
  const place: number[] = [];
  let loop = 0;
  side.kept.forEach((index, position) => {
    place.push(units.length);
    units.push({ steps: [index], rounds: 0 });
    const current = side.loops[loop];
    if (current === undefined || index !== current.first + current.period - 1) return;
    const first = current.first + current.period;
    if (side.kept[position + 1] !== first) units.push({ steps: range(first, current.end), rounds: current.rounds - 1 });
    loop += 1;
  });
  return { units, place };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function assemble(groups: readonly Group[], [left, right]: readonly [Side, Side], partners: BestPartners, teacher: readonly Step[], student: readonly Step[]): AlignedRow[] {
  const ours = unitsOf(left);
  const theirs = unitsOf(right);
  const keptAt = { left: inverse(left.kept), right: inverse(right.kept) };
  const rows: AlignedRow[] = [];
  const results = { teacher: resultOf(teacher), student: resultOf(student) };
  const alone = (relation: 'skipped' | 'extra', unit: Unit): void => {
    const index = unit.steps[0] as number;
    const position = unit.rounds > 0 ? undefined : (relation === 'skipped' ? keptAt.left : keptAt.right).get(index);
    const partner = position === undefined ? -1 : relation === 'skipped' ? partners.partnerOfTeacher(position) : partners.partnerOfStudent(position);
    const elsewhere = partner < 0 ? null : ((relation === 'skipped' ? right.kept : left.kept)[partner] ?? null);
    rows.push({
      relation, teacher: relation === 'skipped' ? unit.steps : [], student: relation === 'extra' ? unit.steps : [],
      similarity: 0, contradictions: [], rounds: unit.rounds, elsewhere,
    });
  };
  let i = 0;
  let j = 0;
  const gap = (toI: number, toJ: number): void => {
    for (; i < toI; i++) alone('skipped', ours.units[i] as Unit);
    for (; j < toJ; j++) alone('extra', theirs.units[j] as Unit);
  };
  for (const group of groups) {
    gap(ours.place[group.teacher[0]] as number, theirs.place[group.student[0]] as number);
    const own = left.kept.slice(group.teacher[0], group.teacher[1] + 1);
    const other = right.kept.slice(group.student[0], group.student[1] + 1);
    const found = contradictionsOf(own.map((k) => teacher[k] as Step), other.map((k) => student[k] as Step));
    const contradictions = found.length === 0 && own.includes(results.teacher?.step ?? -1) && other.includes(results.student?.step ?? -1) ? resultContradiction(results) : found;
    rows.push({
      relation: contradictions.length > 0 ? 'contradicting' : 'matched', teacher: own, student: other, similarity: group.similarity,
      contradictions, rounds: 0, elsewhere: null,
    });
    i = (ours.place[group.teacher[1]] as number) + 1;
    j = (theirs.place[group.student[1]] as number) + 1;
  }
  gap(ours.units.length, theirs.units.length);
  return rows;
}

function inverse(kept: readonly number[]): Map<number, number> {
  return new Map(kept.map((index, position) => [index, position]));
}

function counts(step: Step): boolean {
  return step.equations.length > 0 || step.claims.length > 0 || step.kind === 'conclusion';
}

function firstDivergence(rows: readonly AlignedRow[], teacher: readonly Step[], student: readonly Step[]): number | null {
  const parts = ({ relation }: AlignedRow): boolean => relation !== 'matched';
  const weighty = rows.findIndex((row) => row.relation === 'contradicting'
    || (parts(row) && row.elsewhere === null && (row.teacher.some((k) => counts(teacher[k] as Step)) || row.student.some((k) => counts(student[k] as Step)))));
  if (weighty >= 0) return weighty;
  const any = rows.findIndex((row) => parts(row) && row.elsewhere === null);
  return any < 0 ? null : any;
}

function firstWrong(rows: readonly AlignedRow[], teacher: readonly Step[], student: readonly Step[]): FirstWrong | null {
  for (const [row, { student: theirs, teacher: ours, contradictions }] of rows.entries()) {
    for (const step of theirs) {
      const slip = (student[step] as Step).slips.some(({ left, expected }) => !correctedLater(student, step, left, expected));
      if (slip) return { row, step, reason: 'slip' };
    }
    const step = theirs[0];
    if (step === undefined || contradictions.length === 0) continue;
    // Where the teacher's own arithmetic is off, it is not the student who is wrong.
    const teacherErrs = ours.some((k) => (teacher[k] as Step).slips.length > 0);
    const standing = contradictions.some(({ left, teacher: right }) => !correctedLater(student, theirs.at(-1) as number, left, right));
    if (!teacherErrs && standing) return { row, step, reason: 'contradiction' };
  }
  return null;
}

/** Whether a later step gives the right value for the same left side or the same quantity. */
function correctedLater(steps: readonly Step[], after: number, left: string, value: number): boolean {
  for (let k = after + 1; k < steps.length; k++) {
    const { equations, claims } = steps[k] as Step;
    if (equations.some((equation) => equation.left === left && sameValue(equation.value, value))) return true;
    if (claims.some((claim) => claim.name.join(' ') === left && sameValue(claim.value, value))) return true;
  }
  return false;
}

function summarise(rows: readonly AlignedRow[], teacher: readonly Step[], student: readonly Step[]): AlignmentSummary {
  const count = (relation: Relation): number => rows.filter((row) => row.relation === relation).length;
  const taken = rows.reduce((sum, row) => sum + (row.relation === 'matched' ? row.teacher.length : 0), 0);
  const looped = (side: 'teacher' | 'student'): number => rows.reduce((sum, row) => sum + (row.rounds > 0 ? row[side].length : 0), 0);
  const distinct = teacher.length - looped('teacher');
  const slips = (steps: readonly Step[]): number => steps.reduce((sum, step) => sum + step.slips.length, 0);
  return {
    teacherSteps: teacher.length, studentSteps: student.length, matchedShare: distinct === 0 ? 1 : taken / distinct,
    matched: count('matched'), contradicting: count('contradicting'), skipped: count('skipped'), extra: count('extra'),
    slips: { teacher: slips(teacher), student: slips(student) }, looped: { teacher: looped('teacher'), student: looped('student') },
  };
}
