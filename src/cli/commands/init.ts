/** distill init: a new project from a template. */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { jsonLines } from '../../engine/data/jsonLines.ts';
import { readConfig } from '../../engine/model/folder.ts';
import { loadTokenizer } from '../../engine/model/tokenizer.ts';
import { guessFields, tracesReadme, tracesRecipe, type TracesFacts } from '../../engine/templates/traces.ts';
import { RECIPE_FILE } from '../../runs/folder.ts';
import { DistillError } from '../../shared/messages.ts';
import { withFileErrors } from '../../system/fileErrors.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { packageRoot } from '../programs.ts';
import { Refusal } from '../refusal.ts';
import type { Terminal } from '../terminal.ts';

export const TEMPLATES = ['arithmetic', 'traces'] as const;
export type TemplateName = (typeof TEMPLATES)[number];

export interface InitOptions {
  readonly template: TemplateName;
  readonly model: string | null;
  readonly data: string | null;
  readonly name: string | null;
}

export async function init(terminal: Terminal, where: string, options: InitOptions): Promise<ExitCode> {
  const folder = path.resolve(where);
  if ((await readdir(folder).catch(() => [])).length > 0) throw new Refusal(terminal.say('folderNotEmpty', where));
  await withFileErrors(folder, async () => {
    if (options.template === 'arithmetic') await copyExample(terminal, folder);
    else await writeTraces(terminal, folder, options);
  });
  terminal.print(terminal.say('initMade', path.join(where, RECIPE_FILE)));
  terminal.note(terminal.say('initNext', where, where));
  return EXIT.fine;
}

/** The example as it is shipped, without what runs have left in it. */
async function copyExample(terminal: Terminal, folder: string): Promise<void> {
  const example = path.join(packageRoot, 'examples', 'arithmetic');
  if (!existsSync(path.join(example, RECIPE_FILE))) throw new Refusal(terminal.say('noRecipe', example), EXIT.failed);
  await cp(example, folder, { recursive: true, filter: (source) => path.basename(source) !== '.distill' });
}

async function writeTraces(terminal: Terminal, folder: string, { model, data, name }: InitOptions): Promise<void> {
  if (model === null || data === null) throw new Refusal(terminal.say('needsModelAndData'));
  const { maxPositions } = await readConfig(path.resolve(model));
  const { hasChatTemplate } = await loadTokenizer(path.resolve(model));
  const facts: TracesFacts = {
    name: name ?? path.basename(folder).slice(0, 60), model: pathIn(folder, model), data: pathIn(folder, data),
    hasChatTemplate, maxPositions, fields: guessFields(await firstRow(path.resolve(data))),
  };
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, RECIPE_FILE), tracesRecipe(facts, terminal.language));
  await writeFile(path.join(folder, 'README.md'), tracesReadme(facts, terminal.language));
}

/** Inside the project relative, so that the folder can be moved; outside absolute, which a recipe allows on purpose. */
function pathIn(folder: string, file: string): string {
  const relative = path.relative(folder, path.resolve(file));
  return relative.startsWith('..') || path.isAbsolute(relative) ? path.resolve(file) : relative.split(path.sep).join('/');
}

async function firstRow(file: string): Promise<Readonly<Record<string, unknown>>> {
  for await (const { line, text } of jsonLines(file)) {
    try {
      const row: unknown = JSON.parse(text);
      if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Record<string, unknown>;
    } catch (error) {
      throw new DistillError('data-row-not-json', { file, line: line + 1, detail: error instanceof Error ? error.message : String(error) });
    }
    throw new DistillError('data-row-not-object', { file, line: line + 1 });
  }
  throw new DistillError('data-file-empty', { file });
}
