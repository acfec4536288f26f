import { execFile, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type * as vscode from 'vscode';
import type { EngineProgram } from '../runs/launcher.ts';
import { displayLanguage } from './language.ts';
import { setting } from './settings.ts';

/** A command line that prints more than this is not answering a question of ours. */
const MOST_OUTPUT_BYTES = 16 * 1024 * 1024;

/** The bundles beside the extension's own, and how they are run. */
export class Programs {
  constructor(private readonly extension: vscode.Uri) {}

  get reader(): string {
    return this.#bundle('reader.js');
  }

  /** The thread of the Review Data page. */
  get data(): string {
    return this.#bundle('data.js');
  }

  /** Drives a sweep. */
  get sweeper(): string {
    return this.#bundle('sweep.js');
  }

  engine(scope?: vscode.Uri): EngineProgram {
    return { script: this.#bundle('engine.js'), node: namedNode(scope) };
  }

  /**
   * Runs the command line (`distill …`) to its end and gives what it printed and its exit code. Throws DistillError
   * `node-not-found`, or what the system says when the program can't be started.
   */
  async distill(args: readonly string[], { environment, ...options }: { readonly cwd?: string; readonly signal?: AbortSignal; readonly environment?: Readonly<Record<string, string>> } = {}): Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number }> {
    const { findNode } = await import('../runs/node.ts');
    const node = await findNode(namedNode());
    try {
      const { stdout, stderr } = await promisify(execFile)(node.path, [this.#bundle('cli.js'), ...args, '--lang', displayLanguage()], {
        ...options, encoding: 'utf8', env: { ...process.env, ...node.environment, ...environment }, maxBuffer: MOST_OUTPUT_BYTES, windowsHide: true,
      });
      return { stdout, stderr, code: 0 };
    } catch (error) {
      const failed = error as { code?: unknown; stdout?: string; stderr?: string };
      if (typeof failed.code !== 'number') throw error;
      return { stdout: failed.stdout ?? '', stderr: failed.stderr ?? '', code: failed.code };
    }
  }

  /**
   * Runs the command line and gives each line as it is printed; `signal` stops it in order. The answer is its exit code and
   * what it had to say besides. Throws like `distill`.
   */
  async distillLines(args: readonly string[], onLine: (line: string) => void, signal: AbortSignal): Promise<{ readonly stderr: string; readonly code: number | null }> {
    const { findNode } = await import('../runs/node.ts');
    const node = await findNode(namedNode());
    const child = spawn(node.path, [this.#bundle('cli.js'), ...args, '--lang', displayLanguage()], { env: { ...process.env, ...node.environment }, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
    createInterface({ input: child.stdout }).on('line', onLine);
    const stop = (): void => { child.kill('SIGTERM'); };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code) => { resolve({ stderr, code }); });
      });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  #bundle(name: string): string {
    return path.join(this.extension.fsPath, 'dist', name);
  }
}

function namedNode(scope?: vscode.Uri): string | null {
  const named = setting('nodePath', scope).trim();
  return named === '' ? null : named;
}
