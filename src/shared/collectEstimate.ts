/** What asking a teacher for the rows of a stage may cost, and what that is based on. For the command line, its --json and the workbench. */

export interface CollectEstimate {
  readonly format: 1;
  readonly stage: string;
  readonly teacher: EstimatedTeacher;
  /** Rows that go on to be asked; times samples it is the requests. */
  readonly rows: number;
  readonly requests: number;
  /** Requests whose answers are kept from before: they cost nothing. */
  readonly answered: number;
  readonly remaining: number;
  /** Of what is expected: answers of this stage so far, or nothing but the limits of the recipe. */
  readonly basis: 'answers' | 'limits';
  /** Answers that the expectation is made from. */
  readonly sampled: number;
  /** Of the remaining requests. Input is counted from answers like these, by the student's tokenizer, or from bytes. */
  readonly input: { readonly basis: 'answers' | 'tokenizer' | 'bytes'; readonly expected: number; readonly worst: number };
  /** `low` and `high` are the 95 % interval of the sum, from how answers so far differ; null without at least two of them. */
  readonly output: { readonly low: number | null; readonly expected: number | null; readonly high: number | null; readonly worst: number };
  /** In the currency of the prices; null without prices. */
  readonly money: { readonly currency: string; readonly low: number | null; readonly expected: number | null; readonly high: number | null; readonly worst: number } | null;
  /**
   * `best`: at the recipe's concurrency, should the service take it all as fast as it answered so far. `pace`: as many in a second
   * as so far, with the few at once that a small sample is. Null while no answer has been timed.
   */
  readonly seconds: { readonly best: number; readonly pace: number } | null;
  readonly cap: { readonly money: number | null; readonly tokens: number | null };
  readonly spent: { readonly money: number | null; readonly tokens: number; readonly lostRequests: number };
  /** Whether the remaining requests fit under the cap even at their worst. */
  readonly fits: 'surely' | 'expected' | 'no' | 'unknown';
  /** Other teachers that the stage asks (judge, back-translation, rephrasing), whose requests depend on the answers: not in these numbers. */
  readonly others: readonly string[];
  /** Rules of cleaning that need a model and were left out here. */
  readonly withoutModelRules: boolean;
}

export interface EstimatedTeacher {
  readonly name: string;
  readonly model: string;
  /** A model of this machine costs nothing. */
  readonly local: boolean;
  /** `https://api.example.com`: where the key goes; null for a local model. */
  readonly origin: string | null;
  readonly variable: string | null;
  readonly needsKey: boolean;
  readonly hasKey: boolean;
}
