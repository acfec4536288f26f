/**
 * One HTTP request and its answer, over Node's own client: it takes half the processor time of fetch for streams of small
 * chunks, and an aborted request closes its socket at once. Two clocks run: until the first token, and between two tokens.
 */
import { isUtf8 } from 'node:buffer';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Route } from './route.ts';

/** What reads the body. Throwing ends the request. */
export interface BodyReader {
  /** Whole lines, or the whole body where `lines` was false. Returns whether a token came: the clock starts anew. */
  text(text: string): boolean;
  /** The body came to its end. */
  end(): void;
  /** Everything that is wanted has come: the rest of the body is not waited for. */
  readonly done: boolean;
}

export interface ExchangeOptions {
  readonly secure: boolean;
  readonly route: Route;
  /** Instead of the route's own path. */
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null for a GET. */
  readonly body: string | null;
  readonly signal: AbortSignal | undefined;
  readonly connectMs: number;
  readonly firstTokenMs: number;
  readonly silenceMs: number;
  /** Called with status and headers; null reads the body as a text of at most MAX_REFUSAL bytes. */
  readonly reader: (response: http.IncomingMessage) => { readonly reader: BodyReader; readonly lines: boolean } | null;
}

export interface Exchanged {
  readonly response: http.IncomingMessage;
  /** Of a body without reader. */
  readonly text: string;
  /** The body came to its end, as HTTP frames it; false where the connection was cut. */
  readonly complete: boolean;
}

/** Why no answer came. `sent`: the service may have seen the request. */
export class ExchangeFailure extends Error {
  constructor(readonly reason: 'unreachable' | 'no-first-token' | 'silent' | 'cut' | 'bad', readonly sent: boolean, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Bodies of refusals are read this far. */
const MAX_REFUSAL = 64 * 1024;
/** A line of a stream, or a body that isn't streamed: 8192 tokens with twenty log-probabilities each are about 16 MiB. */
const MAX_LINE = 64 * 1024 * 1024;
/** What a connection gets to end its body after the answer, so that it can be used again. */
const DRAIN_MS = 2_000;

/** Throws ExchangeFailure, what the reader throws, and the signal's reason. */
export function exchange(options: ExchangeOptions): Promise<Exchanged> {
  const { secure, route: { agent, target }, headers, body, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(reasonOf(signal));
      return;
    }
    let settled = false;
    let sent = false;
    let tokens = false;
    const request = (secure ? https : http).request({
      ...target, ...(options.path === undefined ? {} : { path: options.path }), method: body === null ? 'GET' : 'POST', agent,
      headers: { ...target.headers as http.OutgoingHttpHeaders, ...headers, ...(body === null ? {} : { 'content-length': Buffer.byteLength(body) }) },
    });
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      clearTimeout(connection);
      clearTimeout(firstToken);
      clearTimeout(silence);
      signal?.removeEventListener('abort', abort);
      return true;
    };
    const fail = (error: Error): void => {
      if (!settle()) return;
      request.destroy();
      reject(error);
    };
    const abort = (): void => {
      fail(reasonOf(signal));
    };
    const connection = setTimeout(() => {
      fail(new ExchangeFailure('unreachable', false, `no connection within ${String(options.connectMs / 1000)} s`));
    }, options.connectMs);
    const connected = (): void => {
      sent = true;
      clearTimeout(connection);
    };
    let heardOf = 0;
    // When this process itself was held up, what came meanwhile is read before anyone is called silent.
    const unlessHeard = (then: () => void) => (): void => {
      const before = heardOf;
      setImmediate(() => { setImmediate(() => { if (heardOf === before) then(); }); });
    };
    const firstToken = setTimeout(unlessHeard(() => {
      fail(new ExchangeFailure('no-first-token', sent, 'no first token'));
    }), options.firstTokenMs);
    let silence: NodeJS.Timeout | undefined;
    const heard = (): void => {
      heardOf += 1;
      if (silence !== undefined) {
        silence.refresh();
        return;
      }
      clearTimeout(firstToken);
      silence = setTimeout(unlessHeard(() => {
        fail(new ExchangeFailure('silent', true, 'silent'));
      }), options.silenceMs);
    };
    signal?.addEventListener('abort', abort, { once: true });
    request.on('socket', (socket: Socket) => {
      if (socket.connecting) socket.once(secure ? 'secureConnect' : 'connect', connected);
      else connected();
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (settled) return;
      const detail = error.code === undefined || error.message.includes(error.code) ? error.message : `${error.code}: ${error.message}`;
      fail(new ExchangeFailure(sent ? 'cut' : 'unreachable', sent, detail === '' ? String(error) : detail, { cause: error }));
    });
    request.on('response', (response) => {
      if (settled) {
        response.resume();
        return;
      }
      let chosen: ReturnType<ExchangeOptions['reader']>;
      try {
        chosen = options.reader(response);
      } catch (error) {
        fail(asError(error));
        return;
      }
      const lines = new LineCutter(chosen?.lines ?? false, chosen === null ? MAX_REFUSAL : MAX_LINE, chosen === null);
      const give = (text: string): void => {
        if (chosen === null || text === '') return;
        const token = chosen.reader.text(text);
        if (token) {
          tokens = true;
          heard();
        }
      };
      response.on('data', (bytes: Buffer) => {
        if (settled) return;
        try {
          give(lines.push(bytes));
          // An answer that isn't streamed has no tokens on the way: its bytes are the sign of life.
          if (chosen?.lines !== true) heard();
          if (chosen?.reader.done === true) finish(true);
        } catch (error) {
          fail(asError(error));
        }
      });
      const finish = (complete: boolean): void => {
        if (!settle()) return;
        resolve({ response, text: chosen === null ? lines.rest() : '', complete });
        if (!response.complete) {
          const drain = setTimeout(() => { request.destroy(); }, DRAIN_MS);
          drain.unref();
          response.once('close', () => { clearTimeout(drain); });
        }
      };
      response.on('end', () => {
        if (settled) return;
        try {
          if (chosen !== null) {
            give(lines.rest());
            chosen.reader.end();
          }
          finish(response.complete);
        } catch (error) {
          fail(asError(error));
        }
      });
      const cut = (detail: string): void => {
        if (settled) return;
        // What came may be a whole answer: the reader says so.
        if (chosen?.reader.done === true || chosen === null) finish(false);
        else fail(new ExchangeFailure('cut', true, tokens ? detail : `${detail}, before the first token`));
      };
      response.on('error', (error) => { cut(error.message === 'aborted' ? 'the connection ended' : error.message); });
      response.on('close', () => { cut('the connection ended'); });
    });
    request.end(body ?? undefined);
  });
}

/** Cuts bytes into texts of whole lines, so that no character is cut; refuses what is not UTF-8. */
class LineCutter {
  #held: Buffer[] = [];
  #size = 0;

  constructor(readonly lines: boolean, readonly most: number, readonly lenient: boolean) {}

  push(bytes: Buffer): string {
    const end = this.lines ? bytes.lastIndexOf(0x0a) + 1 : 0;
    if (end === 0) {
      this.#hold(bytes);
      return '';
    }
    this.#held.push(bytes.subarray(0, end));
    const text = this.#decode();
    if (end < bytes.length) this.#hold(bytes.subarray(end));
    return text;
  }

  rest(): string {
    return this.#decode();
  }

  #hold(bytes: Buffer): void {
    if (this.#size + bytes.length > this.most) {
      if (this.lenient) return;
      throw new ExchangeFailure('bad', true, `more than ${String(this.most)} bytes in one piece`);
    }
    this.#size += bytes.length;
    this.#held.push(bytes);
  }

  #decode(): string {
    const [only] = this.#held;
    if (only === undefined) return '';
    const bytes = this.#held.length === 1 ? only : Buffer.concat(this.#held);
    this.#held = [];
    this.#size = 0;
    if (!this.lenient && !isUtf8(bytes)) throw new ExchangeFailure('bad', true, 'bytes that are not UTF-8');
    return bytes.toString('utf8');
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  return asError(signal?.reason ?? new DOMException('This operation was aborted', 'AbortError'));
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
