/**
 * Every command of the extension, once. The manifest, its two translations and the registration are held against this
 * table: the first two by test/unit/manifest.test.ts, the last by the types.
 */
interface CommandRow {
  readonly id: `distill.${string}`;
  /** Starts a program: refused in a folder that isn't trusted. */
  readonly needsTrust: boolean;
  /** In the palette; the others make sense only on a row or in an editor. */
  readonly palette: boolean;
}

export const COMMANDS = {
  newProject: { id: 'distill.newProject', needsTrust: true, palette: true },
  run: { id: 'distill.run', needsTrust: true, palette: true },
  runWithChanges: { id: 'distill.runWithChanges', needsTrust: true, palette: true },
  runSweep: { id: 'distill.runSweep', needsTrust: true, palette: true },
  openSweep: { id: 'distill.openSweep', needsTrust: false, palette: true },
  stopSweep: { id: 'distill.stopSweep', needsTrust: true, palette: true },
  resumeSweep: { id: 'distill.resumeSweep', needsTrust: true, palette: true },
  stop: { id: 'distill.stop', needsTrust: true, palette: true },
  resume: { id: 'distill.resume', needsTrust: true, palette: true },
  openMetrics: { id: 'distill.openMetrics', needsTrust: false, palette: true },
  compareRuns: { id: 'distill.compareRuns', needsTrust: false, palette: true },
  diffTrace: { id: 'distill.diffTrace', needsTrust: false, palette: true },
  nextExample: { id: 'distill.nextExample', needsTrust: false, palette: true },
  previousExample: { id: 'distill.previousExample', needsTrust: false, palette: true },
  filterTraces: { id: 'distill.filterTraces', needsTrust: false, palette: true },
  openTracePage: { id: 'distill.openTracePage', needsTrust: false, palette: true },
  toggleTraceInline: { id: 'distill.toggleTraceInline', needsTrust: false, palette: true },
  collectData: { id: 'distill.collectData', needsTrust: true, palette: true },
  setTeacherKey: { id: 'distill.setTeacherKey', needsTrust: true, palette: true },
  reviewData: { id: 'distill.reviewData', needsTrust: false, palette: true },
  checkProject: { id: 'distill.checkProject', needsTrust: true, palette: true },
  checkEnvironment: { id: 'distill.checkEnvironment', needsTrust: true, palette: true },
  setUpTensorflow: { id: 'distill.setUpTensorflow', needsTrust: true, palette: true },
  openLog: { id: 'distill.openLog', needsTrust: false, palette: true },
  openRecipe: { id: 'distill.openRecipe', needsTrust: false, palette: true },
  rename: { id: 'distill.renameRun', needsTrust: false, palette: true },
  star: { id: 'distill.starRun', needsTrust: false, palette: false },
  unstar: { id: 'distill.unstarRun', needsTrust: false, palette: false },
  delete: { id: 'distill.deleteRun', needsTrust: false, palette: true },
  copyPath: { id: 'distill.copyRunPath', needsTrust: false, palette: true },
  reveal: { id: 'distill.revealRun', needsTrust: false, palette: true },
  openFrozenRecipe: { id: 'distill.openFrozenRecipe', needsTrust: false, palette: false },
  moreExamples: { id: 'distill.moreExamples', needsTrust: false, palette: false },
  openReport: { id: 'distill.openReport', needsTrust: false, palette: false },
  revealCheckpoint: { id: 'distill.revealCheckpoint', needsTrust: false, palette: false },
} as const satisfies Record<string, CommandRow>;

export type CommandName = keyof typeof COMMANDS;
export type CommandId = (typeof COMMANDS)[CommandName]['id'];
