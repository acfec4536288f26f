/** What is known about a data file as a whole. Sums over all rows come from the index; what needs the texts, from a random sample of them. */
import type { Count, CostReport, DataReport, LengthReport, VerdictCounts } from '../../../shared/dataReport.ts';
import { Random } from '../../model/random.ts';
import { NearDuplicates } from '../clean/nearDuplicates.ts';
import type { Names } from './columns.ts';
import { PROVENANCE_PARTS, type DataIndex } from './dataIndex.ts';
import type { Decisions } from './decisions.ts';
import { Diversity } from './diversity.ts';
import { lengthPart } from './histogram.ts';
import { charactersOf, type RowCounter, type RowLength } from './lengths.ts';
import type { RowReader } from './rows.ts';

/** Rows whose texts are read unless everything is asked for: quantiles of so many are right within 1 % of the rows. */
const SAMPLE_ROWS = 10_000;
/** Near duplicates need every row, since a sample would miss most pairs: up to so many it takes a second or two. */
const NEAR_BYTES = 64 * 1024 * 1024;
const NEAR_ROWS = 20_000;
/** Shared shingles from which two rows are near duplicates: what cleaning takes by default. */
const NEAR_SIMILARITY = 0.8;
const SEED = 1;
/** So many names are listed; the rest counts as one. */
const MOST_NAMES = 40;

export interface ReportOptions {
  /** Null: lengths in characters. */
  readonly counter: RowCounter | null;
  /** data.maxLength of a recipe. */
  readonly limit: number | null;
  /** Reads the texts of all rows, however many they are. */
  readonly all: boolean;
  readonly signal: AbortSignal;
  breathe(done: number, total: number): Promise<void>;
}

export async function makeReport(index: DataIndex, decisions: Decisions, rows: RowReader, options: ReportOptions): Promise<DataReport> {
  const { counter, limit, all, signal } = options;
  const texts = await readTexts(index, rows, options);
  const unit = counter === null ? 'characters' : 'tokens';
  return {
    format: 1, file: index.file, rows: index.rows, removed: index.removed, broken: index.broken,
    lengths: lengthReport(texts.lengths, unit, counter === null ? null : limit),
    duplicates: { exact: exactDuplicates(index), near: all || (index.rows <= NEAR_ROWS && bytesOf(index) <= NEAR_BYTES) ? await nearDuplicates(index, rows, signal, options) : null },
    verdicts: { byTask: verdictsBy(index, index.task), byDifficulty: verdictsBy(index, index.difficulty) },
    diversity: texts.diversity, languages: countNames(index, index.language), answerLanguages: countNames(index, index.answerLanguage), findings: findingCounts(index),
    rules: countNames(index, index.rule, index.rows, index.length), costs: costReports(index, decisions), decisions: decisions.counts(),
    provenance: PROVENANCE_PARTS.map((name, bit) => ({ name, count: countRows(index, (row) => (index.known.at(row) & (1 << bit)) !== 0) })),
  };
}

/** Rows of a random sample, in the order of the file. */
export function sampleRows(rows: number, most: number): Uint32Array {
  if (rows <= most) return Uint32Array.from({ length: rows }, (_, row) => row);
  // Selection sampling (Knuth, TAOCP vol. 2, algorithm 3.4.2 S): one pass, exactly `most` rows, each equally likely.
  const random = new Random(SEED, 'report');
  const chosen = new Uint32Array(most);
  for (let row = 0, taken = 0; taken < most; row++) {
    if ((rows - row) * random.uniform() < most - taken) {
      chosen[taken] = row;
      taken += 1;
    }
  }
  return chosen;
}

async function readTexts(index: DataIndex, rows: RowReader, { counter, all, signal, breathe }: ReportOptions): Promise<{ readonly lengths: readonly RowLength[]; readonly diversity: DataReport['diversity'] }> {
  const chosen = sampleRows(index.rows, all ? index.rows : SAMPLE_ROWS);
  const varied = new Set(all ? sampleRows(index.rows, SAMPLE_ROWS) : []);
  const diversity = await Diversity.open();
  const lengths: RowLength[] = [];
  for await (const group of rows.groups(chosen, signal)) {
    for (const { row, record } of group) {
      lengths.push(counter === null ? charactersOf(record) : counter(record));
      if (!all || varied.has(row)) diversity.add(`${record.prompt}\n${record.think}\n${record.answer}`);
    }
    await breathe(lengths.length, chosen.length);
  }
  return { lengths, diversity: diversity.report() };
}

function lengthReport(lengths: readonly RowLength[], unit: LengthReport['unit'], limit: number | null): LengthReport {
  const of = (pick: (length: RowLength) => number): Uint32Array => Uint32Array.from(lengths, pick);
  const whole = of(({ prompt, think, answer }) => prompt + think + answer);
  return {
    unit, counted: lengths.length, limit, cut: limit === null ? 0 : whole.filter((length) => length > limit).length,
    parts: [
      lengthPart('row', whole), lengthPart('prompt', of(({ prompt }) => prompt)), lengthPart('think', of(({ think }) => think)), lengthPart('answer', of(({ answer }) => answer)),
    ],
  };
}

function bytesOf(index: DataIndex): number {
  return index.state?.bytes ?? 0;
}

function exactDuplicates(index: DataIndex): number {
  const sorted = index.content.values.slice(0, index.rows).sort();
  let same = 0;
  for (let at = 1; at < sorted.length; at++) if (sorted[at] === sorted[at - 1]) same += 1;
  return same;
}

async function nearDuplicates(index: DataIndex, reader: RowReader, signal: AbortSignal, { breathe }: ReportOptions): Promise<DataReport['duplicates']['near']> {
  const near = await NearDuplicates.open(NEAR_SIMILARITY);
  for await (const group of reader.groups(sampleRows(index.rows, index.rows), signal)) {
    for (const { record } of group) near.add(`${record.prompt}\n${record.think}\n${record.answer}`);
    await breathe(near.count, index.rows);
  }
  const groups = near.groups();
  return { rows: groups.reduce((sum, first, at) => sum + (first === at ? 0 : 1), 0), compared: near.count, threshold: NEAR_SIMILARITY };
}

function verdictsBy(index: DataIndex, names: Names): readonly VerdictCounts[] {
  const sums = new Map<string, { right: number; wrong: number; unknown: number; none: number }>();
  for (let row = 0; row < index.rows; row++) {
    const name = names.at(row);
    let sum = sums.get(name);
    if (sum === undefined) sums.set(name, sum = { right: 0, wrong: 0, unknown: 0, none: 0 });
    const verdict = index.verdict.at(row);
    if (verdict === 'right' || verdict === 'wrong' || verdict === 'unknown') sum[verdict] += 1;
    else sum.none += 1;
  }
  const total = ({ right, wrong, unknown, none }: Omit<VerdictCounts, 'name'>): number => right + wrong + unknown + none;
  const counts = [...sums].map(([name, sum]) => ({ name, ...sum }));
  const numeric = counts.every(({ name }) => name === '' || Number.isFinite(Number(name)));
  return counts.sort((one, other) => (numeric && one.name !== '' && other.name !== '' ? Number(one.name) - Number(other.name) : total(other) - total(one))).slice(0, MOST_NAMES);
}

function countNames(index: DataIndex, names: Names, from = 0, to = index.rows): readonly Count[] {
  const codes = new Uint32Array(names.values.length);
  for (let row = from; row < to; row++) codes[names.column.at(row)] = (codes[names.column.at(row)] ?? 0) + 1;
  return largest(names.values.map((name, code) => ({ name, count: codes[code] ?? 0 })));
}

function findingCounts(index: DataIndex): readonly Count[] {
  const sums = new Map<string, number>();
  for (let row = 0; row < index.rows; row++) {
    const set = index.findings.at(row);
    for (const finding of set === '' ? [] : set.split(' ')) sums.set(finding, (sums.get(finding) ?? 0) + 1);
  }
  return largest([...sums].map(([name, count]) => ({ name, count })));
}

function largest(counts: readonly Count[]): readonly Count[] {
  return counts.filter(({ count }) => count > 0).sort((one, other) => other.count - one.count).slice(0, MOST_NAMES);
}

/** What rows cost, those that were taken away as well: they were paid for. */
function costReports(index: DataIndex, decisions: Decisions): readonly CostReport[] {
  return index.currencies.values.slice(1).map((currency) => {
    const code = index.currencies.find(currency);
    let [amount, rows, keptRows] = [0, 0, 0];
    for (let row = 0; row < index.length; row++) {
      if (index.currencies.column.at(row) !== code) continue;
      const cost = index.costs.at(row);
      if (Number.isNaN(cost)) continue;
      rows += 1;
      amount += cost;
      const decision = decisions.of(row);
      if (!index.isRemoved(row) && decision !== 'reject' && decision !== 'quarantine') keptRows += 1;
    }
    return { currency, amount, rows, keptRows, perKeptRow: keptRows === 0 ? null : amount / keptRows };
  });
}

function countRows(index: DataIndex, is: (row: number) => boolean): number {
  let count = 0;
  for (let row = 0; row < index.rows; row++) if (is(row)) count += 1;
  return count;
}
