/** One encoded row, ready for training: the meeting place of data/ and train/. */
export interface EncodedRow {
  /** Line of the source file, 0-based: what a loss spike is traced back to. */
  readonly row: number;
  readonly file: string;
  /** Prompt and completion, with the end token when `ended`. */
  readonly ids: Int32Array;
  /** The first `promptLength` ids are the prompt: no loss on them. */
  readonly promptLength: number;
  /** Ids [thinkStart, answerStart) are reasoning, from answerStart on the answer; for the think-versus-answer split. */
  readonly answerStart: number;
  /** False for a row that was cut: its end token is missing. */
  readonly ended: boolean;
  /** What it asks for, where the data say so. */
  readonly task?: string;
  /** By the names of teachers of another vocabulary. */
  readonly readings?: Readonly<Record<string, OtherReading>>;
  /** Where a stage learns from the log-probabilities in the data. */
  readonly said?: SaidTokens;
  /** The question alone, and the answer that is held against it (null where there is none): what a student's own answer is judged by. */
  readonly question?: string;
  readonly gold?: string | null;
  /** How much its tokens count in the losses, 1 where the data don't say. */
  readonly weight?: number;
}

/** A row as a teacher with another tokenizer reads it. */
export interface OtherReading {
  /** Prompt and completion in that teacher's ids. */
  readonly ids: Int32Array;
  /**
   * Pieces of the completion's text that are whole tokens on both sides, four numbers each: first token and number of tokens in the
   * row's ids, then in these.
   */
  readonly spans: Int32Array;
}

/** What a service said of the supervised tokens of a row, at T = 1. */
export interface SaidTokens {
  /** [positions, k], the most probable first. */
  readonly ids: Int32Array;
  readonly logProbabilities: Float32Array;
  /** [positions]: the logarithm of the mass of all other tokens. */
  readonly rests: Float32Array;
  /** Positions that it said something of; at the others the row's own token stands as certain. */
  readonly mapped: number;
}

/** One held-out prompt for evaluation. */
export interface EvaluationRow {
  readonly example: string;
  readonly prompt: string;
  readonly promptIds: readonly number[];
  readonly gold: string | null;
  /** The data's own reasoning and answer, where it has them. */
  readonly reference: { readonly think: string; readonly answer: string } | null;
}
