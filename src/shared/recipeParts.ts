/** What the parts of the recipe's schema are made of: hover texts, number kinds, and which field of a row holds what. */
import * as z from 'zod';

/** Hover text: English and Simplified Chinese side by side, so that neither is forgotten. */
export const about = (en: string, zh: string): { description: string; zh: string } => ({ description: en, zh });

export const positive = z.number().positive();
export const count = z.int().min(1);
export const share = z.number().min(0).max(1);
/** A path, relative to the recipe's file. */
export const pathText = z.string().min(1);

/** Which text of a row: a field, or the part of it before or after a mark. */
export const field = z.union([
  z.string().min(1),
  z.strictObject({
    field: z.string().min(1).meta(about('Name of the field.', '字段名。')),
    before: z.string().min(1).optional().meta(about('Take the text before the last occurrence of this mark.', '取该标记最后一次出现之前的文本。')),
    after: z.string().min(1).optional().meta(about('Take the text after the last occurrence of this mark.', '取该标记最后一次出现之后的文本。')),
  }),
]);

export const fields = z.strictObject({
  prompt: field.default('prompt').meta(about('The question.', '问题。')),
  think: field.default('think').meta(about('The reasoning; may be absent.', '推理过程；可缺省。')),
  answer: field.default('answer').meta(about('The answer; may hold <think>…</think> itself.', '答案；其中可含 <think>…</think>。')),
  messages: z.string().default('messages').meta(about('A conversation, where a row has no prompt: the last assistant message is the completion.', '行中没有 prompt 时使用的对话：最后一条 assistant 消息即为回答。')),
  gold: field.default('gold').meta(about('The reference answer that evaluation compares with; by default the answer.', '评估时对照的标准答案；默认取 answer。')),
});

export type FieldSource = z.output<typeof field>;
