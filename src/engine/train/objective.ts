/** A stage's objective: what its validations measure, and what it is at one of its steps. */
import type { TrainStage } from '../../shared/recipe.ts';
import { weighs } from '../../shared/recipe.ts';
import { atEnd, atStep, type Scheduled } from '../../shared/scheduled.ts';
import type { Divergence } from './divergences.ts';
import { LOSS_TERMS, type LossTerm, type Objective } from './losses.ts';

type Weighed = Pick<TrainStage, 'weights' | 'temperature' | 'objective' | 'beta' | 'gamma'>;

/** Weights and temperature as they are at the end, so that validations can be compared. `vocabulary`: logits beyond it are cut. */
export function objectiveOf(stage: Weighed, vocabulary: number): Objective {
  return {
    weights: weightsOf(stage, atEnd), terms: new Set(LOSS_TERMS.filter((term) => weighs(stage, term))), divergence: divergenceOf(stage), temperature: atEnd(stage.temperature), vocabulary,
  };
}

/** The same at a step, counted from 0, of `totalSteps`. */
export function objectiveAt(stage: Weighed, objective: Objective, step: number, totalSteps: number): Objective {
  const now = (value: Scheduled): number => atStep(value, step, totalSteps);
  return { ...objective, weights: weightsOf(stage, now), temperature: now(stage.temperature) };
}

/** weightKl … of those that change over the steps. */
export function changingWeights({ weights }: Weighed, objective: Objective): Readonly<Record<string, number>> {
  return Object.fromEntries(LOSS_TERMS.filter((term) => typeof weights[term] !== 'number').map((term) => [metricOf('weight', term), objective.weights[term]]));
}

/** grad, kl → gradKl. */
export function metricOf(what: 'grad' | 'weight', term: LossTerm): string {
  return `${what}${term[0]?.toUpperCase() ?? ''}${term.slice(1)}`;
}

function weightsOf({ weights }: Weighed, value: (weight: Scheduled) => number): Objective['weights'] {
  return Object.fromEntries(LOSS_TERMS.map((term) => [term, value(weights[term])])) as Record<LossTerm, number>;
}

function divergenceOf({ objective, beta, gamma }: Weighed): Divergence {
  switch (objective) {
    case 'jsd': return { kind: objective, beta };
    case 'skew-kl': return { kind: objective, gamma };
    // Without a teacher nothing is compared.
    case 'sequence': return { kind: 'forward-kl' };
    default: return { kind: objective };
  }
}
