/** Brings back what cleaning took: rows to their old place, texts to what they were. Both files are rewritten whole. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { CLEAN_RULES, type CleanRule, type TextRule } from '../../../shared/cleanReport.ts';
import { DistillError } from '../../../shared/messages.ts';
import { transformed, type DataRecord } from '../../../shared/record.ts';
import { textLines } from '../formats/lines.ts';
import { readRecords } from '../formats/read.ts';
import { recordWriter } from '../formats/write.ts';
import { removedFileOf, sideWriter, type ChangedRow, type RemovedRow, type SideRow, type SideWriter } from './removed.ts';
import { cleanTexts, textsOf } from './textRules.ts';

export type Wanted = { readonly rule: CleanRule } | { readonly id: string } | 'all';

export interface Restored {
  readonly rows: number;
  readonly texts: number;
  /** Lines left in the side file. */
  readonly left: number;
}

/** Marks a row that came back, with its place in the input: a later restoring counts by it. */
const RESTORED = 'clean/restored';

/**
 * Brings back into `out` what fits. The side file then holds the rest. Throws DistillError `clean-side-missing`,
 * `clean-side-malformed`, `clean-restore-none`, those of reading `out` and of the file system; nothing is changed then.
 */
export async function restoreRemoved(out: string, wanted: Wanted, options: { readonly signal?: AbortSignal } = {}): Promise<Restored> {
  const file = removedFileOf(out);
  const found = await findWanted(file, out, wanted);
  const writer = await recordWriter(out);
  let side: SideWriter | null = null;
  try {
    side = await sideWriter(file);
    const texts = new TextsToRestore(found.texts, ruleOf(wanted));
    const records = readRecords({ file: path.resolve(out), format: 'distill' }, { base: path.dirname(path.resolve(out)), onBroken: 'refuse', ...options });
    for await (const { record, place } of inPlace(records, found.rows)) await writer.write(texts.restore(record, place));
    let left = 0;
    for await (const row of sideRows(file)) {
      const rest = texts.rest(row, fits(row, wanted));
      if (rest === null) continue;
      await side.write(rest);
      left += 1;
    }
    // Rows first: a crash between the two leaves rows that came back also in the side file, where inPlace() passes them over.
    await writer.close();
    await side.close();
    return { rows: found.rows.length, texts: texts.done.size, left };
  } catch (error) {
    await writer.abandon();
    await side?.abandon();
    throw error;
  }
}

/** Only what is wanted is kept in memory. */
async function findWanted(file: string, out: string, wanted: Wanted): Promise<{ readonly rows: readonly RemovedRow[]; readonly texts: readonly ChangedRow[] }> {
  if (!existsSync(file)) throw new DistillError('clean-side-missing', { file, out });
  const rows: RemovedRow[] = [];
  const texts: ChangedRow[] = [];
  const have = new Map<CleanRule, number>();
  for await (const row of sideRows(file)) {
    for (const rule of row.kind === 'removed' ? [row.rule] : row.rules) have.set(rule, (have.get(rule) ?? 0) + 1);
    if (!fits(row, wanted)) continue;
    if (row.kind === 'removed') rows.push(row);
    else texts.push(row);
  }
  if (rows.length === 0 && texts.length === 0) throw new DistillError('clean-restore-none', { file, wanted: wantedText(wanted), have: [...have].map(([rule, count]) => `${rule} ${String(count)}`).join(', ') || '–' });
  return { rows: rows.sort((a, b) => a.row - b.row), texts };
}

function fits(row: SideRow, wanted: Wanted): boolean {
  if (wanted === 'all') return true;
  if ('id' in wanted) return (row.kind === 'removed' ? row.record.id : row.id) === wanted.id;
  return row.kind === 'removed' ? row.rule === wanted.rule : row.rules.some((rule) => rule === wanted.rule);
}

/** The one text rule that is undone; null for all of them. */
function ruleOf(wanted: Wanted): CleanRule | null {
  return wanted === 'all' || 'id' in wanted ? null : wanted.rule;
}

function wantedText(wanted: Wanted): string {
  return wanted === 'all' ? '--all' : 'id' in wanted ? `--id ${wanted.id}` : `--rule ${wanted.rule}`;
}

/** Which row of the cleaning a record of `out` is: its number among those that stayed, or in the input where it was away. */
type Place = { readonly kept: number } | { readonly row: number };

/** The rows of `out` with those that come back among them: each before the row that followed it when it was taken. */
async function* inPlace(records: AsyncIterable<DataRecord>, back: readonly RemovedRow[]): AsyncGenerator<{ readonly record: DataRecord; readonly place: Place }> {
  let kept = 0;
  let next = 0;
  for await (const record of records) {
    const was = restoredRow(record);
    for (let row = back[next]; row !== undefined && row.keptBefore <= kept && (was === null || row.row <= was); row = back[next]) {
      // One that is back already: the machine stopped before the side file was written.
      if (row.row !== was) yield { record: restored(row), place: row };
      next += 1;
    }
    yield { record, place: was === null ? { kept } : { row: was } };
    if (was === null) kept += 1;
  }
  for (const row of back.slice(next)) yield { record: restored(row), place: row };
}

function restored({ record, rule, row }: RemovedRow): DataRecord {
  return transformed(record, {}, { name: RESTORED, detail: { rule, row } });
}

/** The row's place in the input where it is one that came back; null of one that was never away. */
function restoredRow({ provenance }: DataRecord): number | null {
  const row = provenance.transformations.findLast(({ name }) => name === RESTORED)?.detail?.['row'];
  return typeof row === 'number' ? row : null;
}

/** Texts go back to what they were before the wanted rules; what the other rules did to them is done again. */
class TextsToRestore {
  readonly done = new Set<number>();
  readonly #byKept = new Map<number, ChangedRow>();
  readonly #byRow = new Map<number, ChangedRow>();

  constructor(texts: readonly ChangedRow[], private readonly rule: CleanRule | null) {
    for (const changed of texts) {
      if (changed.kept === null) this.#byRow.set(changed.row, changed);
      else this.#byKept.set(changed.kept, changed);
    }
  }

  restore(record: DataRecord, place: Place): DataRecord {
    const changed = 'kept' in place ? this.#byKept.get(place.kept) : this.#byRow.get(place.row);
    // Another id: somebody has changed the file since, and this is another row.
    if (changed?.id !== record.id) return record;
    this.done.add(changed.row);
    const stay = this.#stay(changed);
    const before = { ...record, ...changed.original };
    const { prompt, think, answer, gold, messages, options } = cleanTexts(textsOf(before), new Set(stay)).texts;
    const transformations = record.provenance.transformations.filter(({ name }) => !changed.rules.some((rule) => name === `clean/${rule}` && !stay.includes(rule)));
    return { ...before, prompt, think, answer, gold, ...(messages === null ? {} : { messages }), ...(options === null ? {} : { options }), provenance: { ...record.provenance, transformations } };
  }

  /** What the side file still has to hold of a line; null where all of it came back. */
  rest(row: SideRow, wanted: boolean): SideRow | null {
    if (!wanted) return row;
    if (row.kind === 'removed') return null;
    if (!this.done.has(row.row)) return row;
    const rules = this.#stay(row);
    return rules.length === 0 ? null : { ...row, rules };
  }

  #stay({ rules }: ChangedRow): readonly TextRule[] {
    return this.rule === null ? [] : rules.filter((each) => each !== this.rule);
  }
}

/** Throws DistillError `clean-side-malformed`. */
async function* sideRows(file: string): AsyncGenerator<SideRow> {
  for await (const { line, text, broken } of textLines(file)) {
    if (broken !== null) throw broken;
    let value: { readonly kind?: unknown; readonly rule?: unknown; readonly rules?: unknown; readonly row?: unknown; readonly keptBefore?: unknown; readonly record?: unknown; readonly original?: unknown; readonly id?: unknown } | null;
    try {
      value = JSON.parse(text ?? '') as typeof value;
    } catch (error) {
      throw new DistillError('clean-side-malformed', { file, line, detail: error instanceof Error ? error.message : String(error) }, { cause: error });
    }
    const kind = value?.kind;
    const right = kind === 'removed'
      ? CLEAN_RULES.some((rule) => rule === value?.rule) && typeof value?.keptBefore === 'number' && typeof value.record === 'object'
      : kind === 'changed' && Array.isArray(value?.rules) && typeof value.original === 'object' && typeof value.id === 'string';
    if (!right || typeof value?.row !== 'number') throw new DistillError('clean-side-malformed', { file, line, detail: `kind ${JSON.stringify(kind)}` });
    yield value as SideRow;
  }
}
