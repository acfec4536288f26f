/**
 * New rows from old ones. Every try is checked to keep its answer, in the way that its kind allows, and dropped otherwise; the
 * report says how many came through. Each row is followed by the rows made from it, in the order of the recipe.
 */
import { DistillError } from '../../../shared/messages.ts';
import type { AugmentReason, AugmentReport } from '../../../shared/augmentReport.ts';
import { verify as verifySchema, type Augmentation } from '../../../shared/recipeCollect.ts';
import type { DataRecord, RecordMessage } from '../../../shared/record.ts';
import { inOrder } from '../../collect/inOrder.ts';
import type { Asker } from '../../teacher/contract.ts';
import { verifyRecord } from '../../verify/verify.ts';
import { Draw } from '../draw.ts';
import { recordId } from '../recordId.ts';
import { isChanged, type Changed, type Try } from './contract.ts';
import { otherNumbers } from './numbers.ts';
import { recombined } from './recombination.ts';
import { reworded } from './reworded.ts';
import { withSynonyms } from './synonyms.ts';

export interface AugmentContext {
  /** The teacher of a back-translation or rephrasing; asked for once each. */
  readonly asker: (augmentation: Augmentation) => Promise<Asker>;
  /** The same seed, rows and recipe make the same rows (a teacher's answers apart). */
  readonly seed?: number;
  /** Rows at once that wait for teachers. */
  readonly atOnce?: number;
  readonly signal?: AbortSignal | undefined;
  /** The budget was spent: from here on the teacher is not asked. Called once. */
  readonly onSpent?: (error: DistillError) => void;
}

/** Rows without a teacher's help are augmented at once; with it, this many wait where the context says nothing. */
const AT_ONCE = 8;
const BREATH = 64;
/** What fails for one question only; any other failure of a teacher concerns them all. */
const ONE_QUESTION: ReadonlySet<string> = new Set(['teacher-request-refused', 'teacher-failing', 'teacher-no-first-token', 'teacher-silent', 'teacher-cut', 'teacher-bad-answer', 'teacher-answer-too-long', 'sequence-too-long']);
const VERIFY = verifySchema.parse({ trace: false });

export class AugmentCounts {
  readonly #kinds = new Map<string, { tried: number; kept: number; dropped: Record<string, number> }>();
  read = 0;
  made = 0;

  count(kind: string, reason: AugmentReason | null): void {
    const counts = this.#kinds.get(kind) ?? { tried: 0, kept: 0, dropped: {} };
    this.#kinds.set(kind, counts);
    counts.tried += 1;
    if (reason === null) counts.kept += 1;
    else counts.dropped[reason] = (counts.dropped[reason] ?? 0) + 1;
  }

  report(): AugmentReport {
    return { kinds: [...this.#kinds].map(([kind, counts]) => ({ kind, ...counts })), rows: { read: this.read, made: this.made } };
  }
}

/**
 * The records, each followed by those made from it. Throws what concerns a teacher as a whole, and the signal's reason.
 * @param counts filled on the way
 */
export async function* augmentRecords(records: AsyncIterable<DataRecord>, augmentations: readonly Augmentation[], context: AugmentContext, counts = new AugmentCounts()): AsyncGenerator<DataRecord, AugmentReport> {
  const atOnce = context.atOnce ?? AT_ONCE;
  const worker = new Augmenter(augmentations, context, counts);
  for await (const rows of inOrder(records, { atOnce, ahead: atOnce * 4 }, (record) => worker.of(record))) {
    counts.read += 1;
    counts.made += rows.length - 1;
    yield* rows;
    if (counts.read % BREATH === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return counts.report();
}

class Augmenter {
  readonly #askers = new Map<Augmentation, Promise<Asker>>();
  #spent = false;

  constructor(private readonly augmentations: readonly Augmentation[], private readonly context: AugmentContext, private readonly counts: AugmentCounts) {}

  /** The record and what is made from it. */
  async of(record: DataRecord): Promise<readonly DataRecord[]> {
    const rows = [record];
    const prompts = new Set([record.prompt]);
    for (const [index, augmentation] of this.augmentations.entries()) {
      // The row's own stream: what becomes of a row does not depend on the rows before it.
      const draw = new Draw(this.context.seed ?? 0, 'augment', record.id, index);
      if (!draw.chance(augmentation.share)) continue;
      for (let copy = 0; copy < augmentation.copies; copy++) {
        this.context.signal?.throwIfAborted();
        const result = await this.#kept(record, await this.#try(record, augmentation, copy, draw), augmentation);
        const reason = typeof result === 'string' ? result : prompts.has(result.prompt) ? 'same-as-before' : null;
        this.counts.count(augmentation.kind, reason);
        if (reason !== null || typeof result === 'string') continue;
        prompts.add(result.prompt);
        rows.push(result);
      }
    }
    return rows;
  }

  async #try(record: DataRecord, augmentation: Augmentation, copy: number, draw: Draw): Promise<Try> {
    if (promptMessages(record, '') === null) return 'conversation';
    switch (augmentation.kind) {
      case 'numbers': return otherNumbers(record, draw);
      case 'recombination': return recombined(record, draw);
      case 'synonyms': return withSynonyms(record, augmentation.strength, draw);
      case 'back-translation': case 'rephrasing': return this.#asked(record, augmentation, copy);
    }
  }

  async #asked(record: DataRecord, augmentation: Augmentation, copy: number): Promise<Try> {
    if (this.#spent) return 'budget-spent';
    const asking = this.#askers.get(augmentation) ?? this.context.asker(augmentation);
    this.#askers.set(augmentation, asking);
    try {
      return await reworded(record, { augmentation, asker: await asking, copy, signal: this.context.signal });
    } catch (error) {
      if (!(error instanceof DistillError) || this.context.signal?.aborted === true) throw error;
      if (ONE_QUESTION.has(error.code)) return 'teacher-failed';
      if (error.code !== 'budget-spent') throw error;
      if (!this.#spent) this.context.onSpent?.(error);
      this.#spent = true;
      return 'budget-spent';
    }
  }

  /** The new record, when its answer still is its reference's. */
  async #kept(record: DataRecord, change: Try, { kind }: Augmentation): Promise<DataRecord | AugmentReason> {
    if (!isChanged(change)) return change;
    const made = madeFrom(record, change, kind);
    if (made.gold === null || made.answer.trim() === '' || made.tests !== undefined) return made;
    const verdict = await verifyRecord(made, VERIFY);
    if (verdict.verdict === 'wrong') return 'verification';
    // A parent's own verdict was of the parent's answer; where that changed, this is the new one's.
    return change.answer === undefined ? made : { ...made, provenance: { ...made.provenance, verdict } };
  }
}

/** The messages with a new question, or null where the question is not simply the last of them. */
function promptMessages({ messages, prompt }: DataRecord, changed: string): readonly RecordMessage[] | undefined | null {
  if (messages === undefined) return undefined;
  const last = messages.at(-1);
  if (last?.role !== 'user' || !last.content.includes(prompt)) return null;
  return [...messages.slice(0, -1), { role: 'user', content: last.content.replace(prompt, () => changed) }];
}

/** Without what was said of the parent's own texts. */
function ownParts(record: DataRecord): Omit<DataRecord, 'logprobs' | 'messages'> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== 'logprobs' && key !== 'messages')) as unknown as Omit<DataRecord, 'logprobs' | 'messages'>;
}

function madeFrom(record: DataRecord, { prompt, detail, ...texts }: Changed, kind: string): DataRecord {
  const changed = { prompt, think: texts.think ?? record.think, answer: texts.answer ?? record.answer, gold: texts.gold === undefined ? record.gold : texts.gold };
  const messages = promptMessages(record, prompt);
  return {
    ...ownParts(record), ...changed, id: recordId(changed), ...(messages === undefined || messages === null ? {} : { messages }),
    // What the teacher was paid for is its parent's: summed over rows it counts once.
    provenance: { ...record.provenance, promptHash: null, tokens: null, cost: null, transformations: [...record.provenance.transformations, { name: `augment/${kind}`, detail: { parent: record.id, ...detail } }] },
  };
}
