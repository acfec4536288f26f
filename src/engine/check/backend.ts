/** The backend that a run would take: tried as the engine tries it, each in a process of its own. */
import type { BackendAttempt } from '../../shared/events.ts';
import type { Finding } from '../../shared/preflight.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { DOCTOR_BACKENDS } from '../doctor.ts';
import { finding, type Machine } from './contract.ts';

/** All that were tried, the taken one last. */
export async function tryBackends({ engine: { backend } }: Recipe, machine: Machine): Promise<readonly BackendAttempt[]> {
  const attempts: BackendAttempt[] = [];
  for (const name of backend === 'auto' ? DOCTOR_BACKENDS : [backend]) {
    const attempt = await machine.attempt(name);
    attempts.push(attempt);
    if (attempt.outcome === 'taken') break;
  }
  return attempts;
}

export function backendFindings(attempts: readonly BackendAttempt[]): readonly Finding[] {
  if (attempts.length === 0) return [];
  const evidence = { columns: ['backend', 'outcome'] as const, rows: attempts.map(({ backend, outcome, detail }) => [backend, outcome === 'taken' ? detail : `${outcome}: ${detail}`]) };
  const taken = attempts.find(({ outcome }) => outcome === 'taken');
  const path = ['engine', 'backend'];
  return [taken === undefined
    ? finding('backend', 'refusal', 'backend-none', { detail: attempts.map(({ backend, detail }) => `${backend}: ${detail}`).join('; ') }, { path, evidence })
    : finding('backend', 'pass', 'backend-taken', { backend: taken.backend, device: taken.detail }, { path, evidence })];
}
