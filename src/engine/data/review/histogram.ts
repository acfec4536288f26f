/** Lengths as quantiles and as bars that a person can read: round borders, few of them, the long tail in sight. */
import type { Bin, LengthPart } from '../../../shared/dataReport.ts';

const MOST_BINS = 24;
/** A round number begins with one of these. */
const ROUND = [1, 2, 2.5, 5, 10];

/** @param lengths in any order; sorted here */
export function lengthPart(part: LengthPart['part'], lengths: Uint32Array): LengthPart {
  const sorted = lengths.slice().sort();
  const quantile = (share: number): number => sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? 0;
  const max = sorted.at(-1) ?? 0;
  return {
    part, max, mean: sorted.length === 0 ? 0 : sorted.reduce((sum, length) => sum + length, 0) / sorted.length,
    median: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99), histogram: histogram(sorted, quantile(0.99)),
  };
}

/** Equal bars up to the 99th percentile and one for the rest, so that one huge row does not squeeze all others into one bar. */
function histogram(sorted: Uint32Array, usual: number): readonly Bin[] {
  if (sorted.length === 0) return [];
  // Where the shortest row is far from 0, the scale begins near it.
  const least = sorted[0] ?? 0;
  const width = roundWidth(least * 2 > usual ? usual - least : usual);
  const start = least * 2 > usual ? Math.floor(least / width) * width : 0;
  const bars = Math.floor((usual - start) / width) + 1;
  const counts = new Array<number>(bars + 1).fill(0);
  for (const length of sorted) {
    const bar = Math.min(bars, Math.floor((length - start) / width));
    counts[bar] = (counts[bar] ?? 0) + 1;
  }
  const max = sorted.at(-1) ?? 0;
  return counts.flatMap((count, bar): Bin[] => {
    if (bar === bars) return count === 0 ? [] : [{ from: start + bars * width, to: max + 1, count }];
    return [{ from: start + bar * width, to: start + (bar + 1) * width, count }];
  });
}

function roundWidth(usual: number): number {
  const least = Math.max(1, (usual + 1) / MOST_BINS);
  const power = 10 ** Math.floor(Math.log10(least));
  return Math.max(1, Math.ceil((ROUND.find((round) => round * power >= least) ?? 10) * power));
}
