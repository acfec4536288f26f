/**
 * `npm run bench -- train [--json] [--quick] [--model NAME]`: the training step's speed on every backend that loads,
 * against TensorFlow.js's WebAssembly backend as it ships and against PyTorch, all in the same run, taking turns.
 */
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openBackend } from '../src/engine/backend/open.ts';
import type { BackendName } from '../src/shared/events.ts';
import { serveContestant, startContestant, type Block, type Contestant } from './train/contestant.ts';
import { prepareSteps } from './train/engineStep.ts';
import { DEFAULT_MODELS, modelNamed, stepFlops, type BenchModel } from './train/models.ts';
import { openStockWasm } from './train/stockWasm.ts';

const ENGINE_BACKENDS: readonly BackendName[] = ['tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm'];
const STOCK = 'wasm-stock';
const TORCH = 'pytorch';
/** Turns of every contestant; medians are over them. */
const ROUNDS = 5;
const QUICK_ROUNDS = 2;
/** A turn takes about this long on the fast ones, and never less than one step. */
const TURN_SECONDS = 2;

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

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN];
  return low + (high - low) * (at - Math.floor(at));
}
const median = (values: readonly number[]): number => quantile(values, 0.5);

function start(name: string, model: BenchModel): Promise<Contestant> {
  if (name === TORCH) {
    const spec = JSON.stringify({ ...model.config, batch: model.batch, seq: model.seq, threads: availableParallelism() });
    const script = fileURLToPath(new URL('../../bench/train/torch_step.py', import.meta.url));
    return startContestant(name, process.env['DISTILL_PYTHON'] ?? 'python3', [script, spec]);
  }
  return startContestant(name, process.execPath, [fileURLToPath(import.meta.url), '--serve', name, '--model', model.name]);
}

/** All contestants on one model; who can't start is named with the reason. */
async function measure(model: BenchModel, rounds: number, absent: Map<string, string>): Promise<Map<string, { readonly row: Row; readonly stepSeconds: readonly number[] }>> {
  const contestants: Contestant[] = [];
  for (const name of [STOCK, ...ENGINE_BACKENDS, TORCH]) {
    try {
      contestants.push(await start(name, model));
    } catch (error) {
      absent.set(name, error instanceof Error ? error.message : String(error));
    }
  }
  try {
    const counts = new Map<Contestant, number>();
    for (const contestant of contestants) {
      await contestant.steps(1);
      const { seconds } = await contestant.steps(1);
      counts.set(contestant, Math.max(1, Math.round(TURN_SECONDS / seconds)));
    }
    const blocks = new Map<Contestant, Block[]>(contestants.map((contestant) => [contestant, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const contestant of contestants) {
        process.stderr.write(`\r${model.name}: round ${round + 1} of ${rounds}, ${contestant.name}`.padEnd(60));
        blocks.get(contestant)?.push(await contestant.steps(counts.get(contestant) ?? 1));
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
          model: model.name, backend: contestant.name, device: contestant.device,
          tokensPerSecond: model.batch * model.seq / typical,
          gflops: stepFlops(model, contestant.parameters) / typical / 1e9,
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
  say('model  backend          tokens/s   GFLOP/s   step ms  peak MiB   noise  device');
  for (const row of rows) {
    say([row.model.padEnd(6), row.backend.padEnd(14), row.tokensPerSecond.toFixed(0).padStart(10), row.gflops.toFixed(1).padStart(9),
      row.stepMs.toFixed(1).padStart(9), row.peakMiB.toFixed(0).padStart(9), `±${(row.noise * 100).toFixed(0)}%`.padStart(7), ` ${row.device}`].join(' '));
  }
  for (const [name, detail] of absent) say(`${name}: not measured: ${detail}`);
  if (absent.has(TORCH)) say('  PyTorch is measured where Python has torch: pip install torch, and name that Python in DISTILL_PYTHON');
  for (const [name, value] of Object.entries(ratios)) say(`${name}: ${value === null ? 'not measured' : `${value.toFixed(2)}×`}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: {
    json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false }, model: { type: 'string', multiple: true }, serve: { type: 'string' },
  } });
  const models = (values.model ?? (values.quick ? DEFAULT_MODELS.slice(0, 1) : DEFAULT_MODELS)).map(modelNamed);
  if (values.serve !== undefined) {
    const [name, [model]] = [values.serve, models as [BenchModel]];
    return serveContestant(async () => {
      const backend = name === STOCK ? await openStockWasm() : await openBackend({ backend: name as BackendName, threads: null });
      return { device: backend.device, ...prepareSteps(model, backend) };
    });
  }
  const absent = new Map<string, string>();
  const results: Awaited<ReturnType<typeof measure>>[] = [];
  for (const model of models) results.push(await measure(model, values.quick ? QUICK_ROUNDS : ROUNDS, absent));
  const least = (name: string, peer: string): number | null => smallest(results.map((result) => ratio(result, name, peer)));
  const ratios = {
    ratioToStockWasm: least('wasm', STOCK),
    nativeToPytorch: smallest([least('tensorflow-gpu', TORCH) ?? least('tensorflow', TORCH)]),
    wasmToPytorch: least('wasm', TORCH),
    // Distillation steps and bf16 against PyTorch's are measured once the engine has them compiled.
    kdNativeToPytorch: null,
    bf16ToPytorchBf16: null,
  };
  const rows = results.flatMap((result) => [...result.values()].map(({ row }) => row));
  print(rows, absent, ratios);
  if (values.json) {
    const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version };
    process.stdout.write(`${JSON.stringify({ backends: rows, ...ratios, absent: Object.fromEntries(absent), rounds: values.quick ? QUICK_ROUNDS : ROUNDS, machine })}\n`);
  }
}

await main();
