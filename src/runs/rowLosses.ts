/** Reads what each row of a run lost at each step (shared/rowLosses.ts), also while the run is at work. */
import { open, readFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { decodeSteps, decodeVisits, RowNumbers, standing, VISIT_BYTES, type RowPlace, type RowTable, type StepEntry, type Visit } from '../shared/rowLosses.ts';
import { RUN_FILES } from '../shared/run.ts';

/** A visit of a row at a step. */
export interface RowVisit extends Omit<Visit, 'previous'> {
  readonly step: number;
  /** Null for a row that none of the run's files has. */
  readonly place: RowPlace | null;
}

const VISITS_AT_ONCE = 1 << 14;

export class RowLosses {
  private constructor(private readonly visits: FileHandle, private readonly numbers: RowNumbers, readonly steps: readonly StepEntry[]) {}

  /** Null where the run has recorded none. */
  static async open(folder: string): Promise<RowLosses | null> {
    const at = (name: string): string => path.join(folder, name);
    const [text, steps] = await Promise.all([readFile(at(RUN_FILES.rowLossRows), 'utf8'), readFile(at(RUN_FILES.rowLossSteps))].map((each) => each.catch(() => null)));
    const table = typeof text === 'string' ? parsed(text) : null;
    const visits = await open(at(RUN_FILES.rowLosses), 'r').catch(() => null);
    if (visits === null) return null;
    if (table === null || !(steps instanceof Uint8Array)) {
      await visits.close();
      return null;
    }
    // An index may be ahead of what a crash left of the visits.
    const there = Math.floor((await visits.stat()).size / VISIT_BYTES);
    return new RowLosses(visits, new RowNumbers(table), standing(decodeSteps(steps)).filter(({ first, count }) => first + count <= there));
  }

  /** The rows of a step, the largest mean loss first; null where the step is not there. */
  async ofStep(step: number): Promise<readonly RowVisit[] | null> {
    const entry = this.steps[entryAt(this.steps, step)];
    if (entry?.step !== step) return null;
    const visits = await this.read(entry.first, entry.count);
    return visits.map((visit) => this.told(visit, step)).sort((a, b) => meanOf(b) - meanOf(a));
  }

  /** Every visit of a row, the first one first; empty where it has none. */
  async ofRow(place: RowPlace): Promise<readonly RowVisit[]> {
    const number = this.numbers.numberOf(place);
    const history: RowVisit[] = [];
    if (number === null) return history;
    for (let at = await this.lastVisit(number); at !== null;) {
      const [visit] = await this.read(at, 1);
      if (visit?.row !== number) break;
      history.push(this.told(visit, this.stepOf(at)));
      at = visit.previous;
    }
    return history.reverse();
  }

  async close(): Promise<void> {
    await this.visits.close();
  }

  /** From the end on: a row comes about once in an epoch. */
  private async lastVisit(row: number): Promise<number | null> {
    for (let end = this.steps.length; end > 0;) {
      let begin = end - 1;
      const until = (this.steps[begin]?.first ?? 0) + (this.steps[begin]?.count ?? 0);
      // Steps whose visits lie one behind another are read together.
      while (begin > 0 && (this.steps[begin - 1]?.first ?? 0) + (this.steps[begin - 1]?.count ?? 0) === this.steps[begin]?.first && until - (this.steps[begin - 1]?.first ?? 0) <= VISITS_AT_ONCE) begin--;
      const from = this.steps[begin]?.first ?? 0;
      const found = (await this.read(from, until - from)).findLastIndex((visit) => visit.row === row);
      if (found >= 0) return from + found;
      end = begin;
    }
    return null;
  }

  /** The step that a visit belongs to. Places rise with the steps that stand. */
  private stepOf(visit: number): number {
    let [low, high] = [0, this.steps.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.steps[middle]?.first ?? 0) <= visit) low = middle;
      else high = middle - 1;
    }
    return this.steps[low]?.step ?? 0;
  }

  private told({ row, positions, loss, ce, kl }: Visit, step: number): RowVisit {
    return { step, row, place: this.numbers.placeOf(row), positions, loss, ce, kl };
  }

  private async read(first: number, count: number): Promise<Visit[]> {
    const { buffer, bytesRead } = await this.visits.read(new Uint8Array(count * VISIT_BYTES), 0, count * VISIT_BYTES, first * VISIT_BYTES);
    return decodeVisits(buffer.subarray(0, bytesRead));
  }
}

/** Per supervised position: how a long row is compared with a short one. */
export function meanOf({ loss, positions }: Pick<RowVisit, 'loss' | 'positions'>): number {
  return loss / Math.max(1, positions);
}

/** Place of the last entry that is not beyond `step`; 0 where there is none. */
function entryAt(entries: readonly StepEntry[], step: number): number {
  let [low, high] = [0, Math.max(0, entries.length - 1)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((entries[middle]?.step ?? 0) <= step) low = middle;
    else high = middle - 1;
  }
  return low;
}

function parsed(text: string): RowTable | null {
  try {
    const table = JSON.parse(text) as RowTable;
    return table.format === 1 && Array.isArray(table.files) ? table : null;
  } catch {
    return null;
  }
}
