import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createRunFolder } from '../../../src/runs/folder.ts';
import { giveOrder } from '../../../src/runs/orders.ts';
import type { CollectReport } from '../../../src/shared/collectReport.ts';
import { parseEvent, type CollectEvent, type EndedEvent, type RunEvent } from '../../../src/shared/events.ts';
import { readRecipe } from '../../../src/shared/recipeText.ts';
import type { DataRecord } from '../../../src/shared/record.ts';
import { acquireDevice } from '../../../src/system/deviceQueue.ts';
import { watchForChange } from '../../../src/system/watchForChange.ts';
import { buildBundles, start, type Bundles } from '../../fixtures/bundles.ts';
import { mountDisk } from '../../fixtures/disks.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { startTeacherServer, type TeacherServer, type TeacherServerOptions } from '../../harness/teacherServer.ts';

const models = path.resolve(import.meta.dirname, '../../fixtures/models');
let bundles: Bundles;
beforeAll(async () => { bundles = await buildBundles(['engine']); }, 120_000);
afterAll(() => bundles.remove());

/** Room for the questions and for most of their answers; null where nobody may mount it. */
const smallDisk = mountDisk('1m');

/** A thousandth of a unit for each output token; the prompt costs nothing. */
const PRICES = { currency: 'USD', input: 0, output: 1000 };
/** Answers of the server are some thirty tokens: the worst case is 0.2, the usual one a small part of it. */
const MAX_TOKENS = 200;

interface Made {
  readonly project: string;
  readonly run: string;
  readonly environment: Readonly<Record<string, string>>;
}

const sums = (count: number): readonly object[] => Array.from({ length: count }, (_, i) => ({ prompt: `${String(i + 3)} + ${String(2 * i + 5)} = ?`, answer: String(3 * i + 8) }));

async function serve(options: TeacherServerOptions = {}): Promise<TeacherServer> {
  const server = await startTeacherServer(options);
  onTestFinished(() => server.close());
  return server;
}

async function makeRun(server: Pick<TeacherServer, 'url'>, changes: { readonly rows?: readonly object[] | null; readonly teacher?: object; readonly stage?: object; readonly stages?: readonly object[]; readonly data?: object; readonly project?: string } = {}): Promise<Made> {
  const project = changes.project ?? temporaryFolder();
  if (changes.rows !== null) writeFileSync(path.join(project, 'questions.jsonl'), (changes.rows ?? sums(40)).map((row) => `${JSON.stringify(row)}\n`).join(''));
  const stage = { type: 'collect', from: 'questions.jsonl', ask: { sampling: { maxTokens: MAX_TOKENS } }, to: 'data/traces.jsonl', ...changes.stage };
  const { recipe, problems } = readRecipe(JSON.stringify({
    format: 1, name: 'sums', teachers: { big: { type: 'api', baseUrl: server.url, model: 'tiny-r1', concurrency: 8, prices: PRICES, ...changes.teacher } },
    student: { new: { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 64 }, tokenizer: path.join(models, 'small-vocabulary') },
    data: { train: 'data/traces.jsonl', validation: 0.2, template: { prompt: '{prompt}', completion: '<think>{think}</think>{answer}' }, maxLength: 64, ...changes.data },
    stages: changes.stages ?? [stage], engine: { threads: 1 },
  }));
  if (recipe === undefined) throw new Error(JSON.stringify(problems));
  const run = await createRunFolder(project, { format: 1, createdAt: Date.now(), recipePath: path.join(project, 'distill.json'), base: project, recipe, parent: null, queue: true, versions: {} });
  return { project, run, environment: { DISTILL_STATE_FOLDER: `${project}-state` } };
}

const startEngine = ({ run, environment }: Made, more: Readonly<Record<string, string>> = {}) => start(bundles.engine, [run], { env: { ...environment, ...more } });

function eventsOf({ run }: Made): readonly RunEvent[] {
  const file = path.join(run, 'events.jsonl');
  return (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []).map((line) => {
    const parsed = parseEvent(line);
    if (parsed.type !== 'event') throw new Error(`no event: ${line}`);
    return parsed.event;
  });
}

async function until(file: string, wanted: () => boolean): Promise<void> {
  const change = watchForChange(file);
  try {
    while (!wanted()) await change.next();
  } finally {
    change.close();
  }
}

const untilEvent = (made: Made, wanted: (event: RunEvent) => boolean): Promise<void> => until(path.join(made.run, 'events.jsonl'), () => eventsOf(made).some(wanted));
const endOf = (made: Made): EndedEvent | undefined => eventsOf(made).findLast((event) => event.kind === 'ended');
const rowsOf = ({ project }: Made, file = 'data/traces.jsonl'): readonly DataRecord[] => readFileSync(path.join(project, file), 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as DataRecord);
const linesOf = ({ project }: Made, file: string): readonly string[] => readFileSync(path.join(project, '.distill/teachers/big', file), 'utf8').split('\n').slice(0, -1);
const reportOf = ({ run }: Made): CollectReport => JSON.parse(readFileSync(path.join(run, 'reports/collect-collect.json'), 'utf8')) as CollectReport;
const lastCollect = (made: Made): CollectEvent | undefined => eventsOf(made).findLast((event) => event.kind === 'collect');

interface LedgerLine { readonly type: string; readonly id: number; readonly money?: number }

/** What the ledger says was spent and reserved, at each of its lines: the cap holds at every one of them. */
function mostSpent(made: Made): { readonly most: number; readonly end: number } {
  const open = new Map<number, number>();
  let [settled, most] = [0, 0];
  for (const { type, id, money } of linesOf(made, 'ledger.jsonl').map((line) => JSON.parse(line) as LedgerLine)) {
    if (type === 'reserve') open.set(id, money ?? 0);
    if (type === 'settle') { settled += money ?? 0; open.delete(id); }
    if (type === 'free') open.delete(id);
    most = Math.max(most, settled + [...open.values()].reduce((sum, each) => sum + each, 0));
  }
  return { most, end: settled + [...open.values()].reduce((sum, each) => sum + each, 0) };
}

describe('collecting', () => {
  test('asks every row once, writes the answers in the order of the rows with their provenance, and takes no device', async () => {
    const server = await serve({ latencyMs: 2 });
    const made = await makeRun(server, { stage: { ask: { samples: 2, sampling: { maxTokens: MAX_TOKENS, seed: 1 } }, verify: { trace: false, keep: 'all' } } });
    // Somebody else has the device: a stage that only asks a service doesn't wait for it.
    const device = await acquireDevice('cpu', { about: 'another run', folder: made.environment['DISTILL_STATE_FOLDER'] ?? '' });
    onTestFinished(() => device.release());
    const { code, stderr } = await startEngine(made).done;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const rows = rowsOf(made);
    expect(rows.map(({ prompt, provenance }) => `${prompt} ${String(provenance.sampling?.sample)}`)).toEqual((sums(40) as readonly { prompt: string }[]).flatMap(({ prompt }) => [`${prompt} 0`, `${prompt} 1`]));
    expect(new Set(rows.map(({ id }) => id)).size).toBe(80);
    expect(rows[0]).toMatchObject({
      gold: '8', provenance: {
        source: { file: 'questions.jsonl', row: 1 }, teacher: { name: 'big', model: 'tiny-r1' }, finish: 'end', sampling: { temperature: 0.6, topP: 0.95, maxTokens: MAX_TOKENS, sample: 0 },
        verdict: { verdict: 'right' },
      },
    });
    expect(rows[0]?.think).not.toBe('');
    expect(rows[0]?.provenance.cost?.amount).toBeCloseTo((rows[0]?.provenance.tokens?.output ?? 0) / 1000, 9);
    expect(server.counts()).toMatchObject({ requests: 80, answered: 80 });
    expect(eventsOf(made).filter(({ kind }) => kind === 'started' || kind === 'queued')).toMatchObject([{ kind: 'started', backend: null }]);
    expect(eventsOf(made).filter((event) => event.kind === 'stage')).toMatchObject([{ state: 'begin', type: 'collect' }, { state: 'end', total: 80, reason: 'done' }]);
    expect(lastCollect(made)).toMatchObject({ kept: 80, failed: 0, spend: { teacher: 'big', inFlight: 0, reservedMoney: 0 } });
    const { billed } = server.counts();
    expect(lastCollect(made)?.spend).toMatchObject({ tokens: billed.input + billed.output });
    expect(reportOf(made)).toMatchObject({ end: 'done', rows: { read: 40, written: 80 }, ask: { requests: 80, answered: 80, cached: 0 }, verify: { verdicts: { right: 80, wrong: 0, unknown: 0 } } });
    expect(readdirSync(made.run).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('what was answered is never asked again, also by another run; more samples ask only what is new', async () => {
    const server = await serve();
    const first = await makeRun(server);
    expect((await startEngine(first).done).code).toBe(0);
    const before = readFileSync(path.join(first.project, 'data/traces.jsonl'), 'utf8');
    const again = await makeRun(server, { project: first.project });
    expect((await startEngine(again).done).code).toBe(0);
    expect(server.counts().requests).toBe(40);
    expect(readFileSync(path.join(first.project, 'data/traces.jsonl'), 'utf8')).toBe(before);
    expect(reportOf(again).ask).toMatchObject({ answered: 40, cached: 40 });
    const more = await makeRun(server, { project: first.project, stage: { ask: { samples: 2, sampling: { maxTokens: MAX_TOKENS } } } });
    expect((await startEngine(more).done).code).toBe(0);
    expect(server.counts().requests).toBe(80);
  });

  test('a stage that trains reads what the stage before it wrote', async () => {
    const server = await serve();
    const made = await makeRun(server, {
      stages: [
        { type: 'collect', from: 'questions.jsonl', ask: { sampling: { maxTokens: MAX_TOKENS } }, to: 'data/traces.jsonl' },
        { type: 'train', objective: 'sequence', limits: { steps: 2 }, batch: { size: 4 }, validate: { every: 2 } },
      ],
    });
    const { code } = await startEngine(made).done;
    const kinds = eventsOf(made).map((event) => (event.kind === 'started' ? `started ${String(event.backend)}` : event.kind === 'stage' ? `${event.name} ${event.state}` : event.kind));
    expect(kinds.filter((kind) => /started|collect |train /.test(kind)).slice(0, 4)).toEqual(['started null', 'collect begin', 'collect end', 'started wasm']);
    expect([code, endOf(made)]).toMatchObject([0, { outcome: 'done' }]);
    expect(eventsOf(made).some((event) => event.kind === 'metric' && typeof event.values['loss'] === 'number')).toBe(true);
  });

  test('without a teacher rows are made, verified, augmented and cleaned, and nobody is asked', async () => {
    const made = await makeRun({ url: 'http://127.0.0.1:1/v1' }, {
      stage: { from: { synthesise: { rows: 30, kinds: ['arithmetic'], seed: 7 } }, ask: undefined, verify: { keep: 'right' }, augment: [{ kind: 'numbers' }], clean: {} },
    });
    const { code, stderr } = await startEngine(made).done;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = reportOf(made);
    expect(report).toMatchObject({ ask: null, rows: { read: 30 }, verify: { verdicts: { wrong: 0 } }, clean: { rows: 30 }, augment: { rows: { read: 30 } }, spent: [] });
    const rows = rowsOf(made);
    expect(rows).toHaveLength(30 + (report.augment?.rows.made ?? 0));
    expect(rows.filter(({ provenance }) => provenance.transformations.some(({ name }) => name === 'augment/numbers'))).toHaveLength(report.augment?.rows.made ?? 0);
    expect(report.augment?.rows.made).toBeGreaterThan(5);
    expect(lastCollect(made)).toMatchObject({ part: 'write', spend: null });
  });

  test('code of answers does not run unless a person has allowed it, which is told', async () => {
    const made = await makeRun({ url: 'http://127.0.0.1:1/v1' }, {
      rows: [{ prompt: 'def one():\n', answer: 'def one():\n    return 1\n', test: 'def check(candidate):\n    assert candidate() == 1\n', entry_point: 'one' }],
      stage: { ask: undefined, verify: { code: 'sandbox' } },
    });
    expect((await startEngine(made, { DISTILL_ALLOW_CODE: '' }).done).code).toBe(0);
    expect(rowsOf(made)).toMatchObject([{ provenance: { verdict: { verdict: 'unknown', reason: 'code-not-allowed' } } }]);
    expect(eventsOf(made).filter((event) => event.kind === 'warning')).toMatchObject([{ code: 'collect-code-not-allowed' }]);
  });

  test('a row that the service refuses is left out, counted and named; the others are kept', async () => {
    const server = await serve();
    const rows = [...sums(5), { prompt: 'much [[too-long]]', answer: '1' }];
    const made = await makeRun(server, { rows });
    expect((await startEngine(made).done).code).toBe(0);
    expect(rowsOf(made)).toHaveLength(5);
    expect(eventsOf(made).find((event) => event.kind === 'warning' && event.code === 'rows-not-answered')).toMatchObject({ data: { teacher: 'big', failed: 1, rows: 6 } });
    expect(reportOf(made).ask).toMatchObject({ failed: 1, failures: [{ code: 'teacher-request-refused' }] });
  });

  test('samples that are the same to the letter go where cleaning is on, counted and in the side file', async () => {
    const server = await serve();
    // The server answers by the row's words alone.
    const ask = { samples: 2, sampling: { maxTokens: MAX_TOKENS, temperature: 0 } };
    const made = await makeRun(server, { stage: { ask, clean: {} } });
    expect((await startEngine(made).done).code).toBe(0);
    const texts = rowsOf(made).map(({ prompt, think, answer }) => JSON.stringify([prompt, think, answer]));
    expect([texts.length, new Set(texts).size]).toEqual([40, 40]);
    expect(reportOf(made)).toMatchObject({ cleanAnswers: { rows: 80, kept: 40, rules: [{ rule: 'duplicate', removed: 40 }] } });
    const side = readFileSync(path.join(made.project, 'data/traces.removed.jsonl'), 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as object);
    expect(side).toHaveLength(40);
    expect(side[1]).toMatchObject({ kind: 'removed', rule: 'duplicate', row: 3, detail: { of: rowsOf(made)[1]?.id, ofRow: 2 }, record: { provenance: { sampling: { sample: 1 } } } });
    const kept = await makeRun(server, { project: made.project, stage: { ask, clean: { duplicates: 'keep' } } });
    expect((await startEngine(kept).done).code).toBe(0);
    expect(rowsOf(kept)).toHaveLength(80);
    expect(server.counts().requests).toBe(80);
  });

  test('rows that are not kept lie in the side file with the reason', async () => {
    const server = await serve({ wrong: 0.4, seed: 3 });
    const made = await makeRun(server, { stage: { verify: { keep: 'right', trace: false } } });
    expect((await startEngine(made).done).code).toBe(0);
    const { verdicts } = reportOf(made).verify ?? { verdicts: { right: 0, wrong: 0 } };
    expect(verdicts.right).toBeGreaterThan(0);
    expect(verdicts.wrong).toBeGreaterThan(0);
    expect(rowsOf(made)).toHaveLength(verdicts.right);
    const side = readFileSync(path.join(made.project, 'data/traces.removed.jsonl'), 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as object);
    expect(side).toHaveLength(verdicts.wrong);
    expect(side[0]).toMatchObject({ kind: 'removed', rule: 'verdict', detail: { verdict: 'wrong' }, record: { provenance: { verdict: { verdict: 'wrong' } } } });
  });
});

describe('the budget', () => {
  test('ends the run at the cap, which nothing passes; with a higher one it goes on where it was', async () => {
    const server = await serve();
    const capped = await makeRun(server, { teacher: { budget: { money: 0.5 } } });
    expect((await startEngine(capped).done).code).toBe(0);
    expect(endOf(capped)).toMatchObject({ outcome: 'stopped', code: 'budget-spent', data: { teacher: 'big', cap: '0.50 USD' } });
    expect(eventsOf(capped).findLast((event) => event.kind === 'stage')).toMatchObject({ state: 'end', reason: 'budget' });
    const { most, end } = mostSpent(capped);
    expect(most).toBeLessThanOrEqual(0.5);
    // What real answers cost is far below their worst case: nearly all of it could be used.
    expect(end).toBeGreaterThan(0.3);
    expect(server.counts().billed.output / 1000).toBeCloseTo(end, 9);
    const asked = server.counts().requests;
    expect(rowsOf(capped)).toHaveLength(asked);
    const more = await makeRun(server, { project: capped.project, teacher: { budget: { money: 50 } } });
    expect((await startEngine(more).done).code).toBe(0);
    expect(endOf(more)).toMatchObject({ outcome: 'done' });
    expect(server.counts().requests).toBe(40);
    expect(rowsOf(more)).toHaveLength(40);
    // Another sampling asks anew and comes to a cap early: what a person has is not replaced by less.
    const less = await makeRun(server, { project: capped.project, teacher: { budget: { money: mostSpent(more).end + 0.5 } }, stage: { ask: { sampling: { maxTokens: MAX_TOKENS, temperature: 1 } } } });
    expect((await startEngine(less).done).code).toBe(0);
    expect(rowsOf(less).length).toBeLessThan(40);
    expect(rowsOf(less, 'data/traces.previous.jsonl')).toHaveLength(40);
    expect(eventsOf(less).find((event) => event.kind === 'warning')).toMatchObject({ code: 'collect-previous-kept', data: { previous: 'traces.previous.jsonl' } });
  });

  test('raised in the recipe’s file holds for a resumed run, which says so; a file with mistakes changes nothing', async () => {
    const server = await serve();
    const made = await makeRun(server, { teacher: { budget: { money: 0.5 } } });
    expect((await startEngine(made).done).code).toBe(0);
    const asked = server.counts().requests;
    const file = path.join(made.project, 'distill.json');
    writeFileSync(file, '{ "teachers": ');
    expect((await startEngine(made).done).code).toBe(0);
    expect([endOf(made), server.counts().requests]).toMatchObject([{ outcome: 'stopped', code: 'budget-spent' }, asked]);
    const { recipe } = JSON.parse(readFileSync(path.join(made.run, 'run.json'), 'utf8')) as { recipe: { teachers: { big: object } } };
    writeFileSync(file, JSON.stringify({ ...recipe, teachers: { big: { ...recipe.teachers.big, concurrency: 4, budget: { money: 50 } } } }));
    expect((await startEngine(made).done).code).toBe(0);
    expect([endOf(made), server.counts().requests]).toMatchObject([{ outcome: 'done' }, 40]);
    expect(lastCollect(made)?.spend?.moneyCap).toBe(50);
    expect(eventsOf(made).filter((event) => event.kind === 'warning')).toMatchObject([
      { code: 'collect-limits-kept', data: { file: 'distill.json' } },
      { code: 'collect-limits-changed', data: { path: 'teachers.big.budget.money', now: 50, before: 0.5 } },
      { code: 'collect-limits-changed', data: { path: 'teachers.big.concurrency', now: 4, before: 8 } },
    ]);
  });

  test('that was set for a run alone holds for it where the file has not changed since', async () => {
    const server = await serve();
    const project = temporaryFolder();
    writeFileSync(path.join(project, 'distill.json'), '{}');
    const made = await makeRun(server, { project, teacher: { budget: { money: 0.5 } } });
    utimesSync(path.join(project, 'distill.json'), 1, 1);
    expect((await startEngine(made).done).code).toBe(0);
    expect((await startEngine(made).done).code).toBe(0);
    expect(endOf(made)).toMatchObject({ outcome: 'stopped', data: { cap: '0.50 USD' } });
    expect(eventsOf(made).filter((event) => event.kind === 'warning')).toEqual([]);
  });

  test('of tokens is a hard cap as well, without any prices', async () => {
    const server = await serve();
    const made = await makeRun(server, { teacher: { prices: undefined, budget: { tokens: 1000 } } });
    expect((await startEngine(made).done).code).toBe(0);
    expect(endOf(made)).toMatchObject({ outcome: 'stopped', code: 'budget-spent' });
    const { billed } = server.counts();
    expect(billed.input + billed.output).toBeLessThanOrEqual(1000);
  });

  test('that is smaller than one request asks nothing and says both numbers', async () => {
    const server = await serve();
    const made = await makeRun(server, { teacher: { budget: { money: 0.1 } } });
    expect((await startEngine(made).done).code).toBe(1);
    expect(endOf(made)).toMatchObject({ outcome: 'failed', code: 'budget-below-request', data: { cap: '0.10 USD', worst: '0.20 USD' } });
    expect(server.counts().requests).toBe(0);
  });
});

describe('a process that is killed', () => {
  test('loses at most what was in flight: every row is there once, and the cap holds over all its lives', async () => {
    const server = await serve({ latencyMs: 60 });
    const made = await makeRun(server, { rows: sums(160), teacher: { budget: { money: 60 } } });
    const answered = (): number => (existsSync(path.join(made.project, '.distill/teachers/big/answers.jsonl')) ? linesOf(made, 'answers.jsonl').length : 0);
    for (const enough of [8, 30, 55]) {
      const { child, done } = startEngine(made);
      await until(path.join(made.project, '.distill/teachers/big/answers.jsonl'), () => answered() >= enough);
      child.kill('SIGKILL');
      expect((await done).signal).toBe('SIGKILL');
      await server.whenIdle();
    }
    expect((await startEngine(made).done).code).toBe(0);
    expect(rowsOf(made).map(({ prompt }) => prompt)).toEqual((sums(160) as readonly { prompt: string }[]).map(({ prompt }) => prompt));
    // Three lives ended with at most eight requests each in flight.
    expect(server.counts().requests).toBeLessThanOrEqual(160 + 3 * 8);
    expect(new Set(linesOf(made, 'answers.jsonl').map((line) => (JSON.parse(line) as { key: string }).key)).size).toBe(160);
    const { most, end } = mostSpent(made);
    expect(most).toBeLessThanOrEqual(60);
    // Never less than what the service billed, whatever was torn.
    expect(end).toBeGreaterThanOrEqual(server.counts().billed.output / 1000 - 1e-9);
    expect(eventsOf(made).find((event) => event.kind === 'warning' && event.code === 'requests-lost')).toMatchObject({ data: { teacher: 'big' } });
  });

  test('and one that is stopped closes every request at once and goes on later', async () => {
    const server = await serve({ latencyMs: 60_000 });
    const made = await makeRun(server);
    const { done } = startEngine(made);
    await server.whenAtOnce(4);
    await untilEvent(made, (event) => event.kind === 'stage' && event.state === 'begin');
    await giveOrder(made.run, 'stop');
    expect((await done).code).toBe(0);
    await server.whenIdle();
    expect(endOf(made)).toMatchObject({ outcome: 'stopped' });
    expect(endOf(made)?.code).toBeUndefined();
    expect(existsSync(path.join(made.project, 'data/traces.jsonl'))).toBe(false);
    expect(readdirSync(path.join(made.project, 'data'))).toEqual([]);
    expect(readdirSync(path.join(made.project, '.distill/teachers/big'))).not.toContain('collect.lock');
  });
});

describe('what is wrong is told before anything is asked', () => {
  test.each([
    ['a key that is not there', { teacher: { keyVariable: 'NOBODY_HAS_THIS_KEY' } }, {}, 'teacher-key-not-set', { variable: 'NOBODY_HAS_THIS_KEY' }],
    ['a key that is refused', { teacher: { keyVariable: 'A_KEY' } }, { A_KEY: 'wrong' }, 'teacher-key-refused', { variable: 'A_KEY' }],
    ['a model that does not exist', { teacher: { model: 'tiny-r2', keyVariable: 'A_KEY' } }, { A_KEY: 'right' }, 'teacher-model-missing', { model: 'tiny-r2', have: 'tiny-r1' }],
    ['questions that are not there', { rows: null, teacher: { keyVariable: 'A_KEY' } }, { A_KEY: 'right' }, 'data-file-missing', {}],
    ['questions that can’t be read', { rows: [{ prompt: 'a' }, { asked: 'b' }], teacher: { keyVariable: 'A_KEY' } }, { A_KEY: 'right' }, 'data-row-field-missing', { line: 2 }],
  ] as const)('%s', async (_, changes, environment, code, data) => {
    const server = await serve({ key: 'right' });
    const made = await makeRun(server, changes);
    expect((await startEngine(made, environment).done).code).toBe(1);
    expect(endOf(made)).toMatchObject({ outcome: 'failed', code, data });
    expect(server.counts().answered).toBe(0);
    expect(existsSync(path.join(made.project, 'data/traces.jsonl'))).toBe(false);
    expect(readFileSync(path.join(made.run, 'events.jsonl'), 'utf8')).not.toContain('right');
  });

  test('a key that the editor keeps goes to its own origin and to no other', async () => {
    const server = await serve({ key: 'secret-of-this-origin' });
    const made = await makeRun(server, { rows: sums(2), teacher: { keyVariable: 'NOBODY_HAS_THIS_KEY' } });
    const origin = new URL(server.url).origin;
    const elsewhere = await startEngine(made, { DISTILL_TEACHER_KEYS: JSON.stringify({ 'https://elsewhere.example.com': 'secret-of-this-origin' }) }).done;
    expect([elsewhere.code, endOf(made)?.code]).toEqual([1, 'teacher-key-not-set']);
    expect((await startEngine(made, { DISTILL_TEACHER_KEYS: JSON.stringify({ [origin]: 'secret-of-this-origin' }) }).done).code).toBe(0);
    expect(rowsOf(made)).toHaveLength(2);
    for (const file of readdirSync(made.project, { recursive: true, withFileTypes: true })) {
      if (file.isFile()) expect(readFileSync(path.join(file.parentPath, file.name), 'utf8')).not.toContain('secret-of-this-origin');
    }
  });

  test('a second collection of the same teacher, and who has it', async () => {
    const server = await serve({ latencyMs: 60_000 });
    const first = await makeRun(server);
    const { child, done } = startEngine(first);
    await server.whenAtOnce(1);
    const second = await makeRun(server, { project: first.project });
    expect((await startEngine(second).done).code).toBe(1);
    expect(endOf(second)).toMatchObject({ outcome: 'failed', code: 'collect-busy', data: { teacher: 'big', pid: child.pid, about: first.run } });
    child.kill('SIGTERM');
    expect((await done).code).toBe(0);
  });
});

test.skipIf(smallDisk === null)('a disk that fills ends the run with its name; what was answered until then is kept and nothing is half-written', async () => {
  const server = await serve();
  const project = path.join(smallDisk ?? '', 'project');
  mkdirSync(project);
  const made = await makeRun(server, { project, rows: sums(600), teacher: { concurrency: 16 } });
  const { code } = await startEngine({ ...made, environment: { DISTILL_STATE_FOLDER: `${temporaryFolder()}-state` } }).done;
  expect(code).toBe(4);
  expect(endOf(made)).toMatchObject({ outcome: 'failed', code: 'disk-full' });
  expect(existsSync(path.join(project, 'data/traces.jsonl'))).toBe(false);
  expect(readdirSync(path.join(project, 'data'))).toEqual([]);
  const answers = linesOf(made, 'answers.jsonl').map((line) => JSON.parse(line) as { key: string });
  expect(answers.length).toBeGreaterThan(0);
  // Nothing was asked again and again while there was no room for its answer.
  expect(server.counts().answered).toBeLessThanOrEqual(answers.length + 16);
});
