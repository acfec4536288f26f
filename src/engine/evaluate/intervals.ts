/** How sure a measured accuracy, or a ratio of two, is. */
import { Random } from '../model/random.ts';

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** 97.5 % quantile of the standard normal distribution: both sides of a 95 % interval. */
const Z = 1.959963984540054;
const BOOTSTRAP_SAMPLES = 2000;
/** Rounding of a ratio times a count; counts are whole. */
const SAME = 1e-9;

/** Share of right answers with its 95 % score interval (Wilson 1927). Of nothing it is 0, between 0 and 1. */
export function wilson(right: number, total: number): Interval {
  if (total === 0) return { value: 0, low: 0, high: 1 };
  const share = right / total;
  const z2 = Z * Z / total;
  const centre = (share + z2 / 2) / (1 + z2);
  const half = Z / (1 + z2) * Math.sqrt(share * (1 - share) / total + z2 / (4 * total));
  return { value: share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * The student's accuracy over the teacher's on the same prompts, with a 95 % percentile interval of the paired bootstrap
 * (Efron & Tibshirani 1993, chapter 13): prompts are drawn with both their verdicts, so what makes one hard for both
 * does not widen it. `right` answers of each are 0 or 1, or counts where a prompt was answered by several students (of
 * several seeds): a prompt is then drawn with all of them. Null where the teacher has nothing right.
 *
 * Where every prompt shows the same ratio (the student has nothing right, or both have the same ones right), every
 * bootstrap sample does, and its interval would have no width, however few prompts there are. Then the bound is on the
 * share of prompts that could differ though none of those seen did: Wilson's upper bound of 0 in n, over the teacher's
 * accuracy, to both sides (not below 0). A student with nothing right gets Wilson's interval of its accuracy over the
 * teacher's accuracy.
 */
export function retentionInterval(pairs: readonly { readonly teacher: boolean | number; readonly student: boolean | number }[], seed: number): Interval | null {
  const ratio = (indices: Iterable<number>): number | null => {
    let [teacher, student] = [0, 0];
    for (const index of indices) {
      teacher += Number(pairs[index]?.teacher);
      student += Number(pairs[index]?.student);
    }
    return teacher === 0 ? null : student / teacher;
  };
  const value = ratio(pairs.keys());
  if (value === null) return null;
  const random = new Random(seed, 'bootstrap');
  const draws = new Int32Array(pairs.length);
  const ratios: number[] = [];
  for (let sample = 0; sample < BOOTSTRAP_SAMPLES; sample++) {
    for (let i = 0; i < draws.length; i++) draws[i] = Math.floor(random.uniform() * pairs.length);
    const drawn = ratio(draws);
    if (drawn !== null) ratios.push(drawn);
  }
  ratios.sort((a, b) => a - b);
  const quantile = (share: number): number => ratios[Math.min(ratios.length - 1, Math.max(0, Math.round(share * (ratios.length - 1))))] ?? value;
  const [low, high] = [quantile(0.025), quantile(0.975)];
  if (pairs.some(({ teacher, student }) => Math.abs(Number(student) - value * Number(teacher)) > SAME)) return { value, low, high };
  const most = Math.max(...pairs.map(({ teacher, student }) => Math.max(Number(teacher), Number(student))));
  const mean = pairs.reduce((sum, { teacher }) => sum + Number(teacher), 0) / pairs.length;
  const reach = wilson(0, pairs.length).high * most / mean;
  return { value, low: Math.max(0, value - reach), high: value + reach };
}
