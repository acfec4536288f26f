import { collectedFile } from '../../runs/collected.ts';
import { runOf } from '../commands/chooseRun.ts';
import type { Workbench } from '../workbench.ts';
import { chooseDataFile } from './chooseDataFile.ts';

/** Opens the Review Data page on the file that was handed over or that the handed run has collected, that is in the editor, or that the person picks. */
export async function reviewData({ review, projects, store }: Workbench, target: unknown): Promise<void> {
  const run = runOf(target, store);
  const file = (run === undefined ? null : collectedFile(run)) ?? await chooseDataFile(run === undefined ? target : undefined, projects);
  if (file !== undefined) await review.show(file);
}
