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
import { startRun } from '../src/runs/launcher.ts';
import { parseEvent, type EndedEvent, type EvaluationEvent, type RunEvent, type TraceEvent } from '../src/shared/events.ts';
import { sentence } from '../src/shared/messages.ts';
import type { Recipe } from '../src/shared/recipe.ts';
import { readRecipe } from '../src/shared/recipeText.ts';
import { RUN_FILES } from '../src/shared/run.ts';
import { watchForChange } from '../src/system/watchForChange.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const recipePath = path.join(repository, 'examples/arithmetic/distill.json');
const GOALS = { retention: 0.97, parameterShare: 0.6, speedup: 1.6 };
/** Of the bootstrap, which draws prompts: fixed, so that the same runs give the same interval. */
const BOOTSTRAP_SEED = 7;

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false }, seeds: { type: 'string', default: '3' } } });

interface Outcome {
  readonly minutes: number;
  readonly evaluation: EvaluationEvent;
  readonly right: { readonly teacher: ReadonlySet<string>; readonly student: ReadonlySet<string> };
  readonly examples: readonly string[];
}

/** The recipe with another seed, and for the baseline without its soft targets. */
function variant(recipe: Recipe, seed: number, hardLabels: boolean): Recipe {
  return {
    ...recipe, seed,
    stages: recipe.stages.map((stage) => (hardLabels && stage.type === 'train' ? { ...stage, weights: { kl: 0, ce: 1, mse: 0, hidden: 0, attention: 0 } } : stage)),
  };
}

async function runToEnd(recipe: Recipe, project: string): Promise<Outcome> {
  const { folder } = await startRun({ project, recipePath, recipe }, { script: path.join(repository, 'dist/engine.js'), node: process.execPath });
  const file = path.join(folder, RUN_FILES.events);
  const read = async (): Promise<readonly RunEvent[]> => (await readFile(file, 'utf8')).split('\n').flatMap((line) => {
    const parsed = parseEvent(line);
    return parsed.type === 'event' ? [parsed.event] : [];
  });
  const watch = watchForChange(file);
  let events = await read();
  while (!events.some((event) => event.kind === 'ended')) {
    await watch.next();
    events = await read();
  }
  watch.close();
  const ended = events.find((event): event is EndedEvent => event.kind === 'ended');
  if (ended?.outcome !== 'done') throw new Error(ended?.code === undefined ? `run ${folder} ended ${ended?.outcome ?? ''}` : sentence(ended.code, ended.data ?? {}, 'en'));
  const evaluation = events.findLast((event): event is EvaluationEvent => event.kind === 'evaluation');
  if (evaluation === undefined) throw new Error(`run ${folder} has no evaluation`);
  const traces = events.filter((event): event is TraceEvent => event.kind === 'trace');
  const right = (role: TraceEvent['role']): ReadonlySet<string> => new Set(traces.filter((trace) => trace.role === role && trace.verdict === 'right').map(({ example }) => example));
  return {
    minutes: (ended.at - (events[0]?.at ?? ended.at)) / 60_000, evaluation,
    right: { teacher: right('teacher'), student: right('student') },
    examples: traces.filter(({ role }) => role === 'student').map(({ example }) => example),
  };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const score = (outcome: Outcome, role: 'teacher' | 'student'): EvaluationEvent['models'][number] => {
  const model = outcome.evaluation.models.find((each) => each.role === role);
  if (model === undefined) throw new Error(`the evaluation has no ${role}`);
  return model;
};

const parsed = readRecipe(await readFile(recipePath, 'utf8'));
if (parsed.recipe === undefined) throw new Error('the recipe of examples/arithmetic has mistakes: distill check names them');
const seeds = Array.from({ length: Number(options.seeds) }, (_, i) => i);
const project = await mkdtemp(path.join(os.tmpdir(), 'distill-quality-'));
const rows: { readonly seed: number; readonly distilled: Outcome; readonly baseline: Outcome }[] = [];
try {
  for (const seed of seeds) {
    const distilled = await runToEnd(variant(parsed.recipe, seed, false), project);
    const baseline = await runToEnd(variant(parsed.recipe, seed, true), project);
    rows.push({ seed, distilled, baseline });
    const [teacher, student, hard] = [score(distilled, 'teacher'), score(distilled, 'student'), score(baseline, 'student')];
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
  parameterShare: first === undefined ? null : score(first, 'student').parameters / score(first, 'teacher').parameters,
  speedup: median(rows.map(({ distilled }) => score(distilled, 'student').tokensPerSecond / score(distilled, 'teacher').tokensPerSecond)),
  aboveHardLabels: rows.every(({ distilled, baseline }) => score(distilled, 'student').accuracy > score(baseline, 'student').accuracy),
  seeds: rows.length,
  minutes: median(rows.map(({ distilled }) => distilled.minutes)),
  accuracy: {
    teacher: pooled(({ distilled }) => score(distilled, 'teacher').right),
    distilled: pooled(({ distilled }) => score(distilled, 'student').right),
    hardLabels: pooled(({ baseline }) => score(baseline, 'student').right),
  },
  hardLabelRetention: hardRetention,
  perSeed: rows.map(({ seed, distilled, baseline }) => ({ seed, teacher: score(distilled, 'teacher').accuracy, distilled: score(distilled, 'student').accuracy, hardLabels: score(baseline, 'student').accuracy, minutes: distilled.minutes })),
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
