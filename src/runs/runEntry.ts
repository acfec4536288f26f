/** One run that the store follows: reads its folder on from where it was and decides its status. */
import path from 'node:path';
import type { Order } from '../shared/events.ts';
import type { RunStatus } from '../shared/panel.ts';
import type { DistillError } from '../shared/messages.ts';
import { DistillError as CodedError } from '../shared/messages.ts';
import { RUN_FILES } from '../shared/run.ts';
import type { RunFile, RunLabel } from '../shared/run.ts';
import { readLock } from '../system/lockFile.ts';
import { isAlive } from '../system/processIdentity.ts';
import type { Liveness } from '../system/processIdentity.ts';
import { RunFold } from './fold.ts';
import type { FactChange } from './fold.ts';
import { projectOf, readLabel, readRunFile, sizeOf } from './folder.ts';
import type { MetricsReader } from './metricsReader.ts';
import { readOrders } from './orders.ts';
import { decideStatus, isActive } from './status.ts';
import { Tail } from './tail.ts';
import { viewOf } from './view.ts';
import type { RunView } from './view.ts';

export type RunChange = FactChange | 'label' | 'added' | 'removed';

/** More than this is first read by the reader, in its thread: about 2 ms of parsing is done here. */
const READ_HERE_BYTES = 256 * 1024;

export class RunEntry {
  private fold = new RunFold();
  private tail: Tail;
  private run: RunFile | null = null;
  private problem: DistillError | null = null;
  private label: RunLabel = { format: 1, starred: false };
  private status: RunStatus = 'starting';
  private stops: readonly Order[] = [];
  private lastSign = 0;
  private caughtUp = false;
  private work: Promise<unknown> = Promise.resolve();
  view: RunView;

  constructor(readonly folder: string, private readonly reader: MetricsReader) {
    this.tail = this.newTail();
    this.view = this.newView();
  }

  get active(): boolean {
    return isActive(this.status);
  }

  /** Size of events.jsonl that has been read. */
  get offset(): number {
    return this.tail.offset;
  }

  /** Reads what is new of these files, then decides the status anew. Calls come one after the other. Returns what changed. */
  update(files: ReadonlySet<string>): Promise<ReadonlySet<RunChange>> {
    const changes = this.work.then(async () => {
      const changed = new Set<RunChange>();
      if (files.has(RUN_FILES.run)) await this.readRun(changed);
      if (files.has(RUN_FILES.label)) await this.readLabel(changed);
      if (files.has(RUN_FILES.control)) await this.readControl();
      if (files.has(RUN_FILES.events)) await this.readEvents(changed);
      await this.decide(changed, files.has(RUN_FILES.lock) || this.status === 'starting');
      if (changed.size > 0) this.view = this.newView();
      return changed;
    });
    this.work = changes.catch(() => undefined);
    return changes;
  }

  private async readRun(changed: Set<RunChange>): Promise<void> {
    try {
      this.run = await readRunFile(this.folder);
      this.problem = null;
    } catch (error) {
      this.run = null;
      this.problem = error instanceof CodedError ? error : new CodedError('run-unreadable', { path: path.join(this.folder, RUN_FILES.run), detail: String(error) });
    }
    changed.add('status');
  }

  private async readLabel(changed: Set<RunChange>): Promise<void> {
    const before = JSON.stringify(this.label);
    this.label = await readLabel(this.folder);
    if (JSON.stringify(this.label) !== before) changed.add('label');
  }

  private async readControl(): Promise<void> {
    this.stops = (await readOrders(this.folder)).filter((order) => order.order === 'stop');
  }

  private async readEvents(changed: Set<RunChange>): Promise<void> {
    const from = this.tail.offset;
    if (!this.caughtUp && (await sizeOf(this.tail.file)) > READ_HERE_BYTES) {
      const { facts, offset } = await this.reader.facts(this.folder);
      this.fold = new RunFold(facts);
      this.tail = this.newTail(offset);
      for (const change of EVERY_FACT) changed.add(change);
    }
    await this.tail.read(
      (block) => { for (const change of this.fold.block(block)) changed.add(change); },
      () => { this.fold = new RunFold(); for (const change of EVERY_FACT) changed.add(change); },
    );
    changed.delete('none');
    changed.delete('beat'); // nobody is told of it; it counts as a sign of life
    const { lastAt } = this.fold.current;
    // Another host's clock may be wrong: growth that was seen here counts by the clock here.
    if (this.caughtUp && this.tail.offset !== from) this.lastSign = Date.now();
    else if (lastAt !== null) this.lastSign = Math.max(this.lastSign, Math.min(lastAt, Date.now()));
    this.caughtUp = true;
    // A stop that another window ordered is known by the engine's answer, should the watcher have missed the order.
    if (changed.has('status')) await this.readControl();
  }

  private async decide(changed: Set<RunChange>, lockToo: boolean): Promise<void> {
    const facts = this.fold.current;
    const before = this.status;
    if (facts.ended !== null) {
      // A resumed engine has the lock some seconds before it writes.
      this.status = lockToo && (await this.startsAgain(facts.ended.at)) ? 'starting' : facts.ended.outcome;
    } else {
      const engine = await this.engineLiveness();
      if (engine === 'dead' && before !== 'lost' && before !== 'stopped') await this.lastWords(changed);
      this.status = decideStatus({
        facts: this.fold.current,
        engine,
        silentMs: Date.now() - Math.max(this.lastSign, this.run?.createdAt ?? 0),
        stopOrdered: this.stopOrdered(),
      });
    }
    if (this.status !== before) changed.add('status');
  }

  /** Orders from before the start were meant for an earlier engine, unless this one answered: it hears before it is ready. */
  private stopOrdered(): boolean {
    const { queued, started, acknowledged } = this.fold.current;
    const since = queued?.at ?? started?.at ?? 0;
    return this.stops.some((order) => order.at >= since || acknowledged.some((answer) => answer.order === order.id && answer.accepted));
  }

  /** An engine may write its end and be gone between our reading and our looking for it. */
  private async lastWords(changed: Set<RunChange>): Promise<void> {
    await this.readEvents(changed);
    await this.readControl();
  }

  private async engineLiveness(): Promise<Liveness | null> {
    const { process } = this.fold.current;
    const written = process === null ? null : await isAlive(process);
    if (written === 'alive') return written;
    // A starting engine has the lock before it has written anything, also that of a run resumed a moment ago.
    const holder = await readLock(path.join(this.folder, RUN_FILES.lock)).catch(() => null);
    return holder === null ? written : (await isAlive(holder));
  }

  private async startsAgain(endedAt: number): Promise<boolean> {
    const holder = await readLock(path.join(this.folder, RUN_FILES.lock)).catch(() => null);
    return holder !== null && holder.at > endedAt && (await isAlive(holder)) === 'alive';
  }

  private newTail(offset = 0): Tail {
    return new Tail(path.join(this.folder, RUN_FILES.events), offset);
  }

  private newView(): RunView {
    return viewOf({
      id: path.basename(this.folder), folder: this.folder, project: projectOf(this.folder),
      label: this.label, run: this.run, problem: this.problem, status: this.status, facts: this.fold.current,
    });
  }
}

const EVERY_FACT: readonly FactChange[] = ['status', 'stage', 'metric', 'progress', 'checkpoint', 'evaluation', 'trace', 'warning'];
