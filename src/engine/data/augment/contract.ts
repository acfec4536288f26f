/** What an augmentation is: a try that gives new texts, or the reason why not. */
import type { AugmentReason } from '../../../shared/augmentReport.ts';
import type { DataRecord } from '../../../shared/record.ts';

export interface Changed {
  readonly prompt: string;
  /** Where reasoning and answer change with the question. */
  readonly think?: string;
  readonly answer?: string;
  readonly gold?: string | null;
  /** What is worth knowing about it, for provenance. */
  readonly detail: Readonly<Record<string, string | number>>;
}

export type Try = Changed | AugmentReason;

export const isChanged = (result: Try): result is Changed => typeof result !== 'string';

/** en, zh, or null: by its own word, else by its characters. */
export function languageOfRecord({ language, prompt }: DataRecord): 'en' | 'zh' | null {
  if (language === 'en' || language === 'zh') return language;
  if (language !== undefined) return null;
  const han = prompt.match(/\p{Script=Han}/gu)?.length ?? 0;
  return han * 4 > prompt.length ? 'zh' : /[a-z]{2}/i.test(prompt) ? 'en' : null;
}

/** Code has words that mean something to a machine. */
export const holdsCode = ({ task, prompt, tests }: DataRecord): boolean => task === 'code' || tests !== undefined || /```|\bdef \w+\(|\\begin\{/.test(prompt);
