/** What the pre-flight found, on the recipe's lines: diagnostics that follow the text, each with its fix as a quick fix. */
import * as vscode from 'vscode';
import { placeInRecipe, type Finding, type PreflightReport } from '../../shared/preflight.ts';
import { findingText, fixText } from '../../shared/preflightText.ts';
import { displayLanguage } from '../language.ts';
import { fixEdit, hasFix } from './applyFix.ts';

export class CheckProblems implements vscode.CodeActionProvider, vscode.Disposable {
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('distill-check');
  readonly #reports = new Map<string, PreflightReport>();
  readonly #findings = new WeakMap<vscode.Diagnostic, Finding>();
  readonly #parts: readonly vscode.Disposable[];

  constructor() {
    this.#parts = [
      this.#diagnostics,
      vscode.workspace.onDidChangeTextDocument(({ document }) => { this.#place(document); }),
      vscode.workspace.onDidDeleteFiles(({ files }) => { for (const file of files) this.forget(file); }),
      vscode.languages.registerCodeActionsProvider([{ language: 'jsonc' }, { language: 'json' }], this, { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] }),
    ];
  }

  show(document: vscode.TextDocument, report: PreflightReport): void {
    this.#reports.set(document.uri.toString(), report);
    this.#place(document);
  }

  forget(recipe: vscode.Uri): void {
    this.#reports.delete(recipe.toString());
    this.#diagnostics.delete(recipe);
  }

  provideCodeActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
    const here = (this.#diagnostics.get(document.uri) ?? []).filter((diagnostic) => diagnostic.range.intersection(range) !== undefined);
    return here.flatMap((diagnostic) => {
      const fix = this.#findings.get(diagnostic)?.fix ?? null;
      const edit = fix === null ? null : fixEdit(document, fix);
      if (fix === null || edit === null) return [];
      const action = new vscode.CodeAction(fixText(fix, displayLanguage()), vscode.CodeActionKind.QuickFix);
      action.edit = edit;
      action.diagnostics = [diagnostic];
      action.isPreferred = true;
      return [action];
    });
  }

  /** Places move with the text; a finding whose fix stands in the recipe is gone, and comes back when that is undone. */
  #place(document: vscode.TextDocument): void {
    const report = this.#reports.get(document.uri.toString());
    if (report === undefined) return;
    const text = document.getText();
    const language = displayLanguage();
    // Mistakes of the recipe itself are told by its own diagnostics, as it is typed.
    const serious = report.findings.filter(({ level, check, fix }) => level !== 'pass' && check !== 'recipe' && (fix === null || !hasFix(text, fix)));
    this.#diagnostics.set(document.uri, serious.map((finding) => {
      const { offset, length } = placeInRecipe(text, finding.path ?? []);
      const range = new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));
      const diagnostic = new vscode.Diagnostic(range, findingText(finding, language), finding.level === 'refusal' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning);
      diagnostic.source = 'distill check';
      diagnostic.code = finding.code;
      this.#findings.set(diagnostic, finding);
      return diagnostic;
    }));
  }

  dispose(): void {
    for (const part of this.#parts) part.dispose();
  }
}
