/** On a trained model: what a cut by importance leaves is better than what an arbitrary one leaves, and training heals it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { measureImportance, type Importance } from '../../../src/engine/model/importance.ts';
import { Random } from '../../../src/engine/model/random.ts';
import { quietHeads, type HeadsKept } from '../../../src/engine/model/quietHeads.ts';
import { chooseLayers, cutStudent, slimDecoder, type SlimPlan } from '../../../src/engine/model/slim.ts';
import { loadTokenizer } from '../../../src/engine/model/tokenizer.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { makeInput, makeStage } from '../train/setup.ts';
import { validationLoss } from './validationLoss.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/arithmetic', import.meta.url));
const EVERY = [0, 1, 2, 3];

let backend: Backend;
let teacher: DecoderModel;
let train: readonly EncodedRow[];
let heldOut: readonly EncodedRow[];
let importance: Importance;

beforeAll(async () => {
  backend = await openBackend({ backend: 'wasm', threads: 2 });
  teacher = await loadDecoder(path.join(EXAMPLE, 'teacher'), backend);
  const tokenizer = await loadTokenizer(path.join(EXAMPLE, 'tokenizer'));
  const rows = (split: string, count: number): readonly EncodedRow[] => readFileSync(path.join(EXAMPLE, 'data', `${split}.jsonl`), 'utf8').split('\n').slice(0, count).map((line, row) => {
    const { prompt, think, answer } = JSON.parse(line) as Record<'prompt' | 'think' | 'answer', string>;
    const [asked, thought, told] = [tokenizer.encode(prompt), tokenizer.encode(`<think>${think}</think>`), tokenizer.encode(answer)];
    const end = teacher.config.eosTokenIds[0] ?? 1;
    return { row, file: split, ids: Int32Array.from([...asked, ...thought, ...told, end]), promptLength: asked.length, answerStart: asked.length + thought.length, ended: true };
  });
  [train, heldOut] = [rows('train', 512), rows('validation', 64)];
  // As a run does: on training rows, never on those that are measured.
  importance = await measureImportance(teacher, train.slice(0, 32).map(({ ids }) => ids));
}, 60_000);
afterAll(() => backend.dispose());

/** Cross-entropy of a cut on held-out rows. */
async function lossOf(plan: SlimPlan, by: Importance): Promise<number> {
  const student = await slimDecoder(teacher, plan, by);
  const loss = validationLoss(student, heldOut);
  student.dispose();
  return loss;
}

/** As important as dice say. */
function arbitrary(seed: number): Importance {
  const random = new Random(seed);
  const shuffled = (of: Float64Array): Float64Array => of.map(() => random.uniform());
  return { layers: importance.layers.map(() => random.uniform()), neurons: importance.neurons.map(shuffled), heads: importance.heads.map(shuffled), groups: importance.groups.map(shuffled) };
}

const SEEDS = [1, 2, 3, 4, 5];

test('keeping half of the neurons by importance costs hardly anything, and every arbitrary half a lot', async () => {
  const plan = { layers: EVERY, intermediateSize: 192 };
  const best = await lossOf(plan, importance);
  expect(best).toBeLessThan(1.25 * validationLoss(teacher, heldOut));
  for (const seed of SEEDS) expect(await lossOf(plan, arbitrary(seed)), `seed ${String(seed)}`).toBeGreaterThan(2 * best);
});

test.each<readonly [string, HeadsKept]>([
  ['one query head of each group', { kvHeads: 2, heads: 2 }],
  ['one key-value head with its group', { kvHeads: 1, heads: 2 }],
])('keeping %s by what its silence costs beats every one of five arbitrary cuts', async (_, kept) => {
  const plan = { layers: EVERY, ...kept };
  const best = await lossOf(plan, { ...importance, ...await quietHeads(teacher, train.slice(0, 16).map(({ ids }) => ids), kept) });
  for (const seed of SEEDS) expect(best, `seed ${String(seed)}`).toBeLessThan(await lossOf(plan, arbitrary(seed)));
});

test('of all ways to take one layer away, importance takes one of the two that hurt least', async () => {
  const kept = chooseLayers('importance', 3, 4, importance);
  const losses = new Map<string, number>();
  for (const gone of EVERY) losses.set(String(EVERY.filter((layer) => layer !== gone)), await lossOf({ layers: EVERY.filter((layer) => layer !== gone) }, importance));
  const order = [...losses].sort(([, a], [, b]) => a - b).map(([layers]) => layers);
  expect(order.slice(0, 2)).toContain(String(kept));
});

test('what was cut heals: a few steps beside the teacher take back most of what the cut cost', async () => {
  const whole = validationLoss(teacher, heldOut);
  const student = await cutStudent(teacher, { fromTeacher: 'teacher', layers: EVERY, intermediate_size: 192, num_attention_heads: 2 }, train.slice(0, 32).map(({ ids }) => ids));
  const cut = validationLoss(student, heldOut);
  const stage = makeStage({ limits: { steps: 30 }, batch: { size: 16 }, alpha: 0.9, optimizer: { learningRate: 0.002 }, schedule: { warmupSteps: 3 }, sentinel: 0, validate: { every: 100 }, checkpoint: { every: 100 } });
  await trainStage(await makeInput({ student, teacher, stage, vocabulary: teacher.config.vocabSize, train: [...train], validation: [] }));
  const healed = validationLoss(student, heldOut);
  expect(cut - whole).toBeGreaterThan(0.05);
  expect(healed - whole).toBeLessThan(0.35 * (cut - whole));
  student.dispose();
}, 60_000);
