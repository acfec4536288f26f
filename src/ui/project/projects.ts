import path from 'node:path';
import * as vscode from 'vscode';

/** A folder with a distill.json. */
export interface Project {
  /** Absolute path of the folder. */
  readonly folder: string;
  readonly recipe: vscode.Uri;
  /** The folder's name; with its path where the workspace has several of that name. */
  readonly name: string;
}

const RECIPE_FILES = '**/distill.json';
const NEVER_LOOKED_INTO = '**/{node_modules,.distill,.git,.venv}/**';
/** A workspace with more recipes than this is a mistake of the glob, not a place of work. */
const MOST_PROJECTS = 200;

/** The workspace's projects, kept up to date while recipes and workspace folders come and go. */
export class Projects implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<readonly Project[]>();
  readonly onDidChange = this.#changed.event;
  readonly #parts: vscode.Disposable[] = [this.#changed];
  #all: readonly Project[] = [];
  #looking: Promise<void> | undefined;
  #lookAgain = false;

  constructor() {
    const watcher = vscode.workspace.createFileSystemWatcher(RECIPE_FILES, false, true, false);
    this.#parts.push(
      watcher,
      watcher.onDidCreate(() => void this.look()),
      watcher.onDidDelete(() => void this.look()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.look()),
    );
  }

  get all(): readonly Project[] {
    return this.#all;
  }

  /** The project that a file or folder lies in: the innermost one. */
  containing(file: string): Project | undefined {
    return this.#all
      .filter(({ folder }) => file === folder || file.startsWith(folder + path.sep))
      .sort((one, other) => other.folder.length - one.folder.length)[0];
  }

  /** Searches the workspace. Called while a search is on its way, it searches once more afterwards. */
  async look(): Promise<void> {
    this.#lookAgain = true;
    this.#looking ??= (async () => {
      while (this.#lookAgain) {
        this.#lookAgain = false;
        await this.#search();
      }
    })().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  async #search(): Promise<void> {
    const found = await vscode.workspace.findFiles(RECIPE_FILES, NEVER_LOOKED_INTO, MOST_PROJECTS);
    const folders = found.filter(({ scheme }) => scheme === 'file').map((recipe) => ({ recipe, folder: path.dirname(recipe.fsPath) }));
    folders.sort((one, other) => one.folder.localeCompare(other.folder));
    const baseName = (folder: string): string => path.basename(folder);
    const taken = (name: string): boolean => folders.filter(({ folder }) => baseName(folder) === name).length > 1;
    this.#all = folders.map(({ recipe, folder }) => ({
      recipe, folder,
      name: taken(baseName(folder)) ? vscode.workspace.asRelativePath(folder, true) : baseName(folder),
    }));
    this.#changed.fire(this.#all);
  }

  dispose(): void {
    for (const part of this.#parts) part.dispose();
  }
}
