import { idsBeforeAnswer } from '../data/encode.ts';
import type { Writing } from '../train/written.ts';
import type { StageContext } from './context.ts';

/** How the student of a run writes. */
export function writingOf({ models: { tokenizer }, data: { template } }: StageContext): Writing {
  const { before, between, hasThink } = template.completion;
  return {
    endTokenId: template.endTokenId,
    decode: (ids) => tokenizer.decode([...ids]),
    parse: (text) => template.parse(text),
    // Without a mark to open it with, all reasoning is opened by the prompt.
    closed: (text) => !hasThink || between.trim() === '' || text.includes(between.trim()) || (before.trim() !== '' && !text.trimStart().startsWith(before.trim())),
    beforeAnswer: (ids) => idsBeforeAnswer(tokenizer, template, ids),
  };
}
