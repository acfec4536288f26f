/** How a row becomes the text that a model reads and the text that it learns to write; and back. */
import type { DataRecipe } from '../../shared/recipe.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import type { Row } from './row.ts';

/** The parts of a completion; `think` and `answer` stand between them. */
export interface CompletionForm {
  readonly before: string;
  readonly between: string;
  readonly after: string;
  readonly hasThink: boolean;
}

export interface Template {
  /** The prompt's text; `special`: the tokenizer adds what it puts around a text (a chat template has written it already). */
  prompt(row: Pick<Row, 'prompt' | 'messages'>): { readonly text: string; readonly special: boolean };
  readonly completion: CompletionForm;
  readonly endTokenId: number;
  /** Reasoning and answer of what a model wrote after the prompt. */
  parse(text: string): { readonly think: string; readonly answer: string };
}

/** Stands for an answer while the end of an assistant's turn is looked for. */
const PROBE = 'answer-probe-7251';

/** Throws DistillError `chat-template-missing`, `chat-template-failed`, `tokenizer-without-end`. */
export function makeTemplate(template: DataRecipe['template'], tokenizer: Tokenizer, firstEnd: (tokenizer: Tokenizer) => number): Template {
  if (template !== 'chat') {
    const completion = completionForm(template.completion);
    return {
      prompt: ({ prompt }) => ({ text: template.prompt.replaceAll('{prompt}', () => prompt), special: true }),
      completion, endTokenId: firstEnd(tokenizer), parse: (text) => parseCompletion(text, completion),
    };
  }
  const chat = (row: Pick<Row, 'messages'>): string => tokenizer.chat(row.messages, { addGenerationPrompt: true });
  // Templates of reasoning models open the reasoning themselves; then the model goes on inside it.
  const opened = /<think>\s*$/.exec(chat({ messages: [{ role: 'user', content: PROBE }] }))?.[0] ?? null;
  const completion: CompletionForm = {
    before: opened === null ? '<think>\n' : opened.endsWith('\n') ? '' : '\n', between: '\n</think>\n\n', after: '', hasThink: true,
  };
  return {
    prompt: (row) => ({ text: chat(row), special: false }),
    completion, endTokenId: endOfTurn(tokenizer) ?? firstEnd(tokenizer), parse: (text) => parseCompletion(text, completion),
  };
}

/** Text of a completion. A row without reasoning has none of its marks, unless the prompt has opened them already. */
export function completionText(row: Pick<Row, 'think' | 'answer'>, form: CompletionForm, openedByPrompt: boolean): { readonly text: string; readonly thinkEnd: number; readonly answerStart: number } {
  if (!form.hasThink) return { text: form.before + row.answer + form.after, thinkEnd: form.before.length, answerStart: form.before.length };
  const marks = row.think !== '' || openedByPrompt;
  const head = marks ? form.before + row.think : '';
  const between = marks ? form.between : '';
  return { text: head + between + row.answer + form.after, thinkEnd: head.length, answerStart: head.length + between.length };
}

function completionForm(completion: string): CompletionForm {
  const answer = completion.indexOf('{answer}');
  const think = completion.indexOf('{think}');
  const after = completion.slice(answer + '{answer}'.length);
  if (think < 0 || think > answer) return { before: completion.slice(0, answer), between: '', after, hasThink: false };
  return { before: completion.slice(0, think), between: completion.slice(think + '{think}'.length, answer), after, hasThink: true };
}

function parseCompletion(text: string, form: CompletionForm): { readonly think: string; readonly answer: string } {
  const strip = (part: string, mark: string, end: boolean): string => {
    const [inner, trimmed] = [mark.trim(), part.trim()];
    if (inner === '') return trimmed;
    if (end) return trimmed.endsWith(inner) ? trimmed.slice(0, -inner.length).trim() : trimmed;
    return trimmed.startsWith(inner) ? trimmed.slice(inner.length).trim() : trimmed;
  };
  if (!form.hasThink) return { think: '', answer: strip(strip(text, form.before, false), form.after, true) };
  const mark = form.between.trim() === '' ? form.between : form.between.trim();
  const place = mark === '' ? -1 : text.indexOf(mark);
  if (place < 0) {
    // Without the mark: a text that began its reasoning never came to its answer; any other is an answer without reasoning.
    const began = form.before.trim() === '' || text.trimStart().startsWith(form.before.trim());
    return began ? { think: strip(text, form.before, false), answer: '' } : { think: '', answer: strip(text, form.after, true) };
  }
  return { think: strip(text.slice(0, place), form.before, false), answer: strip(text.slice(place + mark.length), form.after, true) };
}

/** The end token that the chat template itself puts after an assistant's turn. */
function endOfTurn(tokenizer: Tokenizer): number | null {
  const whole = tokenizer.chat([{ role: 'user', content: 'x' }, { role: 'assistant', content: PROBE }]);
  const place = whole.lastIndexOf(PROBE);
  if (place < 0) return null;
  const first = tokenizer.encode(whole.slice(place + PROBE.length).trimStart())[0];
  return first !== undefined && tokenizer.eosTokenIds.includes(first) ? first : null;
}
