/** A project's recipe as a command finds it, and the runs that a name means. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { applyEdits, modify, parse } from 'jsonc-parser';
import { findProjects, listRuns, RECIPE_FILE } from '../runs/folder.ts';
import type { Recipe } from '../shared/recipe.ts';
import { problemLine, readRecipe } from '../shared/recipeText.ts';
import { RUN_FILES } from '../shared/run.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';
import type { Terminal } from './terminal.ts';

export interface FoundRecipe {
  readonly file: string;
  /** The folder that the recipe's paths are relative to, and whose runs it has. */
  readonly project: string;
  readonly recipe: Recipe;
}

/** The recipe's file (a folder's distill.json, or the file itself) and its text with the changes in it. Throws Refusal. */
export function findRecipe(terminal: Terminal, where: string, changes: readonly string[] = []): { readonly file: string; readonly text: string } {
  const place = path.resolve(where);
  const file = existsSync(place) && statSync(place).isDirectory() ? path.join(place, RECIPE_FILE) : place;
  if (!existsSync(place)) throw new Refusal(terminal.say(path.basename(place).endsWith('.json') ? 'noFile' : 'noFolder', where));
  if (!existsSync(file)) throw new Refusal(terminal.say('noRecipe', where));
  return { file, text: changes.reduce((changed, change) => withChange(terminal, changed, change), readFileSync(file, 'utf8')) };
}

/** Reads a project's recipe, its mistakes told. Throws Refusal. */
export function loadRecipe(terminal: Terminal, where: string, changes: readonly string[] = []): FoundRecipe {
  const { file, text } = findRecipe(terminal, where, changes);
  const { recipe, problems } = readRecipe(text);
  if (recipe !== undefined) return { file, project: path.dirname(file), recipe };
  const shown = path.relative(process.cwd(), file) || file;
  for (const problem of problems) terminal.note(problemLine(problem, shown, terminal.language));
  throw new Refusal(terminal.say(problems.length === 1 ? 'checkProblem' : 'checkProblems', problems.length, shown), EXIT.usage);
}

/** `stages[0].alpha=0.5`: the value is JSON where it can be read as such, else text. The recipe's comments stay. */
function withChange(terminal: Terminal, text: string, change: string): string {
  const place = change.indexOf('=');
  const parts = change.slice(0, place).split(/\.|\[|\]/).filter((part) => part !== '').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  if (place <= 0 || parts.length === 0) throw new Refusal(terminal.say('badSet', change));
  const errors: object[] = [];
  const written = change.slice(place + 1);
  const value: unknown = parse(written, errors as never[]);
  try {
    return applyEdits(text, modify(text, parts, errors.length === 0 && value !== undefined ? value : written, {}));
  } catch {
    throw new Refusal(terminal.say('badSet', change));
  }
}

/** The folder of a run: by its path, its name, the end of its name; without a name the newest that is preferred, else the newest. Throws Refusal. */
export async function findRun(terminal: Terminal, name: string | undefined, prefer?: (run: string) => Promise<boolean>): Promise<string> {
  if (name !== undefined && existsSync(path.join(name, RUN_FILES.run))) return path.resolve(name);
  const runs = (await Promise.all((await projectsAround(process.cwd())).map((project) => listRuns(project)))).flat();
  if (name === undefined) {
    const newestFirst = [...runs].sort((a, b) => createdAt(b) - createdAt(a));
    const [newest] = newestFirst;
    if (newest === undefined) throw new Refusal(terminal.say('noRuns'));
    if (prefer !== undefined) for (const run of newestFirst) if (await prefer(run)) return run;
    return newest;
  }
  const exact = runs.filter((run) => path.basename(run) === name);
  const matches = exact.length > 0 ? exact : runs.filter((run) => path.basename(run).endsWith(name));
  const [only, other] = matches;
  if (only === undefined) throw new Refusal(terminal.say('noRun', name));
  if (other !== undefined) throw new Refusal(terminal.say('ambiguousRun', name, matches.map((run) => (exact.length > 1 ? run : path.basename(run))).join(', ')));
  return only;
}

/** Projects at or below a folder; or the one that the folder lies in. */
export async function projectsAround(folder: string): Promise<readonly string[]> {
  const below = await findProjects(folder);
  if (below.length > 0) return below;
  for (let parent = path.dirname(folder), last = folder; parent !== last; [last, parent] = [parent, path.dirname(parent)]) {
    if (existsSync(path.join(parent, RECIPE_FILE))) return [parent];
  }
  return [];
}

function createdAt(run: string): number {
  try {
    return (JSON.parse(readFileSync(path.join(run, RUN_FILES.run), 'utf8')) as { createdAt: number }).createdAt;
  } catch {
    return 0;
  }
}

/** How a run is called in a sentence: its name. */
export function runTitle(runFolder: string): string {
  return path.basename(runFolder);
}

