import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import { cleanRecords } from '../../../src/engine/data/clean/clean.ts';
import { openRelevance } from '../../../src/engine/data/clean/relevance.ts';
import type { SideRow } from '../../../src/engine/data/clean/removed.ts';
import { recordId } from '../../../src/engine/data/recordId.ts';
import { clean as cleanSchema } from '../../../src/shared/recipeCollect.ts';
import { NO_PROVENANCE, type DataRecord } from '../../../src/shared/record.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const model = path.resolve(import.meta.dirname, '../../fixtures/models/stories260k');
const reference = JSON.parse(readFileSync(path.join(model, 'reference_logits.json'), 'utf8')) as { readonly text: string; readonly mean_next_token_ce: number };

let backend: Backend;
beforeAll(async () => { backend = await openBackend({ backend: 'wasm', threads: 1 }); });
afterAll(() => backend.dispose());

const record = (prompt: string): DataRecord => ({ format: 1, id: recordId({ prompt, think: '', answer: '', gold: null }), prompt, think: '', answer: '', gold: null, provenance: NO_PROVENANCE });

async function removals(prompts: readonly string[], irrelevant: object, base: string): Promise<readonly SideRow[]> {
  const recipe = cleanSchema.parse({ duplicates: 'keep', secrets: 'keep', irrelevant });
  const relevance = await openRelevance(recipe.irrelevant, { base, backend });
  const side: SideRow[] = [];
  try {
    const rows = (async function* () { for (const prompt of prompts) yield await Promise.resolve(record(prompt)); })();
    const kept: DataRecord[] = [];
    for await (const row of cleanRecords(rows, recipe, { base, relevance: relevance ?? undefined, removed: { write: (row) => { side.push(row); } } })) kept.push(row);
    expect(kept.length + side.length).toBe(prompts.length);
    return side;
  } finally {
    relevance?.dispose();
  }
}

const STRANGE = 'zqx vbn 77 %% kjh wrt ppl 0x3f mnb';

describe('irrelevant rows', () => {
  test('are those of high perplexity under the model, whose perplexity is that of Transformers', async () => {
    const side = await removals([reference.text, STRANGE, ''], { model, maxPerplexity: 1 }, path.dirname(model));
    expect(side).toMatchObject([{ row: 0, rule: 'perplexity' }, { row: 1, rule: 'perplexity' }, { row: 2, rule: 'empty' }]);
    const [first, second] = side.map((row) => row.kind === 'removed' ? Number(row.detail['perplexity']) : Number.NaN);
    // The detail has four digits.
    expect(first).toBeCloseTo(Math.exp(reference.mean_next_token_ce), 3);
    expect(second).toBeGreaterThan(20);
    expect(await removals([reference.text, STRANGE], { model, maxPerplexity: 20 }, path.dirname(model))).toMatchObject([{ row: 1 }]);
  });

  test('are those far from every relevant row', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'like.jsonl'), ['Once upon a time, there was a little boy named Tim.', 'One day, a cat saw a bird in the park.'].map((prompt) => JSON.stringify({ prompt, answer: 'x' })).join('\n'));
    const prompts = ['Once upon a time, there was a little girl named Lily.', STRANGE, 'One day, a cat saw a bird in the park.'];
    const all = await removals(prompts, { model, like: 'like.jsonl', minSimilarity: 1 }, folder);
    const similarity = (row: number): number => all.flatMap((each) => each.row === row && each.kind === 'removed' ? [Number(each.detail['similarity'])] : [])[0] ?? 1;
    expect(similarity(2)).toBeGreaterThan(0.9999);
    expect(similarity(0)).toBeGreaterThan(similarity(1));
    const between = (similarity(0) + similarity(1)) / 2;
    expect(await removals(prompts, { model, like: 'like.jsonl', minSimilarity: between }, folder)).toMatchObject([{ row: 1, rule: 'dissimilar', detail: { min: between } }]);
  });

  test('need what measures them', async () => {
    await expect(removals(['x'], { maxPerplexity: 3 }, '.')).rejects.toMatchObject({ code: 'clean-irrelevant-incomplete', data: { field: 'model' } });
    await expect(removals(['x'], { minSimilarity: 0.3, model }, '.')).rejects.toMatchObject({ code: 'clean-irrelevant-incomplete', data: { field: 'like' } });
  });
});
