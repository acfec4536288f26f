/** The quick pre-flight before a run is launched from the command line: a paid teacher is not asked for what can't be trained on. */
import path from 'node:path';
import { RECIPE_FILE } from '../runs/folder.ts';
import { runPreflight } from '../runs/preflight.ts';
import { sentence, DistillError } from '../shared/messages.ts';
import { isOfSweep, type Finding, type PreflightReport } from '../shared/preflight.ts';
import { noteFinding } from './commands/check.ts';
import { EXIT } from './exit.ts';
import { engineProgram } from './programs.ts';
import { findRecipe } from './project.ts';
import { Refusal } from './refusal.ts';
import type { Terminal } from './terminal.ts';

export interface LaunchCheckOptions {
  readonly set: readonly string[];
  /** Nothing is trained by what is launched, so that estimates of memory and disk are not about it. */
  readonly collectOnly?: boolean;
  /** The sweep's settings are launched too. */
  readonly sweep?: boolean;
}

/**
 * Tells refusals as `distill check` does, and warnings in one line. Throws Refusal where something can't work. A check that
 * fails by itself stands in nobody's way.
 */
export async function checkBeforeLaunch(terminal: Terminal, where: string, { set, collectOnly = false, sweep = false }: LaunchCheckOptions): Promise<void> {
  const { say } = terminal;
  const { file, text } = findRecipe(terminal, where, set);
  const shown = path.relative(process.cwd(), file) || file;
  let report: PreflightReport;
  try {
    // Ctrl-C ends this process, and the check's with it.
    report = await runPreflight({ recipe: file, text, quick: true, signal: new AbortController().signal }, engineProgram());
  } catch (error) {
    if (!(error instanceof DistillError)) throw error;
    terminal.note(terminal.paint('yellow', sentence(error.code, error.data, terminal.language)));
    return;
  }
  const concerns = (each: Finding): boolean => (!collectOnly || !each.estimated) && (sweep || !isOfSweep(each));
  const refusals = report.findings.filter((each) => each.level === 'refusal' && concerns(each));
  for (const refusal of refusals) noteFinding(terminal, refusal);
  if (refusals.length > 0) throw new Refusal(say('runRefused', shown), EXIT.usage);
  const warnings = report.findings.filter((each) => each.level === 'warning' && concerns(each)).length;
  if (warnings > 0) terminal.note(terminal.paint('yellow', say(warnings === 1 ? 'runWarning' : 'runWarnings', warnings, path.basename(file) === RECIPE_FILE ? path.relative(process.cwd(), path.dirname(file)) || '.' : shown)));
}
