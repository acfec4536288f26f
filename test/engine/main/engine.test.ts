import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConsumedData } from '../../../src/shared/consumed.ts';
import { parseEvent, type RunEvent } from '../../../src/shared/events.ts';
import { readRecipe } from '../../../src/shared/recipeText.ts';
import { createRunFolder } from '../../../src/runs/folder.ts';
import { giveOrder } from '../../../src/runs/orders.ts';
import { tryLock } from '../../../src/system/lockFile.ts';
import { watchForChange } from '../../../src/system/watchForChange.ts';
import { buildBundles, start, type Bundles } from '../../fixtures/bundles.ts';
import { makeReadOnly, mountDisk } from '../../fixtures/disks.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { tensorflowFolder } from '../../fixtures/tensorflow.ts';

const models = path.resolve(import.meta.dirname, '../../fixtures/models');
let bundles: Bundles;
beforeAll(async () => { bundles = await buildBundles(['engine']); }, 120_000);
afterAll(() => bundles.remove());

/** Room for some hundred events; null where nobody may mount it. */
const tinyDisk = mountDisk('256k');
const readOnlyDisk = mountDisk('256k');

const SIZES = { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 32 };

/** Steps enough to be stopped in between; a step takes a millisecond or two. */
const LONG = 4000;

interface Made {
  readonly project: string;
  readonly run: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A project with sums as its data, and a run of it that nobody has started. */
async function makeRun(changes: { readonly stages?: readonly object[]; readonly data?: object; readonly teachers?: object; readonly student?: object; readonly backend?: string } = {}, project = temporaryFolder()): Promise<Made> {
  const rows = Array.from({ length: 60 }, (_, i) => ({ prompt: `${String(i)}+1=`, think: `${String(i)}+1`, answer: String(i + 1) }));
  writeFileSync(path.join(project, 'train.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
  const { recipe, problems } = readRecipe(JSON.stringify({
    format: 1, name: 'sums', teachers: changes.teachers ?? {}, student: changes.student ?? { new: SIZES, tokenizer: path.join(models, 'small-vocabulary') },
    data: { train: 'train.jsonl', validation: 0.2, template: { prompt: '{prompt}', completion: '<think>{think}</think>{answer}' }, maxLength: 32, ...changes.data },
    stages: changes.stages ?? [{ type: 'train', objective: 'sequence', limits: { steps: 6 }, batch: { size: 4 }, validate: { every: 3 }, checkpoint: { every: 2 } }],
    evaluate: { rows: 5, maxNewTokens: 6 }, engine: { threads: 1, ...(changes.backend === undefined ? {} : { backend: changes.backend }) }, seed: 5,
  }));
  if (recipe === undefined) throw new Error(JSON.stringify(problems));
  const run = await createRunFolder(project, { format: 1, createdAt: Date.now(), recipePath: path.join(project, 'distill.json'), base: project, recipe, parent: null, queue: true, versions: {} });
  return { project, run, environment: { DISTILL_STATE_FOLDER: `${project}-state`, ...(changes.backend === 'tensorflow' ? { DISTILL_TENSORFLOW: tensorflowFolder ?? '' } : {}) } };
}

const startEngine = ({ run, environment }: Made) => start(bundles.engine, [run], { env: environment });

function eventsOf({ run }: Made): readonly RunEvent[] {
  const file = path.join(run, 'events.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  return lines.map((line) => {
    const parsed = parseEvent(line);
    if (parsed.type !== 'event') throw new Error(`no event: ${line}`);
    return parsed.event;
  });
}

async function until(made: Made, wanted: (event: RunEvent) => boolean): Promise<void> {
  const change = watchForChange(path.join(made.run, 'events.jsonl'));
  try {
    while (!eventsOf(made).some(wanted)) await change.next();
  } finally {
    change.close();
  }
}

/** Losses by step, of the lives of a run put together as a reader does: what a resume does again replaces what was above its checkpoint. */
function losses(events: readonly RunEvent[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const event of events) {
    if (event.kind === 'started' && event.resumedFrom !== null) for (const step of found.keys()) if (step > event.resumedFrom.step) found.delete(step);
    if (event.kind === 'metric' && typeof event.values['loss'] === 'number') found.set(event.step, event.values['loss']);
  }
  return found;
}

const kinds = (events: readonly RunEvent[], kind: RunEvent['kind']): readonly RunEvent[] => events.filter((event) => event.kind === kind);
const numbered = (events: readonly RunEvent[]): void => { expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index)); };

describe('a run', () => {
  test('distils a teacher, evaluates both, exports a student that another run can take up', async () => {
    const stages = [
      { type: 'train', name: 'kd', limits: { steps: 4 }, batch: { size: 4, accumulate: 2 }, validate: { every: 2 }, checkpoint: { every: 2 } },
      { type: 'evaluate' },
      { type: 'export', to: 'student' },
    ];
    // The teacher is itself made by a recipe: as "student", exported.
    const teaching = await makeRun({ stages: [{ type: 'train', objective: 'sequence', limits: { steps: 2 } }, { type: 'export', to: 'teacher' }], student: { new: { ...SIZES, num_hidden_layers: 2 }, tokenizer: path.join(models, 'small-vocabulary') } });
    expect(await startEngine(teaching).done).toMatchObject({ code: 0, stderr: '' });
    const made = await makeRun({ stages, teachers: { big: { type: 'local', model: 'teacher' } }, student: { fromTeacher: 'big', layers: [1] } }, teaching.project);
    expect(await startEngine(made).done).toMatchObject({ code: 0, stderr: '' });

    const events = eventsOf(made);
    numbered(events);
    expect(events[0]).toMatchObject({ kind: 'started', backend: expect.any(String) as string, resumedFrom: null });
    expect(events.at(-1)).toMatchObject({ kind: 'ended', outcome: 'done' });
    expect(events.flatMap((event) => event.kind === 'stage' ? [`${event.name} ${event.state} ${event.reason ?? ''}`.trim()] : [])).toEqual([
      'kd begin', 'kd end steps', 'evaluate begin', 'evaluate end done', 'export begin', 'export end done',
    ]);
    const metrics = events.flatMap((event) => event.kind === 'metric' ? [event] : []);
    expect(metrics.filter(({ values }) => 'loss' in values).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    for (const { values } of metrics.filter(({ values: { loss } }) => loss !== undefined)) {
      // The total is what the recipe says: 0.7 · T² · KL + 0.3 · CE, and the emitted kl is the plain divergence.
      expect(values['loss']).toBeCloseTo(0.7 * 4 * (values['kl'] ?? NaN) + 0.3 * (values['ce'] ?? NaN), 5);
    }
    const taken = JSON.parse(readFileSync(path.join(made.run, 'data.json'), 'utf8')) as ConsumedData;
    expect(taken.files).toMatchObject([{ path: 'train.jsonl', format: 'jsonl', read: '1-60', firstId: 0 }]);
    expect(Object.keys(taken.files[0]?.rows ?? {}).sort()).toEqual(['evaluated', 'train', 'validation']);
    expect(readFileSync(path.join(made.run, 'data-ids.bin'))).toHaveLength(60 * 8);
    const evaluation = events.find((event) => event.kind === 'evaluation');
    expect(evaluation).toMatchObject({ step: 4, models: [{ role: 'teacher', examples: 5 }, { role: 'student', examples: 5 }] });
    const report = JSON.parse(readFileSync(path.join(made.run, 'reports', evaluation?.kind === 'evaluation' ? evaluation.report : ''), 'utf8')) as { readonly examples: readonly { readonly example: string; readonly teacher: { readonly trace: string } }[] };
    const traces = readFileSync(path.join(made.run, 'traces.jsonl'));
    const told = events.flatMap((event) => event.kind === 'trace' ? [event] : []);
    expect(told).toHaveLength(10);
    for (const { offset, bytes, id, example, role } of told) expect(JSON.parse(traces.subarray(offset, offset + bytes).toString())).toMatchObject({ id, example, role, step: 4 });
    expect(report.examples.map(({ teacher }) => teacher.trace)).toEqual(told.filter(({ role }) => role === 'teacher').map(({ id }) => id));
    expect(JSON.parse(readFileSync(path.join(made.project, 'student/config.json'), 'utf8'))).toMatchObject({ num_hidden_layers: 1 });
    expect(existsSync(path.join(made.project, 'student/tokenizer.json'))).toBe(true);
    expect(existsSync(path.join(made.run, 'engine.lock'))).toBe(false);
  });

  test('whose student is cut by importance, learns from the inside of its teacher, is trained for INT8 and exported as such', async () => {
    const teaching = await makeRun({ stages: [{ type: 'train', objective: 'sequence', limits: { steps: 2 } }, { type: 'export', to: 'teacher' }], student: { new: { ...SIZES, num_hidden_layers: 3 }, tokenizer: path.join(models, 'small-vocabulary') } });
    expect(await startEngine(teaching).done).toMatchObject({ code: 0, stderr: '' });
    const made = await makeRun({
      teachers: { big: { type: 'local', model: 'teacher' } },
      student: { fromTeacher: 'big', layers: { keep: 2, by: 'importance' }, intermediate_size: SIZES.intermediate_size / 2 },
      stages: [
        { type: 'train', name: 'inside', weights: { kl: 0, ce: 0, hidden: 1, attention: 1 }, limits: { steps: 2 }, batch: { size: 4 } },
        { type: 'train', name: 'logits', objective: 'skew-kl', targets: { topK: 8 }, limits: { steps: 2 }, batch: { size: 4 } },
        { type: 'train', name: 'int8', temperature: { from: 3, to: 1 }, quantise: 'int8', limits: { steps: 2 }, batch: { size: 4 } },
        { type: 'evaluate' }, { type: 'export', to: 'student', dtype: 'int8' },
      ],
    }, teaching.project);
    expect(await startEngine(made).done).toMatchObject({ code: 0, stderr: '' });
    const events = eventsOf(made);
    expect(events.at(-1)).toMatchObject({ kind: 'ended', outcome: 'done' });
    const first = events.find((event) => event.kind === 'metric' && 'loss' in event.values);
    expect(first?.kind === 'metric' ? (first.values['hidden'] ?? NaN) + (first.values['attention'] ?? NaN) : NaN).toBeCloseTo(first?.kind === 'metric' ? first.values['loss'] ?? NaN : NaN, 5);
    expect(readdirSync(path.join(made.project, '.distill/targets')).filter((name) => name.endsWith('.topk'))).toHaveLength(1);
    const config = JSON.parse(readFileSync(path.join(made.project, 'student/config.json'), 'utf8')) as Record<string, unknown>;
    expect(config).toMatchObject({ num_hidden_layers: 2, intermediate_size: SIZES.intermediate_size / 2, quantization_config: { quant_method: 'compressed-tensors', format: 'int-quantized' } });
  });

  test.each(['wasm', ...(tensorflowFolder === null ? [] : ['tensorflow'])])('that is killed, stopped and told to end goes on each time, with the losses of a run that nobody disturbed (%s)', async (backend) => {
    // Rows are few and steps are fast: the limit is what lets the three interruptions fall in between.
    const stages = [{ type: 'train', objective: 'sequence', limits: { steps: LONG }, batch: { size: 2 }, schedule: { kind: 'constant' }, validate: { every: 1000 }, checkpoint: { every: 7 } }];
    const made = await makeRun({ stages, backend });
    const beyond = (step: number) => (event: RunEvent): boolean => event.kind === 'metric' && event.step > step;
    const reached = (): number => Math.max(...losses(eventsOf(made)).keys());

    const killed = startEngine(made);
    await until(made, beyond(10));
    killed.child.kill('SIGKILL');
    await killed.done;

    const stopped = startEngine(made);
    await until(made, (event) => event.kind === 'started' && event.resumedFrom !== null);
    const after = reached();
    await until(made, beyond(after + 5));
    const order = await giveOrder(made.run, 'stop');
    expect((await stopped.done).code).toBe(0);
    expect(eventsOf(made)).toContainEqual(expect.objectContaining({ kind: 'acknowledged', order: order.id, accepted: true }));
    expect(eventsOf(made).at(-1)).toMatchObject({ kind: 'ended', outcome: 'stopped' });

    const signalled = startEngine(made);
    const later = reached();
    await until(made, beyond(later + 5));
    signalled.child.kill('SIGTERM');
    expect((await signalled.done).code).toBe(0);

    const events = eventsOf(made);
    numbered(events);
    const starts = events.flatMap((event) => event.kind === 'started' ? [event.resumedFrom?.step ?? null] : []);
    expect(starts).toHaveLength(3);
    expect(starts[0]).toBeNull();
    expect((starts[1] ?? 0) % 7).toBe(0);
    // The orderly stop saved where it was: nothing is done twice.
    expect(starts[2]).toBe(events.flatMap((event) => event.kind === 'checkpoint' ? [event.step] : []).filter((step) => step <= (starts[2] ?? 0)).at(-1));
    const total = reached();

    const undisturbed = await makeRun({ stages, backend });
    const whole = startEngine(undisturbed);
    await until(undisturbed, beyond(total));
    whole.child.kill('SIGKILL');
    await whole.done;
    const expected = losses(eventsOf(undisturbed));
    const found = losses(events);
    expect([...found.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    for (const [step, loss] of found) expect(loss, `step ${String(step)}`).toBe(expected.get(step));
  }, 120_000);

  test('whose stages are done is not done again', async () => {
    const made = await makeRun({ stages: [{ type: 'train', objective: 'sequence', limits: { steps: 2 } }, { type: 'evaluate' }, { type: 'export', to: 'nothing/there' }] });
    mkdirSync(path.join(made.project, 'nothing'));
    writeFileSync(path.join(made.project, 'nothing/there'), 'a file in the way');
    expect((await startEngine(made).done).code).toBe(1);
    expect(eventsOf(made).at(-1)).toMatchObject({ kind: 'ended', outcome: 'failed', code: 'model-folder-exists' });
    const before = eventsOf(made).length;
    expect((await startEngine(made).done).code).toBe(1);
    const again = eventsOf(made).slice(before);
    expect(again[0]).toMatchObject({ kind: 'started', resumedFrom: { stage: 2, step: 2 } });
    expect(kinds(again, 'metric')).toEqual([]);
    expect(again.flatMap((event) => event.kind === 'stage' ? [event.name] : [])).toEqual(['export']);
  });

  test('that misses its gate skips what follows and is failed', async () => {
    const made = await makeRun({ stages: [{ type: 'train', objective: 'sequence', limits: { steps: 2 }, gate: { metric: 'validation/loss', max: 0.001 } }, { type: 'export', to: 'student' }] });
    expect((await startEngine(made).done).code).toBe(1);
    const events = eventsOf(made);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'warning', code: 'gate-missed' }));
    expect(events).toContainEqual(expect.objectContaining({ kind: 'stage', name: 'export', state: 'skipped' }));
    expect(events.at(-1)).toMatchObject({ outcome: 'failed', code: 'stopped-by-gate' });
    expect(existsSync(path.join(made.project, 'student'))).toBe(false);
  });
});

describe('what can’t be run', () => {
  test('is told by a code, and the folder can be looked at', async () => {
    const missing = await makeRun({ data: { train: 'nowhere.jsonl' } });
    expect((await startEngine(missing).done).code).toBe(1);
    expect(eventsOf(missing).at(-1)).toMatchObject({ kind: 'ended', outcome: 'failed', code: 'data-file-missing' });

    const longer = await makeRun({ data: { maxLength: 32 }, student: { model: path.join(models, 'tiny-llama') }, stages: [{ type: 'train', objective: 'sequence' }] });
    expect((await startEngine(longer).done).code).toBe(1);
    // tiny-llama has no tokenizer.
    expect(eventsOf(longer).at(-1)).toMatchObject({ code: 'model-file-missing' });
  });

  test('has an exit code of its own: no run folder, a run that has an engine, a disk that is full', async () => {
    expect((await start(bundles.engine, [temporaryFolder()]).done).code).toBe(2);
    expect((await start(bundles.engine, []).done).code).toBe(2);

    const busy = await makeRun();
    const held = await tryLock(path.join(busy.run, 'engine.lock'));
    if (held.type !== 'held') throw new Error('the lock is taken');
    const second = await startEngine(busy).done;
    expect(second.code).toBe(3);
    expect(second.stderr).toContain('run-busy');
    expect(eventsOf(busy)).toEqual([]);
    await held.lock.release();
  });

  test.skipIf(tinyDisk === null)('says so when the disk is full, with the room it had kept for its last words (needs root, to mount a tiny disk)', async () => {
    const stages = [{ type: 'train', objective: 'sequence', limits: { steps: LONG * 100 }, batch: { size: 2 }, checkpoint: { every: LONG * 100 } }];
    const full = await makeRun({ stages }, tinyDisk ?? '');
    const ended = await startEngine(full).done;
    expect(ended.code).toBe(4);
    expect(ended.stderr).toContain('disk-full');
    const events = eventsOf(full);
    numbered(events);
    expect(events.at(-1)).toMatchObject({ kind: 'ended', outcome: 'failed', code: 'disk-full' });
  });

  test.skipIf(readOnlyDisk === null)('says so when the run folder is on a read-only disk (needs root, to mount one)', async () => {
    const made = await makeRun({}, readOnlyDisk ?? '');
    makeReadOnly(readOnlyDisk ?? '');
    const ended = await startEngine(made).done;
    expect(ended.code).toBe(4);
    expect(ended.stderr).toContain('read-only');
    expect(eventsOf(made)).toEqual([]);
  });
});

test('two runs take turns on the device; one that waits can be stopped', async () => {
  const first = await makeRun({ stages: [{ type: 'train', objective: 'sequence', limits: { steps: LONG * 100 }, batch: { size: 2 } }] });
  const second = { ...(await makeRun()), environment: first.environment };
  const third = { ...(await makeRun()), environment: first.environment };
  const [one] = [startEngine(first), await until(first, (event) => event.kind === 'started')];
  const two = startEngine(second);
  await until(second, (event) => event.kind === 'queued');
  const three = startEngine(third);
  await until(third, (event) => event.kind === 'queued');
  expect(eventsOf(second)[0]).toMatchObject({ kind: 'queued', device: 'cpu', holder: first.run });
  await giveOrder(third.run, 'stop');
  expect((await three.done).code).toBe(0);
  expect(eventsOf(third).at(-1)).toMatchObject({ kind: 'ended', outcome: 'stopped' });
  expect(kinds(eventsOf(second), 'started')).toEqual([]);
  one.child.kill('SIGKILL');
  await one.done;
  expect((await two.done).code).toBe(0);
  expect(eventsOf(second).at(-1)).toMatchObject({ kind: 'ended', outcome: 'done' });
});
