/** What a sweep must be to the rest of the recipe: paths that exist, values that can be made, a metric that compares. */
import { isEvaluationMetric } from './metrics.ts';
import { keysOf, valueAt, type PathPart } from './recipePaths.ts';
import { MOST_SWEEP_RUNS, sweep as schema } from './recipeSweep.ts';
import type { PlacelessProblem } from './recipeText.ts';
import { LEFT_OUT, runCount } from './sweepPlan.ts';
import { sweepPath } from './sweepPaths.ts';

/** Keys of a training stage that change what its loss is: two losses of different makes can't be compared. */
const CHANGE_LOSS = /^(objective|alpha|weights|temperature|beta|gamma|teachers?|combine|tau|targets|hidden|attention|uld|rewards)$/;
const CHANGE_DIVERGENCE = /^(objective|temperature|beta|gamma|teachers?|combine|tau|targets)$/;

export function sweepProblems(recipe: unknown): readonly PlacelessProblem[] {
  const written = valueAt(recipe, ['sweep']);
  if (typeof written !== 'object' || written === null) return [];
  const at = (...rest: readonly PathPart[]): readonly PathPart[] => ['sweep', ...rest];
  const names = keysOf(valueAt(written, ['values']));
  if (names.length === 0) return [{ code: 'recipe-sweep-empty', path: at('values'), data: {} }];
  const problems: PlacelessProblem[] = [];
  const known: { readonly name: string; readonly path: readonly PathPart[] }[] = [];
  for (const name of names) {
    const found = sweepPath(recipe, name);
    const place = { path: at('values', name), atKey: true };
    if (found.path === null) {
      problems.push(found.nearest === null
        ? { code: 'recipe-sweep-path', ...place, data: { name, at: found.at, allowed: found.known.join(', ') || '–' }, allowed: found.known }
        : { code: 'recipe-sweep-path-near', ...place, data: { name, at: found.at, nearest: found.nearest }, allowed: found.known });
      continue;
    }
    const within = known.find(({ path }) => path.every((part, index) => found.path[index] === part) || found.path.every((part, index) => path[index] === part));
    if (within !== undefined) problems.push({ code: 'recipe-sweep-twice', ...place, data: { name, other: within.name } });
    known.push({ name, path: found.path });
    const type = found.path[0] === 'stages' ? String(valueAt(recipe, ['stages', found.path[1] ?? 0, 'type'])) : '';
    if (LEFT_OUT.has(type)) problems.push({ code: 'recipe-sweep-left-out', ...place, data: { name, type } });
    problems.push(...rangeProblems(written, name));
  }
  return [...problems, ...metricProblems(recipe, written, known), ...countProblems(written, problems.length > 0)];
}

function rangeProblems(sweep: object, name: string): readonly PlacelessProblem[] {
  const path = ['sweep', 'values', name];
  const range = valueAt(sweep, ['values', name]);
  if (Array.isArray(range) || typeof range !== 'object' || range === null) return [];
  const [from, to] = [valueAt(range, ['from']), valueAt(range, ['to'])];
  if (typeof from !== 'number' || typeof to !== 'number') return [];
  if (from === to) return [{ code: 'recipe-sweep-range', path, data: { from } }];
  if (valueAt(range, ['scale']) === 'log' && (from <= 0 || to <= 0)) return [{ code: 'recipe-sweep-log', path, data: { from, to } }];
  if (valueAt(sweep, ['order']) !== 'random' && valueAt(range, ['steps']) === undefined) return [{ code: 'recipe-sweep-steps', path, data: {} }];
  return [];
}

function metricProblems(recipe: unknown, sweep: object, axes: readonly { readonly name: string; readonly path: readonly PathPart[] }[]): readonly PlacelessProblem[] {
  const metric = String(valueAt(sweep, ['metric']) ?? 'validation/ce');
  const path = ['sweep', 'metric'];
  const watched = [{ metric, path }];
  const problems: PlacelessProblem[] = [];
  const stages = valueAt(recipe, ['stages']);
  const evaluates = Array.isArray(stages) && stages.some((stage) => valueAt(stage, ['type']) === 'evaluate');
  const validates = valueAt(recipe, ['data', 'validation']) !== 0;
  if (isEvaluationMetric(metric) && !evaluates) problems.push({ code: 'recipe-gate-needs-evaluate', path, data: {} });
  if (!isEvaluationMetric(metric) && !validates) problems.push({ code: 'recipe-nothing-to-watch', path, data: { key: 'metric' } });
  if (valueAt(sweep, ['stopEarly']) !== undefined) {
    const own = valueAt(sweep, ['stopEarly', 'metric']);
    const at = ['sweep', 'stopEarly', 'metric'];
    if (own === undefined && isEvaluationMetric(metric)) problems.push({ code: 'recipe-sweep-stop-metric', path: at, data: { metric } });
    else if (!validates) problems.push({ code: 'recipe-nothing-to-watch', path: ['sweep', 'stopEarly'], data: { key: 'stopEarly' } });
    if (typeof own === 'string') watched.push({ metric: own, path: at });
  }
  for (const each of watched) {
    const moving = axes.find((axis) => axis.path[0] === 'stages' && movesMetric(each.metric, String(axis.path[2] ?? '')));
    if (moving !== undefined) problems.push({ code: 'recipe-sweep-metric-moves', path: each.path, data: { metric: each.metric, name: moving.name } });
  }
  return problems;
}

function movesMetric(metric: string, key: string): boolean {
  if (metric === 'validation/loss') return CHANGE_LOSS.test(key);
  return /kl$/i.test(metric) && CHANGE_DIVERGENCE.test(key);
}

function countProblems(sweep: object, wrong: boolean): readonly PlacelessProblem[] {
  const [order, runs] = [valueAt(sweep, ['order']), valueAt(sweep, ['runs'])];
  if (order === 'random' && runs === undefined) return [{ code: 'recipe-sweep-runs', path: ['sweep', 'runs'], data: {} }];
  if (order !== 'random' && runs !== undefined) return [{ code: 'recipe-sweep-runs-grid', path: ['sweep', 'runs'], data: {}, atKey: true }];
  const read = schema.safeParse(sweep);
  if (wrong || !read.success) return [];
  const count = runCount(read.data);
  return count <= MOST_SWEEP_RUNS ? [] : [{ code: 'recipe-sweep-too-many', path: ['sweep', 'values'], data: { count, limit: MOST_SWEEP_RUNS } }];
}

