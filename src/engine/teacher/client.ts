/** The client of one teacher: a place in the queue, an attempt, its answer, and trying again where that makes sense. */
import { setMaxListeners } from 'node:events';
import { createParser } from 'eventsource-parser';
import type { MessageData } from '../../shared/events.ts';
import { DistillError, type WarningCode } from '../../shared/messages.ts';
import type { TokenUse } from '../../shared/record.ts';
import type { ApiTeacher } from '../../shared/recipeTeacher.ts';
import { AnswerAssembler, BadAnswer, errorIn, excerpt } from './answer.ts';
import { Concurrency, WAITS, type Place, type Waits } from './concurrency.ts';
import type { AttemptEnd, ClientOptions, ClientState, CompleteOptions, Completion, CompletionRequest, TeacherClient } from './contract.ts';
import { exchange, type BodyReader } from './exchange.ts';
import { failureOfError, failureOfStatus, isFiltered, isWebPage, parsed, type Failure } from './failures.ts';
import { routeTo, type Route } from './route.ts';
import { Service } from './service.ts';
import { estimatedUse, inputBound, isObject, serviceUse } from './usage.ts';

/** For name, connection and TLS; a service that is there takes far less. */
const CONNECT_MS = 30_000;
/** First wait before the same question is asked again; doubles, with full jitter (Brooker, "Exponential Backoff and Jitter", AWS 2015). */
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 30_000;
/** A service that wants silence for longer than this is out of reach for now. */
const LONGEST_PAUSE_MS = 15 * 60_000;
/** While nobody at all gets through, 429 is taken for good after this time per retry of the recipe: limits are per minute. */
const PATIENCE_PER_RETRY_MS = 20_000;
/** An answer has at most this many characters a token: three times what prose has, for code and tables with their runs of blanks. */
const CHARACTERS_PER_TOKEN = 16;
/** Never refused for being long: a few tokens may be long ones. */
const SMALLEST_LIMIT = 2048;
/** Between two calls of onProgress. */
const PROGRESS_MS = 250;
/** Names of the service's models in a message. */
const NAMED_MODELS = 8;
/** Fields that a service may refuse one after the other. */
const MOST_LEARNED = 8;
const MODELS_MS = 5_000;

/** What tests make shorter. */
export interface ClientWaits extends Waits {
  readonly connectMs: number;
  readonly retryFirstMs: number;
  readonly patiencePerRetryMs: number;
}
export const CLIENT_WAITS: ClientWaits = { ...WAITS, connectMs: CONNECT_MS, retryFirstMs: RETRY_FIRST_MS, patiencePerRetryMs: PATIENCE_PER_RETRY_MS };

/** Throws DistillError `teacher-address-malformed`, `teacher-key-malformed`, `teacher-proxy-malformed`. */
export function openTeacherClient(teacher: ApiTeacher, options: ClientOptions & { readonly waits?: ClientWaits }): TeacherClient {
  return new Client(teacher, options, options.waits ?? CLIENT_WAITS);
}

/** `learned`: refused for a field that is no longer sent. */
type Outcome = { readonly type: 'answered'; readonly completion: Completion } | { readonly type: 'failed' | 'learned'; readonly failure: Failure };

class Client implements TeacherClient {
  readonly name: string;
  readonly model: string;
  readonly service: string;
  readonly #service: Service;
  readonly #teacher: ApiTeacher;
  readonly #route: Route;
  readonly #places: Concurrency;
  readonly #open = new Set<AbortController>();
  readonly #told = new Set<string>();
  readonly #onWarning: ClientOptions['onWarning'];
  #answered = 0;
  #retried = 0;
  #lastAnswerAt = 0;
  /** Waiting between two attempts. */
  #resting = 0;
  /** What the service was seen to add to a prompt above our bound, and to an answer above maxTokens. */
  #hidden = { input: 0, output: 0 };

  constructor(teacher: ApiTeacher, options: ClientOptions, readonly waits: ClientWaits) {
    this.#teacher = teacher;
    this.#onWarning = options.onWarning;
    this.#service = new Service(teacher, options.name, options.key, (code, data) => { this.#warn(code, data); });
    this.name = options.name;
    this.model = teacher.model;
    this.service = teacher.service ?? this.#service.host;
    this.#route = this.#routeTo(this.#service.url);
    this.#places = new Concurrency(teacher.concurrency, waits);
  }

  #routeTo(url: URL): Route {
    try {
      return routeTo(url, this.#teacher.concurrency, process.env);
    } catch (error) {
      // The address may hold the proxy's password, so the error's own text isn't told.
      throw new DistillError('teacher-proxy-malformed', { teacher: this.name }, { cause: error });
    }
  }

  worstCase({ messages, sampling }: CompletionRequest): TokenUse {
    const output = sampling.maxTokens + this.#hidden.output;
    return { input: inputBound(messages) + this.#hidden.input, cachedInput: 0, output, reasoning: output };
  }

  state(): ClientState {
    const { inFlight, waiting, limit, pausedUntil } = this.#places;
    return { inFlight, waiting: waiting + this.#resting, limit, pausedUntil, answered: this.#answered, retried: this.#retried };
  }

  async complete(request: CompletionRequest, options: CompleteOptions = {}): Promise<Completion> {
    // One controller a request: AbortSignal.any would hold every request's signal for as long as the caller's lives.
    const controller = new AbortController();
    const { signal } = options;
    const abort = (): void => {
      controller.abort(signal?.reason);
    };
    if (signal?.aborted === true) abort();
    if (signal !== undefined) {
      setMaxListeners(0, signal);
      signal.addEventListener('abort', abort, { once: true });
    }
    this.#open.add(controller);
    try {
      return await this.#tries(request, options, controller.signal);
    } finally {
      this.#open.delete(controller);
      signal?.removeEventListener('abort', abort);
    }
  }

  close(): Promise<void> {
    for (const controller of this.#open) controller.abort(new DOMException('The teacher’s client was closed', 'AbortError'));
    this.#places.close();
    this.#route.agent.destroy();
    return Promise.resolve();
  }

  async #tries(request: CompletionRequest, options: CompleteOptions, signal: AbortSignal): Promise<Completion> {
    const started = Date.now();
    let [counted, learned] = [0, 0];
    for (let attempt = 1; ; attempt += 1) {
      const before = Date.now();
      const outcome = await this.#attempt(request, options, attempt, signal);
      if (outcome.type === 'answered') return outcome.completion;
      const { failure } = outcome;
      if (outcome.type === 'learned' && learned < MOST_LEARNED) {
        learned += 1;
        continue;
      }
      // As long as others get through, a 429 is a matter of waiting, not a failure of this question.
      const limited = failure.code === 'teacher-rate-limited';
      if (!limited || this.#lastAnswerAt < before) counted += 1;
      // A service that doesn't keep to maxTokens bills each try at a multiple.
      const tries = failure.code === 'teacher-answer-too-long' ? Math.min(1, this.#teacher.retries) : this.#teacher.retries;
      // A name that was found before is found again.
      const retry = failure.retry || (failure.code === 'teacher-unreachable' && this.#answered > 0);
      const patient = !limited || Date.now() - Math.max(started, this.#lastAnswerAt) >= this.#teacher.retries * this.waits.patiencePerRetryMs;
      if (!retry || (counted > tries && patient) || (failure.retryAfterMs ?? 0) > LONGEST_PAUSE_MS) throw await this.#error(failure, attempt);
      this.#retried += 1;
      await this.#rest(Math.max(failure.retryAfterMs ?? 0, Math.random() * Math.min(RETRY_MOST_MS, this.waits.retryFirstMs * 2 ** Math.min(counted, 16))), signal);
    }
  }

  async #attempt(request: CompletionRequest, options: CompleteOptions, attempt: number, signal: AbortSignal): Promise<Outcome> {
    const place = await this.#places.enter(signal, attempt > 1);
    const worst = this.worstCase(request);
    let end: AttemptEnd = { type: 'refused', code: 'teacher-unreachable', status: null };
    let reserved = false;
    let leave: Parameters<Place['leave']>[0] = { type: 'other' };
    try {
      await options.beforeAttempt?.(attempt, worst);
      reserved = true;
      const result = await this.#send(request, signal, options.onProgress);
      if (result.type !== 'answered') {
        const { failure } = result;
        end = failure.maybeBilled ? { type: 'lost', code: failure.code, worst: overrun(worst, failure) } : { type: 'refused', code: failure.code, status: failure.status };
        if (failure.overload) leave = { type: 'refused', retryAfterMs: failure.retryAfterMs === null ? null : Math.min(failure.retryAfterMs, LONGEST_PAUSE_MS) };
        return result;
      }
      const { completion } = result;
      this.#answered += 1;
      this.#lastAnswerAt = Date.now();
      leave = { type: 'answered' };
      end = { type: 'answered', tokens: completion.tokens, basis: completion.tokensBasis };
      return result;
    } catch (error) {
      // Cancelled, or a bug: nobody knows what the service counted.
      if (reserved) end = { type: 'lost', code: 'cancelled', worst };
      throw error;
    } finally {
      // Told before the place is given to the next, who may need what this one reserved.
      const settled = reserved ? options.afterAttempt?.(attempt, end) : undefined;
      place.leave(leave);
      await settled;
    }
  }

  async #send(request: CompletionRequest, signal: AbortSignal, onProgress: CompleteOptions['onProgress']): Promise<Outcome> {
    const { timeouts } = this.#teacher;
    const { maxTokens, topLogprobs } = request.sampling;
    const assembler = new AnswerAssembler(Math.max(SMALLEST_LIMIT, maxTokens * CHARACTERS_PER_TOKEN));
    const body = this.#service.body(request);
    const asksLogprobs = topLogprobs > 0 && this.#service.givesLogprobs;
    try {
      const { response, text, complete } = await exchange({
        secure: this.#service.url.protocol === 'https:', route: this.#route, headers: this.#service.headers, body, signal,
        connectMs: this.waits.connectMs, firstTokenMs: timeouts.firstTokenSeconds * 1000, silenceMs: timeouts.silenceSeconds * 1000,
        reader: (head) => {
          if (head.statusCode !== 200 || isWebPage(head.headers)) return null;
          const lines = /^text\/event-stream\b/i.test(head.headers['content-type'] ?? '');
          return { reader: lines ? streamReader(assembler, onProgress) : wholeReader(assembler), lines };
        },
      });
      const status = response.statusCode ?? 0;
      if (status !== 200) {
        if (isFiltered(status, text)) return { type: 'answered', completion: FILTERED };
        const failure = failureOfStatus(this.#service, status, response.headers, text);
        const learned = failure.code === 'teacher-request-refused' && this.#service.learnsFrom(errorIn(parsed(text)), body);
        return { type: learned ? 'learned' : 'failed', failure };
      }
      if (isWebPage(response.headers)) return { type: 'failed', failure: failureOfStatus(this.#service, 404, response.headers, text) };
      if (!assembler.whole) throw new BadAnswer(complete ? 'the stream ended without finish_reason and [DONE]' : 'cut');
      return { type: 'answered', completion: this.#completion(request, assembler, asksLogprobs) };
    } catch (error) {
      if (signal.aborted) throw error;
      const failure = failureOfError(this.#service, error, maxTokens);
      if (failure === null) throw error;
      // The connection broke after the last word: the answer is whole.
      if (failure.code === 'teacher-cut' && assembler.whole) return { type: 'answered', completion: this.#completion(request, assembler, asksLogprobs) };
      return { type: 'failed', failure };
    }
  }

  #completion({ messages, sampling }: CompletionRequest, assembler: AnswerAssembler, asksLogprobs: boolean): Completion {
    const { usage, ...rest } = assembler.result();
    const size = { input: inputBound(messages), maxTokens: sampling.maxTokens, think: rest.think, answer: rest.answer };
    const used = serviceUse(usage, size);
    if (used === null) {
      this.#warn('teacher-usage-wrong', { teacher: this.name, detail: isObject(usage) ? excerpt(JSON.stringify({ prompt_tokens: usage['prompt_tokens'], completion_tokens: usage['completion_tokens'] })) : '—' }, 'teacher-usage-wrong');
    } else {
      this.#hidden = { input: Math.max(this.#hidden.input, used.input - size.input), output: Math.max(this.#hidden.output, used.output - sampling.maxTokens) };
    }
    if (asksLogprobs && rest.logprobs === null && rest.answer !== '') this.#warn('teacher-logprobs-missing', { teacher: this.name, address: this.#service.address });
    return { ...rest, tokens: used ?? estimatedUse(size), tokensBasis: used === null ? 'estimated' : 'service' };
  }

  async #rest(milliseconds: number, signal: AbortSignal): Promise<void> {
    this.#resting += 1;
    try {
      await new Promise<void>((resolve, reject) => {
        const abort = (): void => {
          clearTimeout(timer);
          reject(signal.reason as Error);
        };
        const timer = setTimeout(() => {
          signal.removeEventListener('abort', abort);
          resolve();
        }, milliseconds);
        if (signal.aborted) abort();
        else signal.addEventListener('abort', abort, { once: true });
      });
    } finally {
      this.#resting -= 1;
    }
  }

  async #error(failure: Failure, tries: number): Promise<DistillError> {
    const have = failure.code === 'teacher-model-missing' ? { have: await this.#models() } : {};
    return new DistillError(failure.code, {
      teacher: this.name, address: this.#service.address, tries, variable: this.#service.keyVariable ?? 'teachers.*.keyVariable', ...failure.data, ...have,
    }, failure.cause === undefined ? undefined : { cause: failure.cause });
  }

  /** What the service has instead; a service that doesn't say is no error. */
  async #models(): Promise<string> {
    try {
      const path = String(this.#route.target.path).replace('/chat/completions', '/models');
      const { text, response } = await exchange({ secure: this.#service.url.protocol === 'https:', route: this.#route, path, headers: this.#service.headers, body: null, signal: undefined, connectMs: MODELS_MS, firstTokenMs: MODELS_MS, silenceMs: MODELS_MS, reader: () => null });
      const list = response.statusCode === 200 ? JSON.parse(text) as unknown : null;
      const data = isObject(list) && Array.isArray(list['data']) ? list['data'] as readonly unknown[] : [];
      const names = data.flatMap((each) => isObject(each) && typeof each['id'] === 'string' ? [each['id']] : []);
      if (names.length === 0) return '?';
      return names.slice(0, NAMED_MODELS).join(', ') + (names.length > NAMED_MODELS ? ' …' : '');
    } catch {
      return '?';
    }
  }

  #warn(code: WarningCode, data: MessageData, key = `${code} ${JSON.stringify(data)}`): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#onWarning?.(code, data);
  }
}

/** A service that doesn't keep to maxTokens bills what it wrote: no more tokens than characters, as good as always. */
function overrun(worst: TokenUse, { code, data }: Failure): TokenUse {
  const output = code === 'teacher-answer-too-long' ? Math.max(worst.output, Number(data['characters'])) : worst.output;
  return { ...worst, output, reasoning: output };
}

/** A question that a content filter refused: an outcome of the row, not an error. */
const FILTERED: Completion = {
  think: '', answer: '', finish: 'filter', tokens: { input: 0, cachedInput: 0, output: 0, reasoning: 0 }, tokensBasis: 'service', logprobs: null, model: null, id: null,
};

function streamReader(assembler: AnswerAssembler, onProgress: CompleteOptions['onProgress']): BodyReader {
  let token = false;
  let toldAt = 0;
  const parser = createParser({
    onEvent: ({ data, id }) => {
      if (assembler.event(data, id)) token = true;
    },
  });
  return {
    text: (text) => {
      token = false;
      parser.feed(text);
      if (onProgress !== undefined && Date.now() - toldAt >= PROGRESS_MS) {
        toldAt = Date.now();
        onProgress(assembler.characters);
      }
      return token;
    },
    // The last event of some services has no empty line behind it.
    end: () => { parser.feed('\n\n'); },
    get done() { return assembler.done; },
  };
}

function wholeReader(assembler: AnswerAssembler): BodyReader {
  return {
    text: (text) => {
      // A stream that isn't called one.
      if (/^\s*(?:data|event|id)?:/.test(text)) {
        const stream = streamReader(assembler, undefined);
        stream.text(text);
        stream.end();
      } else {
        assembler.object(text);
      }
      return true;
    },
    end: () => undefined,
    get done() { return assembler.done; },
  };
}
