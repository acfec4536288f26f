/** The learning rate of a step, and how many steps a stage has. */
import type { TrainStage } from '../../shared/recipe.ts';

/**
 * `step` counts from 0. During warm-up the rate rises by equal steps and reaches its peak on the last of them (Hugging
 * Face starts at 0 and so loses its first step; from the peak on the two agree). Then it falls from 1 to `floor`
 * as a share of the peak: cosine by SGDR (Loshchilov & Hutter 2017, eq. 5) without restarts, linear in a straight line.
 */
export function learningRateAt(schedule: TrainStage['schedule'], peak: number, step: number, totalSteps: number): number {
  const { warmupSteps, floor } = schedule;
  if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  switch (schedule.kind) {
    case 'constant':
      return peak;
    case 'linear':
      return peak * (floor + (1 - floor) * (1 - progress));
    case 'cosine':
      return peak * (floor + ((1 - floor) * (1 + Math.cos(Math.PI * progress))) / 2);
  }
}

/** Optimiser steps of a stage: the smaller of its two limits. An epoch ends with the step that hands out its last row. */
export function totalSteps(stage: TrainStage, rows: number): { readonly steps: number; readonly limit: 'steps' | 'epochs' } {
  const { steps, epochs } = stage.limits;
  const ofEpochs = epochs === undefined ? Infinity : Math.max(1, Math.ceil((epochs * rows) / (stage.batch.size * stage.batch.accumulate)));
  return steps !== undefined && steps <= ofEpochs ? { steps, limit: 'steps' } : { steps: ofEpochs, limit: 'epochs' };
}
