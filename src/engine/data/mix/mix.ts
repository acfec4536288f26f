/** Rows of several kinds become one file, or three: by weights or temperature, in an order, with clean held-out sides. */
import { DistillError } from '../../../shared/messages.ts';
import type { MixReport } from '../../../shared/mixReport.ts';
import type { MixRecipe } from '../../../shared/recipeCollect.ts';
import type { DataRecord } from '../../../shared/record.ts';
import { NearDuplicates } from '../clean/nearDuplicates.ts';
import { UnionFind } from '../clean/unionFind.ts';
import { Draw } from '../draw.ts';
import { promptKey } from '../split.ts';
import { quotas } from './quotas.ts';
import { SIDES, splitRecords, type Side } from './split.ts';
import { RecordStore } from './store.ts';

/** Prompts this similar (Jaccard of word shingles) may not be on both sides of a split: the same as cleaning takes by default. */
const SPLIT_SIMILARITY = 0.8;
/** A row that doesn't say how hard it is counts as of the middle. */
const MIDDLE = 3;
/** Rows between two turns of the event loop, so that a stop is heard. */
const BREATH = 256;

export interface MixContext {
  /** Where rows wait while the mix is planned: the output's folder. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((rows: number) => void) | undefined;
}

export interface Mixed {
  readonly report: MixReport;
  /** Rows of each side, as often as they are written. */
  readonly rows: Readonly<Record<Side, number>>;
  /** The rows of a side in their order, read from disk one at a time. */
  records(side: Side): AsyncGenerator<DataRecord>;
  /** Removes what waited on disk. */
  remove(): Promise<void>;
}

interface Row {
  readonly group: string;
  readonly difficulty: number | null;
  /** UTF-16 units of reasoning and answer. */
  readonly length: number;
}

/** `data.jsonl` → `data.validation.jsonl`. */
export function sideFile(file: string, side: Side): string {
  return side === 'train' ? file : `${file.replace(/\.jsonl$/, '')}.${side}.jsonl`;
}

/** Takes all records in; remove() must be called in the end. Throws DistillError `mix-…`, of the file system, the signal's reason. */
export async function mixRecords(records: AsyncIterable<DataRecord>, options: MixRecipe, context: MixContext): Promise<Mixed> {
  if (options.validation + options.test >= 1) throw new DistillError('mix-nothing-to-train', { validation: options.validation, test: options.test });
  const store = await RecordStore.begin(context.folder);
  try {
    const holdsOut = options.validation > 0 || options.test > 0;
    const clusters = holdsOut ? await Clusters.open() : null;
    const rows: Row[] = [];
    for await (const record of records) {
      context.signal?.throwIfAborted();
      await store.add(record);
      clusters?.add(record);
      rows.push({ group: groupOf(record, options.by), difficulty: record.difficulty ?? null, length: record.think.length + record.answer.length });
      if (rows.length % BREATH === 0) {
        context.onProgress?.(rows.length);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const { order, report } = plan(rows, clusters?.groups() ?? null, options);
    return {
      report, rows: { train: order.train.length, validation: order.validation.length, test: order.test.length },
      async *records(side) {
        for (const row of order[side]) {
          context.signal?.throwIfAborted();
          yield await store.get(row);
        }
      },
      remove: () => store.remove(),
    };
  } catch (error) {
    await store.remove();
    throw error;
  }
}

/** What a row is grouped by. A source is its file. */
export function groupOf(record: DataRecord, by: MixRecipe['by']): string {
  switch (by) {
    case 'task': return record.task ?? '';
    case 'difficulty': return record.difficulty === undefined ? '' : String(record.difficulty);
    case 'source': return record.provenance.source?.file ?? '';
    case 'language': return record.language ?? '';
  }
}

/** Which rows belong together: one prompt, one parent of augmentations, near duplicates. */
class Clusters {
  readonly #first = new Map<string, number>();
  readonly #same: (readonly [number, number])[] = [];

  private constructor(private readonly near: NearDuplicates) {}

  static async open(): Promise<Clusters> {
    return new Clusters(await NearDuplicates.open(SPLIT_SIMILARITY));
  }

  add(record: DataRecord): void {
    const row = this.near.add(record.prompt);
    this.#meet(`p${promptKey(record.prompt)}`, row);
    this.#meet(`i${record.id}`, row);
    for (const { detail } of record.provenance.transformations) if (typeof detail?.['parent'] === 'string') this.#meet(`i${detail['parent']}`, row);
  }

  groups(): Int32Array {
    const near = this.near.groups();
    const sets = new UnionFind(near.length);
    near.forEach((first, row) => { if (first !== row) sets.union(row, first); });
    for (const [a, b] of this.#same) sets.union(a, b);
    return sets.sets();
  }

  #meet(key: string, row: number): void {
    const first = this.#first.get(key);
    if (first === undefined) this.#first.set(key, row);
    else this.#same.push([row, first]);
  }
}

/** Pure: which rows go where, in which order. */
export function plan(rows: readonly Row[], clusters: Int32Array | null, options: MixRecipe): { readonly order: Readonly<Record<Side, readonly number[]>>; readonly report: MixReport } {
  const draw = new Draw(options.seed, 'mix');
  const byGroup = new Map<string, number[]>();
  rows.forEach(({ group }, row) => {
    const list = byGroup.get(group);
    if (list === undefined) byGroup.set(group, [row]);
    else list.push(row);
  });
  // By size, then name: the order of the input does not decide what is drawn.
  const sizes = [...byGroup].map(([name, list]) => ({ name, rows: list.length })).sort((a, b) => b.rows - a.rows || (a.name < b.name ? -1 : 1));
  for (const name of Object.keys(options.weights ?? {})) {
    if (!byGroup.has(name)) throw new DistillError('mix-unknown-group', { group: name, by: options.by, have: sizes.map((size) => size.name === '' ? '""' : size.name).join(', ') || '–' });
  }
  const wanted = quotas(sizes, options);
  const chosen: number[] = [];
  for (const [index, { name }] of sizes.entries()) {
    const list = byGroup.get(name) ?? [];
    const quota = wanted[index]?.rows ?? 0;
    chosen.push(...(quota < list.length ? draw.several(list, quota) : list));
  }
  chosen.sort((a, b) => a - b);
  const stratum = (row: number): string => `${rows[row]?.group ?? ''} ${String(rows[row]?.difficulty ?? '')}`.trim();
  const split = clusters === null ? null : splitRecords({ strata: chosen.map(stratum), clusters: chosen.map((row) => clusters[row] ?? row) }, options, options.seed);
  const sides: Record<Side, number[]> = { train: [], validation: [], test: [] };
  chosen.forEach((row, index) => sides[split?.sides[index] ?? 'train'].push(row));
  const repeats = sizes.map(({ name, rows: size }, index) => {
    const quota = wanted[index]?.rows ?? 0;
    const own = quota > size ? sides.train.filter((row) => rows[row]?.group === name) : [];
    return repeated(own, Math.round(own.length * (quota / size - 1)), draw);
  });
  for (const each of repeats) for (const row of each) sides.train.push(row);
  for (const side of SIDES) sides[side] = ordered(sides[side], rows, options.order, draw);
  return {
    order: sides,
    report: {
      by: options.by, withoutDifficulty: chosen.filter((row) => rows[row]?.difficulty === null).length, split: split?.report ?? null,
      groups: sizes.map(({ name, rows: available }, index) => ({ name, available, wanted: wanted[index]?.wanted ?? 0, taken: Math.min(available, wanted[index]?.rows ?? 0), repeated: repeats[index]?.length ?? 0 })),
    },
  };
}

/** `count` further rows, each as often as every other before one comes once more. */
function repeated(rows: readonly number[], count: number, draw: Draw): readonly number[] {
  const more: number[] = [];
  while (rows.length > 0 && more.length < count) more.push(...draw.shuffled(rows).slice(0, count - more.length));
  return more;
}

function ordered(list: readonly number[], rows: readonly Row[], order: MixRecipe['order'], draw: Draw): number[] {
  switch (order) {
    case 'shuffled': return draw.shuffled(list);
    case 'as-is': return [...list].sort((a, b) => a - b);
    case 'curriculum': return [...list].sort((a, b) => (rows[a]?.difficulty ?? MIDDLE) - (rows[b]?.difficulty ?? MIDDLE) || (rows[a]?.length ?? 0) - (rows[b]?.length ?? 0) || a - b);
  }
}
