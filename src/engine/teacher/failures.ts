/** What went wrong with one attempt: which sentence a person reads, whether to try again, and what it tells about load. */
import type { IncomingHttpHeaders } from 'node:http';
import type { MessageData } from '../../shared/events.ts';
import { DistillError, type ErrorCode } from '../../shared/messages.ts';
import { BadAnswer, BrokenOff, EndlessAnswer, errorIn, excerpt } from './answer.ts';
import { ExchangeFailure } from './exchange.ts';
import type { Service } from './service.ts';

export type TeacherErrorCode = Extract<ErrorCode, `teacher-${string}`>;

/** Codes that say the same of every further request: whoever asks many questions stops at the first. */
const FOR_ALL: ReadonlySet<string> = new Set<TeacherErrorCode>([
  'teacher-address-malformed', 'teacher-key-malformed', 'teacher-proxy-malformed', 'teacher-key-missing', 'teacher-key-refused', 'teacher-forbidden', 'teacher-payment-required',
  'teacher-model-missing', 'teacher-address-wrong', 'teacher-rate-limited', 'teacher-unreachable',
]);

/** Whether asking something else of the same teacher would fail alike. The other codes are about one question. */
export function failsForAll(error: unknown): boolean {
  return error instanceof DistillError && FOR_ALL.has(error.code);
}

/** One attempt that gave no answer. */
export interface Failure {
  readonly code: TeacherErrorCode;
  readonly data: MessageData;
  readonly retry: boolean;
  readonly status: number | null;
  /** The service may have generated something that it counts. */
  readonly maybeBilled: boolean;
  /** A sign of too many requests; what the service says of how long to wait. */
  readonly overload: boolean;
  readonly retryAfterMs: number | null;
  readonly cause?: unknown;
}

/** A status that isn't an answer, with its body. */
export function failureOfStatus(service: Service, status: number, headers: IncomingHttpHeaders, text: string): Failure {
  const found = errorIn(parsed(text));
  const message = redacted(text.trim() === '' ? `HTTP ${String(status)}` : found.message, service.key);
  const retryAfterMs = retryAfter(headers, Date.now());
  // OpenAI's and its clients' own word on it.
  const told = headers['x-should-retry'];
  const failure = (code: TeacherErrorCode, makesSense: boolean, more: Partial<Failure> = {}): Failure =>
    ({ code, data: { status, detail: message }, retry: makesSense && told !== 'false', status, maybeBilled: false, overload: false, retryAfterMs, ...more });
  const says = (pattern: RegExp): boolean => pattern.test(found.code) || pattern.test(message);
  // OpenAI and others say 429 for an empty account as well: waiting doesn't fill it.
  if (status === 402 || ((status === 429 || status === 403 || status === 400) && says(/insufficient[_ ](?:quota|balance|credit|funds)|exceeded_current_quota|arrearage|billing_hard_limit|余额不足|欠费/i))) return failure('teacher-payment-required', false);
  if (status === 401) return failure(service.key === null || service.key.trim() === '' ? 'teacher-key-missing' : 'teacher-key-refused', false);
  if (status === 403 && /invalid.*(?:api[_ ]?)?key|api[_ ]?key.*invalid/i.test(message)) return failure('teacher-key-refused', false);
  if (isModelMissing(status, found.code, message)) return failure('teacher-model-missing', false, { data: { status, detail: message, model: service.teacher.model } });
  if (status === 403) return failure('teacher-forbidden', false);
  if (status === 404 || status === 405 || (status >= 300 && status < 400)) {
    const to = headers.location;
    return failure('teacher-address-wrong', false, to === undefined ? {} : { data: { status, detail: `→ ${withoutSecrets(to)}` } });
  }
  if (status === 429) return failure('teacher-rate-limited', true, { overload: true });
  if (status === 408 || status === 409 || status === 425) return failure('teacher-failing', true);
  // 503 and 529 are said by services that are full; a gateway's 504 comes after the service worked on it.
  if (status >= 500) return failure('teacher-failing', status !== 501 && status !== 505, { overload: status === 503 || status === 529, maybeBilled: status === 502 || status === 504 });
  return failure('teacher-request-refused', false);
}

/** A web page where an answer should be: a wrong path, a portal, a proxy's own page. */
export function isWebPage(headers: IncomingHttpHeaders): boolean {
  return /^text\/html\b/i.test(headers['content-type'] ?? '');
}

/** What exchange() or the reading of an answer threw; null for what is no failure of the service (an abort, a bug). */
export function failureOfError(service: Service, error: unknown, maxTokens: number): Failure | null {
  const common = { status: null, maybeBilled: true, overload: false, retryAfterMs: null, retry: true, cause: error };
  if (error instanceof BadAnswer) return { ...common, code: 'teacher-bad-answer', data: { detail: redacted(error.message, service.key) } };
  if (error instanceof EndlessAnswer) return { ...common, code: 'teacher-answer-too-long', data: { characters: error.characters, maxTokens } };
  if (error instanceof BrokenOff) {
    const { status } = error;
    const full = status === 429 || status === 503;
    return { ...common, status, overload: full, code: status !== null && status < 500 && !full ? 'teacher-bad-answer' : 'teacher-failing', data: { status: status ?? 200, detail: redacted(error.message, service.key) } };
  }
  if (!(error instanceof ExchangeFailure)) return null;
  const { timeouts } = service.teacher;
  const detail = error.message;
  switch (error.reason) {
    case 'unreachable': return { ...common, maybeBilled: false, code: 'teacher-unreachable', data: { detail }, retry: !isForGood(error.cause) };
    // A service that lets requests wait is full as well.
    case 'no-first-token': return { ...common, maybeBilled: error.sent, overload: error.sent, code: 'teacher-no-first-token', data: { seconds: timeouts.firstTokenSeconds } };
    case 'silent': return { ...common, code: 'teacher-silent', data: { seconds: timeouts.silenceSeconds } };
    case 'cut': return { ...common, code: 'teacher-cut', data: { detail } };
    case 'bad': return { ...common, code: 'teacher-bad-answer', data: { detail } };
  }
}

/** Content filters answer 400 instead of finish_reason: Azure, DashScope, Zhipu. */
export function isFiltered(status: number, text: string): boolean {
  if (status !== 400) return false;
  const { code, message } = errorIn(parsed(text));
  return /content_filter|data_inspection_failed|contentfilter|^1301$/i.test(code) || /content management policy|DataInspectionFailed|Content Exists Risk/i.test(message);
}

/** `retry-after-ms`, else `retry-after` in seconds (also fractions) or as a date (RFC 9110, section 10.2.3). Null where there is none that can be read. */
export function retryAfter(headers: IncomingHttpHeaders, now: number): number | null {
  const milliseconds = Number(headers['retry-after-ms'] ?? NaN);
  if (milliseconds >= 0) return milliseconds;
  const value = headers['retry-after']?.trim();
  if (value === undefined || value === '') return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : null;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

function isModelMissing(status: number, code: string, message: string): boolean {
  if (status !== 400 && status !== 403 && status !== 404 && status !== 422) return false;
  if (/model_not_found|model_not_exist|DeploymentNotFound|ModelNotFound|InvalidEndpointOrModel/i.test(code)) return true;
  return /\b(?:model|deployment)\b.{0,120}(?:not found|not exist|does ?n[o']t exist|no such|unknown|not supported|is not a valid)|is pinned to|(?:no such|unknown|invalid) model|not a valid model|模型不存在/i.test(message)
    && !/parameter|field/i.test(message);
}

/** Errors of the address itself: trying again changes nothing. */
function isForGood(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return code === 'ENOTFOUND' || code.startsWith('ERR_TLS') || code.startsWith('CERT_') || code.includes('SELF_SIGNED') || code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' || code === 'EPROTO';
}

/** A message of the service without the key, which some repeat. */
function redacted(message: string, key: string | null): string {
  const bare = key?.trim() ?? '';
  return bare === '' ? message : message.replaceAll(bare, '***');
}

function withoutSecrets(location: string): string {
  return excerpt(location.replace(/\/\/[^/@]*@/, '//').replace(/\?.*$/, ''));
}

/** A refusal's body as JSON; other text, without HTML, as its message. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return { message: excerpt(text.replace(/<[^>]*>/g, ' ')) };
  }
}
