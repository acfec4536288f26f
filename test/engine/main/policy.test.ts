/** One recipe from distillation over on-policy batches to reinforcement, by a real engine: stopped inside the last, resumed, evaluated. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRunFolder } from '../../../src/runs/folder.ts';
import { runEvent } from '../../../src/runs/eventsSchema.ts';
import { giveOrder } from '../../../src/runs/orders.ts';
import { parseEvent, type RunEvent } from '../../../src/shared/events.ts';
import { readRecipe } from '../../../src/shared/recipeText.ts';
import type { Trace } from '../../../src/shared/trace.ts';
import { watchForChange } from '../../../src/system/watchForChange.ts';
import { buildBundles, start, type Bundles } from '../../fixtures/bundles.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const models = path.resolve(import.meta.dirname, '../../fixtures/models');
let bundles: Bundles;
beforeAll(async () => { bundles = await buildBundles(['engine']); }, 120_000);
afterAll(() => bundles.remove());

const SIZES = { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 2, num_attention_heads: 2, max_position_embeddings: 48 };
const DATA = { train: 'train.jsonl', validation: 0.2, template: { prompt: '{prompt}', completion: '<think>{think}</think>{answer}' }, maxLength: 32 };
const STAGES = [
  { type: 'train', name: 'kl', alpha: 1, limits: { steps: 4 }, batch: { size: 4 }, validate: { every: 4 }, onPolicy: { share: 0.5, maxNewTokens: 8 } },
  {
    type: 'reinforce', name: 'right', prompts: 3, samples: 4, maxNewTokens: 8, iterations: 2, limits: { steps: 40 }, validate: { every: 20, rows: 4 }, checkpoint: { every: 3 }, traces: { every: 10, rows: 2 },
    // A student that has hardly learnt anything is right about nothing; but some of its texts are shorter than others.
    rewards: { answer: 1, format: 0.5, length: 1 }, length: { from: 1, to: 9 },
  },
  { type: 'evaluate', teacher: null },
];

async function makeRun(project: string, stages: readonly object[], more: object): Promise<string> {
  const { recipe, problems } = readRecipe(JSON.stringify({ format: 1, name: 'sums', data: DATA, stages, evaluate: { rows: 4, maxNewTokens: 6 }, engine: { threads: 1 }, seed: 5, ...more }));
  if (recipe === undefined) throw new Error(JSON.stringify(problems));
  return createRunFolder(project, { format: 1, createdAt: Date.now(), recipePath: path.join(project, 'distill.json'), base: project, recipe, parent: null, queue: true, versions: {} });
}

function eventsOf(run: string): readonly RunEvent[] {
  const file = path.join(run, 'events.jsonl');
  return (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []).flatMap((line) => {
    const parsed = parseEvent(line);
    return parsed.type === 'event' ? [parsed.event] : [];
  });
}

/** What depends on nothing but the recipe, of each step, the lives of a run put together. */
function told(events: readonly RunEvent[]): readonly unknown[] {
  let found: { readonly step: number; readonly values: object }[] = [];
  for (const event of events) {
    if (event.kind === 'started' && event.resumedFrom !== null) found = found.filter(({ step }) => step <= (event.resumedFrom?.step ?? 0));
    if (event.kind !== 'metric') continue;
    const values = Object.fromEntries(Object.entries(event.values).filter(([name]) => name !== 'tokensPerSecond' && name !== 'memoryMiB'));
    found.push({ step: event.step, values });
  }
  return found;
}

test('three kinds of steps in one run; stopped inside the reinforcement and resumed it ends as if it had not been', async () => {
  const project = temporaryFolder();
  const environment = { DISTILL_STATE_FOLDER: `${project}-state` };
  const engine = (run: string) => start(bundles.engine, [run], { env: environment });
  writeFileSync(path.join(project, 'train.jsonl'), Array.from({ length: 40 }, (_, i) => JSON.stringify({ prompt: `${String(i)}+1=`, think: `${String(i)}+1`, answer: String(i + 1) })).join('\n'));
  const teaching = await makeRun(project, [{ type: 'train', objective: 'sequence', limits: { steps: 3 } }, { type: 'export', to: 'teacher' }], { student: { new: SIZES, tokenizer: path.join(models, 'small-vocabulary') } });
  expect(await engine(teaching).done).toMatchObject({ code: 0, stderr: '' });

  const more = { teachers: { big: { type: 'local', model: 'teacher' } }, student: { fromTeacher: 'big', layers: [0] } };
  const [whole, torn] = [await makeRun(project, STAGES, more), await makeRun(project, STAGES, more)];
  expect(await engine(whole).done).toMatchObject({ code: 0, stderr: '' });
  const { done } = engine(torn);
  const change = watchForChange(path.join(torn, 'events.jsonl'));
  while (!eventsOf(torn).some((event) => event.kind === 'stage' && event.stage === 1)) await change.next();
  change.close();
  await giveOrder(torn, 'stop');
  expect(await done).toMatchObject({ code: 0 });
  expect(eventsOf(torn).at(-1)).toMatchObject({ kind: 'ended', outcome: 'stopped' });
  expect(await engine(torn).done).toMatchObject({ code: 0, stderr: '' });

  const events = eventsOf(whole);
  for (const event of events) expect(runEvent.safeParse(event).success, JSON.stringify(event)).toBe(true);
  expect(events.flatMap((event) => (event.kind === 'stage' ? [`${event.name} ${event.type} ${event.state} ${event.reason ?? ''}`.trim()] : []))).toEqual([
    'kl train begin', 'kl train end steps', 'right reinforce begin', 'right reinforce end steps', 'evaluate evaluate begin', 'evaluate evaluate end done',
  ]);
  expect(told(eventsOf(torn))).toEqual(told(events));
  const steps = events.flatMap((event) => (event.kind === 'metric' && 'reward' in event.values ? [event] : []));
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 40 }, (_, index) => index + 5));
  expect(steps.some(({ values }) => (values['referenceKl'] ?? 0) > 0)).toBe(true);
  expect(existsSync(path.join(whole, 'targets', 'stage-1-reference', 'model.safetensors'))).toBe(true);
  const traces = readFileSync(path.join(whole, 'traces.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Trace).filter(({ stage }) => stage === 1);
  expect(traces.map(({ id }) => id)).toEqual([5, 14, 24, 34, 44].flatMap((step) => [0, 1].map((place) => `1-${String(step)}-student-${String(place)}`)));
  for (const trace of traces) expect(trace).toMatchObject({ role: 'student', prompt: expect.stringMatching(/^\d+\+1=$/) as string, gold: expect.stringMatching(/^\d+$/) as string, example: expect.stringMatching(/^train\.jsonl:\d+$/) as string });
}, 120_000);
