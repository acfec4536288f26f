/** Run, Run with Changes…, Resume and Stop: what starts and ends engines. */
import path from 'node:path';
import * as vscode from 'vscode';
import { isActive } from '../../runs/status.ts';
import type { EngineProgram } from '../../runs/launcher.ts';
import type { RunView } from '../../runs/view.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { Refusal } from '../errors.ts';
import { setting } from '../settings.ts';
import { chooseRecipe, recipeText } from '../recipe/chooseRecipe.ts';
import { editChanges } from '../recipe/changesDialog.ts';
import { shortTitle } from '../runText.ts';
import type { Workbench } from '../workbench.ts';
import { chooseRun, runOf } from './chooseRun.ts';
import { asksServices, consentsToCode, consentsToCollect } from './collect.ts';
import { openMetrics } from './look.ts';

/** A recipe about to run: its text, the file that its paths are relative to, and the run that it came from. */
interface Origin {
  readonly text: string;
  readonly recipe: vscode.Uri;
  readonly parent: string | null;
}

export async function runRecipe(workbench: Workbench, target: unknown): Promise<void> {
  const recipe = await chooseRecipe(target, workbench.projects);
  if (recipe === undefined) return;
  await launch(workbench, { text: await recipeText(recipe), recipe, parent: null });
}

/** What the pre-flight finds of a recipe, on its page. */
export async function checkProject(workbench: Workbench, target: unknown): Promise<void> {
  const recipe = await chooseRecipe(target, workbench.projects);
  if (recipe !== undefined) await workbench.check.check(recipe);
}

/** From a run, its own frozen recipe is changed; from anywhere else, the recipe as it stands. */
export async function runWithChanges(workbench: Workbench, target: unknown): Promise<void> {
  const origin = await originOf(workbench, target);
  if (origin === undefined) return;
  const checked = await check(origin);
  if (checked === undefined) return;
  const changed = await editChanges(origin.text, checked, origin.recipe);
  if (changed !== undefined) await launch(workbench, { ...origin, text: changed });
}

async function originOf({ projects, store }: Workbench, target: unknown): Promise<Origin | undefined> {
  const run = runOf(target, store);
  if (run !== undefined) {
    if (run.run === null) throw new Refusal(vscode.l10n.t('The recipe of {0} can’t be read: its run.json is missing or broken.', shortTitle(run)));
    return { text: JSON.stringify(run.run.recipe, null, 2), recipe: vscode.Uri.file(run.run.recipePath), parent: run.folder };
  }
  const recipe = await chooseRecipe(target, projects, { others: true });
  return recipe === undefined ? undefined : { text: await recipeText(recipe), recipe, parent: null };
}

/** The recipe if it is right; otherwise says how many problems it has and offers to show them. */
export async function check({ text, recipe }: Origin): Promise<Recipe | undefined> {
  const { readRecipe } = await import('../../shared/recipeText.ts');
  const read = readRecipe(text);
  if (read.problems === undefined) return read.recipe;
  const show = vscode.l10n.t('Show Problems');
  const name = path.basename(recipe.fsPath);
  const count = read.problems.length;
  const answer = await vscode.window.showErrorMessage(
    count === 1 ? vscode.l10n.t('{0} has one problem and was not run.', name) : vscode.l10n.t('{0} has {1} problems and was not run.', name, count), show,
  );
  if (answer === show) {
    await vscode.window.showTextDocument(recipe);
    await vscode.commands.executeCommand('workbench.actions.view.problems');
  }
  return undefined;
}

/** Collect Data: the recipe's collect stages alone, after consent. */
export async function collectData(workbench: Workbench, target: unknown): Promise<void> {
  const recipe = await chooseRecipe(target, workbench.projects);
  if (recipe === undefined) return;
  await launch(workbench, { text: await recipeText(recipe), recipe, parent: null }, 'collect');
}

/** `only`: the stages of that type, and no check of what the others need. */
async function launch(workbench: Workbench, origin: Origin, only?: 'collect'): Promise<void> {
  const read = await check(origin);
  if (read === undefined) return;
  const checked = only === undefined ? read : { ...read, stages: read.stages.filter(({ type }) => type === only) };
  if (checked.stages.length === 0) throw new Refusal(vscode.l10n.t('{0} has no stage of type "collect".', path.basename(origin.recipe.fsPath)));
  if (only === undefined && !await workbench.check.allowsRun(origin.recipe, origin.text, checked.name)) return;
  const asks = asksServices(checked);
  if (asks && !await consentsToCollect(workbench, origin.recipe)) return;
  const consent = await consentsToCode(checked);
  if (consent === undefined) return;
  const { programs, store, ended } = workbench;
  const { startRun } = await import('../../runs/launcher.ts');
  const { plotRun } = await import('../../runs/actions.ts');
  const started = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Starting {0}…', checked.name) }, async () => {
    const { folder } = await startRun({
      project: path.dirname(origin.recipe.fsPath),
      recipePath: origin.recipe.fsPath,
      recipe: withSettings(checked, origin.recipe),
      parent: origin.parent,
      queue: setting('waitForDevice', origin.recipe),
      versions: { workbench: workbench.version },
    }, await withKeys(workbench, { ...programs.engine(origin.recipe), environment: consent }, asks));
    workbench.log.info(`started ${folder}`);
    ended.mine(folder);
    await plotRun(folder, true);
    return store.refresh(folder);
  });
  if (started === undefined) return;
  await openMetrics(workbench, vscode.Uri.file(started.folder));
  if (workbench.view.visible) await workbench.view.reveal(workbench.tree.runNode(started.folder), { select: true });
}

/** Keys go to engines that ask services, and to no others. */
async function withKeys({ keys }: Workbench, engine: EngineProgram, asks: boolean): Promise<EngineProgram> {
  return asks ? { ...engine, environment: { ...engine.environment, ...await keys.environment() } } : engine;
}

/** A setting speaks where the recipe leaves the choice open. */
function withSettings(recipe: Recipe, scope: vscode.Uri): Recipe {
  const [backend, threads] = [setting('defaultBackend', scope), setting('threads', scope)];
  return {
    ...recipe,
    engine: {
      ...recipe.engine,
      ...(recipe.engine.backend === 'auto' ? { backend } : {}),
      ...(recipe.engine.threads === undefined && threads > 0 ? { threads } : {}),
    },
  };
}

export async function resume(workbench: Workbench, target: unknown): Promise<void> {
  const run = await chooseRun(target, workbench.store, {
    title: vscode.l10n.t('Resume'),
    fits: ({ resumable }) => resumable,
    unfit: (other) => isActive(other.status)
      ? vscode.l10n.t('{0} is still active: there is nothing to resume.', shortTitle(other))
      : vscode.l10n.t('{0} went through to its end: there is nothing to resume. Run it again with changes instead.', shortTitle(other)),
    none: vscode.l10n.t('No run was interrupted: there is nothing to resume.'),
  });
  if (run === undefined) return;
  const asks = run.run !== null && asksServices(run.run.recipe);
  const consent = run.run === null ? {} : await consentsToCode(run.run.recipe);
  if (consent === undefined) return;
  const { resumeRun } = await import('../../runs/launcher.ts');
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Resuming {0}…', shortTitle(run)) }, async () => {
    await resumeRun(run.folder, await withKeys(workbench, { ...workbench.programs.engine(vscode.Uri.file(run.folder)), environment: consent }, asks));
    workbench.log.info(`resumed ${run.folder}`);
    workbench.ended.mine(run.folder);
    await workbench.store.refresh(run.folder);
  });
}

export async function stop(workbench: Workbench, target: unknown): Promise<void> {
  const run = await chooseRun(target, workbench.store, {
    title: vscode.l10n.t('Stop'),
    fits: ({ status }) => isActive(status),
    unfit: (other) => vscode.l10n.t('{0} is not running.', shortTitle(other)),
    none: vscode.l10n.t('Nothing is running.'),
  });
  if (run !== undefined) await stopWithProgress(workbench, run);
}

/** Orderly first; a person who presses "cancel" has waited long enough, and it is ended by force. */
async function stopWithProgress({ store, log }: Workbench, run: RunView): Promise<void> {
  const { stopRun } = await import('../../runs/stop.ts');
  const graceMs = setting('stopGraceSeconds', vscode.Uri.file(run.folder)) * 1000;
  const title = vscode.l10n.t('Stopping {0}: it saves a checkpoint first. Cancel to end it at once.', shortTitle(run));
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, async (_, token) => {
    const hurry = new AbortController();
    token.onCancellationRequested(() => hurry.abort());
    const outcome = await stopRun(run.folder, { graceMs, hurry: hurry.signal });
    log.info(`stopped ${run.folder}: ${outcome}`);
    await store.refresh(run.folder);
    if (outcome === 'terminated' || outcome === 'killed') {
      void vscode.window.showWarningMessage(vscode.l10n.t('{0} was ended by force. It resumes from its last checkpoint.', shortTitle(run)));
    }
  });
}
