import { execFile } from 'node:child_process';
import path from 'node:path';
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

  #bundle(name: string): string {
    return path.join(this.extension.fsPath, 'dist', name);
  }
}

function namedNode(scope?: vscode.Uri): string | null {
  const named = setting('nodePath', scope).trim();
  return named === '' ? null : named;
}
