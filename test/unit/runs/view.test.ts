import { describe, expect, it } from 'vitest';
import type { UnsentEvent } from '../../../src/shared/events.ts';
import type { RunStatus } from '../../../src/shared/panel.ts';
import { RunFold } from '../../../src/runs/fold.ts';
import { viewOf } from '../../../src/runs/view.ts';
import type { RunView } from '../../../src/runs/view.ts';
import { metric, numbered, runFileOf, started } from '../../fixtures/runs.ts';

const train = (state: 'begin' | 'end', total: number | null): UnsentEvent => ({ kind: 'stage', stage: 0, name: 'distil', type: 'train', state, total, ...(state === 'end' ? { reason: 'early-stop' } : {}) });
const evaluate: UnsentEvent = { kind: 'stage', stage: 1, name: 'evaluate', type: 'evaluate', state: 'begin', total: 40 };

function view(events: readonly UnsentEvent[], status: RunStatus = 'running', title?: string): RunView {
  const fold = new RunFold();
  for (const event of numbered(events)) fold.event(event);
  const label = { format: 1 as const, starred: false, ...(title === undefined ? {} : { title }) };
  return viewOf({ id: 'a-run', folder: '/p/.distill/runs/a-run', project: '/p', label, run: { ...runFileOf(0), id: 'a-run' }, problem: null, status, facts: fold.current });
}

describe('a run as it is shown', () => {
  it('has the stages of its recipe before anything began', () => {
    expect(view([]).stages).toMatchObject([{ name: 'distil', state: 'waiting', total: 100 }, { name: 'evaluate', type: 'evaluate', state: 'waiting', total: null }]);
    expect(view([])).toMatchObject({ title: 'a-run', progress: null, totalSteps: 100, startedAt: null, endedAt: null });
    expect(view([], 'running', 'my run').title).toBe('my run');
  });

  it('tells how far training is and, from its own pace, how long it still takes', () => {
    // Events are one second apart: 5 steps a second.
    const steps = [5, 10, 15, 20].map((step) => metric(step));
    expect(view([started(), train('begin', 100), ...steps]).progress).toMatchObject({ stage: { name: 'distil', done: 20, total: 100 }, fraction: 0.2, secondsLeft: 16, what: null });
    expect(view([started(), train('begin', 100), metric(5)]).progress).toMatchObject({ fraction: 0.05, secondsLeft: null }); // nothing measured yet
    expect(view([started(), train('begin', null), ...steps]).progress).toMatchObject({ fraction: 0.2 }); // the recipe's own limit
  });

  it('counts an evaluation in its own units', () => {
    const at = (done: number): UnsentEvent => ({ kind: 'progress', stage: 1, what: 'student', done, total: 40 });
    const { progress, stages, totalSteps } = view([started(), train('begin', 100), metric(60), train('end', 100), evaluate, at(0), at(10)]);
    expect(progress).toMatchObject({ stage: { name: 'evaluate' }, what: 'student', fraction: 0.25, secondsLeft: 3 });
    expect(stages[0]).toMatchObject({ state: 'done', done: 60, reason: 'early-stop' });
    expect(totalSteps).toBe(60); // it stopped early
  });

  it('that a person stopped has all its steps before it, not only those it made', () => {
    const stopped: UnsentEvent = { kind: 'stage', stage: 0, name: 'distil', type: 'train', state: 'end', total: 100, reason: 'stopped' };
    expect(view([started(), train('begin', 100), stopped], 'stopped').totalSteps).toBe(100);
    expect(view([started(), train('begin', 100), metric(5), stopped], 'stopped').totalSteps).toBe(100);
  });

  it('shows no progress of a run that is over, and when it was', () => {
    const events = [started(), train('begin', 100), metric(5), metric(9)];
    const lost = view(events, 'lost');
    expect(lost).toMatchObject({ progress: null, resumable: true, endedAt: lost.facts.lastAt });
    expect(view([...events, { kind: 'ended', outcome: 'done' }], 'done')).toMatchObject({ resumable: false, progress: null });
  });
});
