/**
 * `npm run bench -- methods [--json] [--seeds N] [--steps N] [--tasks a,b] [--methods a,b|all] [--fresh]`: the ways to distil, on two
 * tasks, from the same start, on the same rows, for the same number of steps. One run a task, method and seed; its verdicts
 * are kept in .distill/bench-methods, so that a bench that was stopped goes on where it was.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'jsonc-parser';
import { retentionInterval, wilson } from '../src/engine/evaluate/intervals.ts';
import type { Recipe, RecipeInput } from '../src/shared/recipe.ts';
import { problemLine, readRecipe } from '../src/shared/recipeText.ts';
import { median } from './lib/quantiles.ts';
import { percent, runToEnd, scoreOf, type Outcome } from './lib/wholeRun.ts';
import { METHODS, type Method, type Setting } from './methods/methods.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const engine = path.join(repository, 'dist/engine.js');
const work = path.join(repository, '.distill/bench-methods');
const TASKS = ['arithmetic', 'lists'];
/** DistilBERT's and TinyBERT4's own figures (Sanh et al. 2019; Jiao et al. 2020), which the guides hold up. */
const GOALS = ['97 % kept at −40 % parameters and +60 % speed (DistilBERT)', '96.8 % kept at 7.5 times smaller and 9.4 times as fast (TinyBERT4)'];
const BOOTSTRAP_SEED = 7;
/** The second teacher of the two: trained on the same rows as the first, for half as long, from another seed. */
const SECOND_TEACHER = { steps: 1000, seed: 11 };

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false }, fresh: { type: 'boolean', default: false }, seeds: { type: 'string', default: '3' }, steps: { type: 'string', default: '400' },
    rows: { type: 'string', default: '500' }, tasks: { type: 'string', default: TASKS.join() }, methods: { type: 'string' }, backend: { type: 'string', default: 'auto' },
  },
});
const seeds = Array.from({ length: Number(options.seeds) }, (_, i) => i);
const tasks = options.tasks.split(',').filter((task) => TASKS.includes(task));
const chosen = options.methods?.split(',');
const methods = METHODS.filter(({ id, extra }) => chosen === undefined ? extra === undefined : chosen.includes('all') || chosen.includes(id));

interface Cell {
  /** Of everything that decides the result but the engine. */
  readonly recipe: string;
  readonly right: readonly string[];
  readonly examples: readonly string[];
  readonly student: { readonly parameters: number; readonly tokensPerSecond: number };
  /** Where the teacher answered in the same run (the first seed). */
  readonly teacher: { readonly right: readonly string[]; readonly parameters: number; readonly tokensPerSecond: number } | null;
  readonly minutes: number;
  /** Of the exported int8 model, where there is one. */
  readonly bytes: number | null;
}

function checked(recipe: RecipeInput, file: string): Recipe {
  const read = readRecipe(JSON.stringify(recipe));
  if (read.recipe === undefined) throw new Error(read.problems.map((problem) => problemLine(problem, file, 'en')).join('\n'));
  return read.recipe;
}

const folderOf = (task: string): string => path.join(repository, 'examples', task);
const written = async (file: string): Promise<RecipeInput> => parse(await readFile(file, 'utf8')) as RecipeInput;

const secondTeacherFolder = (task: string): string => path.join(work, task, 'second-teacher');

/** Trained once by the example's own teacher.json, with other steps and another seed. */
async function secondTeacher(task: string): Promise<void> {
  const to = secondTeacherFolder(task);
  if (await stat(path.join(to, 'config.json')).catch(() => null)) return;
  const file = path.join(folderOf(task), 'teacher.json');
  const recipe = await written(file);
  const made = await stat(path.join(folderOf(task), 'data/teacher.jsonl')).catch(() => null);
  if (made === null) throw new Error(`examples/${task}/data/teacher.jsonl is missing: node examples/${task}/generate.mjs --teacher`);
  await runToEnd(checked({
    ...recipe, seed: SECOND_TEACHER.seed, engine: { backend: options.backend as 'auto' },
    stages: recipe.stages.map((stage) => stage.type === 'train' ? { ...stage, limits: { steps: SECOND_TEACHER.steps } } : stage.type === 'export' ? { ...stage, to } : stage),
  }, file), file, path.join(work, task), engine);
}

interface Planned {
  readonly recipe: RecipeInput;
  readonly file: string;
  readonly scratch: string;
}

async function plan(task: string, method: Method, seed: number): Promise<Planned> {
  const file = path.join(folderOf(task), 'distill.json');
  const base = await written(file);
  const scratch = path.join(work, task, 'scratch', `${method.id}-${String(seed)}`);
  const setting: Setting = { steps: Number(options.steps), scratch, train: 'data/train.jsonl', template: base.data.template };
  const recipe: RecipeInput = {
    ...base, seed, name: `${task}-${method.id}`,
    teachers: { ...base.teachers, ...(method.twoTeachers === undefined ? {} : { second: { type: 'local', model: secondTeacherFolder(task) } }) },
    student: method.student ?? base.student,
    data: { ...base.data, train: method.trainFile?.(setting) ?? base.data.train },
    stages: [...method.stages(setting), { type: 'evaluate', name: 'evaluate', teacher: seed === 0 ? 'teacher' : null }],
    evaluate: { ...base.evaluate, rows: Number(options.rows) },
    engine: { backend: options.backend as 'auto' },
  };
  return { recipe, file, scratch };
}

async function runCell(task: string, method: Method, seed: number): Promise<Cell> {
  const { recipe, file, scratch } = await plan(task, method, seed);
  const digest = createHash('sha256').update(JSON.stringify(recipe)).digest('hex');
  const kept = path.join(work, task, 'cells', `${method.id}-${String(seed)}.json`);
  const before = options.fresh ? null : await readFile(kept, 'utf8').then((text) => JSON.parse(text) as Cell, () => null);
  if (before?.recipe === digest) return before;
  if (method.twoTeachers === true) await secondTeacher(task);
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  const outcome: Outcome = await runToEnd(checked(recipe, file), file, path.join(work, task), engine);
  const [student, teacher] = [scoreOf(outcome, 'student'), seed === 0 ? scoreOf(outcome, 'teacher') : null];
  const cell: Cell = {
    recipe: digest, right: [...outcome.right.student], examples: outcome.examples, minutes: outcome.minutes,
    student: { parameters: student.parameters, tokensPerSecond: student.tokensPerSecond },
    teacher: teacher === null ? null : { right: [...outcome.right.teacher], parameters: teacher.parameters, tokensPerSecond: teacher.tokensPerSecond },
    bytes: method.int8 === undefined ? null : (await stat(path.join(scratch, 'int8/model.safetensors'))).size,
  };
  await mkdir(path.dirname(kept), { recursive: true });
  await writeFile(kept, JSON.stringify(cell));
  await rm(outcome.folder, { recursive: true, force: true });
  console.log(`${task} · ${method.name} · seed ${String(seed)}: ${percent(student.accuracy)}, ${outcome.minutes.toFixed(1)} min${outcome.warnings.length === 0 ? '' : ` (${[...new Set(outcome.warnings)].join(', ')})`}`);
  return cell;
}

interface Row {
  readonly task: string;
  readonly method: string;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly retention: number | null;
  readonly retentionLow: number | null;
  readonly retentionHigh: number | null;
  readonly parameterShare: number;
  readonly sizeShare: number;
  readonly speedup: number;
  readonly perSeed: readonly number[];
  readonly minutes: number;
}

const FLOAT_BYTES = 4;

function rowOf(task: string, method: Method, cells: readonly Cell[], teacher: NonNullable<Cell['teacher']>): Row {
  const examples = cells[0]?.examples ?? [];
  const right = new Set(teacher.right);
  const accuracy = wilson(cells.reduce((sum, cell) => sum + cell.right.length, 0), examples.length * cells.length);
  const kept = retentionInterval(examples.map((example) => ({ teacher: right.has(example) ? cells.length : 0, student: cells.filter((cell) => cell.right.includes(example)).length })), BOOTSTRAP_SEED);
  const parameters = cells[0]?.student.parameters ?? Number.NaN;
  const together = cells.flatMap((cell) => (cell.teacher === null ? [] : [cell.student.tokensPerSecond / cell.teacher.tokensPerSecond]));
  return {
    task, method: method.name, accuracy: accuracy.value, low: accuracy.low, high: accuracy.high,
    retention: kept?.value ?? null, retentionLow: kept?.low ?? null, retentionHigh: kept?.high ?? null,
    parameterShare: parameters / teacher.parameters,
    sizeShare: (cells[0]?.bytes ?? parameters * FLOAT_BYTES) / (teacher.parameters * FLOAT_BYTES),
    speedup: median(together), perSeed: cells.map((cell) => cell.right.length / examples.length), minutes: median(cells.map(({ minutes }) => minutes)),
  };
}

// A recipe with a mistake is found before the first run, not after an hour.
for (const task of tasks) for (const method of methods) for (const seed of seeds) { const { recipe, file } = await plan(task, method, seed); checked(recipe, file); }
if (options.fresh) await rm(work, { recursive: true, force: true });
const rows: Row[] = [];
const teachers: { readonly task: string; readonly accuracy: number; readonly examples: number }[] = [];
const cells = new Map(tasks.map((task) => [task, new Map<Method, Cell[]>()]));
// Seed by seed: a bench that is stopped early has every method on every task for the seeds that it did.
for (const seed of seeds) {
  for (const [task, byMethod] of cells) {
    for (const method of methods) byMethod.set(method, [...byMethod.get(method) ?? [], await runCell(task, method, seed)]);
  }
}
for (const [task, byMethod] of cells) {
  const teacher = [...byMethod.values()].flat().find((cell) => cell.teacher !== null)?.teacher;
  if (teacher === undefined || teacher === null) throw new Error('the teacher was not evaluated: seed 0 is missing');
  const examples = byMethod.get(methods[0] as Method)?.[0]?.examples.length ?? 0;
  teachers.push({ task, accuracy: teacher.right.length / examples, examples });
  for (const [method, own] of byMethod) rows.push(rowOf(task, method, own, teacher));
}

const interval = (value: number | null, low: number | null, high: number | null): string => (value === null ? '–' : `${percent(value)} [${((low ?? 0) * 100).toFixed(1)}, ${((high ?? 0) * 100).toFixed(1)}]`);
for (const { task, accuracy, examples } of teachers) {
  console.log(`
${task}: ${String(seeds.length)} seeds, ${options.steps} steps, ${String(examples)} held-out problems; the teacher gets ${percent(accuracy)}

| method | accuracy | kept of the teacher's | parameters | size | speed | min |
|---|---|---|---|---|---|---|
${rows.filter((row) => row.task === task).map((row) => `| ${row.method} | ${interval(row.accuracy, row.low, row.high)} | ${interval(row.retention, row.retentionLow, row.retentionHigh)} | ${percent(row.parameterShare)} | ${percent(row.sizeShare)} | ${row.speedup.toFixed(2)}× | ${row.minutes.toFixed(1)} |`).join('\n')}`);
}
console.log(`\nGoals that are held up: ${GOALS.join('; ')}. 95 % intervals: accuracy by Wilson over all answers, what is kept by a bootstrap over problems.`);
if (options.json) console.log(JSON.stringify({ rows, teachers, seeds: seeds.length, steps: Number(options.steps), machine: `${os.cpus()[0]?.model ?? ''}, ${String(os.cpus().length)} cores` }));
