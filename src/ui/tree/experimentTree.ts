import * as vscode from 'vscode';
import type { RunChanged, RunStore } from '../../runs/store.ts';
import { projectOfSweep } from '../../runs/sweepFolder.ts';
import type { SweepStore } from '../../runs/sweepStore.ts';
import type { RunView } from '../../runs/view.ts';
import type { Projects } from '../project/projects.ts';
import { examplesOf, matchesFilter, type Example } from './examples.ts';
import { checkpointItem, evaluationItem, exampleItem, moreItem, projectItem, runItem, scoreItem, sectionItem } from './items.ts';
import { gateItem, parentItem, stageItem, sweepItem } from './stageItems.ts';
import { NodeCache, type TreeNode } from './nodes.ts';
import type { Questions } from './questions.ts';
import { runTooltip } from './tooltip.ts';
import type { WindowTraceFilters } from './traceFilters.ts';

/** A row that changes more often than this can't be read, and costs the window its smoothness. */
const REFRESH_EVERY_MS = 1000;
/** Examples shown at first, and added by each "more…". */
const EXAMPLES_PAGE = 100;

export interface TreeSources {
  readonly store: RunStore;
  readonly sweeps: SweepStore;
  readonly projects: Projects;
  readonly filters: WindowTraceFilters;
  readonly questions: Questions;
}

/** projects → sweeps → runs → stages (gates, checkpoints), evaluation, traces. Reads the store; keeps nothing but what is open. */
export class ExperimentTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<TreeNode | TreeNode[] | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #nodes = new NodeCache();
  readonly #shown = new Map<string, number>();
  readonly #dirty = new Set<TreeNode>();
  readonly #parts: { dispose(): void }[];
  #allDirty = false;
  #timer: NodeJS.Timeout | undefined;
  #refreshedAt = 0;
  readonly #sweepsSeen = new Set<string>();

  private readonly store: RunStore;
  private readonly sweeps: SweepStore;
  private readonly projects: Projects;
  private readonly filters: WindowTraceFilters;
  private readonly questions: Questions;

  constructor({ store, sweeps, projects, filters, questions }: TreeSources) {
    this.store = store;
    this.sweeps = sweeps;
    this.projects = projects;
    this.filters = filters;
    this.questions = questions;
    this.#parts = [
      this.#changed,
      filters.onDidChange((run) => {
        this.#shown.delete(run);
        this.#changed.fire(this.#nodes.get({ kind: 'section', run, section: 'traces' }));
      }),
      store.onDidChange((change) => this.#runChanged(change)),
      sweeps.onDidChange((folder) => this.#sweepChanged(folder)),
      projects.onDidChange(() => this.#soon(undefined)),
    ];
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    if (node.kind === 'project') {
      const project = this.projects.all.find(({ folder }) => folder === node.folder);
      return project === undefined ? gone(node) : projectItem(node, project, this.store.runs(node.folder).length + this.sweeps.folders(node.folder).length);
    }
    if (node.kind === 'sweep') {
      const sweep = this.sweeps.get(node.sweep);
      return sweep === undefined ? gone(node) : sweepItem(node, sweep);
    }
    const run = this.store.get(node.run);
    if (run === undefined) return gone(node);
    switch (node.kind) {
      case 'run': return runItem(node, run);
      case 'section': return sectionItem(node, run, this.filters.get(node.run), node.section === 'traces' ? this.#examples(node.run).length : 0);
      case 'stage': {
        const stage = run.stages[node.index];
        return stage === undefined ? gone(node) : stageItem(node, run, stage);
      }
      case 'parent': {
        const stage = run.stages[node.index];
        return stage === undefined ? gone(node) : parentItem(node, stage);
      }
      case 'gate': {
        const gate = run.stages[node.index]?.gates.find(({ when }) => when === node.when);
        return gate === undefined ? gone(node) : gateItem(node, gate);
      }
      case 'checkpoint': return checkpointItem(node, run);
      case 'evaluation':
      case 'score': {
        const evaluation = run.facts.evaluations.find(({ report }) => report === node.report);
        if (evaluation === undefined) return gone(node);
        return node.kind === 'evaluation' ? evaluationItem(node, run, evaluation) : scoreItem(node, evaluation);
      }
      case 'example': {
        const example = examplesOf(run.facts.traces).find((each) => each.example === node.example);
        return example === undefined ? gone(node) : exampleItem(node, example, this.questions.get(node.run, node.example));
      }
      case 'more': return moreItem(node);
    }
  }

  /** Tooltips are made when the pointer rests on a row, not for every row. */
  resolveTreeItem(item: vscode.TreeItem, node: TreeNode): vscode.TreeItem {
    const run = node.kind === 'run' ? this.store.get(node.run) : undefined;
    if (run !== undefined) item.tooltip = runTooltip(run);
    return item;
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    if (node === undefined) {
      await this.store.ready;
      // Without any run the view is empty, and the welcome text says what to do.
      if (this.store.runs().length === 0 && this.sweeps.folders().length === 0) return [];
      return this.projects.all.map(({ folder }) => this.#nodes.get({ kind: 'project', folder }));
    }
    if (node.kind === 'project') return this.#ofProject(node.folder);
    if (node.kind === 'sweep') return (this.sweeps.get(node.sweep)?.rows ?? []).flatMap(({ run }) => (run === null ? [] : [this.runNode(run)]));
    const run = this.store.get(node.run);
    if (run === undefined) return [];
    switch (node.kind) {
      case 'run': return this.#sections(run);
      case 'section':
        switch (node.section) {
          case 'evaluations': return run.facts.evaluations.toReversed().map(({ report }) => this.#nodes.get({ kind: 'evaluation', run: node.run, report }));
          case 'traces': return this.#exampleNodes(node.run);
        }
        break;
      case 'evaluation': {
        const evaluation = run.facts.evaluations.find(({ report }) => report === node.report);
        const rows = [...(evaluation?.models ?? []).map(({ role }) => role), ...(evaluation?.retention ? ['retention' as const] : [])];
        return rows.map((row) => this.#nodes.get({ kind: 'score', run: node.run, report: node.report, row }));
      }
      case 'stage': {
        const stage = run.stages[node.index];
        return [
          ...(stage === undefined || stage.parent === null ? [] : [this.#nodes.get({ kind: 'parent' as const, run: node.run, index: node.index })]),
          ...(stage?.gates ?? []).map(({ when }) => this.#nodes.get({ kind: 'gate', run: node.run, index: node.index, when })),
          ...(stage?.checkpoints ?? []).toReversed().map(({ name }) => this.#nodes.get({ kind: 'checkpoint', run: node.run, name })),
        ];
      }
      case 'parent':
      case 'gate':
      case 'checkpoint':
      case 'score':
      case 'example':
      case 'more':
        return [];
    }
  }

  getParent(node: TreeNode): TreeNode | undefined {
    switch (node.kind) {
      case 'project': return undefined;
      case 'run': {
        const run = this.store.get(node.run);
        if (run === undefined) return undefined;
        const sweep = this.sweeps.ofRun(run.project, run.run?.sweep?.id);
        return sweep === undefined ? this.#nodes.get({ kind: 'project', folder: run.project }) : this.#nodes.get({ kind: 'sweep', sweep });
      }
      case 'sweep': return this.#nodes.get({ kind: 'project', folder: projectOfSweep(node.sweep) });
      case 'section': return this.runNode(node.run);
      case 'stage': return this.runNode(node.run);
      case 'parent':
      case 'gate': return this.#nodes.get({ kind: 'stage', run: node.run, index: node.index });
      case 'checkpoint': {
        const stage = this.store.get(node.run)?.facts.checkpoints.find(({ event }) => event.name === node.name)?.event.stage;
        return stage === undefined ? this.runNode(node.run) : this.#nodes.get({ kind: 'stage', run: node.run, index: stage });
      }
      case 'evaluation': return this.#nodes.get({ kind: 'section', run: node.run, section: 'evaluations' });
      case 'score': return this.#nodes.get({ kind: 'evaluation', run: node.run, report: node.report });
      case 'example':
      case 'more': return this.#nodes.get({ kind: 'section', run: node.run, section: 'traces' });
    }
  }

  runNode(run: string): TreeNode {
    return this.#nodes.get({ kind: 'run', run });
  }

  #examples(run: string): readonly Example[] {
    const filter = this.filters.get(run);
    return examplesOf(this.store.get(run)?.facts.traces ?? []).filter((example) => matchesFilter(example, filter));
  }

  showMore(run: string): void {
    this.#shown.set(run, (this.#shown.get(run) ?? EXAMPLES_PAGE) + EXAMPLES_PAGE);
    this.#changed.fire(this.#nodes.get({ kind: 'section', run, section: 'traces' }));
  }

  #sections(run: RunView): TreeNode[] {
    const { evaluations, traces } = run.facts;
    const sections = [
      ...(evaluations.length > 0 ? ['evaluations' as const] : []),
      ...(traces.length > 0 ? ['traces' as const] : []),
    ];
    return [
      ...run.stages.map(({ index }) => this.#nodes.get({ kind: 'stage' as const, run: run.folder, index })),
      ...sections.map((section) => this.#nodes.get({ kind: 'section' as const, run: run.folder, section })),
    ];
  }

  /** Starred runs first, then sweeps and the runs that belong to none, the newest first. */
  #ofProject(project: string): TreeNode[] {
    const known = new Set(this.sweeps.folders(project).flatMap((folder) => this.sweeps.get(folder)?.id ?? []));
    const [starred, others] = [(run: RunView) => run.label.starred, (run: RunView) => !run.label.starred];
    const alone = this.store.runs(project).filter(({ run }) => run?.sweep === undefined || !known.has(run.sweep.id));
    const rest = [
      ...alone.filter(others).map((run) => ({ at: run.createdAt ?? 0, node: this.runNode(run.folder) })),
      ...this.sweeps.folders(project).map((sweep) => ({ at: this.sweeps.get(sweep)?.file.createdAt ?? 0, node: this.#nodes.get<TreeNode>({ kind: 'sweep', sweep }) })),
    ];
    return [...alone.filter(starred).map((run) => this.runNode(run.folder)), ...rest.sort((a, b) => b.at - a.at).map(({ node }) => node)];
  }

  #sweepChanged(folder: string): void {
    // Where a sweep came or went its runs move: the project is drawn anew.
    const known = this.#sweepsSeen.has(folder) === this.sweeps.folders().includes(folder);
    if (known) return this.#soon(this.#nodes.get({ kind: 'sweep', sweep: folder }));
    for (const each of this.sweeps.folders()) this.#sweepsSeen.add(each);
    if (!this.sweeps.folders().includes(folder)) this.#sweepsSeen.delete(folder);
    this.#soon(undefined);
  }

  async #exampleNodes(run: string): Promise<TreeNode[]> {
    const all = this.#examples(run);
    const shown = all.slice(0, this.#shown.get(run) ?? EXAMPLES_PAGE);
    await this.questions.read(run, shown);
    const nodes: TreeNode[] = shown.map(({ example }) => this.#nodes.get({ kind: 'example', run, example }));
    if (shown.length < all.length) nodes.push(this.#nodes.get({ kind: 'more', run, hidden: all.length - shown.length }));
    return nodes;
  }

  #runChanged({ run, what }: RunChanged): void {
    if (what.has('removed')) {
      this.#nodes.forget(run.folder);
      this.questions.forget(run.folder);
      this.#shown.delete(run.folder);
    }
    // A run's place in its project depends on its being there and on its star.
    if (what.has('added') || what.has('removed')) this.#soon(undefined);
    else if (what.has('label')) this.#soon(this.#nodes.get({ kind: 'project', folder: run.project }));
    else if ([...what].some((each) => each !== 'beat' && each !== 'none')) this.#soon(this.runNode(run.folder));
  }

  /** Draws a row anew (undefined: everything), at most once in REFRESH_EVERY_MS. */
  #soon(node: TreeNode | undefined): void {
    if (node === undefined) this.#allDirty = true;
    else this.#dirty.add(node);
    this.#timer ??= setTimeout(() => this.#refresh(), Math.max(0, this.#refreshedAt + REFRESH_EVERY_MS - Date.now()));
  }

  #refresh(): void {
    this.#timer = undefined;
    this.#refreshedAt = Date.now();
    const nodes = [...this.#dirty];
    this.#dirty.clear();
    if (this.#allDirty) this.#changed.fire(undefined);
    else this.#changed.fire(nodes);
    this.#allDirty = false;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const part of this.#parts) part.dispose();
  }
}

/** A row whose run vanished between two drawings; the next one leaves it out. */
function gone(node: TreeNode): vscode.TreeItem {
  const item = new vscode.TreeItem('');
  item.contextValue = node.kind === 'project' ? 'gone-project' : 'gone';
  return item;
}
