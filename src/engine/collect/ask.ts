/** Asking a teacher for every row: many requests at once, records in the order of the rows. */
import type { MessageData } from '../../shared/events.ts';
import { DistillError, type ErrorCode } from '../../shared/messages.ts';
import type { DataRecord } from '../../shared/record.ts';
import type { AskRecipe } from '../../shared/recipeCollect.ts';
import type { OpenAsker } from '../teacher/asker.ts';
import type { Answered } from '../teacher/contract.ts';
import { messagesOf } from '../teacher/prompts.ts';
import { inOrder } from './inOrder.ts';

/**
 * Rows whose answers wait, on the disk, behind the slowest one: a long answer takes some ten times as long as the middle one,
 * and this much more keeps every place at work meanwhile. Of each only its question is held.
 */
const AHEAD = 64;
/** Questions in a row that fail for good before the service counts as out of order; none of them has been answered. */
const FAILURES_IN_A_ROW = 20;

/** What concerns one question alone; any other failure of a teacher concerns them all. */
const ONE_QUESTION: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'teacher-request-refused', 'teacher-failing', 'teacher-no-first-token', 'teacher-silent', 'teacher-cut', 'teacher-bad-answer', 'teacher-answer-too-long',
  'sequence-too-long',
]);

export interface AskCounts {
  /** Questions that came to an end: answered, failed or passed over. */
  done: number;
  answered: number;
  /** Of those answered: from the cache. */
  cached: number;
  failed: number;
  /** Passed over because the budget was spent. */
  unasked: number;
}

export interface AskOptions {
  readonly asker: OpenAsker;
  readonly ask: AskRecipe;
  readonly signal: AbortSignal;
  readonly counts: AskCounts;
  /** Each question that failed for good: its row is left out. */
  readonly onFailed: (record: DataRecord, error: DistillError) => void;
  /** The budget is spent: from here on only what is answered already is taken. Called once. */
  readonly onSpent: (error: DistillError) => void;
}

interface Question {
  readonly record: DataRecord;
  readonly sample: number;
}

/**
 * `samples` records for each one, its answers in the order of their samples; those that failed are missing. Throws what
 * concerns the teacher as a whole (a key that is refused, a model that doesn't exist), of the file system, the signal's reason.
 */
export async function* askRecords(records: AsyncIterable<DataRecord>, options: AskOptions): AsyncGenerator<DataRecord> {
  const { asker, ask, signal, counts } = options;
  let spent = false;
  let failedInARow = 0;
  const work = async (question: Question): Promise<Question | null> => {
    const messages = messagesOf(question.record, ask);
    signal.throwIfAborted();
    const kept = asker.has(messages, ask.sampling, question.sample);
    if (!kept && spent) {
      counts.unasked += 1;
      counts.done += 1;
      return null;
    }
    try {
      if (!kept) await asker.ask(messages, ask.sampling, question.sample, { signal });
      failedInARow = 0;
      counts.answered += 1;
      counts.cached += kept ? 1 : 0;
      counts.done += 1;
      // The text waits on the disk until its turn, not in memory.
      return question;
    } catch (error) {
      if (!(error instanceof DistillError) || signal.aborted) throw error;
      if (error.code === 'budget-spent') {
        if (!spent) options.onSpent(error);
        spent = true;
        counts.unasked += 1;
      } else if (ONE_QUESTION.has(error.code)) {
        failedInARow += 1;
        if (failedInARow >= Math.max(FAILURES_IN_A_ROW, asker.concurrency())) throw error;
        counts.failed += 1;
        options.onFailed(question.record, error);
      } else {
        throw error;
      }
      counts.done += 1;
      return null;
    }
  };
  const places = asker.concurrency();
  for await (const question of inOrder(questionsOf(records, ask.samples), { atOnce: places, ahead: places * AHEAD }, work)) {
    if (question === null) continue;
    const { record, sample } = question;
    const messages = messagesOf(record, ask);
    const answered = asker.kept(messages, ask.sampling, sample) ?? await asker.ask(messages, ask.sampling, sample, { signal });
    yield answeredRecord(record, answered, { teacher: asker.teacher, ask, sample });
  }
}

async function* questionsOf(records: AsyncIterable<DataRecord>, samples: number): AsyncGenerator<Question> {
  for await (const record of records) for (let sample = 0; sample < samples; sample += 1) yield { record, sample };
}

/** The record with the teacher's reasoning and answer. What the row had as its answer is what the new one is held against. */
export function answeredRecord(record: DataRecord, answered: Answered, { teacher, ask, sample }: { readonly teacher: OpenAsker['teacher']; readonly ask: AskRecipe; readonly sample: number }): DataRecord {
  const { temperature, topP, maxTokens } = ask.sampling;
  return {
    ...record,
    id: sample === 0 ? record.id : `${record.id}-${String(sample)}`,
    think: answered.think, answer: answered.answer,
    gold: record.gold ?? (record.answer.trim() === '' ? null : record.answer),
    ...(answered.logprobs === null ? {} : { logprobs: answered.logprobs }),
    provenance: {
      ...record.provenance,
      teacher: { ...teacher, model: answered.model ?? teacher.model }, promptHash: answered.promptHash,
      sampling: { temperature, topP, maxTokens, sample }, tokens: answered.tokens, cost: answered.cost, finish: answered.finish, verdict: null,
    },
  };
}

/** The sentence of a failure, for a warning that names one of many. */
export function failureData(name: string, counts: Pick<AskCounts, 'failed' | 'done'>, last: DistillError): MessageData {
  return { teacher: name, failed: counts.failed, rows: counts.done, detail: last.message };
}
