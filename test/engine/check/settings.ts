import { trainStage, type TrainStage } from '../../../src/shared/recipe.ts';

/** AdamW as a recipe that says nothing has it. */
export function optimizerRecipe(): TrainStage['optimizer'] {
  return trainStage.parse({ type: 'train' }).optimizer;
}
