/** One teacher's service: its address and headers, the body of a request, and what the service turned out not to take. */
import { DistillError, type WarningCode } from '../../shared/messages.ts';
import type { MessageData } from '../../shared/events.ts';
import type { ApiTeacher } from '../../shared/recipeTeacher.ts';
import type { CompletionRequest } from './contract.ts';
import { DROPPABLE, keyVariableOf, presetOf, type Droppable, type Preset } from './presets.ts';

const ENDPOINT = '/chat/completions';

export type Warn = (code: WarningCode, data: MessageData) => void;

export class Service {
  /** Where requests go. */
  readonly url: URL;
  /** The same for people: without user, password and query, which may hold secrets. */
  readonly address: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly keyVariable: string | null;
  readonly #preset: Preset | null;
  readonly #dropped = new Set<Droppable>();
  #limitField: 'max_tokens' | 'max_completion_tokens';

  /** Throws DistillError `teacher-address-malformed`, `teacher-key-malformed`. */
  constructor(readonly teacher: ApiTeacher, readonly name: string, readonly key: string | null, readonly warn: Warn) {
    this.#preset = presetOf(teacher);
    this.url = endpoint(teacher.baseUrl ?? this.#preset?.baseUrl ?? '', name);
    this.address = `${this.url.origin}${this.url.pathname}`;
    this.host = this.url.host;
    this.keyVariable = keyVariableOf(teacher);
    this.headers = { 'content-type': 'application/json', accept: 'text/event-stream, application/json', 'user-agent': 'distill-workbench', ...this.#authorization() };
    this.#limitField = this.#preset?.limitField ?? 'max_tokens';
    for (const field of this.#preset?.without ?? []) this.#dropped.add(field);
    if (this.#preset?.ignoresSampling?.test(teacher.model) === true) {
      for (const field of ['temperature', 'top_p', 'logprobs', 'top_logprobs'] as const) this.#dropped.add(field);
      warn('teacher-sampling-ignored', { teacher: name, model: teacher.model });
    }
  }

  get streams(): boolean {
    return !this.#dropped.has('stream') && this.teacher.body['stream'] !== false;
  }

  /** Whether log-probabilities are asked of it. */
  get givesLogprobs(): boolean {
    return !this.#dropped.has('logprobs');
  }

  /** The request's body. What the recipe writes in `body` comes last and wins. */
  body({ messages, sampling, sampleIndex }: CompletionRequest): string {
    const fields: Record<string, unknown> = {
      model: this.teacher.model,
      messages: messages.map(({ role, content }) => ({ role, content })),
      stream: true,
      stream_options: { include_usage: true },
      [this.#limitField]: sampling.maxTokens,
      temperature: sampling.temperature,
      top_p: sampling.topP,
      ...(sampling.seed === undefined ? {} : { seed: sampling.seed + sampleIndex }),
      ...(sampling.topLogprobs === 0 ? {} : { logprobs: true, top_logprobs: sampling.topLogprobs }),
    };
    for (const field of this.#dropped) Reflect.deleteProperty(fields, field);
    const body = { ...fields, ...this.teacher.body };
    if (body['stream'] !== true) Reflect.deleteProperty(body, 'stream_options');
    return JSON.stringify(body);
  }

  /**
   * Learns from a refusal (400, 422) that names a field which we sent on our own account: it is left out from now on, with a
   * warning. Returns whether trying again makes sense; true as well for the requests that were under way with that field.
   */
  learnsFrom(refusal: { readonly message: string; readonly parameter: string | null }, sent: string): boolean {
    const names = (field: string): boolean => refusal.parameter === field || refusal.parameter?.startsWith(`${field}.`) === true
      || new RegExp(`(?<![\\w])${field}(?![\\w])`).test(refusal.message);
    if (names('max_tokens') && names('max_completion_tokens') && !('max_tokens' in this.teacher.body)) return this.#swapLimitField(sent, refusal.message);
    for (const field of DROPPABLE) {
      if (!names(field) || field in this.teacher.body || !sent.includes(`"${field}":`)) continue;
      if (!this.#dropped.has(field)) {
        this.#dropped.add(field);
        if (field === 'logprobs' || field === 'top_logprobs') for (const both of ['logprobs', 'top_logprobs'] as const) this.#dropped.add(both);
        if (field === 'stream') this.#dropped.add('stream_options');
        this.warn('teacher-parameter-dropped', { teacher: this.name, address: this.address, parameter: field, detail: refusal.message });
      }
      return true;
    }
    return false;
  }

  #swapLimitField(sent: string, detail: string): boolean {
    const used = sent.includes('"max_tokens":') ? 'max_tokens' : 'max_completion_tokens';
    const other = used === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    if (this.#limitField === used) {
      this.#limitField = other;
      this.warn('teacher-parameter-dropped', { teacher: this.name, address: this.address, parameter: used, detail });
    }
    return true;
  }

  #authorization(): Readonly<Record<string, string>> {
    const key = this.key?.trim() ?? '';
    if (key === '') return {};
    // A header takes visible ASCII; Node's own error would not say which teacher.
    if (!/^[\x21-\x7e]+$/.test(key)) throw new DistillError('teacher-key-malformed', { teacher: this.name, variable: this.keyVariable ?? 'keyVariable' });
    // Azure's addresses carry their api-version, and its gateway reads the key from a header of its own.
    const azure = this.url.searchParams.has('api-version') || /\.azure(-api)?\.(com|net|cn)$/.test(this.url.hostname);
    return azure ? { 'api-key': key } : { authorization: `Bearer ${key}` };
  }
}

/** The base with the endpoint's name behind its path; its query stays. An address that has the endpoint already is taken as it is. */
function endpoint(base: string, teacher: string): URL {
  let url: URL;
  try {
    url = new URL(base);
  } catch {
    throw new DistillError('teacher-address-malformed', { teacher, address: base });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new DistillError('teacher-address-malformed', { teacher, address: base });
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith(ENDPOINT) ? path : path + ENDPOINT;
  url.hash = '';
  return url;
}
