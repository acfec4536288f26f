/** Stages of a real run: entries, gates, what is handed on, and that none of it depends on where the run was killed. */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRunFolder } from '../../../src/runs/folder.ts';
import { parseEvent, type RunEvent } from '../../../src/shared/events.ts';
import { readRecipe } from '../../../src/shared/recipeText.ts';
import { buildBundles, start, type Bundles } from '../../fixtures/bundles.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const models = path.resolve(import.meta.dirname, '../../fixtures/models');
let bundles: Bundles;
beforeAll(async () => { bundles = await buildBundles(['engine']); }, 120_000);
afterAll(() => bundles.remove());

const SIZES = { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 32 };
/** Ends far above its best: such a rate throws the model about. */
const WILD = { optimizer: { learningRate: 2, clipNorm: null }, schedule: { kind: 'constant' } };
const train = (name: string, rest: object = {}): object =>
  ({ type: 'train', name, objective: 'sequence', limits: { steps: 6 }, batch: { size: 4 }, validate: { every: 2 }, checkpoint: { every: 2, keepLast: 50 }, optimizer: { learningRate: 0.01 }, ...rest });

async function makeRun(stages: readonly object[]): Promise<string> {
  const project = temporaryFolder();
  writeFileSync(path.join(project, 'train.jsonl'), Array.from({ length: 60 }, (_, i) => JSON.stringify({ prompt: `${String(i)}+1=`, think: `${String(i)}+1`, answer: String(i + 1) })).join('\n'));
  const { recipe, problems } = readRecipe(JSON.stringify({
    format: 1, name: 'sums', teachers: {}, student: { new: SIZES, tokenizer: path.join(models, 'small-vocabulary') },
    data: { train: 'train.jsonl', validation: 0.2, template: { prompt: '{prompt}', completion: '<think>{think}</think>{answer}' }, maxLength: 32 },
    stages, evaluate: { rows: 4, maxNewTokens: 4 }, engine: { threads: 1, backend: 'wasm' }, seed: 5,
  }));
  if (recipe === undefined) throw new Error(JSON.stringify(problems));
  return createRunFolder(project, { format: 1, createdAt: Date.now(), recipePath: path.join(project, 'distill.json'), base: project, recipe, parent: null, queue: false, versions: {} });
}

async function run(folder: string): Promise<{ readonly code: number | null; readonly stderr: string }> {
  return start(bundles.engine, [folder], { env: { DISTILL_STATE_FOLDER: path.join(folder, '..', 'state') } }).done;
}

function eventsOf(folder: string): readonly RunEvent[] {
  const file = path.join(folder, 'events.jsonl');
  return (existsSync(file) ? readFileSync(file, 'utf8') : '').split('\n').flatMap((line) => {
    const parsed = parseEvent(line);
    return parsed.type === 'event' ? [parsed.event] : [];
  });
}

const gates = (events: readonly RunEvent[]) => events.flatMap((event) => (event.kind === 'gate' ? [event] : []));
const ends = (events: readonly RunEvent[]) => events.flatMap((event) => (event.kind === 'stage' && event.state === 'end' ? [event] : []));
const begins = (events: readonly RunEvent[]) => events.flatMap((event) => (event.kind === 'stage' && event.state === 'begin' ? [event] : []));
/** What a reader keeps: of each step its last loss. */
const losses = (events: readonly RunEvent[]) => Object.fromEntries(events.flatMap((event) => (event.kind === 'metric' && typeof event.values['loss'] === 'number' ? [[event.step, event.values['loss']]] : [])));
const validationAt = (events: readonly RunEvent[], step: number) => events.flatMap((event) => (event.kind === 'metric' && event.step === step ? [event.values['validation/ce']] : [])).find((value) => typeof value === 'number');

describe('a run of several stages', () => {
  test('judges entries on what the stage before measured, and says from which checkpoint each begins', async () => {
    const folder = await makeRun([
      train('first', { entry: { metric: 'validation/ce', max: 100 }, gate: { metric: 'validation/ce', max: 100 } }),
      train('second', { entry: { metric: 'validation/ce', max: 100 } }),
      { type: 'evaluate' },
      train('third', { entry: { metric: 'evaluation/accuracy', min: 0 } }),
    ]);
    expect(await run(folder)).toMatchObject({ code: 0, stderr: '' });
    const events = eventsOf(folder);
    expect(begins(events).map(({ name, parent }) => [name, parent])).toEqual([['first', null], ['second', 'step-000006'], ['evaluate', 'step-000012'], ['third', 'step-000012']]);
    const [measured, after, before, evaluated] = gates(events);
    // The first had nothing before it: what it measured itself at step 0 counts.
    expect(measured).toMatchObject({ stage: 0, when: 'entry', step: 0, passed: true, value: validationAt(events, 0) });
    expect(after).toMatchObject({ stage: 0, when: 'exit', step: 6, value: validationAt(events, 6) });
    expect(before).toMatchObject({ stage: 1, when: 'entry', step: 6, value: after?.value });
    expect(evaluated).toMatchObject({ stage: 3, when: 'entry', metric: 'evaluation/accuracy', step: 12 });
    // The evaluation was made by its stage, once.
    expect(events.filter(({ kind }) => kind === 'evaluation')).toHaveLength(1);
    const state = JSON.parse(readFileSync(path.join(folder, 'checkpoints/step-000018/trainer.json'), 'utf8')) as { readonly state: { readonly parent: string } };
    expect(state.state.parent).toBe('step-000012');
  });

  test('ends before a stage whose entry is missed, and says the same when it is resumed', async () => {
    const folder = await makeRun([train('first'), train('second', { entry: { metric: 'validation/tokenAccuracy', min: 0.99 } }), train('third')]);
    for (const time of [1, 2]) {
      expect((await run(folder)).code, `time ${String(time)}`).toBe(1);
      expect(eventsOf(folder).at(-1)).toMatchObject({ kind: 'ended', outcome: 'failed', code: 'stopped-at-entry', data: { stage: 'second' } });
    }
    const events = eventsOf(folder);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'warning', code: 'entry-missed' }));
    expect(ends(events).map(({ name, reason }) => [name, reason])).toEqual([['first', 'steps'], ['second', 'entry-missed']]);
    expect(Math.max(...Object.keys(losses(events)).map(Number))).toBe(6);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'stage', name: 'third', state: 'skipped' }));
  });

  test('goes back to the best checkpoint of a stage that misses its gate, wherever it was killed around the judgement', async () => {
    const stages = [train('wild', { ...WILD, gate: { metric: 'validation/ce', max: 0.01, onMiss: 'best' } }), train('calm'), { type: 'evaluate', teacher: null }];
    const whole = await makeRun(stages);
    expect(await run(whole)).toMatchObject({ code: 0, stderr: '' });
    const events = eventsOf(whole);
    const [judged] = gates(events);
    const best = events.findLast((event) => event.kind === 'checkpoint' && event.stage === 0 && event.best);
    if (best?.kind !== 'checkpoint') throw new Error('no best checkpoint');
    expect(best.step, 'the wild stage must end above its best').toBeLessThan(6);
    expect(judged).toMatchObject({ when: 'exit', passed: false, action: 'best', checkpoint: best.name, value: validationAt(events, 6) });
    expect(events).toContainEqual(expect.objectContaining({ kind: 'warning', code: 'gate-missed-best' }));
    expect(begins(events)[1]).toMatchObject({ name: 'calm', parent: best.name });
    expect(ends(events)[0]).toMatchObject({ checkpoint: best.name, values: best.values });

    // Killed right after each of these lines: the folder is put back as it was then, and the run goes on.
    const after = (wanted: (event: RunEvent) => boolean): number => events.findIndex(wanted);
    const places: readonly (readonly [string, number])[] = [
      ['inside the first stage', after((event) => event.kind === 'metric' && event.step === 5)],
      ['at the end of its training', after((event) => event.kind === 'checkpoint' && event.step === 6)],
      ['after the judgement', after((event) => event.kind === 'gate')],
      ['after the end of the stage', after((event) => event.kind === 'stage' && event.state === 'end')],
      ['after the next has begun', after((event) => event.kind === 'stage' && event.state === 'begin' && event.stage === 1)],
      ['inside the second stage', after((event) => event.kind === 'metric' && event.step === 11)],
      ['between the stages behind it', after((event) => event.kind === 'stage' && event.state === 'end' && event.stage === 1)],
    ];
    for (const [place, index] of places) {
      expect(index, place).toBeGreaterThan(0);
      const folder = killedAt(whole, events, index);
      expect(await run(folder), place).toMatchObject({ code: 0, stderr: '' });
      const resumed = eventsOf(folder);
      expect(losses(resumed), place).toEqual(losses(events));
      expect(gates(resumed).at(-1), place).toMatchObject({ value: judged?.value, action: 'best', checkpoint: best.name });
      expect(begins(resumed).filter(({ stage }) => stage === 1).at(-1), place).toMatchObject({ parent: best.name });
      expect(resumed.at(-1), place).toMatchObject({ kind: 'ended', outcome: 'done' });
    }
  }, 180_000);

  test('whose gate was missed stays ended, also when it was killed before it could say so', async () => {
    const whole = await makeRun([train('first', { gate: { metric: 'validation/ce', max: 0.001 } }), train('second')]);
    expect((await run(whole)).code).toBe(1);
    const events = eventsOf(whole);
    const folder = killedAt(whole, events, events.findIndex((event) => event.kind === 'stage' && event.state === 'end'));
    expect((await run(folder)).code).toBe(1);
    expect(eventsOf(folder).at(-1)).toMatchObject({ outcome: 'failed', code: 'stopped-by-gate', data: { stage: 'first' } });
    expect(Math.max(...Object.keys(losses(eventsOf(folder))).map(Number))).toBe(6);
  });
});

/** A copy of a run's folder as it was when the event at `index` had been written: what came later is gone. */
function killedAt(whole: string, events: readonly RunEvent[], index: number): string {
  const folder = path.join(temporaryFolder(), '.distill/runs', path.basename(whole));
  mkdirSync(path.dirname(folder), { recursive: true });
  cpSync(path.dirname(path.dirname(path.dirname(whole))), path.dirname(path.dirname(path.dirname(folder))), { recursive: true });
  const kept = events.slice(0, index + 1);
  writeFileSync(path.join(folder, 'events.jsonl'), kept.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const there = new Set(kept.flatMap((event) => (event.kind === 'checkpoint' ? [event.name] : [])));
  for (const name of readdirSync(path.join(folder, 'checkpoints'))) if (!there.has(name)) rmSync(path.join(folder, 'checkpoints', name), { recursive: true });
  return folder;
}
