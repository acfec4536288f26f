import type { TraceRole, Verdict } from './events.ts';

/** One prompt with its reasoning and answer: a line of traces.jsonl. */
export interface Trace {
  readonly format: 1;
  readonly id: string;
  /** The same for teacher's and student's trace of one prompt. */
  readonly example: string;
  readonly role: TraceRole;
  readonly stage: number;
  readonly step: number;
  readonly prompt: string;
  /** Empty when the model wrote none. */
  readonly think: string;
  readonly answer: string;
  /** The reference answer, or null where the data has none. */
  readonly gold: string | null;
  readonly verdict: Verdict;
  /** Generated tokens, the end token included. */
  readonly tokens: number;
  /** Whether the model ended by itself, or was cut by the limit. */
  readonly finish: 'end' | 'length';
  /** What made it: model folder or name, sampling, checkpoint. */
  readonly model: string;
  readonly sampling: { readonly temperature: number; readonly topP: number; readonly seed: number };
}

const OPENING = /^\s*<(think|thinking|reasoning)>/i;
const CLOSING = /<\/(?:think|thinking|reasoning)>/i;

/**
 * Takes what a model wrote apart into reasoning and answer. The opening tag may be missing, because the chat template
 * wrote it; a text with an opening tag and no closing one was cut inside its reasoning; one without tags is all answer.
 */
export function splitThink(text: string): { readonly think: string; readonly answer: string } {
  const opening = OPENING.exec(text);
  const start = opening?.[0].length ?? 0;
  const closing = CLOSING.exec(text.slice(start));
  if (closing === null) return opening === null ? { think: '', answer: text } : { think: text.slice(start), answer: '' };
  const end = start + closing.index;
  return { think: text.slice(start, end), answer: text.slice(end + closing[0].length).replace(/^\s+/, '') };
}
