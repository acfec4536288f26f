/** Whether a student's answer is the reference's: by the comparison that verifies data, so that both mean the same by right. */
import type { Verdict } from '../../shared/events.ts';
import { compareAnswers } from '../verify/compare.ts';

/** What a verdict can't decide counts as not right here: an accuracy has no room for maybe. Without reference: `unknown`. */
export function verdictOf(answer: string, gold: string | null): Verdict {
  if (gold === null) return 'unknown';
  return compareAnswers(answer, gold).verdict === 'right' ? 'right' : 'wrong';
}
