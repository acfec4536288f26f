/**
 * A person's decisions on the rows of a data file, kept beside it: `traces.jsonl` → `traces.review.jsonl`. One line a decided
 * row, in the order of the rows, so that a version-control diff shows what was decided. The data file itself is never changed;
 * whoever reads it for training leaves rejected and quarantined rows out and takes edited texts.
 */
export type ReviewDecision = 'accept' | 'reject' | 'quarantine' | 'edit';

export interface ReviewLine {
  readonly format: 1;
  /** Of the record: its own, or recordId() of its content. */
  readonly id: string;
  readonly decision: ReviewDecision;
  /** Of `edit`: the new texts; those not named stay. */
  readonly edited?: { readonly prompt?: string; readonly think?: string; readonly answer?: string; readonly gold?: string | null };
  readonly note?: string;
}

export function reviewFileOf(file: string): string {
  return `${file.replace(/\.\w+$/, '')}.review.jsonl`;
}
