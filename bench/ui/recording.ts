/** Run folders with the values of a long training run, written as the engine writes them; for the bench and the end-to-end tests. */
import { mkdir, open, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { UnsentEvent } from '../../src/shared/events.ts';
import { recipe } from '../../src/shared/recipe.ts';
import { RUN_FILES, RUNS_FOLDER, type RunFile } from '../../src/shared/run.ts';
import { processIdentity } from '../../src/system/processIdentity.ts';

/** As in a distillation with a teacher: what the engine tells after each step. */
export const VALUES_PER_STEP = 12;
const VALIDATE_EVERY = 50;

export interface RecordingOptions {
  readonly name: string;
  /** Steps that the recipe asks for. */
  readonly totalSteps: number;
  /** Changes the course of the curves, so that runs differ. */
  readonly pace?: number;
  readonly msPerStep?: number;
}

/** A run that this process writes. While it writes, the run counts as running: it holds this process's identity. */
export class Recording {
  #seq = 0;
  #step = 0;
  #tokens = 0;

  private constructor(readonly folder: string, private readonly file: FileHandle, private readonly options: RecordingOptions) {}

  /** Makes a project (when it isn't there) and a run folder in it. */
  static async create(project: string, options: RecordingOptions): Promise<Recording> {
    const folder = path.join(project, ...RUNS_FOLDER.split('/'), options.name);
    await mkdir(folder, { recursive: true });
    const asked = {
      format: 1, name: 'arithmetic', teachers: { teacher: { type: 'local', model: 'teacher' } }, student: { model: 'student' }, data: { train: 'train.jsonl' },
      stages: [{ type: 'train', name: 'distil', teacher: 'teacher', limits: { steps: options.totalSteps } }, { type: 'evaluate', name: 'evaluate' }],
    };
    await writeFile(path.join(project, 'distill.json'), `${JSON.stringify(asked, null, 2)}\n`);
    const run: RunFile = {
      format: 1, id: options.name, createdAt: Date.now(), recipePath: path.join(project, 'distill.json'), base: project,
      recipe: recipe.parse(asked), parent: null, queue: true, versions: {},
    };
    await writeFile(path.join(folder, RUN_FILES.run), `${JSON.stringify(run, null, 2)}\n`);
    return new Recording(folder, await open(path.join(folder, RUN_FILES.events), 'a'), options);
  }

  get step(): number {
    return this.#step;
  }

  async start(at = Date.now()): Promise<void> {
    const process = await processIdentity();
    if (process === null) throw new Error('this process has no identity');
    await this.write(at, { kind: 'started', process, engine: 'recording', backend: 'wasm', device: 'CPU, 2 threads', threads: 2, attempts: [], resumedFrom: null });
    await this.write(at, { kind: 'stage', stage: 0, name: 'distil', type: 'train', state: 'begin', total: this.options.totalSteps });
  }

  /** One optimiser step, and what belongs to it. Resolves when it is in the file. */
  async next(at = Date.now()): Promise<void> {
    await this.file.appendFile(this.#stepLines(at));
  }

  /** Many steps at once, dated as if each had taken `msPerStep`. */
  async steps(count: number, startedAt: number): Promise<void> {
    const block = 5000;
    for (let done = 0; done < count; done += block) {
      const lines: string[] = [];
      for (let i = done; i < Math.min(count, done + block); i += 1) lines.push(this.#stepLines(startedAt + i * (this.options.msPerStep ?? 400)));
      await this.file.appendFile(lines.join(''));
    }
  }

  async write(at: number, event: UnsentEvent): Promise<void> {
    await this.file.appendFile(this.#line(at, event));
  }

  async end(at = Date.now()): Promise<void> {
    await this.write(at, { kind: 'stage', stage: 0, name: 'distil', type: 'train', state: 'end', total: this.#step, reason: 'steps' });
    await this.write(at, { kind: 'ended', outcome: 'done' });
    await this.close();
  }

  close(): Promise<void> {
    return this.file.close();
  }

  #line(at: number, event: UnsentEvent): string {
    return `${JSON.stringify({ seq: this.#seq++, at, ...event })}\n`;
  }

  #stepLines(at: number): string {
    this.#step += 1;
    this.#tokens += 1180;
    const step = this.#step;
    const pace = this.options.pace ?? 1;
    const fall = Math.exp((-step * pace) / (this.options.totalSteps / 6));
    const noise = (salt: number): number => wobble(step * 16 + salt);
    const kl = 0.2 / pace + 2.1 * fall + 0.08 * noise(1) * (0.3 + fall);
    const ce = 0.45 / pace + 2.6 * fall + 0.1 * noise(2) * (0.4 + fall);
    const metric = (values: Readonly<Record<string, number>>): string => this.#line(at, { kind: 'metric', stage: 0, step, tokens: this.#tokens, values });
    const warmup = Math.min(1, step / (this.options.totalSteps * 0.05));
    const lines = [metric({
      loss: 0.7 * kl + 0.3 * ce, kl, ce, thinkKl: kl * 0.92, answerKl: kl * 1.3, thinkCe: ce * 0.9, answerCe: ce * 1.25 + 0.04 * noise(3),
      learningRate: 1e-3 * warmup * (0.1 + 0.45 * (1 + Math.cos((Math.PI * step) / this.options.totalSteps))), temperature: 2,
      gradNorm: 0.5 + 3 * fall + 0.25 * Math.abs(noise(4)), tokensPerSecond: 5200 + 160 * noise(5), memoryMiB: 780 + 3 * noise(6),
    })];
    if (step % VALIDATE_EVERY === 0) {
      lines.push(metric({ 'validation/loss': 0.36 / pace + 2.2 * fall, 'validation/ce': 0.5 / pace + 2.5 * fall, 'validation/tokenAccuracy': 0.97 - 0.6 * fall }));
    }
    return lines.join('');
  }
}

/** Repeatable noise of about unit spread. */
function wobble(seed: number): number {
  let sum = 0;
  for (let i = 1; i <= 3; i += 1) {
    const wave = Math.sin(seed * 12.9898 * i + i * 78.233) * 43_758.5453;
    sum += wave - Math.floor(wave);
  }
  return (sum - 1.5) * 2;
}
