/** Rewards that a program can verify: the answer, the form, the length of a completion. */
import type { Verdict } from '../../shared/events.ts';
import type { ReinforceStage } from '../../shared/recipeReinforce.ts';
import type { EncodedRow } from '../data/contract.ts';
import type { Generated } from '../model/contract.ts';
import { compareAnswers } from '../verify/compare.ts';
import { keptThink } from './batch.ts';
import type { Writing } from './written.ts';

/** A completion and what it is worth; each part is between 0 and 1. */
export interface Rewarded {
  readonly think: string;
  readonly answer: string;
  readonly verdict: Verdict;
  /** Tokens, the end token counted. */
  readonly tokens: number;
  readonly ended: boolean;
  readonly parts: { readonly answer: number; readonly format: number; readonly length: number };
  /** Σ weight · part. */
  readonly reward: number;
}

type Settings = Pick<ReinforceStage, 'rewards' | 'length'>;

/** Judges what was written after the prompt of a row. Code that a program compares answers with has to be loaded (verify/compare.ts). */
export function rewarded(asked: EncodedRow, { ids, finish }: Generated, writing: Writing, { rewards, length }: Settings): Rewarded {
  const text = writing.decode(ids);
  const { think, answer } = writing.parse(text);
  const ended = finish === 'end';
  const tokens = ids.length + (ended ? 1 : 0);
  const compared = asked.gold === null || asked.gold === undefined ? null : compareAnswers(answer, asked.gold, { question: asked.question ?? '' });
  // Where the data's own completion reasons first, a bare answer is not the form that is asked for.
  const reasons = keptThink(asked) === 0 || think !== '';
  const parts = {
    answer: compared?.verdict === 'right' ? 1 : 0,
    format: ended && reasons && writing.closed(text) && answer !== '' && compared?.reason !== 'no-answer-found' ? 1 : 0,
    length: length === undefined ? 0 : lengthReward(tokens, length),
  };
  return {
    think, answer, tokens, ended, parts,
    // What can't be decided is no reason to do more of it.
    verdict: compared === null ? 'unknown' : compared.verdict === 'right' ? 'right' : 'wrong',
    reward: rewards.answer * parts.answer + rewards.format * parts.format + rewards.length * parts.length,
  };
}

/** 1 up to `from` tokens, in a straight line to 0 at `to`. */
export function lengthReward(tokens: number, { from, to }: { readonly from: number; readonly to: number }): number {
  return tokens <= from ? 1 : Math.max(0, (to - tokens) / (to - from));
}
