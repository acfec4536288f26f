/**
 * Symbolic problems with their step-by-step traces: seeded, spread evenly over kinds, difficulties and languages. A problem
 * leaves here only when its kind's checker has proved its answer in another way, and when every equation of its trace holds.
 */
import { NO_PROVENANCE, type DataRecord } from '../../../shared/record.ts';
import type { SynthesiseRecipe } from '../../../shared/recipeCollect.ts';
import { DistillError } from '../../../shared/messages.ts';
import { didYouMean } from '../../../shared/didYouMean.ts';
import { Draw } from '../draw.ts';
import { recordId } from '../recordId.ts';
import { statementsOf } from '../symbolic/statements.ts';
import type { AnyKind, Difficulty, Draft, Tongue } from './contract.ts';
import { PROBLEM_KINDS } from './table.ts';
import { Voice } from './voice.ts';

/** Draws in a row without a new problem after which a kind is taken to have no more of them at that difficulty. */
const TRIES = 300;

export interface SynthesisCounts {
  made: number;
  /** Drawn numbers that make no good problem (a root that is no fraction, two solutions …). */
  unfit: number;
  /** Made before. */
  repeated: number;
  /** The checker found another answer than the one that was made. */
  refusedAnswers: number;
  /** An equation of the trace does not hold, or can't be read. */
  refusedTraces: number;
}

/** What happened, by kind; filled while the generator runs. */
export interface SynthesisReport {
  readonly kinds: Record<string, SynthesisCounts>;
  /** Kind, difficulty and language whose problems ran out. */
  readonly exhausted: { readonly kind: string; readonly difficulty: number; readonly language: string }[];
}

interface Cell {
  readonly kind: AnyKind;
  readonly difficulty: Difficulty;
  readonly language: Tongue;
}

export const newSynthesisReport = (): SynthesisReport => ({ kinds: {}, exhausted: [] });

/**
 * `options.rows` records, fewer where the kinds have no more different problems. The same options make the same records.
 * Throws DistillError `synthesis-unknown-kind`, `synthesis-difficulty`.
 */
export function* synthesise(options: SynthesiseRecipe, report: SynthesisReport = newSynthesisReport()): Generator<DataRecord> {
  const draw = new Draw(options.seed, 'synthesise');
  let cells: readonly Cell[] = draw.shuffled(cellsOf(options));
  const seen = new Set<number>();
  let row = 0;
  while (row < options.rows && cells.length > 0) {
    const spent = new Set<Cell>();
    for (const cell of cells) {
      if (row >= options.rows) return;
      const record = problemOf(cell, row + 1, options.seed, { draw, seen, counts: countsOf(report, cell.kind.name) });
      if (record === null) {
        spent.add(cell);
        report.exhausted.push({ kind: cell.kind.name, difficulty: cell.difficulty, language: cell.language });
      } else {
        row += 1;
        yield record;
      }
    }
    if (spent.size > 0) cells = cells.filter((cell) => !spent.has(cell));
  }
}

function cellsOf({ kinds, difficulty: [from, to], languages }: SynthesiseRecipe): readonly Cell[] {
  if (from > to) throw new DistillError('synthesis-difficulty', { from, to });
  const known = PROBLEM_KINDS.map(({ name }) => name);
  for (const name of kinds ?? []) {
    if (!known.includes(name)) throw new DistillError('synthesis-unknown-kind', { kind: name, near: didYouMean(name, known) ?? '–', known: known.join(', ') });
  }
  const levels = ([1, 2, 3, 4, 5] as const).filter((level) => level >= from && level <= to);
  return PROBLEM_KINDS.filter(({ name }) => kinds?.includes(name) ?? true)
    .flatMap((kind) => levels.flatMap((difficulty) => [...new Set(languages)].map((language) => ({ kind, difficulty, language }))));
}

interface Making {
  readonly draw: Draw;
  readonly seen: Set<number>;
  readonly counts: SynthesisCounts;
}

function problemOf({ kind, difficulty, language }: Cell, row: number, seed: number, { draw, seen, counts }: Making): DataRecord | null {
  const voice = new Voice(language, draw);
  for (let tries = 0; tries < TRIES; tries++) {
    const draft = kind.make(draw, difficulty, voice);
    if (draft === null) {
      counts.unfit += 1;
      continue;
    }
    const key = hash53(`${kind.name} ${language} ${draft.statement}`);
    if (seen.has(key)) {
      counts.repeated += 1;
      continue;
    }
    const flaw = flawOf(kind, draft);
    if (flaw !== null) {
      counts[flaw] += 1;
      continue;
    }
    seen.add(key);
    counts.made += 1;
    return recordOf(kind, draft, { difficulty, language, row, seed });
  }
  return null;
}

/** Why a draft may not leave: its answer is not proved, or its trace states something that is not so. */
export function flawOf(kind: AnyKind, { statement, gold, think, answer, values }: Draft<string>): 'refusedAnswers' | 'refusedTraces' | null {
  if (!kind.check(statement, gold)) return 'refusedAnswers';
  const { untrue, unread } = statementsOf(think, values);
  return untrue.length > 0 || unread.length > 0 || !answer.includes(gold) ? 'refusedTraces' : null;
}

function recordOf(kind: AnyKind, { prompt, think, answer, gold }: Draft<string>, { difficulty, language, row, seed }: { readonly difficulty: Difficulty; readonly language: Tongue; readonly row: number; readonly seed: number }): DataRecord {
  const texts = { prompt, think, answer, gold };
  return {
    format: 1, id: recordId(texts), ...texts, task: kind.task, language, difficulty,
    provenance: {
      ...NO_PROVENANCE, source: { file: `synthesise/${kind.name}`, format: 'synthesis', row },
      transformations: [{ name: `synthesise/${kind.name}`, detail: { seed, difficulty, proof: kind.proof } }],
    },
  };
}

function countsOf(report: SynthesisReport, kind: string): SynthesisCounts {
  return report.kinds[kind] ??= { made: 0, unfit: 0, repeated: 0, refusedAnswers: 0, refusedTraces: 0 };
}

/** 53 bits of a text: two of a million texts meet once in twenty thousand sets, and then one of them is drawn again. */
function hash53(text: string): number {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
