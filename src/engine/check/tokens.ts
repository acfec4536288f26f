/**
 * Token ids: a vocabulary may be the same and its text still be cut another way (merges, normalisation, splitting before
 * the merges). So both tokenizers read the same texts: what tokenizers differ in, and rows of the data.
 */
import { DistillError } from '../../shared/messages.ts';
import type { Finding } from '../../shared/preflight.ts';
import type { Recipe } from '../../shared/recipe.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { finding, type CheckContext } from './contract.ts';
import { otherTeacherFix, otherTokensWay } from './fixes.ts';
import { Folders, otherVocabularies, readingTeachers, scoresOwnWriting } from './folders.ts';

export const PROBES: readonly string[] = [
  '12 + 34 = 46\n3 × (7 − 2) = 15, so x = −0.5 and 1,234,567.89 ≈ 1.2·10⁶',
  '\\frac{1}{2} \\leq \\boxed{\\sqrt{x^2+1}} $\\mathbb{R}$',
  '小明有48个苹果，分给6个同学，每人分到48÷6=8个。答案：8',
  'def solve(n):\n\treturn [i ** 2 for i in range(n) if i % 2 == 0]\n    # done',
  '🙂 👩‍🚀 «é» naïve ﬁ Ⅷ ½\u3000全角',
  '<think>等于</think> <think>\nFirst, 7 * 8 = 56.\n</think>\n\n#### 56',
  '  two  spaces\t\ttabs\r\n\n\nI’ll don\'t DON\'T',
];
/** Ids shown around the first that differs. */
const SHOWN_IDS = 6;
const EXAMPLES = 6;

export interface Difference {
  /** The text around the place where the two part. */
  readonly text: string;
  readonly mine: readonly number[];
  readonly theirs: readonly number[];
}

/** Where two tokenizers first part in a text; null: they agree. */
export function differenceOf(mine: Tokenizer, theirs: Tokenizer, text: string): Difference | null {
  const [a, b] = [mine.encode(text), theirs.encode(text)];
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  if (at === a.length && at === b.length) return null;
  return { text: mine.decode(a.slice(Math.max(0, at - 3), at + 3), { special: true }), mine: a.slice(at, at + SHOWN_IDS), theirs: b.slice(at, at + SHOWN_IDS) };
}

export async function checkTokens(context: CheckContext): Promise<readonly Finding[]> {
  const { recipe, folders } = context;
  const mine = await folders.studentTokenizer();
  if (mine === null) return [];
  const rows = await context.rows();
  const texts = [...PROBES, ...rows?.probes ?? []];
  const findings: Finding[] = [];
  if (rows !== null && rows.lossy.lost.length > 0) {
    const evidence = { columns: ['text', 'back'] as const, rows: rows.lossy.lost.slice(0, EXAMPLES) };
    findings.push(finding('tokens', 'warning', 'tokens-lossy', { count: rows.lossy.lost.length, rows: rows.lossy.rows }, { path: ['data', 'train'], evidence }));
  }
  for (const name of readingTeachers(recipe).keys()) {
    const theirs = (await folders.teacher(name))?.tokenizer ?? null;
    if (theirs === null) continue;
    // Where ids mean other tokens every text is cut another way; the check of the vocabulary says it.
    if (otherToken(await folders.vocabulary(mine.folder), await folders.vocabulary(theirs.folder)) !== null) continue;
    const differences = theirs.folder === mine.folder ? [] : texts.flatMap((text) => differenceOf(mine, theirs, text) ?? []);
    const at = { subject: name, path: ['teachers', name, 'model'] };
    const ids = (list: readonly number[]): string => (list.length === 0 ? '–' : list.join(' '));
    if (differences.length === 0) {
      const evidence = { columns: ['text', 'tokens'] as const, rows: PROBES.map((text) => [text, String(mine.encode(text).length)]) };
      findings.push(finding('tokens', 'pass', 'tokens-same', { texts: texts.length }, { ...at, evidence }));
    } else {
      const evidence = { columns: ['text', 'student', 'teacher'] as const, rows: differences.slice(0, EXAMPLES).map((each) => [each.text, ids(each.mine), ids(each.theirs)]) };
      findings.push(finding('tokens', 'refusal', 'tokens-differ', { teacher: name, differing: differences.length, texts: texts.length, way: otherTokensWay(recipe, name) }, { ...at, evidence, fix: otherTeacherFix(context, name) }));
    }
  }
  return findings;
}

/** The first id that means another token, where no text of ours has come to it; null: none does. */
function otherToken(mine: ReadonlyMap<number, string>, theirs: ReadonlyMap<number, string>): Difference | null {
  for (const [id, token] of mine) {
    const other = theirs.get(id);
    if (other !== undefined && other !== token) return { text: token, mine: [id], theirs: [...theirs].flatMap(([at, each]) => (each === token ? [at] : [])) };
  }
  return null;
}

/** Whether two tokenizers have the same tokens and cut all of these texts alike. */
export async function readsAlike(folders: Folders, mine: Tokenizer, theirs: Tokenizer, texts: readonly string[]): Promise<boolean> {
  if (mine.folder === theirs.folder) return true;
  return [...texts, ...PROBES].every((text) => differenceOf(mine, theirs, text) === null) && otherToken(await folders.vocabulary(mine.folder), await folders.vocabulary(theirs.folder)) === null;
}

export function sameVocabulary(teacher: string): DistillError {
  return new DistillError('uld-same-vocabulary', { teacher });
}

/** For every teacher that is compared on pieces of text. Throws DistillError `uld-same-vocabulary`. */
export async function refuseSameVocabularies(recipe: Recipe, base: string, mine: Tokenizer, texts: readonly string[]): Promise<void> {
  const folders = new Folders(recipe, base);
  for (const name of otherVocabularies(recipe).keys()) {
    const theirs = await folders.tokenizer(folders.teacherFolder(name) ?? '');
    if (theirs instanceof DistillError) throw theirs;
    if (await readsAlike(folders, mine, theirs, texts)) throw sameVocabulary(name);
  }
}

/**
 * What a run does at its start, for every teacher that reads the student's ids. Throws DistillError `tokenizers-differ` for
 * one that cuts a text another way, `tokenizers-differ-several` where several do, and those of a folder that can't be read.
 */
export async function refuseOtherTokenizers(recipe: Recipe, base: string, mine: Tokenizer, texts: readonly string[]): Promise<void> {
  const folders = new Folders(recipe, base);
  const found: { readonly teacher: string; readonly difference: Difference }[] = [];
  for (const name of readingTeachers(recipe).keys()) {
    const folder = folders.teacherFolder(name);
    if (folder === null || folder === mine.folder) continue;
    const theirs = await folders.tokenizer(folder);
    if (theirs instanceof DistillError) throw theirs;
    const difference = [...texts, ...PROBES].reduce<Difference | null>((before, text) => before ?? differenceOf(mine, theirs, text), null)
      ?? otherToken(await folders.vocabulary(mine.folder), await folders.vocabulary(folder));
    if (difference !== null) found.push({ teacher: name, difference });
  }
  const [first, second] = found;
  if (first === undefined) return;
  const ids = (list: readonly number[]): string => list.slice(0, 3).join(' ');
  if (second === undefined) {
    const { teacher, difference } = first;
    throw new DistillError(scoresOwnWriting(recipe, teacher) ? 'tokenizers-differ-on-policy' : 'tokenizers-differ', { teacher, student: mine.folder, text: difference.text, mine: ids(difference.mine), theirs: ids(difference.theirs) });
  }
  throw new DistillError('tokenizers-differ-several', {
    teachers: found.map(({ teacher }) => JSON.stringify(teacher)).join(', '), student: mine.folder,
    details: found.map(({ teacher, difference }) => `${JSON.stringify(teacher)}: "${difference.text}" → ${ids(difference.theirs)} ≠ ${ids(difference.mine)}`).join('; '),
  });
}
