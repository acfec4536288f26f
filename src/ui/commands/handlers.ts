import type { Workbench } from '../workbench.ts';
import { reviewData } from '../review/reviewData.ts';
import { checkEnvironment } from './environment.ts';
import * as labels from './labels.ts';
import * as launch from './launch.ts';
import * as look from './look.ts';
import { newProject } from './newProject.ts';
import { setUpTensorflow } from './setUpTensorflow.ts';
import { setTeacherKey } from './teacherKey.ts';
import * as sweep from '../sweep/commands.ts';
import type { Handlers } from './register.ts';

export function handlers(workbench: Workbench): Handlers {
  const { traces } = workbench;
  return {
    newProject: () => newProject(workbench),
    run: (target) => launch.runRecipe(workbench, target),
    runWithChanges: (target) => launch.runWithChanges(workbench, target),
    runSweep: (target) => sweep.runSweep(workbench, target),
    openSweep: (target) => sweep.openSweep(workbench, target),
    stopSweep: (target) => sweep.stopSweep(workbench, target),
    resumeSweep: (target) => sweep.resumeSweep(workbench, target),
    stop: (target) => launch.stop(workbench, target),
    resume: (target) => launch.resume(workbench, target),
    openMetrics: (target) => look.openMetrics(workbench, target),
    compareRuns: (target, selection) => look.compareRuns(workbench, target, selection),
    diffTrace: (target) => traces.diff(target),
    openTracePage: (target) => traces.page(target),
    nextExample: () => traces.next(),
    previousExample: () => traces.previous(),
    toggleTraceInline: () => traces.toggleInline(),
    filterTraces: (target) => look.filterTraces(workbench, target),
    moreExamples: (target) => look.moreExamples(workbench, target),
    collectData: (target) => launch.collectData(workbench, target),
    setTeacherKey: (target) => setTeacherKey(workbench, target),
    reviewData: (target) => reviewData(workbench, target),
    checkProject: (target) => launch.checkProject(workbench, target),
    checkEnvironment: () => checkEnvironment(workbench),
    setUpTensorflow: () => setUpTensorflow(workbench),
    openLog: (target) => labels.openLog(workbench, target),
    openRecipe: (target) => look.openRecipe(workbench, target),
    rename: (target) => labels.rename(workbench, target),
    star: (target) => labels.star(workbench, target, true),
    unstar: (target) => labels.star(workbench, target, false),
    delete: (target) => labels.remove(workbench, target),
    copyPath: (target) => labels.copyPath(workbench, target),
    reveal: (target) => labels.reveal(workbench, target),
    openFrozenRecipe: (target) => labels.openFrozenRecipe(workbench, target),
    openReport: (target) => labels.openReport(target),
    revealCheckpoint: (target) => labels.revealCheckpoint(target),
  };
}
