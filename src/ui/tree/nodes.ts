/**
 * The rows of the experiment tree. A node is only a name for a row: what it shows is looked up when it is drawn. One
 * object stands for one row for as long as the window lives, because VS Code knows rows by their object.
 */
import type { ExampleFilter } from './examples.ts';

export type SectionName = 'evaluations' | 'traces';

export type TreeNode =
  | { readonly kind: 'project'; readonly folder: string }
  | { readonly kind: 'sweep'; readonly sweep: string }
  | { readonly kind: 'run'; readonly run: string }
  | { readonly kind: 'section'; readonly run: string; readonly section: SectionName }
  | { readonly kind: 'stage'; readonly run: string; readonly index: number }
  | { readonly kind: 'parent'; readonly run: string; readonly index: number }
  | { readonly kind: 'gate'; readonly run: string; readonly index: number; readonly when: 'entry' | 'exit' }
  | { readonly kind: 'checkpoint'; readonly run: string; readonly name: string }
  | { readonly kind: 'evaluation'; readonly run: string; readonly report: string }
  | { readonly kind: 'score'; readonly run: string; readonly report: string; readonly row: 'teacher' | 'student' | 'retention' }
  | { readonly kind: 'example'; readonly run: string; readonly example: string }
  | { readonly kind: 'more'; readonly run: string; readonly hidden: number };

export type RunNode = Extract<TreeNode, { kind: 'run' }>;
export type SweepNode = Extract<TreeNode, { kind: 'sweep' }>;

/** The row's name: unique in the tree, the same after a reload (VS Code remembers what was open by it). */
export function nodeId(node: TreeNode): string {
  switch (node.kind) {
    case 'project': return `project:${node.folder}`;
    case 'sweep': return `sweep:${node.sweep}`;
    case 'run': return `run:${node.run}`;
    case 'section': return `${node.section}:${node.run}`;
    case 'stage': return `stage:${node.run}:${node.index}`;
    case 'parent': return `parent:${node.run}:${node.index}`;
    case 'gate': return `gate:${node.run}:${node.index}:${node.when}`;
    case 'checkpoint': return `checkpoint:${node.run}:${node.name}`;
    case 'evaluation': return `evaluation:${node.run}:${node.report}`;
    case 'score': return `score:${node.run}:${node.report}:${node.row}`;
    case 'example': return `example:${node.run}:${node.example}`;
    case 'more': return `more:${node.run}`;
  }
}

const KINDS: ReadonlySet<unknown> = new Set<TreeNode['kind']>(['project', 'sweep', 'run', 'section', 'stage', 'parent', 'gate', 'checkpoint', 'evaluation', 'score', 'example', 'more']);

/** Whether what a command was handed is a row of the tree. */
export function isTreeNode(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null && 'kind' in value && KINDS.has(value.kind);
}

/** One object for one row. */
export class NodeCache {
  readonly #nodes = new Map<string, TreeNode>();

  get<Node extends TreeNode>(node: Node): Node {
    const id = nodeId(node);
    const known = this.#nodes.get(id) as Node | undefined;
    // The count behind "more" changes with the row staying the same.
    if (known !== undefined && node.kind !== 'more') return known;
    this.#nodes.set(id, node);
    return node;
  }

  /** Forgets a run and everything below it. */
  forget(run: string): void {
    for (const [id, node] of this.#nodes) if ('run' in node && node.run === run) this.#nodes.delete(id);
  }
}

export interface TraceFilters {
  /** The filter of a run's traces. */
  get(run: string): ExampleFilter;
  set(run: string, filter: ExampleFilter): void;
}
