/** A sweep as its folders add up: what has become of each run, its result, means over seeds, the best, the time left. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { UnsentEvent } from '../../../src/shared/events.ts';
import { RunFold } from '../../../src/runs/fold.ts';
import { RunStore } from '../../../src/runs/store.ts';
import { readSweep } from '../../../src/runs/sweepStatus.ts';
import { SweepStore } from '../../../src/runs/sweepStore.ts';
import { resultOf } from '../../../src/runs/sweepView.ts';
import { sweepPageOf } from '../../../src/ui/sweep/page.ts';
import { metric, numbered, started } from '../../fixtures/runs.ts';
import { SWEPT_RECIPE, writeSweep } from '../../fixtures/sweeps.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const done: UnsentEvent = { kind: 'ended', outcome: 'done' };
const behind: UnsentEvent = { kind: 'ended', outcome: 'stopped', code: 'stopped-behind', data: { step: 30, metric: 'validation/ce', best: '2', median: '1' } };
const recipe = { ...SWEPT_RECIPE, sweep: { values: { 'stages.distil.temperature': [1, 2] }, seeds: 2 } };

describe('the rows of a sweep', () => {
  test('say what became of each run, and take the best setting by the mean of its seeds', async () => {
    const project = temporaryFolder();
    // 1 and 3 with mean 2; 1.8 and 1.8: the better mean wins over the best single run.
    const { folder } = writeSweep(project, ({ index }) => ({ curve: [5, [1, 3, 1.8, 1.8][index] ?? 0], end: done, accuracy: 0.5 + index / 10 }), { recipe });
    const view = await readSweep(folder);
    expect(view.rows.map(({ value, mean, best, accuracy }) => [value, mean, best, accuracy])).toEqual([[1, 2, false, 0.5], [3, 2, false, 0.6], [1.8, 1.8, true, 0.7], [1.8, 1.8, true, 0.8]]);
    expect(view).toMatchObject({ status: 'done', finished: 4, secondsLeft: null, title: 'arith-kd' });
  });

  test('never count as best what was stopped behind, failed or goes on, and nothing of a setting that is not through', async () => {
    const project = temporaryFolder();
    const { folder } = writeSweep(project, ({ index }) => (index === 3 ? null : { curve: [5, 0.1], end: [done, behind, { kind: 'ended', outcome: 'failed', code: 'disk-full', data: { path: '/' } } as const][index] ?? null }), { recipe, ended: false });
    const view = await readSweep(folder);
    expect(view.rows.map(({ status, mean, best }) => [status, mean, best])).toEqual([['done', null, false], ['stopped-behind', null, false], ['failed', null, false], ['waiting', null, false]]);
    expect(view.status).toBe('lost');
    expect(view.finished).toBe(3);
  });

  test('show on the page what heads a column in as few words as tell them apart', async () => {
    const { folder } = writeSweep(temporaryFolder(), () => null);
    const page = sweepPageOf(await readSweep(folder), 'zh-cn');
    expect(page.axes).toEqual([
      { name: 'stages.distil.temperature', label: 'temperature', scale: 'linear' }, { name: 'stages.distil.optimizer.learningRate', label: 'learningRate', scale: 'log' }, { name: 'student.layers', label: 'layers', scale: 'linear' },
    ]);
    expect(page).toMatchObject({ metric: 'validation/ce', goal: 'min', seeds: 1 });
    expect(page.rule).toContain('30%');
  });
});

test('the result of a run is that of the model it hands on, not of its last step', () => {
  const fold = new RunFold();
  const validation = (step: number, value: number): UnsentEvent => metric(step, { 'validation/ce': value, 'evaluation/accuracy': value / 10 });
  const told = [
    started(), { kind: 'stage', stage: 0, name: 'a', type: 'train', state: 'begin', total: 4 }, validation(2, 1), validation(4, 3),
    { kind: 'stage', stage: 0, name: 'a', type: 'train', state: 'end', total: 4, reason: 'early-stop', checkpoint: 'step-000002', values: { 'validation/ce': 1 } },
  ] satisfies UnsentEvent[];
  for (const event of numbered(told)) fold.event(event);
  expect(resultOf(fold.current, 'validation/ce')).toBe(1);
  expect(resultOf(fold.current, 'evaluation/accuracy')).toBe(0.3);
  fold.event({ seq: 5, at: 0, kind: 'stage', stage: 1, name: 'b', type: 'train', state: 'begin', total: 4, parent: 'step-000002' });
  for (const event of numbered([{ ...validation(6, 0.5), stage: 1 } as UnsentEvent], 6)) fold.event(event);
  expect(resultOf(fold.current, 'validation/ce')).toBe(0.5);
});

test('a store of sweeps tells of one that comes, of its runs, and of one that goes; a broken one is told once', async () => {
  const project = temporaryFolder();
  const trouble: unknown[] = [];
  const store = new RunStore({ projects: [project] });
  const sweeps = new SweepStore({ store, projects: () => [project], onTrouble: (error) => trouble.push(error) });
  try {
    const told: string[] = [];
    sweeps.onDidChange((folder) => told.push(path.basename(folder)));
    const { folder, file } = writeSweep(project, () => ({ curve: [2], end: done }), { recipe });
    const broken = writeSweep(project, () => null, { recipe, id: 'broken' });
    writeFileSync(path.join(broken.folder, 'sweep.json'), '{');
    await store.setProjects([project]);
    // One look may be on its way already; the next sees what is there now.
    await sweeps.look();
    await sweeps.look();
    expect(sweeps.folders(project)).toEqual([folder]);
    expect(sweeps.ofRun(project, file.id)).toBe(folder);
    expect(told).toContain(file.id);
    expect(trouble).toHaveLength(1);
    rmSync(folder, { recursive: true });
    await sweeps.look();
    await sweeps.look();
    expect(sweeps.get(folder)).toBeUndefined();
    expect(trouble).toHaveLength(1);
  } finally {
    sweeps.dispose();
    store.dispose();
  }
});
