/**
 * `npm run bench -- generate [--json] [--quick] [--model NAME] [--batch N] [--backend NAME]`: generation with the engine's
 * own code on every backend that loads, against Transformers' `generate` on the same weights, taking turns.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openBackend } from '../src/engine/backend/open.ts';
import type { DecoderModel } from '../src/engine/model/contract.ts';
import { createDecoder } from '../src/engine/model/decoder.ts';
import { loadDecoder, saveDecoder } from '../src/engine/model/folder.ts';
import { generate } from '../src/engine/model/generate.ts';
import type { BackendName } from '../src/shared/events.ts';
import type { Answer, Player, Task } from './generate/player.ts';
import { serveContestant, startContestant } from './lib/contestant.ts';
import { median, quantile } from './lib/quantiles.ts';
import { MODELS, modelNamed, type BenchModel } from './train/models.ts';

const BACKENDS: readonly BackendName[] = ['tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm'];
const TRANSFORMERS = 'transformers';
/** Under this many parameters the goal holds, and above this few there is something to compute. */
const PARAMETERS = { least: 2e6, most: 20e6 };
const BATCHES: readonly number[] = [1, 32];
const PROMPT_TOKENS = 32;
const NEW_TOKENS = 128;
/** Turns of every contestant; medians are over them. */
const ROUNDS = 5;
const QUICK_ROUNDS = 2;
/** At one row a turn is this many prompts one after the other: a single text is too short to time. */
const TEXTS_OF_ONE = 3;

interface Row {
  readonly model: string;
  readonly parameters: number;
  readonly batch: number;
  readonly backend: string;
  readonly device: string;
  readonly tokensPerSecond: number;
  /** How many times as fast as Transformers, turn by turn, the median; null where it isn't there. */
  readonly ratioToTransformers: number | null;
  /** Half the distance between the quartiles of the turns, over their median. */
  readonly noise: number;
  /** Texts that are Transformers' to the last id, of all. */
  readonly sameTexts: string | null;
  readonly peakMiB: number;
}

function start(name: string): Promise<Player> {
  if (name === TRANSFORMERS) {
    const script = fileURLToPath(new URL('../../bench/generate/transformers_generate.py', import.meta.url));
    return startContestant(name, process.env['DISTILL_PYTHON'] ?? 'python3', [script, String(availableParallelism())]);
  }
  return startContestant(name, process.execPath, [fileURLToPath(import.meta.url), '--serve', name]);
}

/** The engine's side: a model stays loaded until another is asked for, as in an evaluation. */
async function serve(name: BackendName): Promise<void> {
  await serveContestant(async () => {
    const backend = await openBackend({ backend: name, threads: null });
    let loaded: { readonly folder: string; readonly model: DecoderModel } | null = null;
    return {
      about: { device: backend.device },
      turn: async ({ folder, prompts, newTokens }: Task) => {
        if (loaded?.folder !== folder) {
          loaded?.model.dispose();
          loaded = { folder, model: await loadDecoder(folder, backend) };
        }
        const rows = await generate(loaded.model, prompts, { maxNewTokens: newTokens, temperature: 0, topP: 1, seed: 0, eosTokenIds: [] });
        return { ids: rows.map(({ ids }) => ids) };
      },
    };
  });
}

/** Every contestant on one model and batch: a turn is whole texts, the prompt's reading included. */
async function measure(model: BenchModel, parameters: number, folder: string, batch: number, players: readonly Player[], rounds: number): Promise<Row[]> {
  const { vocabSize } = model.config;
  const prompts = Array.from({ length: batch }, (_, row) => Array.from({ length: PROMPT_TOKENS }, (_id, at) => 1 + ((row * 31 + at * 7 + (at * at) % 11) % (vocabSize - 1))));
  const task: Task = { folder, prompts, newTokens: NEW_TOKENS };
  const texts = batch === 1 ? TEXTS_OF_ONE : 1;
  const answers = new Map<Player, Answer[]>(players.map((player) => [player, []]));
  // The first loads the model and makes what a backend makes once.
  for (const player of players) for (let i = 0; i < 2; i += 1) await player.turn(task);
  for (let round = 0; round < rounds; round += 1) {
    for (const player of players) {
      process.stderr.write(`\r${model.name}, batch ${String(batch)}: round ${String(round + 1)} of ${String(rounds)}, ${player.name}`.padEnd(70));
      const turn: Answer[] = [];
      for (let text = 0; text < texts; text += 1) turn.push(await player.turn(task));
      answers.get(player)?.push({ ...turn[0]!, seconds: turn.reduce((sum, { seconds }) => sum + seconds, 0) / texts });
    }
  }
  process.stderr.write(`\r${''.padEnd(70)}\r`);
  const peer = answers.get(players.find(({ name }) => name === TRANSFORMERS)!);
  return players.map((player): Row => {
    const own = answers.get(player)!;
    const seconds = own.map((answer) => answer.seconds);
    const same = (peer?.[0]?.ids ?? []).filter((ids, row) => ids.every((id, at) => own[0]?.ids[row]?.[at] === id)).length;
    return {
      model: model.name, parameters, batch, backend: player.name, device: player.about.device,
      tokensPerSecond: batch * NEW_TOKENS / median(seconds),
      ratioToTransformers: peer === undefined ? null : median(peer.map((answer, round) => answer.seconds / seconds[round]!)),
      noise: (quantile(seconds, 0.75) - quantile(seconds, 0.25)) / 2 / median(seconds),
      sameTexts: peer === undefined ? null : `${String(same)} of ${String(batch)}`,
      peakMiB: Math.max(...own.map(({ peakMiB }) => peakMiB)),
    };
  });
}

/** The smallest, over models and batches, of what the fastest backend reaches. */
function smallestRatio(rows: readonly Row[]): number | null {
  const best = new Map<string, number>();
  for (const { model, batch, backend, ratioToTransformers: ratio } of rows) {
    if (backend === TRANSFORMERS || ratio === null) continue;
    const key = `${model} ${String(batch)}`;
    best.set(key, Math.max(ratio, best.get(key) ?? 0));
  }
  return best.size === 0 ? null : Math.min(...best.values());
}

function print(rows: readonly Row[], absent: ReadonlyMap<string, string>): void {
  const say = (line: string): void => { process.stdout.write(`${line}\n`); };
  say('model  batch  backend          tokens/s  × Transformers   noise  same texts  peak MiB  device');
  for (const row of rows) {
    say([row.model.padEnd(6), String(row.batch).padStart(5), ` ${row.backend.padEnd(14)}`, row.tokensPerSecond.toFixed(0).padStart(9),
      (row.ratioToTransformers?.toFixed(2) ?? 'not measured').padStart(15), `±${(row.noise * 100).toFixed(0)}%`.padStart(7),
      (row.sameTexts ?? '').padStart(11), row.peakMiB.toFixed(0).padStart(9), ` ${row.device}`].join(' '));
  }
  for (const [name, detail] of absent) say(`${name}: not measured: ${detail}`);
  if (absent.has(TRANSFORMERS)) say('  Transformers is measured where Python has it: pip install torch transformers, and name that Python in DISTILL_PYTHON');
  say(`smallest ratio to Transformers, of the fastest backend: ${smallestRatio(rows)?.toFixed(2) ?? 'not measured'}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: {
    json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false }, serve: { type: 'string' },
    model: { type: 'string', multiple: true }, batch: { type: 'string', multiple: true }, backend: { type: 'string', multiple: true },
  } });
  if (values.serve !== undefined) return serve(values.serve as BackendName);
  const folder = await mkdtemp(path.join(tmpdir(), 'distill-generate-'));
  const absent = new Map<string, string>();
  const players: Player[] = [];
  const rows: Row[] = [];
  const rounds = values.quick ? QUICK_ROUNDS : ROUNDS;
  try {
    const writer = await openBackend({ backend: 'wasm', threads: 1 });
    const models: { readonly model: BenchModel; readonly parameters: number; readonly folder: string }[] = [];
    for (const named of values.model?.map(modelNamed) ?? MODELS) {
      const model = { ...named, config: { ...named.config, maxPositions: PROMPT_TOKENS + NEW_TOKENS } };
      const decoder = createDecoder(model.config, 1, writer);
      const { parameters } = decoder;
      const own = path.join(folder, model.name);
      if (values.model !== undefined || (parameters >= PARAMETERS.least && parameters < PARAMETERS.most)) {
        await saveDecoder(decoder, own);
        models.push({ model, parameters, folder: own });
      }
      decoder.dispose();
    }
    await writer.dispose();
    for (const name of values.backend ?? [...BACKENDS, TRANSFORMERS]) {
      try {
        players.push(await start(name));
      } catch (error) {
        absent.set(name, error instanceof Error ? error.message : String(error));
      }
    }
    for (const { model, parameters, folder: own } of models) {
      for (const batch of values.batch?.map(Number) ?? BATCHES) rows.push(...await measure(model, parameters, own, batch, players, rounds));
    }
  } finally {
    for (const player of players) player.end();
    await rm(folder, { recursive: true, force: true });
  }
  print(rows, absent);
  if (values.json) {
    const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version };
    process.stdout.write(`${JSON.stringify({ rows, ratioToTransformers: smallestRatio(rows), absent: Object.fromEntries(absent), rounds, promptTokens: PROMPT_TOKENS, newTokens: NEW_TOKENS, machine })}\n`);
  }
}

await main();
