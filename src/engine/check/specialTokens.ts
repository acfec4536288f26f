/** Start, end and padding tokens, and what a tokenizer puts around a text: rows carry the student's. */
import type { Finding } from '../../shared/preflight.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { finding, type CheckContext } from './contract.ts';
import { readingTeachers } from './folders.ts';

const TEXT = '1';

export async function checkSpecialTokens({ recipe, folders }: CheckContext): Promise<readonly Finding[]> {
  const mine = await folders.studentTokenizer();
  if (mine === null) return [];
  const findings: Finding[] = [];
  for (const name of readingTeachers(recipe).keys()) {
    const theirs = (await folders.teacher(name))?.tokenizer ?? null;
    if (theirs === null) continue;
    const rows = (['start', 'end', 'padding', 'around'] as const).map((what) => [`@${what}`, partOf(mine, what), partOf(theirs, what)]);
    const different = rows.filter(([, student, teacher]) => student !== teacher);
    const at = { subject: name, evidence: { columns: ['what', 'student', 'teacher'] as const, rows } };
    findings.push(different.length === 0
      ? finding('special', 'pass', 'special-same', {}, at)
      : finding('special', 'warning', 'special-differ', { teacher: name }, { ...at, path: ['teachers', name, 'model'] }));
  }
  return findings;
}

function partOf(tokenizer: Tokenizer, what: 'start' | 'end' | 'padding' | 'around'): string {
  const named = (ids: readonly (number | null)[]): string => ids.flatMap((id) => (id === null ? [] : [tokenText(tokenizer, id)])).join(' ') || '–';
  switch (what) {
    case 'start': return named([tokenizer.bosTokenId]);
    case 'end': return named([...tokenizer.eosTokenIds].sort((a, b) => a - b));
    case 'padding': return named([tokenizer.padTokenId]);
    case 'around': {
      const plain = tokenizer.encode(TEXT).join(' ');
      const whole = tokenizer.encode(TEXT, { special: true }).join(' ');
      return plain === whole ? '–' : tokenizer.decode(tokenizer.encode(TEXT, { special: true }), { special: true });
    }
  }
}

/** "<|im_end|> (151645)". */
export function tokenText(tokenizer: Tokenizer, id: number): string {
  return `${tokenizer.decode([id], { special: true })} (${String(id)})`;
}
