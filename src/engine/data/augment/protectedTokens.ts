/** What no rewording may touch: numbers, operators, mathematics, units, names, negations, and words of quantity and relation. */
import { numberKey, numbersIn, plainForms } from '../../../shared/stepsNumbers.ts';

const MATHS = /\$[^$]*\$|\\[a-zA-Z]+|[-+−×÷*/=<>≤≥≠≈^%$¥￥€£]+/g;
const NEGATIONS = /\b(?:not|no|never|none|nobody|nothing|neither|nor|without|except|cannot|[a-z]+n['’]t)\b|[不没无未非别勿]|除了/gi;
const QUANTITY = /\b(?:more|less|fewer|than|half|twice|double[ds]?|triple[ds]?|times|each|every|per|all|both|total|altogether|sum|difference|product|quotient|average|mean|remaining|left|rest|least|most|at|exactly|percent|ratio|equal(?:ly)?|same|first|last|before|after|ago|only)\b|[倍半每各比多少剩余共均]/gi;
const UNITS = /\b(?:kilo\w+|centi\w+|milli\w+|met(?:er|re)s?|grams?|lit(?:er|re)s?|miles?|feet|foot|inch(?:es)?|yards?|pounds?|ounces?|gallons?|quarts?|pints?|cups?|hours?|minutes?|seconds?|days?|weeks?|months?|years?|dollars?|cents?|dozens?|km|cm|mm|kg|mg|ml|lbs?|oz|ft)\b|厘米|分米|毫米|千米|公里|平方|立方|千克|公斤|毫升|小时|分钟|公顷|[米克吨升秒元角分天周月年岁]/gi;
/** A capital inside a sentence. */
const NAMES = /(?<=[a-z,;:)]\s)[A-Z][\p{L}’'-]*/gu;

/** The protected parts of a text, kind by kind, in an order of their own: two texts with equal lists say the same of them. */
export function protectedParts(text: string, { names = true }: { readonly names?: boolean } = {}): readonly string[] {
  const plain = plainForms(text);
  const of = (pattern: RegExp): readonly string[] => [...text.matchAll(pattern)].map(([part]) => part.toLowerCase());
  return [
    `numbers ${numbersIn(plain).map(({ value }) => numberKey(value)).join(' ')}`, `maths ${of(MATHS).join(' ')}`, `negations ${of(NEGATIONS).join(' ')}`,
    `quantities ${of(QUANTITY).join(' ')}`, `units ${of(UNITS).join(' ')}`, ...(names ? [`names ${of(NAMES).join(' ')}`] : []),
  ];
}

/** The numbers of a text as a sorted list of keys: what a translation must bring back, in any order. */
export function numbersOf(text: string): readonly string[] {
  return numbersIn(plainForms(text)).map(({ value }) => numberKey(value)).sort();
}
