import * as vscode from 'vscode';
import type { ExampleFilter } from './examples.ts';
import type { TraceFilters } from './nodes.ts';

/** Which examples of each run are shown: one choice for the tree, the list and the way to the next example. */
export class WindowTraceFilters implements TraceFilters, vscode.Disposable {
  readonly #filters = new Map<string, ExampleFilter>();
  readonly #changed = new vscode.EventEmitter<string>();
  /** The run's folder. */
  readonly onDidChange = this.#changed.event;

  get(run: string): ExampleFilter {
    return this.#filters.get(run) ?? 'all';
  }

  set(run: string, filter: ExampleFilter): void {
    this.#filters.set(run, filter);
    this.#changed.fire(run);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
