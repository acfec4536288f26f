/** What every stage of a run has at hand. */
import type { RunFile } from '../../shared/run.ts';
import type { Control } from '../control.ts';
import type { PreparedData } from '../data/prepare.ts';
import type { Journal } from '../journal.ts';
import type { Models } from './models.ts';

export interface StageContext {
  readonly run: RunFile;
  /** The run folder. */
  readonly folder: string;
  readonly journal: Journal;
  readonly control: Control;
  readonly models: Models;
  readonly data: PreparedData;
}

/** Optimiser steps and supervised tokens over the whole run. */
export interface Reached {
  readonly steps: number;
  readonly tokens: number;
}

/** A long piece of work is told of at most this often. */
const PROGRESS_MS = 1000;

/** Progress events of one piece of work, not too many; short work has none. */
export function progressTeller(journal: Journal, stage: number): (what: string, done: number, total: number) => void {
  let told = performance.now();
  return (what, done, total) => {
    if (performance.now() - told < PROGRESS_MS) return;
    told = performance.now();
    journal.event({ kind: 'progress', stage, what, done, total });
  };
}
