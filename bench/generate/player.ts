/** What a contestant of the generation bench is asked and answers. */
import type { Contestant, Turn } from '../lib/contestant.ts';

/** Greedy, always to the full length. */
export interface Task {
  /** A model's folder. */
  readonly folder: string;
  readonly prompts: readonly (readonly number[])[];
  readonly newTokens: number;
}
export interface Answer extends Turn {
  readonly ids: readonly (readonly number[])[];
}
export type Player = Contestant<{ readonly device: string }, Task, Answer>;
