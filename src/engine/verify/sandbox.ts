/**
 * Runs a program of a model where it can reach nothing: no network, a file system that holds interpreters (read-only) and one
 * small scratch folder in memory, no environment, limits of time, memory, output, file size and processes. Where a machine
 * can't give that, nothing is run at all. What it is not: a wall against a program that attacks the kernel itself.
 */
import { spawn } from 'node:child_process';
import { DistillError } from '../../shared/messages.ts';
import { linuxCommand } from './sandboxLinux.ts';
import { macCommand } from './sandboxMac.ts';

export interface SandboxProgram {
  readonly language: 'python' | 'javascript';
  readonly code: string;
}

export interface SandboxLimits {
  readonly seconds: number;
  readonly memoryMiB: number;
  readonly outputBytes: number;
  readonly scratchMiB: number;
  readonly processes: number;
}

/** For unit tests of a function: generous for honest code, cheap where it isn't. */
export const CODE_LIMITS: SandboxLimits = { seconds: 10, memoryMiB: 512, outputBytes: 1 << 20, scratchMiB: 32, processes: 8 };

export type SandboxOutcome =
  | { readonly type: 'ended'; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly type: 'timed-out' }
  | { readonly type: 'out-of-bounds'; readonly what: 'output' | 'memory' }
  | { readonly type: 'unavailable'; readonly detail: string }
  /** Python or Node.js is not there, or lies where the sandbox can't reach it. */
  | { readonly type: 'no-interpreter' }
  | { readonly type: 'failed'; readonly detail: string };

export interface Sandbox {
  /** What isolates: for a person. */
  readonly how: string;
  /** Throws the signal's reason on abort, after the program is gone. */
  run(program: SandboxProgram, signal?: AbortSignal): Promise<SandboxOutcome>;
}

/** How a program is started on this system. */
export interface SandboxCommand {
  readonly how: string;
  /** Argument list of a shell script or program that reads its program from stdin. Null where the interpreter is missing. */
  arguments(language: SandboxProgram['language'] | 'shell', limits: SandboxLimits): Promise<{ readonly file: string; readonly args: readonly string[] } | null>;
}

/** The variable by which a person's consent to running code reaches the engine. */
export const CONSENT_VARIABLE = 'DISTILL_ALLOW_CODE';

export function hasConsent(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment[CONSENT_VARIABLE] === '1';
}

/** Exit code by which the script says that it could not shut the program in: no program of ours uses it. */
export const NOT_ISOLATED = 97;
/** What a shell answers for a child that was killed by SIGKILL: by the limit of memory, or of time. */
const KILLED = 137;
/** How Python and Node.js say that their limit of memory was reached. */
const OUT_OF_MEMORY = /(?:^|\n)MemoryError|heap out of memory|Array buffer allocation failed/;
/** The wall clock stands above the limit of CPU time, and our own killing above the script's. */
const GRACE_SECONDS = 2;

/**
 * Opens the sandbox of this machine and proves that it holds: no network device but loopback, nothing of the machine's files,
 * no write to the system. Throws DistillError `sandbox-unavailable` with why and what to install.
 */
export async function openSandbox(limits: SandboxLimits = CODE_LIMITS): Promise<Sandbox> {
  const command = await commandOf();
  await prove(command, limits);
  return {
    how: command.how,
    run: async ({ language, code }, signal) => {
      const start = await command.arguments(language, limits);
      if (start === null) return { type: 'no-interpreter' };
      return await execute(start, code, limits, signal);
    },
  };
}

async function commandOf(): Promise<SandboxCommand> {
  switch (process.platform) {
    case 'linux': return await linuxCommand();
    case 'darwin': return macCommand();
    default: throw new DistillError('sandbox-unavailable', { detail: process.platform });
  }
}

/** Prints what of the outside can be seen and touched from inside. */
const PROBE = `
for file in /etc/passwd /etc/shadow /home /root/.ssh /Users /var/log; do if ls "$file"/* >/dev/null 2>&1 || cat "$file" >/dev/null 2>&1; then echo "sees $file"; fi; done
if (echo x > /usr/distill-probe) 2>/dev/null; then rm -f /usr/distill-probe; echo "writes /usr"; fi
if [ -r /proc/net/dev ]; then while read -r name rest; do case "$name" in lo:*|Inter*|face*) ;; *) echo "network $name";; esac; done < /proc/net/dev; fi
echo probed
`;

async function prove(command: SandboxCommand, limits: SandboxLimits): Promise<void> {
  const start = await command.arguments('shell', limits);
  const outcome: SandboxOutcome = start === null ? { type: 'failed', detail: 'sh' } : await execute(start, PROBE, limits);
  const lines = outcome.type === 'ended' ? outcome.stdout.trim().split('\n') : [];
  if (outcome.type === 'ended' && lines.at(-1) === 'probed' && lines.length === 1) return;
  const detail = outcome.type === 'ended' ? [...lines.slice(0, -1), outcome.stderr.trim()].filter((part) => part !== '').join('; ') : outcome.type === 'failed' || outcome.type === 'unavailable' ? outcome.detail : outcome.type;
  throw new DistillError('sandbox-unavailable', { detail: `${command.how}: ${detail === '' ? 'no answer' : detail.slice(0, 300)}` });
}

async function execute({ file, args }: { readonly file: string; readonly args: readonly string[] }, code: string, limits: SandboxLimits, signal?: AbortSignal): Promise<SandboxOutcome> {
  signal?.throwIfAborted();
  return await new Promise<SandboxOutcome>((resolve, reject) => {
    // Nothing of our environment goes along: no key, no token, no path of the person.
    const child = spawn(file, args, { env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' }, stdio: ['pipe', 'pipe', 'pipe'], cwd: '/', detached: true });
    let outcome: SandboxOutcome | null = null;
    const kill = (why: SandboxOutcome | null): void => {
      outcome ??= why;
      // Its whole group; what is in its process namespace dies with the first process of it.
      if (child.pid !== undefined) try { process.kill(-child.pid, 'SIGKILL'); } catch { child.kill('SIGKILL'); }
    };
    const timer = setTimeout(() => { kill({ type: 'timed-out' }); }, (limits.seconds + GRACE_SECONDS) * 1000);
    const aborted = (): void => { kill(null); };
    signal?.addEventListener('abort', aborted, { once: true });
    const texts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let bytes = 0;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > limits.outputBytes) kill({ type: 'out-of-bounds', what: 'output' });
        else texts[name].push(chunk);
      });
    }
    // A program that ends without reading is no trouble of ours.
    child.stdin.on('error', () => undefined);
    child.stdin.end(code);
    const begin = performance.now();
    const settle = (result: SandboxOutcome): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      if (signal?.aborted === true) reject(signal.reason as Error);
      else resolve(result);
    };
    child.on('error', (error) => { settle({ type: 'failed', detail: error.message }); });
    child.on('close', (exit, killedBy) => {
      const stdout = Buffer.concat(texts.stdout).toString('utf8');
      const stderr = Buffer.concat(texts.stderr).toString('utf8');
      if (outcome !== null) settle(outcome);
      else if (exit === NOT_ISOLATED) settle({ type: 'unavailable', detail: stderr.trim().slice(0, 500) });
      else if (exit === KILLED || killedBy !== null) settle(performance.now() - begin >= limits.seconds * 1000 ? { type: 'timed-out' } : { type: 'out-of-bounds', what: 'memory' });
      else if (exit !== 0 && OUT_OF_MEMORY.test(stderr.slice(-20_000))) settle({ type: 'out-of-bounds', what: 'memory' });
      else settle({ type: 'ended', code: exit ?? -1, stdout, stderr });
    });
  });
}
