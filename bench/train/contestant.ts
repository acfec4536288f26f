/** One program that makes training steps on demand: a child of the bench that waits while the others run. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Block {
  readonly seconds: number;
  readonly loss: number | null;
  readonly peakMiB: number;
}
export interface Contestant {
  readonly name: string;
  readonly device: string;
  readonly parameters: number;
  steps(count: number): Promise<Block>;
  end(): void;
}

/** What a child says first. */
type Hello = { readonly ready: true; readonly device: string; readonly parameters: number } | { readonly ready: false; readonly detail: string };

/** @throws Error with the child's own words when it can't start. */
export async function startContestant(name: string, command: string, args: readonly string[]): Promise<Contestant> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => { complaint = (complaint + chunk.toString()).slice(-2000); });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise<never>((_, reject) => { child.on('error', (error) => { reject(error); }); });
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
    name, device: hello.device, parameters: hello.parameters,
    steps: async (count) => {
      child.stdin.write(`${count}\n`);
      return await next() as Block;
    },
    end: () => { child.kill('SIGKILL'); },
  };
}

/** The child's side for the engine: `open` prepares, then steps are made for every line of stdin. */
export async function serveContestant(open: () => Promise<{ readonly device: string; readonly parameters: number; run(count: number): Promise<number> }>): Promise<void> {
  const say = (value: object): void => { process.stdout.write(`${JSON.stringify(value)}\n`); };
  let opened;
  try {
    opened = await open();
  } catch (error) {
    say({ ready: false, detail: error instanceof Error ? error.message : String(error) } satisfies Hello);
    return;
  }
  say({ ready: true, device: opened.device, parameters: opened.parameters } satisfies Hello);
  for await (const line of createInterface({ input: process.stdin })) {
    const begin = performance.now();
    const loss = await opened.run(Number(line));
    say({ seconds: (performance.now() - begin) / 1000, loss, peakMiB: process.resourceUsage().maxRSS / 1024 } satisfies Block);
  }
}
