/** distill targets: the stored soft targets of a project, or one file of them. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { STORE_EXTENSION } from '../../engine/train/storeName.ts';
import { topKSummary, type TopKSummary } from '../../engine/train/topKSummary.ts';
import { TARGETS_FOLDER } from '../../shared/run.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { Refusal } from '../refusal.ts';
import { table, type Terminal } from '../terminal.ts';

export async function targets(terminal: Terminal, where: string, { json }: { readonly json: boolean }): Promise<ExitCode> {
  const { say } = terminal;
  if (!existsSync(where)) throw new Refusal(say('noFolder', where));
  const single = where.endsWith(STORE_EXTENSION);
  const found: TopKSummary[] = [];
  for (const file of single ? [where] : await storesOf(where)) {
    const summary = await topKSummary(file);
    if (summary !== null) found.push(summary);
    else if (single) throw new Refusal(say('targetsBroken', file));
    else terminal.note(say('targetsBroken', file));
  }
  if (json) {
    terminal.print(JSON.stringify(found, null, 2));
    return EXIT.fine;
  }
  if (found.length === 0) {
    terminal.note(say('targetsNone', where));
    return EXIT.fine;
  }
  const head = [say('targetsFile'), say('targetsTeacher'), say('targetsRows'), say('targetsTokens'), 'k', say('targetsValues'), 'T', say('targetsBytes'), say('targetsSize'), say('targetsMass')];
  const lines = found.sort((a, b) => b.made - a.made).map((each) => [
    path.basename(each.file), each.teacher === '' ? say('targetsData') : each.teacher, String(each.rows), String(each.positions), String(each.k), each.values, temperaturesText(each.temperatures),
    String(each.bytesPerToken), sizeText(each.bytes), each.mass === null ? '–' : say('targetsMassOf', percent(each.mass.mean), percent(each.mass.least)),
  ]);
  const [header = '', ...body] = table([head, ...lines]).split('\n');
  terminal.print([terminal.paint('dim', header), ...body].join('\n'));
  return EXIT.fine;
}

async function storesOf(project: string): Promise<readonly string[]> {
  const folder = path.join(project, TARGETS_FOLDER);
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith(STORE_EXTENSION) && !name.startsWith('.')).map((name) => path.join(folder, name));
}

/** 2, or 1–5 of a course. */
function temperaturesText(temperatures: readonly number[]): string {
  const [first, last] = [temperatures[0] ?? 1, temperatures.at(-1) ?? 1];
  return first === last ? String(first) : `${String(first)}–${String(last)}`;
}

function sizeText(bytes: number): string {
  return bytes < 2 ** 20 ? `${(bytes / 2 ** 10).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
