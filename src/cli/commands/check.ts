/** distill check: the recipe, then everything it names, compared before anything is launched; what can be mended is, with --fix. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Language } from '../../shared/messages.ts';
import { countOf, editedRecipe, type Evidence, type Finding, type Fix, type PreflightReport } from '../../shared/preflight.ts';
import { checkTitle, evidenceLabel, findingText, fixText, LEVEL_SIGNS, wordText } from '../../shared/preflightText.ts';
import { readRecipe } from '../../shared/recipeText.ts';
import { writeWholeFile } from '../../system/wholeFile.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { findRecipe, loadRecipe } from '../project.ts';
import { engineProgram } from '../programs.ts';
import { clipped, table, type Style, type Terminal } from '../terminal.ts';

export interface CheckOptions {
  readonly recipeOnly: boolean;
  readonly set: readonly string[];
  readonly json: boolean;
  readonly fix: boolean;
  /** Ask services for their models. */
  readonly online: boolean;
}

/** Lines of evidence under a finding, and columns of a cell; --json has all. */
const MOST_LINES = 6;
const WIDEST_CELL = 60;
/** A mended recipe may show what was hidden before; after so many rounds a person should look. */
const MOST_ROUNDS = 5;

const COLOURS: Readonly<Record<Finding['level'], Style>> = { pass: 'green', warning: 'yellow', refusal: 'red' };

export async function check(terminal: Terminal, where: string, options: CheckOptions): Promise<ExitCode> {
  const { say } = terminal;
  const { file, text } = findRecipe(terminal, where, options.set);
  // With --json a recipe that can't be read is a finding like others.
  if (!options.json || options.recipeOnly) loadRecipe(terminal, where, options.set);
  const shown = path.relative(process.cwd(), file) || file;
  if (options.recipeOnly) {
    terminal.print(say('checkFine', shown));
    return EXIT.fine;
  }
  const make = await preflightOf(terminal, file, options.online);
  let report = await make(text);
  if (options.fix) report = await mend(terminal, file, report, make);
  if (options.json) {
    terminal.print(JSON.stringify(report, null, 2));
    return exitOf(report);
  }
  tell(terminal, report);
  const [refusals, warnings] = [countOf(report, 'refusal'), countOf(report, 'warning')];
  if (refusals > 0) terminal.note(refusals === 1 ? say('checkFileProblem', shown) : say('checkFileProblems', refusals, shown));
  else terminal.print(warnings === 0 ? say('checkAllFine', shown) : warnings === 1 ? say('checkWarning', shown) : say('checkWarnings', warnings, shown));
  const fixes = fixesOf(report).length;
  if (fixes > 0 && !options.fix) terminal.note(say('checkFixable', fixes));
  return exitOf(report);
}

function exitOf(report: PreflightReport): ExitCode {
  return countOf(report, 'refusal') === 0 ? EXIT.fine : EXIT.usage;
}

/** Makes the pre-flight of the file with a text, as often as it is asked for. */
async function preflightOf(terminal: Terminal, file: string, online: boolean): Promise<(text: string) => Promise<PreflightReport>> {
  // Loaded where it is needed: `distill --help` should not wait for tokenizers.
  const [{ preflight }, { thisMachine }] = await Promise.all([import('../../engine/check/preflight.ts'), import('../../engine/check/machine.ts')]);
  // Ctrl-C ends the process, and nothing was begun that would have to be undone.
  const { signal } = new AbortController();
  const machine = thisMachine(engineProgram().script, signal);
  return (text) => preflight({
    file, text, online, signal, machine,
    onProgress: (name, done, total) => { terminal.live(`${checkTitle(name, terminal.language)} ${String(done)}/${String(total)}`); },
  });
}

/** What is fine goes to stdout, what is not to stderr: both in order on a terminal. */
function tell(terminal: Terminal, { findings }: PreflightReport): void {
  for (const finding of findings) {
    if (finding.level === 'pass') terminal.print(findingLine(terminal, finding));
    else noteFinding(terminal, finding);
  }
}

/** A warning or refusal on stderr, with what it was seen in and what mends it. */
export function noteFinding(terminal: Terminal, finding: Finding): void {
  terminal.note(findingLine(terminal, finding));
  if (finding.evidence !== null) terminal.note(terminal.paint('dim', evidenceText(finding.evidence, terminal.language)));
  if (finding.fix !== null) terminal.note(`    → ${fixText(finding.fix, terminal.language)}`);
}

function findingLine(terminal: Terminal, finding: Finding): string {
  const about = finding.subject === null ? '' : ` (${finding.subject})`;
  return `${terminal.paint(COLOURS[finding.level], LEVEL_SIGNS[finding.level])} ${checkTitle(finding.check, terminal.language)}${about}: ${findingText(finding, terminal.language)}`;
}

function evidenceText({ columns, rows }: Evidence, language: Language): string {
  const cell = (text: string): string => clipped(wordText(text, {}, language).replaceAll('\n', '⏎').replaceAll('\t', '⇥'), WIDEST_CELL);
  return table([columns.map((label) => evidenceLabel(label, language)), ...rows.slice(0, MOST_LINES).map((cells) => cells.map(cell))]).replaceAll(/^/gm, '    ');
}

/** Makes the fixes, round by round, each shown; writes the recipe once a round. Comments stay. */
async function mend(terminal: Terminal, file: string, first: PreflightReport, make: (text: string) => Promise<PreflightReport>): Promise<PreflightReport> {
  let report = first;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let text = readFileSync(file, 'utf8');
    const made = fixesOf(report).filter((fix) => {
      const next = editedRecipe(text, fix.edits);
      // Two fixes may not go together, or say the same.
      if (next === text || readRecipe(next).recipe === undefined) return false;
      text = next;
      return true;
    });
    if (made.length === 0) break;
    for (const fix of made) terminal.note(`${terminal.paint('cyan', '→')} ${fixText(fix, terminal.language)}`);
    await writeWholeFile(file, text);
    report = await make(text);
  }
  return report;
}

/** The first fix for each place: another one for it may be needless then. */
function fixesOf({ findings }: PreflightReport): readonly Fix[] {
  const taken = new Set<string>();
  const serious = [...findings].filter(({ level }) => level !== 'pass').sort((a, b) => Number(b.level === 'refusal') - Number(a.level === 'refusal'));
  return serious.flatMap(({ fix }) => {
    const places = (fix?.edits ?? []).map(({ path: at }) => JSON.stringify(at));
    if (fix === null || places.some((place) => taken.has(place))) return [];
    for (const place of places) taken.add(place);
    return [fix];
  });
}
