/** From the command to the first event: Ctrl-C in between, waiting for the device, what is refused, and what a hint names. */
import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { engineOf } from '../../../src/runs/stop.ts';
import { isAlive } from '../../../src/system/processIdentity.ts';
import { watchForChange } from '../../../src/system/watchForChange.ts';
import { buildBundles, root, start, type Bundles } from '../../fixtures/bundles.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

let bundles: Bundles;
beforeAll(async () => { bundles = await buildBundles(['engine', 'cli']); }, 120_000);
afterAll(() => bundles.remove());

const STORIES = path.join(root, 'test/fixtures/models/stories260k');

function makeProject(recipe: object = {}, file = 'distill.json'): string {
  const project = temporaryFolder();
  writeFileSync(path.join(project, 'train.jsonl'), Array.from({ length: 30 }, (_, i) => JSON.stringify({ prompt: `${String(i)}+1=`, think: `${String(i)}+1`, answer: String(i + 1) })).join('\n'));
  writeFileSync(path.join(project, file), JSON.stringify({
    format: 1, name: 'sums', teachers: { big: { type: 'local', model: STORIES } }, student: { fromTeacher: 'big', layers: [0, 3] },
    data: { train: 'train.jsonl', template: { prompt: '{prompt}', completion: '<think>{think}</think>{answer}' }, maxLength: 64 },
    stages: [{ type: 'train', name: 'learn', objective: 'sequence', limits: { steps: 100_000 }, batch: { size: 2 } }],
    engine: { threads: 1, backend: 'wasm' }, ...recipe,
  }));
  return project;
}

const begin = (cwd: string, ...words: readonly string[]) => start(bundles.cli, words, { cwd, env: { DISTILL_STATE_FOLDER: path.join(cwd, '.state') } });
const runsOf = (project: string): readonly string[] => {
  const runs = path.join(project, '.distill/runs');
  return existsSync(runs) ? readdirSync(runs).filter((name) => !name.startsWith('.')).sort().map((name) => path.join(runs, name)) : [];
};

async function firstRun(project: string): Promise<string> {
  const change = watchForChange(path.join(project, '.distill/runs/any'));
  try {
    for (;;) {
      const [run] = runsOf(project);
      if (run !== undefined) return run;
      await change.next();
    }
  } finally {
    change.close();
  }
}

test('Ctrl-C while the engine comes up stops the run, names it, and leaves no engine', async () => {
  const project = makeProject();
  const first = begin(project, 'run', '.', '--no-queue', '--no-check');
  const run = await firstRun(project);
  expect(existsSync(path.join(run, 'events.jsonl')) && readFileSync(path.join(run, 'events.jsonl'), 'utf8').includes('"started"')).toBe(false);
  first.child.kill('SIGINT');
  const { code, stderr } = await first.done;
  expect([code, stderr]).toEqual([3, expect.stringContaining(`Go on with:  distill resume ${path.basename(run)}`)]);
  const engine = await engineOf(run);
  expect(engine === null || (await isAlive(engine)) === 'dead').toBe(true);
  expect(readFileSync(path.join(run, 'events.jsonl'), 'utf8')).toContain('"outcome":"stopped"');
}, 120_000);

test('a run and a sweep that wait say for whom, and go on beside it with --no-queue', async () => {
  const project = makeProject({ sweep: { values: { 'stages.learn.batch.size': [2, 4] } } });
  expect((await begin(project, 'run', '.', '--detach', '--no-check').done).code).toBe(0);
  const [holder = ''] = runsOf(project);
  try {
    const sweep = begin(project, 'sweep', '.', '--no-check');
    let said = '';
    sweep.child.stderr?.on('data', (text: string) => {
      const before = said.includes('Waiting for');
      said += text;
      if (!before && said.includes('Waiting for')) sweep.child.kill('SIGINT');
    });
    expect([(await sweep.done).code, said]).toEqual([3, expect.stringContaining(path.basename(holder))]);
    const waited = runsOf(project).at(-1) ?? '';
    expect((await begin(project, 'resume', path.basename(waited), '--no-queue', '--detach').done).code).toBe(0);
    const last = readFileSync(path.join(waited, 'events.jsonl'), 'utf8').split('\n').filter((line) => /"kind":"(queued|started)"/.test(line)).at(-1);
    expect(last).toContain('"started"');
    await begin(project, 'stop', path.basename(waited), '--now').done;
  } finally {
    await begin(project, 'stop', path.basename(holder), '--now').done;
  }
}, 120_000);

test('a sweep whose setting names a layer that the teacher has not starts nothing and names the setting', async () => {
  const project = makeProject({ sweep: { values: { 'student.layers': [[0, 3], [9]] } } });
  const { code, stderr } = await begin(project, 'sweep', '.').done;
  expect([code, stderr]).toEqual([2, expect.stringMatching(/✗ Student \(.*layers \[9\]\): Layer 9 is not in the teacher/)]);
  expect(existsSync(path.join(project, '.distill/sweeps'))).toBe(false);
});

test('the hint at warnings names the recipe that was started', async () => {
  const project = makeProject({ stages: [{ type: 'train', name: 'learn', objective: 'sequence', limits: { steps: 1 }, batch: { size: 2 } }] }, 'kl.json');
  const { stderr } = await begin(project, 'run', 'kl.json', '--no-queue').done;
  expect(stderr).toContain('distill check kl.json');
}, 120_000);

test('a step of a reinforcement stage is told as one that is not recorded by row', async () => {
  const project = makeProject({ stages: [{ type: 'train', name: 'learn', objective: 'sequence', limits: { steps: 2 }, batch: { size: 2 } }] });
  expect((await begin(project, 'run', '.', '--no-queue', '--no-check').done).code).toBe(0);
  const events = path.join(runsOf(project)[0] ?? '', 'events.jsonl');
  const seq = readFileSync(events, 'utf8').trim().split('\n').length;
  // As a second stage would have written it.
  appendFileSync(events, [
    { seq: seq + 1, at: Date.now(), kind: 'stage', stage: 1, name: 'rewards', type: 'reinforce', state: 'begin', total: 2 },
    { seq: seq + 2, at: Date.now(), kind: 'metric', stage: 1, step: 3, tokens: 99, values: { loss: 1 } },
  ].map((event) => `${JSON.stringify(event)}\n`).join(''));
  expect((await begin(project, 'rows', '--step', '3').done).stderr).toContain('belongs to a reinforcement stage');
  expect((await begin(project, 'rows', '--step', '4').done).stderr).toContain('has no step 4. It has 1 to 2.');
}, 120_000);
