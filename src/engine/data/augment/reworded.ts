/** Questions reworded by a teacher, straight or by way of the other language; kept when it still gives the old answer to the new question. */
import type { RecordMessage, DataRecord, TokenUse } from '../../../shared/record.ts';
import type { Augmentation, Sampling } from '../../../shared/recipeCollect.ts';
import type { Asker } from '../../teacher/contract.ts';
import { inputBound } from '../../teacher/usage.ts';
import { compareAnswers, loadComparer } from '../../verify/compare.ts';
import { holdsCode, isChanged, languageOfRecord, type Changed, type Try } from './contract.ts';
import { numbersOf } from './protectedTokens.ts';

/** A rewording much shorter or longer has lost or added something. */
const LENGTHS = [0.5, 2] as const;
/** Of a UTF-16 unit in UTF-8. */
const MOST_BYTES = 3;
/** Room for a question and, with reasoning models, for thinking about it. */
const REWORDING: Sampling = { temperature: 0.7, topP: 0.95, maxTokens: 4096, topLogprobs: 0 };
const SOLVING: Sampling = { temperature: 0.6, topP: 0.95, maxTokens: 8192, topLogprobs: 0 };

const NAMES = { en: 'English', zh: 'Simplified Chinese' } as const;

interface Options {
  readonly augmentation: Pick<Augmentation, 'kind' | 'agreement'>;
  readonly asker: Asker;
  /** Tells copies of one row apart. */
  readonly copy: number;
  readonly signal?: AbortSignal | undefined;
}

/** Throws what the asker throws. */
export async function reworded(record: DataRecord, { augmentation, asker, copy, signal }: Options): Promise<Try> {
  if (holdsCode(record)) return 'code';
  const language = languageOfRecord(record);
  if (language === null) return 'other-language';
  if ((record.gold ?? record.answer).trim() === '') return 'no-reference';
  const options = signal === undefined ? {} : { signal };
  const ask = async (content: string): Promise<string | null> => {
    const { answer, finish } = await asker.ask([{ role: 'user', content }], REWORDING, copy, options);
    return finish === 'end' && answer.trim() !== '' ? unwrapped(answer) : null;
  };
  const prompt = augmentation.kind === 'rephrasing' ? await ask(rephrasingOf(record.prompt, language)) : await backTranslated(record.prompt, language, ask);
  if (prompt === null) return 'teacher-failed';
  const change = checked(record, prompt, language);
  if (!isChanged(change)) return change;
  return await agrees(record, change.prompt, augmentation.agreement, asker, options) ? { ...change, detail: { teacher: asker.teacher.name, agreement: augmentation.agreement } } : 'disagreed';
}

/** What rewording a row once can take at most, tries that fail and are made again apart; null where nobody would be asked. */
export function worstOfRewording(record: DataRecord, { kind, agreement }: Options['augmentation']): { readonly requests: number; readonly uses: readonly TokenUse[] } | null {
  const language = languageOfRecord(record);
  if (holdsCode(record) || language === null || (record.gold ?? record.answer).trim() === '') return null;
  const use = (content: string, more: number, { maxTokens }: Sampling): TokenUse => ({ input: inputBound([{ role: 'user', content }]) + more, cachedInput: 0, output: maxTokens, reasoning: maxTokens });
  const rewording = kind === 'rephrasing'
    ? [use(rephrasingOf(record.prompt, language), 0, REWORDING)]
    // The translation that goes back has as many tokens as its own request could have.
    : [use(translationOf(record.prompt, language === 'en' ? 'zh' : 'en'), 0, REWORDING), use(translationOf('', language), REWORDING.maxTokens, REWORDING)];
  const longest = record.prompt.length * LENGTHS[1] * MOST_BYTES;
  const solving = Array.from({ length: agreement }, () => use(solvingOf('', record), longest, SOLVING));
  return { requests: rewording.length + solving.length, uses: [...rewording, ...solving] };
}

function solvingOf(prompt: string, { language }: Pick<DataRecord, 'language'>): string {
  return `${prompt}\n\n${language === 'zh' ? '请把最终答案写在 \\boxed{} 中。' : 'Put the final answer in \\boxed{}.'}`;
}

async function backTranslated(prompt: string, language: 'en' | 'zh', ask: (content: string) => Promise<string | null>): Promise<string | null> {
  const other = language === 'en' ? 'zh' : 'en';
  const there = await ask(translationOf(prompt, other));
  return there === null ? null : ask(translationOf(there, language));
}

function translationOf(text: string, to: 'en' | 'zh'): string {
  return `Translate the problem below into ${NAMES[to]}. Keep every number, formula, unit and name, and what is asked. Do not solve it. Reply with the translation alone.\n\n${text}`;
}

function rephrasingOf(text: string, language: 'en' | 'zh'): string {
  return `Rephrase the problem below in ${NAMES[language]}, in other words and sentences. Keep every number, formula, unit and name, and what is asked; leave nothing out and add nothing. Do not solve it. Reply with the rephrased problem alone.\n\n${text}`;
}

/** Without quotation marks, a code fence or a heading around it. */
function unwrapped(answer: string): string {
  return answer.trim().replace(/^```\w*\n([\s\S]*?)\n```$/, '$1').replace(/^(?:\*\*)?(?:Translation|Rephrased(?: problem)?|译文|翻译|改写)(?:\*\*)?\s*[:：]\s*(?:\*\*)?\s*/i, '').replace(/^["“]([^"“”]*)["”]$/, '$1').trim();
}

/** What can be seen without solving: numbers, language, length. */
function checked(record: DataRecord, prompt: string, language: 'en' | 'zh'): Try {
  if (prompt === record.prompt.trim()) return 'same-as-before';
  if (languageOfRecord({ ...record, language: undefined as never, prompt }) !== language) return 'wrong-language';
  const ratio = prompt.length / record.prompt.length;
  if (ratio < LENGTHS[0] || ratio > LENGTHS[1]) return 'length';
  if (numbersOf(prompt).join() !== numbersOf(record.prompt).join()) return 'protected-changed';
  return { prompt, detail: {} } satisfies Changed;
}

/** The teacher solves the new question several times; every answer must mean the old one. */
export async function agrees(record: DataRecord, prompt: string, times: number, asker: Asker, options: { readonly signal?: AbortSignal }): Promise<boolean> {
  await loadComparer();
  const messages: readonly RecordMessage[] = [{ role: 'user', content: solvingOf(prompt, record) }];
  const answers = await Promise.all(Array.from({ length: times }, (_, sample) => asker.ask(messages, SOLVING, sample, options)));
  const compare = record.options === undefined ? {} : { options: record.options };
  return answers.every(({ answer, finish }) => finish === 'end' && compareAnswers(answer, record.gold ?? record.answer, compare).verdict === 'right');
}
