/**
 * Which rows come next: epoch after epoch, each a permutation (Fisher–Yates, drawn from xoshiro128**, model/random.ts)
 * that depends on nothing but seed, stage and epoch. So two numbers are the sampler's whole state, and a batch runs over
 * the end of an epoch into the next: every batch is whole and no row is left out.
 */
import { Random } from '../model/random.ts';

/** All there is to know of a sampler besides its seed: a checkpoint holds it. */
export interface SamplerState {
  readonly epoch: number;
  /** Rows of the epoch that were handed out. */
  readonly position: number;
}

/**
 * Rows of like length in the same step: the epoch's permutation is cut into pools of `pool` steps, the rows of a pool are sorted by
 * length, cut into steps, and the steps come in random order. Each row still comes once in an epoch; what is lost is independence:
 * a step's rows have like lengths, so its gradient leans towards what such rows have in common, the more the larger the pool.
 */
export interface LengthBuckets {
  readonly lengths: readonly number[];
  /** Rows of a step. */
  readonly step: number;
  /** Steps whose rows are sorted together. */
  readonly pool: number;
}

export class RowSampler {
  private epoch: number;
  private position: number;
  private order: Int32Array;

  constructor(
    private readonly rows: number,
    private readonly seed: number,
    private readonly stage: number,
    state: SamplerState = { epoch: 0, position: 0 },
    private readonly buckets: LengthBuckets | null = null,
  ) {
    this.epoch = state.epoch;
    this.position = state.position;
    this.order = this.shuffled();
  }

  state(): SamplerState {
    return { epoch: this.epoch, position: this.position };
  }

  /** The next `count` row indices. */
  take(count: number): number[] {
    const taken: number[] = [];
    while (taken.length < count) {
      if (this.position === this.rows) {
        this.epoch++;
        this.position = 0;
        this.order = this.shuffled();
      }
      taken.push(this.order[this.position++] ?? 0);
    }
    return taken;
  }

  private shuffled(): Int32Array {
    const random = new Random(this.seed, this.stage, this.epoch);
    const order = permutation(random, this.rows);
    return this.buckets === null ? order : bucketed(order, this.buckets, (this.epoch * this.rows) % this.buckets.step, random);
  }
}

/** `begun`: rows of the epoch's first step that were the last ones of the epoch before. */
function bucketed(order: Int32Array, { lengths, step, pool }: LengthBuckets, begun: number, random: Random): Int32Array {
  // The rows of steps that belong to two epochs stay as they were drawn.
  const first = Math.min(order.length, (step - begun) % step);
  const steps = Math.floor((order.length - first) / step);
  const result = Int32Array.from(order);
  for (let at = 0; at < steps; at += pool) {
    const count = Math.min(pool, steps - at);
    const begin = first + at * step;
    // Typed arrays sort stably: of equal lengths the first drawn come first.
    const sorted = order.slice(begin, begin + count * step).sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0));
    permutation(random, count).forEach((from, to) => { result.set(sorted.subarray(from * step, (from + 1) * step), begin + to * step); });
  }
  return result;
}

/** 0 … length − 1 in random order. */
export function permutation(random: Random, length: number): Int32Array {
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = below(random, i + 1);
    const other = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = other;
  }
  return order;
}

/** Uniform in 0 … bound − 1, without bias: words beyond the last whole multiple of `bound` are thrown away. */
function below(random: Random, bound: number): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  for (;;) {
    const word = random.word();
    if (word < limit) return word % bound;
  }
}
