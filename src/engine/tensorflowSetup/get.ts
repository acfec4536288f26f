/** One GET as a stream, through the proxy that the environment names, following redirects. */
import http from 'node:http';
import https from 'node:https';
import { routeTo } from '../teacher/route.ts';

/** What a download that moved may take; pip allows 30, mirrors need one or two. */
const MOST_REDIRECTS = 10;
/** Silence of this long ends a connection; what came before is kept. */
const SILENCE_MS = 60_000;

export interface Got {
  readonly response: http.IncomingMessage;
  /** After redirects. */
  readonly url: URL;
}

/** Whoever gets the answer reads it to its end or destroys it. @throws what Node says of a connection, the signal's reason, Error for redirects without an end. */
export async function get(from: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal | undefined, environment: NodeJS.ProcessEnv = process.env): Promise<Got> {
  let url = from;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const response = await request(url, headers, signal, environment);
    const { statusCode = 0, headers: { location } } = response;
    if (statusCode < 300 || statusCode >= 400 || location === undefined) return { response, url };
    response.resume();
    const next = new URL(location, url);
    // Name and password are for the host that they were given for.
    if (next.username === '' && next.host === url.host) [next.username, next.password] = [url.username, url.password];
    url = next;
  }
  throw new Error(`more than ${MOST_REDIRECTS} redirects`);
}

function request(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal | undefined, environment: NodeJS.ProcessEnv): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new Error(`${url.protocol} is not followed`);
    const { agent, target } = routeTo(url, 1, environment);
    const authorization: Record<string, string> = url.username === '' ? {} : { authorization: `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')}` };
    const sent = (url.protocol === 'https:' ? https : http).request({
      ...target, method: 'GET', agent, ...(signal === undefined ? {} : { signal }),
      headers: { host: url.host, 'user-agent': 'distill-workbench', ...target.headers as http.OutgoingHttpHeaders | undefined, ...headers, ...authorization },
    });
    const end = (): void => { agent.destroy(); };
    sent.setTimeout(SILENCE_MS, () => { sent.destroy(new Error(`no answer for ${SILENCE_MS / 1000} s`)); });
    sent.once('error', (error) => {
      end();
      reject(signal?.aborted === true ? signal.reason as Error : error);
    });
    sent.once('response', (response) => {
      response.once('close', end);
      resolve(response);
    });
    sent.end();
  });
}
