import * as z from 'zod';
import { recipe } from './recipe.ts';

/** run.json: what a run was asked to do; written once by the launcher, never changed. */
export const runFile = z.object({
  format: z.literal(1),
  /** The run folder's name. */
  id: z.string(),
  createdAt: z.number(),
  /** Absolute path of the recipe's file when the run began, and of the folder its paths are relative to. */
  recipePath: z.string(),
  base: z.string(),
  recipe,
  /** The same recipe run again, or with changes: the id of the run it came from. */
  parent: z.string().nullable(),
  /** Wait for the device (default), or start beside others. */
  queue: z.boolean().default(true),
  versions: z.record(z.string(), z.string()),
  /** The sweep that it is part of: the sweep's id, its place there, and the values that it was given. */
  sweep: z.object({ id: z.string(), index: z.int().min(0), setting: z.int().min(0), values: z.record(z.string(), z.json()) }).optional(),
});
export type RunFile = z.output<typeof runFile>;

/** label.json: what a person says of a run; written by the world, never by the engine. */
export const runLabel = z.object({
  format: z.literal(1),
  title: z.string().optional(),
  starred: z.boolean().default(false),
  /** Whether its curves are drawn. */
  plotted: z.boolean().optional(),
});
export type RunLabel = z.output<typeof runLabel>;

/** The names inside a run folder. */
export const RUN_FILES = {
  run: 'run.json',
  label: 'label.json',
  lock: 'engine.lock',
  events: 'events.jsonl',
  control: 'control.jsonl',
  traces: 'traces.jsonl',
  log: 'engine.log',
  checkpoints: 'checkpoints',
  /** Teachers that a stage of the run has trained, by name. */
  teachers: 'teachers',
  /** What a stage compares with that belongs to this run alone: a reinforcement stage's reference. */
  targets: 'targets',
  reports: 'reports',
  /** Which rows of which files it took (consumed.ts), and the ids of the rows. */
  data: 'data.json',
  dataIds: 'data-ids.bin',
  /** What each row lost at each step (rowLosses.ts): visits, steps, and the rows' numbers. */
  rowLosses: 'row-losses.bin',
  rowLossSteps: 'row-losses-steps.bin',
  rowLossRows: 'row-losses.json',
} as const;

/** Where a project keeps its runs, relative to the project's folder. */
export const RUNS_FOLDER = '.distill/runs';

/** Where it keeps its sweeps. */
export const SWEEPS_FOLDER = '.distill/sweeps';

/** Where it keeps its teachers' soft targets (engine/train/topKFile.ts), over all runs. */
export const TARGETS_FOLDER = '.distill/targets';

/** Where it keeps what its teachers answered and what they cost, over all runs. */
export const TEACHERS_FOLDER = '.distill/teachers';
