/** Disjoint sets of 0 … n−1 (Tarjan 1975); the smallest member names its set, so the result doesn't depend on the order of unions. */
export class UnionFind {
  readonly #parents: Int32Array;

  constructor(size: number) {
    this.#parents = Int32Array.from({ length: size }, (_, i) => i);
  }

  find(member: number): number {
    const parents = this.#parents;
    let root = member;
    while (parents[root] !== root) root = parents[root] ?? root;
    // Path compression.
    for (let at = member; at !== root;) {
      const up = parents[at] ?? root;
      parents[at] = root;
      at = up;
    }
    return root;
  }

  union(a: number, b: number): void {
    const [x, y] = [this.find(a), this.find(b)];
    if (x < y) this.#parents[y] = x;
    else this.#parents[x] = y;
  }

  /** The set of each member. */
  sets(): Int32Array {
    return this.#parents.map((_, member) => this.find(member));
  }
}
