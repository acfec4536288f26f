/** A run of the engine from its start to its end, as the benches that measure quality read it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startRun } from '../../src/runs/launcher.ts';
import { parseEvent, type EndedEvent, type EvaluationEvent, type RunEvent, type TraceEvent } from '../../src/shared/events.ts';
import { sentence } from '../../src/shared/messages.ts';
import type { Recipe } from '../../src/shared/recipe.ts';
import { RUN_FILES } from '../../src/shared/run.ts';
import { watchForChange } from '../../src/system/watchForChange.ts';

export interface Outcome {
  readonly folder: string;
  readonly minutes: number;
  /** The last one of the run. */
  readonly evaluation: EvaluationEvent;
  /** Examples that each model got right in it. */
  readonly right: { readonly teacher: ReadonlySet<string>; readonly student: ReadonlySet<string> };
  readonly examples: readonly string[];
  readonly warnings: readonly string[];
}

/** `recipePath` is where relative paths begin; the run folder is made below `project`. Throws when it ends otherwise than done. */
export async function runToEnd(recipe: Recipe, recipePath: string, project: string, engine: string): Promise<Outcome> {
  const { folder } = await startRun({ project, recipePath, recipe }, { script: engine, node: process.execPath });
  const file = path.join(folder, RUN_FILES.events);
  const read = async (): Promise<readonly RunEvent[]> => (await readFile(file, 'utf8')).split('\n').flatMap((line) => {
    const parsed = parseEvent(line);
    return parsed.type === 'event' ? [parsed.event] : [];
  });
  const watch = watchForChange(file);
  let events = await read();
  while (!events.some((event) => event.kind === 'ended')) {
    await watch.next();
    events = await read();
  }
  watch.close();
  const ended = events.find((event): event is EndedEvent => event.kind === 'ended');
  if (ended?.outcome !== 'done') throw new Error(ended?.code === undefined ? `run ${folder} ended ${ended?.outcome ?? ''}` : sentence(ended.code, ended.data ?? {}, 'en'));
  const last = events.findLastIndex((event) => event.kind === 'evaluation');
  const evaluation = events[last];
  if (evaluation?.kind !== 'evaluation') throw new Error(`run ${folder} has no evaluation`);
  // An earlier evaluation (a gate's, one that was ordered) has told traces of its own: the last verdict on an example counts.
  const traces = events.filter((event): event is TraceEvent => event.kind === 'trace');
  const right = (role: TraceEvent['role']): ReadonlySet<string> => {
    const verdicts = new Map(traces.filter((trace) => trace.role === role).map(({ example, verdict }) => [example, verdict]));
    return new Set([...verdicts].filter(([, verdict]) => verdict === 'right').map(([example]) => example));
  };
  return {
    folder, evaluation,
    minutes: (ended.at - (events[0]?.at ?? ended.at)) / 60_000,
    right: { teacher: right('teacher'), student: right('student') },
    examples: [...new Set(traces.filter(({ role }) => role === 'student').map(({ example }) => example))],
    warnings: events.flatMap((event) => (event.kind === 'warning' ? [event.code] : [])),
  };
}

export function scoreOf({ evaluation }: Pick<Outcome, 'evaluation'>, role: 'teacher' | 'student'): EvaluationEvent['models'][number] {
  const model = evaluation.models.find((each) => each.role === role);
  if (model === undefined) throw new Error(`the evaluation has no ${role}`);
  return model;
}

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
