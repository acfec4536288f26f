/** Labels from search: which samples of a question stay, and how much each counts. */
import { expect, test } from 'vitest';
import { chosen, newSelectCounts, scoresOf, selectedRecords } from '../../../src/engine/collect/selected.ts';
import type { Verdict } from '../../../src/shared/events.ts';
import { NO_PROVENANCE, type DataRecord } from '../../../src/shared/record.ts';
import { collectStage, select as selectSchema } from '../../../src/shared/recipeCollect.ts';

interface Sample {
  readonly verdict?: Verdict;
  readonly answer?: string;
  readonly tokens?: number;
  readonly logprobs?: readonly number[];
}

function samplesOf(id: string, samples: readonly Sample[]): DataRecord[] {
  return samples.map(({ verdict, answer, tokens, logprobs }, sample) => ({
    format: 1, id: sample === 0 ? id : `${id}-${String(sample)}`, prompt: id, think: `way ${String(sample)}`, answer: answer ?? String(sample), gold: '1',
    ...(logprobs === undefined ? {} : { logprobs: logprobs.map((value) => ['x', value, []] as const) }),
    provenance: {
      ...NO_PROVENANCE, sampling: { temperature: 1, topP: 1, maxTokens: 9, sample },
      tokens: tokens === undefined ? null : { input: 1, cachedInput: 0, output: tokens, reasoning: 0 },
      verdict: verdict === undefined ? null : { verdict, reason: 'equal', by: 'answer', found: null, expected: null, findings: [] },
    },
  }));
}
const settings = (changes: Readonly<Record<string, unknown>>) => selectSchema.parse(changes);
const weights = (records: readonly DataRecord[]): (number | undefined)[] => records.map(({ weight }) => weight);

test('the best of n: the right one, of several right ones the shorter or the more probable, else the first', () => {
  const best = (samples: readonly Sample[], changes = {}): string[] => chosen(samplesOf('q', samples), settings({ keep: 'best', ...changes }), newSelectCounts()).map(({ answer }) => answer);
  expect(best([{ verdict: 'wrong' }, { verdict: 'right' }, { verdict: 'unknown' }])).toEqual(['1']);
  expect(best([{ verdict: 'right', tokens: 30 }, { verdict: 'right', tokens: 20 }])).toEqual(['0']);
  expect(best([{ verdict: 'right', tokens: 30 }, { verdict: 'right', tokens: 20 }], { brevity: 0.1 })).toEqual(['1']);
  expect(best([{ verdict: 'right', logprobs: [-1, -3] }, { verdict: 'right', logprobs: [-0.5] }], { logprob: 0.1 })).toEqual(['1']);
});

test('soft targets: softmax of the scores over the softness, adding up to 1', () => {
  const soft = (softness: number): (number | undefined)[] => weights(chosen(samplesOf('q', [{ verdict: 'right' }, { verdict: 'wrong' }, { verdict: 'unknown' }]), settings({ softness }), newSelectCounts()));
  const [right, wrong, unknown] = [Math.E, 1, Math.sqrt(Math.E)].map((each) => each / (Math.E + 1 + Math.sqrt(Math.E)));
  soft(1).forEach((weight, index) => { expect(weight).toBeCloseTo([right, wrong, unknown][index]!, 6); });
  // So little softness leaves the right one alone; much of it hears all alike.
  expect(soft(0.01)).toEqual([1]);
  soft(1e6).forEach((weight) => { expect(weight).toBeCloseTo(1 / 3, 5); });
});

test('samples that say the same are one row, which counts as often', () => {
  const counts = newSelectCounts();
  const same = samplesOf('q', [{ verdict: 'right', answer: 'a' }, { verdict: 'right', answer: 'a' }, { verdict: 'right', answer: 'b' }]).map((record) => ({ ...record, think: '' }));
  const kept = chosen(same, settings({}), counts);
  expect(kept.map(({ answer, weight }) => [answer, weight])).toEqual([['a', 0.666667], ['b', 0.333333]]);
  expect(counts).toEqual({ questions: 1, rows: 2, same: 1 });
  expect(kept[0]?.provenance.transformations).toEqual([{ name: 'select/all', detail: { score: 1, samples: 3, times: 2 } }]);
});

test('what is not known of all samples counts for none of them', () => {
  expect(scoresOf(samplesOf('q', [{ verdict: 'right', tokens: 10 }, { verdict: 'right' }]), { brevity: 1, logprob: 1 })).toEqual([1, 1]);
  expect(scoresOf(samplesOf('q', [{ tokens: 10, logprobs: [-1] }, { tokens: 5, logprobs: [-2, -4] }]), { brevity: 1, logprob: 0.5 })).toEqual([0 - 0.5, 0.5 - 1.5]);
});

test('questions are told apart by their ids as rows stream through, one that was not asked by its own', async () => {
  async function* rows(): AsyncGenerator<DataRecord> {
    yield* samplesOf('p', [{ verdict: 'right' }, { verdict: 'right' }]);
    yield* samplesOf('q', [{ verdict: 'wrong' }, { verdict: 'right' }, { verdict: 'wrong' }]);
    yield { ...samplesOf('r', [{}])[0]!, provenance: NO_PROVENANCE };
  }
  const counts = newSelectCounts();
  const kept: string[] = [];
  for await (const { id, weight } of selectedRecords(rows(), settings({ keep: 'best' }), counts)) kept.push(`${id} ${String(weight)}`);
  expect(kept).toEqual(['p 1', 'q-1 1', 'r 1']);
  expect(counts).toEqual({ questions: 3, rows: 3, same: 0 });
});

test('the recipe has its defaults', () => {
  const stage = collectStage.parse({ type: 'collect', from: 'q.jsonl', ask: { samples: 4 }, verify: {}, select: {}, to: 'a.jsonl' });
  expect(stage.select).toEqual({ keep: 'all', softness: 1, brevity: 0, logprob: 0 });
});
