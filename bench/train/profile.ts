/** Where the time of a training step goes on native TensorFlow, by operation. */
import { openBackend } from '../../src/engine/backend/open.ts';
import { nativeTensorflow } from '../../src/engine/backend/tensorflow/backend.ts';
import { prepareSteps } from './engineStep.ts';
import type { BenchModel } from './models.ts';

const WARM_UP = 2;
const STEPS = 5;
/** Below it an operation is counted among the others. */
const LEAST_SHARE = 0.005;

/**
 * Prints the median step as one function in both precisions, and the time of each kind of operation when the float32 step is run
 * operation by operation: inside a function they are the same kernels, but for AdamW, which is one operation there.
 */
export async function profileSteps(model: BenchModel): Promise<void> {
  const backend = await openBackend({ backend: 'tensorflow', threads: null });
  const native = nativeTensorflow();
  if (native === null) throw new Error('native TensorFlow is needed for a profile');
  const say = (line: string): void => { process.stdout.write(`${line}\n`); };
  say(`${model.name} on ${backend.device}`);
  for (const precision of ['float32', 'bfloat16'] as const) say(`  one function, ${precision}: ${(await medianStep(prepareSteps(model, backend, { precision }))).toFixed(1)} ms a step`);
  for (const precision of ['float32', 'bfloat16'] as const) {
    const steps = prepareSteps(model, backend, { precision, compile: 'off' });
    await steps.run(WARM_UP);
    const times = new Map<string, { count: number; ms: number }>();
    const restore = native.divert({
      ...native.direct,
      executeOp: (name, attributes, inputs, outputs) => {
        const begin = performance.now();
        const results = native.direct.executeOp(name, attributes, inputs, outputs);
        const entry = times.get(name) ?? { count: 0, ms: 0 };
        times.set(name, { count: entry.count + 1, ms: entry.ms + performance.now() - begin });
        return results;
      },
    });
    try {
      await steps.run(STEPS);
    } finally {
      restore();
    }
    const total = [...times.values()].reduce((sum, { ms }) => sum + ms, 0);
    say(`  operation by operation, ${precision}: ${(total / STEPS).toFixed(1)} ms in operations`);
    const sorted = [...times].sort((a, b) => b[1].ms - a[1].ms);
    for (const [name, { count, ms }] of sorted.filter(([, { ms: own }]) => own >= LEAST_SHARE * total)) {
      say(`    ${name.padEnd(24)} ${(count / STEPS).toFixed(0).padStart(5)} × ${(ms / STEPS).toFixed(2).padStart(9)} ms ${(100 * ms / total).toFixed(1).padStart(6)} %`);
    }
  }
  await backend.dispose();
}

async function medianStep(steps: { run(count: number): Promise<number> }): Promise<number> {
  await steps.run(WARM_UP);
  const times: number[] = [];
  for (let step = 0; step < STEPS; step += 1) {
    const begin = performance.now();
    await steps.run(1);
    times.push(performance.now() - begin);
  }
  return times.sort((a, b) => a - b)[STEPS >> 1] ?? Number.NaN;
}
