/** distill data show: the life of one row, found by its place or by its id. */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { Option } from 'commander';
import type { SideRow } from '../../../engine/data/clean/removed.ts';
import { textLines } from '../../../engine/data/formats/lines.ts';
import { readPlaced, type PlacedRecord } from '../../../engine/data/formats/read.ts';
import { readReview } from '../../../engine/data/review/reviewFile.ts';
import { rowUses } from '../../../runs/rowUses.ts';
import { RECIPE_FILE } from '../../../runs/folder.ts';
import { DistillError, sentence } from '../../../shared/messages.ts';
import { recordLife, recordTexts, type LifeLine } from '../../../shared/recordText.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import { readRecipe } from '../../../shared/recipeText.ts';
import type { DataTools } from '../../dataProgram.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { findRecipe, loadRecipe, projectsAround } from '../../project.ts';
import { Refusal } from '../../refusal.ts';
import { RULE_TEXT } from '../../ruleText.ts';
import { displayWidth, padded, type Terminal } from '../../terminal.ts';
import { wrapped } from '../diff.ts';

interface ShowOptions {
  readonly project?: string;
  readonly lines?: number;
  readonly json?: true;
}

/** Lines of each text that are shown: a trace has hundreds. */
const FOLDED_TO = 12;
const SIDE_END = '.removed.jsonl';
/** So that a few hexadecimal digits don't mean another row. */
const SHORTEST_ID = 6;

export function registerShow({ terminal, command, json, whole, done }: DataTools): void {
  const { say } = terminal;
  command('show', say('showRow')).argument('<row>', say('showRowWhich'))
    .option('--project <folder>', say('showRowProject'))
    .addOption(new Option('-n, --lines <count>', say('showRowLines')).argParser(whole)).addOption(json())
    .action(async (row: string, options: ShowOptions) => { done(await show(terminal, row, options)); });
}

async function show(terminal: Terminal, which: string, options: ShowOptions): Promise<ExitCode> {
  const { language } = terminal;
  const place = placeOf(which);
  const project = options.project ?? (await projectsAround(place === null ? process.cwd() : path.dirname(path.resolve(place.file))))[0];
  if (place !== null && existsSync(place.file) && place.file.endsWith(SIDE_END)) return showSideRow(terminal, place, options);
  const recipe = project === undefined || !existsSync(path.join(project, RECIPE_FILE)) ? null : recipeOf(terminal, project, place === null);
  const found = place === null ? await byId(terminal, which, project, recipe) : await byPlace(terminal, place, project, recipe);
  const { record, file, row } = found;
  const review = (await readReview(file.file)).get(record.id) ?? (await readReview(file.file)).get(found.usualId() ?? '') ?? null;
  const uses = project === undefined ? [] : await rowUses(path.resolve(project), record.id);
  if (options.json === true) {
    terminal.print(JSON.stringify({ file: file.written, row, record, review, runs: uses }, null, 2));
    return EXIT.fine;
  }
  terminal.print(terminal.paint('bold', `${file.written}:${String(row)}`));
  terminal.print(columns(recordLife(record, { review, uses }, language), terminal));
  for (const { label, value } of recordTexts(record, options.lines ?? FOLDED_TO, language)) {
    terminal.print(`\n${terminal.paint('bold', label)}\n${wrapped(value, terminal.columns).join('\n')}`);
  }
  return EXIT.fine;
}

/** A recipe with mistakes says nothing of a file's fields, and a row is found by its place without it. Throws Refusal where it is needed. */
function recipeOf(terminal: Terminal, project: string, needed: boolean): Recipe | null {
  const { recipe } = readRecipe(findRecipe(terminal, project).text);
  if (recipe === undefined && needed) return loadRecipe(terminal, project).recipe;
  if (recipe === undefined) terminal.note(terminal.paint('yellow', terminal.say('showRowWithoutRecipe', path.join(project, RECIPE_FILE))));
  return recipe ?? null;
}

/** A line of cleaning's side file: which rule took the row or changed its texts, and what it saw; then the row. */
async function showSideRow(terminal: Terminal, { file, row }: { readonly file: string; readonly row: number | null }, options: ShowOptions): Promise<ExitCode> {
  const { say, language } = terminal;
  const wanted = row ?? 1;
  let last = 0;
  for await (const { line, text } of textLines(path.resolve(file))) {
    if (text === null || text.trim() === '') continue;
    last = line;
    if (line < wanted) continue;
    if (line > wanted) break;
    const side = sideRowOf(text);
    if (side === null) throw new Refusal(say('showRowNoSide', file, line));
    if (options.json === true) {
      terminal.print(JSON.stringify({ file, line, ...side }, null, 2));
      return EXIT.fine;
    }
    const details = side.kind === 'removed' ? Object.entries(side.detail).map(([key, value]) => `${key} ${String(value)}`).join(', ') : '';
    const rules = (side.kind === 'removed' ? [side.rule] : side.rules).map((rule) => `${say(RULE_TEXT[rule])} (${rule})`).join(', ');
    terminal.print(terminal.paint('bold', `${file}:${String(line)}`));
    terminal.print(say(side.kind === 'removed' ? 'showRowRemoved' : 'showRowChanged', side.row + 1, rules) + (details === '' ? '' : `\n${details}`));
    if (side.kind === 'removed') terminal.print(columns(recordLife(side.record, { review: null, uses: [] }, language), terminal));
    else terminal.print(`${say('showRowId')}  ${side.id}`);
    const texts = side.kind === 'removed' ? side.record : { prompt: '', think: '', answer: '', gold: null, ...side.original };
    for (const { label, value } of recordTexts(texts, options.lines ?? FOLDED_TO, language)) {
      terminal.print(`\n${terminal.paint('bold', label)}\n${wrapped(value, terminal.columns).join('\n')}`);
    }
    return EXIT.fine;
  }
  throw new Refusal(last === 0 ? say('showRowEmpty', file) : say('showRowNone', file, wanted, last));
}

/** Null for a line that our cleaning did not write. */
function sideRowOf(text: string): SideRow | null {
  try {
    const value = JSON.parse(text) as Partial<SideRow>;
    return value.format === 1 && (value.kind === 'removed' || value.kind === 'changed') ? value as SideRow : null;
  } catch {
    return null;
  }
}

/** `FILE` is its first row, `FILE:7` the seventh; null: not a file, so an id. */
function placeOf(which: string): { readonly file: string; readonly row: number | null } | null {
  if (existsSync(which)) return { file: which, row: null };
  const [, file = '', row = ''] = /^(.+):(\d+)$/.exec(which) ?? [];
  if (file !== '') return { file, row: Number(row) };
  return /[/\\]|\.(?:jsonl?|csv|tsv|parquet|gz)$/i.test(which) ? { file: which, row: null } : null;
}

async function byPlace({ say }: Terminal, { file, row }: { readonly file: string; readonly row: number | null }, project: string | undefined, recipe: Recipe | null): Promise<PlacedRecord> {
  if (!existsSync(file)) throw new Refusal(say('noFile', file));
  const fields = recipe !== null && project !== undefined && isOfRecipe(path.resolve(file), project, recipe) ? recipe.data.fields : undefined;
  let last = 0;
  const rows = readPlaced({ file: path.resolve(file), format: 'auto', fields }, { base: process.cwd(), onBroken: 'skip', onBrokenRow: (broken) => { if (row !== null && broken.data['line'] === row) throw broken; } });
  for await (const placed of rows) {
    if (row === null || placed.row === row) return { ...placed, file: { ...placed.file, written: file } };
    if (placed.row > row && !statSync(file).isDirectory()) break;
    last = placed.row;
  }
  throw new Refusal(last === 0 && row === null ? say('showRowEmpty', file) : say('showRowNone', file, row ?? 1, last));
}

async function byId(terminal: Terminal, id: string, project: string | undefined, recipe: Recipe | null): Promise<PlacedRecord> {
  const { say } = terminal;
  if (project === undefined || recipe === null) throw new Refusal(say('showRowNoProject', id));
  if (id.length < SHORTEST_ID) throw new Refusal(say('showRowShort', id, SHORTEST_ID));
  const files = recipeFiles(recipe);
  const searched: string[] = [];
  for (const file of files) {
    if (!existsSync(path.resolve(project, file))) continue;
    searched.push(file);
    try {
      const isData = isOfRecipe(path.resolve(project, file), project, recipe);
      for await (const placed of readPlaced({ file, format: 'auto', fields: isData ? recipe.data.fields : undefined }, { base: project, onBroken: 'skip' })) {
        if (placed.record.id.startsWith(id)) return placed;
      }
    } catch (error) {
      // A file that can't be read is said; the row may stand in another one.
      if (!(error instanceof DistillError)) throw error;
      terminal.note(terminal.paint('yellow', sentence(error.code, error.data, terminal.language)));
    }
  }
  throw new Refusal(say('showRowUnknown', id, searched.join(', ') || '–'));
}

/** What a recipe reads and writes: its data, and what its collect stages make and take. */
function recipeFiles({ data, stages }: Recipe): readonly string[] {
  const named = [data.train, data.validation, data.test].flat().filter((each) => typeof each === 'string');
  const collected = stages.flatMap((stage) => stage.type === 'collect' ? [stage.to, ...stage.from.flatMap(({ file }) => file ?? [])] : []);
  return [...new Set([...named, ...collected])];
}

function isOfRecipe(file: string, project: string, { data }: Recipe): boolean {
  return [data.train, data.validation, data.test].flat().some((each) => typeof each === 'string' && path.resolve(project, each) === file);
}

function columns(lines: readonly LifeLine[], terminal: Terminal): string {
  const width = Math.max(...lines.map(({ label }) => displayWidth(label)));
  return lines.flatMap(({ label, value }) => wrapped(value, Math.max(20, terminal.columns - width - 2))
    .map((text, index) => `${terminal.paint('dim', padded(index === 0 ? label : '', width))}  ${text}`.trimEnd())).join('\n');
}
