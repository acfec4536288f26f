import type { Workbench } from '../workbench.ts';
import { chooseDataFile } from './chooseDataFile.ts';

/** Opens the Review Data page on the file that was handed over, that is in the editor, or that the person picks. */
export async function reviewData({ review, projects }: Workbench, target: unknown): Promise<void> {
  const file = await chooseDataFile(target, projects);
  if (file !== undefined) await review.show(file);
}
