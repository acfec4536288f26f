import * as vscode from 'vscode';
import { COMMANDS } from '../commands/table.ts';
import type { Projects } from '../project/projects.ts';
import { hasCollectStage } from './hasCollectStage.ts';
import { isRecipe } from './isRecipe.ts';

/** "▶ Run", "Collect Data" where a stage collects, "Run Sweep" where there is one, "Run with Changes…" and "Check" above the recipe's first line. */
export function registerRecipeLens(projects: Projects): vscode.Disposable {
  return vscode.languages.registerCodeLensProvider([{ language: 'jsonc' }, { language: 'json' }], {
    onDidChangeCodeLenses: projects.onDidChange as vscode.Event<unknown> as vscode.Event<void>,
    provideCodeLenses(document) {
      if (!isRecipe(document, projects)) return [];
      const top = new vscode.Range(0, 0, 0, 0);
      return [
        new vscode.CodeLens(top, { command: COMMANDS.run.id, title: `$(play) ${vscode.l10n.t('Run')}`, arguments: [document.uri] }),
        ...(hasCollectStage(document.getText()) ? [new vscode.CodeLens(top, { command: COMMANDS.collectData.id, title: vscode.l10n.t('Collect Data'), arguments: [document.uri] })] : []),
        ...(/"sweep"\s*:/.test(document.getText()) ? [new vscode.CodeLens(top, { command: COMMANDS.runSweep.id, title: vscode.l10n.t('Run Sweep'), arguments: [document.uri] })] : []),
        new vscode.CodeLens(top, { command: COMMANDS.runWithChanges.id, title: vscode.l10n.t('Run with Changes…'), arguments: [document.uri] }),
        new vscode.CodeLens(top, { command: COMMANDS.checkProject.id, title: `$(checklist) ${vscode.l10n.t('Check')}`, arguments: [document.uri] }),
      ];
    },
  });
}
