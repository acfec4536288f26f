/** Whether reasoning and the marks around it survive template and tokenizer: evaluation tells reasoning from answer by them. */
import { DistillError } from '../../shared/messages.ts';
import type { Finding } from '../../shared/preflight.ts';
import { completionText, makeTemplate } from '../data/template.ts';
import { finding, fixOf, percent, type CheckContext } from './contract.ts';

/** Digits and signs: in every vocabulary that can reason about numbers. */
const THINK = '2+3=5';
const ANSWER = '5';

export async function checkThinkMarks(context: CheckContext): Promise<readonly Finding[]> {
  const { recipe: { data }, folders, text } = context;
  const tokenizer = await folders.studentTokenizer();
  if (tokenizer === null) return [];
  const path = ['data', 'template'];
  const findings: Finding[] = [];
  let template;
  try {
    template = makeTemplate(data.template, tokenizer, ({ eosTokenIds }) => eosTokenIds[0] ?? 0);
  } catch (error) {
    // The check of the template has said why.
    if (error instanceof DistillError) return [];
    throw error;
  }
  const rows = await context.rows();
  const withThink = rows === null || rows.sample.length === 0 ? null : rows.sample.filter(({ think }) => think).length / rows.sample.length;
  if (!template.completion.hasThink) {
    if (withThink === null) return [];
    if (withThink === 0) return [finding('think', 'pass', 'think-absent', {}, { path })];
    const completion = data.template === 'chat' ? '' : data.template.completion;
    const fix = completion.includes('{answer}') ? fixOf(text, 'add-think', { think: '<think>{think}</think>' }, [{ path: [...path, 'completion'], value: completion.replace('{answer}', '<think>{think}</think>{answer}') }]) : null;
    return [finding('think', 'warning', 'think-not-in-template', { share: percent(withThink), think: '{think}' }, { path, fix })];
  }
  const opened = template.completion.before === '' || template.completion.before === '\n';
  const written = completionText({ think: THINK, answer: ANSWER }, template.completion, opened).text;
  // Generation decodes without special tokens; marks that are special are lost there.
  const back = tokenizer.decode(tokenizer.encode(written));
  const parsed = template.parse(back);
  const pieces = tokenizer.encode('<think>');
  const evidence = { columns: ['text', 'tokens'] as const, rows: ['<think>', '</think>', written].map((each) => [each, tokenizer.encode(each).map((id) => `${tokenizer.decode([id], { special: true }).replaceAll('\n', '⏎')}`).join(' · ')]) };
  if (parsed.think !== THINK || parsed.answer !== ANSWER) {
    // Rows without reasoning never write the marks.
    findings.push(finding('think', withThink === 0 ? 'warning' : 'refusal', 'think-lost', { text: oneLine(written), back: oneLine(back) }, { path, evidence }));
  } else {
    findings.push(finding('think', 'pass', 'think-survives', { pieces: pieces.length === 1 ? '@one-piece' : '@pieces', count: pieces.length }, { path, evidence }));
  }
  if (withThink === 0) findings.push(finding('think', 'pass', 'think-absent'));
  else if (withThink !== null && withThink < 1) findings.push(finding('think', 'warning', 'think-some', { share: percent(withThink) }, { path: ['data', 'train'] }));
  return findings;
}

function oneLine(text: string): string {
  return text.replaceAll('\n', '⏎');
}
