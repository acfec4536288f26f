/** Signs of a verdict and of a decision: a shape and words beside the colour. */
import type { ReviewDecision } from '../../src/shared/review.ts';
import type { DataPageText } from '../../src/shared/dataPageText.ts';
import { element, icon } from '../shared/dom.ts';
import { ICONS } from './icons.ts';

const VERDICT_SIGNS: Readonly<Record<string, string>> = { right: '✓', wrong: '✗', unknown: '?' };

export function verdictName(verdict: string, text: DataPageText): string {
  switch (verdict) {
    case 'right': case 'wrong': case 'unknown': return text[`verdict.${verdict}`];
    case '': return text['none.verdict'];
    default: return verdict;
  }
}

export function verdictMark(verdict: string): HTMLElement {
  return element('span', { class: `verdict-mark ${verdict === '' ? 'none' : verdict}`, 'aria-hidden': 'true' }, VERDICT_SIGNS[verdict] ?? '·');
}

export function decisionName(decision: ReviewDecision | '', text: DataPageText): string {
  return decision === '' ? text['none.decision'] : text[`decision.${decision}`];
}

export function decisionMark(decision: ReviewDecision): HTMLElement {
  return element('span', { class: `decision-mark ${decision}`, 'aria-hidden': 'true' }, icon(ICONS[decision]) as unknown as HTMLElement);
}
