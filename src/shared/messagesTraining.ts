/** Sentences about training: objectives, stages, adapters, sweeps, backends that are set up. See messages.ts. */
import type { Sentence } from './messages.ts';

export const TRAINING_ERRORS = {
} as const satisfies Record<string, Sentence>;

export const TRAINING_WARNINGS = {
} as const satisfies Record<string, Sentence>;
