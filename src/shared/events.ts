/**
 * What the engine tells the world (events.jsonl) and what the world asks of the engine (control.jsonl).
 * One JSON object a line. The engine speaks codes and numbers; sentences are made by whoever shows them (messages.ts).
 */
import type { ErrorCode, WarningCode } from './messages.ts';

export interface EventBase {
  /** 0, 1, 2 … without a gap over the whole life of a run folder, resumes included. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface BackendAttempt {
  readonly backend: BackendName;
  readonly outcome: 'taken' | 'unavailable' | 'wrong' | 'not-tried';
  /** Raw text of the library or of the check that failed, for a person to read; never parsed. */
  readonly detail: string;
}

export type BackendName = 'tensorflow-gpu' | 'tensorflow' | 'webgpu' | 'wasm' | 'cpu';

/** Who a process is: a pid alone is reused by the system, pid and start token together are not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time of the process as the operating system tells it; opaque. */
  readonly startToken: string;
  readonly host: string;
}

/** Waits for the device that `holder` has. */
export interface QueuedEvent extends EventBase {
  readonly kind: 'queued';
  readonly process: ProcessIdentity;
  readonly device: string;
  readonly holder: string | null;
}
export interface StartedEvent extends EventBase {
  readonly kind: 'started';
  readonly process: ProcessIdentity;
  readonly engine: string;
  /** Null while only services are asked: such stages need neither backend nor device. */
  readonly backend: BackendName | null;
  readonly device: string;
  readonly threads: number;
  readonly attempts: readonly BackendAttempt[];
  /** The last step that the checkpoint holds; metrics above it are dropped by readers. Null on a first start. */
  readonly resumedFrom: { readonly stage: number; readonly step: number } | null;
}
export interface StageEvent extends EventBase {
  readonly kind: 'stage';
  readonly stage: number;
  readonly name: string;
  readonly type: 'collect' | 'train' | 'reinforce' | 'evaluate' | 'export';
  readonly state: 'begin' | 'end' | 'skipped';
  /** Steps (train, reinforce), prompts (evaluate) or rows (collect) of the stage, when known. */
  readonly total: number | null;
  /** Of `end`: why (`steps`, `epochs`, `early-stop`, `gate-missed`, `entry-missed`, `stopped`, `budget`). */
  readonly reason?: string;
  /** Of `begin`: the checkpoint whose weights the stage starts from; null where they are the student's own first ones. */
  readonly parent?: string | null;
  /** Of the `end` of a stage that trains: the checkpoint whose weights are handed on, and what is known of that model. */
  readonly checkpoint?: string | null;
  readonly values?: Readonly<Record<string, number | null>>;
}
/** Whether a stage of this type takes steps that change the student. */
export function takesSteps(type: StageEvent['type'] | undefined): boolean {
  return type === 'train' || type === 'reinforce';
}

export interface MetricEvent extends EventBase {
  readonly kind: 'metric';
  readonly stage: number;
  /** Optimiser steps over the whole run: the x axis that never goes back. */
  readonly step: number;
  /** Supervised tokens consumed over the whole run. */
  readonly tokens: number;
  /** Named values; a value that is not finite is null. */
  readonly values: Readonly<Record<string, number | null>>;
}
/** What a stage demanded when it began (`entry`) or when it had ended (`exit`), and what came of it. */
export interface GateEvent extends EventBase {
  readonly kind: 'gate';
  readonly stage: number;
  /** Over the whole run. */
  readonly step: number;
  readonly when: 'entry' | 'exit';
  readonly metric: string;
  /** Null: it could not be measured, which is a miss. */
  readonly value: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly passed: boolean;
  /** Of a miss: the run ends here, goes on, or goes on with the stage's best checkpoint. */
  readonly action: 'stop' | 'continue' | 'best' | null;
  /** Of `best`: the one that is gone on with. */
  readonly checkpoint: string | null;
}
/** How far a long piece of work that has no metrics of its own is (evaluation, loading, export). */
export interface ProgressEvent extends EventBase {
  readonly kind: 'progress';
  readonly stage: number;
  readonly what: string;
  readonly done: number;
  readonly total: number;
}
/** How far a stage that makes data is, and what it has cost so far; at most a few each second. */
export interface CollectEvent extends EventBase {
  readonly kind: 'collect';
  readonly stage: number;
  /** The part of the pipeline that is at work. */
  readonly part: 'read' | 'clean' | 'ask' | 'verify' | 'augment' | 'mix' | 'write';
  /** Rows that went into this part so far, and how many there will be; null while unknown. */
  readonly done: number;
  readonly total: number | null;
  /** Rows that came out of it. */
  readonly kept: number;
  /** Answered from the cache: not asked again. */
  readonly cached: number;
  /** Requests that failed for good. */
  readonly failed: number;
  /** Null where no teacher is asked. */
  readonly spend: Spend | null;
}
/** What a teacher has cost in this project. Money in `currency`; null where the teacher has no prices. */
export interface Spend {
  readonly teacher: string;
  readonly currency: string | null;
  readonly money: number | null;
  /** Of requests in flight, by their worst case; counts against the cap. */
  readonly reservedMoney: number | null;
  readonly moneyCap: number | null;
  readonly tokens: number;
  readonly reservedTokens: number;
  readonly tokenCap: number | null;
  /** Requests in flight, and the limit that the client has found so far. */
  readonly inFlight: number;
  readonly concurrency: number;
}
export interface TraceEvent extends EventBase {
  readonly kind: 'trace';
  readonly id: string;
  readonly role: TraceRole;
  /** The example that teacher's and student's traces share. */
  readonly example: string;
  readonly verdict: Verdict;
  /** Where the line lies in traces.jsonl. */
  readonly offset: number;
  readonly bytes: number;
}
export type TraceRole = 'teacher' | 'student';
export type Verdict = 'right' | 'wrong' | 'unknown';
export interface CheckpointEvent extends EventBase {
  readonly kind: 'checkpoint';
  readonly stage: number;
  readonly step: number;
  /** Folder name under checkpoints/. */
  readonly name: string;
  readonly best: boolean;
  readonly values: Readonly<Record<string, number | null>>;
}
export interface CheckpointRemovedEvent extends EventBase {
  readonly kind: 'checkpoint-removed';
  readonly name: string;
}
export interface EvaluationEvent extends EventBase {
  readonly kind: 'evaluation';
  readonly stage: number;
  readonly step: number;
  /** File name under reports/. */
  readonly report: string;
  readonly models: readonly ModelScore[];
  /** Student's accuracy over teacher's, with its 95 % interval; null without a teacher. */
  readonly retention: { readonly value: number; readonly low: number; readonly high: number } | null;
}
export interface ModelScore {
  readonly role: TraceRole;
  readonly examples: number;
  readonly right: number;
  readonly accuracy: number;
  /** 95 % Wilson interval. */
  readonly low: number;
  readonly high: number;
  readonly tokensPerSecond: number;
  readonly parameters: number;
}
export interface WarningEvent extends EventBase {
  readonly kind: 'warning';
  readonly code: WarningCode;
  readonly data: MessageData;
}
/** Every 5 s from a worker thread, also while a step blocks the main one. */
export interface BeatEvent extends EventBase {
  readonly kind: 'beat';
}
/** An order was taken up (or refused). */
export interface AcknowledgedEvent extends EventBase {
  readonly kind: 'acknowledged';
  readonly order: string;
  readonly accepted: boolean;
}
export interface EndedEvent extends EventBase {
  readonly kind: 'ended';
  readonly outcome: 'done' | 'stopped' | 'failed';
  /** Of `failed`; also of `stopped` where the engine stopped by itself (a budget that is spent). */
  readonly code?: ErrorCode;
  readonly data?: MessageData;
}

export type MessageData = Readonly<Record<string, string | number>>;

export type RunEvent =
  | QueuedEvent | StartedEvent | StageEvent | GateEvent | MetricEvent | ProgressEvent | CollectEvent | TraceEvent | CheckpointEvent
  | CheckpointRemovedEvent | EvaluationEvent | WarningEvent | BeatEvent | AcknowledgedEvent | EndedEvent;

export type RunEventKind = RunEvent['kind'];
/** An event before the journal numbers and dates it. */
export type UnsentEvent = { [K in RunEventKind]: Omit<Extract<RunEvent, { kind: K }>, 'seq' | 'at'> }[RunEventKind];

export interface Order {
  readonly format: 1;
  readonly id: string;
  readonly at: number;
  readonly order: 'stop' | 'save' | 'evaluate';
  /** Why a stop is ordered, where it is no person's wish: told with the run's end. */
  readonly because?: { readonly code: ErrorCode; readonly data: MessageData };
}

const KINDS: ReadonlySet<string> = new Set<RunEventKind>([
  'queued', 'started', 'stage', 'gate', 'metric', 'progress', 'collect', 'trace', 'checkpoint', 'checkpoint-removed', 'evaluation',
  'warning', 'beat', 'acknowledged', 'ended',
]);

/** `broken` is a line that is no event at all; `unknown` is a kind of a newer version, to be passed over. */
export type ParsedLine =
  | { readonly type: 'event'; readonly event: RunEvent }
  | { readonly type: 'unknown'; readonly kind: string; readonly seq: number }
  | { readonly type: 'broken' };

/** Reads one whole line of events.jsonl. Never throws. */
export function parseEvent(line: string): ParsedLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { type: 'broken' };
  }
  if (typeof value !== 'object' || value === null) return { type: 'broken' };
  const event = value as { seq?: unknown; at?: unknown; kind?: unknown };
  if (typeof event.kind !== 'string' || !Number.isInteger(event.seq) || typeof event.at !== 'number') return { type: 'broken' };
  if (!KINDS.has(event.kind)) return { type: 'unknown', kind: event.kind, seq: event.seq as number };
  return { type: 'event', event: value as RunEvent };
}
