/** The memory of a reinforcement stage: the larger of writing a step's completions and learning from them, beside student, moments and reference. */
import { trainStage } from '../../shared/recipe.ts';
import type { ReinforceStage } from '../../shared/recipeReinforce.ts';
import type { DecoderConfig } from '../model/contract.ts';
import type { Computed } from './memoryCosts.ts';
import { generationMemory, total, trainingMemory, type MemoryPart } from './memoryModel.ts';
import { stepPlan } from './memoryPlan.ts';
import { parametersOf } from './models.ts';

/** AdamW's two moments lie beside the weights also while the student writes. */
const WITH_MOMENTS = 3;

/** `promptTokens` of the rows that were looked at; `held` are the teachers that are loaded. */
export function reinforcementMemory(student: DecoderConfig, held: readonly DecoderConfig[], stage: ReinforceStage, promptTokens: readonly number[], size: number, computed: Computed): readonly MemoryPart[] {
  const reference = stage.kl > 0 ? [student] : [];
  const prompts = promptTokens.length === 0 ? [1] : promptTokens;
  const length = (prompt: number): number => Math.min(student.maxPositions, prompt + stage.maxNewTokens);
  const completions = stage.prompts * stage.samples;
  // A pass of it is one of training without a teacher over the completions.
  const like = trainStage.parse({ type: 'train', objective: 'sequence', batch: { size, accumulate: Math.max(1, Math.ceil(completions / size)) }, targets: undefined });
  const rows = { sample: prompts.map((prompt) => ({ tokens: length(prompt), promptTokens: prompt })), train: completions, validation: 0 };
  const learning = trainingMemory(stepPlan({ student, teacher: null, held: [...held, ...reference] }, like, rows, student.maxPositions, 'fine'), computed);
  const longest = Math.max(...prompts);
  const others = [...held, ...reference].reduce((sum, config) => sum + parametersOf(config), 0);
  const writing = generationMemory(student, others + WITH_MOMENTS * parametersOf(student), { batch: completions, prompt: longest, length: length(longest) }, computed);
  return total(writing) > total(learning) ? writing : learning;
}
