/** Whether what is evaluated on was trained on: the same prompts, and nearly the same ones. */
import type { Finding } from '../../shared/preflight.ts';
import { NearDuplicates } from '../data/clean/nearDuplicates.ts';
import { finding, type CheckContext } from './contract.ts';

/** Jaccard similarity from which two prompts count as nearly the same: the cleaning's own default. */
const SIMILARITY = 0.8;
/** Fewer letters and digits than this make no shingles worth comparing: "12+30=" and "12+31=" are different problems. */
const SHORTEST_PROMPT = 40;
/** Prompts compared at most: a million would take minutes, and a part of them tells the same. */
const MOST_PROMPTS = 100_000;
const EXAMPLES = 6;
const SHOWN_CHARACTERS = 160;

export async function checkHeldOut(context: CheckContext): Promise<readonly Finding[]> {
  const { recipe: { data }, quick, signal } = context;
  const rows = await context.rows();
  if (rows === null) return [];
  const findings: Finding[] = [];
  const path = ['data', typeof data.test === 'string' ? 'test' : 'validation'];
  if (rows.heldOut > 0) findings.push(finding('held-out', 'warning', 'data-rows-held-out', { heldOut: rows.heldOut }, { path: ['data', 'train'] }));
  if (rows.heldOutTwice > 0) findings.push(finding('held-out', 'warning', 'held-out-both', { shared: rows.heldOutTwice }, { path: ['data', 'validation'] }));
  if (!quick) {
    const long = (prompts: readonly string[]): readonly string[] => prompts.filter((prompt) => prompt.replaceAll(/[^\p{L}\p{N}]/gu, '').length >= SHORTEST_PROMPT).slice(0, MOST_PROMPTS);
    const pairs = await nearPairs(long(rows.prompts.train), long(rows.prompts.heldOut), signal);
    if (pairs.length > 0) {
      const evidence = { columns: ['prompt', 'other'] as const, rows: pairs.slice(0, EXAMPLES).map((pair) => pair.map((text) => text.slice(0, SHOWN_CHARACTERS))) };
      findings.push(finding('held-out', 'warning', 'held-out-near', { near: pairs.length, held: rows.prompts.heldOut.length }, { path, evidence }));
    }
  }
  return findings.length > 0 || rows.prompts.heldOut.length === 0 ? findings : [finding('held-out', 'pass', 'held-out-apart', {})];
}

/** Each held-out prompt that is nearly a training prompt, with that one. */
async function nearPairs(train: readonly string[], heldOut: readonly string[], signal: AbortSignal): Promise<readonly (readonly [string, string])[]> {
  if (train.length === 0 || heldOut.length === 0) return [];
  const near = await NearDuplicates.open(SIMILARITY);
  for (const [index, prompt] of [...train, ...heldOut].entries()) {
    near.add(prompt);
    // Sketching keeps the thread; a person who cancels is heard now and then.
    if (index % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  }
  const groups = near.groups();
  return heldOut.flatMap((prompt, index): readonly (readonly [string, string])[] => {
    const group = groups[train.length + index] ?? train.length;
    // A group is named by its first member, and training prompts come first.
    const other = group < train.length ? train[group] : undefined;
    return other === undefined ? [] : [[prompt, other]];
  });
}
