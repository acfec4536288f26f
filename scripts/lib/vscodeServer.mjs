// Starts and ends the VS Code that serves a browser.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { browserVscode } from './prepare.mjs';
import { run, WayOut } from './steps.mjs';

const READY_WITHIN_MS = 60_000;
/** Unix sockets have names of at most 107 characters: VS Code's lie below its data folder. */
const LONGEST_HOME = 60;

/** `wanted` if nobody listens there, any free port without it. Rejects with a WayOut when it is taken. */
export function freePort(wanted = 0) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', (error) => reject(new WayOut(error.code === 'EADDRINUSE'
      ? `Port ${wanted} is taken by another program. Choose another with --port, or leave it out: a free one is found.`
      : `Port ${wanted} can't be used: ${error.message}`)));
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Installs a .vsix into the extensions folder below `home`. */
export async function installVsix(vsix, home) {
  const { node, serverMain } = await browserVscode();
  await run(node, [serverMain, '--install-extension', vsix, '--force', ...folders(home), '--accept-server-license-terms'], { env: environment(home, {}), log: path.join(home, 'install-extension.log') });
}

const folders = (home) => ['--server-data-dir', path.join(home, 'd'), '--user-data-dir', path.join(home, 'u'), '--extensions-dir', path.join(home, 'x')];

function environment(home, extra) {
  const env = { ...process.env, EXTENSIONS_GALLERY: '{"serviceUrl":""}', HOME: home, XDG_CONFIG_HOME: path.join(home, 'c'), XDG_DATA_HOME: path.join(home, 'dd'), XDG_STATE_HOME: path.join(home, 's'), XDG_RUNTIME_DIR: home, ...extra };
  // A server that is started from a VS Code terminal must not take itself for a part of that one.
  for (const name of Object.keys(env)) if (name.startsWith('VSCODE_') && !(name in extra)) delete env[name];
  return env;
}

/**
 * @param {{ home: string, port?: number, token?: string | null, trust?: boolean, smokeTestDriver?: boolean, env?: Record<string, string>, keepHome?: boolean }} options
 *   home: folder for everything the server writes; trust: whether workspace trust is asked for; token: null for none.
 * @returns {Promise<{ port: number, url: string, pid: number, stop: () => Promise<void> }>}
 */
export async function startServer({ home, port, token = null, trust = false, smokeTestDriver = false, env = {}, keepHome = false }) {
  if (home.length > LONGEST_HOME) throw new WayOut(`The folder ${home} is too long for VS Code's sockets (${LONGEST_HOME} characters at most).`);
  const { node, serverMain } = await browserVscode();
  await mkdir(path.join(home, 'u'), { recursive: true });
  const chosen = await freePort(port);
  const args = [
    serverMain, '--host', '127.0.0.1', '--port', String(chosen), ...(token ? ['--connection-token', token] : ['--without-connection-token']),
    '--accept-server-license-terms', '--disable-telemetry', ...(trust ? [] : ['--disable-workspace-trust']), ...folders(home),
    ...(smokeTestDriver ? ['--enable-smoke-test-driver'] : []),
  ];
  const child = spawn(node, args, { env: keepHome ? { ...environment(home, env), HOME: process.env.HOME ?? home } : environment(home, env), detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(path.join(home, 'server.log'));
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  let ended = false;
  const exit = new Promise((resolve) => { child.on('close', () => { ended = true; resolve(); }); });
  const stop = async () => {
    if (!ended) {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended by itself in between.
      }
    }
    await exit;
  };
  const url = `http://127.0.0.1:${chosen}`;
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    if (ended) throw new WayOut(`VS Code did not start; see ${path.join(home, 'server.log')}`);
    try {
      if ((await fetch(`${url}/version`)).ok) break;
    } catch {
      // Not listening yet.
    }
    if (Date.now() > deadline) { await stop(); throw new WayOut(`VS Code did not answer within ${READY_WITHIN_MS / 1000} s; see ${path.join(home, 'server.log')}`); }
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  return { port: chosen, url, pid: child.pid, stop };
}
