/** A rule of cleaning in a few words. */
import type { CleanRule } from '../shared/cleanReport.ts';
import type { TextKey } from './text.ts';

export const RULE_TEXT: Readonly<Record<CleanRule, TextKey>> = {
  unicode: 'ruleUnicode', control: 'ruleControl', html: 'ruleHtml', boilerplate: 'ruleBoilerplate', empty: 'ruleEmpty', pattern: 'rulePattern', length: 'ruleLength', secrets: 'ruleSecrets',
  contamination: 'ruleContamination', dissimilar: 'ruleDissimilar', perplexity: 'rulePerplexity', duplicate: 'ruleDuplicate', 'near-duplicate': 'ruleNearDuplicate', 'same-problem': 'ruleSameProblem', verdict: 'ruleVerdict',
};
