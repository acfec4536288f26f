/** A real sweep of small runs: killed with its run, resumed, stopped, stopped early, refused. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engineOf } from '../../../src/runs/stop.ts';
import { listSweeps } from '../../../src/runs/sweepFolder.ts';
import { readSweep } from '../../../src/runs/sweepStatus.ts';
import type { SweepView } from '../../../src/runs/sweepView.ts';
import { watchForChange } from '../../../src/system/watchForChange.ts';
import { buildBundles, start, type Bundles } from '../../fixtures/bundles.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

let bundles: Bundles;
beforeAll(async () => { bundles = await buildBundles(['engine', 'cli']); }, 120_000);
afterAll(() => bundles.remove());

const RATE = 'stages.learn.optimizer.learningRate';

function makeProject(sweep: object, train: object = {}): string {
  const project = temporaryFolder();
  writeFileSync(path.join(project, 'train.jsonl'), Array.from({ length: 60 }, (_, i) => JSON.stringify({ prompt: `${String(i)}+1=`, think: `${String(i)}+1`, answer: String(i + 1) })).join('\n'));
  writeFileSync(path.join(project, 'distill.json'), JSON.stringify({
    format: 1, name: 'sums', teachers: {},
    student: { new: { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 32 }, tokenizer: path.resolve(import.meta.dirname, '../../fixtures/models/small-vocabulary') },
    data: { train: 'train.jsonl', validation: 0.2, template: { prompt: '{prompt}', completion: '<think>{think}</think>{answer}' }, maxLength: 32 },
    stages: [{ type: 'train', name: 'learn', objective: 'sequence', limits: { steps: 20 }, batch: { size: 4 }, validate: { every: 2 }, checkpoint: { every: 2 }, schedule: { kind: 'constant' }, ...train }, { type: 'export', to: 'out' }],
    engine: { threads: 1, backend: 'wasm' }, seed: 5, sweep,
  }));
  return project;
}

const distill = (project: string, ...words: readonly string[]) => start(bundles.cli, ['sweep', '.', ...words], { cwd: project, env: { DISTILL_STATE_FOLDER: `${project}-state` } });

async function sweepOf(project: string): Promise<SweepView> {
  const [folder] = await listSweeps(project);
  if (folder === undefined) throw new Error('there is no sweep');
  return readSweep(folder);
}

/** Waits until the events of the newest run say so. */
async function untilRun(project: string, wanted: (runs: readonly string[], events: string) => boolean): Promise<string> {
  const runs = path.join(project, '.distill/runs');
  const change = watchForChange(path.join(runs, 'any'));
  try {
    for (;;) {
      const names = existsSync(runs) ? readdirSync(runs).filter((name) => !name.startsWith('.')).sort() : [];
      const newest = names.map((name) => path.join(runs, name)).at(-1);
      const events = newest === undefined ? '' : path.join(newest, 'events.jsonl');
      if (newest !== undefined && wanted(names, existsSync(events) ? readFileSync(events, 'utf8') : '')) return newest;
      await change.next();
    }
  } finally {
    change.close();
  }
}

const curveOf = (run: string | null): readonly unknown[] => (run === null ? [] : readFileSync(path.join(run, 'events.jsonl'), 'utf8').split('\n').filter((line) => line.includes('"loss"')).map((line) => {
  const { step, values: { loss } } = JSON.parse(line) as { readonly step: number; readonly values: { readonly loss: number } };
  return `${String(step)} ${String(loss)}`;
}));

describe('distill sweep', () => {
  test('goes on where it was when it and its run were killed, and compares the runs as an undisturbed one does', async () => {
    // Long enough that the kill falls inside a run.
    const values = { [RATE]: [0.0001, 0.02], 'stages.learn.batch.size': [2, 4] };
    const long = { limits: { steps: 200 }, validate: { every: 50 }, checkpoint: { every: 10 } };
    const project = makeProject({ values }, long);
    const first = distill(project, '--no-check');
    const run = await untilRun(project, (names, events) => names.length === 2 && events.includes('"step":25,'));
    first.child.kill('SIGKILL');
    const engine = await engineOf(run);
    if (engine !== null) process.kill(engine.pid, 'SIGKILL');
    await first.done;
    expect((await sweepOf(project)).rows.map(({ status }) => status)).toEqual(['done', 'lost', 'waiting', 'waiting']);

    const second = await distill(project, '--resume', '--json').done;
    expect(second.code, second.stderr).toBe(0);
    const { rows, status, finished, end } = await sweepOf(project);
    expect({ status, finished, outcome: end?.outcome }).toEqual({ status: 'done', finished: 4, outcome: 'done' });
    // Four runs for four settings: the interrupted one was resumed, not made again, and nothing was exported.
    expect(readdirSync(path.join(project, '.distill/runs'))).toHaveLength(4);
    expect(existsSync(path.join(project, 'out'))).toBe(false);
    const interrupted = readFileSync(path.join(rows[1]?.run ?? '', 'events.jsonl'), 'utf8');
    expect(interrupted).toContain('"resumedFrom":{"stage":0');
    expect(rows.filter(({ best }) => best).map(({ values: own }) => own[RATE])).toEqual([0.02]);
    const told = JSON.parse(second.stdout) as { readonly runs: readonly { readonly value: number }[] };
    expect(told.runs.map(({ value }) => value)).toEqual(rows.map(({ value }) => value));

    const undisturbed = makeProject({ values: { [RATE]: [0.0001], 'stages.learn.batch.size': [4] } }, long);
    expect((await distill(undisturbed, '--no-check').done).code).toBe(0);
    const expected = (await sweepOf(undisturbed)).rows[0];
    expect(rows[1]?.value).toBe(expected?.value);
    expect(curveOf(rows[1]?.run ?? null).at(-1)).toBe(curveOf(expected?.run ?? null).at(-1));
  }, 180_000);

  test('stops a run that is clearly behind, says so as its outcome, and shows the table', async () => {
    const project = makeProject({ values: { [RATE]: [0.02, 0.01, 0.000001] }, stopEarly: { runs: 2, after: 0.4 } });
    const { code, stdout, stderr } = await distill(project, '--no-check').done;
    expect(code, stderr).toBe(0);
    const { rows } = await sweepOf(project);
    expect(rows.map(({ status }) => status)).toEqual(['done', 'done', 'stopped-behind']);
    // Not before 0.4 of 20 steps, and soon after.
    expect(rows[2]?.step).toBeGreaterThanOrEqual(8);
    expect(rows[2]?.step).toBeLessThan(20);
    expect(stderr).toContain('Stopped by its sweep at step 8');
    expect(stdout).toMatch(/★ +[12] +0\.0[12]/);
    expect(stdout).toContain('Stopped: behind');
    const shown = await distill(project, '--show', '--lang', 'zh-cn').done;
    expect(shown.stdout).toContain('已停止：落后');
    // It is not taken up again.
    expect((await distill(project, '--resume').done).stderr).toContain('0 runs to go');
  }, 120_000);

  test('is stopped in order by another command, and says what it would do without doing it', async () => {
    const project = makeProject({ values: { [RATE]: [0.01, 0.02] }, seeds: 2 }, { limits: { steps: 4000 } });
    const dry = await distill(project, '--dry-run', '--json').done;
    expect((JSON.parse(dry.stdout) as readonly { readonly seed: number }[]).map(({ seed }) => seed)).toEqual([5, 6, 5, 6]);
    expect(dry.stderr).toContain('leave out the stages export');
    expect(existsSync(path.join(project, '.distill'))).toBe(false);
    const running = distill(project, '--no-check', '--only', '2');
    const run = await untilRun(project, (_, events) => events.includes('"step":3,'));
    expect((await distill(project, '--resume').done).stderr).toContain('is already at work');
    expect((await distill(project, '--stop').done).code).toBe(0);
    expect((await running.done).code).toBe(3);
    const { rows, status } = await sweepOf(project);
    expect(status).toBe('stopped');
    expect(rows.map((row) => row.status)).toEqual(['waiting', 'stopped', 'waiting', 'waiting']);
    expect(rows[1]?.run).toBe(run);
  }, 120_000);

  test('starts nothing where a setting makes a recipe that is not right, and gives up where nothing works', async () => {
    const wrong = makeProject({ values: { 'student.new.hidden_size': [16, 24], 'student.new.num_attention_heads': [2, 8] } });
    const refused = await distill(wrong).done;
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('hidden_size 24 · num_attention_heads 8');
    expect(existsSync(path.join(wrong, '.distill'))).toBe(false);
    const hopeless = makeProject({ values: { 'data.train': ['nowhere.jsonl', 'neither.jsonl', 'train.jsonl'] } });
    const failed = await distill(hopeless, '--no-check').done;
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('The first 2 runs of the sweep all failed');
    expect((await sweepOf(hopeless)).rows.map(({ status }) => status)).toEqual(['failed', 'failed', 'waiting']);
  }, 120_000);
});
