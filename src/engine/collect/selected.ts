/**
 * Labels from search: of the samples of one question the best (best of n: Cobbe et al. 2021, section 4.2), or all of them as soft
 * targets, each with a weight, w = softmax(score / softness) over the question's own samples. Weights of a question add up to 1.
 */
import type { SelectRecipe } from '../../shared/recipeCollect.ts';
import { transformed, type DataRecord } from '../../shared/record.ts';

export interface SelectCounts {
  questions: number;
  /** Rows that are left of them. */
  rows: number;
  /** Samples that said the same to the letter as another one of their question, whose weight they have added to. */
  same: number;
}

export const newSelectCounts = (): SelectCounts => ({ questions: 0, rows: 0, same: 0 });

/** Samples of a question stand behind one another. */
export async function* selectedRecords(records: AsyncIterable<DataRecord>, select: SelectRecipe, counts: SelectCounts): AsyncGenerator<DataRecord> {
  let group: DataRecord[] = [];
  for await (const record of records) {
    const [first] = group;
    if (first !== undefined && questionOf(first) !== questionOf(record)) {
      yield* chosen(group, select, counts);
      group = [];
    }
    group.push(record);
  }
  if (group.length > 0) yield* chosen(group, select, counts);
}

/** Of one question's samples. */
export function chosen(samples: readonly DataRecord[], select: SelectRecipe, counts: SelectCounts): readonly DataRecord[] {
  const texts = merged(samples, scoresOf(samples, select));
  counts.questions += 1;
  counts.same += samples.length - texts.length;
  const best = texts.reduce((before, each) => (each.score > before.score ? each : before));
  const kept = select.keep === 'best' ? [{ ...best, weight: 1 }] : softmax(texts, select.softness);
  counts.rows += kept.length;
  return kept.map(({ record, score, times, weight }) => transformed(record, { weight }, { name: `select/${select.keep}`, detail: { score: rounded(score), samples: samples.length, times } }));
}

/** What a sample's verdict counts: what can't be decided lies between. */
const VERDICT = { right: 1, unknown: 0.5, wrong: 0 } as const;

/** score = verdict + brevity · (1 − tokens / longest) + logprob · mean log-probability of a token; what isn't known of all of them counts for none. */
export function scoresOf(samples: readonly DataRecord[], { brevity, logprob }: Pick<SelectRecipe, 'brevity' | 'logprob'>): readonly number[] {
  const lengths = samples.map(({ provenance }) => provenance.tokens?.output ?? null);
  const longest = Math.max(...lengths.map((length) => length ?? 0));
  const known = longest > 0 && !lengths.includes(null);
  const likelihoods = samples.map(({ logprobs }) => (logprobs === undefined || logprobs.length === 0 ? null : logprobs.reduce((sum, [, value]) => sum + value, 0) / logprobs.length));
  const compared = !likelihoods.includes(null);
  return samples.map(({ provenance }, index) => (provenance.verdict === null ? 0 : VERDICT[provenance.verdict.verdict])
    + (known ? brevity * (1 - (lengths[index] ?? 0) / longest) : 0) + (compared ? logprob * (likelihoods[index] ?? 0) : 0));
}

interface Text {
  readonly record: DataRecord;
  readonly score: number;
  /** Samples that said it. */
  readonly times: number;
}

function merged(samples: readonly DataRecord[], scores: readonly number[]): readonly Text[] {
  const texts = new Map<string, Text>();
  samples.forEach((record, index) => {
    const key = JSON.stringify([record.think, record.answer]);
    const before = texts.get(key);
    texts.set(key, before === undefined ? { record, score: scores[index] ?? 0, times: 1 } : { ...before, times: before.times + 1 });
  });
  return [...texts.values()];
}

function softmax(texts: readonly Text[], softness: number): readonly (Text & { readonly weight: number })[] {
  const most = Math.max(...texts.map(({ score }) => score));
  const raw = texts.map(({ score, times }) => times * Math.exp((score - most) / softness));
  const total = raw.reduce((sum, each) => sum + each, 0);
  // What counts for next to nothing is no row worth a pass.
  return texts.map((text, index) => ({ ...text, weight: rounded((raw[index] ?? 0) / total) })).filter(({ weight }) => weight > 0);
}

/** Six digits behind the point: what a person can read, and the same on every machine. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** The id of the question, which its samples have with their number behind it. */
function questionOf({ id, provenance: { sampling } }: DataRecord): string {
  const suffix = `-${String(sampling?.sample ?? 0)}`;
  return sampling !== null && sampling.sample > 0 && id.endsWith(suffix) ? id.slice(0, -suffix.length) : id;
}
