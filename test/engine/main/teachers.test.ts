/** Recipes whose teachers are more than a folder to ask: one that is trained first, one of another vocabulary. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseEvent, type RunEvent } from '../../../src/shared/events.ts';
import { readRecipe } from '../../../src/shared/recipeText.ts';
import { createRunFolder } from '../../../src/runs/folder.ts';
import { giveOrder } from '../../../src/runs/orders.ts';
import { watchForChange } from '../../../src/system/watchForChange.ts';
import { buildBundles, start, type Bundles } from '../../fixtures/bundles.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const tokenizers = path.resolve(import.meta.dirname, '../../fixtures/torch/uld-tokenizers');
let bundles: Bundles;
beforeAll(async () => { bundles = await buildBundles(['engine']); }, 120_000);
afterAll(() => bundles.remove());

const SIZES = { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 2, num_attention_heads: 2, max_position_embeddings: 64 };
const SHORT = { limits: { steps: 4 }, batch: { size: 4 }, validate: { every: 2 }, checkpoint: { every: 2 } };

interface Made { readonly project: string; readonly run: string }

async function makeRun(project: string, changes: object): Promise<Made> {
  const digits = ['3', '4', '7'];
  const rows = digits.flatMap((a) => digits.flatMap((b) => ['Say', 'Spell', 'What is', 'done'].map((word) => ({ prompt: `${word} ${a} plus ${b}`, answer: `${a} plus ${b} is 7` }))));
  writeFileSync(path.join(project, 'train.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
  const { recipe, problems } = readRecipe(JSON.stringify({
    format: 1, name: 'two', data: { train: 'train.jsonl', validation: 0.2, template: { prompt: '{prompt}\n', completion: '{answer}' }, maxLength: 64 }, evaluate: { rows: 3, maxNewTokens: 4 }, engine: { backend: 'wasm', threads: 1 }, seed: 5, ...changes,
  }));
  if (recipe === undefined) throw new Error(JSON.stringify(problems));
  return { project, run: await createRunFolder(project, { format: 1, createdAt: Date.now(), recipePath: path.join(project, 'distill.json'), base: project, recipe, parent: null, queue: true, versions: {} }) };
}

const startEngine = ({ project, run }: Made) => start(bundles.engine, [run], { env: { DISTILL_STATE_FOLDER: `${project}-state` } });

function eventsOf({ run }: Made): readonly RunEvent[] {
  const file = path.join(run, 'events.jsonl');
  return (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []).flatMap((line) => { const parsed = parseEvent(line); return parsed.type === 'event' ? [parsed.event] : []; });
}

/** A model folder, made as any is: trained a little and exported. */
async function makeModel(project: string, name: string, tokenizer: string): Promise<void> {
  const made = await makeRun(project, { student: { new: SIZES, tokenizer: path.join(tokenizers, tokenizer) }, stages: [{ type: 'train', objective: 'sequence', ...SHORT }, { type: 'export', to: name }] });
  expect(await startEngine(made).done).toMatchObject({ code: 0, stderr: '' });
}

const losses = (made: Made): readonly (readonly [number, number])[] => eventsOf(made).flatMap((event) => event.kind === 'metric' && typeof event.values['loss'] === 'number' ? [[event.step, event.values['loss']] as const] : []);

test('a teacher is trained first: the student is cut from it as it then is, learns from it, and a run that is stopped in between goes on to the last bit', async () => {
  const project = temporaryFolder();
  await makeModel(project, 'teacher', 'student');
  const before = readFileSync(path.join(project, 'teacher/model.safetensors'));
  const recipe = (steps: number): object => ({
    teachers: { big: { type: 'local', model: 'teacher' } }, student: { fromTeacher: 'big', layers: [1] },
    stages: [
      { type: 'train', name: 'warm-up', objective: 'sequence', trains: 'big', ...SHORT, limits: { steps }, optimizer: { learningRate: 0.01 } },
      { type: 'train', name: 'kd', alpha: 1, temperature: 1, ...SHORT, targets: { topK: 5 } }, { type: 'evaluate' },
    ],
  });
  const whole = await makeRun(project, recipe(6));
  expect(await startEngine(whole).done).toMatchObject({ code: 0, stderr: '' });
  const warmed = readFileSync(path.join(whole.run, 'teachers/big/model.safetensors'));
  expect(warmed.equals(before)).toBe(false);
  expect(existsSync(path.join(whole.run, 'teachers/big/tokenizer.json'))).toBe(true);
  expect(readFileSync(path.join(project, 'teacher/model.safetensors')).equals(before), 'the folder that the recipe names stays as it was').toBe(true);
  expect(eventsOf(whole).find((event) => event.kind === 'evaluation')).toMatchObject({ models: [{ role: 'teacher' }, { role: 'student' }] });

  // Stopped in the warm-up, and once more in the stage behind it.
  const halved = await makeRun(project, recipe(6));
  for (const after of [3, 8]) {
    const engine = startEngine(halved);
    const change = watchForChange(path.join(halved.run, 'events.jsonl'));
    while (!eventsOf(halved).some((event) => event.kind === 'metric' && event.step >= after)) await change.next();
    change.close();
    await giveOrder(halved.run, 'stop');
    await engine.done;
  }
  expect(await startEngine(halved).done).toMatchObject({ code: 0 });
  expect(eventsOf(halved).at(-1)).toMatchObject({ kind: 'ended', outcome: 'done' });
  expect(readFileSync(path.join(halved.run, 'teachers/big/model.safetensors')).equals(warmed)).toBe(true);
  expect(new Map(losses(halved))).toEqual(new Map(losses(whole)));
}, 120_000);

test('a teacher of another vocabulary is learnt from on pieces of text; by kl it is refused, with the way out', async () => {
  const project = temporaryFolder();
  await makeModel(project, 'foreign', 'teacher');
  const recipe = (stage: object): object => ({
    teachers: { other: { type: 'local', model: 'foreign' } }, student: { new: { ...SIZES, num_hidden_layers: 1 }, tokenizer: path.join(tokenizers, 'student') },
    stages: [{ type: 'train', ...SHORT, ...stage }, { type: 'evaluate' }],
  });
  const made = await makeRun(project, recipe({ weights: { kl: 0, ce: 0.5, uld: 1.5 } }));
  expect(await startEngine(made).done).toMatchObject({ code: 0, stderr: '' });
  const first = eventsOf(made).flatMap((event) => event.kind === 'metric' && 'loss' in event.values ? [event.values] : [])[0] ?? {};
  expect(first['loss']).toBeCloseTo(0.5 * (first['ce'] ?? NaN) + 1.5 * (first['uld'] ?? NaN), 5);
  expect(eventsOf(made).some((event) => event.kind === 'metric' && typeof event.values['validation/uld'] === 'number')).toBe(true);

  const refused = await makeRun(project, recipe({}));
  expect((await startEngine(refused).done).code).toBe(1);
  expect(eventsOf(refused).at(-1)).toMatchObject({ kind: 'ended', outcome: 'failed', code: 'tokenizers-differ', data: { teacher: 'other' } });
}, 120_000);
