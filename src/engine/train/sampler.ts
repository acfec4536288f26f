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

export class RowSampler {
  private epoch: number;
  private position: number;
  private order: Int32Array;

  constructor(
    private readonly rows: number,
    private readonly seed: number,
    private readonly stage: number,
    state: SamplerState = { epoch: 0, position: 0 },
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
    return permutation(new Random(this.seed, this.stage, this.epoch), this.rows);
  }
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
