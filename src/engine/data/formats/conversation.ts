/** Conversations as people store them: OpenAI's role/content, ShareGPT's from/value. */
import { isJsonObject } from '../../../shared/fieldNames.ts';
import type { RecordMessage } from '../../../shared/record.ts';

export interface Conversation {
  /** All turns before the completion. */
  readonly history: readonly RecordMessage[];
  /** The last turn, where it is the assistant's; null where nobody has answered yet. */
  readonly completion: { readonly content: string; readonly reasoning: string | null } | null;
}

/** ShareGPT's names of the speakers; any other name stays as it is (tool, function …). */
const ROLES: Readonly<Record<string, string>> = {
  human: 'user', user: 'user', prompter: 'user', gpt: 'assistant', chatgpt: 'assistant', bing: 'assistant', bard: 'assistant', model: 'assistant', assistant: 'assistant', system: 'system',
};

/** A row's turns; null where the value is no conversation or doesn't end with the user or the assistant. */
export function conversation(value: unknown, system: unknown): Conversation | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const read = value.map((each: unknown) => turn(each));
  if (read.some((each) => each === null)) return null;
  const turns = read.filter((each) => each !== null);
  const last = turns.at(-1);
  if (last?.role !== 'user' && last?.role !== 'assistant') return null;
  const before = last.role === 'assistant' ? turns.slice(0, -1) : turns;
  if (before.length === 0) return null;
  const told = typeof system === 'string' && system.trim() !== '' && before[0]?.role !== 'system' ? [{ role: 'system', content: system }] : [];
  return {
    history: [...told, ...before.map(({ role, content }) => ({ role, content }))],
    completion: last.role === 'assistant' ? { content: last.content, reasoning: last.reasoning } : null,
  };
}

/** Texts that a chat template has put together already, by what stands around each turn. */
const TEMPLATES: readonly RegExp[] = [
  // ChatML (Qwen)
  /<\|im_start\|>(\w+)\n([\s\S]*?)(?:<\|im_end\|>|$)/g,
  // Llama 3
  /<\|start_header_id\|>(\w+)<\|end_header_id\|>\s*([\s\S]*?)(?:<\|eot_id\|>|$)/g,
  // DeepSeek-R1
  /<｜(User|Assistant)｜>([\s\S]*?)(?=<｜(?:User|Assistant|end▁of▁sentence)｜>|$)/g,
  // Alpaca's own prompt
  /### (Instruction|Response):\s*([\s\S]*?)(?=\n### |$)/g,
];
const TEMPLATE_ROLES: Readonly<Record<string, string>> = { instruction: 'user', response: 'assistant' };

/** The turns of a text that a chat template made; null where it is none of those that are known. */
export function templatedTurns(text: string): readonly RecordMessage[] | null {
  for (const template of TEMPLATES) {
    const turns = [...text.matchAll(template)].map(([, role = '', content = '']) => ({ role: TEMPLATE_ROLES[role.toLowerCase()] ?? role.toLowerCase(), content: content.trim() }));
    // An empty last turn is the place where the model was to begin.
    if (turns.at(-1)?.content === '') turns.pop();
    if (turns.some(({ role }) => role === 'user')) return turns;
  }
  return null;
}

function turn(value: unknown): { readonly role: string; readonly content: string; readonly reasoning: string | null } | null {
  if (!isJsonObject(value)) return null;
  const said = value['role'] ?? value['from'];
  const content = contentText(value['content'] ?? value['value']);
  if (typeof said !== 'string' || content === null) return null;
  const thought = [value['reasoning_content'], value['reasoning'], value['thinking']].find((each) => typeof each === 'string' && each !== '');
  return { role: ROLES[said.toLowerCase()] ?? said, content, reasoning: typeof thought === 'string' ? thought : null };
}

/** OpenAI also writes a content as a list of parts; those that are no text can't be learnt from. */
function contentText(value: unknown): string | null {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return null;
  const parts = value.map((part: unknown) => isJsonObject(part) && typeof part['text'] === 'string' ? part['text'] : null);
  return parts.some((part) => part === null) ? null : parts.join('');
}
