/**
 * The way to a service: straight, or through the proxy that the environment names (HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in
 * either case, as curl reads them). Node 20's own client knows none of them.
 */
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';

export interface Route {
  readonly agent: http.Agent | https.Agent;
  /** Where the request is sent and with which path: the service's own, or the proxy's with the whole address as path. */
  readonly target: Readonly<http.RequestOptions>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `connections`: of the pool. Throws TypeError for a proxy's address that is none. */
export function routeTo(url: URL, connections: number, environment: Environment): Route {
  // The last used socket first: those that aren't needed grow old and are closed by the service, not under a request.
  const pool = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections, scheduling: 'lifo', noDelay: true } as const;
  const proxy = proxyFor(url, environment);
  const own = { host: unbracketed(url.hostname), port: url.port, path: url.pathname + url.search };
  if (proxy === null) return url.protocol === 'https:' ? { agent: new https.Agent(pool), target: own } : { agent: new http.Agent(pool), target: own };
  if (url.protocol === 'https:') return { agent: new TunnelAgent(pool, proxy), target: own };
  return {
    agent: new http.Agent(pool),
    target: { host: unbracketed(proxy.hostname), port: proxy.port || '80', path: url.href, headers: { host: url.host, ...proxyAuthorization(proxy) } },
  };
}

/** The proxy for an address, or null. This machine's own addresses have none. */
export function proxyFor(url: URL, environment: Environment): URL | null {
  const named = (name: string): string => environment[name.toLowerCase()] ?? environment[name] ?? '';
  const proxy = (url.protocol === 'https:' ? named('HTTPS_PROXY') : named('HTTP_PROXY')) || named('ALL_PROXY');
  const host = unbracketed(url.hostname);
  if (proxy === '' || host === 'localhost' || host === '::1' || host.startsWith('127.')) return null;
  for (const entry of named('NO_PROXY').split(/[\s,]+/)) {
    const [, domain = '', port] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (entry === '*') return null;
    if (domain !== '' && (host === domain || host.endsWith(`.${domain}`)) && (port === undefined || port === portOf(url))) return null;
  }
  return new URL(proxy.includes('://') ? proxy : `http://${proxy}`);
}

/** HTTPS through a proxy: CONNECT, then TLS with the service itself, so that the proxy reads nothing. */
class TunnelAgent extends https.Agent {
  constructor(options: https.AgentOptions, private readonly proxy: URL) {
    super(options);
  }

  override createConnection(options: tls.ConnectionOptions, callback: (error: Error | null, stream: Duplex) => void): null {
    const { proxy } = this;
    const to = `${options.host?.includes(':') === true ? `[${options.host}]` : options.host ?? ''}:${String(options.port ?? 443)}`;
    const failed = (error: Error): void => {
      // Node's own agent passes an error alone.
      (callback as (error: Error) => void)(error);
    };
    const connect = (proxy.protocol === 'https:' ? https : http).request({
      host: unbracketed(proxy.hostname), port: proxy.port || (proxy.protocol === 'https:' ? '443' : '80'), method: 'CONNECT', path: to, agent: false, headers: { host: to, ...proxyAuthorization(proxy) },
    });
    connect.on('error', (error) => { failed(new Error(`proxy ${proxy.host}: ${error.message}`, { cause: error })); });
    connect.on('connect', (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        failed(new Error(`proxy ${proxy.host}: HTTP ${String(response.statusCode)}`));
        return;
      }
      const secure = tls.connect({ ...options, socket, servername: options.servername ?? options.host ?? '' });
      const early = (error: Error): void => { failed(error); };
      secure.once('error', early);
      secure.once('secureConnect', () => {
        secure.off('error', early);
        callback(null, secure);
      });
    });
    connect.end();
    return null;
  }
}

function proxyAuthorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '') return {};
  return { 'proxy-authorization': `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}` };
}

function portOf({ port, protocol }: URL): string {
  return port === '' ? protocol === 'https:' ? '443' : '80' : port;
}

function unbracketed(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
