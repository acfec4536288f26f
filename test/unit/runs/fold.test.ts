import { describe, expect, it } from 'vitest';
import type { UnsentEvent } from '../../../src/shared/events.ts';
import { RunFold } from '../../../src/runs/fold.ts';
import { linesOf, metric, numbered, started } from '../../fixtures/runs.ts';

const begin = (stage: number, type: 'train' | 'evaluate', total: number | null): UnsentEvent => ({ kind: 'stage', stage, name: `stage ${stage}`, type, state: 'begin', total });
const end = (stage: number, type: 'train' | 'evaluate', total: number | null): UnsentEvent => ({ kind: 'stage', stage, name: `stage ${stage}`, type, state: 'end', total, reason: 'steps' });
const checkpoint = (step: number, name = `step-${step}`): UnsentEvent => ({ kind: 'checkpoint', stage: 0, step, name, best: false, values: {} });
const evaluation = (stage: number, step: number): UnsentEvent => ({ kind: 'evaluation', stage, step, report: `evaluation-${step}.json`, models: [], retention: null });
const trace = (id: string, offset: number): UnsentEvent => ({ kind: 'trace', id, role: 'student', example: id, verdict: 'right', offset, bytes: 10 });

function folded(...events: UnsentEvent[]): RunFold {
  const fold = new RunFold();
  fold.block(linesOf(numbered(events)));
  return fold;
}

describe('the facts of a run', () => {
  it('have one best checkpoint: the last that was the best', () => {
    const best = (step: number): UnsentEvent => ({ kind: 'checkpoint', stage: 0, step, name: `step-${step}`, best: true, values: {} });
    const { checkpoints } = folded(started(), begin(0, 'train', 20), best(2), best(4), checkpoint(6)).current;
    expect(checkpoints.map(({ event }) => [event.name, event.best])).toEqual([['step-2', false], ['step-4', true], ['step-6', false]]);
  });

  it('hold stages, the last values, checkpoints on disk, evaluations, warnings and traces', () => {
    const { current } = folded(
      started(), begin(0, 'train', 20), metric(1), metric(2, { 'train/loss': null, 'train/kl': 3 }), checkpoint(2),
      { kind: 'warning', code: 'backend-passed-over', data: { backend: 'webgpu', detail: 'none' } }, metric(10), checkpoint(10),
      { kind: 'checkpoint-removed', name: 'step-2' }, end(0, 'train', 20), begin(1, 'evaluate', 2), trace('a', 0), trace('b', 10), evaluation(1, 10), { kind: 'ended', outcome: 'done' },
    );
    expect(current).toMatchObject({ seq: 14, gaps: 0, broken: 0, unknown: 0, step: 10, tokens: 100, ended: { outcome: 'done' } });
    expect(current.stages).toMatchObject([{ index: 0, state: 'done', reason: 'steps', fromStep: 0, total: 20 }, { index: 1, state: 'running', fromStep: 10, fromTokens: 100 }]);
    expect(current.latest).toEqual({ 'train/loss': { value: 0.1, step: 10 }, 'train/kl': { value: 3, step: 2 } });
    expect(current.checkpoints.map(({ event }) => event.name)).toEqual(['step-10']);
    expect(current.warnings).toMatchObject([{ step: 2, tokens: 20, event: { code: 'backend-passed-over' } }]);
    expect(current.traces.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(current.evaluations).toHaveLength(1);
  });

  it('count broken lines, pass over kinds of a newer version, and notice missing numbers', () => {
    const fold = new RunFold();
    fold.block('{"seq":0,"at":1,"kind":"beat"}\n{"seq":1,"at":2,"ki\nnot json\n\n{"seq":2,"at":3,"kind":"of-the-future"}\n{"seq":7,"at":9,"kind":"beat"}\n42');
    expect(fold.current).toMatchObject({ seq: 7, broken: 3, unknown: 1, lastAt: 9, gaps: 5 });
  });

  it('of a resumed run are those of the checkpoint, and what comes after', () => {
    const { current } = folded(
      started(), begin(0, 'train', 20), metric(5), checkpoint(5), metric(8), end(0, 'train', 20), begin(1, 'evaluate', 2), trace('a', 0), evaluation(1, 8),
      started({ stage: 0, step: 5 }), begin(0, 'train', 20), metric(6, { 'train/kl': 1 }), trace('a', 50),
    );
    expect(current.stages).toMatchObject([{ index: 0, state: 'running', fromStep: 0 }]);
    expect(current.evaluations).toEqual([]);
    expect(current.latest).toEqual({ 'train/kl': { value: 1, step: 6 } });
    expect(current.starts.map(({ step }) => step)).toEqual([0, 5]);
    expect(current.traces).toMatchObject([{ id: 'a', offset: 50 }]);
  });

  it('of a run begun again without a checkpoint are empty', () => {
    const { current } = folded(started(), begin(0, 'train', 20), metric(0), metric(5), { kind: 'ended', outcome: 'failed' }, started());
    expect(current).toMatchObject({ step: 0, stages: [], latest: {}, ended: null });
  });

  it('are the same when another fold goes on from them', () => {
    const events = numbered([
      started(), begin(0, 'train', 20), metric(5), checkpoint(5), { kind: 'warning', code: 'backend-passed-over', data: {} }, trace('a', 0),
      metric(8), started({ stage: 0, step: 5 }), trace('a', 9), metric(6), checkpoint(6), { kind: 'acknowledged', order: 'x', accepted: true },
    ]);
    const whole = new RunFold();
    whole.block(linesOf(events));
    for (let cut = 0; cut <= events.length; cut += 1) {
      const first = new RunFold();
      first.block(linesOf(events.slice(0, cut)));
      const second = new RunFold(structuredClone(first.current));
      second.block(linesOf(events.slice(cut)));
      expect(second.current).toEqual(whole.current);
    }
  });
});
