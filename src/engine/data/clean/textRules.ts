/** The rules that change texts, in their order, over all fields of a record. Cleaning twice gives what cleaning once gives. */
import type { TextRule } from '../../../shared/cleanReport.ts';
import type { DataRecord, RecordMessage } from '../../../shared/record.ts';
import { cleanBoilerplate } from './boilerplate.ts';
import { cleanControl } from './control.ts';
import { cleanHtml } from './html.ts';
import { cleanUnicode } from './unicode.ts';

/** A record's texts. */
export interface RowTexts {
  readonly prompt: string;
  readonly think: string;
  readonly answer: string;
  readonly gold: string | null;
  readonly messages: readonly RecordMessage[] | null;
  readonly options: readonly string[] | null;
  /** Of a code row: HTML in it is what was asked for. */
  readonly code: boolean;
}

export function textsOf({ prompt, think, answer, gold, messages, options, task, tests }: DataRecord): RowTexts {
  return { prompt, think, answer, gold, messages: messages ?? null, options: options ?? null, code: task === 'code' || tests !== undefined };
}

export interface CleanedTexts {
  readonly texts: RowTexts;
  /** The rules that changed something, each with what it took (boilerplate) or an excerpt of the place. */
  readonly changes: readonly { readonly rule: TextRule; readonly taken: string }[];
}

/** What one rule leaves may be work for another (an escaped zero-width space): the rules go round until nothing changes. */
const ROUNDS = 4;
const EXCERPT = 80;

export function cleanTexts(texts: RowTexts, rules: ReadonlySet<TextRule>): CleanedTexts {
  const changes = new Map<TextRule, string>();
  let current = texts;
  for (let round = 0; round < ROUNDS; round++) {
    const before = current;
    if (rules.has('unicode')) current = applied(current, 'unicode', cleanUnicode, changes);
    if (rules.has('control')) current = applied(current, 'control', cleanControl, changes);
    if (rules.has('html') && !texts.code) current = applied(current, 'html', cleanHtml, changes);
    if (rules.has('boilerplate')) current = withoutBoilerplate(current, changes);
    if (current === before) break;
  }
  return { texts: current, changes: [...changes].map(([rule, taken]) => ({ rule, taken })) };
}

function applied(texts: RowTexts, rule: TextRule, clean: (text: string) => string, changes: Map<TextRule, string>): RowTexts {
  const changed = (text: string): string => {
    const cleaned = clean(text);
    if (cleaned !== text && !changes.has(rule)) changes.set(rule, excerpt(text, cleaned));
    return cleaned;
  };
  const prompt = changed(texts.prompt);
  const think = changed(texts.think);
  const answer = changed(texts.answer);
  const gold = texts.gold === null ? null : changed(texts.gold);
  const messages = texts.messages?.map((message) => {
    const content = changed(message.content);
    return content === message.content ? message : { ...message, content };
  }) ?? null;
  const options = texts.options?.map(changed) ?? null;
  const same = prompt === texts.prompt && think === texts.think && answer === texts.answer && gold === texts.gold
    && (messages === null || messages.every((message, i) => message === texts.messages?.[i])) && (options === null || options.every((option, i) => option === texts.options?.[i]));
  return same ? texts : { prompt, think, answer, gold, messages, options, code: texts.code };
}

function withoutBoilerplate(texts: RowTexts, changes: Map<TextRule, string>): RowTexts {
  const { text, taken } = cleanBoilerplate(texts.answer);
  if (taken.length === 0) return texts;
  changes.set('boilerplate', [changes.get('boilerplate'), ...taken].filter((phrase) => phrase !== undefined).join(' … '));
  return { ...texts, answer: text };
}

/** The first place where the text was changed, as it was. */
function excerpt(before: string, after: string): string {
  let at = 0;
  while (at < after.length && before.charCodeAt(at) === after.charCodeAt(at)) at += 1;
  return before.slice(Math.max(0, at - EXCERPT / 4), at + EXCERPT);
}
