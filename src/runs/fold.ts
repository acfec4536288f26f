/**
 * What a run's events add up to, but for its curves: plain data, small, and made of the events alone, so that a new window
 * that reads the folder from its beginning holds the same.
 */
import type {
  AcknowledgedEvent, CheckpointEvent, CollectEvent, EndedEvent, EvaluationEvent, GateEvent, MetricEvent, ProcessIdentity, ProgressEvent, QueuedEvent, RunEvent, StageEvent, StartedEvent, TraceEvent, WarningEvent,
} from '../shared/events.ts';
import { parseEvent } from '../shared/events.ts';

export interface StageFacts {
  readonly index: number;
  readonly name: string;
  readonly type: StageEvent['type'];
  readonly state: 'running' | 'done' | 'skipped';
  /** Optimiser steps or prompts, when known. */
  readonly total: number | null;
  /** The run's step at which it began: its own steps count from here. */
  readonly fromStep: number;
  readonly fromTokens: number;
  readonly beganAt: number;
  readonly endedAt: number | null;
  readonly reason: string | null;
  /** The checkpoint that it started from; null: the student's own first weights, or an older engine. */
  readonly parent: string | null;
  /** The checkpoint that it handed on, where it trained to its end. */
  readonly handedOn: string | null;
  /** What is known of the model that it handed on. */
  readonly values: MetricEvent['values'] | null;
  readonly entry: GateEvent | null;
  readonly exit: GateEvent | null;
}

/** An event and where on the x axes it happened. */
export interface Placed<E extends RunEvent> {
  readonly event: E;
  readonly step: number;
  readonly tokens: number;
}

export interface LatestValue {
  readonly value: number | null;
  readonly step: number;
}

export interface RunFacts {
  /** The last event's number, -1 before the first. */
  readonly seq: number;
  /** Events that are missing by their numbers, lines that are no event, events of a kind that this version doesn't know. */
  readonly gaps: number;
  readonly broken: number;
  readonly unknown: number;
  readonly firstAt: number | null;
  readonly lastAt: number | null;
  /** Who wrote last: of the newest `queued` or `started`. */
  readonly process: ProcessIdentity | null;
  /** Set while the run waits for its device. */
  readonly queued: QueuedEvent | null;
  /** The newest start. */
  readonly started: StartedEvent | null;
  /** The first one and every resume. */
  readonly starts: readonly Placed<StartedEvent>[];
  /** The newest end, unless the run was started again since. */
  readonly ended: EndedEvent | null;
  /** Orders that were taken up or refused since the newest start. */
  readonly acknowledged: readonly AcknowledgedEvent[];
  readonly stages: readonly StageFacts[];
  readonly step: number;
  readonly tokens: number;
  /** The last value of each metric. */
  readonly latest: Readonly<Record<string, LatestValue>>;
  /** Those that are on disk, in the order they were written. */
  readonly checkpoints: readonly Placed<CheckpointEvent>[];
  readonly evaluations: readonly EvaluationEvent[];
  readonly warnings: readonly Placed<WarningEvent>[];
  readonly traces: readonly TraceEvent[];
  /** The newest word of a stage that makes data, and the first of the same part of its work; its cost stays when it has ended. */
  readonly collect: { readonly event: CollectEvent; readonly first: CollectEvent } | null;
  /** The newest progress of a piece of work without metrics, and when that work began. */
  readonly progress: { readonly event: ProgressEvent; readonly first: ProgressEvent } | null;
  /** Times and steps of the last metrics of the running stage, for its pace. */
  readonly pace: readonly (readonly [at: number, step: number])[];
}

/** What one event changed, for whoever draws only that. */
export type FactChange = 'status' | 'stage' | 'metric' | 'progress' | 'checkpoint' | 'evaluation' | 'trace' | 'warning' | 'beat' | 'none';

const PACE_POINTS = 32;

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

export class RunFold {
  private readonly facts: Mutable<RunFacts>;
  private readonly latest: Record<string, LatestValue>;
  private readonly traceAt: Map<string, number>;

  /** From nothing, or from the facts that another fold (a worker's) came to. */
  constructor(facts: RunFacts = NO_FACTS) {
    this.latest = { ...facts.latest };
    this.traceAt = new Map(facts.traces.map((trace, index) => [trace.id, index]));
    this.facts = {
      ...facts, latest: this.latest, acknowledged: [...facts.acknowledged], stages: [...facts.stages], checkpoints: [...facts.checkpoints],
      evaluations: [...facts.evaluations], warnings: [...facts.warnings], starts: [...facts.starts], traces: [...facts.traces], pace: [...facts.pace],
    };
  }

  /** The state now; the next event changes it in place. */
  get current(): RunFacts {
    return this.facts;
  }

  /** Takes whole lines, joined by newlines; tells what they changed. */
  block(text: string): ReadonlySet<FactChange> {
    const changes = new Set<FactChange>();
    let start = 0;
    while (start < text.length) {
      const newline = text.indexOf('\n', start);
      const end = newline < 0 ? text.length : newline;
      changes.add(this.line(text.slice(start, end)));
      start = end + 1;
    }
    return changes;
  }

  /** Takes one whole line of events.jsonl; empty lines are passed over. */
  line(text: string): FactChange {
    if (text === '') return 'none';
    const parsed = parseEvent(text);
    switch (parsed.type) {
      case 'event': return this.event(parsed.event);
      case 'unknown':
        this.facts.unknown += 1;
        this.number(parsed.seq);
        return 'none';
      case 'broken': this.facts.broken += 1; return 'none';
    }
  }

  event(event: RunEvent): FactChange {
    const { facts } = this;
    this.number(event.seq);
    facts.firstAt ??= event.at;
    facts.lastAt = Math.max(facts.lastAt ?? 0, event.at);
    switch (event.kind) {
      case 'queued':
        facts.process = event.process;
        facts.queued = event;
        facts.ended = null;
        return 'status';
      case 'started':
        this.started(event);
        return 'status';
      case 'stage':
        this.stage(event);
        return 'stage';
      case 'gate':
        facts.stages = facts.stages.map((stage) => (stage.index === event.stage ? { ...stage, [event.when]: event } : stage));
        return 'stage';
      case 'metric':
        this.metric(event);
        return 'metric';
      case 'progress': {
        const { progress } = facts;
        const same = progress !== null && progress.first.what === event.what && progress.first.stage === event.stage && event.done >= progress.event.done;
        facts.progress = { event, first: same ? progress.first : event };
        return 'progress';
      }
      case 'collect': {
        const { collect } = facts;
        const same = collect !== null && collect.first.part === event.part && collect.first.stage === event.stage && event.done >= collect.event.done;
        facts.collect = { event, first: same ? collect.first : event };
        return 'progress';
      }
      case 'trace':
        this.trace(event);
        return 'trace';
      case 'checkpoint':
        facts.checkpoints = [
          // Each was the best of its stage when it was written; only the last of them still is.
          ...facts.checkpoints.filter((other) => other.event.name !== event.name).map((other) => (event.best && other.event.best && event.stage === other.event.stage ? { ...other, event: { ...other.event, best: false } } : other)),
          { event, step: event.step, tokens: facts.tokens },
        ];
        return 'checkpoint';
      case 'checkpoint-removed':
        facts.checkpoints = facts.checkpoints.filter((other) => other.event.name !== event.name);
        return 'checkpoint';
      case 'evaluation':
        facts.evaluations.push(event);
        return 'evaluation';
      case 'warning':
        facts.warnings.push({ event, step: facts.step, tokens: facts.tokens });
        return 'warning';
      case 'beat':
        return 'beat';
      case 'acknowledged':
        facts.acknowledged.push(event);
        return 'status';
      case 'ended':
        facts.ended = event;
        facts.queued = null;
        return 'status';
    }
  }

  private number(seq: number): void {
    const { facts } = this;
    if (seq > facts.seq + 1) facts.gaps += seq - facts.seq - 1;
    facts.seq = Math.max(facts.seq, seq);
  }

  private started(event: StartedEvent): void {
    const { facts } = this;
    facts.process = event.process;
    facts.queued = null;
    facts.ended = null;
    facts.started = event;
    facts.acknowledged = [];
    facts.progress = null;
    facts.pace = [];
    // What came after the checkpoint is done again; without a checkpoint, everything is.
    const { stage, step } = event.resumedFrom ?? { stage: -1, step: -1 };
    facts.step = Math.max(0, Math.min(facts.step, step));
    facts.starts.push({ event, step: facts.step, tokens: facts.tokens });
    facts.stages = facts.stages.filter((other) => other.index <= stage).map((other) => (other.index === stage && other.state === 'done' ? { ...other, state: 'running', endedAt: null, reason: null, handedOn: null, values: null, exit: null } : other));
    facts.evaluations = facts.evaluations.filter((other) => other.stage < stage || (other.stage === stage && other.step <= step));
    facts.checkpoints = facts.checkpoints.filter((other) => other.step <= step);
    for (const [name, latest] of Object.entries(this.latest)) if (latest.step > step) delete this.latest[name];
  }

  private stage(event: StageEvent): void {
    const { facts } = this;
    const before = facts.stages.find((other) => other.index === event.stage);
    const over = event.state !== 'begin';
    const stage: StageFacts = {
      index: event.stage,
      name: event.name,
      type: event.type,
      state: event.state === 'begin' ? 'running' : event.state === 'end' ? 'done' : 'skipped',
      total: event.total ?? before?.total ?? null,
      fromStep: before?.fromStep ?? facts.step,
      fromTokens: before?.fromTokens ?? facts.tokens,
      beganAt: before?.beganAt ?? event.at,
      endedAt: over ? event.at : null,
      reason: event.reason ?? null,
      parent: event.parent === undefined ? before?.parent ?? null : event.parent,
      handedOn: event.checkpoint ?? null,
      values: event.values ?? null,
      entry: before?.entry ?? null,
      exit: over ? before?.exit ?? null : null,
    };
    facts.stages = [...facts.stages.filter((other) => other.index !== event.stage), stage].sort((a, b) => a.index - b.index);
    facts.pace = [];
    facts.progress = null;
  }

  private metric(event: MetricEvent): void {
    const { facts } = this;
    for (const name in event.values) this.latest[name] = { value: event.values[name] ?? null, step: event.step };
    facts.tokens = event.tokens;
    facts.progress = null;
    if (event.step === facts.step && facts.pace.length > 0) return;
    facts.step = event.step;
    facts.pace.push([event.at, event.step]);
    if (facts.pace.length > PACE_POINTS) facts.pace.shift();
  }

  private trace(event: TraceEvent): void {
    // An evaluation that a resumed run does again writes the same ids again.
    const at = this.traceAt.get(event.id);
    if (at !== undefined) {
      this.facts.traces[at] = event;
    } else {
      this.traceAt.set(event.id, this.facts.traces.length);
      this.facts.traces.push(event);
    }
  }
}

const NO_FACTS: RunFacts = {
  seq: -1, gaps: 0, broken: 0, unknown: 0, firstAt: null, lastAt: null, process: null, queued: null, started: null, starts: [], ended: null,
  acknowledged: [], stages: [], step: 0, tokens: 0, latest: {}, checkpoints: [], evaluations: [], warnings: [], traces: [], progress: null, collect: null, pace: [],
};
