import * as vscode from 'vscode';
import { sentence } from '../../shared/messages.ts';
import type { RecipeProblem } from '../../shared/recipeText.ts';
import { displayLanguage } from '../language.ts';
import type { Projects } from '../project/projects.ts';
import { isRecipe } from './isRecipe.ts';

/** After the last key: long enough not to flicker while typing, short enough to feel at once. */
const QUIET_MS = 250;
/** Offering more words than this as fixes is a list, not a fix. */
const MOST_FIXES = 8;

/** Every problem of every open recipe, as diagnostics with fixes. */
export class RecipeProblems implements vscode.CodeActionProvider, vscode.Disposable {
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('distill');
  readonly #problems = new WeakMap<vscode.Diagnostic, RecipeProblem>();
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly #parts: vscode.Disposable[];

  constructor(private readonly projects: Projects) {
    this.#parts = [
      this.#diagnostics,
      vscode.workspace.onDidOpenTextDocument((document) => void this.#check(document)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#checkSoon(document)),
      vscode.workspace.onDidCloseTextDocument((document) => this.#forget(document)),
      projects.onDidChange(() => this.#checkAll()),
      vscode.languages.registerCodeActionsProvider([{ language: 'jsonc' }, { language: 'json' }], this, {
        providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
      }),
    ];
    this.#checkAll();
  }

  provideCodeActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
    const here = (this.#diagnostics.get(document.uri) ?? []).filter((diagnostic) => diagnostic.range.intersection(range) !== undefined);
    return here.flatMap((diagnostic) => {
      const problem = this.#problems.get(diagnostic);
      return problem === undefined ? [] : fixes(document, diagnostic, problem);
    });
  }

  #checkAll(): void {
    for (const document of vscode.workspace.textDocuments) void this.#check(document);
  }

  #checkSoon(document: vscode.TextDocument): void {
    if (!isRecipe(document, this.projects)) return;
    const key = document.uri.toString();
    clearTimeout(this.#waiting.get(key));
    this.#waiting.set(key, setTimeout(() => {
      this.#waiting.delete(key);
      void this.#check(document);
    }, QUIET_MS));
  }

  async #check(document: vscode.TextDocument): Promise<void> {
    if (document.isClosed || !isRecipe(document, this.projects)) return;
    // The schema library is only loaded where a recipe is really looked at.
    const { readRecipe } = await import('../../shared/recipeText.ts');
    if (document.isClosed) return;
    const language = displayLanguage();
    this.#diagnostics.set(document.uri, (readRecipe(document.getText()).problems ?? []).map((problem) => {
      const range = new vscode.Range(document.positionAt(problem.offset), document.positionAt(problem.offset + problem.length));
      const diagnostic = new vscode.Diagnostic(range, sentence(problem.code, problem.data, language), vscode.DiagnosticSeverity.Error);
      diagnostic.source = 'distill';
      diagnostic.code = problem.code;
      this.#problems.set(diagnostic, problem);
      return diagnostic;
    }));
  }

  #forget(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    clearTimeout(this.#waiting.get(key));
    this.#waiting.delete(key);
    this.#diagnostics.delete(document.uri);
  }

  dispose(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    for (const part of this.#parts) part.dispose();
  }
}

/** "Change to …" for each word that is allowed here, the nearest first and preferred. */
function fixes(document: vscode.TextDocument, diagnostic: vscode.Diagnostic, problem: RecipeProblem): vscode.CodeAction[] {
  const nearest = problem.data.nearest;
  const words = [...new Set([...(typeof nearest === 'string' ? [nearest] : []), ...problem.allowed])];
  // An object or list that is wrong as a whole can't be put right by one word.
  if (!/^["\w-]/.test(document.getText(diagnostic.range))) return [];
  // What is missing isn't a word to change.
  if (problem.code === 'recipe-missing' || problem.code === 'recipe-missing-value') return [];
  const isKey = document.getText(diagnostic.range).startsWith('"');
  return words.slice(0, MOST_FIXES).map((word, index) => {
    const literal = word.startsWith('"') || (!isKey && isJson(word)) ? word : JSON.stringify(word);
    const action = new vscode.CodeAction(vscode.l10n.t('Change to {0}', literal), vscode.CodeActionKind.QuickFix);
    action.edit = new vscode.WorkspaceEdit();
    action.edit.replace(document.uri, diagnostic.range, literal);
    action.diagnostics = [diagnostic];
    action.isPreferred = index === 0 && typeof nearest === 'string';
    return action;
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
