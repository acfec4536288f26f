/** What a run's collect stages have written. */
import path from 'node:path';
import type { RunView } from './view.ts';

/** The file of the last one that came to its end; null where none has. */
export function collectedFile({ run, stages }: RunView): string | null {
  const last = stages.findLast(({ type, state }) => type === 'collect' && state === 'done');
  const stage = last === undefined ? undefined : run?.recipe.stages[last.index];
  return run === null || stage?.type !== 'collect' ? null : path.resolve(run.base, stage.to);
}
