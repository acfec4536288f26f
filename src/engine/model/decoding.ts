/**
 * What `generate.ts` may expect of a way to compute tokens one by one: rows that keep their keys and values, each in a
 * slot of its own. A row's token at position p lies in column p of its slot, so rows of any lengths go on side by side and
 * an ended one's slot is free for the next.
 */
import type { DecoderModel } from './contract.ts';

export interface DecodingOptions {
  /** Slots are numbered from 0 to rows − 1. */
  readonly rows: number;
  /** No row gets longer than this. */
  readonly columns: number;
  /** Whether each row's most likely id is wanted. */
  readonly best: boolean;
  /** Whether probabilities are wanted, and their temperature. */
  readonly temperature: number | null;
}

/** Of the asked rows, in the order they were asked for. */
export interface Scores {
  /** The first of each row's largest logits; empty where they weren't asked for. */
  readonly best: ArrayLike<number>;
  /** softmax(logits / T) [rows · vocab]; empty where they weren't asked for. */
  readonly probabilities: Float32Array;
}

export interface Decoding {
  /** Reads prompts into free slots → scores after each one's last token. */
  prefill(prompts: readonly { readonly slot: number; readonly ids: readonly number[] }[]): Promise<Scores>;
  /** Gives each of the free slots `to` the first `length` columns of `from`. */
  copy(from: number, to: readonly number[], length: number): void;
  /** Writes row i's token ids[i] at positions[i] of slots[i] → scores after it. */
  step(slots: readonly number[], ids: Int32Array, positions: Int32Array): Promise<Scores>;
  /** These slots are free again. */
  release(slots: readonly number[]): void;
  dispose(): void;
}

/** Opens a backend's own way for this model; null where it has none for such a model. */
export type OpenDecoding = (model: DecoderModel, options: DecodingOptions) => Decoding | null;
