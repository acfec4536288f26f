import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { CollectEstimate } from '../../../src/shared/collectEstimate.ts';
import { parseEvent } from '../../../src/shared/events.ts';
import { amountText } from '../../../src/shared/money.ts';
import type { DataRecord } from '../../../src/shared/record.ts';
import { buildBundles, root, start, type Bundles, type Finished } from '../../fixtures/bundles.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { startTeacherServer, type TeacherServer, type TeacherServerOptions } from '../../harness/teacherServer.ts';

const models = path.join(root, 'test/fixtures/models');
const ROWS = 30;
const MAX_TOKENS = 100;

let bundles: Bundles;
beforeAll(async () => { bundles = await buildBundles(['engine', 'cli']); }, 120_000);
afterAll(() => bundles.remove());

const begin = (cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => start(bundles.cli, args, { cwd, env: { DISTILL_STATE_FOLDER: path.join(cwd, '.state'), ...env } });
const distill = (cwd: string, ...args: readonly string[]): Promise<Finished> => begin(cwd, args).done;

async function serve(options: TeacherServerOptions = {}): Promise<TeacherServer> {
  const server = await startTeacherServer(options);
  onTestFinished(() => server.close());
  return server;
}

/** A project with thirty sums, a teacher, and a stage that asks it. */
function makeProject(server: TeacherServer, changes: { readonly teacher?: object; readonly data?: object; readonly stages?: readonly object[] } = {}): string {
  const project = temporaryFolder();
  mkdirSync(path.join(project, 'data'));
  writeFileSync(path.join(project, 'data/questions.jsonl'), Array.from({ length: ROWS }, (_, i) => `${JSON.stringify({ prompt: `${String(i)} + ${String(i + 1)} = ?`, answer: String(2 * i + 1) })}\n`).join(''));
  writeFileSync(path.join(project, 'distill.json'), JSON.stringify({
    format: 1, name: 'sums',
    teachers: { big: { type: 'api', baseUrl: server.url, model: 'tiny-r1', concurrency: 4, prices: { currency: 'USD', input: 1000, output: 2000 }, budget: { money: 3 }, ...changes.teacher } },
    student: { model: path.join(models, 'stories260k') }, data: { train: 'data/traces.jsonl', template: { prompt: '{prompt}\n', completion: '<think>{think}</think>{answer}' }, maxLength: 64, ...changes.data },
    stages: changes.stages ?? [
      { type: 'collect', from: 'data/questions.jsonl', ask: { sampling: { maxTokens: MAX_TOKENS } }, verify: { keep: 'right' }, to: 'data/traces.jsonl' },
      { type: 'train', objective: 'sequence', limits: { steps: 1 } },
    ],
  }, null, 2));
  return project;
}

const rowsOf = (project: string, file = 'data/traces.jsonl'): readonly DataRecord[] => readFileSync(path.join(project, file), 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as DataRecord);

async function estimateOf(project: string, ...more: readonly string[]): Promise<CollectEstimate> {
  const { code, stdout, stderr } = await distill(project, 'data', 'estimate', '--json', ...more);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return (JSON.parse(stdout) as readonly [CollectEstimate])[0];
}

describe('distill data estimate', () => {
  test('says what the limits allow, then by a sample what is to be expected; the run that follows doesn’t pay for it again', async () => {
    const server = await serve();
    const project = makeProject(server);
    const before = await estimateOf(project);
    expect(before).toMatchObject({
      rows: ROWS, requests: ROWS, answered: 0, remaining: ROWS, basis: 'limits', input: { basis: 'tokenizer' },
      output: { low: null, expected: null, high: null, worst: ROWS * MAX_TOKENS }, seconds: null, cap: { money: 3, tokens: null }, spent: { money: 0 }, fits: 'unknown',
      teacher: { name: 'big', origin: new URL(server.url).origin, needsKey: false },
    });
    expect(server.counts().requests).toBe(0);
    const after = await estimateOf(project, '--sample', '8');
    expect(server.counts().requests).toBe(8);
    expect(after).toMatchObject({ answered: 8, remaining: ROWS - 8, basis: 'answers', sampled: 8 });
    const { low, expected, high, worst } = after.money ?? { low: null, expected: null, high: null, worst: 0 };
    expect(low).toBeLessThanOrEqual(expected ?? 0);
    expect(high).toBeLessThanOrEqual(worst);
    expect(after.spent.money).toBeGreaterThan(0);
    const { code, stderr } = await distill(project, 'data', 'collect');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/Stage collect: kept 30 of 30 rows · \S+ of 3\.00 USD/);
    expect(server.counts().requests).toBe(ROWS);
    // What was expected of the others is what they came to.
    const spent = (await estimateOf(project)).spent.money ?? 0;
    expect(Math.abs(spent - (after.spent.money ?? 0) - (expected ?? 0)) / (expected ?? 1)).toBeLessThan(0.1);
  });

  test('of time is a range whose end is the pace of the answers so far, not what all of them at once would be', async () => {
    // One at a time, whatever is asked for.
    const server = await serve({ capacity: 1, latencyMs: 40 });
    const project = makeProject(server, { teacher: { concurrency: 30, budget: { money: 50 } } });
    const { seconds, remaining } = await estimateOf(project, '--sample', '4');
    expect(seconds?.pace).toBeGreaterThan(remaining * 0.04);
    expect(seconds?.best).toBeLessThan(seconds?.pace ?? 0);
    expect((await distill(project, 'data', 'estimate')).stdout).toMatch(/time +\S+ – \S+/);
  });

  test('in words, in both languages, names the basis and what is missing', async () => {
    const project = makeProject(await serve(), { teacher: { keyVariable: 'NOBODY_HAS_THIS_KEY', budget: undefined } });
    const english = await distill(project, 'data', 'estimate');
    expect(english.stdout).toMatch(/30 rows, 30 requests: 0 are answered already, 30 remain/);
    expect(english.stdout).toContain('Based on the limits alone');
    expect(english.stdout).toContain('The key is missing: set NOBODY_HAS_THIS_KEY.');
    expect(english.stdout).toContain('There is no cap');
    expect((await distill(project, 'data', 'estimate', '--lang', 'zh-cn')).stdout).toContain('仅依据上限');
  });

  test('of a stage whose rows another one makes says which one has to run first', async () => {
    const ask = { sampling: { maxTokens: MAX_TOKENS } };
    const project = makeProject(await serve(), {
      stages: [{ type: 'collect', from: 'data/questions.jsonl', ask, to: 'data/first.jsonl' }, { type: 'collect', name: 'again', from: 'data/first.jsonl', ask, to: 'data/traces.jsonl' }],
    });
    expect((await distill(project, 'data', 'estimate', '--stage', 'again')).stdout).toContain('again: its rows come from the stage collect, which has not run yet.');
    expect((await distill(project, 'data', 'estimate', '--stage', 'agian')).stderr).toContain('has no collect stage "agian" (have: collect, again)');
  });

  test('takes a budget for what it is: a sample ends at the cap', async () => {
    const server = await serve();
    const { code, stderr } = await distill(makeProject(server, { teacher: { budget: { money: 0.1 } } }), 'data', 'estimate', '--sample', '3');
    expect(code).toBe(1);
    expect(stderr).toContain('The budget of the teacher big is spent');
    expect(server.counts().requests).toBe(0);
  });
});

describe('distill data collect', () => {
  test('runs the collect stages alone: questions are made, cleaned, asked, verified and split', async () => {
    const server = await serve();
    const project = makeProject(server, {
      stages: [
        {
          type: 'collect', to: 'data/traces.jsonl',
          from: ['data/questions.jsonl', 'data/questions.jsonl', { synthesise: { rows: 10, kinds: ['arithmetic'], seed: 4 } }],
          clean: { length: { max: 4000 } }, ask: { samples: 2, sampling: { maxTokens: 400, seed: 1 } }, verify: { keep: 'all', trace: false }, mix: { order: 'as-is', validation: 0.2 },
        },
        { type: 'train', objective: 'sequence', limits: { steps: 1 } },
      ],
      teacher: { budget: { tokens: 1_000_000 } },
    });
    const { code, stdout, stderr } = await distill(project, 'data', 'collect', '--json');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const events = stdout.split('\n').flatMap((line) => { const parsed = parseEvent(line); return parsed.type === 'event' ? [parsed.event] : []; });
    expect(events.filter((event) => event.kind === 'stage').map(({ name, state }) => `${name} ${state}`)).toEqual(['collect begin', 'collect end']);
    const [train, validation] = [rowsOf(project), rowsOf(project, 'data/traces.validation.jsonl')];
    // The second reading of the file is the first one's duplicate.
    expect(train.length + validation.length).toBe(2 * 40);
    expect(validation.length).toBeGreaterThan(0);
    const held = new Set(validation.map(({ prompt }) => prompt));
    expect(train.some(({ prompt }) => held.has(prompt))).toBe(false);
    expect(server.counts().answered).toBe(80);
    const removed = readFileSync(path.join(project, 'data/traces.removed.jsonl'), 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as { kind: string; rule?: string });
    expect(removed.filter(({ kind }) => kind === 'removed').map(({ rule }) => rule)).toEqual(Array.from({ length: ROWS }, () => 'duplicate'));
  });

  test('ends with what came of it: verdicts, what was left out and why, cost of a row, and where all of it lies', async () => {
    const server = await serve({ wrong: 0.4, seed: 3 });
    const from = ['data/questions.jsonl', 'data/questions.jsonl'];
    const project = makeProject(server, { stages: [{ type: 'collect', from, clean: { length: { min: 0 } }, ask: { sampling: { maxTokens: MAX_TOKENS } }, verify: { keep: 'right', trace: false }, to: 'data/traces.jsonl' }] });
    const { code, stdout, stderr } = await distill(project, 'data', 'collect');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const kept = rowsOf(project).length;
    expect(kept).toBeLessThan(ROWS);
    expect(stderr).toContain(`Stage collect: kept ${String(kept)} of ${String(ROWS)} rows`);
    expect(stdout).toMatch(new RegExp(`verdicts +${String(kept)} right, ${String(ROWS - kept)} wrong, 0 undecided`));
    expect(stdout).toMatch(new RegExp(`left out +${String(ROWS)}  duplicate: the same as another row\n +${String(ROWS - kept)}  different-number: Another number\.`));
    expect(stdout).toMatch(/cost per kept row +0\.\d+ USD/);
    expect(stdout).toMatch(/rows +data\/traces\.jsonl\nbeside them +data\/traces\.removed\.jsonl\nreport +\.distill\/runs\/\S+\/reports\/collect-collect\.json\n/);
  });

  test('of a teacher that is being asked is refused without a run of its own; stop without a name takes the run that goes on', async () => {
    const server = await serve({ latencyMs: 60_000 });
    const project = makeProject(server);
    const { folder, pid } = JSON.parse((await distill(project, 'data', 'collect', '--detach', '--json')).stdout) as { readonly folder: string; readonly pid: number };
    await server.whenAtOnce(4);
    const second = await distill(project, 'data', 'collect');
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining(`is already being asked for this project: process ${String(pid)}`)]);
    const runs = path.dirname(folder);
    expect(readdirSync(runs)).toEqual([path.basename(folder)]);
    // A newer one, which nobody runs.
    const newer = path.join(runs, '2099-01-01-0000-sums');
    mkdirSync(newer);
    writeFileSync(path.join(newer, 'run.json'), JSON.stringify({ ...JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8')) as object, id: path.basename(newer), createdAt: Date.now() + 1000 }));
    expect((await distill(project, 'stop')).stdout).toContain(`${path.basename(folder)} has stopped`);
    expect((await distill(project, 'stop')).stdout).toContain(`${path.basename(newer)} is not running`);
  });

  test('stops in order by Ctrl-C and says how to go on', async () => {
    const server = await serve({ latencyMs: 60_000 });
    const project = makeProject(server);
    const { child, done } = begin(project, ['data', 'collect']);
    await server.whenAtOnce(4);
    child.kill('SIGINT');
    const { code, stderr } = await done;
    expect(code).toBe(3);
    expect(stderr).toContain('Stopping: what was answered is kept.');
    expect(stderr).toContain('Stopped.');
    await server.whenIdle();
    expect(existsSync(path.join(project, 'data/traces.jsonl'))).toBe(false);
    // They were sent, and nobody knows what the service made of them.
    const budget = await distill(project, 'data', 'budget', '--json');
    const [{ money }] = JSON.parse(budget.stdout) as readonly [{ readonly money: number }];
    expect(stderr).toContain(`Stage collect: stopped at 0 of ${String(ROWS)} · ${amountText(money)} of 3.00 USD`);
    expect(JSON.parse(budget.stdout)).toMatchObject([{ teacher: 'big', answers: 0, lostRequests: 4, inFlightTokens: 0 }]);
    expect((await distill(project, 'data', 'budget', '--forgive', 'big')).stderr).toContain('4 requests of big no longer count.');
    expect(JSON.parse((await distill(project, 'data', 'budget', '--json')).stdout)).toMatchObject([{ money: 0, lostRequests: 0, moneyCap: 3 }]);
  });

  test('at the cap says so, exits as stopped, and what was answered is there', async () => {
    const server = await serve();
    const project = makeProject(server, { teacher: { budget: { money: 1 } } });
    const { code, stderr } = await distill(project, 'data', 'collect');
    expect([code, stderr]).toEqual([3, expect.stringContaining('Stage collect: kept')]);
    expect(stderr).toContain('The budget of the teacher big is spent');
    expect(rowsOf(project)).toHaveLength(server.counts().answered);
  });

  test.each([[['run']], [['data', 'collect']]])('finds out that training can’t work before a teacher is asked: distill %j', async (command) => {
    const server = await serve();
    // Its student has no chat template.
    const project = makeProject(server, { data: { template: 'chat' } });
    const refused = await distill(project, ...command);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^✗ Chat template: .*no chat template/m);
    expect(refused.stderr).toContain('distill.json can’t work and was not started. --no-check starts it all the same.');
    expect([server.counts().requests, existsSync(path.join(project, '.distill/runs'))]).toEqual([0, false]);
    // What it refused is what the run itself would have ended with, after the answers were paid for.
    if (command[0] === 'data') expect(await distill(project, ...command, '--no-check')).toMatchObject({ code: 0 });
  });

  test('tells warnings in one line, and judges no rows that it will write anew', async () => {
    const server = await serve();
    const project = makeProject(server);
    // Of an earlier run: not a row of it would be left.
    writeFileSync(path.join(project, 'data/traces.jsonl'), `${JSON.stringify({ prompt: 'why '.repeat(100), answer: '1' })}\n`);
    const { code, stderr } = await distill(project, 'data', 'collect');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/^\d+ warnings?: distill check \.$/m);
  });

  test('what was spent is told although another part of the recipe is wrong; a service that can’t be read is not', async () => {
    const project = makeProject(await serve(), { data: { tooLong: 'chop' } });
    expect(JSON.parse((await distill(project, 'data', 'budget', '--json')).stdout)).toMatchObject([{ teacher: 'big', moneyCap: 3 }]);
    const unreadable = await distill(makeProject(await serve(), { teacher: { model: 7 } }), 'data', 'budget');
    expect([unreadable.code, unreadable.stderr]).toEqual([2, expect.stringContaining('teachers.big.model')]);
  });

  test('of a recipe without such a stage is refused', async () => {
    const project = makeProject(await serve(), { stages: [{ type: 'train', objective: 'sequence' }] });
    const { code, stderr } = await distill(project, 'data', 'collect');
    expect([code, stderr]).toEqual([2, 'The recipe has no stage of type "collect".\n']);
  });
});

test('augmenting by a service says what it can cost and asks nobody without consent; at the end it says what it has cost', async () => {
  const server = await serve();
  const project = makeProject(server);
  writeFileSync(path.join(project, 'data/words.jsonl'), [3, 5, 7].map((count) => `${JSON.stringify({ prompt: `Tom has ${String(count)} apples and buys 2 more. How many apples does Tom have now?`, answer: String(count + 2) })}\n`).join(''));
  const args = ['data', 'augment', 'data/words.jsonl', '--kind', 'rephrasing', '--limit', '2', '--agreement', '1', '--project', '.'];
  const refused = await distill(project, ...args);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/^big: up to 4 requests, \S+ USD at most without repeated tries; cap: 3\.00 USD\.\nThat is paid for\. Add --yes to agree\.\n$/);
  expect([server.counts().requests, existsSync(path.join(project, 'data/words.augmented.jsonl'))]).toEqual([0, false]);
  writeFileSync(path.join(project, 'distill.json'), readFileSync(path.join(project, 'distill.json'), 'utf8').replace('"money": 3', '"money": 300'));
  const agreed = await distill(project, ...args, '--yes');
  expect(agreed).toMatchObject({ code: 0, stderr: expect.stringMatching(/big has cost \S+ of 300\.00 USD so far/) as string });
  expect(server.counts().requests).toBeGreaterThan(0);
}, 60_000);

test('a model of this machine is asked like a service: its answers are kept, nothing is paid', async () => {
  const server = await serve();
  const project = makeProject(server);
  const recipe = JSON.parse(readFileSync(path.join(project, 'distill.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(path.join(project, 'distill.json'), JSON.stringify({
    ...recipe, teachers: { tiny: { type: 'local', model: path.join(models, 'stories260k') } }, data: { train: 'data/traces.jsonl', template: { prompt: '{prompt}', completion: '{think}\n{answer}' } },
    stages: [{ type: 'collect', from: { file: 'data/questions.jsonl', limit: 5 }, ask: { samples: 2, sampling: { maxTokens: 8, temperature: 1 } }, to: 'data/traces.jsonl' }], engine: { threads: 1 },
  }));
  const first = await distill(project, 'data', 'collect');
  expect(first).toMatchObject({ code: 0 });
  const rows = rowsOf(project);
  expect(rows).toHaveLength(10);
  expect(rows[0]).toMatchObject({ provenance: { teacher: { name: 'tiny', service: 'local' }, cost: null, finish: 'length', tokens: { output: 8 } } });
  // Two samples of one question are drawn apart.
  expect(rows.some((row, index) => index % 2 === 0 && row.answer + row.think !== (rows[index + 1]?.answer ?? '') + (rows[index + 1]?.think ?? ''))).toBe(true);
  const text = readFileSync(path.join(project, 'data/traces.jsonl'), 'utf8');
  expect((await distill(project, 'data', 'collect')).code).toBe(0);
  expect(readFileSync(path.join(project, 'data/traces.jsonl'), 'utf8')).toBe(text);
});
