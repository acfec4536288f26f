/**
 * Finds where a model went round in circles: the same one or more steps again and again, as small students do until the
 * token limit. Only the first round takes part in an alignment; the others are shown as one row with their number.
 */
import type { Step } from './steps.ts';

export interface Loop {
  /** The first round: steps `first` … `first + period - 1`. */
  readonly first: number;
  readonly period: number;
  /** How often the round was written in all, the broken-off last one not counted. */
  readonly rounds: number;
  /** One past the last step of the loop, a broken-off round included. */
  readonly end: number;
}

/** Three times the same is a loop; twice is emphasis. */
const MIN_ROUNDS = 3;
/** Longer rounds are a plan tried again rather than a loop. */
const MAX_PERIOD = 40;

/** One writing for steps that say the same: case, spacing and punctuation left out. */
export function fingerprint(text: string): string {
  return text.toLowerCase().replaceAll(/[\s.,;:!?*#>`"'“”‘’。，；：！？、()（）[\]{}\\$-]+/g, ' ').trim();
}

/** Loops of a trace, in order, without overlap. `prints` are the fingerprints of its steps. */
export function findLoops(prints: readonly string[]): Loop[] {
  const loops: Loop[] = [];
  const last = new Map<string, number>();
  for (let at = 0; at < prints.length; at++) {
    const print = prints[at] as string;
    const before = last.get(print);
    last.set(print, at);
    if (before === undefined || at - before > MAX_PERIOD) continue;
    const period = at - before;
    const from = before;
    let end = at;
    while (end < prints.length && prints[end] === prints[end - period]) end += 1;
    const rounds = Math.floor((end - from) / period);
    if (rounds < MIN_ROUNDS) continue;
    loops.push({ first: from, period, rounds, end });
    for (let i = at; i < end; i++) last.set(prints[i] as string, i);
    at = end - 1;
  }
  return loops;
}

/** Steps that take part in the alignment: every step but the second and later rounds of loops. */
export function stepsOutsideLoops(steps: readonly Step[], loops: readonly Loop[]): number[] {
  const kept: number[] = [];
  let loop = 0;
  for (let i = 0; i < steps.length; i++) {
    while (loop < loops.length && i >= (loops[loop] as Loop).end) loop += 1;
    const current = loops[loop];
    if (current === undefined || i < current.first + current.period) kept.push(i);
  }
  return kept;
}
