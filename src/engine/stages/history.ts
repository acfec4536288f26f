/** What earlier engines of this run folder have said: which stages are done, whether this is a first start. */
import { parseEvent, type MessageData, type MetricEvent, type StageEvent } from '../../shared/events.ts';
import { isEvaluationMetric } from '../../shared/metrics.ts';
import { jsonLines } from '../data/jsonLines.ts';

/** What a stage that trains has handed on, as its end told. */
export interface HandedOn {
  readonly stage: number;
  readonly checkpoint: string | null;
  readonly values: MetricEvent['values'];
}

export interface History {
  /** Some engine has started here before. */
  readonly started: boolean;
  /** Stages that came to their end, by their place in the recipe. */
  readonly ended: ReadonlySet<number>;
  /** The stage whose gate or entry ended the run; null where none did. What was judged once is not judged again. */
  readonly barred: { readonly stage: number; readonly by: 'gate' | 'entry' } | null;
  /** By the last stage that trained to its end; null before that, and where an older engine didn't tell. */
  readonly handedOn: HandedOn | null;
  /** The newest evaluation: its step and values. */
  readonly evaluated: { readonly step: number; readonly values: MetricEvent['values'] } | null;
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
  let barred: History['barred'] = null;
  let handedOn: HandedOn | null = null;
  let evaluated: History['evaluated'] = null;
  const warned = new Set<string>();
  const told = new Map<number, Set<string>>();
  try {
    for await (const { text } of jsonLines(file)) {
      const parsed = parseEvent(text);
      if (parsed.type !== 'event') continue;
      const { event } = parsed;
      if (event.kind === 'started') {
        started = true;
        const step = event.resumedFrom?.step ?? null;
        forgetAbove(told, step);
        if (step !== null && (evaluated?.step ?? 0) > step) evaluated = null;
      } else if (event.kind === 'stage') {
        if (event.state === 'end' && !UNFINISHED.has(event.reason)) ended.add(event.stage);
        else if (event.state === 'begin') ended.delete(event.stage);
        if (event.state === 'end') barred = barredBy(event);
        if (event.state === 'end' && event.checkpoint !== undefined && ended.has(event.stage)) handedOn = { stage: event.stage, checkpoint: event.checkpoint, values: event.values ?? {} };
      } else if (event.kind === 'warning') {
        warned.add(warningKey(event.code, event.data));
      } else if (event.kind === 'metric') {
        if (Object.keys(event.values).some(isEvaluationMetric)) evaluated = { step: event.step, values: event.values };
        told.set(event.step, (told.get(event.step) ?? new Set()).add(metricKey(event)));
        // Only the metrics at a checkpoint's step are asked for; a few steps back are enough to hold.
        if (told.size > KEPT_STEPS) told.delete(told.keys().next().value ?? -1);
      }
    }
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'data-file-missing') throw error;
  }
  return { started, ended, barred, handedOn, evaluated, warned, toldAt: (step) => told.get(step) ?? new Set() };
}

function barredBy({ stage, reason }: StageEvent): History['barred'] {
  return reason === 'gate-missed' ? { stage, by: 'gate' } : reason === 'entry-missed' ? { stage, by: 'entry' } : null;
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
