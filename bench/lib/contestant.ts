/** A program that takes its turns on demand: a child of the bench that waits while the others run. One JSON object a line. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a child says first. */
type Hello<About> = { readonly ready: true } & About | { readonly ready: false; readonly detail: string };

export interface Contestant<About, Task, Answer> {
  readonly name: string;
  /** What it said of itself when it was ready. */
  readonly about: About;
  turn(task: Task): Promise<Answer>;
  end(): void;
}

/** How a turn went, besides what it computed. */
export interface Turn {
  readonly seconds: number;
  readonly peakMiB: number;
}

/** @throws Error with the child's own words when it can't start or breaks down. */
export async function startContestant<About, Task, Answer>(name: string, command: string, args: readonly string[]): Promise<Contestant<About, Task, Answer & Turn>> {
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
  const hello = await next() as Hello<About>;
  if (!hello.ready) throw new Error(hello.detail);
  return {
    name, about: hello,
    turn: async (task) => {
      child.stdin.write(`${JSON.stringify(task)}\n`);
      return await next() as Answer & Turn;
    },
    end: () => { child.kill('SIGKILL'); },
  };
}

/** The child's side for the engine: `open` prepares, then a turn is taken and timed for every line of stdin. */
export async function serveContestant<About extends object, Task, Answer extends object>(open: () => Promise<{ readonly about: About; turn(task: Task): Promise<Answer> }>): Promise<void> {
  const say = (value: object): void => { process.stdout.write(`${JSON.stringify(value)}\n`); };
  let opened;
  try {
    opened = await open();
  } catch (error) {
    say({ ready: false, detail: error instanceof Error ? error.message : String(error) });
    return;
  }
  say({ ready: true, ...opened.about });
  for await (const line of createInterface({ input: process.stdin })) {
    const begin = performance.now();
    const answer = await opened.turn(JSON.parse(line) as Task);
    say({ ...answer, seconds: (performance.now() - begin) / 1000, peakMiB: process.resourceUsage().maxRSS / 1024 });
  }
}
