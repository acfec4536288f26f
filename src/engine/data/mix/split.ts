/**
 * Parts clusters of rows (one prompt, one parent, near duplicates) into train, validation and test so that each stratum has its
 * share on each side: iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011) with whole clusters, the largest first,
 * each to the side where it lowers the squared distance from the shares most.
 */
import type { SplitReport } from '../../../shared/mixReport.ts';
import { Draw } from '../draw.ts';

export const SIDES = ['train', 'validation', 'test'] as const;
export type Side = (typeof SIDES)[number];

export interface Shares {
  readonly validation: number;
  readonly test: number;
}

export interface SplitRows {
  /** [rows]: what the shares hold for besides the whole: task and difficulty, for example. */
  readonly strata: readonly string[];
  /** [rows]: rows of one number stay on one side. */
  readonly clusters: ArrayLike<number>;
}

/** Answers [rows] the side of each, and what came of the shares. The same rows and seed give the same sides. */
export function splitRecords({ strata, clusters }: SplitRows, { validation, test }: Shares, seed: number): { readonly sides: readonly Side[]; readonly report: SplitReport } {
  const rows = strata.length;
  const wanted: Readonly<Record<Side, number>> = { train: 1 - validation - test, validation, test };
  const members = new Map<number, number[]>();
  for (let row = 0; row < rows; row++) {
    const cluster = clusters[row] ?? row;
    const list = members.get(cluster);
    if (list === undefined) members.set(cluster, [row]);
    else list.push(row);
  }
  const totals = new Map<string, number>();
  for (const stratum of strata) totals.set(stratum, (totals.get(stratum) ?? 0) + 1);
  const none = (): Record<Side, number> => ({ train: 0, validation: 0, test: 0 });
  const counts = new Map([...totals.keys()].map((stratum) => [stratum, none()]));
  const all = none();
  const open = SIDES.filter((side) => wanted[side] > 0);
  const order = new Draw(seed, 'mix-split').shuffled([...members.values()]).sort((a, b) => b.length - a.length);
  const placed = order.map((cluster) => {
    const inside = new Map<string, number>();
    for (const row of cluster) inside.set(strata[row] ?? '', (inside.get(strata[row] ?? '') ?? 0) + 1);
    let [best, least] = ['train' as Side, Infinity];
    for (const side of open) {
      let cost = change(all[side], cluster.length, wanted[side] * rows);
      for (const [stratum, count] of inside) cost += change(counts.get(stratum)?.[side] ?? 0, count, wanted[side] * (totals.get(stratum) ?? 0));
      if (cost < least - 1e-12) [best, least] = [side, cost];
    }
    all[best] += cluster.length;
    for (const [stratum, count] of inside) {
      const at = counts.get(stratum);
      if (at !== undefined) at[best] += count;
    }
    return { cluster, inside, side: best };
  });
  // A share above 0 holds out one cluster at least, where training keeps one.
  for (const side of ['test', 'validation'] as const) {
    if (wanted[side] === 0 || all[side] > 0) continue;
    const smallest = placed.filter((each) => each.side === 'train').at(-1);
    if (smallest === undefined || all.train === smallest.cluster.length) continue;
    smallest.side = side;
    all.train -= smallest.cluster.length;
    all[side] += smallest.cluster.length;
    for (const [stratum, count] of smallest.inside) {
      const at = counts.get(stratum);
      if (at === undefined) continue;
      at.train -= count;
      at[side] += count;
    }
  }
  const sides: Side[] = Array.from({ length: rows }, () => 'train');
  for (const { cluster, side } of placed) for (const row of cluster) sides[row] = side;
  let worst: SplitReport['worstStratum'] = null;
  for (const [name, at] of counts) {
    for (const side of SIDES) {
      const target = wanted[side] * (totals.get(name) ?? 0);
      if (worst === null || Math.abs(at[side] - target) > Math.abs(worst.rows - worst.wanted)) worst = { name, side, rows: at[side], wanted: target };
    }
  }
  const sideReport = (side: Side): SplitReport['sides'][Side] => ({ rows: all[side], share: rows === 0 ? 0 : all[side] / rows, wanted: wanted[side] });
  return {
    sides,
    report: { sides: { train: sideReport('train'), validation: sideReport('validation'), test: sideReport('test') }, clusters: members.size, largestCluster: order[0]?.length ?? 0, worstStratum: worst },
  };
}

/** How much nearer to (negative) or farther from its target a side comes, relative to the target's size. */
function change(now: number, more: number, target: number): number {
  return ((now + more - target) ** 2 - (now - target) ** 2) / Math.max(target, 1);
}
