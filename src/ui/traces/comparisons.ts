/** Aligned traces of the examples that are open: read, split and aligned once for documents, hovers, marks and the page. */
import { Worker } from 'node:worker_threads';
import type { TraceEvent } from '../../shared/events.ts';
import { DistillError, type Language } from '../../shared/messages.ts';
import type { Trace } from '../../shared/trace.ts';
import { compareTraces, type TraceComparison } from '../../shared/traceComparison.ts';
import { renderDocuments, type TraceDocuments } from '../../shared/traceDocument.ts';
import { readTraces } from '../../runs/traces.ts';
import { examplesOf, type Example } from '../tree/examples.ts';
import type { TraceAddress } from './traceUri.ts';

export interface OpenExample {
  readonly comparison: TraceComparison;
  readonly documents: TraceDocuments;
}

/** The store's answer to "what traces has this run". */
export type TracesOf = (folder: string) => Promise<readonly TraceEvent[]>;

/** Open diffs at a time, nearly: both sides, the page and the way back. */
const KEPT = 8;
/** Two traces longer than this together (about 10,000 tokens, 60 ms) are aligned in a thread of their own. */
const LONG_CHARACTERS = 40_000;

export class Comparisons {
  private readonly kept = new Map<string, { readonly state: string; readonly open: Promise<OpenExample> }>();

  /** `worker`: path of the bundle of compareWorker.ts. */
  constructor(private readonly tracesOf: TracesOf, private readonly worker: string, private readonly language: Language) {}

  async examples(folder: string): Promise<readonly Example[]> {
    return examplesOf(await this.tracesOf(folder));
  }

  async open(address: TraceAddress): Promise<OpenExample> {
    const examples = await this.examples(address.folder);
    const example = examples.find((one) => one.example === address.example);
    if (example === undefined) {
      throw new DistillError('traces-no-example', { example: address.example, count: examples.length, first: examples[0]?.example ?? '–', last: examples.at(-1)?.example ?? '–' });
    }
    const key = JSON.stringify(address);
    const state = stateOf(example);
    const before = this.kept.get(key);
    this.kept.delete(key);
    const open = before?.state === state ? before.open : this.read(address.folder, example);
    this.kept.set(key, { state, open });
    open.catch(() => this.kept.delete(key));
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= KEPT) break;
      this.kept.delete(oldest);
    }
    return open;
  }

  private async read(folder: string, { teacher, student }: Example): Promise<OpenExample> {
    const events = [teacher, student].filter((event) => event !== null);
    const traces = await readTraces(folder, events);
    const of = (event: TraceEvent | null): Trace | null => (event === null ? null : (traces[events.indexOf(event)] ?? null));
    const pair = [of(teacher), of(student)] as const;
    const length = pair.reduce((sum, trace) => sum + (trace?.think.length ?? 0) + (trace?.answer.length ?? 0), 0);
    const comparison = length > LONG_CHARACTERS ? await this.compareInWorker(pair) : compareTraces(...pair);
    return { comparison, documents: renderDocuments(comparison, this.language) };
  }

  private compareInWorker(pair: readonly [Trace | null, Trace | null]): Promise<TraceComparison> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(this.worker, { workerData: pair });
      worker.once('message', (comparison: TraceComparison) => resolve(comparison));
      worker.once('error', reject);
      // After a message this changes nothing.
      worker.once('exit', (code) => reject(new Error(`the comparing thread ended with ${code}`)));
    });
  }
}

/** Changes when an evaluation wrote the example again. */
export function stateOf({ teacher, student }: Example): string {
  return `${teacher?.offset ?? ''}:${student?.offset ?? ''}`;
}
