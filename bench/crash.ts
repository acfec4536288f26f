/**
 * `npm run bench -- crash [--json] [--kills 100] [--seed 1]`: runs a small distillation once without a fault, then over
 * and over with `kill -9` of the engine at random moments (start, step, validation, in the middle of a checkpoint),
 * resuming each time, until it was killed often enough. Every run has to end done, with the losses of the undisturbed one
 * to the last bit and with every event that a reader of the folder would have seen.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../src/engine/model/random.ts';
import { createRunFolder } from '../src/runs/folder.ts';
import { parseEvent, type RunEvent } from '../src/shared/events.ts';
import { readRecipe } from '../src/shared/recipeText.ts';

const ENGINE = path.resolve('dist/engine.js');
/** Where a small tokenizer lies; the project's own example. */
const TOKENIZER = path.resolve('examples/arithmetic/tokenizer');
/** Differ from run to run by their nature. */
const MEASURED = new Set(['tokensPerSecond', 'memoryMiB']);
/** An engine that no kill reached ends by itself; more starts than this for one run mean that it never gets on. */
const STARTS_MOST = 200;

const SIZES = { hidden_size: 32, intermediate_size: 64, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 64 };
const RECIPE = {
  format: 1, name: 'crash',
  student: { new: { ...SIZES, num_hidden_layers: 1 }, tokenizer: TOKENIZER },
  data: { train: 'train.jsonl', validation: 0.2, template: { prompt: '{prompt}', completion: '<think>{think}</think>{answer}' }, maxLength: 48 },
  engine: { backend: 'wasm', threads: 1 },
  seed: 3,
} as const;
const DISTIL = {
  type: 'train', name: 'distil', teacher: 'teacher', alpha: 0.7, batch: { size: 8, accumulate: 2 }, limits: { steps: 60 },
  schedule: { warmupSteps: 10 }, validate: { every: 5 }, checkpoint: { every: 4, keepLast: 2 }, earlyStop: { patience: 20 },
};

interface Project {
  readonly folder: string;
  readonly recipe: NonNullable<ReturnType<typeof readRecipe>['recipe']>;
}

/** Sums to learn, a teacher that was trained on them for a moment (by the engine too), and the recipe that distils it. */
async function makeProject(folder: string): Promise<Project> {
  const rows = Array.from({ length: 120 }, (_, i) => ({ prompt: `${i}+${i % 7}=`, think: `${i}+${i % 7}=${i + (i % 7)}`, answer: `${i + (i % 7)}` }));
  await writeFile(path.join(folder, 'train.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
  const teacher = checked({
    ...RECIPE, student: { new: { ...SIZES, num_hidden_layers: 2 }, tokenizer: TOKENIZER },
    stages: [{ type: 'train', objective: 'sequence', limits: { steps: 30 }, batch: { size: 16 } }, { type: 'export', to: 'teacher' }],
  });
  const run = await newRun({ folder, recipe: teacher });
  if (await live(run, null) !== 0) throw new Error(`the teacher was not trained: ${await readFile(path.join(run, 'engine.log'), 'utf8')}`);
  return { folder, recipe: checked({ ...RECIPE, teachers: { teacher: { type: 'local', model: 'teacher' } }, stages: [DISTIL] }) };
}

function checked(recipe: object): Project['recipe'] {
  const read = readRecipe(JSON.stringify(recipe));
  if (read.recipe === undefined) throw new Error(JSON.stringify(read.problems));
  return read.recipe;
}

function newRun({ folder, recipe }: Project): Promise<string> {
  return createRunFolder(folder, {
    format: 1, createdAt: Date.now(), recipePath: path.join(folder, 'distill.json'), base: folder, recipe, parent: null,
    // Beside whatever else has the device: the kill is to meet training, not the queue.
    queue: false, versions: {},
  });
}

/** One life of an engine: its exit code, or null when it was killed after `milliseconds`. */
async function live(run: string, milliseconds: number | null): Promise<number | null> {
  const engine = spawn(process.execPath, [ENGINE, run], { stdio: ['ignore', 'ignore', 'pipe'] });
  const printed: Buffer[] = [];
  engine.stderr.on('data', (bytes: Buffer) => printed.push(bytes));
  const timer = milliseconds === null ? null : setTimeout(() => engine.kill('SIGKILL'), milliseconds);
  const code = await new Promise<number | null>((resolve) => engine.on('close', resolve));
  if (timer !== null) clearTimeout(timer);
  await writeFile(path.join(run, 'engine.log'), Buffer.concat(printed), { flag: 'a' });
  return code;
}

/** What a reader of the folder knows at the end. */
interface Folded {
  readonly done: boolean;
  /** `stage step name` → value. */
  readonly values: ReadonlyMap<string, number | null>;
  /** Names of the checkpoints that were told of and not told removed. */
  readonly checkpoints: readonly string[];
  /** Numbers missing in `seq`, and lines that are no event. */
  readonly gaps: number;
  readonly resumes: number;
}

async function fold(run: string): Promise<Folded> {
  const lines = (await readFile(path.join(run, 'events.jsonl'), 'utf8')).split('\n').filter((line) => line !== '').map(parseEvent);
  const events = lines.flatMap((line): RunEvent[] => (line.type === 'event' ? [line.event] : []));
  const values = new Map<string, { readonly step: number; readonly value: number | null }>();
  const checkpoints = new Set<string>();
  let gaps = lines.length - events.length;
  let resumes = 0;
  events.forEach((event, index) => {
    gaps += Math.abs(event.seq - index);
    if (event.kind === 'started' && event.resumedFrom !== null) {
      resumes += 1;
      const { step } = event.resumedFrom;
      for (const [key, told] of values) if (told.step > step) values.delete(key);
    }
    if (event.kind === 'metric') for (const [name, value] of Object.entries(event.values)) if (!MEASURED.has(name)) values.set(`${event.stage} ${event.step} ${name}`, { step: event.step, value });
    if (event.kind === 'checkpoint') checkpoints.add(event.name);
    if (event.kind === 'checkpoint-removed') checkpoints.delete(event.name);
  });
  const last = events.at(-1);
  return {
    done: last?.kind === 'ended' && last.outcome === 'done', gaps, resumes,
    values: new Map([...values].map(([key, { value }]) => [key, value])), checkpoints: [...checkpoints].sort(),
  };
}

async function main(): Promise<void> {
  const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false }, kills: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } } });
  const wanted = Number(options.kills);
  const random = new Random(Number(options.seed));
  const folder = await mkdtemp(path.join(tmpdir(), 'distill-crash-'));
  try {
    const project = await makeProject(folder);
    const undisturbed = await newRun(project);
    const began = performance.now();
    if (await live(undisturbed, null) !== 0) throw new Error(`the undisturbed run failed: ${await readFile(path.join(undisturbed, 'engine.log'), 'utf8')}`);
    const undisturbedMs = performance.now() - began;
    // The shortest whole life seen so far: a machine that was busy at first would let most engines end before their kill.
    let duration = undisturbedMs;
    const reference = await fold(undisturbed);

    let [kills, runs, runsResumed, eventsLost, valuesDifferent, neverDone] = [0, 0, 0, 0, 0, 0];
    while (kills < wanted) {
      const run = await newRun(project);
      let killsOfRun = 0;
      let code: number | null = null;
      for (let starts = 0; code === null && starts < STARTS_MOST; starts++) {
        // Enough kills: this run may end in peace.
        const born = performance.now();
        code = await live(run, kills + killsOfRun >= wanted ? null : random.uniform() * duration);
        if (code === null) killsOfRun += 1;
        else if (starts === 0) duration = Math.min(duration, performance.now() - born);
      }
      const folded = await fold(run);
      const lost = [...reference.values.keys()].filter((key) => !folded.values.has(key)).length + folded.gaps
        + reference.checkpoints.filter((name) => !folded.checkpoints.includes(name)).length;
      const different = [...folded.values].filter(([key, value]) => !Object.is(reference.values.get(key), value) && reference.values.has(key)).length
        + [...folded.values.keys()].filter((key) => !reference.values.has(key)).length;
      runs += 1;
      kills += killsOfRun;
      if (folded.done) runsResumed += killsOfRun === 0 ? 0 : 1;
      else neverDone += 1;
      eventsLost += lost;
      valuesDifferent += different;
      process.stderr.write(`\rrun ${runs}: ${killsOfRun} kills, ${folded.done ? 'done' : `not done (exit ${code ?? 'killed'})`}; ${kills} of ${wanted} kills`.padEnd(79));
      if (!folded.done || lost > 0 || different > 0) process.stderr.write(`\n  ${lost} events lost, ${different} values different\n`);
      await rm(run, { recursive: true, force: true });
    }
    process.stderr.write('\n');
    const result = {
      kills, runs, runsResumed, lossesEqual: valuesDifferent === 0 && neverDone === 0, eventsLost, valuesDifferent, neverDone,
      valuesCompared: reference.values.size, undisturbedMs: Math.round(undisturbedMs), seed: Number(options.seed), machine: { cpu: cpus()[0]?.model ?? 'unknown', node: process.version },
    };
    process.stdout.write(`kills ${kills} in ${runs} runs; ended done after them ${runsResumed}, never ${neverDone}\nvalues different from the undisturbed run ${valuesDifferent} (of ${reference.values.size} a run), events lost ${eventsLost}\n`);
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
