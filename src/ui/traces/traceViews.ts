/** The commands on reasoning traces: open an example's diff, go to the next one, filter, the page beside the editor. */
import * as vscode from 'vscode';
import { readTraces } from '../../runs/traces.ts';
import type { RunStore } from '../../runs/store.ts';
import type { RunView } from '../../runs/view.ts';
import { DistillError } from '../../shared/messages.ts';
import { displayLanguage } from '../language.ts';
import { shortTitle } from '../runText.ts';
import { chooseRun } from '../commands/chooseRun.ts';
import { COMMANDS } from '../commands/table.ts';
import { Refusal } from '../errors.ts';
import { matchesFilter, type Example } from '../tree/examples.ts';
import { isTreeNode, type TraceFilters, type TreeNode } from '../tree/nodes.ts';
import type { Questions } from '../tree/questions.ts';
import { Comparisons } from './comparisons.ts';
import { TraceMarks } from './marks.ts';
import { TracePanel } from './panel.ts';
import { pickExample } from './picks.ts';
import { TraceDocumentProvider } from './traceDocuments.ts';
import { addressOfTab, parseTraceUri, traceUri, TRACE_SCHEME, type TraceAddress } from './traceUri.ts';

export interface TraceViewsOptions {
  readonly extension: vscode.Uri;
  readonly store: RunStore;
  readonly filters: TraceFilters;
  readonly questions: Questions;
  readonly log: vscode.LogOutputChannel;
}

/** As much of a question as a tab's title bears. */
const TITLE_LENGTH = 48;

export class TraceViews implements vscode.Disposable {
  readonly #options: TraceViewsOptions;
  readonly #comparisons: Comparisons;
  readonly #documents: TraceDocumentProvider;
  readonly #panel: TracePanel;
  readonly #subscriptions: vscode.Disposable;

  constructor(options: TraceViewsOptions) {
    this.#options = options;
    const language = displayLanguage();
    const worker = vscode.Uri.joinPath(options.extension, 'dist', 'compare.js').fsPath;
    this.#comparisons = new Comparisons(async (folder) => (await this.#run(folder)).facts.traces, worker, language);
    this.#documents = new TraceDocumentProvider(this.#comparisons, language);
    this.#panel = new TracePanel({
      extension: options.extension, language, comparisons: this.#comparisons, log: options.log,
      titleOf: (folder) => options.store.get(folder)?.title ?? folder,
      visible: (folder) => this.#visible(folder),
      filterOf: (folder) => options.filters.get(folder),
      move: (address, by) => this.#neighbour(address, by),
      pick: (folder) => this.#pick(folder),
      filter: async (folder) => void await vscode.commands.executeCommand(COMMANDS.filterTraces.id, { kind: 'run', run: folder } satisfies TreeNode),
      editor: (address) => this.openTraceDiff(address),
    });
    this.#subscriptions = vscode.Disposable.from(
      this.#documents, this.#panel, new TraceMarks(this.#comparisons, options.log),
      vscode.workspace.registerFileSystemProvider(TRACE_SCHEME, this.#documents, { isReadonly: true, isCaseSensitive: true }),
      vscode.languages.registerHoverProvider({ scheme: TRACE_SCHEME }, this.#documents),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#documents.forget(uri)),
      options.store.onDidChange(({ run, what }) => {
        if (what.has('trace')) void this.#documents.refresh(run.folder).then(() => this.#panel.refresh(run.folder));
      }),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  /** *Diff Reasoning Trace…*: of a row of the tree, else asked for. */
  async diff(target?: unknown): Promise<void> {
    const address = await this.#choose(target);
    if (address !== undefined) await this.openTraceDiff(address);
  }

  /** The page with both traces side by side; of the diff that is open, of a row, else asked for. */
  async page(target?: unknown): Promise<void> {
    const address = (target === undefined || target instanceof vscode.Uri ? this.#current(target) : null) ?? await this.#choose(target);
    if (address !== undefined) await this.#panel.show(address);
  }

  async next(): Promise<void> {
    await this.#go(1);
  }

  async previous(): Promise<void> {
    await this.#go(-1);
  }

  /** VS Code's own switch: the diff editor can't be told inline from outside. */
  async toggleInline(): Promise<void> {
    await vscode.commands.executeCommand('toggle.diff.renderSideBySide');
  }

  /** Opens the example in VS Code's diff editor, teacher left, student right. */
  async openTraceDiff(address: TraceAddress): Promise<void> {
    // Opened first: what can't be read is told as an error, not as a document.
    const { comparison } = await this.#comparisons.open(address);
    const visible = await this.#visible(address.folder);
    const index = visible.findIndex(({ example }) => example === address.example);
    const question = shortened(comparison.prompt.split('\n').find((line) => line.trim() !== '')?.trim() ?? address.example);
    const place = index < 0 ? '' : ` (${index + 1}/${visible.length})`;
    const title = vscode.l10n.t('Teacher ↔ Student: {0}{1}', question, place);
    await vscode.commands.executeCommand('vscode.diff', traceUri(address, 'teacher'), traceUri(address, 'student'), title, { preview: true });
  }

  async #go(by: 1 | -1): Promise<void> {
    if (this.#panel.active) return this.#panel.move(by);
    const current = this.#current();
    if (current === null) throw new Refusal(vscode.l10n.t('Open the diff of an example first: next and previous start from it.'));
    await this.openTraceDiff(await this.#neighbour(current, by));
  }

  /** The next example that the filter lets through, round the end; the same one when there is no other. */
  async #neighbour(address: TraceAddress, by: 1 | -1): Promise<TraceAddress> {
    const all = await this.#comparisons.examples(address.folder);
    const filter = this.#options.filters.get(address.folder);
    const at = all.findIndex(({ example }) => example === address.example);
    for (let i = 1; i <= all.length; i++) {
      const candidate = all[(at + by * i + all.length * 2) % all.length];
      if (candidate !== undefined && matchesFilter(candidate, filter)) return { folder: address.folder, example: candidate.example };
    }
    return address;
  }

  #current(uri?: vscode.Uri): TraceAddress | null {
    return (uri && parseTraceUri(uri)) ?? addressOfTab(vscode.window.tabGroups.activeTabGroup.activeTab) ?? (this.#panel.active ? this.#panel.address : null);
  }

  async #choose(target: unknown): Promise<TraceAddress | undefined> {
    if (isTreeNode(target) && target.kind === 'example') return { folder: target.run, example: target.example };
    const run = await this.#chooseRun(target);
    return run === undefined ? undefined : this.#pick(run);
  }

  async #chooseRun(target: unknown): Promise<string | undefined> {
    const { store } = this.#options;
    const current = target === undefined || target instanceof vscode.Uri ? this.#current() : null;
    if (current !== null) return current.folder;
    await store.ready;
    return (await chooseRun(target, store, {
      title: vscode.l10n.t('Diff the traces of which run?'),
      fits: ({ facts }) => facts.traces.length > 0,
      unfit: (run) => vscode.l10n.t('{0} has no reasoning traces yet: they are written when it evaluates.', shortTitle(run)),
      none: vscode.l10n.t('No run has reasoning traces yet: they are written when a run evaluates.'),
    }))?.folder;
  }

  async #pick(folder: string): Promise<TraceAddress | undefined> {
    const run = await this.#run(folder);
    const examples = await this.#comparisons.examples(folder);
    if (examples.length === 0) throw new DistillError('traces-none', { run: run.title });
    const { filters, questions } = this.#options;
    const example = await pickExample({
      examples, questions, folder, title: run.title, filter: filters.get(folder), current: this.#current()?.example ?? null,
      setFilter: (filter) => filters.set(folder, filter),
      lengths: async (events) => (await readTraces(folder, events)).map(({ tokens }) => tokens),
    });
    return example === undefined ? undefined : { folder, example };
  }

  async #visible(folder: string): Promise<readonly Example[]> {
    const filter = this.#options.filters.get(folder);
    return (await this.#comparisons.examples(folder)).filter((example) => matchesFilter(example, filter));
  }

  /** The run as the store has it; a restored diff asks before the store has read its folders. */
  async #run(folder: string): Promise<RunView> {
    const { store } = this.#options;
    if (store.get(folder) === undefined) await store.ready;
    const run = store.get(folder) ?? await store.refresh(folder);
    if (run === undefined) throw new DistillError('run-not-found', { path: folder });
    return run;
  }
}

function shortened(text: string): string {
  return text.length > TITLE_LENGTH ? `${text.slice(0, TITLE_LENGTH).trimEnd()}…` : text;
}
