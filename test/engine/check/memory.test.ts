/** The memory estimate against what processes that train really hold, and what it says of methods that need less. */
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CASES, type MemoryCase } from '../../../bench/memory/cases.ts';
import type { Measured } from '../../../bench/memory/child.ts';
import { computedBy, estimateOf } from '../../../bench/memory/plan.ts';
import { generationMemory, total, trainingMemory, type StepPlan } from '../../../src/engine/check/memoryModel.ts';
import { stepPlan } from '../../../src/engine/check/memoryPlan.ts';
import { parametersOf } from '../../../src/engine/check/models.ts';
import { configFromSizes } from '../../../src/engine/model/config.ts';
import type { BackendName } from '../../../src/shared/events.ts';
import { trainStage } from '../../../src/shared/recipe.ts';
import { presetSizes } from '../../../src/shared/recipePresets.ts';
import { root } from '../../fixtures/bundles.ts';
import { tensorflowFolder } from '../../fixtures/tensorflow.ts';

/** An estimate that is further off than this would refuse what works, or let through what can't. */
const TOLERANCE = 0.15;

function caseNamed(name: string): MemoryCase {
  const found = CASES.find((each) => each.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

describe('the estimate is within 15 % of what a process holds at most', () => {
  let program: string;
  let folder: string;
  /** The bench's own child: a case trained in a process of its own. */
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'distill-memory-'));
    program = path.join(folder, 'memory.mjs');
    const { common, nativePackages } = await import(/* @vite-ignore */ `${root}/scripts/lib/bundle.mjs`) as { readonly common: BuildOptions; readonly nativePackages: string[] };
    await build({
      ...common, entryPoints: [path.join(root, 'bench/memory.ts')], outfile: program, platform: 'node', target: 'node20', format: 'esm', mainFields: ['module', 'main'], external: nativePackages, keepNames: true, logLevel: 'error',
      banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url); const __dirname = import.meta.dirname; const __filename = import.meta.filename;" },
    });
    await mkdir(path.join(folder, 'wasm'), { recursive: true });
    const stock = path.join(root, 'node_modules/@tensorflow/tfjs-backend-wasm/dist');
    for (const name of await readdir(stock)) if (name.endsWith('.wasm')) await cp(path.join(stock, name), path.join(folder, 'wasm', name));
    await cp(path.join(root, 'src/engine/backend/wasm/binary'), path.join(folder, 'wasm'), { recursive: true });
    await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function peakOf(name: string, backend: BackendName): Promise<number> {
    const child = spawn(process.execPath, [program, '--serve', name, '--backend', backend, '--threads', '2'], { env: { ...process.env, ...(tensorflowFolder === null ? {} : { DISTILL_TENSORFLOW: tensorflowFolder }) }, stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    child.stdout.on('data', (chunk: Buffer) => { told += chunk.toString(); });
    await new Promise((resolve) => { child.once('close', resolve); });
    return (JSON.parse(told.split('\n').find((line) => line.startsWith('{')) ?? '') as Measured).peak;
  }

  const cases: readonly (readonly [BackendName, string])[] = [
    ['wasm', 'plain step, 1.4M parameters'], ['wasm', 'top-50 targets on disk'],
    ['tensorflow', 'teacher live, 1.4M from 6.6M'], ['tensorflow', 'top-50 targets on disk'],
  ];
  for (const [backend, name] of cases) test.skipIf(backend === 'tensorflow' && tensorflowFolder === null)(`${backend}: ${name}`, async () => {
    const each = caseNamed(name);
    const ratio = estimateOf(each, computedBy(backend, each)) / await peakOf(name, backend);
    expect(ratio).toBeGreaterThan(1 - TOLERANCE);
    expect(ratio).toBeLessThan(1 + TOLERANCE);
  }, 120_000);
});

describe('what needs less is said to', () => {
  const student = configFromSizes(presetSizes('small', 1024), { vocabSize: 32_768, bosTokenId: null, eosTokenIds: [1] });
  const planned = (stage: object = {}, length = 257): StepPlan => stepPlan({ student, teacher: null, held: [] }, trainStage.parse({ type: 'train', objective: 'sequence', batch: { size: 8 }, ...stage }), { sample: [{ tokens: length, promptTokens: 17 }], train: 100, validation: 0 }, 1024, 'fine');
  const needed = (stage: object = {}): number => total(trainingMemory(planned(stage), 'wasm'));
  const part = (stage: object, name: string): number => trainingMemory(planned(stage), 'wasm').filter((each) => each.part === name).reduce((sum, { bytes }) => sum + bytes, 0);

  test('an adapter has moments and gradients of its own numbers only', () => {
    const numbers = 12 * 8 * ((384 + 384) * 2 + (384 + 128) * 2 + (384 + 1024) * 3);
    expect(part({ lora: { rank: 8 } }, 'moments')).toBe(2 * 4 * numbers);
    expect(part({}, 'moments')).toBe(2 * 4 * parametersOf(student));
    expect(part({ lora: { rank: 8 } }, 'gradients')).toBeLessThan(part({}, 'gradients') / 20);
  });

  test('frozen parts have none, and blocks below all that is trained keep less', () => {
    expect(part({ freeze: ['embeddings'] }, 'moments')).toBe(2 * 4 * (parametersOf(student) - 32_768 * 384));
    expect(part({ freeze: ['embeddings', 'layers.0-5'] }, 'activations')).toBeLessThan(part({ freeze: ['layers.0-5'] }, 'activations'));
  });

  test('gradient checkpointing holds a block at a time', () => {
    expect(part({ gradientCheckpointing: true }, 'activations')).toBeLessThan(part({}, 'activations') / 3);
  });

  test('losses in pieces hold a piece', () => {
    const whole = (rows: number): number => rows * 240 * 32_768 * 4;
    expect(part({ batch: { size: 16 } }, 'logits')).toBeLessThan(whole(16) / 2);
    expect(part({ batch: { size: 4 } }, 'logits')).toBeGreaterThan(whole(4));
  });

  test('smaller passes add up to the same step', () => {
    expect(needed({ batch: { size: 2, accumulate: 4 } })).toBeLessThan(needed());
  });
});

test('an evaluation counts the cache of keys and values as long as answers may get', () => {
  const model = configFromSizes(presetSizes('mini', 1024), { vocabSize: 2048, bosTokenId: null, eosTokenIds: [1] });
  const needed = (length: number): number => total(generationMemory(model, parametersOf(model), { batch: 64, prompt: 16, length }, 'wasm'));
  // Twice, while it grows: keys and values of every layer.
  expect(needed(1024) - needed(512)).toBe(2 * 64 * 512 * 8 * 2 * 2 * 32 * 4);
});
