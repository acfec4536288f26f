/**
 * `npm run bench -- train [--json] [--quick] [--sizes 3.3M,5.2M,19M] [--pairs 5] [--profile]`: the training step's speed on every
 * backend that loads, plain and as a distillation step, in float32 and bfloat16, against TensorFlow.js's WebAssembly backend as it
 * ships and against PyTorch (eager, autocast, compiled), all in the same run, taking turns. --profile tells instead where the time of
 * a step goes on native TensorFlow; --losses what head and losses hold at a vocabulary of 32,000, whole and piece by piece.
 */
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openBackend } from '../src/engine/backend/open.ts';
import type { BackendName } from '../src/shared/events.ts';
import { serveContestant, startContestant } from './lib/contestant.ts';
import { median, quantile } from './lib/quantiles.ts';
import type { Block, Stepper } from './train/contestant.ts';
import { prepareSteps, type StepKind } from './train/engineStep.ts';
import { DEFAULT_MODELS, modelNamed, stepFlops, teacherOf, type BenchModel } from './train/models.ts';
import { lossMemory } from './train/lossMemory.ts';
import { profileSteps } from './train/profile.ts';
import { openStockWasm } from './train/stockWasm.ts';

/** Who takes turns. The names of the engine's are their backends', with what differs behind. */
interface Entrant {
  readonly name: string;
  readonly peer: 'engine' | 'stock' | 'torch';
  readonly backend?: BackendName;
  readonly kind?: StepKind;
  readonly mode?: 'eager' | 'bf16' | 'compile';
}

const STOCK = 'wasm-stock';
const TORCH = 'pytorch';
const ENTRANTS: readonly Entrant[] = [
  { name: STOCK, peer: 'stock' },
  ...(['tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm'] as const).map((backend) => ({ name: backend, peer: 'engine' as const, backend })),
  { name: 'tensorflow bf16', peer: 'engine', backend: 'tensorflow', kind: { precision: 'bfloat16' } },
  { name: 'tensorflow kd', peer: 'engine', backend: 'tensorflow', kind: { distils: true } },
  { name: TORCH, peer: 'torch', mode: 'eager' },
  { name: `${TORCH} bf16`, peer: 'torch', mode: 'bf16' },
  { name: `${TORCH} compile`, peer: 'torch', mode: 'compile' },
  { name: `${TORCH} kd`, peer: 'torch', mode: 'eager', kind: { distils: true } },
];
/** The shipped WebAssembly backend takes a quarter of a minute for a step of the smallest model: it is measured there only. */
const STOCK_MODEL = '3.3M';
/** Turns of every contestant; medians are over them. */
const PAIRS = 5;
const QUICK_PAIRS = 2;
/** A turn takes about this long on the fast ones, and never less than one step. */
const TURN_SECONDS = 1.5;

interface Row {
  readonly model: string;
  readonly backend: string;
  readonly device: string;
  readonly tokensPerSecond: number;
  readonly gflops: number;
  readonly stepMs: number;
  readonly peakMiB: number;
  /** Half the distance between the quartiles of the turns, over their median. */
  readonly noise: number;
}

function start({ name, peer, mode, kind }: Entrant, model: BenchModel): Promise<Stepper> {
  if (peer === 'torch') {
    const teacherLayers = kind?.distils === true ? teacherOf(model).layers : 0;
    const spec = JSON.stringify({ ...model.config, batch: model.batch, seq: model.seq, threads: availableParallelism(), mode, teacherLayers });
    const script = fileURLToPath(new URL('../../bench/train/torch_step.py', import.meta.url));
    return startContestant(name, process.env['DISTILL_PYTHON'] ?? 'python3', [script, spec]);
  }
  return startContestant(name, process.execPath, [fileURLToPath(import.meta.url), '--serve', name, '--sizes', model.name]);
}

/** All contestants on one model; who can't start is named with the reason. */
async function measure(model: BenchModel, rounds: number, absent: Map<string, string>): Promise<Map<string, { readonly row: Row; readonly stepSeconds: readonly number[] }>> {
  const contestants: Stepper[] = [];
  for (const entrant of ENTRANTS) {
    if (entrant.peer === 'stock' && model.name !== STOCK_MODEL) continue;
    try {
      contestants.push(await start(entrant, model));
    } catch (error) {
      absent.set(entrant.name, error instanceof Error ? error.message : String(error));
    }
  }
  try {
    const counts = new Map<Stepper, number>();
    for (const contestant of contestants) {
      // Not warmed up more than once: what is slow is even then.
      const first = await contestant.turn(1);
      const { seconds } = first.seconds > 10 * TURN_SECONDS && contestant.name === STOCK ? first : await contestant.turn(1);
      counts.set(contestant, Math.max(1, Math.round(TURN_SECONDS / seconds)));
    }
    const blocks = new Map<Stepper, Block[]>(contestants.map((contestant) => [contestant, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const contestant of contestants) {
        process.stderr.write(`\r${model.name}: round ${round + 1} of ${rounds}, ${contestant.name}`.padEnd(60));
        blocks.get(contestant)?.push(await contestant.turn(counts.get(contestant) ?? 1));
      }
    }
    process.stderr.write('\r'.padEnd(60) + '\r');
    return new Map(contestants.map((contestant) => {
      const own = blocks.get(contestant) ?? [];
      const stepSeconds = own.map(({ seconds }) => seconds / (counts.get(contestant) ?? 1));
      const typical = median(stepSeconds);
      return [contestant.name, {
        stepSeconds,
        row: {
          model: model.name, backend: contestant.name, device: contestant.about.device,
          tokensPerSecond: model.batch * model.seq / typical,
          gflops: stepFlops(model, contestant.about.parameters) / typical / 1e9,
          stepMs: typical * 1000,
          peakMiB: Math.max(...own.map(({ peakMiB }) => peakMiB)),
          noise: (quantile(stepSeconds, 0.75) - quantile(stepSeconds, 0.25)) / 2 / typical,
        },
      }];
    }));
  } finally {
    for (const contestant of contestants) contestant.end();
  }
}

/** How many times as fast `name` is as `peer`, turn by turn; null where one of them is absent. */
function ratio(results: Awaited<ReturnType<typeof measure>>, name: string, peer: string): number | null {
  const [own, other] = [results.get(name)?.stepSeconds, results.get(peer)?.stepSeconds];
  if (own === undefined || other === undefined) return null;
  return median(own.map((seconds, round) => (other[round] ?? Number.NaN) / seconds));
}

function smallest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function print(rows: readonly Row[], absent: ReadonlyMap<string, string>, ratios: Readonly<Record<string, number | null>>): void {
  const say = (line: string): void => { process.stdout.write(`${line}\n`); };
  say('model  backend            tokens/s   GFLOP/s   step ms  peak MiB   noise  device');
  for (const row of rows) {
    say([row.model.padEnd(6), row.backend.padEnd(16), row.tokensPerSecond.toFixed(0).padStart(10), row.gflops.toFixed(1).padStart(9),
      row.stepMs.toFixed(1).padStart(9), row.peakMiB.toFixed(0).padStart(9), `±${(row.noise * 100).toFixed(0)}%`.padStart(7), ` ${row.device}`].join(' '));
  }
  for (const [name, detail] of absent) say(`${name}: not measured: ${detail}`);
  if (absent.has(TORCH)) say('  PyTorch is measured where Python has torch: pip install torch, and name that Python in DISTILL_PYTHON');
  if (absent.has('tensorflow')) say('  native TensorFlow: npm run distill -- setup tensorflow');
  for (const [name, value] of Object.entries(ratios)) say(`${name}: ${value === null ? 'not measured' : `${value.toFixed(2)}×`}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: {
    json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false }, sizes: { type: 'string' }, pairs: { type: 'string' }, serve: { type: 'string' }, profile: { type: 'boolean', default: false }, losses: { type: 'boolean', default: false },
  } });
  const models = (values.sizes?.split(',') ?? (values.quick ? DEFAULT_MODELS.slice(0, 1) : DEFAULT_MODELS)).map(modelNamed);
  if (values.serve !== undefined) {
    const [entrant, [model]] = [ENTRANTS.find(({ name }) => name === values.serve), models as [BenchModel]];
    if (entrant === undefined) throw new Error(`nobody is called ${values.serve}`);
    return serveContestant(async () => {
      const backend = entrant.peer === 'stock' || entrant.backend === undefined ? await openStockWasm() : await openBackend({ backend: entrant.backend, threads: null });
      const { parameters, run } = prepareSteps(model, backend, entrant.kind);
      return { about: { device: backend.device, parameters }, turn: async (count: number) => ({ loss: await run(count) }) };
    });
  }
  if (values.losses) {
    const { wholeMiB, piecesMiB, times, difference } = await lossMemory();
    process.stdout.write(`head and losses at a vocabulary of 32,000: ${wholeMiB.toFixed(0)} MiB at once, ${piecesMiB.toFixed(0)} MiB piece by piece, ${times.toFixed(1)} times less; losses differ by ${difference.toExponential(1)} of their size\n`);
    if (values.json) process.stdout.write(`${JSON.stringify({ wholeMiB, piecesMiB, times, difference })}\n`);
    return;
  }
  if (values.profile) {
    for (const model of models) await profileSteps(model);
    return;
  }
  const pairs = values.pairs === undefined ? (values.quick ? QUICK_PAIRS : PAIRS) : Number(values.pairs);
  const absent = new Map<string, string>();
  const results: Awaited<ReturnType<typeof measure>>[] = [];
  for (const model of models) results.push(await measure(model, pairs, absent));
  const least = (name: string, peer: string): number | null => smallest(results.map((result) => ratio(result, name, peer)));
  const ratios = {
    ratioToStockWasm: least('wasm', STOCK),
    nativeToPytorch: least('tensorflow-gpu', TORCH) ?? least('tensorflow', TORCH),
    // The goal is one for the smallest model.
    wasmToPytorch: results[0] === undefined ? null : ratio(results[0], 'wasm', TORCH),
    kdNativeToPytorch: least('tensorflow kd', `${TORCH} kd`),
    bf16ToPytorchBf16: least('tensorflow bf16', `${TORCH} bf16`),
  };
  const rows = results.flatMap((result) => [...result.values()].map(({ row }) => row));
  print(rows, absent, ratios);
  if (values.json) {
    const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version };
    const bySize = Object.fromEntries(models.map(({ name }, index) => [name, results[index] === undefined ? {} : {
      native: ratio(results[index], 'tensorflow', TORCH), wasm: ratio(results[index], 'wasm', TORCH), kd: ratio(results[index], 'tensorflow kd', `${TORCH} kd`), bf16: ratio(results[index], 'tensorflow bf16', `${TORCH} bf16`),
      compile: ratio(results[index], 'tensorflow', `${TORCH} compile`),
    }]));
    process.stdout.write(`${JSON.stringify({ backends: rows, ...ratios, bySize, absent: Object.fromEntries(absent), pairs, machine })}\n`);
  }
}

await main();
