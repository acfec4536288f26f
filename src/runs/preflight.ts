/** The pre-flight of a recipe in a process of its own: neither a window nor its extension host waits for tokenizers and data. */
import path from 'node:path';
import { execa } from 'execa';
import { DistillError } from '../shared/messages.ts';
import type { CheckName, PreflightLine, PreflightReport } from '../shared/preflight.ts';
import { inherited, type EngineProgram } from './launcher.ts';
import { findNode } from './node.ts';

export interface PreflightRequest {
  /** The recipe's file, absolute. */
  readonly recipe: string;
  /** Its text as it stands in an editor; null: as it is on disk. */
  readonly text: string | null;
  readonly online?: boolean;
  readonly quick?: boolean;
  /** Ends the process. */
  readonly signal: AbortSignal;
  readonly onProgress?: (check: CheckName, done: number, total: number) => void;
}

/** Throws DistillError `node-not-found`, `preflight-failed`, and the signal's reason. */
export async function runPreflight({ recipe, text, online = false, quick = false, signal, onProgress }: PreflightRequest, engine: EngineProgram): Promise<PreflightReport> {
  const node = await findNode(engine.node);
  signal.throwIfAborted();
  const flags = [...(online ? ['--online'] : []), ...(quick ? ['--quick'] : []), ...(text === null ? [] : ['--stdin'])];
  const child = execa(node.path, [engine.script, '--check', recipe, ...flags], {
    cwd: path.dirname(recipe), reject: false, cancelSignal: signal, windowsHide: true, extendEnv: false, buffer: { stdout: false, stderr: true },
    env: { ...inherited(process.env), ...node.environment, ...engine.environment }, ...(text === null ? { stdin: 'ignore' } : { input: text }),
  });
  let report: PreflightReport | null = null;
  for await (const line of child.iterable()) {
    const told = lineOf(line);
    if (told?.kind === 'progress') onProgress?.(told.check, told.done, told.total);
    if (told?.kind === 'report') report = told.report;
  }
  const { stderr, shortMessage } = await child;
  signal.throwIfAborted();
  if (report === null) throw new DistillError('preflight-failed', { recipe, detail: stderr.trim().split('\n').at(-1) || (shortMessage ?? '') });
  return report;
}

/** Libraries print what they like in between. */
function lineOf(line: string): PreflightLine | null {
  try {
    const value = JSON.parse(line) as PreflightLine;
    return value.kind === 'progress' || value.kind === 'report' ? value : null;
  } catch {
    return null;
  }
}
