/**
 * A store of what a service said of the data's tokens (data/saidTokens.ts): k of its most probable tokens at T = 1 and the mass of the
 * rest. Another temperature needs the whole distribution, which no service gives: there the rest is left out, and the k tokens are taken
 * for all that there is.
 */
import { createHash } from 'node:crypto';
import { DistillError } from '../../shared/messages.ts';
import type { MessageData } from '../../shared/events.ts';
import type { WarningCode } from '../../shared/messages.ts';
import type { EncodedRow } from '../data/contract.ts';
import { certainTokens } from '../data/saidTokens.ts';
import { keptPositions } from './batch.ts';
import { NOTHING } from './topKFile.ts';
import { openStore, type StoreOptions, type TopKTargets } from './topKTargets.ts';
import { yieldToEvents } from './yield.ts';

/** Rows between two looks at orders. */
const PAUSE_ROWS = 256;
/** Below this share of positions most of the training is on the data's own tokens. */
const USUAL_SHARE = 0.8;

/** Throws DistillError `targets-nothing-said` where no row has any that fits; warns of what is missing. */
export async function openSaid(options: Omit<StoreOptions, 'source'>, warning: (code: WarningCode, data: MessageData) => void): Promise<TopKTargets | null> {
  const { shape: { k, temperatures } } = options;
  const rows = [...new Set(options.rows)];
  tellMissing(rows, warning);
  if (temperatures.some((temperature) => temperature !== 1)) warning('targets-tail-lost', { temperatures: temperatures.filter((temperature) => temperature !== 1).map((temperature) => Number(temperature.toFixed(2))).join(', ') });
  const hash = createHash('sha256');
  for (const { said } of rows) {
    for (const part of said === undefined ? [] : [said.ids, said.logProbabilities, said.rests]) hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    hash.update(';');
  }
  return openStore({ ...options, source: `said ${hash.digest('hex')}` }, async (writer, all, places) => {
    for (const [index, row] of all.entries()) {
      const { ids, logProbabilities, rests } = narrowed(row, k);
      // Where nothing is said the row's own token is certain at any temperature.
      const atEach = Float32Array.from({ length: rests.length * temperatures.length }, (_, i) => temperatures[i % temperatures.length] === 1 ? rests[Math.floor(i / temperatures.length)] ?? NOTHING : NOTHING);
      if (rests.length > 0) await writer.write(places.get(row) ?? NaN, 0, { ids, logProbabilities, rests: atEach });
      if (index % PAUSE_ROWS !== PAUSE_ROWS - 1) continue;
      await yieldToEvents();
      if (await options.pause(index + 1, all.length)) return false;
    }
    return true;
  });
}

/** A row's tokens where it was read for a stage that keeps more of them: what goes belongs to the rest. */
function narrowed(row: EncodedRow, k: number): NonNullable<EncodedRow['said']> {
  const { said } = row;
  if (said === undefined) return certainTokens(row, k);
  const width = said.ids.length / Math.max(1, said.rests.length);
  if (width <= k) return said;
  const count = said.rests.length;
  const rests = Float32Array.from(said.rests, (rest, at) => {
    let mass = Math.exp(rest);
    for (let i = k; i < width; i++) mass += Math.exp(said.logProbabilities[at * width + i] ?? NOTHING);
    return mass > 0 ? Math.max(NOTHING, Math.log(mass)) : NOTHING;
  });
  const kept = (from: Int32Array | Float32Array, i: number): number => from[Math.floor(i / k) * width + (i % k)] ?? 0;
  return { ids: Int32Array.from({ length: count * k }, (_, i) => kept(said.ids, i)), logProbabilities: Float32Array.from({ length: count * k }, (_, i) => kept(said.logProbabilities, i)), rests, mapped: said.mapped };
}

function tellMissing(rows: readonly EncodedRow[], warning: (code: WarningCode, data: MessageData) => void): void {
  const positions = rows.reduce((sum, row) => sum + keptPositions(row), 0);
  const mapped = rows.reduce((sum, { said }) => sum + (said?.mapped ?? 0), 0);
  const without = rows.filter(({ said }) => said === undefined).length;
  const unfit = rows.filter(({ said }) => said !== undefined && said.mapped === 0).length;
  const data = { rows: rows.length, without, unfit, share: `${((100 * mapped) / Math.max(1, positions)).toFixed(1)}%` };
  if (mapped === 0) throw new DistillError('targets-nothing-said', data);
  if (mapped < USUAL_SHARE * positions || unfit > 0) warning('targets-partly-said', data);
}
