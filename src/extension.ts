import * as vscode from 'vscode';
import { workerReader } from './runs/readerClient.ts';
import { RunStore } from './runs/store.ts';
import { SweepStore } from './runs/sweepStore.ts';
import { EnvironmentReport } from './ui/commands/environment.ts';
import { handlers } from './ui/commands/handlers.ts';
import { CheckPanel } from './ui/check/checkPanel.ts';
import { CheckProblems } from './ui/check/checkProblems.ts';
import { registerCommands } from './ui/commands/register.ts';
import { EndOfRuns } from './ui/endOfRuns.ts';
import { registerProvenanceHover } from './ui/data/provenanceHover.ts';
import { followWorkspace } from './ui/followWorkspace.ts';
import { displayLanguage } from './ui/language.ts';
import { createLog } from './ui/log.ts';
import { MetricsPanel } from './ui/metrics/panel.ts';
import { Programs } from './ui/programs.ts';
import { Projects } from './ui/project/projects.ts';
import { registerRecipeEditing } from './ui/recipe/recipeEditing.ts';
import { ReviewPanel } from './ui/review/panel.ts';
import { tellEndOfSweeps } from './ui/sweep/endOfSweeps.ts';
import { SweepPanel } from './ui/sweep/panel.ts';
import { StatusItem } from './ui/statusItem.ts';
import { TeacherKeys } from './ui/teacherKeys.ts';
import { TraceViews } from './ui/traces/traceViews.ts';
import { ExperimentTree } from './ui/tree/experimentTree.ts';
import { EXPERIMENTS_VIEW, followView } from './ui/tree/experimentView.ts';
import { Questions } from './ui/tree/questions.ts';
import { WindowTraceFilters } from './ui/tree/traceFilters.ts';
import type { Workbench } from './ui/workbench.ts';

/** What must be done before the window goes: decisions of the last moment are written. */
let closing: (() => Promise<void>) | undefined;

/** Builds the parts in order. Everything that can wait, waits until it is used. Under test it hands its parts out. */
export function activate(context: vscode.ExtensionContext): Workbench | undefined {
  const begin = performance.now();
  const extension = context.extensionUri;
  const log = createLog();
  const programs = new Programs(extension);
  const projects = new Projects();
  const store = new RunStore({ projects: null, reader: workerReader(programs.reader), onTrouble: (error) => log.error(error instanceof Error ? error : String(error)) });
  const filters = new WindowTraceFilters();
  const questions = new Questions();
  const sweeps = new SweepStore({ store, projects: () => projects.all.map(({ folder }) => folder), onTrouble: (error) => log.error(error instanceof Error ? error : String(error)) });
  const tree = new ExperimentTree({ store, sweeps, projects, filters, questions });
  const view = vscode.window.createTreeView(EXPERIMENTS_VIEW, { treeDataProvider: tree, showCollapseAll: true, canSelectMany: true, manageCheckboxStateManually: true });
  const metrics = new MetricsPanel({ extension, store, log });
  const sweepPanel = new SweepPanel({ extension, sweeps, compare: (runs) => metrics.show(runs), log });
  const traces = new TraceViews({ extension, store, filters, questions, log });
  const review = new ReviewPanel({ extension, language: displayLanguage(), programs, projects, log });
  closing = () => review.close();
  const problems = new CheckProblems();
  const keys = new TeacherKeys(context.secrets, context.globalState);
  const check = new CheckPanel({ extension, language: displayLanguage(), programs, problems, keys, log });
  const environment = new EnvironmentReport();
  const ended = new EndOfRuns(store, context.workspaceState, context.globalStorageUri, log);
  const version = String((context.extension.packageJSON as { readonly version?: unknown }).version);
  const workbench: Workbench = { version, log, programs, projects, store, filters, tree, view, metrics, traces, review, environment, check, keys, sweeps, sweepPanel, ended };
  context.subscriptions.push(
    log, projects, sweeps, store, filters, tree, view, metrics, sweepPanel, tellEndOfSweeps(sweeps), traces, review, check, problems, ended, environment.register(), new StatusItem(store),
    registerRecipeEditing(extension, projects), registerProvenanceHover(projects), registerCommands(handlers(workbench), log), followView(workbench), followWorkspace(workbench),
  );
  log.info(`activated in ${(performance.now() - begin).toFixed(1)} ms`);
  return context.extensionMode === vscode.ExtensionMode.Test ? workbench : undefined;
}

export async function deactivate(): Promise<void> {
  await closing?.();
}
