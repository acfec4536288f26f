/** The settings of a sweep: each one's models are held against each other before anything starts; its data are not read again. */
import { parse } from 'jsonc-parser';
import type { CheckName, Finding } from '../../shared/preflight.ts';
import { recipeOfRun, planSweep, recipesOf, type SweepAxis } from '../../shared/sweepPlan.ts';
import { settingText } from '../../shared/sweepText.ts';
import { DistillError } from '../../shared/messages.ts';
import { refusalOf, type Check, type CheckContext } from './contract.ts';

/** Values of a stage that say nothing of models: settings that differ in these alone are looked at once. */
const OF_TRAINING_ALONE: ReadonlySet<unknown> = new Set(['optimizer', 'schedule', 'limits', 'batch', 'temperature', 'validate', 'checkpoint', 'earlyStop']);

/** Refusals of the checks in each setting, with the setting as what they are about. */
export async function checkSweep(context: CheckContext, checks: Readonly<Partial<Record<CheckName, Check>>>): Promise<readonly Finding[]> {
  const { recipe: { sweep, seed, data }, text, folders, signal } = context;
  if (sweep === undefined) return [];
  const written = parse(text) as Record<string, never>;
  const plan = planSweep(written, sweep, seed);
  const telling = plan.axes.filter((axis) => concernsModels(axis));
  const seen = new Set<string>();
  const findings: Finding[] = [];
  for (const run of plan.runs) {
    const key = JSON.stringify(telling.map(({ name }) => run.values[name]));
    if (telling.length === 0 || seen.has(key)) continue;
    seen.add(key);
    const [recipe] = recipesOf(written, { axes: plan.axes, runs: [run] }).recipes;
    // What the schema refuses is told by whoever starts the sweep.
    if (recipe === undefined) continue;
    const sameData = JSON.stringify([recipe.data, recipe.student, recipe.teachers]) === JSON.stringify([data, context.recipe.student, context.recipe.teachers]);
    const own: CheckContext = {
      ...context, recipe, text: JSON.stringify(recipeOfRun(written, plan.axes, run)), folders: folders.of(recipe), ...(sameData ? {} : { rows: () => Promise.resolve(null) }),
    };
    for (const [name, check] of Object.entries(checks) as [CheckName, Check][]) {
      signal.throwIfAborted();
      const found = await Promise.resolve(check(own)).catch((error: unknown) => {
        if (error instanceof DistillError) return [refusalOf(name, error)];
        throw error;
      });
      findings.push(...found.filter(({ level }) => level === 'refusal').map((each) => ({ ...each, subject: settingText(run.values), path: ['sweep'], fix: null })));
    }
  }
  return findings;
}

function concernsModels({ path }: SweepAxis): boolean {
  return path[0] !== 'seed' && !(path[0] === 'stages' && OF_TRAINING_ALONE.has(path[2]));
}
