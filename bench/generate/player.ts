/** One program that generates on demand: a child of the bench that waits while the others run. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Greedy, always to the full length. */
export interface Task {
  /** A model's folder. */
  readonly folder: string;
  readonly prompts: readonly (readonly number[])[];
  readonly newTokens: number;
}
export interface Answer {
  readonly seconds: number;
  readonly ids: readonly (readonly number[])[];
  readonly peakMiB: number;
}
export interface Player {
  readonly name: string;
  readonly device: string;
  play(task: Task): Promise<Answer>;
  end(): void;
}

/** What a child says first. */
type Hello = { readonly ready: true; readonly device: string } | { readonly ready: false; readonly detail: string };

/** @throws Error with the child's own words when it can't start or breaks down. */
export async function startPlayer(name: string, command: string, args: readonly string[]): Promise<Player> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => { complaint = (complaint + chunk.toString()).slice(-2000); });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise<never>((_, reject) => { child.on('error', reject); });
  failed.catch(() => undefined);
  const next = async (): Promise<unknown> => {
    for (;;) {
      const { value, done } = await Promise.race([lines.next(), failed]);
      if (done === true) throw new Error(complaint.trim().split('\n').at(-1) ?? 'it ended without a word');
      if (value.startsWith('{')) return JSON.parse(value);
    }
  };
  const hello = await next() as Hello;
  if (!hello.ready) throw new Error(hello.detail);
  return {
    name,
    device: hello.device,
    play: async (task) => {
      child.stdin.write(`${JSON.stringify(task)}\n`);
      return await next() as Answer;
    },
    end: () => { child.kill('SIGKILL'); },
  };
}

/** The child's side for the engine. */
export async function servePlayer(open: () => Promise<{ readonly device: string; generate(task: Task): Promise<readonly (readonly number[])[]> }>): Promise<void> {
  const say = (value: object): void => { process.stdout.write(`${JSON.stringify(value)}\n`); };
  let opened;
  try {
    opened = await open();
  } catch (error) {
    say({ ready: false, detail: error instanceof Error ? error.message : String(error) } satisfies Hello);
    return;
  }
  say({ ready: true, device: opened.device } satisfies Hello);
  for await (const line of createInterface({ input: process.stdin })) {
    const task = JSON.parse(line) as Task;
    const begin = performance.now();
    const ids = await opened.generate(task);
    say({ seconds: (performance.now() - begin) / 1000, ids, peakMiB: process.resourceUsage().maxRSS / 1024 } satisfies Answer);
  }
}
