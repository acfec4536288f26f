import type * as vscode from 'vscode';
import type { RunStore } from '../runs/store.ts';
import type { SweepStore } from '../runs/sweepStore.ts';
import type { SweepPanel } from './sweep/panel.ts';
import type { CheckPanel } from './check/checkPanel.ts';
import type { MetricsPanel } from './metrics/panel.ts';
import type { EndOfRuns } from './endOfRuns.ts';
import type { EnvironmentReport } from './commands/environment.ts';
import type { Programs } from './programs.ts';
import type { Projects } from './project/projects.ts';
import type { ReviewPanel } from './review/panel.ts';
import type { TeacherKeys } from './teacherKeys.ts';
import type { TraceViews } from './traces/traceViews.ts';
import type { ExperimentTree } from './tree/experimentTree.ts';
import type { TraceFilters, TreeNode } from './tree/nodes.ts';

/** The parts of the extension, wired by hand in extension.ts and handed to the commands. */
export interface Workbench {
  readonly version: string;
  readonly log: vscode.LogOutputChannel;
  readonly projects: Projects;
  readonly store: RunStore;
  readonly programs: Programs;
  readonly keys: TeacherKeys;
  readonly environment: EnvironmentReport;
  readonly tree: ExperimentTree;
  readonly filters: TraceFilters;
  readonly view: vscode.TreeView<TreeNode>;
  readonly metrics: MetricsPanel;
  readonly traces: TraceViews;
  readonly review: ReviewPanel;
  readonly check: CheckPanel;
  readonly sweeps: SweepStore;
  readonly sweepPanel: SweepPanel;
  readonly ended: EndOfRuns;
}
