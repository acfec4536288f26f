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
