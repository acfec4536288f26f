/**
 * Starts the engine of a run as a process of its own, which survives whoever started it: a window that reloads, an editor
 * that crashes, a terminal that closes.
 */
import { execa } from 'execa';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { EndedEvent, ProcessIdentity, QueuedEvent, StartedEvent } from '../shared/events.ts';
import { parseEvent } from '../shared/events.ts';
import { DistillError } from '../shared/messages.ts';
import type { Recipe } from '../shared/recipe.ts';
import { RUN_FILES, type RunFile } from '../shared/run.ts';
import { appendLine } from '../system/appendLine.ts';
import { fileError } from '../system/fileErrors.ts';
import { readLock, tryLock } from '../system/lockFile.ts';
import { isAlive, processIdentity } from '../system/processIdentity.ts';
import { ProcessTree } from '../system/processTree.ts';
import { watchForChange } from '../system/watchForChange.ts';
import { RunFold } from './fold.ts';
import { createRunFolder, readRunFile, sizeOf } from './folder.ts';
import { findNode } from './node.ts';
import { Tail } from './tail.ts';

export interface EngineProgram {
  /** Path of the engine's bundle (dist/engine.js). */
  readonly script: string;
  /** A Node.js to run it with; null: found. */
  readonly node: string | null;
  /** Keys of API teachers and the like, by the name of their variable. They reach the engine by its environment only. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How long it may be silent after its start before it is ended. */
  readonly silentMs?: number;
}

export interface NewRun {
  /** The project's folder: the run goes to its .distill/runs. */
  readonly project: string;
  readonly recipePath: string;
  readonly recipe: Recipe;
  /** The folder of the run whose recipe this is, or was before it was changed. */
  readonly parent?: string | null;
  /** Wait for the device (default), or start beside others. */
  readonly queue?: boolean;
  /** The sweep that it is part of. */
  readonly sweep?: NonNullable<RunFile['sweep']>;
  /** Of the workbench; that of Node is added. */
  readonly versions?: Readonly<Record<string, string>>;
}

/** How a start may be called off, and what it does not take from the run's folder. */
export interface Starting {
  /** Aborted before the engine is started: nothing is started, and its reason is thrown. */
  readonly signal?: AbortSignal;
  /** No longer wait for the engine to come up: it is ended and the run told as stopped. */
  readonly hurry?: AbortSignal;
  /** False: this time beside other runs, also where the run was made to wait for the device. */
  readonly queue?: boolean;
}

export interface LaunchedRun {
  readonly folder: string;
  readonly process: ProcessIdentity;
}

/** A first start on a slow disk loads TensorFlow for seconds; an engine that is silent for this long never speaks. */
const SILENT_MS = 120_000;
/** As much of engine.log as helps to see why an engine didn't start. */
const LOG_BYTES = 4096;

/**
 * Makes the run's folder and starts its engine. Resolves once the engine has written its first event (`queued` or
 * `started`). Throws DistillError: of the file system, `node-not-found`, `engine-not-started` with the end of engine.log,
 * `engine-silent`, or what the engine itself failed with. The folder stays in any case, for its log.
 */
export async function startRun(run: NewRun, engine: EngineProgram, starting: Starting = {}): Promise<LaunchedRun> {
  const node = await findNode(engine.node);
  starting.signal?.throwIfAborted();
  const folder = await createRunFolder(run.project, {
    format: 1,
    createdAt: Date.now(),
    recipePath: path.resolve(run.recipePath),
    base: path.dirname(path.resolve(run.recipePath)),
    recipe: run.recipe,
    parent: run.parent === undefined || run.parent === null ? null : path.basename(run.parent),
    queue: run.queue ?? true,
    versions: { ...run.versions, node: node.version },
    ...(run.sweep === undefined ? {} : { sweep: run.sweep }),
  });
  return launch(folder, engine, node, starting);
}

/** Starts the engine again in the folder of a run that ended early. Throws DistillError `run-busy`, or as startRun does. */
export async function resumeRun(folder: string, engine: EngineProgram, starting: Starting = {}): Promise<LaunchedRun> {
  await readRunFile(folder);
  const holder = await readLock(path.join(folder, RUN_FILES.lock));
  if (holder !== null && (await isAlive(holder)) === 'alive') {
    throw new DistillError('run-busy', { run: path.basename(folder), pid: holder.pid, host: holder.host });
  }
  const node = await findNode(engine.node);
  starting.signal?.throwIfAborted();
  return launch(folder, engine, node, starting);
}

async function launch(folder: string, engine: EngineProgram, node: Awaited<ReturnType<typeof findNode>>, { hurry, queue = true }: Starting): Promise<LaunchedRun> {
  const log = path.join(folder, RUN_FILES.log);
  const silentMs = engine.silentMs ?? SILENT_MS;
  const eventsFile = path.join(folder, RUN_FILES.events);
  const [logBefore, eventsBefore] = [await sizeOf(log), await endOfLines(eventsFile)];
  const output = await open(log, 'a').catch((error: unknown) => { throw fileError(error, log); });
  // execa takes any descriptor; its types know those up to 9.
  const descriptor = output.fd as 3;
  try {
    const child = execa(node.path, [engine.script, folder, ...(queue ? [] : ['--no-queue'])], {
      cwd: folder,
      detached: true,
      cleanup: false,
      reject: false,
      stdin: 'ignore',
      stdout: descriptor,
      stderr: descriptor,
      windowsHide: true,
      extendEnv: false,
      env: { ...inherited(process.env), ...node.environment, ...engine.environment },
    });
    child.unref();
    const { pid } = child;
    if (pid === undefined) throw new DistillError('engine-not-started', { detail: (await child).shortMessage ?? node.path, log });
    let ended = false;
    const end = child.then(() => { ended = true; });
    const first = await firstEvent(eventsFile, eventsBefore, { pid, silentMs, end, hurry, hasEnded: () => ended });
    if (first?.kind === 'ended') throw new DistillError(first.code ?? 'unexpected', first.data ?? { detail: first.outcome });
    if (first !== null) return { folder, process: first.process };
    const identity = hurry?.aborted === true && !ended ? await processIdentity(pid) : null;
    if (identity !== null) {
      await new ProcessTree(identity).kill();
      await recordEnd(folder, { outcome: 'stopped' });
      return { folder, process: identity };
    }
    const error = ended
      ? new DistillError('engine-not-started', { detail: await lastLine(log, logBefore), log })
      : new DistillError('engine-silent', { seconds: silentMs / 1000, log });
    if (!ended) await killSilent(pid);
    await recordEnd(folder, { outcome: 'failed', code: error.code, data: error.data });
    throw error;
  } finally {
    await output.close();
  }
}

type FirstEvent = QueuedEvent | StartedEvent | EndedEvent;

interface StartingEngine {
  readonly pid: number;
  readonly silentMs: number;
  readonly end: Promise<void>;
  readonly hurry: AbortSignal | undefined;
  readonly hasEnded: () => boolean;
}

/** The first event that this engine wrote after `from`; null when it ended without one, was silent for too long, or nobody waits for it any more. */
async function firstEvent(file: string, from: number, { pid, silentMs, end, hurry, hasEnded }: StartingEngine): Promise<FirstEvent | null> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), silentMs);
  const given = hurry === undefined ? silence.signal : AbortSignal.any([silence.signal, hurry]);
  const change = watchForChange(file, given);
  const tail = new Tail(file, from);
  try {
    for (;;) {
      // Asked before reading: what an engine wrote just before its end is still found.
      const last = hasEnded() || given.aborted;
      let first: FirstEvent | null = null;
      await tail.read((block) => {
        for (const line of block.split('\n')) {
          const parsed = parseEvent(line);
          const event = parsed.type === 'event' ? parsed.event : null;
          if (event?.kind === 'ended' || ((event?.kind === 'queued' || event?.kind === 'started') && event.process.pid === pid)) first ??= event;
        }
      });
      if (first !== null) return first;
      if (last) return null;
      await Promise.race([change.next(), end]);
    }
  } finally {
    clearTimeout(timer);
    change.close();
  }
}

async function killSilent(pid: number): Promise<void> {
  const identity = await processIdentity(pid);
  if (identity !== null) await new ProcessTree(identity).kill();
}

/**
 * Says in the folder, for every window, that no engine came up and how it ended: only an engine writes events, and this one can't any more.
 * Its lock is held meanwhile; if somebody else has started an engine here, the folder is theirs and nothing is said.
 */
async function recordEnd(folder: string, end: Pick<EndedEvent, 'outcome' | 'code' | 'data'>): Promise<void> {
  const attempt = await tryLock(path.join(folder, RUN_FILES.lock));
  if (attempt.type === 'taken') return;
  try {
    const fold = new RunFold();
    const events = path.join(folder, RUN_FILES.events);
    await new Tail(events).read((block) => void fold.block(block));
    const event: EndedEvent = { seq: fold.current.seq + 1, at: Date.now(), kind: 'ended', ...end };
    await appendLine(events, JSON.stringify(event));
  } finally {
    await attempt.lock.release();
  }
}

/** The place after the last newline: a torn line behind it is cut by the engine and written over. */
async function endOfLines(file: string): Promise<number> {
  const tail = new Tail(file);
  await tail.read(() => undefined);
  return tail.offset;
}

/** The engine gets our environment, but for what VS Code put there for its own children. */
export function inherited(environment: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries.filter(([name]) => !/^(VSCODE_|ELECTRON_|APPLICATION_INSIGHTS_)/.test(name)));
}

/** The last thing that stands in the log after `from`. */
async function lastLine(log: string, from: number): Promise<string> {
  const bytes = await readFile(log);
  const text = bytes.subarray(Math.max(from, bytes.length - LOG_BYTES)).toString('utf8');
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  // Node ends what it prints of an error with its stack and its own version: the sentence stands before those.
  return lines.findLast((line) => /^(\w*Error\b|Error:)/.test(line)) ?? lines.findLast((line) => !/^(at |Node\.js v)/.test(line)) ?? '—';
}
