/** Which rows are trained on and which are held out. Rows of one prompt always stay together. */
import { Random } from '../model/random.ts';

export type Split = 'train' | 'validation' | 'test';

export interface Shares {
  readonly validation: number;
  readonly test: number;
}

/** What makes two prompts the same: letters and numbers, not their width, case or spacing. */
export function promptKey(prompt: string): string {
  return prompt.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim();
}

/**
 * Divides prompts into splits: a permutation by the seed, whose first part is the test, the next the validation. A share
 * above 0 holds out at least one prompt where there are enough; training always keeps one.
 * @param keys promptKey of each row, in the order of the file
 */
export function splitPrompts(keys: readonly string[], shares: Shares, seed: number): ReadonlyMap<string, Split> {
  const prompts = [...new Set(keys)];
  // Sorted first, so that the order of the file's lines does not decide which prompts are held out.
  prompts.sort();
  const random = new Random(seed, 'split');
  for (let i = prompts.length - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [prompts[i], prompts[j]] = [prompts[j] ?? '', prompts[i] ?? ''];
  }
  const heldOut = (share: number): number => share === 0 ? 0 : Math.max(1, Math.round(share * prompts.length));
  const test = Math.min(heldOut(shares.test), prompts.length - 1);
  const validation = Math.min(heldOut(shares.validation), prompts.length - 1 - test);
  return new Map(prompts.map((prompt, index) => [prompt, index < test ? 'test' : index < test + validation ? 'validation' : 'train'] as const));
}
