/** A run as it is shown: what its folder says, put together. Made anew at each change and never changed. */
import type { RunStatus } from '../shared/panel.ts';
import { takesSteps, type CheckpointEvent, type GateEvent } from '../shared/events.ts';
import type { ErrorCode } from '../shared/messages.ts';
import type { Stage } from '../shared/recipe.ts';
import type { RunFile, RunLabel } from '../shared/run.ts';
import type { DistillError } from '../shared/messages.ts';
import { shortNumber } from '../shared/numbers.ts';
import type { RunFacts, StageFacts } from './fold.ts';

export interface StageView {
  readonly index: number;
  readonly name: string;
  readonly type: Stage['type'];
  readonly state: 'waiting' | StageFacts['state'];
  /** Optimiser steps or prompts of this stage, done and in all (null: unknown). */
  readonly done: number;
  readonly total: number | null;
  readonly fromStep: number;
  readonly fromTokens: number;
  readonly beganAt: number | null;
  readonly endedAt: number | null;
  readonly reason: string | null;
  readonly parent: string | null;
  readonly handedOn: string | null;
  /** What it demands when it begins and when it has ended, and what came of that so far. */
  readonly gates: readonly GateView[];
  /** Its checkpoints that are on disk, in the order they were written. */
  readonly checkpoints: readonly CheckpointEvent[];
}

export interface GateView {
  readonly when: 'entry' | 'exit';
  readonly metric: string;
  readonly min: number | null;
  readonly max: number | null;
  /** Null: not judged yet. */
  readonly judged: GateEvent | null;
}

export interface Progress {
  readonly stage: StageView;
  /** What is being done where a stage has no steps of its own to count (`evaluate`, `load` …). */
  readonly what: string | null;
  /** 0 … 1 of the stage or of `what`; null when its length is unknown. */
  readonly fraction: number | null;
  readonly secondsLeft: number | null;
}

export interface RunView {
  /** The folder's name; unique within a project. */
  readonly id: string;
  /** Absolute; unique, and the run's key everywhere. */
  readonly folder: string;
  readonly project: string;
  /** What a person called it, else its name. */
  readonly title: string;
  readonly label: RunLabel;
  /** Null when run.json is missing or unreadable: `problem` says why. */
  readonly run: RunFile | null;
  readonly problem: DistillError | null;
  readonly status: RunStatus;
  readonly facts: RunFacts;
  readonly stages: readonly StageView[];
  /** Of the stage at work; null unless one is. */
  readonly progress: Progress | null;
  /** Optimiser steps of all training stages together; null while unknown. */
  readonly totalSteps: number | null;
  readonly createdAt: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Whether `resumeRun` makes sense: it ended early, and not in another process's hands. */
  readonly resumable: boolean;
}

export interface ViewParts {
  readonly id: string;
  readonly folder: string;
  readonly project: string;
  readonly label: RunLabel;
  readonly run: RunFile | null;
  readonly problem: DistillError | null;
  readonly status: RunStatus;
  readonly facts: RunFacts;
}

/** What was judged once is judged the same again: there is nothing to resume. */
const BARRED: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>(['stopped-by-gate', 'stopped-at-entry']);

export function viewOf(parts: ViewParts): RunView {
  const { id, label, run, status, facts } = parts;
  const stages = stageViews(run, facts);
  const over = status === 'done' || status === 'stopped' || status === 'failed' || status === 'lost';
  return {
    ...parts,
    facts: { ...facts },
    title: label.title ?? id,
    stages,
    progress: over || status === 'queued' ? null : progressOf(stages, facts),
    totalSteps: totalSteps(stages),
    createdAt: run?.createdAt ?? facts.firstAt,
    startedAt: facts.starts[0]?.event.at ?? null,
    endedAt: over ? (facts.ended?.at ?? facts.lastAt) : null,
    resumable: run !== null && !BARRED.has(facts.ended?.code) && (status === 'stopped' || status === 'failed' || status === 'lost'),
  };
}

function stageViews(run: RunFile | null, facts: RunFacts): readonly StageView[] {
  const known = new Map(facts.stages.map((stage) => [stage.index, stage]));
  const asked = run?.recipe.stages ?? [];
  const count = Math.max(asked.length, ...facts.stages.map((stage) => stage.index + 1));
  return Array.from({ length: count }, (_, index): StageView => {
    const [stage, recipe] = [known.get(index), asked[index]];
    const limit = recipe?.type === 'train' || recipe?.type === 'reinforce' ? (recipe.limits.steps ?? null) : null;
    return {
      index,
      name: recipe?.name ?? stage?.name ?? String(index),
      type: recipe?.type ?? stage?.type ?? 'train',
      state: stage?.state ?? 'waiting',
      done: stage === undefined ? 0 : doneOf(stage, facts),
      total: stage?.total ?? limit,
      fromStep: stage?.fromStep ?? 0,
      fromTokens: stage?.fromTokens ?? 0,
      beganAt: stage?.beganAt ?? null,
      endedAt: stage?.endedAt ?? null,
      reason: stage?.reason ?? null,
      parent: stage?.parent ?? null,
      handedOn: stage?.handedOn ?? null,
      gates: gatesOf(recipe, stage),
      checkpoints: facts.checkpoints.flatMap(({ event }) => (event.stage === index ? [event] : [])),
    };
  });
}

function gatesOf(recipe: Stage | undefined, stage: StageFacts | undefined): readonly GateView[] {
  return (['entry', 'exit'] as const).flatMap((when): readonly GateView[] => {
    const judged = stage?.[when] ?? null;
    const asked = recipe === undefined ? undefined : when === 'entry' ? ('entry' in recipe ? recipe.entry : undefined) : 'gate' in recipe ? recipe.gate : undefined;
    if (judged !== null) return [{ when, metric: judged.metric, min: judged.min, max: judged.max, judged }];
    return asked === undefined ? [] : [{ when, metric: asked.metric, min: asked.min ?? null, max: asked.max ?? null, judged }];
  });
}

/** `validation/ce 0.41 ≤ 0.5`; before it is judged without the value. */
export function gateText({ metric, min, max, judged }: GateView): string {
  const value = judged === null ? null : judged.value === null ? '–' : shortNumber(judged.value);
  if (min !== null && max !== null) return `${shortNumber(min)} ≤ ${metric}${value === null ? '' : ` ${value}`} ≤ ${shortNumber(max)}`;
  const bound = min === null ? `≤ ${shortNumber(max ?? NaN)}` : `≥ ${shortNumber(min)}`;
  return `${metric} ${value === null ? '' : `${value} `}${bound}`;
}

function doneOf(stage: StageFacts, facts: RunFacts): number {
  if (takesSteps(stage.type)) {
    const next = facts.stages.find((other) => other.index > stage.index && takesSteps(other.type));
    return Math.max(0, (next?.fromStep ?? facts.step) - stage.fromStep);
  }
  if (stage.state === 'done') return stage.total ?? 0;
  if (stage.type === 'collect') return facts.collect?.event.stage === stage.index ? facts.collect.event.done : 0;
  return facts.progress?.event.stage === stage.index ? facts.progress.event.done : 0;
}

function progressOf(stages: readonly StageView[], facts: RunFacts): Progress | null {
  const stage = stages.find((other) => other.state === 'running');
  if (stage === undefined) return null;
  const { progress, collect } = facts;
  if (stage.type === 'collect' && collect?.event.stage === stage.index) {
    const { event, first } = collect;
    const perRow = event.done > first.done ? (event.at - first.at) / (event.done - first.done) : null;
    return { stage, what: event.part, ...ahead(event.done, event.total, perRow) };
  }
  if (progress !== null && progress.event.stage === stage.index && (stage.type !== 'train' || progress.event.done < progress.event.total)) {
    const { event, first } = progress;
    const perUnit = event.done > first.done ? (event.at - first.at) / (event.done - first.done) : null;
    return { stage, what: event.what, ...ahead(event.done, event.total, perUnit) };
  }
  const [first, last] = [facts.pace[0], facts.pace.at(-1)];
  const perStep = first !== undefined && last !== undefined && last[1] > first[1] ? (last[0] - first[0]) / (last[1] - first[1]) : null;
  return { stage, what: null, ...ahead(stage.done, stage.total, perStep) };
}

/** `perUnit`: milliseconds for one, measured; null when nothing was measured yet. */
function ahead(done: number, total: number | null, perUnit: number | null): { readonly fraction: number | null; readonly secondsLeft: number | null } {
  if (total === null || total <= 0) return { fraction: null, secondsLeft: null };
  const left = Math.max(0, total - done);
  return { fraction: Math.min(1, done / total), secondsLeft: perUnit === null ? null : (left * perUnit) / 1000 };
}

function totalSteps(stages: readonly StageView[]): number | null {
  let sum = 0;
  for (const stage of stages) {
    if (stage.type !== 'train') continue;
    // A stage that ended early by its own rule has as many as it made; one that a person stopped has the rest before it.
    const steps = stage.state === 'done' && stage.reason !== 'stopped' ? stage.done : stage.state === 'skipped' ? 0 : stage.total;
    if (steps === null) return null;
    sum += steps;
  }
  return sum;
}
