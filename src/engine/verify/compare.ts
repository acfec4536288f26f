/** Whether two final answers mean the same, and why. Synchronous, bounded in time and size, and the same every time. */
import type { Verdict } from '../../shared/events.ts';
import { VERDICT_REASONS, type VerdictReason } from '../../shared/verdicts.ts';
import { exactValue } from './evaluate.ts';
import { apply, number, variablesOf, type Expression, type Meaning } from './expression.ts';
import { extractFinal, type Extraction } from './extract.ts';
import { optionLetters, readMeaning, truthOf } from './meaning.ts';
import { scaleAfter } from './numerals.ts';
import { plainWords } from './plainText.ts';
import { readDecimal, whole } from './rational.ts';
import { asksForLimit } from './standing.ts';
import { difference, INFINITE, proportional, reversed, unwrapped, type RelationMeaning } from './relations.ts';
import { sameValue, type Sameness } from './sameValue.ts';
import { loadSymbolic } from './symbolic.ts';
import { conversion, sameDimension } from './units.ts';

export interface AnswerVerdict {
  readonly verdict: Verdict;
  readonly reason: VerdictReason;
  /** The final answers as they were taken from the texts; null where there is none. */
  readonly found: string | null;
  readonly expected: string | null;
}

export interface CompareOptions {
  /** Texts of a multiple-choice question's options: A is the first. */
  readonly options?: readonly string[];
  /** Where it speaks of millions, a reference 4 may mean 4 million. */
  readonly question?: string;
}

/** Loads what comparing expressions needs besides. Without it comparing works, and asks no symbolic engine. */
export async function loadComparer(): Promise<void> {
  await loadSymbolic();
}

/** Compares the final answers of two texts, each of which may be a bare answer or a whole solution. Never throws. */
export function compareAnswers(answer: string, gold: string, { options = [], question = '' }: CompareOptions = {}): AnswerVerdict {
  const expected = referenceOf(gold);
  if (expected === null) return verdictOf('no-reference', null, null);
  const kind = kindOf(expected.text, options);
  const found = extractFinal(answer, { kind, options });
  if (found === null) return verdictOf('no-answer-found', null, expected.text);
  const reason = reasonOfStanding(found, expected.text, kind, options, question);
  return verdictOf(reason === 'different-number' && inScaleOf(question, found.text, expected.text) ? 'equal-converted' : reason, found.text, expected.text);
}

/** A reference is its own text, a marked answer in it, or, where it is a whole solution without marks, what the solution says. */
function referenceOf(gold: string): Extraction | null {
  const found = extractFinal(gold, { reference: true });
  if (found?.by !== 'whole' || found.text.length <= WHOLE_SOLUTION && !/answer is|答案/i.test(found.text) || readMeaning(found.text).meaning.type !== 'text') return found;
  return extractFinal(gold, { kind: 'number' }) ?? found;
}

/** A reference longer than this that reads as nothing is a solution, not an answer. */
const WHOLE_SOLUTION = 200;

/** The question's own word for the size of its numbers: $32 million … how much is left? 4. */
function inScaleOf(question: string, found: string, gold: string): boolean {
  const factors = [...question.slice(0, 20_000).matchAll(/(?:\d\s*|how many )(thousand|dozen|million|billion|trillion|万|亿)/gi)].map(([, word = '']) => scaleAfter(word)?.factor);
  const [a, b] = [readMeaning(found).meaning, readMeaning(gold).meaning];
  if (a.type !== 'expression' || b.type !== 'expression') return false;
  return factors.some((factor) => factor !== undefined && (sameValue(apply('multiply', b.value, number(factor)), a.value) === 'same' || sameValue(apply('multiply', a.value, number(factor)), b.value) === 'same'));
}

function verdictOf(reason: VerdictReason, found: string | null, expected: string | null): AnswerVerdict {
  return { verdict: VERDICT_REASONS[reason].verdict, reason, found, expected };
}

export type AnswerKind = 'choice' | 'truth' | 'number' | 'any';

/** What the reference is decides what is looked for in the answer. */
function kindOf(gold: string, options: readonly string[]): AnswerKind {
  if (optionLetters(gold) !== null && (options.length > 0 || /[A-J]/.test(gold) || /^\W*[a-j]\W*$/.test(gold) && /[()]/.test(gold))) return 'choice';
  if (truthOf(gold) !== null) return 'truth';
  const { meaning } = readMeaning(gold);
  return meaning.type === 'expression' && variablesOf(meaning.value).size === 0 ? 'number' : 'any';
}

/** A number that is denied, one of several, or the edge of a range is not stated as the answer. */
function reasonOfStanding(found: Extraction, gold: string, kind: AnswerKind, options: readonly string[], question: string): VerdictReason {
  const { standing, denied } = found;
  const reasonOf = (text: string): VerdictReason => reasonFor({ text, by: found.by }, gold, kind, options);
  if (denied !== undefined && reasonOf(denied).startsWith('equal-')) return 'answer-denied';
  if (standing === undefined || (standing.type === 'limit' && asksForLimit(question))) return reasonOf(found.text);
  if (standing.type === 'denied') return reasonOf(found.text).startsWith('equal-') ? 'answer-denied' : 'not-stated';
  if (standing.type !== 'alternative') return 'not-stated';
  // "1/2 or 0.5" is one answer, "5 dollars or 500 cents" as well.
  if (reasonFor({ text: standing.other, by: found.by }, found.text, kind, options).startsWith('equal-')) return [reasonOf(standing.other), reasonOf(found.text)].find((reason) => reason.startsWith('equal-')) ?? reasonOf(found.text);
  const [one, other] = [reasonOf(standing.other), reasonOf(found.text)];
  const [first, second] = [VERDICT_REASONS[one].verdict, VERDICT_REASONS[other].verdict];
  return first === second && first !== 'unknown' ? other : 'several-answers';
}

function reasonFor(found: Extraction, gold: string, kind: AnswerKind, options: readonly string[]): VerdictReason {
  if (found.by === 'several') return 'several-answers';
  const answer = found.text;
  if (kind === 'choice' || (options.length > 0 && optionLetters(answer) !== null)) return compareChoices(answer, gold, options);
  const [truth, expected] = [truthOf(answer), truthOf(gold)];
  if (expected !== null && truth !== null) return truth === expected ? 'equal-truth' : 'different-truth';
  if (answer.trim() === gold.trim()) return sameTextReason(gold);
  const [a, b] = [readMeaning(answer), readMeaning(gold)];
  if (a.tooLarge || b.tooLarge) return 'too-large';
  return compareMeanings(a.meaning, b.meaning);
}

function sameTextReason(gold: string): VerdictReason {
  const { meaning } = readMeaning(gold);
  return meaning.type === 'expression' && exactValue(meaning.value) !== null ? 'equal-number' : 'equal-text';
}

function compareChoices(answer: string, gold: string, options: readonly string[]): VerdictReason {
  const letters = (text: string): string | null => optionLetters(text) ?? optionByText(text, options);
  const [a, b] = [letters(answer), letters(gold)];
  if (b === null) return compareMeanings(readMeaning(answer).meaning, readMeaning(gold).meaning);
  if (a === null) return 'cannot-judge';
  return a === b ? 'equal-choice' : 'wrong-option';
}

function optionByText(text: string, options: readonly string[]): string | null {
  const words = plainWords(text).replace(/^[a-j] (?=\S)/, '');
  const hits = options.flatMap((option, index) => {
    const plain = plainWords(option).replace(/^[a-j] (?=\S)/, '');
    return plain !== '' && (plain === words || compareMeanings(readMeaning(text).meaning, readMeaning(option).meaning).startsWith('equal-')) ? [index] : [];
  });
  return hits.length === 1 ? String.fromCharCode(65 + (hits[0] ?? 0)) : null;
}

/** Symmetric. */
export function compareMeanings(a: Meaning, b: Meaning): VerdictReason {
  const [x, y] = unwrapped(a, b);
  if (x.type === 'text' || y.type === 'text') {
    if (x.type !== y.type) return 'cannot-judge';
    return x.type === 'text' && y.type === 'text' && x.text === y.text && x.text !== '' ? 'equal-text' : 'different-text';
  }
  if (x.type === 'expression' && y.type === 'expression') return compareQuantities(x, y);
  if (x.type === 'based' || y.type === 'based') return compareBased(x, y);
  if (x.type === 'ratio' || y.type === 'ratio') return compareRatios(x, y);
  if (x.type === 'relation' && y.type === 'relation') return compareRelations(x, y);
  if (x.type === 'relation' || y.type === 'relation') return 'different-equation';
  if (x.type === 'matrix' || y.type === 'matrix') return compareMatrices(x, y);
  return compareCollections(x, y);
}

type Quantity = Extract<Meaning, { type: 'expression' }>;

/**
 * Units: those of the same dimension are converted; another dimension is another answer; where only one side has a unit, the
 * other is taken to mean it (a percent sign also as its hundredth, degrees also in radians).
 */
function compareQuantities(a: Quantity, b: Quantity): VerdictReason {
  const plainly = reasonOfValues(sameValue(a.value, b.value), a.value, b.value);
  if (a.unit !== null && b.unit !== null) {
    if (a.unit.name === b.unit.name) return plainly;
    if (!sameDimension(a.unit, b.unit)) return turned(a, b) ?? 'different-unit';
    const factor = conversion(a.unit, b.unit);
    if (factor === null) return 'cannot-judge';
    if (factor.top === factor.bottom) return plainly;
    const converted = sameValue(apply('multiply', a.value, number(factor)), b.value);
    return converted === 'same' ? 'equal-converted' : reasonOfValues(converted, a.value, b.value);
  }
  if (plainly.startsWith('equal-')) return plainly;
  const unit = a.unit ?? b.unit;
  if (unit === null) return plainly;
  const [with_, without] = a.unit === null ? [b.value, a.value] : [a.value, b.value];
  const factor = unit.dimension === 'share' ? number(readDecimal('0.01') ?? whole(1)) : unit.dimension === 'angle' ? DEGREE : null;
  return factor !== null && sameValue(apply('multiply', with_, factor), without) === 'same' ? 'equal-converted' : plainly;
}

const DEGREE: Expression = apply('divide', { type: 'symbol', name: 'pi' }, number(whole(180)));

/** Degrees and radians. */
function turned(a: Quantity, b: Quantity): VerdictReason | null {
  const [angle, radian] = a.unit?.dimension === 'angle' ? [a, b] : [b, a];
  if (angle.unit?.dimension !== 'angle' || radian.unit?.dimension !== 'radian') return null;
  return sameValue(apply('multiply', angle.value, DEGREE), radian.value) === 'same' ? 'equal-converted' : 'different-number';
}

function reasonOfValues(sameness: Sameness, a: Expression, b: Expression): VerdictReason {
  const numbers = exactValue(a) !== null && exactValue(b) !== null;
  const constants = variablesOf(a).size === 0 && variablesOf(b).size === 0;
  switch (sameness) {
    case 'same': return numbers ? 'equal-number' : 'equal-expression';
    case 'different': return numbers || constants ? 'different-number' : 'different-expression';
    case 'rounded': return 'only-rounded';
    case 'unknown': return 'cannot-judge';
  }
}

/** 52 without its base is 52_8, as 5 without its unit is 5 cm. */
function compareBased(a: Meaning, b: Meaning): VerdictReason {
  if (a.type === 'based' && b.type === 'based') return a.value.top === b.value.top ? 'equal-number' : 'different-number';
  const [based, other] = a.type === 'based' ? [a, b] : [b, a];
  if (based.type !== 'based' || other.type !== 'expression') return 'cannot-judge';
  const value = exactValue(other.value);
  return value !== null && value.bottom === 1n && String(value.top) === based.digits ? 'equal-number' : 'different-number';
}

function compareRatios(a: Meaning, b: Meaning): VerdictReason {
  if (a.type === 'ratio' && b.type === 'ratio') {
    if (a.clock !== null && b.clock !== null) return a.clock === b.clock ? 'equal-number' : 'different-number';
    if (a.parts.length === 0 || b.parts.length === 0) return 'cannot-judge';
    if (a.parts.length !== b.parts.length) return 'different-number';
    const [first, ...rest] = a.parts;
    const [other, ...others] = b.parts;
    if (first === undefined || other === undefined) return 'cannot-judge';
    // Cross products, so that no zero divides.
    const fits = rest.every((part, i) => sameValue(apply('multiply', first, others[i] ?? other), apply('multiply', other, part)) === 'same');
    return fits ? 'equal-number' : 'different-number';
  }
  const [ratio, other] = a.type === 'ratio' ? [a, b] : [b, a];
  const [top, bottom] = ratio.type === 'ratio' ? ratio.parts : [];
  if (other.type !== 'expression' || ratio.type !== 'ratio' || ratio.parts.length !== 2 || top === undefined || bottom === undefined) return 'cannot-judge';
  return reasonOfValues(sameValue(apply('divide', top, bottom), other.value), top, bottom);
}

/** Equations that differ by a constant factor are the same; so are chains of the same signs and sides. */
function compareRelations(a: RelationMeaning, b: RelationMeaning): VerdictReason {
  if (a.signs.length !== b.signs.length) return 'different-equation';
  if (a.signs.length === 1 && a.signs[0] === '=' && b.signs[0] === '=') {
    const [p, q] = [difference(a), difference(b)];
    if (p !== null && q !== null) return proportional(p, q) ? 'equal-equation' : 'different-equation';
  }
  const sidesEqual = (other: RelationMeaning): boolean => a.signs.every((sign, i) => sign === other.signs[i])
    && a.sides.every((side, i) => compareMeanings(side, other.sides[i] ?? INFINITE).startsWith('equal-'));
  return sidesEqual(b) || sidesEqual(reversed(b)) ? 'equal-equation' : 'different-equation';
}

function compareMatrices(a: Meaning, b: Meaning): VerdictReason {
  const [x, y] = [rowsOf(a), rowsOf(b)];
  if (x === null || y === null) return 'different-structure';
  // A column or row of one matrix may be written as a tuple.
  const flat = a.type !== 'matrix' || b.type !== 'matrix';
  const shape = (rows: readonly (readonly Expression[])[]): string => flat && (rows.length === 1 || rows[0]?.length === 1) ? String(rows.flat().length) : `${String(rows.length)}×${String(rows[0]?.length)}`;
  if (shape(x) !== shape(y)) return 'different-structure';
  const [p, q] = [x.flat(), y.flat()];
  return summary(p.map((value, i) => sameValue(value, q[i] ?? value)));
}

function summary(parts: readonly Sameness[]): VerdictReason {
  if (parts.includes('different')) return 'different-structure';
  return parts.includes('unknown') ? 'cannot-judge' : parts.includes('rounded') ? 'only-rounded' : 'equal-structure';
}

function rowsOf(meaning: Meaning): readonly (readonly Expression[])[] | null {
  if (meaning.type === 'matrix') return meaning.rows;
  if (meaning.type !== 'group' || meaning.open === '{') return null;
  const cells = meaning.items.map((item) => item.type === 'expression' ? [item.value] : item.type === 'group' ? item.items.flatMap((inner) => inner.type === 'expression' ? [inner.value] : []) : []);
  const width = cells[0]?.length ?? 0;
  if (width === 0 || cells.some((row) => row.length !== width)) return null;
  return meaning.items.every((item) => item.type === 'expression') ? [cells.flat()] : cells;
}

/** More items than this are compared in order only. */
const MAX_UNORDERED = 60;

function compareCollections(a: Meaning, b: Meaning): VerdictReason {
  const [x, y] = [collectionOf(a), collectionOf(b)];
  // Brackets matter where both have them: (3, 4] is not [3, 4), and {1, 2} is no pair.
  if (x.brackets !== null && y.brackets !== null && x.brackets !== y.brackets) return 'different-structure';
  const unordered = x.unordered || y.unordered ? !(x.ordered || y.ordered) : false;
  const [p, q] = unordered ? [distinct(x.items), distinct(y.items)] : [x.items, y.items];
  if (p.length !== q.length) return 'different-structure';
  if (!unordered || p.length > MAX_UNORDERED) return foldReasons(p.map((item, i) => compareMeanings(item, q[i] ?? item)));
  const left = [...q];
  const reasons: VerdictReason[] = [];
  for (const item of p) {
    const outcomes = left.map((other) => compareMeanings(item, other));
    const hit = outcomes.findIndex((reason) => reason.startsWith('equal-'));
    if (hit < 0) reasons.push(outcomes.find((reason) => reason === 'only-rounded') ?? outcomes.find((reason) => VERDICT_REASONS[reason].verdict === 'unknown') ?? 'different-structure');
    else left.splice(hit, 1);
  }
  return foldReasons(reasons);
}

function foldReasons(reasons: readonly VerdictReason[]): VerdictReason {
  if (reasons.some((reason) => VERDICT_REASONS[reason].verdict === 'wrong')) return 'different-structure';
  return reasons.find((reason) => VERDICT_REASONS[reason].verdict === 'unknown') ?? 'equal-structure';
}

interface Collection {
  readonly items: readonly Meaning[];
  /** Null where there are none. */
  readonly brackets: string | null;
  readonly ordered: boolean;
  readonly unordered: boolean;
}

/** A bare list has no order (roots of an equation), a set neither; a tuple or an interval has one. */
function collectionOf(meaning: Meaning): Collection {
  if (meaning.type === 'group') {
    const set = meaning.open === '{';
    return { items: flattened(meaning.items), brackets: `${meaning.open}${meaning.close}`, ordered: !set, unordered: set };
  }
  if (meaning.type === 'list') return { items: flattened(meaning.items), brackets: null, ordered: false, unordered: true };
  if (meaning.type === 'union') return { items: meaning.items, brackets: 'union', ordered: false, unordered: true };
  return { items: [meaning], brackets: null, ordered: false, unordered: true };
}

/** {1 ± √5, −2} has three. */
function flattened(items: readonly Meaning[]): readonly Meaning[] {
  return items.flatMap((item) => item.type === 'list' ? flattened(item.items) : [item]);
}

function distinct(items: readonly Meaning[]): readonly Meaning[] {
  if (items.length > MAX_UNORDERED) return items;
  return items.filter((item, i) => !items.slice(0, i).some((other) => compareMeanings(item, other).startsWith('equal-')));
}
