/** How many rows each group of a mix gives. */

export interface GroupSize {
  readonly name: string;
  readonly rows: number;
}

export interface QuotaOptions {
  readonly rows?: number | undefined;
  /** Groups without one have the weight 0. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
  readonly temperature: number;
}

export interface Quota {
  readonly name: string;
  /** Share of the mix, 0 … 1. */
  readonly wanted: number;
  /** Rows, more than the group has where some must be repeated. */
  readonly rows: number;
}

/**
 * Weights as they are given, or size^(1/temperature) (Devlin 2018, multilingual BERT; Xue et al. 2021, mT5, section 3.1).
 * Without a number of rows: as many as these shares allow while no row is taken twice.
 */
export function quotas(groups: readonly GroupSize[], { rows, weights, temperature }: QuotaOptions): readonly Quota[] {
  const weight = groups.map(({ name, rows: size }) => size === 0 ? 0 : weights === undefined ? size ** (1 / temperature) : weights[name] ?? 0);
  const sum = weight.reduce((total, each) => total + each, 0);
  if (sum === 0) return groups.map(({ name }) => ({ name, wanted: 0, rows: 0 }));
  const shares = weight.map((each) => each / sum);
  const total = rows ?? Math.min(...groups.flatMap(({ rows: size }, index) => shares[index] === 0 ? [] : [roundedDown(size / (shares[index] ?? 1))]));
  const parts = apportioned(shares, total);
  return groups.map(({ name, rows: size }, index) => ({ name, wanted: shares[index] ?? 0, rows: rows === undefined ? Math.min(size, parts[index] ?? 0) : parts[index] ?? 0 }));
}

/** Down, but 99.99999999 is 100. */
const roundedDown = (value: number): number => Math.floor(value + 1e-6);

/** Whole numbers near share · total that sum to total (largest remainder; ties to the first). */
function apportioned(shares: readonly number[], total: number): readonly number[] {
  const exact = shares.map((share) => share * total);
  const parts = exact.map(roundedDown);
  const order = exact.map((value, index) => [value - (parts[index] ?? 0), index] as const).sort(([a, i], [b, j]) => b - a || i - j);
  let left = total - parts.reduce((sum, each) => sum + each, 0);
  for (const [, index] of order) {
    if (left <= 0) break;
    parts[index] = (parts[index] ?? 0) + 1;
    left -= 1;
  }
  return parts;
}
