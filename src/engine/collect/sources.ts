/** The rows that a collect stage begins with: files, hub datasets and syntheses, one after the other. */
import type { DistillError } from '../../shared/messages.ts';
import type { DataRecord } from '../../shared/record.ts';
import type { CollectStage } from '../../shared/recipeCollect.ts';
import { readRecords } from '../data/formats/read.ts';
import { synthesise } from '../data/synthesise/synthesise.ts';

export interface SourceOptions {
  /** The folder that the recipe's paths are relative to. */
  readonly base: string;
  readonly signal: AbortSignal;
  readonly onBrokenRow: (broken: DistillError) => void;
}

/** Problems made between two turns of the event loop, so that orders and timers are served. */
const BREATH_ROWS = 64;

/** Throws DistillError `data-…`, `hub-…`, `synthesis-…`, of the file system, and the signal's reason. */
export async function* sourceRecords({ from, onBroken }: Pick<CollectStage, 'from' | 'onBroken'>, { base, signal, onBrokenRow }: SourceOptions): AsyncGenerator<DataRecord> {
  for (const source of from) {
    if (source.synthesise === undefined) {
      yield* readRecords(source, { base, onBroken, onBrokenRow, signal });
      continue;
    }
    let made = 0;
    for (const record of synthesise(source.synthesise)) {
      yield record;
      made += 1;
      if (made % BREATH_ROWS === 0) await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
  }
}
