/** What earlier engines of this run folder have said: which stages are done, whether this is a first start. */
import { parseEvent, type MessageData, type MetricEvent } from '../../shared/events.ts';
import { jsonLines } from '../data/jsonLines.ts';

export interface History {
  /** Some engine has started here before. */
  readonly started: boolean;
  /** Stages that came to their end, by their place in the recipe. */
  readonly ended: ReadonlySet<number>;
  /** Warnings that were given, as warningKey writes them: a resume reads the same data and need not warn of it again. */
  readonly warned: ReadonlySet<string>;
  /** The metrics told at a step, so that a resumed run does not tell those of its checkpoint's step again. */
  toldAt(step: number): ReadonlySet<string>;
}

/** Ends of a stage after which a resume does it again: somebody stopped it, or its budget did. */
const UNFINISHED: ReadonlySet<string | undefined> = new Set(['stopped', 'budget']);

/** Reads events.jsonl; broken lines are passed over. A file that is not there is an empty history. */
export async function readHistory(file: string): Promise<History> {
  let started = false;
  const ended = new Set<number>();
  const warned = new Set<string>();
  const told = new Map<number, Set<string>>();
  try {
    for await (const { text } of jsonLines(file)) {
      const parsed = parseEvent(text);
      if (parsed.type !== 'event') continue;
      const { event } = parsed;
      if (event.kind === 'started') {
        started = true;
        forgetAbove(told, event.resumedFrom?.step ?? null);
      } else if (event.kind === 'stage') {
        if (event.state === 'end' && !UNFINISHED.has(event.reason)) ended.add(event.stage);
        else if (event.state === 'begin') ended.delete(event.stage);
      } else if (event.kind === 'warning') {
        warned.add(warningKey(event.code, event.data));
      } else if (event.kind === 'metric') {
        told.set(event.step, (told.get(event.step) ?? new Set()).add(metricKey(event)));
        // Only the metrics at a checkpoint's step are asked for; a few steps back are enough to hold.
        if (told.size > KEPT_STEPS) told.delete(told.keys().next().value ?? -1);
      }
    }
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'data-file-missing') throw error;
  }
  return { started, ended, warned, toldAt: (step) => told.get(step) ?? new Set() };
}

/** Steps whose metrics are remembered: more than any recipe puts between two checkpoints would cost memory for nothing. */
const KEPT_STEPS = 100_000;

export function metricKey({ stage, values }: Pick<MetricEvent, 'stage' | 'values'>): string {
  return `${String(stage)} ${Object.keys(values).sort().join(' ')}`;
}

export function warningKey(code: string, data: MessageData): string {
  return `${code} ${JSON.stringify(data)}`;
}

function forgetAbove(told: Map<number, Set<string>>, step: number | null): void {
  if (step === null) return;
  for (const each of told.keys()) if (each > step) told.delete(each);
}
