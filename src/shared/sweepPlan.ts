/** From a recipe's sweep to its runs: every setting worked out and held against the recipe's checks before anything starts. Pure. */
import { isBetterHigher } from './metrics.ts';
import type { PathPart } from './recipePaths.ts';
import { readRecipe, type RecipeProblem } from './recipeText.ts';
import type { Recipe } from './recipe.ts';
import { MOST_SWEEP_RUNS, type Sweep, type SweepValues, type SweptValue } from './recipeSweep.ts';
import { sweepPath } from './sweepPaths.ts';

export interface SweepAxis {
  /** As it stands in the recipe. */
  readonly name: string;
  readonly path: readonly PathPart[];
  /** Of a range: how it is drawn. */
  readonly scale: 'linear' | 'log';
  readonly values: SweepValues;
}

export interface PlannedRun {
  /** Its place in the order in which they are made. */
  readonly index: number;
  /** Runs of one setting differ in their seed alone. */
  readonly setting: number;
  readonly seed: number;
  /** By the axis's name. */
  readonly values: Readonly<Record<string, SweptValue>>;
}

export interface SweepPlan {
  readonly axes: readonly SweepAxis[];
  readonly runs: readonly PlannedRun[];
}

/** A setting whose recipe is not right, with the first mistakes of it. */
export interface WrongSetting {
  readonly values: PlannedRun['values'];
  readonly problems: readonly RecipeProblem[];
}

/** The axes of a recipe as it is written; paths that are not known have been told by the recipe's own checks. */
export function axesOf(written: unknown, { values }: Pick<Sweep, 'values'>): readonly SweepAxis[] {
  return Object.entries(values).flatMap(([name, each]): readonly SweepAxis[] => {
    const { path } = sweepPath(written, name);
    return path === null ? [] : [{ name, path, values: each, scale: Array.isArray(each) ? 'linear' : each.scale }];
  });
}

/** How many runs a sweep makes. */
export function runCount({ values, order, runs = 0, seeds }: Sweep): number {
  const settings = order === 'random' ? runs : Object.values(values).reduce((product, each) => product * (Array.isArray(each) ? each.length : each.steps ?? 1), 1);
  return settings * seeds;
}

/** `seed`: the recipe's; it also decides what a random order draws. Grids go through the last axis first. */
export function planSweep(written: unknown, sweep: Sweep, seed: number): SweepPlan {
  const axes = axesOf(written, sweep);
  const settings = sweep.order === 'grid' ? grid(axes) : random(axes, sweep.runs ?? 0, seed);
  const runs = settings.flatMap((values, setting) => Array.from({ length: sweep.seeds }, (_, nth) => ({ setting, seed: seed + nth, values })));
  return { axes, runs: runs.slice(0, MOST_SWEEP_RUNS).map((run, index) => ({ index, ...run })) };
}

function grid(axes: readonly SweepAxis[]): PlannedRun['values'][] {
  let settings: PlannedRun['values'][] = [{}];
  for (const { name, values } of axes) settings = settings.flatMap((setting) => listOf(values).map((value) => ({ ...setting, [name]: value })));
  return settings;
}

/** The values of a list or a range, both ends among them. */
export function listOf(values: SweepValues): readonly SweptValue[] {
  if (Array.isArray(values)) return values;
  const { from, to, steps = 2, scale } = values;
  return Array.from({ length: steps }, (_, index) => between(from, to, index / (steps - 1), scale));
}

/** Twelve digits: 0.30000000000000004 is not what a person would write. */
const DIGITS = 12;

function between(from: number, to: number, share: number, scale: 'linear' | 'log'): number {
  if (share === 0) return from;
  if (share === 1) return to;
  const value = scale === 'log' ? from * (to / from) ** share : from + (to - from) * share;
  return Number(value.toPrecision(DIGITS));
}

/** Tries for a setting that was not drawn before; small lists run out of them. */
const TRIES = 100;

function random(axes: readonly SweepAxis[], runs: number, seed: number): PlannedRun['values'][] {
  const draw = generator(seed);
  const seen = new Set<string>();
  const settings: PlannedRun['values'][] = [];
  for (let tries = 0; settings.length < runs && tries < TRIES * runs; tries += 1) {
    const setting = Object.fromEntries(axes.map(({ name, values }) => [name, drawn(values, draw())]));
    const key = JSON.stringify(setting);
    if (seen.has(key)) continue;
    seen.add(key);
    settings.push(setting);
  }
  return settings;
}

/** A range without steps is drawn from as a whole; between whole numbers whole numbers are. */
function drawn(values: SweepValues, share: number): SweptValue {
  if (Array.isArray(values) || values.steps !== undefined) {
    const list = listOf(values);
    return list[Math.min(list.length - 1, Math.floor(share * list.length))] ?? null;
  }
  const { from, to, scale } = values;
  const value = between(from, to, share, scale);
  return Number.isInteger(from) && Number.isInteger(to) ? Math.round(value) : Number(value.toPrecision(4));
}

/** mulberry32 (Tommy Ettinger): a few lines whose numbers are the same on every machine. */
function generator(seed: number): () => number {
  let state = (seed + 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Stages that a run of a sweep leaves out: each run would write to the same folder, or ask for the same data again. */
export const LEFT_OUT: ReadonlySet<string> = new Set(['export', 'collect']);

/** The recipe of one run, as a person would have written it. */
export function recipeOfRun(written: object, axes: readonly SweepAxis[], run: Pick<PlannedRun, 'values' | 'seed'>): object {
  const copy = JSON.parse(JSON.stringify(written)) as Record<string, unknown>;
  delete copy['sweep'];
  for (const { name, path } of axes) if (name in run.values) put(copy, path, run.values[name]);
  copy['seed'] = run.seed;
  if (Array.isArray(copy['stages'])) copy['stages'] = copy['stages'].filter((stage: { readonly type?: unknown } | null) => !LEFT_OUT.has(String(stage?.type)));
  return copy;
}

function put(root: object, path: readonly PathPart[], value: unknown): void {
  let current = root as Record<PathPart, unknown>;
  path.forEach((part, index) => {
    if (index === path.length - 1) current[part] = value;
    else {
      const next = current[part];
      current = (typeof next === 'object' && next !== null ? next : (current[part] = {})) as Record<PathPart, unknown>;
    }
  });
}

/** Each planned run's recipe with every default in it, or the settings that are not right. */
export function recipesOf(written: object, { axes, runs }: SweepPlan): { readonly recipes: readonly Recipe[]; readonly wrong: readonly WrongSetting[] } {
  const recipes: Recipe[] = [];
  const wrong: WrongSetting[] = [];
  let setting = -1;
  for (const run of runs) {
    const read = readRecipe(JSON.stringify(recipeOfRun(written, axes, run)));
    if (read.recipe !== undefined) recipes.push(read.recipe);
    // Its other seeds are wrong in the same way.
    else if (run.setting !== setting) wrong.push({ values: run.values, problems: read.problems });
    setting = run.setting;
  }
  return { recipes, wrong };
}

export function goalOf({ goal, metric }: Pick<Sweep, 'goal' | 'metric'>): 'min' | 'max' {
  return goal ?? (isBetterHigher(metric) ? 'max' : 'min');
}
