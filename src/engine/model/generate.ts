/**
 * Text generation with a cache of keys and values, many rows at a time: an ended row's place is taken by the next one that
 * waits (Yu et al. 2022, "Orca", section 3.1: iteration-level scheduling). A row's ids depend on its prompt, its place in
 * `prompts`, its sample's number and the seed, not on its neighbours.
 */
import { DistillError } from '../../shared/messages.ts';
import type { DecoderModel, Generated, GenerateOptions } from './contract.ts';
import type { Decoding, Scores } from './decoding.ts';
import { openPlainDecoding } from './plainDecoding.ts';
import { Random } from './random.ts';
import { draw } from './sample.ts';

/** The event loop gets a turn this often, so that orders and timers are served. */
const BREATH_MS = 50;
/** Prompt tokens that are read in one pass, padding included: what a pass holds grows with them. */
const PREFILL_TOKENS = 4096;

/** So large a share of the slots has to be free before prompts are read while others write: a pass for one alone is dear. */
const ADMIT_SHARE = 1 / 8;

/** A text that has not ended. */
interface Row {
  /** Of its prompt, and among the results. */
  readonly place: number;
  readonly index: number;
  readonly ids: number[];
  readonly logProbabilities: number[];
  readonly random: Random;
  readonly limit: number;
  readonly slot: number;
}

/** A prompt some of whose samples have no slot yet. */
interface Waiting {
  readonly place: number;
  /** How many of its samples have begun. */
  begun: number;
  /** Scores after the prompt, once it has been read. */
  scores: Scores | null;
}

/**
 * Continues every prompt (ids, not empty) by up to `maxNewTokens`, or to the model's last position, `samples` times.
 * Results stand in the order of the prompts, a prompt's samples behind one another; its first is what a call without
 * `samples` gives. Throws DistillError `sequence-too-long` (a prompt beyond the model's positions), `token-not-in-model`.
 */
export async function generate(model: DecoderModel, prompts: readonly (readonly number[])[], options: GenerateOptions): Promise<readonly Generated[]> {
  for (const prompt of prompts) check(model, prompt);
  const run = new Generation(model, prompts, options);
  try {
    return await run.all();
  } finally {
    run.dispose();
  }
}

class Generation {
  readonly #results: Generated[];
  readonly #samples: number;
  readonly #greedy: boolean;
  readonly #ends: ReadonlySet<number>;
  /** Longest first: prompts of like length are read together, and the longest work is not begun last. */
  readonly #waiting: Waiting[];
  readonly #slots: number;
  readonly #free: number[];
  readonly #decoding: Decoding | null;
  #rows: Row[] = [];
  #ended = 0;
  #tokens = 0;

  constructor(private readonly model: DecoderModel, private readonly prompts: readonly (readonly number[])[], private readonly options: GenerateOptions) {
    this.#samples = options.samples ?? 1;
    this.#greedy = options.temperature === 0;
    this.#ends = new Set(options.eosTokenIds);
    this.#results = new Array<Generated>(prompts.length * this.#samples);
    const places = [...prompts.keys()].filter((place) => this.#limit(place) > 0);
    this.#waiting = places.sort((a, b) => prompts[b]!.length - prompts[a]!.length || a - b).map((place) => ({ place, begun: 0, scores: null }));
    for (const place of prompts.keys()) {
      for (let sample = 0; this.#limit(place) <= 0 && sample < this.#samples; sample++) this.#end(this.#row(place, sample, -1), 'length');
    }
    this.#slots = Math.min(Math.max(1, options.batch ?? Infinity), places.length * this.#samples);
    this.#free = Array.from({ length: this.#slots }, (_, slot) => slot);
    const columns = places.reduce((most, place) => Math.max(most, prompts[place]!.length + this.#limit(place)), 0);
    const wanted = { rows: this.#slots, columns, best: this.#greedy, temperature: this.#greedy ? (options.logProbabilities === true ? 1 : null) : options.temperature };
    this.#decoding = this.#slots === 0 ? null : model.backend.ops.decoding?.(model, wanted) ?? openPlainDecoding(model, wanted);
  }

  async all(): Promise<readonly Generated[]> {
    let breath = performance.now();
    while (this.#decoding !== null && (this.#waiting.length > 0 || this.#rows.length > 0)) {
      if (this.options.stopped?.() === true) {
        this.#stop();
        break;
      }
      if (this.#rows.length > 0) await this.#step(this.#decoding);
      if (this.#waiting.length > 0 && this.#free.length >= (this.#rows.length === 0 ? 1 : this.#slots * ADMIT_SHARE)) await this.#admit(this.#decoding);
      if (performance.now() - breath > BREATH_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        breath = performance.now();
      }
    }
    return this.#results;
  }

  dispose(): void {
    this.#decoding?.dispose();
  }

  /** One more token for every row. */
  async #step(decoding: Decoding): Promise<void> {
    const rows = this.#rows;
    const scores = await decoding.step(
      rows.map(({ slot }) => slot),
      Int32Array.from(rows, ({ ids }) => ids.at(-1)!),
      Int32Array.from(rows, ({ place, ids }) => this.prompts[place]!.length + ids.length - 1),
    );
    this.#rows = [];
    rows.forEach((row, at) => { this.#write(decoding, row, scores, at); });
    this.#tell();
  }

  /** Gives free slots to those that wait. */
  async #admit(decoding: Decoding): Promise<void> {
    const begun: { readonly waiting: Waiting; readonly rows: Row[] }[] = [];
    for (let waiting = this.#waiting[0]; waiting !== undefined && this.#free.length > 0; waiting = this.#waiting[0]) {
      const rows: Row[] = [];
      while (waiting.begun < this.#samples && this.#free.length > 0) rows.push(this.#row(waiting.place, waiting.begun++, this.#free.shift()!));
      begun.push({ waiting, rows });
      if (waiting.begun === this.#samples) this.#waiting.shift();
    }
    // A sample that is still written begins with the prompt: what was read for it serves the others.
    const source = ({ place, scores }: Waiting): number | undefined => (scores === null ? undefined : this.#rows.find((row) => row.place === place)?.slot);
    const unread = begun.filter(({ waiting }) => source(waiting) === undefined);
    for (const together of this.#passes(unread.map(({ waiting, rows }) => ({ waiting, slot: rows[0]!.slot })))) {
      const scores = await decoding.prefill(together.map(({ waiting, slot }) => ({ slot, ids: this.prompts[waiting.place]! })));
      together.forEach(({ waiting }, at) => { waiting.scores = this.#scoresOf(scores, at); });
    }
    for (const { waiting, rows } of begun) {
      const from = source(waiting) ?? rows[0]!.slot;
      const to = rows.map(({ slot }) => slot).filter((slot) => slot !== from);
      if (to.length > 0) decoding.copy(from, to, this.prompts[waiting.place]!.length);
    }
    for (const { waiting, rows } of begun) for (const row of rows) this.#write(decoding, row, waiting.scores!, 0);
    this.#tell();
  }

  /** Prompts that are read in one pass. */
  #passes(unread: readonly { readonly waiting: Waiting; readonly slot: number }[]): { readonly waiting: Waiting; readonly slot: number }[][] {
    const passes: { readonly waiting: Waiting; readonly slot: number }[][] = [];
    for (const each of unread) {
      const pass = passes.at(-1);
      // The first is the longest.
      const length = this.prompts[(pass?.[0] ?? each).waiting.place]!.length;
      if (pass !== undefined && (pass.length + 1) * length <= PREFILL_TOKENS) pass.push(each);
      else passes.push([each]);
    }
    return passes;
  }

  /** Those of the `at`-th row alone, of their own: a backend may write over what it has given. */
  #scoresOf({ best, probabilities }: Scores, at: number): Scores {
    const { vocabSize } = this.model.config;
    return { best: best.length === 0 ? [] : [best[at]!], probabilities: probabilities.slice(at * vocabSize, (at + 1) * vocabSize) };
  }

  /** The row's next token; a row that goes on is among `#rows` then, one that has ended leaves its slot. */
  #write(decoding: Decoding, row: Row, { best, probabilities }: Scores, at: number): void {
    const { vocabSize } = this.model.config;
    const own = probabilities.subarray(at * vocabSize, (at + 1) * vocabSize);
    const id = this.#greedy ? best[at]! : draw(own, this.options.topP, row.random);
    this.#tokens += 1;
    if (this.options.logProbabilities === true) row.logProbabilities.push(Math.log(own[id]!));
    const finish = this.#ends.has(id) ? 'end' : row.ids.push(id) === row.limit ? 'length' : null;
    if (finish === null) {
      this.#rows.push(row);
      return;
    }
    this.#end(row, finish);
    this.#free.push(row.slot);
    decoding.release([row.slot]);
  }

  #row(place: number, sample: number, slot: number): Row {
    const { seed } = this.options;
    const random = sample === 0 ? new Random(seed, place) : new Random(seed, place, sample);
    return { place, index: place * this.#samples + sample, ids: [], logProbabilities: [], random, limit: this.#limit(place), slot };
  }

  #limit(place: number): number {
    return Math.min(this.options.maxNewTokens, this.model.config.maxPositions - this.prompts[place]!.length);
  }

  #end({ index, ids, logProbabilities }: Row, finish: Generated['finish']): void {
    this.#ended += 1;
    this.#results[index] = this.options.logProbabilities === true ? { ids, finish, logProbabilities: Float32Array.from(logProbabilities) } : { ids, finish };
  }

  #stop(): void {
    for (const row of this.#rows) this.#end(row, 'stopped');
    for (const { place, begun } of this.#waiting) {
      for (let sample = begun; sample < this.#samples; sample++) this.#end(this.#row(place, sample, -1), 'stopped');
    }
  }

  #tell(): void {
    this.options.progress?.({ rows: this.#ended, tokens: this.#tokens });
  }
}

function check(model: DecoderModel, prompt: readonly number[]): void {
  const { maxPositions, vocabSize } = model.config;
  if (prompt.length === 0) throw new RangeError('a prompt needs at least one token');
  if (prompt.length > maxPositions) throw new DistillError('sequence-too-long', { length: prompt.length, limit: maxPositions });
  const wrong = prompt.find((id) => id < 0 || id >= vocabSize);
  if (wrong !== undefined) throw new DistillError('token-not-in-model', { token: wrong, vocabSize });
}
