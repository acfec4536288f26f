/** What a mix is made of, and how its sides were parted. */
export interface MixReport {
  readonly by: string;
  /** In the order of their size; '' is the name of rows that don't say. */
  readonly groups: readonly {
    readonly name: string;
    /** Rows there are. */
    readonly available: number;
    /** Share of the mix that weights or temperature give it, 0 … 1. */
    readonly wanted: number;
    /** Different rows taken. */
    readonly taken: number;
    /** Rows written a second time or more often, because the group has too few. */
    readonly repeated: number;
  }[];
  /** Rows without a difficulty, which the curriculum takes as of the middle. */
  readonly withoutDifficulty: number;
  /** Null where nothing is held out. */
  readonly split: SplitReport | null;
}

export interface SplitReport {
  /** Different rows on each side, and the share that was asked for. */
  readonly sides: Readonly<Record<'train' | 'validation' | 'test', { readonly rows: number; readonly share: number; readonly wanted: number }>>;
  /** Rows that stay together: of one prompt, of one parent, or near duplicates. */
  readonly clusters: number;
  /** Rows of the largest cluster: no split can come nearer to the shares than this allows. */
  readonly largestCluster: number;
  /** Largest difference, in rows, between a stratum's part on a side and its share. */
  readonly worstStratum: { readonly name: string; readonly side: string; readonly rows: number; readonly wanted: number } | null;
}
