/** Which rows are shown and in which order, and how many there are of each kind. */
import { FACETS, type DataFilter, type DataSort, type Facet, type FacetCount } from '../../../shared/dataPanel.ts';
import type { ReviewDecision } from '../../../shared/review.ts';
import type { Names } from './columns.ts';
import { UNKNOWN, type DataIndex } from './dataIndex.ts';

/** In the order of the codes of the decision column. */
export const DECISION_NAMES = ['', 'accept', 'reject', 'quarantine', 'edit'] as const satisfies readonly (ReviewDecision | '')[];

/** What lengths are counted in, and the length of a row; null where it is not known. */
export interface Lengths {
  readonly unit: 'tokens' | 'teacher' | 'characters';
  of(row: number): number | null;
}

/** `counted`: all tokens of the file are counted by the student's tokenizer. */
export function lengthsOf(index: DataIndex, counted: boolean): Lengths {
  const known = (column: { at(row: number): number }) => (row: number): number | null => {
    const length = column.at(row);
    return length === UNKNOWN ? null : length;
  };
  if (counted) return { unit: 'tokens', of: known(index.tokens) };
  if (index.length > 0 && index.teacherTokens.values.subarray(0, index.length).every((tokens) => tokens !== UNKNOWN)) return { unit: 'teacher', of: known(index.teacherTokens) };
  return { unit: 'characters', of: known(index.characters) };
}

interface ViewOptions {
  readonly filter: DataFilter;
  readonly sort: DataSort;
  readonly lengths: Lengths;
  /** Code of DECISION_NAMES of each row. */
  readonly decisions: Uint8Array;
  /** What searchRows found; null where nothing is searched for. */
  readonly found: Uint8Array | null;
}

export interface View {
  /** Rows of the index in the order of the view. */
  readonly order: Uint32Array;
  readonly facets: Readonly<Record<Facet, readonly FacetCount[]>>;
}

/** A facet as codes: a row has one code, a code has one value, or (findings) several. */
interface FacetColumn {
  readonly codes: Uint16Array | Uint8Array;
  /** Values of each code. */
  readonly values: readonly (readonly string[])[];
}

/**
 * Rows that pass every filter; and of each facet, for each of its values, how many rows pass all the other filters: what
 * choosing that value would give.
 */
export function makeView(index: DataIndex, { filter, sort, lengths, decisions, found }: ViewOptions): View {
  const columns = FACETS.map((facet) => columnOf(index, facet, decisions));
  const allowed = columns.map(({ values }, at) => allowedCodes(values, filter.facets[FACETS[at] as Facet]));
  const counts = columns.map(({ values }) => new Uint32Array(values.length));
  const order = new Uint32Array(index.length);
  const passes = numberFilters(index, filter, lengths);
  let total = 0;
  for (let row = 0; row < index.length; row++) {
    if ((found !== null && found[row] === 0) || !passes(row)) continue;
    let failing = 0;
    let failed = -1;
    for (let at = 0; at < columns.length; at++) {
      if (allowed[at]?.[columns[at]?.codes[row] ?? 0] === 0) {
        failing += 1;
        failed = at;
        if (failing > 1) break;
      }
    }
    if (failing === 0) {
      order[total] = row;
      total += 1;
      for (let at = 0; at < columns.length; at++) count(counts[at], columns[at]?.codes[row]);
    } else if (failing === 1) {
      count(counts[failed], columns[failed]?.codes[row]);
    }
  }
  const shown = order.slice(0, total);
  return {
    order: sort.by === 'row' ? (sort.descending ? shown.reverse() : shown) : sorted(index, shown, sort, lengths),
    facets: Object.fromEntries(FACETS.map((facet, at) => [facet, facetCounts(columns[at]?.values ?? [], counts[at] ?? new Uint32Array())])) as unknown as View['facets'],
  };
}

function count(counts: Uint32Array | undefined, code: number | undefined): void {
  if (counts !== undefined && code !== undefined) counts[code] = (counts[code] ?? 0) + 1;
}

function columnOf(index: DataIndex, facet: Facet, decisions: Uint8Array): FacetColumn {
  if (facet === 'decision') return { codes: decisions, values: DECISION_NAMES.map((name) => [name]) };
  if (facet === 'finding') return { codes: index.findings.column.values, values: index.findings.values.map((set) => set.split(' ')) };
  const names: Names = { verdict: index.verdict, rule: index.rule, task: index.task, difficulty: index.difficulty, teacher: index.teacher, language: index.language, answerLanguage: index.answerLanguage }[facet];
  return { codes: names.column.values, values: names.values.map((name) => [name]) };
}

/** 1 for each code that has one of the wanted values; undefined where everything is wanted. */
function allowedCodes(values: readonly (readonly string[])[], wanted: readonly string[] | undefined): Uint8Array | undefined {
  if (wanted === undefined) return undefined;
  return Uint8Array.from(values, (own) => (own.some((value) => wanted.includes(value)) ? 1 : 0));
}

function numberFilters(index: DataIndex, { length, cost }: DataFilter, lengths: Lengths): (row: number) => boolean {
  const within = ({ min, max }: DataFilter['length'], value: number | null): boolean => value !== null && (min === null || value >= min) && (max === null || value <= max);
  const anyLength = length.min === null && length.max === null;
  const anyCost = cost.min === null && cost.max === null;
  return (row) => (anyLength || within(length, lengths.of(row)))
    && (anyCost || within(cost, Number.isNaN(index.costs.at(row)) ? null : index.costs.at(row)));
}

function facetCounts(values: readonly (readonly string[])[], counts: Uint32Array): readonly FacetCount[] {
  const sums = new Map<string, number>();
  values.forEach((own, code) => {
    for (const value of own) sums.set(value, (sums.get(value) ?? 0) + (counts[code] ?? 0));
  });
  return [...sums].map(([value, sum]) => ({ value, count: sum })).sort((one, other) => other.count - one.count || one.value.localeCompare(other.value, 'en'));
}

/** Room for the row's number in a sort key: 2^24 rows; the other 29 bits of a double's 53 are what is sorted by. */
const ROW_BITS = 24;
const MOST_RANK = 2 ** 29 - 1;

/** By number, those that are not known last, equal ones in the order of the file. A key holds both, so the native sort of doubles does it. */
function sorted(index: DataIndex, rows: Uint32Array, { by, descending }: DataSort, lengths: Lengths): Uint32Array {
  const value = ranker(index, rows, by, lengths);
  const keys = new Float64Array(rows.length);
  rows.forEach((row, at) => {
    const rank = value(row);
    keys[at] = (rank === null ? MOST_RANK + 1 : Math.min(MOST_RANK, descending ? MOST_RANK - rank : rank)) * 2 ** ROW_BITS + row;
  });
  keys.sort();
  return Uint32Array.from(keys, (key) => key % 2 ** ROW_BITS);
}

function ranker(index: DataIndex, rows: Uint32Array, by: DataSort['by'], lengths: Lengths): (row: number) => number | null {
  switch (by) {
    case 'row': return (row) => row;
    case 'length': return (row) => lengths.of(row);
    case 'cost': {
      let most = 0;
      for (const row of rows) if (index.costs.at(row) > most) most = index.costs.at(row);
      // In 2^29 steps of the greatest cost: finer than any price list.
      return (row) => (Number.isNaN(index.costs.at(row)) ? null : most === 0 ? 0 : Math.round((index.costs.at(row) / most) * MOST_RANK));
    }
    case 'difficulty': {
      const ranks = index.difficulty.values.map((name) => (name === '' ? null : Math.round(Number(name) * 1000)));
      return (row) => ranks[index.difficulty.column.at(row)] ?? null;
    }
    case 'verdict': {
      const order = ['wrong', 'unknown', 'right'];
      const ranks = index.verdict.values.map((name) => (order.includes(name) ? order.indexOf(name) : null));
      return (row) => ranks[index.verdict.column.at(row)] ?? null;
    }
  }
}
