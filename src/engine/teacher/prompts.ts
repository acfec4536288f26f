/** What a teacher is asked: the conversation that a recipe's template makes of a row. */
import type { DataRecord, RecordMessage } from '../../shared/record.ts';
import type { AskRecipe } from '../../shared/recipeCollect.ts';

/**
 * The wish for a language stands at the end of the question and not in a system prompt: reasoning models are trained without
 * one and ask for all instructions in the user's message (DeepSeek-R1, README, “Usage Recommendations”).
 */
const LANGUAGE = {
  same: '',
  en: '\n\nReason and answer in English.',
  zh: '\n\n请使用中文思考并作答。',
} as const;

/**
 * The messages that are sent for a row. A row with a conversation of its own keeps it: the template takes its last question,
 * the solved examples go before it, and its own system prompt, where it has one, goes before the recipe's.
 */
export function messagesOf(record: Pick<DataRecord, 'prompt' | 'messages'>, { system, prompt, language, shots }: Pick<AskRecipe, 'system' | 'prompt' | 'language' | 'shots'>): readonly RecordMessage[] {
  const question = (text: string): RecordMessage => ({ role: 'user', content: prompt.replaceAll('{prompt}', () => text) + LANGUAGE[language] });
  const conversation = record.messages ?? [{ role: 'user', content: record.prompt }];
  const systems = [...conversation.filter(({ role }) => role === 'system').map(({ content }) => content), ...(system === undefined ? [] : [system])];
  const rest = conversation.filter(({ role }) => role !== 'system');
  const last = rest.findLastIndex(({ role }) => role === 'user');
  return [
    ...(systems.length === 0 ? [] : [{ role: 'system', content: systems.join('\n\n') }]),
    ...shots.flatMap((shot) => [question(shot.prompt), { role: 'assistant', content: shot.answer }]),
    ...rest.map((message, index) => (index === last ? question(message.content) : message)),
  ];
}
