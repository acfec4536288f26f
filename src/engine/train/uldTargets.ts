/**
 * What a student's spans are compared with. A teacher does not change, so its sorted probabilities (k numbers a span) are asked for once
 * where they fit, in an order of their own (all rows by length): a resumed run has the same ones to the last bit. Else the teacher is
 * run on every batch.
 */
import type { EncodedRow } from '../data/contract.ts';
import { tf } from '../tf.ts';
import { sequenceLength, type MicroBatch } from './batch.ts';
import { STORED_BYTES_MOST } from './softTargets.ts';
import { sortedSpans, spanArrays, spanLogits, spansOf, uldSum, uploadSpans, type DeviceSpans, type OtherTeacher, type UldOptions } from './uld.ts';
import { yieldToEvents } from './yield.ts';

/** Of one teacher. */
interface Prepared {
  readonly spans: DeviceSpans;
  readonly targets: tf.Tensor2D;
}

export type PreparedSpans = readonly Prepared[];

export class UldMatching {
  /** By teacher, then row: [spans, k]; empty where the teachers are asked anew. */
  readonly #stored = new Map<string, ReadonlyMap<EncodedRow, Float32Array>>();
  readonly teachers: readonly OtherTeacher[];

  /** `vocabulary`: ids that the student's tokenizer knows. */
  constructor(teachers: readonly OtherTeacher[], private readonly options: UldOptions, private readonly vocabulary: number) {
    this.teachers = teachers;
  }

  /** Asks for all rows beforehand, if what they answer fits. `pause` is called in between; it ends the work early by saying true. */
  async fill(rows: readonly EncodedRow[], size: number, pause: (done: number, total: number) => boolean | Promise<boolean>): Promise<boolean> {
    const { k } = this.options;
    const all = [...new Set(rows)];
    const numbers = this.teachers.reduce((sum, { name }) => sum + all.reduce((spans, row) => spans + spansOf(row, name), 0), 0) * k;
    if (numbers * Float32Array.BYTES_PER_ELEMENT > STORED_BYTES_MOST) return true;
    let done = 0;
    for (const teacher of this.teachers) {
      const own = new Map<EncodedRow, Float32Array>();
      const length = (row: EncodedRow): number => row.readings?.[teacher.name]?.ids.length ?? 0;
      const byLength = [...all].sort((a, b) => length(a) - length(b));
      for (let from = 0; from < byLength.length; from += size) {
        const group = byLength.slice(from, from + size);
        const values = tf.tidy(() => this.#ask(teacher, group));
        const numbersOf = (await values.data()) as Float32Array;
        values.dispose();
        let at = 0;
        for (const row of group) {
          const count = spansOf(row, teacher.name) * k;
          own.set(row, numbersOf.slice(at, at + count));
          at += count;
        }
        done += group.length;
        await yieldToEvents();
        if (await pause(done, all.length * this.teachers.length)) return false;
      }
      this.#stored.set(teacher.name, own);
    }
    return true;
  }

  /** The caller's to dispose of. Outside any gradient. */
  prepare({ rows, starts }: MicroBatch): PreparedSpans {
    return this.teachers.map((teacher) => {
      const arrays = spanArrays(rows, teacher.name, 0, starts);
      return { spans: uploadSpans(arrays), targets: this.#targets(teacher, rows, arrays.spans) };
    });
  }

  /** Σ over the spans of all teachers, from the student's states [batch · seq, hidden] ∇. Inside a gradient or tf.tidy. */
  sum(student: OtherTeacher['model'], states: tf.Tensor2D, prepared: PreparedSpans): tf.Scalar {
    const sums = prepared.map(({ spans, targets }) => uldSum(spanLogits(student, states, spans, this.vocabulary), spans, targets, this.options));
    const [only] = sums;
    return sums.length === 1 && only !== undefined ? only : tf.addN(sums);
  }

  #targets(teacher: OtherTeacher, rows: readonly EncodedRow[], spans: number): tf.Tensor2D {
    const { k } = this.options;
    const stored = this.#stored.get(teacher.name);
    if (stored === undefined) return tf.tidy(() => this.#ask(teacher, rows));
    const values = new Float32Array(spans * k);
    let at = 0;
    for (const row of rows) {
      const own = stored.get(row);
      if (own === undefined) throw new Error(`no answer of ${teacher.name} for ${row.file}:${row.row + 1}`);
      values.set(own, at);
      at += own.length;
    }
    return tf.tensor2d(values, [spans, k]);
  }

  /** One pass of a teacher over its own reading of the rows. Inside tf.tidy. */
  #ask({ name, model, vocabulary }: OtherTeacher, rows: readonly EncodedRow[]): tf.Tensor2D {
    const readings = rows.map((row) => row.readings?.[name]?.ids ?? new Int32Array());
    const longest = Math.max(1, ...readings.map((ids) => ids.length - 1));
    const seq = sequenceLength(longest, model.config.maxPositions, 'fine');
    const ids = new Int32Array(rows.length * seq);
    readings.forEach((own, row) => { ids.set(own.subarray(0, Math.max(0, own.length - 1)), row * seq); });
    const spans = uploadSpans(spanArrays(rows, name, 2, readings.map((_, row) => row * seq)));
    const states = model.hidden(tf.tensor2d(ids, [rows.length, seq], 'int32'));
    return sortedSpans(spanLogits(model, states, spans, Math.min(vocabulary, model.config.vocabSize)), spans, this.options);
  }
}

export function disposeSpans(prepared: PreparedSpans): void {
  tf.dispose(tensorsOfSpans(prepared));
}

/** Every tensor of them: what changes from one batch to the next of as many spans, padded. */
export function tensorsOfSpans(prepared: PreparedSpans): tf.Tensor[] {
  return prepared.flatMap(({ spans: { positions, labels, owners, further, mask }, targets }) => [positions, labels, owners, further, mask, targets]);
}
