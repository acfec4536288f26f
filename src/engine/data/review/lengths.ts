/** How many tokens of a student's tokenizer a row is: what training would see of it. */
import { DistillError } from '../../../shared/messages.ts';
import type { DataRecipe } from '../../../shared/recipe.ts';
import type { DataRecord } from '../../../shared/record.ts';
import { loadTokenizer } from '../../model/tokenizer.ts';
import { rowEncoder } from '../encode.ts';

export interface RowLength {
  readonly prompt: number;
  /** With the marks around it. */
  readonly think: number;
  /** With the end token. */
  readonly answer: number;
}

export type RowCounter = (record: DataRecord) => RowLength;

/**
 * Counts tokens as the recipe's template makes them. Where the folder has no such template, the texts alone are counted.
 * Throws DistillError `model-file-missing`, `model-file-malformed`.
 */
export async function openRowCounter(folder: string, template: DataRecipe['template']): Promise<RowCounter> {
  const tokenizer = await loadTokenizer(folder);
  const plain: RowCounter = ({ prompt, think, answer }) => ({
    prompt: tokenizer.encode(prompt, { special: true }).length, think: think === '' ? 0 : tokenizer.encode(think).length, answer: tokenizer.encode(answer).length + 1,
  });
  try {
    const encoder = rowEncoder(tokenizer, { template, maxLength: Number.MAX_SAFE_INTEGER, tooLong: 'refuse' });
    return (record) => {
      const { prompt, think, answer, gold } = record;
      const encoded = encoder.encode({ file: '', line: 0, prompt, messages: record.messages?.map(chatMessage) ?? [{ role: 'user', content: prompt }], think, answer, gold });
      if (encoded.type === 'dropped') return plain(record);
      const { ids, promptLength, answerStart } = encoded.row;
      return { prompt: promptLength, think: answerStart - promptLength, answer: ids.length - answerStart };
    };
  } catch (error) {
    if (error instanceof DistillError && (error.code === 'chat-template-missing' || error.code === 'tokenizer-without-end')) return plain;
    throw error;
  }
}

function chatMessage({ role, content }: { readonly role: string; readonly content: string }): { readonly role: string; readonly content: string } {
  return { role, content };
}

export function charactersOf({ prompt, think, answer }: DataRecord): RowLength {
  return { prompt: prompt.length, think: think.length, answer: answer.length };
}
