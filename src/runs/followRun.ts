/** One run from where it is to its end, for whoever drives it: its events as they come, and whether its engine is still there. */
import path from 'node:path';
import { parseEvent, type RunEvent } from '../shared/events.ts';
import { RUN_FILES } from '../shared/run.ts';
import { isAlive } from '../system/processIdentity.ts';
import { watchForChange } from '../system/watchForChange.ts';
import { RunFold, type RunFacts } from './fold.ts';
import { readLabel, readRunFile, projectOf } from './folder.ts';
import { decideStatus } from './status.ts';
import { engineOf } from './stop.ts';
import { readOrders } from './orders.ts';
import { Tail } from './tail.ts';
import { viewOf, type RunView } from './view.ts';

/** An engine that died writes nothing: it is looked after this often while there is no news. */
const ALIVE_EVERY_MS = 2000;

export interface Following {
  readonly onEvent?: (event: RunEvent, facts: RunFacts) => void | Promise<void>;
  /** Between two looks; also where there is no news. */
  readonly onLook?: () => void | Promise<void>;
}

/** Resolves with the run when it has ended or its engine is gone. */
export async function followRun(folder: string, { onEvent, onLook }: Following = {}): Promise<RunView> {
  const fold = new RunFold();
  const tail = new Tail(path.join(folder, RUN_FILES.events));
  const change = watchForChange(tail.file);
  const read = async (): Promise<void> => {
    const events: RunEvent[] = [];
    await tail.read((block) => {
      for (const line of block.split('\n')) {
        const parsed = parseEvent(line);
        if (parsed.type === 'event') events.push(parsed.event);
      }
    });
    for (const event of events) {
      fold.event(event);
      await onEvent?.(event, fold.current);
    }
  };
  try {
    let looked = 0;
    for (;;) {
      await read();
      if (fold.current.ended !== null) return await viewNow(folder, fold.current);
      if (Date.now() - looked > ALIVE_EVERY_MS) {
        looked = Date.now();
        const engine = await engineOf(folder);
        if (engine === null || (await isAlive(engine)) === 'dead') {
          // Its last words may have come between the two looks.
          await read();
          return await viewNow(folder, fold.current);
        }
      }
      await onLook?.();
      await change.next();
    }
  } finally {
    change.close();
  }
}

/** A run as its folder says now. */
export async function readRun(folder: string): Promise<RunView> {
  const fold = new RunFold();
  await new Tail(path.join(folder, RUN_FILES.events)).read((block) => void fold.block(block));
  return viewNow(folder, fold.current);
}

async function viewNow(folder: string, facts: RunFacts): Promise<RunView> {
  const [run, label, engine, orders] = [await readRunFile(folder), await readLabel(folder), await engineOf(folder), await readOrders(folder)];
  const since = facts.queued?.at ?? facts.started?.at ?? 0;
  const status = decideStatus({
    facts, engine: engine === null ? null : await isAlive(engine), silentMs: Date.now() - (facts.lastAt ?? run.createdAt), stopOrdered: orders.some(({ order, at }) => order === 'stop' && at >= since),
  });
  return viewOf({ id: path.basename(folder), folder, project: projectOf(folder), label, run, problem: null, status, facts });
}
