/** The chat template: whether the student's renders, and whether teachers were made for the prompt that it writes. */
import { DistillError } from '../../shared/messages.ts';
import type { Finding, Fix } from '../../shared/preflight.ts';
import type { ChatMessage } from '../model/chatTemplate.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { finding, fixOf, refusalOf, setFix, type CheckContext } from './contract.ts';
import { readingTeachers } from './folders.ts';

const QUESTION: readonly ChatMessage[] = [{ role: 'user', content: 'What is 2 + 3?' }];
const EARLIER_TURN: readonly ChatMessage[] = [...QUESTION, { role: 'assistant', content: '<think>\n2 + 3 = 5\n</think>\n\n5' }, { role: 'user', content: 'And 5 + 4?' }];
/** The reference form of DeepSeek-R1's traces. */
export const PLAIN_TEMPLATE = { prompt: '{prompt}\n', completion: '<think>\n{think}\n</think>\n\n{answer}' } as const;

export async function checkChatTemplate(context: CheckContext): Promise<readonly Finding[]> {
  const { recipe, folders, text } = context;
  const mine = await folders.studentTokenizer();
  if (mine === null) return [];
  const path = ['data', 'template'];
  const chat = recipe.data.template === 'chat';
  const rendered = chat ? render(mine, QUESTION) : null;
  if (rendered instanceof DistillError) return [refusalOf('template', rendered, { path, fix: plainFix(text) })];
  const opens = rendered !== null && /<think>\s*$/.test(rendered);
  const findings = [chat
    ? finding('template', 'pass', 'template-fine', { opens: opens ? '@opens' : '@nothing' }, { path, evidence: { columns: ['what', 'rendered'], rows: [['@one-turn', rendered ?? ''], ['@turns', textOf(render(mine, EARLIER_TURN))]] } })
    : finding('template', 'pass', 'template-plain', {}, { path })];
  for (const name of readingTeachers(recipe).keys()) {
    const theirs = (await folders.teacher(name))?.tokenizer ?? null;
    if (theirs !== null && theirs.folder !== mine.folder) findings.push(chat ? compared(mine, theirs, name) : ofPlain(mine, theirs, name, text));
    else if (theirs?.hasChatTemplate === true && !chat) findings.push(ofPlain(mine, theirs, name, text));
  }
  return findings;
}

function compared(mine: Tokenizer, theirs: Tokenizer, name: string): Finding {
  const at = { subject: name, path: ['teachers', name, 'model'] };
  if (!theirs.hasChatTemplate) return finding('template', 'warning', 'template-teacher-none', { teacher: name }, at);
  const pairs = [QUESTION, EARLIER_TURN].map((messages) => [textOf(render(mine, messages)), textOf(render(theirs, messages))] as const);
  const table = (what: string, pair: readonly [string, string] | undefined): FindingTable => ({ evidence: { columns: ['what', 'student', 'teacher'], rows: [[what, pair?.[0] ?? '', pair?.[1] ?? '']] } });
  const [one, turns] = pairs;
  if (one?.[0] !== one?.[1]) return finding('template', 'warning', 'template-differs', { teacher: name }, { ...at, ...table('@one-turn', one) });
  if (turns?.[0] !== turns?.[1]) return finding('template', 'warning', 'template-turns-differ', { teacher: name }, { ...at, ...table('@turns', turns) });
  return finding('template', 'pass', 'template-same', {}, { subject: name });
}

interface FindingTable {
  readonly evidence: { readonly columns: readonly ['what', 'student', 'teacher']; readonly rows: readonly (readonly string[])[] };
}

/** The recipe writes plain text; a teacher with a chat template expects its own. */
function ofPlain(mine: Tokenizer, theirs: Tokenizer, name: string, text: string): Finding {
  if (!theirs.hasChatTemplate) return finding('template', 'pass', 'template-plain', {}, { subject: name });
  const fix = mine.hasChatTemplate ? setFix(text, ['data', 'template'], 'data.template', 'chat') : null;
  return finding('template', 'warning', 'template-teacher-chat', { teacher: name }, { subject: name, path: ['data', 'template'], fix, evidence: { columns: ['what', 'rendered'], rows: [['@one-turn', textOf(render(theirs, QUESTION))]] } });
}

function plainFix(text: string): Fix | null {
  return fixOf(text, 'template', {}, [{ path: ['data', 'template'], value: PLAIN_TEMPLATE }]);
}

function render(tokenizer: Tokenizer, messages: readonly ChatMessage[]): string | DistillError {
  try {
    return tokenizer.chat(messages, { addGenerationPrompt: true });
  } catch (error) {
    if (error instanceof DistillError) return error;
    throw error;
  }
}

function textOf(rendered: string | DistillError): string {
  return rendered instanceof DistillError ? String(rendered.data['detail'] ?? rendered.message) : rendered;
}
