/**
 * `npm run bench -- quality [--json] [--seeds N]`: does distillation pay? For each seed the arithmetic example is run as
 * it stands, and once more with cross-entropy on the reference tokens only: the same start, steps, rows and order. Both
 * are evaluated on the test split, which nothing was tuned on.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { retentionInterval, wilson } from '../src/engine/evaluate/intervals.ts';
import type { Recipe } from '../src/shared/recipe.ts';
import { readRecipe } from '../src/shared/recipeText.ts';
import { median } from './lib/quantiles.ts';
import { percent, runToEnd, scoreOf, type Outcome } from './lib/wholeRun.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const recipePath = path.join(repository, 'examples/arithmetic/distill.json');
const GOALS = { retention: 0.97, parameterShare: 0.6, speedup: 1.6 };
/** Of the bootstrap, which draws prompts: fixed, so that the same runs give the same interval. */
const BOOTSTRAP_SEED = 7;

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false }, seeds: { type: 'string', default: '3' } } });

/** The recipe with another seed, and for the baseline without its soft targets. */
function variant(recipe: Recipe, seed: number, hardLabels: boolean): Recipe {
  return {
    ...recipe, seed,
    stages: recipe.stages.map((stage) => (hardLabels && stage.type === 'train' ? { ...stage, weights: { kl: 0, ce: 1, mse: 0, hidden: 0, attention: 0, uld: 0 } } : stage)),
  };
}

const engine = path.join(repository, 'dist/engine.js');
const parsed = readRecipe(await readFile(recipePath, 'utf8'));
if (parsed.recipe === undefined) throw new Error('the recipe of examples/arithmetic has mistakes: distill check names them');
const seeds = Array.from({ length: Number(options.seeds) }, (_, i) => i);
const project = await mkdtemp(path.join(os.tmpdir(), 'distill-quality-'));
const rows: { readonly seed: number; readonly distilled: Outcome; readonly baseline: Outcome }[] = [];
try {
  for (const seed of seeds) {
    const distilled = await runToEnd(variant(parsed.recipe, seed, false), recipePath, project, engine);
    const baseline = await runToEnd(variant(parsed.recipe, seed, true), recipePath, project, engine);
    rows.push({ seed, distilled, baseline });
    const [teacher, student, hard] = [scoreOf(distilled, 'teacher'), scoreOf(distilled, 'student'), scoreOf(baseline, 'student')];
    console.log(`seed ${String(seed)}: teacher ${percent(teacher.accuracy)} [${percent(teacher.low)}, ${percent(teacher.high)}], distilled ${percent(student.accuracy)} [${percent(student.low)}, ${percent(student.high)}], hard labels ${percent(hard.accuracy)} [${percent(hard.low)}, ${percent(hard.high)}]; ${(student.tokensPerSecond / teacher.tokensPerSecond).toFixed(2)}× as fast; ${distilled.minutes.toFixed(1)} min`);
  }
} finally {
  await rm(project, { recursive: true, force: true });
}

const examples = rows[0]?.distilled.examples ?? [];
const pairs = (outcome: 'distilled' | 'baseline'): { teacher: number; student: number }[] => examples.map((example) => ({
  teacher: rows.filter((row) => row.distilled.right.teacher.has(example)).length,
  student: rows.filter((row) => row[outcome].right.student.has(example)).length,
}));
const retention = retentionInterval(pairs('distilled'), BOOTSTRAP_SEED);
const hardRetention = retentionInterval(pairs('baseline'), BOOTSTRAP_SEED);
const total = examples.length * rows.length;
const pooled = (pick: (row: (typeof rows)[number]) => number): ReturnType<typeof wilson> => wilson(rows.reduce((sum, row) => sum + pick(row), 0), total);
const first = rows[0]?.distilled;
const result = {
  retention: retention?.value ?? null,
  retentionLow: retention?.low ?? null,
  parameterShare: first === undefined ? null : scoreOf(first, 'student').parameters / scoreOf(first, 'teacher').parameters,
  speedup: median(rows.map(({ distilled }) => scoreOf(distilled, 'student').tokensPerSecond / scoreOf(distilled, 'teacher').tokensPerSecond)),
  aboveHardLabels: rows.every(({ distilled, baseline }) => scoreOf(distilled, 'student').accuracy > scoreOf(baseline, 'student').accuracy),
  seeds: rows.length,
  minutes: median(rows.map(({ distilled }) => distilled.minutes)),
  accuracy: {
    teacher: pooled(({ distilled }) => scoreOf(distilled, 'teacher').right),
    distilled: pooled(({ distilled }) => scoreOf(distilled, 'student').right),
    hardLabels: pooled(({ baseline }) => scoreOf(baseline, 'student').right),
  },
  hardLabelRetention: hardRetention,
  perSeed: rows.map(({ seed, distilled, baseline }) => ({ seed, teacher: scoreOf(distilled, 'teacher').accuracy, distilled: scoreOf(distilled, 'student').accuracy, hardLabels: scoreOf(baseline, 'student').accuracy, minutes: distilled.minutes })),
  examples: examples.length,
  machine: `${os.cpus()[0]?.model ?? ''}, ${String(os.cpus().length)} cores`,
};
const range = ({ value, low, high }: { value: number; low: number; high: number }): string => `${percent(value)} [${percent(low)}, ${percent(high)}]`;
console.log(`
${String(rows.length)} seeds, ${String(examples.length)} held-out problems, 95 % intervals (accuracy: Wilson over all answers; kept: bootstrap over problems)

| model | accuracy | kept of the teacher's |
|---|---|---|
| teacher | ${range(result.accuracy.teacher)} | |
| student, distilled | ${range(result.accuracy.distilled)} | ${retention === null ? '' : range(retention)} (goal ≥ ${percent(GOALS.retention)}) |
| student, hard labels only | ${range(result.accuracy.hardLabels)} | ${hardRetention === null ? '' : range(hardRetention)} |

parameters ${percent(result.parameterShare ?? Number.NaN)} of the teacher's (goal ≤ ${percent(GOALS.parameterShare)}); tokens/s ${result.speedup.toFixed(2)}× (goal ≥ ${String(GOALS.speedup)}×)
above hard labels at every seed: ${result.aboveHardLabels ? 'yes' : 'no'}; one distillation with its evaluation takes ${result.minutes.toFixed(1)} min`);
if (options.json) console.log(JSON.stringify(result));
