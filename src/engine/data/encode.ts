/** Rows as token ids: the prompt masked, the end token supervised, too long rows cut at a step of their reasoning. */
import { DistillError } from '../../shared/messages.ts';
import type { DataRecipe } from '../../shared/recipe.ts';
import { stepRanges } from '../../shared/stepsBoundaries.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import type { EncodedRow } from './contract.ts';
import type { Row } from './row.ts';
import { completionText, makeTemplate, type Template } from './template.ts';

export interface RowEncoder {
  readonly template: Template;
  promptIds(row: Pick<Row, 'prompt' | 'messages'>): number[];
  /** Throws DistillError `data-row-too-long` where the recipe says refuse. */
  encode(row: Row): EncodeOutcome;
}

export type EncodeOutcome =
  | { readonly type: 'row'; readonly row: EncodedRow }
  | { readonly type: 'dropped' };

/** Throws DistillError `chat-template-missing`, `chat-template-failed`, `tokenizer-without-end`. */
export function rowEncoder(tokenizer: Tokenizer, data: Pick<DataRecipe, 'template' | 'maxLength' | 'tooLong'>): RowEncoder {
  const template = makeTemplate(data.template, tokenizer, firstEnd);
  const ends = new Set(tokenizer.eosTokenIds);
  const prompts = (row: Pick<Row, 'prompt' | 'messages'>): { text: string; special: boolean; ids: number[] } => {
    const { text, special } = template.prompt(row);
    const ids = tokenizer.encode(text, { special });
    // Some tokenizers put an end token after every text; a prompt is not at its end.
    while (special && ids.length > 0 && ends.has(ids.at(-1) ?? -1)) ids.pop();
    return { text, special, ids };
  };
  return {
    template,
    promptIds: (row) => prompts(row).ids,
    encode(row) {
      const prompt = prompts(row);
      const opened = data.template === 'chat' && /<think>\s*$/.test(prompt.text);
      const { text, thinkEnd, answerStart } = completionText(row, template.completion, opened);
      const encode = (completion: string): number[] => continuation(tokenizer, prompt, completion);
      const ids = encode(text);
      const budget = data.maxLength - prompt.ids.length;
      const place = {
        row: row.line, file: row.file, promptLength: prompt.ids.length, ...(row.task === undefined ? {} : { task: row.task }),
        question: row.prompt, gold: goldOf(row), ...(row.weight === undefined ? {} : { weight: row.weight }),
      };
      if (ids.length + 1 <= budget) {
        const answerIds = tokensBefore(tokenizer, ids, text.slice(answerStart));
        return { type: 'row', row: { ...place, ids: Int32Array.from([...prompt.ids, ...ids, template.endTokenId]), answerStart: prompt.ids.length + answerIds, ended: true } };
      }
      if (data.tooLong === 'refuse') {
        throw new DistillError('data-row-too-long', { file: row.file, line: row.line + 1, tokens: prompt.ids.length + ids.length + 1, limit: data.maxLength });
      }
      if (data.tooLong === 'drop') return { type: 'dropped' };
      const cut = cutAtStep(text, thinkEnd, answerStart, budget, ids, tokenizer, encode);
      if (cut === null) return { type: 'dropped' };
      const answerIds = cut.end <= answerStart ? cut.ids.length : tokensBefore(tokenizer, cut.ids, text.slice(answerStart, cut.end));
      return { type: 'row', row: { ...place, ids: Int32Array.from([...prompt.ids, ...cut.ids]), answerStart: prompt.ids.length + answerIds, ended: false } };
    },
  };
}

/** What an answer to a row is held against: its reference, or else its own answer. */
export function goldOf({ gold, answer }: Pick<Row, 'gold' | 'answer'>): string | null {
  return gold ?? (answer.trim() === '' ? null : answer);
}

/** Of what a model wrote: how many of its ids come before its answer; all of them where it never came to one. */
export function idsBeforeAnswer(tokenizer: Tokenizer, template: Template, ids: readonly number[]): number {
  const text = tokenizer.decode([...ids]);
  const { answer } = template.parse(text);
  return answer === '' ? ids.length : tokensBefore(tokenizer, ids, text.slice(text.lastIndexOf(answer)));
}

/** The token that ends a text. Throws DistillError `tokenizer-without-end`: a model that never sees one never stops. */
export function firstEnd(tokenizer: Tokenizer): number {
  const [end] = tokenizer.eosTokenIds;
  if (end === undefined) throw new DistillError('tokenizer-without-end', { folder: tokenizer.folder });
  return end;
}

/**
 * Ids of a completion after its prompt. Encoded together with the prompt, so that a tokenizer which puts a space before
 * every text does not put one in between; but the prompt's ids stay what generation will see. Where a token would reach
 * over the border, the completion is encoded alone.
 */
export function continuation(tokenizer: Tokenizer, prompt: { readonly text: string; readonly special: boolean; readonly ids: readonly number[] }, completion: string): number[] {
  const ids = tokenizer.encode(prompt.text + completion, { special: prompt.special });
  const ends = new Set(tokenizer.eosTokenIds);
  while (prompt.special && ids.length > prompt.ids.length && ends.has(ids.at(-1) ?? -1)) ids.pop();
  return commonPrefix(prompt.ids, ids) === prompt.ids.length ? ids.slice(prompt.ids.length) : tokenizer.encode(completion);
}

/** The longest beginning that ends where a step of the reasoning or the answer ends and fits; null where not even one does. */
function cutAtStep(
  text: string, thinkEnd: number, answerStart: number, budget: number, ids: readonly number[], tokenizer: Tokenizer, encode: (text: string) => number[],
): { readonly ids: number[]; readonly end: number } | null {
  if (budget <= 0) return null;
  const ends = [...stepRanges(text.slice(0, thinkEnd)).map(({ end }) => end), ...stepRanges(text.slice(answerStart)).map(({ end }) => answerStart + end)];
  // What the budget's tokens say, roughly (a space more or less): where to begin looking.
  const reach = tokenizer.decode(ids.slice(0, budget), { special: true }).length + 2;
  const candidates = ends.filter((end) => end <= reach && end < text.length);
  for (let index = candidates.length - 1; index >= 0; index--) {
    const end = candidates[index] ?? 0;
    const cut = encode(text.slice(0, end));
    if (cut.length > 0 && cut.length <= budget) return { ids: cut, end };
  }
  return null;
}

/**
 * How many of the ids come before the text's last part `tail`: a token on the border counts as the tail's. Found from
 * the end, because decoding a few tokens is far cheaper than encoding the whole text a second time.
 */
function tokensBefore(tokenizer: Tokenizer, ids: readonly number[], tail: string): number {
  const wanted = tail.trim().length;
  if (wanted === 0) return ids.length;
  const reaches = (count: number): boolean => tokenizer.decode(ids.slice(ids.length - count), { special: true }).trim().length >= wanted;
  let high = 1;
  while (high < ids.length && !reaches(high)) high = Math.min(ids.length, high * 2);
  let low = Math.floor(high / 2) + 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reaches(middle)) high = middle;
    else low = middle + 1;
  }
  return ids.length - high;
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
