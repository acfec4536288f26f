/**
 * A teacher's service for tests and benches: a real HTTP server that speaks the OpenAI protocol, answers sums, misbehaves on
 * request, and counts what it did. In a process of its own, for kill tests, benches and for trying by hand:
 *
 *   npm run bench -- teacher serve '{"port":9000,"capacity":32,"latencyMs":50,"seed":1,"rates":{"500":0.01,"cut":0.01}}'
 *
 * prints one line, {"port":…}, and serves until it is ended. The JSON is TeacherServerOptions below. See teacherProcess.ts.
 *
 * Misbehaviour comes from a marker in the prompt, [[cut]] (always) or [[cut*2]] (the first two times that this prompt and
 * sample are asked), or from `rates` drawn by `seed`, prompt, sample and attempt, so that a plan repeats.
 *
 *   GET  /v1/models          the models
 *   GET  /control/counts     Counts as JSON: how often each prompt and sample was answered, what was billed
 *   GET  /control/answered   {"answered":…} alone
 *   POST /control/reset      forgets the counts
 *
 * A sample is told apart by the request's `seed`. Billed is what a real service would bill: the prompt once generation began
 * and each token that was written.
 */
import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export const MISBEHAVIOURS = [
  /** Refused: too many requests, without and with Retry-After. */
  '429', '429-after', '500', '503',
  /** Nothing after the headers; nothing after half the answer; one token every dripMs. */
  'hang', 'hang-mid', 'drip',
  /** The connection is destroyed: before the headers, in the middle, after the last token but before the end, after finish_reason but before usage. */
  'cut-before', 'cut', 'cut-after', 'cut-end',
  /** The body ends as HTTP frames it, without finish_reason and [DONE]. */
  'unfinished',
  'malformed', 'bad-utf8', 'error-in-stream', 'duplicates', 'doubled-end', 'huge', 'html',
  'usage-absent', 'usage-negative', 'usage-absurd', 'usage-zero', 'usage-text',
  'key', 'payment', 'model', 'quota', 'filter', 'too-long',
] as const;
export type Misbehaviour = (typeof MISBEHAVIOURS)[number];

export interface TeacherServerOptions {
  readonly port?: number;
  readonly seed?: number;
  readonly rates?: Readonly<Partial<Record<Misbehaviour, number>>>;
  /** Requests at once; more are refused (429), or wait where `full` is "queue". */
  readonly capacity?: number;
  readonly full?: 'refuse' | 'queue';
  /** Retry-After of those 429 and of 429-after, in milliseconds (sent as retry-after-ms and retry-after). */
  readonly retryAfterMs?: number;
  /** Of the 429 that say it is full; 429-after says it always. */
  readonly saysRetryAfter?: boolean;
  /** Until the first token. */
  readonly latencyMs?: number;
  /** Between two tokens. */
  readonly tokenMs?: number;
  /** Tokens of one chunk. */
  readonly tokensPerChunk?: number;
  readonly dripMs?: number;
  /** Where the reasoning is. */
  readonly reasoning?: 'reasoning_content' | 'reasoning' | 'both' | 'tags' | 'tags-unopened' | 'none';
  /** Share of wrong sums, drawn by seed, prompt and sample. */
  readonly wrong?: number;
  readonly key?: string;
  readonly models?: readonly string[];
  /** Fields of the body that it refuses with 400, as services do that don't know them. */
  readonly refuses?: readonly string[];
  readonly streams?: boolean;
  /** Counts each answer under this many different keys at most: 0 counts only totals. */
  readonly remember?: number;
}

export interface Asked {
  readonly prompt: string;
  readonly sample: number;
  /** Requests for it. */
  asked: number;
  /** Answers written to their end. */
  answered: number;
  readonly times: Times[];
}

/** When an answer began and ended (Date.now()), and when the next was asked for over its connection: before that, nobody may have read it. */
export interface Times {
  readonly from: number;
  readonly to: number;
  next: number | null;
}

export interface Counts {
  readonly requests: number;
  readonly answered: number;
  readonly refused: number;
  /** Connections that the client closed in the middle of an answer. */
  readonly left: number;
  readonly mostAtOnce: number;
  readonly billed: { readonly input: number; readonly output: number };
  readonly misbehaved: Readonly<Partial<Record<Misbehaviour, number>>>;
  readonly asked: readonly Asked[];
}

interface Ask {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly seed?: number;
  readonly logprobs?: boolean;
  readonly top_logprobs?: number;
}

interface Token {
  readonly text: string;
  readonly reasoning: boolean;
}

export interface TeacherServer {
  readonly url: string;
  readonly port: number;
  counts(): Counts;
  reset(): void;
  /** Bodies of the requests so far, oldest first: at most the last hundred. */
  bodies(): readonly Readonly<Record<string, unknown>>[];
  /** Sockets open at this moment. */
  sockets(): number;
  /** Resolves when as many requests are being answered. */
  whenAtOnce(requests: number): Promise<void>;
  /** Resolves when nothing is being answered and every connection in use was given up. */
  whenIdle(): Promise<void>;
  close(): Promise<void>;
}

const REMEMBERED_BODIES = 100;

export async function startTeacherServer(options: TeacherServerOptions = {}): Promise<TeacherServer> {
  const service = new Service(options);
  await new Promise<void>((resolve) => { service.server.listen(options.port ?? 0, '127.0.0.1', resolve); });
  const { port } = service.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/v1`, port,
    counts: () => service.counts(),
    reset: () => { service.reset(); },
    bodies: () => service.bodies,
    sockets: () => service.sockets.size,
    whenAtOnce: (requests) => service.when(() => service.active >= requests),
    whenIdle: () => service.when(() => service.active === 0),
    close: () => service.close(),
  };
}

class Service {
  readonly server: http.Server;
  readonly sockets = new Set<Socket>();
  bodies: Readonly<Record<string, unknown>>[] = [];
  active = 0;
  #waiting: (() => void)[] = [];
  #watchers = new Set<() => void>();
  #asked = new Map<string, Asked>();
  #totals = { requests: 0, answered: 0, refused: 0, left: 0, mostAtOnce: 0, input: 0, output: 0 };
  #misbehaved: Partial<Record<Misbehaviour, number>> = {};
  /** The last answer over each connection. */
  readonly #last = new WeakMap<Socket, Times>();

  constructor(readonly options: TeacherServerOptions) {
    this.server = http.createServer((request, response) => { this.#request(request, response); });
    this.server.keepAliveTimeout = 60_000;
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => {
        this.sockets.delete(socket);
        this.#changed();
      });
      socket.on('error', () => undefined);
    });
  }

  counts(): Counts {
    const { input, output, ...totals } = this.#totals;
    return { ...totals, billed: { input, output }, misbehaved: { ...this.#misbehaved }, asked: [...this.#asked.values()] };
  }

  reset(): void {
    this.#asked = new Map();
    this.#totals = { requests: 0, answered: 0, refused: 0, left: 0, mostAtOnce: 0, input: 0, output: 0 };
    this.#misbehaved = {};
    this.bodies = [];
  }

  when(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#watchers.delete(check);
        resolve();
      };
      this.#watchers.add(check);
    });
  }

  close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((resolve) => { this.server.close(() => { resolve(); }); });
  }

  #changed(): void {
    for (const check of [...this.#watchers]) check();
  }

  #request(request: http.IncomingMessage, response: http.ServerResponse): void {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => { parts.push(part); });
    request.on('end', () => {
      const path = (request.url ?? '').replace(/\?.*$/, '');
      if (path === '/control/counts') send(response, 200, this.counts());
      else if (path === '/control/answered') send(response, 200, { answered: this.#totals.answered });
      else if (path === '/control/reset') {
        this.reset();
        send(response, 200, {});
      } else if (this.options.key !== undefined && request.headers.authorization !== `Bearer ${this.options.key}` && request.headers['api-key'] !== this.options.key) {
        this.#totals.refused += 1;
        send(response, 401, { error: { message: `Incorrect API key provided: ${request.headers.authorization ?? request.headers['api-key']?.toString() ?? 'none'}.`, type: 'invalid_request_error', code: 'invalid_api_key' } });
      } else if (path === '/v1/models') send(response, 200, { object: 'list', data: this.#models().map((id) => ({ id, object: 'model' })) });
      else if (path !== '/v1/chat/completions') send(response, 404, { detail: 'Not Found' });
      else this.#complete(JSON.parse(Buffer.concat(parts).toString('utf8')) as Ask, response);
    });
  }

  #models(): readonly string[] {
    return this.options.models ?? ['tiny-r1'];
  }

  #complete(ask: Ask, response: http.ServerResponse): void {
    const prompt = ask.messages.at(-1)?.content ?? '';
    const sample = ask.seed ?? 0;
    const key = `${String(sample)} ${prompt}`;
    let record = this.#asked.get(key);
    if (record === undefined) {
      record = { prompt, sample, asked: 0, answered: 0, times: [] };
      if (this.#asked.size < (this.options.remember ?? Infinity)) this.#asked.set(key, record);
    }
    record.asked += 1;
    this.#totals.requests += 1;
    const { socket } = response;
    const last = socket === null ? undefined : this.#last.get(socket);
    if (last !== undefined) last.next ??= Date.now();
    this.bodies.push({ ...ask });
    if (this.bodies.length > REMEMBERED_BODIES) this.bodies.shift();
    const refused = this.options.refuses?.find((field) => field in ask);
    if (refused !== undefined) {
      this.#refuse(response, 400, { message: refused === 'max_tokens' ? 'Unsupported parameter: \'max_tokens\' is not supported with this model. Use \'max_completion_tokens\' instead.' : `Unrecognized request argument supplied: ${refused}`, param: null, code: 'unknown_parameter' });
      return;
    }
    if (!this.#models().includes(ask.model)) {
      this.#refuse(response, 404, { message: `The model \`${ask.model}\` does not exist.`, type: 'NotFoundError', code: 404 });
      return;
    }
    const misbehaviour = this.#misbehaviour(prompt, sample, record.asked);
    if (misbehaviour !== null) this.#misbehaved[misbehaviour] = (this.#misbehaved[misbehaviour] ?? 0) + 1;
    if (misbehaviour !== null && this.#refusal(misbehaviour, response)) return;
    const run = (): void => {
      this.active += 1;
      this.#totals.mostAtOnce = Math.max(this.#totals.mostAtOnce, this.active);
      new Answering(ask, record, response, misbehaviour, this.options, {
        billed: (input, output) => {
          this.#totals.input += input;
          this.#totals.output += output;
        },
        closed: (how) => {
          const times = record.times.at(-1);
          if (how === 'answered' && socket !== null && times !== undefined) this.#last.set(socket, times);
          if (how === 'left') this.#totals.left += 1;
          if (how === 'answered') this.#totals.answered += 1;
          this.active -= 1;
          this.#waiting.shift()?.();
          this.#changed();
        },
      }).start();
      this.#changed();
    };
    if (this.active < (this.options.capacity ?? Infinity)) run();
    else if (this.options.full === 'queue') {
      this.#waiting.push(run);
      response.on('close', () => { this.#waiting = this.#waiting.filter((each) => each !== run); });
    } else this.#tooMany(response, this.options.saysRetryAfter ?? true);
  }

  #refusal(misbehaviour: Misbehaviour, response: http.ServerResponse): boolean {
    switch (misbehaviour) {
      case '429': this.#tooMany(response, false); return true;
      case '429-after': this.#tooMany(response, true); return true;
      case '500': this.#refuse(response, 500, { message: 'Internal server error' }); return true;
      case '503': this.#refuse(response, 503, { message: 'The server is overloaded' }); return true;
      case 'key': this.#refuse(response, 401, { message: 'Authentication Fails', code: 'invalid_request_error' }); return true;
      case 'payment': this.#refuse(response, 402, { message: 'Insufficient Balance' }); return true;
      case 'quota': this.#refuse(response, 429, { message: 'You exceeded your current quota, please check your plan and billing details.', code: 'insufficient_quota' }); return true;
      case 'model': this.#refuse(response, 400, { message: 'Model Not Exist', code: 'invalid_request_error' }); return true;
      case 'filter': this.#refuse(response, 400, { message: 'The response was filtered due to the prompt triggering content management policy.', code: 'content_filter' }); return true;
      case 'too-long': this.#refuse(response, 400, { message: 'This model\'s maximum context length is 4096 tokens. However, you requested 9000 tokens.', code: 'context_length_exceeded', param: 'messages' }); return true;
      case 'html':
        this.#totals.refused += 1;
        response.writeHead(502, { 'content-type': 'text/html' }).end('<html><body><h1>502 Bad Gateway</h1></body></html>');
        return true;
      case 'cut-before':
        response.destroy();
        return true;
      default: return false;
    }
  }

  #tooMany(response: http.ServerResponse, says: boolean): void {
    const after = this.options.retryAfterMs ?? 1000;
    this.#totals.refused += 1;
    send(response, 429, { error: { message: 'Rate limit reached', type: 'rate_limit_error' } }, says ? { 'retry-after-ms': String(after), 'retry-after': String(Math.ceil(after / 1000)) } : {});
  }

  #refuse(response: http.ServerResponse, status: number, error: object): void {
    this.#totals.refused += 1;
    send(response, status, { error });
  }

  #misbehaviour(prompt: string, sample: number, attempt: number): Misbehaviour | null {
    for (const [, name, times] of prompt.matchAll(/\[\[([a-z0-9-]+)(?:\*(\d+))?\]\]/g)) {
      const known = MISBEHAVIOURS.find((each) => each === name);
      if (known !== undefined && (times === undefined || attempt <= Number(times))) return known;
    }
    let left = drawn(`${String(this.options.seed ?? 0)} ${String(attempt)} ${String(sample)} ${prompt}`);
    for (const [name, rate] of Object.entries(this.options.rates ?? {}) as [Misbehaviour, number][]) {
      left -= rate;
      if (left < 0) return name;
    }
    return null;
  }
}

interface Hooks {
  readonly billed: (input: number, output: number) => void;
  readonly closed: (how: 'answered' | 'left' | 'broken') => void;
}

/** One answer on its way. */
class Answering {
  readonly #tokens: readonly Token[];
  readonly #limit: number;
  readonly #input: number;
  readonly #from = Date.now();
  readonly #id = `chatcmpl-${Math.random().toString(36).slice(2)}`;
  #written = 0;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly ask: Ask, readonly record: Asked, readonly response: http.ServerResponse, readonly misbehaviour: Misbehaviour | null, readonly options: TeacherServerOptions, readonly hooks: Hooks) {
    this.#tokens = tokensOf(record.prompt, record.sample, options);
    this.#limit = ask.max_tokens ?? ask.max_completion_tokens ?? Infinity;
    this.#input = inputTokens(ask.messages);
    response.on('close', () => { this.#end(response.writableFinished ? 'broken' : 'left'); });
  }

  start(): void {
    this.hooks.billed(this.#input, 0);
    const latency = this.options.latencyMs ?? 0;
    if (!this.#streams) {
      this.#after(latency + (this.options.tokenMs ?? 0) * this.#tokens.length, () => { this.#whole(); });
      return;
    }
    this.response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
    this.response.flushHeaders();
    if (this.misbehaviour === 'hang') return;
    this.#after(latency, () => {
      this.#chunk({ role: 'assistant', content: '' });
      this.#next();
    });
  }

  get #streams(): boolean {
    return this.ask.stream === true && this.options.streams !== false;
  }

  get #reason(): string {
    return this.#tokens.length > this.#limit ? 'length' : 'stop';
  }

  #after(milliseconds: number, then: () => void): void {
    if (milliseconds <= 0) setImmediate(() => { if (!this.#ended) then(); });
    else this.#timer = setTimeout(then, milliseconds);
  }

  #next(): void {
    const half = Math.floor(this.#tokens.length / 2);
    if (this.misbehaviour === 'huge') {
      this.#huge();
      return;
    }
    const size = this.misbehaviour === 'drip' ? 1 : this.options.tokensPerChunk ?? 1;
    const middle = this.#written >= half;
    if (middle) {
      switch (this.misbehaviour) {
        case 'hang-mid': return;
        case 'cut': this.response.destroy(); return;
        case 'unfinished': this.response.end(); return;
        case 'malformed': this.response.end(`data: {"choices":[{"delta":{"content":"4\n\n`); return;
        case 'error-in-stream': this.response.end(`data: {"error":{"message":"CUDA out of memory","code":500}}\n\n`); return;
        case 'bad-utf8': this.response.write(Buffer.concat([Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"'), Buffer.from([0xe7, 0xad]), Buffer.from('"}}]}\n\n')])); break;
        default: break;
      }
    }
    const piece = this.#tokens.slice(this.#written, Math.min(this.#written + size, this.#limit));
    if (piece.length === 0) {
      if (this.misbehaviour === 'cut-after') this.response.destroy();
      else this.#finish();
      return;
    }
    for (const reasoning of [true, false]) {
      const tokens = piece.filter((token) => token.reasoning === reasoning);
      if (tokens.length > 0) this.#text(tokens, reasoning);
    }
    this.#written += piece.length;
    this.hooks.billed(0, piece.length);
    this.#after(this.misbehaviour === 'drip' ? this.options.dripMs ?? 20 : (this.options.tokenMs ?? 0) * size, () => { this.#next(); });
  }

  #text(tokens: readonly Token[], reasoning: boolean): void {
    const text = tokens.map((token) => token.text).join('');
    const logprobs = this.ask.logprobs === true
      ? { [reasoning ? 'reasoning_content' : 'content']: tokens.map((token) => ({ token: token.text, logprob: -0.25, bytes: null, top_logprobs: [{ token: token.text, logprob: -0.25 }, { token: '?', logprob: -1.5 }].slice(0, this.ask.top_logprobs ?? 0) })) }
      : null;
    const kind = this.options.reasoning ?? 'reasoning_content';
    const delta = !reasoning ? { content: text } : kind === 'both' ? { reasoning: text, reasoning_content: text } : { [kind]: text };
    this.#chunk(delta, logprobs);
    // Twice what can't be a word said twice.
    if (this.misbehaviour === 'duplicates' && !reasoning) this.#chunk(delta, logprobs);
  }

  /** Text without end, faster than any model writes, and billed. */
  #huge(): void {
    const tokens = 20;
    this.#chunk({ content: 'and again '.repeat(tokens / 2) });
    this.hooks.billed(0, tokens);
    this.#after(1, () => { this.#huge(); });
  }

  #chunk(delta: object, logprobs: object | null = null, finish: string | null = null): void {
    this.response.write(chunkLine(this.#id, this.ask.model, delta, logprobs, finish));
  }

  #finish(): void {
    const last = chunkLine(this.#id, this.ask.model, {}, null, this.#reason);
    const usage = this.ask.stream_options?.include_usage === true ? this.#usage() : undefined;
    const usageLine = usage === undefined ? '' : `data: ${JSON.stringify({ id: this.#id, object: 'chat.completion.chunk', model: this.ask.model, choices: [], usage })}\n\n`;
    const end = last + usageLine;
    this.hooks.billed(0, 1);
    if (this.misbehaviour === 'cut-end') {
      this.#answered();
      this.response.write(last, () => { this.response.destroy(); });
      return;
    }
    this.response.end(`${this.misbehaviour === 'doubled-end' ? end + end : end}data: [DONE]\n\n`);
    this.#answered();
  }

  #whole(): void {
    const tokens = this.#tokens.slice(0, Math.min(this.#tokens.length, this.#limit));
    const text = (reasoning: boolean): string => tokens.filter((token) => token.reasoning === reasoning).map((token) => token.text).join('');
    this.hooks.billed(0, tokens.length + 1);
    const body = JSON.stringify({
      id: this.#id, object: 'chat.completion', model: this.ask.model, usage: this.#usage(),
      choices: [{ index: 0, finish_reason: this.#reason, message: { role: 'assistant', content: text(false), reasoning_content: text(true) } }],
    });
    this.#written = tokens.length;
    if (this.misbehaviour === 'malformed') this.response.writeHead(200, { 'content-type': 'application/json' }).end(body.slice(0, body.length / 2));
    else {
      this.response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      this.#answered();
    }
  }

  #usage(): object | undefined {
    const reasoning = this.#tokens.filter((token) => token.reasoning).length;
    const output = Math.min(this.#tokens.length, this.#limit) + 1;
    switch (this.misbehaviour) {
      case 'usage-absent': return undefined;
      case 'usage-negative': return { prompt_tokens: -this.#input, completion_tokens: -output };
      case 'usage-absurd': return { prompt_tokens: this.#input * 1e9, completion_tokens: output * 1e9 };
      case 'usage-zero': return { prompt_tokens: 0, completion_tokens: 0 };
      case 'usage-text': return { prompt_tokens: String(this.#input), completion_tokens: `${String(output)}.5` };
      default: return { prompt_tokens: this.#input, completion_tokens: output, total_tokens: this.#input + output, prompt_tokens_details: { cached_tokens: 0 }, completion_tokens_details: { reasoning_tokens: Math.min(reasoning, output) } };
    }
  }

  /** Damaged ones are no answers: whoever asks again is right. */
  #answered(): void {
    if (this.misbehaviour === 'duplicates' || this.misbehaviour === 'bad-utf8') {
      this.#end('broken');
      return;
    }
    this.record.answered += 1;
    this.record.times.push({ from: this.#from, to: Date.now(), next: null });
    this.#end('answered');
  }

  #end(how: 'answered' | 'left' | 'broken'): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.hooks.closed(how);
  }
}

/** What it would answer: for tests that compare. */
export function answerTo(prompt: string, sample: number, options: TeacherServerOptions = {}): { readonly think: string; readonly answer: string; readonly tokens: number } {
  const tokens = tokensOf(prompt, sample, options);
  const text = (reasoning: boolean): string => tokens.filter((token) => token.reasoning === reasoning).map((token) => token.text).join('');
  return { think: text(true), answer: text(false), tokens: tokens.length + 1 };
}

/** A sum in the prompt ("12 + 30") is added, rightly or by one too much; other prompts get their length. */
function tokensOf(prompt: string, sample: number, { reasoning = 'reasoning_content', wrong = 0, seed = 0 }: TeacherServerOptions): readonly Token[] {
  const sum = /(-?\d+) \+ (-?\d+)/.exec(prompt);
  const right = sum === null ? prompt.length : Number(sum[1]) + Number(sum[2]);
  const result = drawn(`wrong ${String(seed)} ${String(sample)} ${prompt}`) < wrong ? right + 1 : right;
  const think = `Sample ${String(sample)}: I take ${sum?.[1] ?? 'the'} and ${sum?.[2] ?? 'length'}, so it is ${String(result)}. 验算：正确 ✓`;
  const answer = `The answer is \\boxed{${String(result)}}.`;
  const pieces = (text: string, inside: boolean): Token[] => (text.match(/\s?\S{1,6}/gu) ?? []).map((piece) => ({ text: piece, reasoning: inside }));
  switch (reasoning) {
    case 'none': return pieces(answer, false);
    case 'tags': case 'tags-unopened': {
      // Tags come in pieces, as tokenizers that don't know them write them.
      const tags = [...(reasoning === 'tags' ? ['<th', 'ink', '>'] : []), '\n', ...pieces(think, false).map(({ text }) => text), '\n', '</', 'thi', 'nk', '>\n\n'];
      return [...tags.map((text) => ({ text, reasoning: false })), ...pieces(answer, false)];
    }
    default: return [...pieces(think, true), ...pieces(answer, false)];
  }
}

/** As its tokenizer counts: about four bytes a token. */
function inputTokens(messages: Ask['messages']): number {
  return messages.reduce((sum, { content }) => sum + 4 + Math.ceil(Buffer.byteLength(content) / 4), 3);
}

function chunkLine(id: string, model: string, delta: object, logprobs: object | null, finish: string | null): string {
  return `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', model, choices: [{ index: 0, delta, logprobs, finish_reason: finish }] })}\n\n`;
}

function send(response: http.ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Between 0 and 1, the same for the same text. */
function drawn(text: string): number {
  return createHash('md5').update(text).digest().readUInt32LE(0) / 2 ** 32;
}
