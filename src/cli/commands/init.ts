/** distill init: a new project from a template. */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { applyEdits, modify } from 'jsonc-parser';
import { fileRows } from '../../engine/data/formats/read.ts';
import { readConfig } from '../../engine/model/folder.ts';
import { loadTokenizer } from '../../engine/model/tokenizer.ts';
import { collectReadme, collectRecipe, type CollectFacts } from '../../engine/templates/collect.ts';
import { guessFields, tracesReadme, tracesRecipe, type TracesFacts } from '../../engine/templates/traces.ts';
import { RECIPE_FILE } from '../../runs/folder.ts';
import { isJsonObject } from '../../shared/fieldNames.ts';
import { DistillError, sentence } from '../../shared/messages.ts';
import { NAME_LENGTH, projectName } from '../../shared/recipe.ts';
import { usualTeacher, type ServiceName } from '../../shared/recipeTeacher.ts';
import { fileError, systemCode, withFileErrors } from '../../system/fileErrors.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { packageRoot } from '../programs.ts';
import { Refusal } from '../refusal.ts';
import type { Terminal } from '../terminal.ts';

export const TEMPLATES = ['arithmetic', 'traces', 'collect'] as const;
export type TemplateName = (typeof TEMPLATES)[number];

export interface InitOptions {
  readonly template: TemplateName;
  readonly model: string | null;
  readonly data: string | null;
  readonly name: string | null;
  /** Of the template `collect`: who is asked. */
  readonly service: ServiceName | null;
  readonly teacher: string | null;
}

/** `where`: the folder; undefined makes one named after the template. */
export async function init(terminal: Terminal, where: string | undefined, options: InitOptions): Promise<ExitCode> {
  const { say } = terminal;
  const place = where ?? options.template;
  const folder = path.resolve(place);
  if (options.name !== null && !projectName.safeParse(options.name).success) throw new Refusal(say('badName', JSON.stringify(options.name), NAME_LENGTH));
  if (options.template !== 'collect' && (options.service !== null || options.teacher !== null)) throw new Refusal(say('onlyCollect'));
  if (options.template === 'arithmetic' && (options.model !== null || options.data !== null)) throw new Refusal(say('onlyTraces'));
  await refuseUsedFolder(terminal, folder, place);
  await withFileErrors(folder, async () => {
    if (options.template === 'arithmetic') await copyExample(terminal, folder, options.name);
    else await writeProject(terminal, folder, options);
  });
  terminal.print(say('initMade', path.join(place, RECIPE_FILE)));
  terminal.note(say('initNext', place));
  return EXIT.fine;
}

async function refuseUsedFolder(terminal: Terminal, folder: string, place: string): Promise<void> {
  try {
    if ((await readdir(folder)).length > 0) throw new Refusal(terminal.say('folderNotEmpty', place));
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR') throw new Refusal(terminal.say('notAFolder', place));
    if (systemCode(error) !== 'ENOENT') throw fileError(error, folder);
  }
}

/** The example as it is shipped, without what runs have left in it. */
async function copyExample(terminal: Terminal, folder: string, name: string | null): Promise<void> {
  const example = path.join(packageRoot, 'examples', 'arithmetic');
  if (!existsSync(path.join(example, RECIPE_FILE))) throw new Refusal(terminal.say('noRecipe', example), EXIT.failed);
  await cp(example, folder, { recursive: true, filter: (source) => path.basename(source) !== '.distill' });
  if (name === null) return;
  const file = path.join(folder, RECIPE_FILE);
  const text = await readFile(file, 'utf8');
  await writeFile(file, applyEdits(text, modify(text, ['name'], name, {})));
}

async function writeProject(terminal: Terminal, folder: string, options: InitOptions): Promise<void> {
  const { model, data, name, template, service } = options;
  if (model === null || data === null) throw new Refusal(terminal.say('needsModelAndData'));
  const facts = {
    name: name ?? path.basename(folder).slice(0, NAME_LENGTH), model: pathIn(folder, model), data: pathIn(folder, data),
    ...(await argumentFacts(terminal, path.resolve(model), path.resolve(data))),
  };
  const written = template === 'collect' ? collectTexts(terminal, { ...facts, ...teacherOf(terminal, service, options.teacher) }) : tracesTexts(terminal, facts);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, RECIPE_FILE), written.recipe);
  await writeFile(path.join(folder, 'README.md'), written.readme);
}

interface Texts {
  readonly recipe: string;
  readonly readme: string;
}

function tracesTexts({ language }: Terminal, facts: TracesFacts): Texts {
  return { recipe: tracesRecipe(facts, language), readme: tracesReadme(facts, language) };
}

function collectTexts({ language }: Terminal, facts: CollectFacts): Texts {
  return { recipe: collectRecipe(facts, language), readme: collectReadme(facts, language) };
}

/** DeepSeek is whom most people distil. */
function teacherOf({ say }: Terminal, service: ServiceName | null, teacher: string | null): Pick<CollectFacts, 'service' | 'teacher'> {
  const asked = service ?? 'deepseek';
  const model = teacher ?? usualTeacher(asked);
  if (model === null) throw new Refusal(say('needsTeacher', asked));
  return { service: asked, teacher: model };
}

/** What the model's folder and the data's file say; what is wrong with them is an argument's mistake. */
async function argumentFacts(terminal: Terminal, model: string, data: string): Promise<Pick<TracesFacts, 'hasChatTemplate' | 'maxPositions' | 'fields'>> {
  try {
    const { maxPositions } = await readConfig(model);
    const { hasChatTemplate } = await loadTokenizer(model);
    return { hasChatTemplate, maxPositions, fields: guessFields(await firstRow(data)) };
  } catch (error) {
    if (!(error instanceof DistillError)) throw error;
    // The sentence of a missing file sends people to a recipe, which is not there yet.
    if (error.code === 'data-file-missing') throw new Refusal(terminal.say('noFile', data));
    throw new Refusal(sentence(error.code, error.data, terminal.language));
  }
}

/** Inside the project relative, so that the folder can be moved; outside absolute, which a recipe allows on purpose. */
function pathIn(folder: string, file: string): string {
  const relative = path.relative(folder, path.resolve(file));
  return relative.startsWith('..') || path.isAbsolute(relative) ? path.resolve(file) : relative.split(path.sep).join('/');
}

async function firstRow(file: string): Promise<Readonly<Record<string, unknown>>> {
  for await (const { value, broken, at } of fileRows(file)) {
    if (broken !== undefined) throw broken;
    if (isJsonObject(value)) return value;
    throw new DistillError('data-row-not-object', at);
  }
  throw new DistillError('data-file-empty', { file });
}
