import type { DistillError } from '../../../shared/messages.ts';
import type { Place } from './shape.ts';

/** A row as its file holds it, before anybody asks what its fields mean; or why it can't be read. */
export type RawRow = {
  /** 1-based: line of a line format, else row. */
  readonly row: number;
  readonly at: Place;
} & ({ readonly value: unknown; readonly broken?: never } | { readonly broken: DistillError; readonly value?: never });
