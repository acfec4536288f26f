/** distill data collect: a run of a recipe's collect stages alone, followed like any other. */
import { Option } from 'commander';
import { teachersOf } from '../../../engine/collect/teachersOf.ts';
import { refuseAskedTeacher } from '../../../engine/teacher/folder.ts';
import { CONSENT_VARIABLE } from '../../../engine/verify/sandbox.ts';
import { startRun } from '../../../runs/launcher.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import type { CollectStage } from '../../../shared/recipeCollect.ts';
import type { DataTools } from '../../dataProgram.ts';
import { noPast } from '../../follow.ts';
import { checkBeforeLaunch } from '../../launchCheck.ts';
import { engineProgram, workbenchVersion } from '../../programs.ts';
import { loadRecipe } from '../../project.ts';
import { Refusal } from '../../refusal.ts';
import type { Terminal } from '../../terminal.ts';
import { startAndFollow } from '../run.ts';

export function registerCollect({ terminal, command, project, done }: DataTools): void {
  const { say } = terminal;
  command('collect', say('collect')).addArgument(project()).option('--stage <name>', say('collectStage'))
    .addOption(new Option('--set <path=value>', say('runSet')).argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]))
    .option('--allow-code', say('collectAllowCode')).option('--no-check', say('runNoCheck')).option('--detach', say('runDetach')).option('--json', say('runJson'))
    .action(async (where: string, options: { stage?: string; set?: string[]; allowCode?: true; check: boolean; detach?: true; json?: true }) => {
      const { file, project: folder, recipe } = loadRecipe(terminal, where, options.set ?? []);
      const stages = collectStages(terminal, recipe, options.stage);
      if (options.check) await checkBeforeLaunch(terminal, where, { set: options.set ?? [], collectOnly: true });
      // Before there is a run folder that would only say so.
      for (const name of new Set(stages.flatMap((stage) => teachersOf(stage, recipe.teachers)))) await refuseAskedTeacher(folder, name);
      const engine = { ...engineProgram(), environment: options.allowCode === true ? { [CONSENT_VARIABLE]: '1' } : {} };
      const made = { project: folder, recipePath: file, recipe: { ...recipe, stages: [...stages] }, versions: { workbench: workbenchVersion() } };
      done(await startAndFollow(terminal, (starting) => startRun(made, engine, starting), noPast, { detach: options.detach === true, json: options.json === true }));
    });
}

/** The collect stages, or the one of that name. Throws Refusal where there is none. */
export function collectStages({ say }: Pick<Terminal, 'say'>, { stages }: Recipe, name: string | undefined): readonly CollectStage[] {
  const all = stages.filter((stage) => stage.type === 'collect');
  if (all.length === 0) throw new Refusal(say('collectNoStage'));
  const chosen = name === undefined ? all : all.filter((stage) => stage.name === name);
  if (chosen.length === 0) throw new Refusal(say('collectNoSuchStage', name ?? '', all.map((stage) => stage.name).join(', ')));
  return chosen;
}
