/** control.jsonl: giving an order, and reading which were given. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Order } from '../shared/events.ts';
import { RUN_FILES } from '../shared/run.ts';
import { appendLine } from '../system/appendLine.ts';

/** Appends an order; the engine answers with an `acknowledged` event. Throws DistillError of the file system. */
export async function giveOrder(runFolder: string, order: Order['order'], because?: Order['because']): Promise<Order> {
  const given: Order = { format: 1, id: randomBytes(8).toString('hex'), at: Date.now(), order, ...(because === undefined ? {} : { because }) };
  await appendLine(path.join(runFolder, RUN_FILES.control), JSON.stringify(given));
  return given;
}

/** The orders given so far; lines that are none are passed over, a missing file has none. */
export async function readOrders(runFolder: string): Promise<readonly Order[]> {
  const text = await readFile(path.join(runFolder, RUN_FILES.control), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      const value = JSON.parse(line) as Partial<Order> | null;
      return typeof value?.id === 'string' && typeof value.at === 'number' && typeof value.order === 'string' ? [value as Order] : [];
    } catch {
      return [];
    }
  });
}
