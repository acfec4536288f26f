/** What a step says a named quantity is ("the total is 36", "x = 5", 五月是24个): the other half of what can be contradicted. */
import type { Equation } from './stepsArithmetic.ts';
import { numberKey, plainForms, type NumberSpan } from './stepsNumbers.ts';
import { contentWords } from './stepsWords.ts';

export interface Claim {
  /** Content words of the name, sorted; the numbers in it (`4 weeks`) count as words. */
  readonly name: readonly string[];
  readonly value: number;
  /** Range of the number in the step. */
  readonly start: number;
  readonly end: number;
}

/** A clause up to its verb; the verb; what may stand between verb and number. */
const SAYS = /(?:=|≈|\\approx|\b(?:is|are|was|were|equals?|be|becomes?|has|have|had|gets?|gives?|makes?|total(?:s|ing)?)\b|:|等于|得到|就是|是|为|共有?|一共|有|还剩|剩下?)\s*(?:(?:equal to|about|approximately|exactly|just|only|also|now|still|therefore|therefore|only|a total of|大约|约|总共)\s*)*[$¥£€*\\([{\s]*$/i;
const CLAUSE_BREAK = /[,;.?!。，；？！\n]|\b(?:and|so|then|because|since|which|but)\b|所以|因此|那么/gi;
/** Supposed, quoted or asked: nothing is claimed. */
const HYPOTHETICAL = /\b(?:if|suppose|assum\w+|let's say|say,|for example|for instance|imagine|pretend|whether)\b|如果|假设|假如|比如|例如|是否/i;
const MAX_NAME = 8;

/** The number (with a unit of a word or two) ends its clause: "is 4 times as many" claims nothing. */
const ENDS_CLAUSE = /^\s*[)}\]*]*\s*(?:(?!times|more|less|fewer|out|or|to|of|plus|minus)[a-zA-Z]+(?:\s+(?!than|as|of)[a-zA-Z]+)?|(?![倍多比或])[\u3400-\u9fff]{1,4})?\s*[)}\]*\\$]*\s*(?:$|[,;。，；!\n]|\.(?!\d)|\b(?:and|so|then|because|since|which|but)\b)/;

/** Claims of one step. `plain` in `plainForms`, `numbers` as `numbersIn` gives them, `equations` as `arithmeticOf` does. */
export function claimsOf(plain: string, numbers: readonly NumberSpan[], equations: readonly Equation[]): Claim[] {
  if (numbers.length === 0 || HYPOTHETICAL.test(plain) || /[?？]\s*$/.test(plain)) return [];
  const claims: Claim[] = [];
  for (const { index, 0: boxed } of plain.matchAll(/\\boxed\{|<answer>/gi)) {
    const value = numbers.find(({ start }) => start >= index && start <= index + boxed.length + 2);
    if (value) claims.push({ name: ['answer'], value: value.value, start: value.start, end: value.end });
  }
  for (const { start, end, value } of [...chainsOf(equations), ...numbers.filter(({ start: at }) => !equations.some((equation) => at >= equation.start && at < equation.end))]) {
    const verb = SAYS.exec(plain.slice(Math.max(0, start - 120), start));
    if (!verb || !ENDS_CLAUSE.test(plain.slice(end, end + 40))) continue;
    const name = lastClause(plain.slice(Math.max(0, start - 120), start).slice(0, verb.index));
    if (name === null || /[-+*/^=]/.test(name)) continue;
    const words = [...new Set([...contentWords(name), ...(name.match(/\d+(?:\.\d+)?/g) ?? [])])].sort();
    if (words.length > 0 && words.length <= MAX_NAME && !claims.some((claim) => claim.start === start)) claims.push({ name: words, value, start, end });
  }
  return claims;
}

/** `12 + 24 = 36 = …` read as one: where it begins, and its last value. */
function chainsOf(equations: readonly Equation[]): { start: number; end: number; value: number }[] {
  const chains: { start: number; end: number; value: number }[] = [];
  for (const { start, end, value, left } of equations) {
    const last = chains.at(-1);
    // `5 × 4 = 20; 20 × 3 = 60` goes on with its own result: one chain, whose last value counts.
    if (last && (start < last.end || goesOn(left, last.value))) Object.assign(last, { end, value });
    else chains.push({ start, end, value });
  }
  return chains;
}

function goesOn(left: string, value: number): boolean {
  const operand = numberKey(value);
  return left.startsWith(`(${operand}`) || left.endsWith(`${operand})`);
}

function lastClause(head: string): string | null {
  let from = 0;
  for (const match of head.matchAll(CLAUSE_BREAK)) {
    // A point between digits is no break.
    if (match[0] === '.' && /\d/.test(head[match.index + 1] ?? '')) continue;
    if (match[0] === ',' && /\d/.test(head[match.index + 1] ?? '')) continue;
    from = match.index + match[0].length;
  }
  const clause = head.slice(from).replace(/^\s*(?:[-*+•]|\d{1,3}[.)、])\s*/, '');
  return clause.trim() === '' ? null : plainForms(clause);
}
