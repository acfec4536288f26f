import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openTeacherClient } from '../../../src/engine/teacher/client.ts';
import { proxyFor } from '../../../src/engine/teacher/route.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { answerTo } from '../../harness/teacherServer.ts';
import { failureOf, question, scene, SHORT_WAITS, teacherAt } from './setup.ts';

const SUM = 'What is 17 + 25?';
const RIGHT = answerTo(SUM, 0).answer;

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

afterEach(() => { vi.unstubAllEnvs(); });

describe('which way', () => {
  const environment = { HTTPS_PROXY: 'http://proxy:3128', http_proxy: 'other:8080', NO_PROXY: 'intern.example, .cn:8443,10.0.0.5' };
  for (const [address, expected] of [
    ['https://api.deepseek.com/v1', 'http://proxy:3128/'], ['http://api.deepseek.com/v1', 'http://other:8080/'], ['https://intern.example/v1', null], ['https://a.intern.example/v1', null],
    ['https://notintern.example/v1', 'http://proxy:3128/'], ['https://api.cn:8443/v1', null], ['https://api.cn/v1', 'http://proxy:3128/'], ['http://10.0.0.5/v1', null],
    ['http://localhost:8000/v1', null], ['http://127.0.0.1:8000/v1', null], ['http://[::1]:8000/v1', null],
  ] as const) {
    it(address, () => { expect(proxyFor(new URL(address), environment)?.href ?? null).toBe(expected); });
  }

  it('NO_PROXY=* and an empty environment name none', () => {
    expect(proxyFor(new URL('https://api.deepseek.com'), { ...environment, NO_PROXY: '*' })).toBeNull();
    expect(proxyFor(new URL('https://api.deepseek.com'), {})).toBeNull();
  });
});

/** A proxy that sends everything to one port, whatever the name, and writes down what it was asked. */
async function proxyTo(port: number, status = 200): Promise<{ readonly port: number; readonly asked: string[]; readonly authorization: (string | undefined)[]; readonly open: () => number }> {
  const asked: string[] = [];
  const authorization: (string | undefined)[] = [];
  const sockets = new Set<net.Socket>();
  const proxy = http.createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    authorization.push(request.headers['proxy-authorization']);
    const { pathname } = new URL(request.url ?? '');
    const forward = http.request({ host: '127.0.0.1', port, path: pathname, method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(forward);
  });
  proxy.on('connect', (request, socket: net.Socket) => {
    asked.push(`CONNECT ${request.url ?? ''}`);
    authorization.push(request.headers['proxy-authorization']);
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${String(status)} No\r\n\r\n`);
      return;
    }
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const to = net.connect(port, '127.0.0.1');
    to.on('error', () => socket.destroy()).on('close', () => socket.destroy()).pipe(socket);
    socket.on('error', () => to.destroy()).on('close', () => to.destroy()).pipe(to);
  });
  proxy.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await listen(proxy);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return { port: (proxy.address() as AddressInfo).port, asked, authorization, open: () => sockets.size };
}

/** TLS with a certificate that nobody signed, before a port that has none. */
async function tlsBefore(port: number): Promise<number> {
  const folder = temporaryFolder();
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=teacher.test', '-keyout', key, '-out', cert], { stdio: 'pipe' });
  const server = tls.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
    const to = net.connect(port, '127.0.0.1');
    to.on('error', () => socket.destroy()).on('close', () => socket.destroy()).pipe(socket);
    socket.on('error', () => to.destroy()).on('close', () => to.destroy()).pipe(to);
  });
  server.on('tlsClientError', () => undefined);
  await listen(server);
  onTestFinished(() => { server.close(); });
  return (server.address() as AddressInfo).port;
}

function listen(server: net.Server): Promise<void> {
  return new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
}

function clientAt(url: string): ReturnType<typeof openTeacherClient> {
  const client = openTeacherClient(teacherAt(url, { retries: 2 }), { name: 'r1', key: 'sk-1', waits: SHORT_WAITS });
  onTestFinished(() => client.close());
  return client;
}

describe('through a proxy', () => {
  it('http: the proxy is given the whole address, and its own password', async () => {
    const { server } = await scene({ key: 'sk-1' });
    const proxy = await proxyTo(server.port);
    vi.stubEnv('http_proxy', `http://me:p%40ss@127.0.0.1:${String(proxy.port)}`);
    const client = clientAt('http://teacher.test/v1');
    expect((await client.complete(question(SUM))).answer).toBe(RIGHT);
    expect(proxy.asked).toEqual(['POST http://teacher.test/v1/chat/completions']);
    expect(proxy.authorization).toEqual([`Basic ${Buffer.from('me:p@ss').toString('base64')}`]);
  });

  it.skipIf(!hasOpenssl())('https: a tunnel to the service itself, used again, closed on abort', async () => {
    const { server } = await scene({ key: 'sk-1', latencyMs: 5 });
    const proxy = await proxyTo(await tlsBefore(server.port));
    vi.stubEnv('https_proxy', `http://127.0.0.1:${String(proxy.port)}`);
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const client = clientAt('https://teacher.test/v1');
    expect((await client.complete(question(SUM))).answer).toBe(RIGHT);
    expect((await client.complete(question('What is 2 + 2?'))).answer).toContain('4');
    expect(proxy.asked).toEqual(['CONNECT teacher.test:443']);
    const controller = new AbortController();
    const open = failureOf(client.complete(question(`${SUM} [[hang]]`), { signal: controller.signal }));
    await server.whenAtOnce(1);
    controller.abort(new Error('stopped'));
    expect((await open).message).toBe('stopped');
    await server.whenIdle();
    expect(server.counts().left).toBe(1);
  });

  it('a way that leads nowhere is given up long before the first token’s time', async () => {
    const silent = net.createServer();
    await listen(silent);
    onTestFinished(() => { silent.close(); });
    vi.stubEnv('https_proxy', `http://127.0.0.1:${String((silent.address() as AddressInfo).port)}`);
    const client = openTeacherClient(teacherAt('https://teacher.test/v1', { retries: 1 }), { name: 'r1', key: null, waits: { ...SHORT_WAITS, connectMs: 40 } });
    onTestFinished(() => client.close());
    const error = await failureOf(client.complete(question(SUM)));
    expect(error).toMatchObject({ code: 'teacher-unreachable', data: { tries: 2, detail: 'no connection within 0.04 s' } });
  });

  it('a proxy that refuses is named, without its password', async () => {
    const { server } = await scene();
    const proxy = await proxyTo(server.port, 407);
    vi.stubEnv('https_proxy', `http://me:secret@127.0.0.1:${String(proxy.port)}`);
    const error = await failureOf(clientAt('https://teacher.test/v1').complete(question(SUM)));
    expect(error.code).toBe('teacher-unreachable');
    expect(error.message).toContain(`proxy 127.0.0.1:${String(proxy.port)}: HTTP 407`);
    expect(error.message).not.toContain('secret');
  });
});

it('a proxy that is no address is refused before anything is sent', () => {
  vi.stubEnv('https_proxy', 'http://me:secret@:x');
  expect(() => openTeacherClient(teacherAt('https://teacher.test/v1'), { name: 'r1', key: null })).toThrow(/teacher r1 is no address/);
});

describe.skipIf(!hasOpenssl())('https', () => {
  it('a certificate that nobody signed is refused once, before anything is sent', async () => {
    const { server } = await scene();
    const error = await failureOf(clientAt(`https://127.0.0.1:${String(await tlsBefore(server.port))}/v1`).complete(question(SUM)));
    expect(error).toMatchObject({ code: 'teacher-unreachable', data: { tries: 1 } });
    expect(error.message).toMatch(/certificate|SELF_SIGNED/i);
    expect(server.counts().requests).toBe(0);
  });
});
