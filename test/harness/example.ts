/** A scratch copy of examples/arithmetic, shortened so that a whole distillation takes seconds. */
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseEvent, type RunEvent } from '../../src/shared/events.ts';
import { RUN_FILES, RUNS_FOLDER } from '../../src/shared/run.ts';
import { repository } from './workbench.ts';

export interface Shortened {
  readonly steps: number;
  readonly evaluateRows: number;
  readonly batch: number;
}

export class ExampleProject {
  private constructor(readonly folder: string) {}

  static async create({ steps, evaluateRows, batch }: Shortened): Promise<ExampleProject> {
    const scratch = await mkdtemp(path.join(os.tmpdir(), 'dx-'));
    const folder = path.join(scratch, 'arithmetic');
    await cp(path.join(repository, 'examples/arithmetic'), folder, { recursive: true, filter: (source) => !source.includes('.distill') && !source.endsWith('teacher.jsonl') });
    const file = path.join(folder, 'distill.json');
    const changes: readonly (readonly [RegExp, string])[] = [
      [/"steps": \d+/, `"steps": ${String(steps)}`], [/"batch": \{ "size": \d+ \}/, `"batch": { "size": ${String(batch)} }`],
      [/"validate": \{[^}]*\}/, '"validate": { "every": 10, "rows": 32 }'], [/"checkpoint": \{[^}]*\}/, '"checkpoint": { "every": 10 }'],
      [/"rows": \d+, "maxNewTokens"/, `"rows": ${String(evaluateRows)}, "maxNewTokens"`],
    ];
    let text = await readFile(file, 'utf8');
    for (const [pattern, replacement] of changes) {
      if (!pattern.test(text)) throw new Error(`examples/arithmetic/distill.json has nothing like ${String(pattern)}: shorten it here as it is now`);
      text = text.replace(pattern, replacement);
    }
    await writeFile(file, text);
    return new ExampleProject(folder);
  }

  /** Names of the runs, oldest first. */
  async runs(): Promise<readonly string[]> {
    return (await readdir(path.join(this.folder, RUNS_FOLDER)).catch(() => [])).filter((name) => !name.startsWith('.')).sort();
  }

  async events(run: string): Promise<readonly RunEvent[]> {
    const text = await readFile(path.join(this.folder, RUNS_FOLDER, run, RUN_FILES.events), 'utf8').catch(() => '');
    return text.split('\n').flatMap((line) => {
      const parsed = parseEvent(line);
      return parsed.type === 'event' ? [parsed.event] : [];
    });
  }

  async remove(): Promise<void> {
    await rm(path.dirname(this.folder), { recursive: true, force: true, maxRetries: 3 });
  }
}
