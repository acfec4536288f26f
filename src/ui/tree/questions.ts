import { open } from 'node:fs/promises';
import path from 'node:path';
import { RUN_FILES } from '../../shared/run.ts';
import type { Example } from './examples.ts';

/** Enough for a row of the tree and its tooltip. */
const LONGEST_QUESTION = 160;

/** The first line of each example's prompt, read from traces.jsonl once. */
export class Questions {
  readonly #runs = new Map<string, Map<string, string>>();

  /** The question if it has been read, else null. */
  get(run: string, example: string): string | null {
    return this.#runs.get(run)?.get(example) ?? null;
  }

  /** Reads those that are not known yet. A trace that can't be read keeps its row without a question. */
  async read(run: string, examples: readonly Example[]): Promise<void> {
    const known = this.#runs.get(run) ?? new Map<string, string>();
    this.#runs.set(run, known);
    const missing = examples.filter(({ example }) => !known.has(example));
    if (missing.length === 0) return;
    const file = await open(path.join(run, RUN_FILES.traces)).catch(() => null);
    if (file === null) return;
    try {
      for (const { example, teacher, student } of missing) {
        const trace = student ?? teacher;
        if (trace === null) continue;
        const { buffer, bytesRead } = await file.read(Buffer.alloc(trace.bytes), 0, trace.bytes, trace.offset);
        const question = firstLine(buffer.toString('utf8', 0, bytesRead));
        if (question !== null) known.set(example, question);
      }
    } finally {
      await file.close();
    }
  }

  forget(run: string): void {
    this.#runs.delete(run);
  }
}

function firstLine(line: string): string | null {
  try {
    const { prompt } = JSON.parse(line) as { prompt?: unknown };
    if (typeof prompt !== 'string') return null;
    const text = prompt.split('\n').map((each) => each.trim()).find((each) => each !== '') ?? '';
    return text.length > LONGEST_QUESTION ? `${text.slice(0, LONGEST_QUESTION)}…` : text === '' ? null : text;
  } catch {
    return null;
  }
}
