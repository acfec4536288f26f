/**
 * Where the teacher's logits come from. A teacher does not change while its student trains, so a stage that passes over
 * its rows more than once asks it once for each row and keeps the answers, where they fit; otherwise the teacher is run on
 * every batch. Which of the two it is depends on recipe and data alone, and the stored logits are computed in an order of
 * their own (all rows by length), never in that of training: so a resumed run has the same ones to the last bit.
 */
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderModel } from '../model/contract.ts';
import { tf } from '../tf.ts';
import { collate, groupByLength, keptPositions, keptThink } from './batch.ts';
import type { MicroBatch, SegmentName } from './batch.ts';
import { release, supervisedLogits, upload } from './losses.ts';
import type { DeviceBatch, SegmentTargets } from './losses.ts';
import { yieldToEvents } from './yield.ts';

export interface SoftTargets {
  /**
   * What is known of the teacher for each segment of the batch on the device, the caller's to dispose of; `temperature` is
   * the one that it will be compared at. `states` are the teacher's where a pass has made them already.
   */
  of(batch: MicroBatch, device: DeviceBatch, temperature: number, states?: tf.Tensor2D): SegmentTargets[];
  /** Where `of` needs nothing but the batch on the device and a model: that model. Then a recorded step can hold it. */
  readonly live?: DecoderModel;
  dispose?(): void;
}

/** Runs the teacher, with no gradient recorded: only its supervised logits stay. */
export function liveTargets(teacher: DecoderModel, vocabulary: number): SoftTargets {
  return { live: teacher, of: (_, device, __, states) => tf.tidy(() => supervisedLogits(teacher, device, vocabulary, states)).map((logits) => ({ kind: 'logits', logits })) };
}

/** Beyond it stored logits would crowd out the rest of the machine. */
export const STORED_BYTES_MOST = 512 * 2 ** 20;

export function targetsFit(rows: readonly EncodedRow[], vocabulary: number): boolean {
  const positions = rows.reduce((sum, row) => sum + keptPositions(row), 0);
  return positions * vocabulary * Float32Array.BYTES_PER_ELEMENT <= STORED_BYTES_MOST;
}

/** The teacher's logits of a set of rows, on the host. */
export class StoredTargets implements SoftTargets {
  /** Of each row [kept positions, vocabulary]: reasoning first, then the answer, as they follow one another. */
  private readonly logits = new Map<EncodedRow, Float32Array>();

  constructor(private readonly vocabulary: number) {}

  /** Asks the teacher for all rows, `size` at a time. `pause` is called in between; it ends the work early by saying true. */
  async fill(teacher: DecoderModel, rows: readonly EncodedRow[], size: number, pause: (done: number, total: number) => boolean | Promise<boolean>): Promise<boolean> {
    let done = 0;
    for (const group of groupByLength([...new Set(rows)], size)) {
      const batch = collate(group, teacher.config.maxPositions);
      const device = upload(batch);
      const logits = tf.tidy(() => supervisedLogits(teacher, device, this.vocabulary));
      for (const row of group) this.logits.set(row, new Float32Array(keptPositions(row) * this.vocabulary));
      for (const [index, { name }] of device.segments.entries()) {
        const values = (await logits[index]?.data()) as Float32Array;
        this.eachRow(batch, name, (ofRow, from, length) => ofRow.set(values.subarray(from, from + length)));
      }
      tf.dispose(logits);
      release(device);
      done += group.length;
      await yieldToEvents();
      if (await pause(done, rows.length)) return false;
    }
    return true;
  }

  of(batch: MicroBatch, device: DeviceBatch): SegmentTargets[] {
    return device.segments.map(({ name, mask }) => {
      const values = new Float32Array(mask.size * this.vocabulary);
      this.eachRow(batch, name, (ofRow, from) => values.set(ofRow, from));
      return { kind: 'logits', logits: tf.tensor2d(values, [mask.size, this.vocabulary], 'float32') };
    });
  }

  /** The logits of a row's segment, where they begin in the tensor of the batch's segment, and how many they are. */
  private eachRow(batch: MicroBatch, name: SegmentName, work: (ofRow: Float32Array, from: number, length: number) => void): void {
    let from = 0;
    for (const row of batch.rows) {
      const think = keptThink(row) * this.vocabulary;
      const stored = this.logits.get(row);
      if (stored === undefined) throw new Error(`no stored logits of ${row.file}:${row.row + 1}`);
      const ofRow = name === 'think' ? stored.subarray(0, think) : stored.subarray(think);
      work(ofRow, from, ofRow.length);
      from += ofRow.length;
    }
  }
}
