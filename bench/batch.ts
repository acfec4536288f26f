/**
 * `npm run bench -- batch [--json] [--model NAME] [--backend NAME] [--steps N] [--rounds N] [--part feeding | preparing | recomputing]`: ways of feeding the same rows. How full the passes
 * are, how many shapes they have, what preparing them costs beside a step, and how many tokens a second are learnt from, on the rows
 * of the arithmetic example and, where they are there, of GSM8K (DISTILL_TEST_DATA); then what reading a
 * teacher's stored answers costs beside a step, and what recomputing blocks costs and saves. All that is compared takes turns.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Backend } from '../src/engine/backend/contract.ts';
import { openBackend } from '../src/engine/backend/open.ts';
import type { EncodedRow } from '../src/engine/data/contract.ts';
import { prepareData } from '../src/engine/data/prepare.ts';
import type { DecoderConfig, DecoderModel } from '../src/engine/model/contract.ts';
import { createDecoder, variantOf } from '../src/engine/model/decoder.ts';
import { loadTokenizer } from '../src/engine/model/tokenizer.ts';
import { tf } from '../src/engine/tf.ts';
import { passesOf, type MicroBatch, type Shapes } from '../src/engine/train/batch.ts';
import { disposeTargets, release, upload, type Objective } from '../src/engine/train/losses.ts';
import { AdamW } from '../src/engine/train/optimizer.ts';
import { packRows } from '../src/engine/train/packing.ts';
import { RowSampler } from '../src/engine/train/sampler.ts';
import { StoredTargets, type SoftTargets } from '../src/engine/train/softTargets.ts';
import { shapesFor, StepRunner } from '../src/engine/train/stepRunner.ts';
import { openTopK } from '../src/engine/train/topKTargets.ts';
import type { BackendName } from '../src/shared/events.ts';
import { recipe as recipeSchema, trainStage } from '../src/shared/recipe.ts';
import { modelNamed } from './train/models.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const { values: options } = parseArgs({ options: {
  json: { type: 'boolean', default: false }, model: { type: 'string', default: '0.6M' }, backend: { type: 'string', default: 'wasm' }, steps: { type: 'string', default: '3' }, rounds: { type: 'string', default: '5' }, part: { type: 'string' },
} });
const say = (line: string): void => { process.stdout.write(`${line}\n`); };

const BATCH = 16;
/** Steps whose passes are looked at. */
const LOOKED_AT = 100;
const BUCKETS = 16;
/** No row of the data is longer. */
const POSITIONS = 1024;
const STAGE = trainStage.parse({ type: 'train', teacher: 't' });

interface Way {
  readonly name: string;
  readonly buckets: number;
  readonly passes: (rows: readonly EncodedRow[], model: DecoderConfig, shapes: Shapes) => MicroBatch[];
}

const WAYS: readonly Way[] = [
  { name: 'as they come', buckets: 0, passes: (rows, { maxPositions }, shapes) => passesOf(rows, BATCH, maxPositions, shapes) },
  { name: `buckets of ${String(BUCKETS)} steps`, buckets: BUCKETS, passes: (rows, { maxPositions }, shapes) => passesOf(rows, BATCH, maxPositions, shapes) },
  { name: 'packed', buckets: 0, passes: (rows, model, shapes) => packRows(rows, BATCH, model, shapes) },
];

/** The passes of a way, step after step. */
function feeder({ buckets, passes }: Way, rows: readonly EncodedRow[], model: DecoderConfig, shapes: Shapes): () => MicroBatch[] {
  const sampler = new RowSampler(rows.length, 1, 0, undefined, buckets === 0 ? null : { lengths: rows.map(({ ids }) => ids.length), step: BATCH, pool: buckets });
  return () => passes(sampler.take(BATCH).map((row) => rows[row] as EncodedRow), model, shapes);
}

interface Fullness {
  readonly filled: number;
  readonly shapes: number;
  readonly prepareMs: number;
}

function fullness(next: () => MicroBatch[]): Fullness {
  const seen = new Set<string>();
  let [tokens, fed] = [0, 0];
  const began = performance.now();
  for (let step = 0; step < LOOKED_AT; step++) {
    for (const { batch, seq, segments, rowSlots, tokens: own } of next()) {
      tokens += own;
      fed += batch * seq;
      seen.add([batch, seq, segments.think.positions.length, segments.answer.positions.length, rowSlots].join(' '));
    }
  }
  return { filled: tokens / fed, shapes: seen.size, prepareMs: (performance.now() - began) / LOOKED_AT };
}

/** A student of its own that is trained on what it is given. */
function learner(student: DecoderModel, weights: Partial<Objective['weights']>): { step(batches: readonly MicroBatch[], targets: SoftTargets | null): Promise<void>; dispose(): void } {
  const objective: Objective = { weights: { kl: 0, ce: 0, mse: 0, hidden: 0, attention: 0, uld: 0, ...weights }, divergence: { kind: 'forward-kl' }, temperature: 1, vocabulary: student.config.vocabSize };
  const optimizer = new AdamW(student.backend.ops, student.trainable, STAGE.optimizer);
  const runner = new StepRunner(STAGE, student, optimizer, undefined, (reason) => { say(`  (operation by operation: ${reason})`); });
  return {
    step: async (batches, targets) => {
      if (await runner.step({ student, targets, objective, batches, learningRate: 1e-4 }) === null) throw new Error('the loss is not finite');
    },
    dispose: () => {
      runner.dispose();
      optimizer.dispose();
      student.dispose();
    },
  };
}

/** Milliseconds of each contestant: the median of rounds, in which all take turns; the first round warms up. */
async function inTurns(contestants: readonly (() => Promise<number>)[]): Promise<number[]> {
  const times = contestants.map((): number[] => []);
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const [index, run] of contestants.entries()) {
      const value = await run();
      if (round > 0) times[index]?.push(value);
    }
  }
  return times.map(median);
}

async function feeding(rows: readonly EncodedRow[], backend: Backend): Promise<object[]> {
  const { config: sizes } = modelNamed(options.model);
  const config = { ...sizes, maxPositions: POSITIONS, vocabSize: Math.max(sizes.vocabSize, ...rows.map(({ ids }) => 1 + Math.max(...ids))) };
  const student = createDecoder(config, 1, backend);
  const shapes = shapesFor(student, STAGE);
  student.dispose();
  const contestants = WAYS.map((way) => ({ next: feeder(way, rows, config, shapes), learner: learner(createDecoder(config, 1, backend), { ce: 1 }) }));
  const perToken = await inTurns(contestants.map(({ next, learner: { step } }) => async () => {
    let tokens = 0;
    const began = performance.now();
    for (let index = 0; index < Number(options.steps); index++) {
      const batches = next();
      await step(batches, null);
      tokens += batches.reduce((sum, batch) => sum + batch.tokens, 0);
    }
    return (performance.now() - began) / tokens;
  }));
  for (const each of contestants) each.learner.dispose();
  return WAYS.map((way, index) => {
    const [fine, coarse] = [fullness(feeder(way, rows, config, 'fine')), fullness(feeder(way, rows, config, 'coarse'))];
    const tokensPerSecond = Math.round(1000 / (perToken[index] ?? NaN));
    say(`  ${way.name.padEnd(22)} ${percent(fine.filled)} filled, ${String(fine.shapes)} shapes · coarse: ${percent(coarse.filled)}, ${String(coarse.shapes)} shapes · ${fine.prepareMs.toFixed(2)} ms to prepare · ${String(tokensPerSecond)} tokens/s (${shapes})`);
    return { way: way.name, fine, coarse, tokensPerSecond };
  });
}

/** What could be done while the backend works: collating, reading targets from memory or from a file; beside the step that waits for it. */
async function preparing(rows: readonly EncodedRow[], backend: Backend): Promise<object> {
  const { config: sizes } = modelNamed(options.model);
  const config = { ...sizes, maxPositions: POSITIONS };
  const [student, teacher] = [createDecoder(config, 1, backend), createDecoder(config, 2, backend)];
  const shapes = shapesFor(student, STAGE);
  const few = rows.slice(0, 8 * BATCH);
  const stored = new StoredTargets(config.vocabSize);
  await stored.fill(teacher, few, BATCH, () => false);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'distill-batch-'));
  const topK = await openTopK(teacher, BATCH, { folder, name: 't', source: 't', rows: few, shape: { k: Math.min(50, config.vocabSize), vocabulary: config.vocabSize, values: 'float16', temperatures: [1] }, pause: () => false });
  if (topK === null) throw new Error('the store was not made');
  const next = feeder(WAYS[0] as Way, few, config, shapes);
  const { step, dispose } = learner(student, { kl: 1 });
  const timed = (work: (batches: MicroBatch[]) => void | Promise<void>, batches = next) => async () => {
    let total = 0;
    for (let index = 0; index < Number(options.steps); index++) {
      const own = batches();
      const began = performance.now();
      await work(own);
      total += performance.now() - began;
    }
    return total / Number(options.steps);
  };
  const ask = (targets: SoftTargets) => (batches: MicroBatch[]): void => {
    for (const batch of batches) {
      const device = upload(batch);
      disposeTargets(targets.of(batch, device, 1));
      release(device);
    }
  };
  const [collateMs = NaN, storedMs = NaN, topKMs = NaN, storedStepMs = NaN, topKStepMs = NaN] = await inTurns([
    timed(() => { next(); }), timed(ask(stored)), timed(ask(topK)), timed((batches) => step(batches, stored)), timed((batches) => step(batches, topK)),
  ]);
  dispose();
  teacher.dispose();
  topK.dispose();
  rmSync(folder, { recursive: true });
  say(`\nPreparing a step: collate ${collateMs.toFixed(2)} ms; targets from memory ${storedMs.toFixed(2)} ms of a step of ${storedStepMs.toFixed(0)} ms (${percent(storedMs / storedStepMs)}), from a top-50 file ${topKMs.toFixed(2)} ms of ${topKStepMs.toFixed(0)} ms (${percent(topKMs / topKStepMs)})`);
  return { collateMs, storedMs, storedStepMs, topKMs, topKStepMs };
}

/** Twelve layers: bytes of tensors at most, and time of a step. (Of the whole process: `bench -- memory`.) */
async function recomputing(backend: Backend): Promise<object> {
  const { config: sizes, batch, seq } = modelNamed(options.model);
  const config = { ...sizes, layers: 12 };
  const rows = Array.from({ length: batch }, (_, row): EncodedRow => ({ row, file: 'made', ids: Int32Array.from({ length: seq }, (__, at) => (at * 7 + row) % config.vocabSize), promptLength: 1, answerStart: 1, ended: true }));
  const batches = passesOf(rows, batch, config.maxPositions, 'fine');
  const contestants = [false, true].map((recomputes) => learner(variantOf(createDecoder(config, 1, backend), { recomputes }), { ce: 1 }));
  const [keptMs = NaN, recomputedMs = NaN] = await inTurns(contestants.map(({ step }) => async () => {
    const began = performance.now();
    await step(batches, null);
    return performance.now() - began;
  }));
  const base = tf.memory().numBytes;
  const peaks: number[] = [];
  for (const { step } of contestants) peaks.push(await peakBytes(() => step(batches, null)) - base);
  for (const each of contestants) each.dispose();
  const [keptBytes = NaN, recomputedBytes = NaN] = peaks;
  say(`Recomputing blocks of ${String(config.layers)} layers: ${mib(keptBytes)} MiB of a step's own tensors become ${mib(recomputedBytes)} (${(keptBytes / recomputedBytes).toFixed(1)} times less), ${keptMs.toFixed(0)} ms a step become ${recomputedMs.toFixed(0)} (${(recomputedMs / keptMs).toFixed(2)} times)`);
  return { keptBytes, recomputedBytes, keptMs, recomputedMs };
}

/** What tensors hold at once while something is done. */
async function peakBytes(work: () => Promise<void>): Promise<number> {
  const engine = tf.engine() as unknown as { trackTensor(...args: unknown[]): void; readonly state: { readonly numBytes: number } };
  const track = engine.trackTensor;
  let peak = 0;
  engine.trackTensor = (...args) => {
    track.apply(engine, args);
    peak = Math.max(peak, engine.state.numBytes);
  };
  try {
    await work();
  } finally {
    engine.trackTensor = track;
  }
  return peak;
}

async function dataSets(): Promise<readonly (readonly [name: string, rows: readonly EncodedRow[]])[]> {
  const read = async (train: string, tokenizer: string, maxLength: number): Promise<readonly EncodedRow[]> => {
    const recipe = recipeSchema.parse({
      format: 1, name: 'bench', student: { model: tokenizer }, stages: [STAGE].map(({ type }) => ({ type, objective: 'sequence' })),
      data: { train, validation: 0, template: { prompt: '{prompt}', completion: '<think>{think}</think>{answer}' }, maxLength, tooLong: 'drop' },
    });
    return (await prepareData({ recipe, base: repository, tokenizer: await loadTokenizer(path.resolve(repository, tokenizer)) })).train;
  };
  const data = path.resolve(repository, process.env['DISTILL_TEST_DATA'] ?? '../shared/data');
  const long = path.join(data, 'gsm8k/train.jsonl');
  return [
    ['arithmetic', await read('examples/arithmetic/data/train.jsonl', 'examples/arithmetic/tokenizer', 96)],
    ...(existsSync(long) ? [['GSM8K', await read(long, path.join(data, 'stories260k/hf'), POSITIONS)] as const] : []),
  ];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

const backend = await openBackend({ backend: options.backend as BackendName, threads: null });
say(`${backend.name}, ${backend.device}; model ${options.model}, ${String(BATCH)} rows a step`);
const result: Record<string, unknown> = { backend: backend.name, model: options.model };
const sets = await dataSets();
const wanted = (part: string): boolean => (options.part ?? part) === part;
for (const [name, rows] of wanted('feeding') ? sets : []) {
  const lengths = rows.map(({ ids }) => ids.length).sort((a, b) => a - b);
  say(`\n${name}: ${String(rows.length)} rows of ${String(lengths[0])} to ${String(lengths.at(-1))} tokens, median ${String(lengths[lengths.length >> 1])}`);
  result[name] = await feeding(rows, backend);
}
if (wanted('preparing')) result['preparing'] = await preparing(sets[0]?.[1] ?? [], backend);
if (wanted('recomputing')) result['recomputing'] = await recomputing(backend);
await backend.dispose();
if (options.json) say(JSON.stringify(result));
