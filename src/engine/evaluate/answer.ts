/** What a model's final answer is, and whether it is the reference's. Exact match after a small, stated normalisation. */
import type { Verdict } from '../../shared/events.ts';

/** Where an answer says that it begins; the last one counts. */
const MARKS = [/####\s*(.+)/g, /(?:final answer|the answer)\s*(?:is|:|=)\s*:?\s*(.+)/gi, /答案\s*(?:是|为|：|:)\s*(.+)/g];
const NUMBER = /-?\d[\d,]*(?:\.\d+)?/g;
/** A whole answer this short is taken as it is; in a longer one without a mark the last number counts. */
const SHORT_ANSWER = 40;

/** The final answer of a text: in \boxed{}, after a mark (`####`, "the answer is", 答案是), the short text itself, or its last number. */
export function extractAnswer(text: string): string {
  const boxed = lastBoxed(text);
  if (boxed !== null) return boxed;
  for (const mark of MARKS) {
    const found = [...text.matchAll(mark)].at(-1)?.[1];
    if (found !== undefined) return found.trim();
  }
  const whole = text.trim();
  if (whole.length <= SHORT_ANSWER && !whole.includes('\n')) return whole;
  return [...whole.matchAll(NUMBER)].at(-1)?.[0] ?? whole;
}

/**
 * Compares the final answers of two texts. Full-width forms, case, spacing, currency and percent signs, thousands
 * separators and a full stop at the end make no difference; numbers are compared by value, of any length.
 */
export function verdictOf(answer: string, gold: string | null): Verdict {
  if (gold === null) return 'unknown';
  if (answer.trim() === '') return 'wrong';
  return normalised(extractAnswer(answer)) === normalised(extractAnswer(gold)) ? 'right' : 'wrong';
}

export function normalised(answer: string): string {
  const plain = answer.normalize('NFKC').toLowerCase()
    .replaceAll(/\\(?:text|mathrm|mathbf)\{([^{}]*)\}/g, '$1')
    .replaceAll(/\\[!,;: ]|\\(?:left|right)(?![a-z])|\\?\$|\\?%|[£€¥]|\*\*/g, '')
    .replaceAll(/\s+/g, ' ').trim()
    .replace(/[.。,，;；!！]+$/, '').trim();
  const number = /^([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?$/.exec(plain);
  if (number === null) return plain;
  const whole = (number[2] ?? '').replaceAll(',', '').replace(/^0+(?=\d)/, '');
  const fraction = (number[3] ?? '').replace(/\.?0+$/, '');
  const digits = `${whole}${fraction}`;
  return number[1] === '-' && digits !== '0' ? `-${digits}` : digits;
}

/** The content of the last \boxed{…}, its braces balanced. */
function lastBoxed(text: string): string | null {
  const start = text.lastIndexOf('\\boxed{');
  if (start < 0) return null;
  let depth = 0;
  for (let at = start + '\\boxed'.length; at < text.length; at++) {
    if (text[at] === '{') depth += 1;
    if (text[at] === '}' && --depth === 0) return text.slice(start + '\\boxed{'.length, at).trim();
  }
  return null;
}
