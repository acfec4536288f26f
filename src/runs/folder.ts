/** The run folder's place and names: making one whole, reading its run.json and label.json, listing runs and projects. */
import { mkdir, readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { DistillError } from '../shared/messages.ts';
import { RUNS_FOLDER, RUN_FILES, runFile, runLabel } from '../shared/run.ts';
import type { RunFile, RunLabel } from '../shared/run.ts';
import { systemCode, withFileErrors } from '../system/fileErrors.ts';
import { TEMPORARY_PREFIX, writeWholeFile, writeWholeFolder } from '../system/wholeFile.ts';

export const RECIPE_FILE = 'distill.json';

const NAME_LENGTH = 40;
/** Folders below a workspace in which no project is looked for. */
const PASSED_OVER = new Set(['node_modules', '__pycache__', 'dist', 'out', 'venv']);
/** Deep enough for a collection of examples, shallow enough for a large workspace. */
const PROJECT_DEPTH = 4;

export function runsFolder(project: string): string {
  return path.join(project, ...RUNS_FOLDER.split('/'));
}

/** The project that a run folder belongs to. */
export function projectOf(runFolder: string): string {
  return path.resolve(runFolder, '..', ...RUNS_FOLDER.split('/').map(() => '..'));
}

/** `2026-08-23-1412-arith-kd`: local time to the minute and the recipe's name, as every file system takes it. */
export function runName(date: Date, recipeName: string): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const when = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}-${two(date.getHours())}${two(date.getMinutes())}`;
  const name = recipeName.normalize('NFC').replaceAll(/[^\p{Letter}\p{Number}_]+/gu, '-').slice(0, NAME_LENGTH).replaceAll(/^-+|-+$/g, '');
  return name === '' ? when : `${when}-${name}`;
}

/**
 * Makes the folder of a new run, whole, under the first free name (`…`, `…-2`, `…-3`), also when another process does the
 * same in the same moment. Throws DistillError of the file system.
 */
export async function createRunFolder(project: string, run: Omit<RunFile, 'id'>): Promise<string> {
  const runs = runsFolder(project);
  await withFileErrors(runs, async () => mkdir(runs, { recursive: true }));
  const name = runName(new Date(run.createdAt), run.recipe.name);
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? name : `${name}-${number}`;
    const folder = path.join(runs, id);
    const content: RunFile = { ...run, id };
    const made = await writeWholeFolder(folder, (temporary) => writeWholeFile(path.join(temporary, RUN_FILES.run), `${JSON.stringify(content, null, 2)}\n`), { exclusive: true });
    if (made) return folder;
  }
}

/** Reads run.json. Throws DistillError `run-not-found`, `run-unreadable`, or of the file system. */
export async function readRunFile(runFolder: string): Promise<RunFile> {
  const file = path.join(runFolder, RUN_FILES.run);
  const text = await withFileErrors(file, async () => readFile(file, 'utf8')).catch((error: unknown) => {
    throw systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR' ? new DistillError('run-not-found', { path: runFolder }, { cause: error }) : error;
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DistillError('run-unreadable', { path: file, detail: String(error) }, { cause: error });
  }
  const parsed = runFile.safeParse(value);
  if (parsed.success) return parsed.data;
  const detail = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new DistillError('run-unreadable', { path: file, detail }, { cause: parsed.error });
}

/** What a person said of a run; the defaults when nothing, or nothing readable, was said. Never throws. */
export async function readLabel(runFolder: string): Promise<RunLabel> {
  try {
    return runLabel.parse(JSON.parse(await readFile(path.join(runFolder, RUN_FILES.label), 'utf8')));
  } catch {
    return { format: 1, starred: false };
  }
}

/** The run folders of a project in the order of their names, oldest first; none when there is no runs folder. */
export async function listRuns(project: string): Promise<readonly string[]> {
  const runs = runsFolder(project);
  try {
    const entries = await readdir(runs, { withFileTypes: true });
    return entries.filter((entry) => !entry.isFile() && isRunName(entry.name)).map((entry) => path.join(runs, entry.name)).sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return [];
    throw error;
  }
}

/** Whether a name in the runs folder can be a run's: temporary folders and hidden files are none. */
export function isRunName(name: string): boolean {
  return !name.startsWith(TEMPORARY_PREFIX) && !name.startsWith('.');
}

/** The folders with a distill.json at or below `root`, sorted. */
export async function findProjects(root: string, depth: number = PROJECT_DEPTH): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const found = entries.some((entry) => entry.name === RECIPE_FILE && !entry.isDirectory()) ? [root] : [];
  const below = depth === 0 ? [] : entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !PASSED_OVER.has(entry.name));
  const deeper = await Promise.all(below.map((entry) => findProjects(path.join(root, entry.name), depth - 1)));
  return [...found, ...deeper.flat()].sort();
}

/** Size of a file in bytes; 0 when there is none. */
export async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
}
