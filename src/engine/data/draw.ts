/** Draws from a seeded stream: what every part that makes, picks or orders rows uses. */
import { Random } from '../model/random.ts';

export class Draw {
  readonly #random: Random;

  /** `words` tell streams of one seed apart. */
  constructor(seed: number, ...words: readonly (number | string)[]) {
    this.#random = new Random(seed, ...words);
  }

  /** In [0, 1). */
  uniform(): number {
    return this.#random.uniform();
  }

  chance(probability: number): boolean {
    return this.#random.uniform() < probability;
  }

  /** A whole number, both ends included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.#random.uniform() * (to - from + 1));
  }

  /** As int(), but never 0. */
  nonZero(from: number, to: number): number {
    for (;;) {
      const value = this.int(from, to);
      if (value !== 0) return value;
    }
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }

  /** A random order of all of them (Fisher & Yates). */
  shuffled<T>(list: readonly T[]): T[] {
    const order = [...list];
    for (let i = order.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [order[i], order[j]] = [order[j] as T, order[i] as T];
    }
    return order;
  }

  /** Different ones. */
  several<T>(list: readonly T[], count: number): T[] {
    return this.shuffled(list).slice(0, count);
  }
}
