import * as vscode from 'vscode';
import { isActive } from '../runs/status.ts';
import { setContextKey } from './contextKeys.ts';
import { showError } from './errors.ts';
import { hasCollectStage } from './recipe/hasCollectStage.ts';
import { EXPERIMENTS_VIEW } from './tree/experimentView.ts';
import type { Workbench } from './workbench.ts';

/** Looks for projects, follows their runs, and tells the manifest's `when` clauses what there is. */
export function followWorkspace({ projects, store, ended, log }: Workbench): vscode.Disposable {
  const tellKeys = (): void => {
    const runs = store.runs();
    setContextKey('distill.hasProject', projects.all.length > 0);
    setContextKey('distill.hasRun', runs.length > 0);
    setContextKey('distill.hasLiveRun', runs.some(({ status }) => isActive(status)));
    setContextKey('distill.hasResumableRun', runs.some(({ resumable }) => resumable));
  };
  const tellCollects = async (): Promise<void> => {
    const texts = await Promise.all(projects.all.map(({ recipe }) => vscode.workspace.fs.readFile(recipe).then((bytes) => Buffer.from(bytes).toString('utf8'), () => '')));
    setContextKey('distill.collects', texts.some(hasCollectStage));
  };
  const following = vscode.Disposable.from(
    projects.onDidChange((all) => {
      void tellCollects();
      void store.setProjects(all.map(({ folder }) => folder)).then(tellKeys);
    }),
    vscode.workspace.onDidSaveTextDocument(({ uri }) => {
      if (projects.all.some(({ recipe }) => recipe.toString() === uri.toString())) void tellCollects();
    }),
    store.onDidChange(({ what }) => {
      if (what.has('added') || what.has('removed') || what.has('status')) tellKeys();
    }),
  );
  const begin = performance.now();
  void (async () => {
    await vscode.window.withProgress({ location: { viewId: EXPERIMENTS_VIEW } }, async () => {
      await projects.look();
      await store.ready;
    });
    await tellCollects();
    tellKeys();
    setContextKey('distill.searched', true);
    log.info(`found ${projects.all.length} projects with ${store.runs().length} runs in ${(performance.now() - begin).toFixed(0)} ms`);
    await ended.offerLost();
  })().catch((error: unknown) => showError(error, log));
  return following;
}
