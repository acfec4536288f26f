/** What a contestant of the training bench is asked (so many steps) and answers. */
import type { Contestant, Turn } from '../lib/contestant.ts';

export interface Block extends Turn {
  readonly loss: number | null;
}
export type Stepper = Contestant<{ readonly device: string; readonly parameters: number }, number, Block>;
