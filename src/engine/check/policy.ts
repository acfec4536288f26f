/** Stages whose student writes its own completions: whether there is something to judge them by, and room to write them. */
import { DistillError } from '../../shared/messages.ts';
import type { Finding, Fix } from '../../shared/preflight.ts';
import type { Stage } from '../../shared/recipe.ts';
import { pathText } from '../../shared/recipePaths.ts';
import type { ReinforceStage } from '../../shared/recipeReinforce.ts';
import { reinforceSteps } from '../train/reinforceTrainer.ts';
import { finding, percent, refusalOf, setFix, type CheckContext } from './contract.ts';
import type { ScannedRows } from './scan.ts';

/** A share of prompts without room that does no harm. */
const HARMLESS = 0.01;
/** Fewer tokens than this are no completion. */
const SHORTEST_COMPLETION = 16;

export async function policyFindings(context: CheckContext, stage: Stage, index: number, rows: ScannedRows): Promise<readonly Finding[]> {
  if (stage.type === 'reinforce') return [...reinforcePlan(stage, index, rows), ...await room(context, rows, stage.name, stage.maxNewTokens, ['stages', index, 'maxNewTokens'])];
  if (stage.type !== 'train' || stage.onPolicy === undefined || stage.onPolicy.share === 0) return [];
  return room(context, rows, stage.name, stage.onPolicy.maxNewTokens, ['stages', index, 'onPolicy', 'maxNewTokens']);
}

function reinforcePlan(stage: ReinforceStage, index: number, { rows, sample, exact }: ScannedRows): readonly Finding[] {
  const { name, prompts, samples, rewards } = stage;
  const own = sample.filter(({ split }) => split === 'train');
  const without = own.filter(({ judgeable }) => !judgeable).length;
  const judged = rewards.answer === 0 ? rows.train : Math.round(rows.train * (1 - without / Math.max(1, own.length)));
  if (judged === 0) return [refusalOf('training', new DistillError('reinforce-without-reference', { stage: name, rows: rows.train }), { path: ['data', 'fields'] })];
  const { steps } = reinforceSteps(stage, judged);
  const findings: Finding[] = [finding('training', 'pass', 'reinforce-plan', { stage: name, steps, prompts, samples, completions: steps * prompts * samples, passes: ((steps * prompts) / judged).toFixed(1) }, { path: ['stages', index] })];
  if (without > 0 && rewards.answer > 0) findings.push(finding('training', 'warning', 'reinforce-rows-left-out', { stage: name, share: percent(without / own.length), rows: rows.train }, { path: ['data', 'fields'], estimated: !exact }));
  return findings;
}

/** Completions end at the model's last position, whatever they may be long. */
async function room({ text, folders }: CheckContext, { sample }: ScannedRows, stage: string, maxNewTokens: number, path: readonly (string | number)[]): Promise<readonly Finding[]> {
  const positions = (await folders.studentConfig())?.maxPositions ?? Infinity;
  const short = sample.filter(({ promptTokens }) => promptTokens + maxNewTokens > positions).length;
  if (short / Math.max(1, sample.length) <= HARMLESS) return [];
  const left = positions - Math.max(...sample.map(({ promptTokens }) => promptTokens));
  const fix: Fix | null = left >= SHORTEST_COMPLETION ? setFix(text, path, pathText(path), left) : null;
  return [finding('training', 'warning', 'completions-cut', { stage, share: percent(short / sample.length), positions, tokens: maxNewTokens }, { path, fix })];
}
