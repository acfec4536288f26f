/**
 * The facts of a problem in another order, where it is plain that they don't depend on it: sentences of state whose subjects are
 * named (nobody is "he", nothing happens "then"), clues and statements in lists. What asks stays where it is.
 */
import type { DataRecord } from '../../../shared/record.ts';
import type { Draw } from '../draw.ts';
import { languageOfRecord, type Try } from './contract.ts';

/** Words that point at another sentence or at time. Comparisons with somebody named point at nothing: they hold in any order. */
const POINTS_EN = /\b(?:he|she|they|it|him|her|his|hers|them|their|theirs|its|this|that|these|those|then|after|afterwards|before|next|later|later|now|today|tomorrow|yesterday|finally|first|last|second|third|also|too|again|another|others?|rest|remaining|left|remain\w*|same|such|there(?:fore)?|so|thus|however|but|meanwhile|instead|both|all|together|total|if|when|while|until|once|already|still|only|former|latter|ones|combined|altogether|respectively|again|previous|original|initial\w*|start\w*|begin\w*|began|end\w*|the)\b/i;
/** States, not events: their order in time does not matter. */
const STATES_EN = /^(?:[A-Z][\w'’-]*(?:\s+(?:and\s+)?[A-Z][\w'’-]*)*|An?\s+[\w-]+(?:\s+[\w-]+){0,3}|There)\s+(?:has|have|had|is|are|was|were|costs?|weighs?|owns?|contains?|holds?|earns?|makes?|sells?|charges?|runs?|reads?|eats?|drinks?|works?|needs?|takes?)\b/;
const POINTS_ZH = /[他她它们这那其此]|又|再|还|然后|接着|后来|之后|以后|先|剩|余|其中|每|共|一样|相同|同样|比|倍|半|另|原来|现在|结果|于是|因此|所以|如果|当|都|各|最后|开始|了/;
const STATES_ZH = /^[\p{Script=Han}]{1,6}(?:有|是|重|高|长|宽|值|卖|需要|可以)/u;
/** "has 200.", "5 more than Kenley": of what, the sentence before says. */
const ELLIPTIC_EN = /\d\s*[.!]?\s*$|\b(?:more|less|fewer|as many|as much)\s+(?:than|as)\b(?!\s+(?:half|twice|\w+\s+times)\b)/i;
/** Bullets of clues; lines of a dialogue whose statements stand for themselves. */
const LISTED = /^(?:[-*•]\s|\p{L}[\p{L}\p{M}]{0,20}(?:\s(?:says|said))?[:：说]\s*[:：]?[“"])/u;

export function recombined(record: DataRecord, draw: Draw): Try {
  const language = languageOfRecord(record);
  if (language === null) return 'other-language';
  return listed(record.prompt, draw) ?? sentences(record.prompt, language, draw);
}

/** Consecutive lines of a list of clues; null where there are none. */
function listed(prompt: string, draw: Draw): Try | null {
  const lines = prompt.split('\n');
  const first = lines.findIndex((line) => LISTED.test(line));
  if (first < 0) return null;
  let end = first;
  while (end < lines.length && LISTED.test(lines[end] ?? '')) end += 1;
  // A numbered program is no list of facts; a line that asks is no fact.
  const block = lines.slice(first, end);
  if (block.length < 2 || block.some((line) => /[?？]\s*$/.test(line))) return null;
  const order = otherOrder(block.length, draw);
  return { prompt: [...lines.slice(0, first), ...order.map((index) => block[index] ?? ''), ...lines.slice(end)].join('\n'), detail: { order: order.map((index) => index + 1).join(' ') } };
}

function sentences(prompt: string, language: 'en' | 'zh', draw: Draw): Try {
  const parts = language === 'en' ? prompt.match(/.+?(?:[.!?]["”’)]*(?=\s+["“]?[A-Z$\d]|\s*$)|$)\s*/gs) ?? [] : prompt.match(/[^。！？?]+[。！？?]?/gs) ?? [];
  const asks = parts.findIndex((part) => /[?？]/.test(part) || /^(?:Find|Calculate|How|What|Determine|Compute|求|问)\b/.test(part.trim()));
  const last = asks < 0 ? parts.length - 1 : asks;
  const [points, states] = language === 'en' ? [POINTS_EN, STATES_EN] : [POINTS_ZH, STATES_ZH];
  const free = (part: string): boolean => states.test(part.trim()) && !points.test(withoutQuantities(part, language)) && !(language === 'en' && ELLIPTIC_EN.test(part.trim()));
  let begin = 0;
  while (begin < last && !(free(parts[begin] ?? '') && begin + 1 < last && free(parts[begin + 1] ?? ''))) begin += 1;
  let end = begin;
  while (end < last && free(parts[end] ?? '')) end += 1;
  if (end - begin < 2) return 'not-independent';
  // What comes after may point back at "the last one": only names and numbers may, which any order serves.
  if (parts.slice(end).some((part) => POINTS_BACK[language].test(part))) return 'not-independent';
  const order = otherOrder(end - begin, draw);
  const moved = order.map((index) => (parts[begin + index] ?? '').trim());
  const gap = language === 'en' ? ' ' : '';
  return { prompt: [parts.slice(0, begin).join('').trim(), moved.join(gap), parts.slice(end).join('').trim()].filter((part) => part !== '').join(gap), detail: { order: order.map((index) => index + 1).join(' ') } };
}

/** Words of the rest that take their meaning from what was said last or in which order. */
const POINTS_BACK: Readonly<Record<'en' | 'zh', RegExp>> = {
  en: /\b(?:he|she|it|him|her|his|hers|its|this|that|former|latter|first|second|third|last|previous|another|the other|they|them|their)\b/i,
  zh: /[他她它这那其]|前者|后者|第[一二三]|另/,
};

/** "the" before a place or a quantity's noun points at nothing that was said: at the store, in the morning. */
function withoutQuantities(part: string, language: 'en' | 'zh'): string {
  return language === 'zh' ? part : part.replaceAll(/\b(?:in|at|on|to|from) the (?:morning|afternoon|evening|store|market|park|zoo|library|school|farm|city|week|weekend|beach)\b/gi, '');
}

/** Never the order that it has. */
function otherOrder(count: number, draw: Draw): readonly number[] {
  const places = Array.from({ length: count }, (_, index) => index);
  for (;;) {
    const order = draw.shuffled(places);
    if (order.some((place, index) => place !== index)) return order;
  }
}
