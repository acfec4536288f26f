/** Splits a reasoning trace into its steps and reads what each one does: its kind, its numbers, its arithmetic. */
import { arithmeticOf, type Equation, type Slip } from './stepsArithmetic.ts';
import { stepRanges } from './stepsBoundaries.ts';
import { claimsOf, type Claim } from './stepsClaims.ts';
import { kindOf, type StepKind } from './stepsKind.ts';
import { numbersIn, plainForms } from './stepsNumbers.ts';

export type { Claim, Equation, Slip, StepKind };

export interface Step {
  readonly index: number;
  /** Range in the trace, in UTF-16 units. The ranges of all steps tile the text: `text.slice(start, end)` joined is the text. */
  readonly start: number;
  readonly end: number;
  /** The range's text without the white space around it. Ranges below are relative to it. */
  readonly text: string;
  readonly kind: StepKind;
  /** Begins a paragraph or a list item. */
  readonly opens: boolean;
  /** Values of the numbers in it, in order; list markers and ordinals left out. */
  readonly numbers: readonly number[];
  readonly equations: readonly Equation[];
  readonly claims: readonly Claim[];
  /** Arithmetic in it that is wrong. */
  readonly slips: readonly Slip[];
}

const MARKER = /^\s*(?:[-*+•●▪]\s+|\(?\d{1,3}[.)、](?!\d)|#{1,6}\s+(?:\d{1,3}[.)、])?)|\b(?:step|case|method|option|part|equation|figure)\s+\d{1,3}\b|第\s?\d{1,3}\s?(?:步|种|个)|步骤\s?\d{1,3}/gi;

/** Reads one step; also used for a text that is one step by itself. */
function readStep(index: number, start: number, end: number, text: string, opens: boolean): Step {
  const plain = plainForms(text);
  const numbers = numbersIn(plain.replace(MARKER, (marker) => ' '.repeat(marker.length)));
  const { equations, slips } = arithmeticOf(plain);
  return {
    index, start, end, text, opens, equations, slips,
    kind: kindOf(text, equations.length > 0),
    numbers: numbers.map(({ value }) => value),
    claims: claimsOf(plain, numbers, equations),
  };
}

/** Steps of the reasoning `think`, English or Chinese, in order. The empty text has none. */
export function splitSteps(think: string): Step[] {
  const steps = stepRanges(think).map(({ start, end, opens }, index) => readStep(index, start, end, think.slice(start, end).trim(), opens));
  const last = steps.at(-1);
  if (last !== undefined) steps[steps.length - 1] = { ...last, slips: last.slips.filter((slip) => !isCutOff(slip, last.text)) };
  return steps;
}

/** A trace that the token limit cut in the middle of a number: `13,728 ÷ 16 = 85` was to be 858. */
function isCutOff({ end, claimed, expected }: Slip, text: string): boolean {
  return end === text.length && String(expected).startsWith(String(claimed));
}
