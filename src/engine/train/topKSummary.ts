/** What a store of soft targets holds, for a person: of whom, of how many tokens, at what cost, and how much of the probability. */
import { stat } from 'node:fs/promises';
import { recordBytes, TopKReader, type TopKHeader } from './topKFile.ts';

/** Rows whose probabilities are added up: spread over the store, enough for two digits. */
const SAMPLED_ROWS = 500;

export interface TopKSummary extends Pick<TopKHeader, 'k' | 'values' | 'temperatures' | 'rows' | 'teacher' | 'made' | 'vocabulary'> {
  readonly file: string;
  readonly bytes: number;
  /** Tokens that something is said of. */
  readonly positions: number;
  /** Of each. */
  readonly bytesPerToken: number;
  /** Mean probability, at T = 1, of the k tokens together, and its smallest; null where there is no position. */
  readonly mass: { readonly mean: number; readonly least: number } | null;
}

/** Null where the file is none, or not whole. */
export async function topKSummary(file: string): Promise<TopKSummary | null> {
  const reader = TopKReader.open(file, null);
  if (reader === null) return null;
  try {
    const { header } = reader;
    const every = Math.max(1, Math.floor(header.rows / SAMPLED_ROWS));
    let [positions, looked, sum, least] = [0, 0, 0, Infinity];
    for (let row = 0; row < header.rows; row++) {
      const count = reader.positions(row);
      positions += count;
      if (row % every !== 0 || count === 0) continue;
      const { logProbabilities } = reader.read(row, 0, count);
      for (let at = 0; at < count; at++) {
        const mass = logProbabilities.subarray(at * header.k, (at + 1) * header.k).reduce((total, log) => total + Math.exp(log), 0);
        sum += mass;
        least = Math.min(least, mass);
      }
      looked += count;
    }
    const { k, values, temperatures, rows, teacher, made, vocabulary } = header;
    return { file, bytes: (await stat(file)).size, k, values, temperatures, rows, teacher, made, vocabulary, positions, bytesPerToken: recordBytes(header), mass: looked === 0 ? null : { mean: Math.min(1, sum / looked), least: Math.min(1, least) } };
  } finally {
    reader.close();
  }
}
