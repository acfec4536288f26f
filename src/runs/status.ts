/** From what a run's files say and whether its engine lives, to the one word that people are shown. Pure. */
import type { RunStatus } from '../shared/panel.ts';
import type { Liveness } from '../system/processIdentity.ts';
import type { RunFacts } from './fold.ts';

/** On another host, and before the first event, silence for this long means that nothing is there: twelve beats of 5 s. */
export const SILENCE_MS = 60_000;

export interface StatusEvidence {
  readonly facts: Pick<RunFacts, 'ended' | 'started' | 'queued' | 'process'>;
  /** Of the process that wrote last, or that holds the lock when none wrote yet; null when there is neither. */
  readonly engine: Liveness | null;
  /** Since the run's last sign of life: its newest event, growth of its file, or its creation. */
  readonly silentMs: number;
  /** A stop was ordered since the engine was last started. */
  readonly stopOrdered: boolean;
}

export function decideStatus({ facts, engine, silentMs, stopOrdered }: StatusEvidence): RunStatus {
  if (facts.ended !== null) return facts.ended.outcome;
  const gone = engine === 'dead' || (engine !== 'alive' && silentMs >= SILENCE_MS);
  // Whoever ordered the stop and then saw the engine forced to it does not call the run lost.
  if (gone) return stopOrdered ? 'stopped' : 'lost';
  if (stopOrdered) return 'stopping';
  if (facts.queued !== null) return 'queued';
  return facts.started === null ? 'starting' : 'running';
}

export function isActive(status: RunStatus): boolean {
  return status === 'queued' || status === 'starting' || status === 'running' || status === 'stopping';
}
