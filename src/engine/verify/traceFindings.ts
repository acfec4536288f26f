/** What is wrong with the form of a trace, whatever its answer: codes of TRACE_FINDINGS. */
import { findLoops, fingerprint } from '../../shared/alignLoops.ts';
import type { DataRecord } from '../../shared/record.ts';
import { stepRanges } from '../../shared/stepsBoundaries.ts';
import type { TraceFinding } from '../../shared/verdicts.ts';
import { compareAnswers } from './compare.ts';
import { extractFinal } from './extract.ts';

/** Characters of a reasoning: shorter is none, longer is a model that doesn't find out (about 32,000 tokens). */
const VERY_SHORT = 20;
const VERY_LONG = 120_000;
/** Text looked through at most; loops stand at the end, where the limit cut them. */
const LOOKED_THROUGH = 200_000;
/** Share of a trace that is loops, from which it goes round in circles: less is a habit of speech. */
const LOOP_SHARE = 0.2;
/** Words of a loop in all, so that a row of zeros in a long division is none. */
const LOOP_CHARACTERS = 200;
/** Share of letters of the other language, quotes left out, from which languages mix. */
const MIXED_SHARE = 0.1;
/** Letters that a text needs before its language is judged. */
const MIN_LETTERS = 40;
/** A Chinese character carries about as much as this many Latin letters. */
const LATIN_PER_HAN = 3;
/** Characters at the end of a reasoning in which it comes to its conclusion. */
const CONCLUSION_LENGTH = 400;
const TAG = /<\/?(?:think|thinking|reasoning)\s*>/i;
const REFUSAL = [
  /^\W{0,6}(?:i['’]?m (?:very |really |so )?sorry|sorry|i apologi[sz]e|my apologies)\b[^\n]{0,80}\b(?:can(?:['’]t|not)|unable|won['’]t|not able)\b/iu,
  /^\W{0,6}(?:i (?:can(?:['’]t|not)|won['’]t|am unable to|['’]m unable to|am not able to|['’]m not able to)|as an ai(?: language)? model,? i)\b[^\n]{0,60}\b(?:help|assist|answer|provide|comply|fulfil|do that|discuss|with that)/iu,
  /^[^\p{L}]{0,6}(?:很抱歉|非常抱歉|抱歉|对不起)[^\n]{0,30}(?:无法|不能|没办法|不可以)/u,
  /^[^\p{L}]{0,6}我(?:无法|不能)(?:回答|提供|协助|帮助|满足|讨论)/u,
];

export function traceFindings(record: DataRecord): readonly TraceFinding[] {
  const { think, answer, prompt } = record;
  const found: TraceFinding[] = [];
  const [reasoning, final] = [think.slice(0, LOOKED_THROUGH), answer.slice(0, LOOKED_THROUGH)];
  if (reasoning.trim() === '') found.push('think-missing');
  else if (reasoning.trim().length < VERY_SHORT) found.push('very-short');
  else if (think.length > VERY_LONG) found.push('very-long');
  if (TAG.test(reasoning) || TAG.test(final)) found.push('think-tags');
  if (final.trim() === '') found.push('answer-missing');
  if (isTruncated(record)) found.push('truncated');
  if (goesInCircles(think.slice(-LOOKED_THROUGH)) || goesInCircles(answer.slice(-LOOKED_THROUGH))) found.push('repetition');
  if (isMixed(reasoning)) found.push('language-mixed');
  const [asked, answered] = [record.language ?? languageOf(prompt), languageOf(final.trim() === '' ? reasoning : final)];
  if ((asked === 'en' || asked === 'zh') && answered !== null && asked !== answered) found.push('language-other');
  if (REFUSAL.some((pattern) => pattern.test(final.slice(0, 400).trim()))) found.push('refusal');
  if (concludesOtherwise(record)) found.push('think-answer-differs');
  return found;
}

/** By the service's word; without one, where an answer ends within LaTeX or code that was never closed. */
function isTruncated({ provenance, answer }: DataRecord): boolean {
  if (provenance.finish !== null) return provenance.finish === 'length';
  const tail = answer.slice(-20_000).trimEnd();
  if (tail === '') return false;
  const boxed = tail.lastIndexOf('\\boxed{');
  const unclosedBox = boxed >= 0 && !closes(tail, boxed + '\\boxed'.length);
  const fences = answer.length < LOOKED_THROUGH ? (answer.match(/^\s*```/gm) ?? []).length : 0;
  return unclosedBox || fences % 2 === 1 || /(?:[,，、:：(（=+*×÷^\\]|\\frac|\b(?:the|and|of|is|so|to|a))$/iu.test(tail) && !/[$*]$/.test(tail) && !tail.endsWith('```') && tail.length > 200;
}

function closes(text: string, from: number): boolean {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') depth += 1;
    else if (text[at] === '}' && --depth === 0) return true;
  }
  return false;
}

/** Loops of steps, and for text without steps loops of the same characters. */
function goesInCircles(text: string): boolean {
  if (text.length < LOOP_CHARACTERS) return false;
  const steps = stepRanges(text).map(({ start, end }) => text.slice(start, end));
  const prints = steps.map(fingerprint);
  let looped = 0;
  for (const { first, period, end } of findLoops(prints)) {
    for (let at = first + period; at < end; at++) looped += (steps[at] ?? '').length;
  }
  return (looped >= LOOP_CHARACTERS && looped >= LOOP_SHARE * text.length) || endsInPeriod(text);
}

/** Characters at the end that repeat with a period of at most this. */
const MAX_PERIOD = 400;
const MIN_PERIODS = 5;

/** The end repeats itself character for character: period found by the failure function (Knuth, Morris & Pratt 1977). */
function endsInPeriod(text: string): boolean {
  const tail = [...text.slice(-MAX_PERIOD * MIN_PERIODS)].reverse();
  const fails = new Int32Array(tail.length);
  let best = false;
  for (let at = 1, match = 0; at < tail.length; at++) {
    while (match > 0 && tail[at] !== tail[match]) match = fails[match - 1] ?? 0;
    if (tail[at] === tail[match]) match += 1;
    fails[at] = match;
    const [length, period] = [at + 1, at + 1 - match];
    if (length >= LOOP_CHARACTERS * 2 && length >= MIN_PERIODS * period && /\p{L}/u.test(tail.slice(0, period).join(''))) best = true;
  }
  return best;
}

/** en, zh, or null where there is too little text to tell. Mathematics, code and quotes are left out. */
export function languageOf(text: string): 'en' | 'zh' | null {
  const { han, latin } = letters(text);
  return han * LATIN_PER_HAN + latin < MIN_LETTERS ? null : han * LATIN_PER_HAN > latin ? 'zh' : 'en';
}

function isMixed(text: string): boolean {
  const { han, latin } = letters(text);
  const total = han * LATIN_PER_HAN + latin;
  if (total < MIN_LETTERS * 2) return false;
  const chinese = han * LATIN_PER_HAN > latin;
  // Names and terms in Latin letters belong into Chinese text: only whole sentences of them count.
  const other = chinese ? englishSentences(text) : han * LATIN_PER_HAN;
  return other >= MIXED_SHARE * total && other >= MIN_LETTERS;
}

function letters(text: string): { readonly han: number; readonly latin: number } {
  const prose = withoutQuotes(text);
  return { han: (prose.match(/\p{Script=Han}/gu) ?? []).length, latin: (prose.match(/[A-Za-z]/g) ?? []).length };
}

/** Letters in runs of at least eight English words. */
function englishSentences(text: string): number {
  return [...withoutQuotes(text).matchAll(/(?:[A-Za-z'’]+[ ,;:-]+){7,}[A-Za-z'’]+/g)].reduce((sum, [run]) => sum + run.replaceAll(/[^A-Za-z]/g, '').length, 0);
}

/** Every piece is bounded: a mark that is never closed must not send each of its repetitions to the end of the text. */
function withoutQuotes(text: string): string {
  return text
    .replaceAll(/```[^]*?(?:```|$)/g, ' ').replaceAll(/`[^`\n]*`/g, ' ')
    .replaceAll(/\$\$[^$]*\$\$|\$[^$\n]{1,400}\$|\\\[[^]{0,600}?\\\]|\\\([^\n]{0,300}?\\\)/g, ' ').replaceAll(/\\[A-Za-z]+/g, ' ')
    .replaceAll(/"[^"\n]{1,400}"|“[^”\n]{1,400}”|「[^」\n]{1,400}」|‘[^’\n]{1,400}’|『[^』\n]{1,400}』/g, ' ');
}

/** The reasoning says what its final answer is, and the answer says another. Only where both are found by a mark. */
function concludesOtherwise({ think, answer, gold, options }: DataRecord): boolean {
  const marked = (text: string): string | null => {
    const found = extractFinal(text, { kind: kindOf(gold ?? answer) });
    return found !== null && (found.by === 'boxed' || found.by === 'hash' || found.by === 'stated' || found.by === 'choice') ? found.text : null;
  };
  const [reasoned, given] = [marked(think), marked(answer) ?? (answer.trim().length < 60 ? answer.trim() : null)];
  if (reasoned === null || given === null || given === '') return false;
  // Where the end of the reasoning also names what is given, what was read as its conclusion may be a step of a check.
  const digits = /\d[\d,.]*\d|\d/.exec(given)?.[0];
  if (digits !== undefined && think.slice(-CONCLUSION_LENGTH).replaceAll(',', '').includes(digits.replaceAll(',', ''))) return false;
  return compareAnswers(given, reasoned, options === undefined ? {} : { options }).verdict === 'wrong';
}

function kindOf(text: string): 'choice' | 'number' {
  return /^\W{0,3}[A-J]\W{0,3}$/.test(text.slice(0, 10)) ? 'choice' : 'number';
}
