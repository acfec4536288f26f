/** Keys of a training stage that do nothing there: they were meant to, and something else of the stage keeps them from it. */
import type { Finding } from '../../shared/preflight.ts';
import { weighs, type TrainStage } from '../../shared/recipe.ts';
import { attentionMatching, hiddenMatching } from '../../shared/recipeLosses.ts';
import { finding, setFix, type CheckContext } from './contract.ts';

/** As in the recipe's schema: a recipe with its defaults filled in says nothing by them. */
const DEFAULTS = { beta: 0.5, gamma: 0.1, temperature: 2 } as const;

export async function idleFindings({ text, folders }: CheckContext, stage: TrainStage, index: number): Promise<readonly Finding[]> {
  const { objective, temperature, targets } = stage;
  const idle: readonly (readonly [key: string, needs: string, is: boolean])[] = [
    ['beta', 'objective "jsd"', objective !== 'jsd' && stage.beta !== DEFAULTS.beta],
    ['gamma', 'objective "skew-kl"', objective !== 'skew-kl' && stage.gamma !== DEFAULTS.gamma],
    ['temperature', 'objective ≠ "sequence"', objective === 'sequence' && temperature !== DEFAULTS.temperature],
    ['hidden', 'weights.hidden > 0', !weighs(stage, 'hidden') && !same(stage.hidden, hiddenMatching.parse({}))],
    ['attention', 'weights.attention > 0', !weighs(stage, 'attention') && !same(stage.attention, attentionMatching.parse({}))],
  ];
  const findings = idle.filter(([,, is]) => is).map(([key, needs]) => finding('training', 'warning', 'training-key-idle', { stage: stage.name, key, needs }, { path: ['stages', index, key] }));
  const vocabulary = (await folders.studentConfig())?.vocabSize ?? Infinity;
  if (targets !== undefined && targets.topK >= vocabulary) {
    const path = ['stages', index, 'targets', 'topK'];
    findings.push(finding('training', 'warning', 'training-topk-whole', { stage: stage.name, topK: targets.topK, vocabulary }, { path, fix: setFix(text, path, `stages[${String(index)}].targets.topK`, Math.min(USUAL_TOP_K, Math.max(1, vocabulary - 1))) }));
  }
  return findings;
}

/** Enough for most of the mass of a language model's distributions. */
const USUAL_TOP_K = 64;

function same(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
