/**
 * How much two steps say the same. Each step becomes a set of features: its calculations, its numbers, its content words.
 * A feature weighs by how rare it is in both traces (Spärck Jones 1972, inverse document frequency), so that the numbers
 * of the question, which stand everywhere, decide nothing.
 */
import { givesAnswer, resultOf } from './alignContradiction.ts';
import { fingerprint } from './alignLoops.ts';
import { numberKey } from './stepsNumbers.ts';
import { contentWords } from './stepsWords.ts';
import type { Step } from './steps.ts';

/** A shared calculation says more than a shared number, and that more than a shared word. */
const EQUATION_WEIGHT = 2.2;
const NUMBER_WEIGHT = 1.3;
const SHAPE_WEIGHT = 1.2;
const WORD_WEIGHT = 1;
/** 0, 1 and 2 stand in every other sentence. */
const SMALL_NUMBER_WEIGHT = 0.5;
/** Of Dice's measure and of containment: a terse step is often a part of a long one. */
const CONTAINMENT_SHARE = 0.35;
/** Keeps containment from being certain about steps of a single word. */
const CONTAINMENT_SMOOTHING = 3;
const SAME_KIND_BONUS = 0.04;
/** Two conclusions are about the same thing even where they disagree, which is what has to be seen. */
const BOTH_CONCLUDE_BONUS = 0.12;
const POSITION_PENALTY = 0.12;

export interface Features {
  /** Ids of the distinct features, ascending. */
  readonly ids: Int32Array;
  /** Sum of their weights. */
  readonly size: number;
}

export interface FeatureTable {
  readonly teacher: readonly Features[];
  readonly student: readonly Features[];
  /** Weight of each feature id. */
  readonly weights: Float32Array;
}

function namesOf(step: Step, result: Step | null): Map<string, number> {
  const names = new Map<string, number>();
  for (const word of contentWords(step.text)) names.set(word, WORD_WEIGHT);
  for (const value of step.numbers) names.set(`#${numberKey(value)}`, Math.abs(value) <= 2 && Number.isInteger(value) ? SMALL_NUMBER_WEIGHT : NUMBER_WEIGHT);
  for (const { left } of step.equations) {
    names.set(`=${left}`, EQUATION_WEIGHT);
    // 84 / 2 and 94 / 2: after a mistake the same calculations go on with other numbers.
    const simple = /^\(([\d.]+)([-+*/^])([\d.]+)\)$/.exec(left);
    if (simple) for (const shape of [`~${simple[2]}`, `~${simple[1]}${simple[2]}`, `~${simple[2]}${simple[3]}`]) names.set(shape, SHAPE_WEIGHT);
  }
  if (step === result || givesAnswer(step)) names.set('@answer', EQUATION_WEIGHT);
  if (names.size === 0) {
    const print = fingerprint(step.text);
    if (print !== '') names.set(`"${print}`, WORD_WEIGHT);
  }
  return names;
}

/** Features of the steps of both traces, with weights from both together. */
export function featuresOf(teacher: readonly Step[], student: readonly Step[]): FeatureTable {
  const ids = new Map<string, number>();
  const counts: number[] = [];
  const base: number[] = [];
  const read = (step: Step, result: Step | null): Int32Array => {
    const names = namesOf(step, result);
    const own = new Int32Array(names.size);
    let i = 0;
    for (const [name, weight] of names) {
      let id = ids.get(name);
      if (id === undefined) {
        id = ids.size;
        ids.set(name, id);
        counts.push(0);
        base.push(weight);
      }
      counts[id] = (counts[id] as number) + 1;
      own[i++] = id;
    }
    return own.sort();
  };
  const sets = [teacher, student].map((steps) => {
    const result = concluding(steps);
    return steps.map((step) => read(step, result));
  }) as [Int32Array[], Int32Array[]];
  const all = teacher.length + student.length;
  const weights = Float32Array.from(counts, (count, id) => (base[id] as number) * Math.log(1 + all / count));
  const sized = (list: readonly Int32Array[]): Features[] => list.map((own) => ({ ids: own, size: sumOf(own, weights) }));
  return { teacher: sized(sets[0]), student: sized(sets[1]), weights };
}

/** The step with which a trace ends on a result, said as its answer or not. */
function concluding(steps: readonly Step[]): Step | null {
  const result = resultOf(steps);
  const step = result === null ? undefined : steps.find(({ index }) => index === result.step);
  return step !== undefined && step.kind === 'conclusion' ? step : null;
}

function sumOf(ids: Int32Array, weights: Float32Array): number {
  let sum = 0;
  for (const id of ids) sum += weights[id] as number;
  return sum;
}

/** Weight of the features that two sets share. */
export function sharedWeight(a: Int32Array, b: Int32Array, weights: Float32Array): number {
  let sum = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const x = a[i] as number;
    const y = b[j] as number;
    if (x === y) {
      sum += weights[x] as number;
      i += 1;
      j += 1;
    } else if (x < y) i += 1;
    else j += 1;
  }
  return sum;
}

/** From the shared weight and both sizes to 0 … 1. */
export function similarity(shared: number, a: number, b: number): number {
  if (shared === 0) return 0;
  const dice = (2 * shared) / (a + b);
  const containment = shared / (Math.min(a, b) + CONTAINMENT_SMOOTHING);
  return Math.min(1, (1 - CONTAINMENT_SHARE) * dice + CONTAINMENT_SHARE * containment);
}

/**
 * Similarities of one teacher step with every student step of a window, through an index from feature to student steps:
 * pairs that share nothing, which are nearly all, cost nothing.
 */
export class SimilarityRows {
  private readonly shared: Float32Array;
  private readonly postings: readonly Int32Array[];

  constructor(private readonly table: FeatureTable, private readonly teacher: readonly Step[], private readonly student: readonly Step[]) {
    const lists: number[][] = Array.from({ length: table.weights.length }, () => []);
    table.student.forEach(({ ids }, j) => ids.forEach((id) => lists[id]?.push(j)));
    this.postings = lists.map((list) => Int32Array.from(list));
    this.shared = new Float32Array(student.length);
  }

  /** Writes the similarity of teacher step `i` with the student steps `from` … `to - 1` to `out[0 … to - from - 1]`. */
  fill(i: number, from: number, to: number, out: Float32Array): void {
    const { shared, postings, table } = this;
    const own = table.teacher[i] as Features;
    shared.fill(0, from, to);
    for (const id of own.ids) {
      const weight = table.weights[id] as number;
      const list = postings[id] as Int32Array;
      for (let k = lowerBound(list, from); k < list.length; k++) {
        const j = list[k] as number;
        if (j >= to) break;
        shared[j] = (shared[j] as number) + weight;
      }
    }
    const kind = (this.teacher[i] as Step).kind;
    const place = i / Math.max(1, this.teacher.length - 1);
    for (let j = from; j < to; j++) {
      const sum = shared[j] as number;
      if (sum === 0) {
        out[j - from] = 0;
        continue;
      }
      const bonus = (this.student[j] as Step).kind !== kind ? 0 : kind === 'conclusion' ? BOTH_CONCLUDE_BONUS : SAME_KIND_BONUS;
      const away = Math.abs(place - j / Math.max(1, this.student.length - 1));
      out[j - from] = Math.max(0, similarity(sum, own.size, (table.student[j] as Features).size) + bonus - POSITION_PENALTY * away);
    }
  }
}

function lowerBound(list: Int32Array, value: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
