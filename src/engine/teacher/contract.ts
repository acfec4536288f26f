/**
 * What the parts that ask a teacher say to each other. A TeacherClient knows the service (HTTP, streaming, retries,
 * concurrency) and nothing of money; an Asker is a client with the project's ledger, cache and budget before it, and is what
 * everything else calls: the collect stage, the judge, back-translation, rephrasing.
 */
import type { MessageData } from '../../shared/events.ts';
import type { RecordMessage, TokenLogprob, TokenUse } from '../../shared/record.ts';
import type { Sampling } from '../../shared/recipeCollect.ts';

export interface CompletionRequest {
  readonly messages: readonly RecordMessage[];
  readonly sampling: Sampling;
  /** 0-based: tells the n answers of one prompt apart, and is added to sampling.seed. */
  readonly sampleIndex: number;
}

export interface Completion {
  /** Reasoning without its tags; empty where the service gave none. */
  readonly think: string;
  readonly answer: string;
  /** The model's own end, the limit of tokens, or the service's content filter. */
  readonly finish: 'end' | 'length' | 'filter';
  readonly tokens: TokenUse;
  /** `service`: its own numbers, found plausible. `estimated`: an upper estimate of ours, because they were absent or wrong. */
  readonly tokensBasis: 'service' | 'estimated';
  /** In the order of the text, reasoning first where the service gave those; null where it gave none. */
  readonly logprobs: readonly TokenLogprob[] | null;
  /** The model as the service reports it; null where it doesn't. */
  readonly model: string | null;
  /** The service's id of the answer; null where it gave none. */
  readonly id: string | null;
}

/**
 * How one attempt (one HTTP request) ended, for whoever counts money.
 * - answered: settled by these tokens.
 * - refused: the service said no before it generated anything, or was never reached: costs nothing.
 * - lost: sent, and nobody knows what the service counts (cut, timeout, cancelled): costs its worst case at most.
 */
export type AttemptEnd =
  | { readonly type: 'answered'; readonly tokens: TokenUse; readonly basis: Completion['tokensBasis'] }
  | { readonly type: 'refused'; readonly code: string; readonly status: number | null }
  | { readonly type: 'lost'; readonly code: string; readonly worst: TokenUse };

export interface CompleteOptions {
  readonly signal?: AbortSignal;
  /**
   * Called when the attempt has its place in the queue and is about to be sent; it is sent when the promise resolves, and
   * never when it rejects: the error goes through to the caller of complete(). The budget journals its reservation here.
   * `attempt` counts from 1; `worst` is the most that this one attempt can cost.
   */
  readonly beforeAttempt?: (attempt: number, worst: TokenUse) => void | Promise<void>;
  /** Called once for each attempt that beforeAttempt let through. */
  readonly afterAttempt?: (attempt: number, end: AttemptEnd) => void | Promise<void>;
  /** Called as text arrives, with the characters received so far: for a live display, at most a few times a second. */
  readonly onProgress?: (characters: number) => void;
}

/** What a client does at this moment. */
export interface ClientState {
  readonly inFlight: number;
  /** Waiting for a place, or for the end of a pause. */
  readonly waiting: number;
  /** Requests at once that the service is believed to take; never above teacher.concurrency. */
  readonly limit: number;
  /** Until when the service asked for silence (Date.now() milliseconds); null when it doesn't. */
  readonly pausedUntil: number | null;
  /** Since the client was opened. */
  readonly answered: number;
  readonly retried: number;
}

export interface TeacherClient {
  /** Name of the teacher in the recipe. */
  readonly name: string;
  /** Name of the model in the recipe. */
  readonly model: string;
  /** The service's name in the recipe, or the host of the address. */
  readonly service: string;
  /**
   * One answer. Waits for a place, retries what may pass. Throws DistillError `teacher-…`; on abort, the signal's reason,
   * after the socket is closed.
   */
  complete(request: CompletionRequest, options?: CompleteOptions): Promise<Completion>;
  /** The most that one attempt can cost: each byte of the prompt a token and what chat templates add, and all of maxTokens. */
  worstCase(request: CompletionRequest): TokenUse;
  state(): ClientState;
  /** Closes every connection; what is in flight is refused with an abort. */
  close(): Promise<void>;
}

export interface ClientOptions {
  /** Name of the teacher in the recipe, for messages. */
  readonly name: string;
  /** Null for a service that wants none. */
  readonly key: string | null;
  /** Each code and its data once: a parameter that the service doesn't take, numbers that can't be right … */
  readonly onWarning?: (code: string, data: MessageData) => void;
}

/** A completion as the ledger keeps it. */
export interface Answered extends Completion {
  /** sha256 of the messages, hexadecimal: provenance.promptHash. */
  readonly promptHash: string;
  /** Null where the recipe gives no prices. Includes attempts that were lost on the way. */
  readonly cost: { readonly amount: number; readonly currency: string } | null;
  /** It was asked before and nothing was sent. */
  readonly fromCache: boolean;
}

export interface Asker {
  readonly teacher: { readonly name: string; readonly model: string; readonly service: string };
  /** Throws what TeacherClient.complete throws, and `budget-spent` when the cap leaves no room for the worst case. */
  ask(messages: readonly RecordMessage[], sampling: Sampling, sampleIndex: number, options?: { readonly signal?: AbortSignal }): Promise<Answered>;
}
