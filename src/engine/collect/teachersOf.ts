/** Which teachers a collect stage asks, and which of them for the traces themselves. */
import type { Recipe } from '../../shared/recipe.ts';
import type { CollectStage } from '../../shared/recipeCollect.ts';

/** The teacher that `ask` means: the one it names, or the only one. Null where nothing is asked. */
export function askedTeacher({ ask }: Pick<CollectStage, 'ask'>, teachers: Recipe['teachers']): string | null {
  if (ask === undefined) return null;
  return ask.teacher ?? Object.keys(teachers)[0] ?? null;
}

/** The teacher that an augmentation asks: the one it names, else that of `ask`, else the only one. Null where it needs none. */
export function augmentTeacher(stage: Pick<CollectStage, 'ask'>, augmentation: CollectStage['augment'][number], teachers: Recipe['teachers']): string | null {
  if (augmentation.teacher !== undefined) return augmentation.teacher;
  if (augmentation.kind !== 'back-translation' && augmentation.kind !== 'rephrasing') return null;
  return askedTeacher(stage, teachers) ?? Object.keys(teachers)[0] ?? null;
}

/** Every teacher of the stage, once. */
export function teachersOf(stage: Pick<CollectStage, 'ask' | 'verify' | 'augment'>, teachers: Recipe['teachers']): readonly string[] {
  const names = [askedTeacher(stage, teachers), stage.verify?.judge?.teacher ?? null, ...stage.augment.map((each) => augmentTeacher(stage, each, teachers))];
  return [...new Set(names.filter((name) => name !== null))];
}
