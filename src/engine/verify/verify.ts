/** Verifies records: their answers against their references, their code against its tests, the form of their reasoning. */
import type { VerifyRecipe } from '../../shared/recipeCollect.ts';
import type { DataRecord, RecordVerdict } from '../../shared/record.ts';
import { VERDICT_REASONS, type VerdictReason } from '../../shared/verdicts.ts';
import { compareAnswers, loadComparer } from './compare.ts';
import { judgeCode } from './codeTests.ts';
import type { Judge } from './judge.ts';
import type { Sandbox } from './sandbox.ts';
import { traceFindings } from './traceFindings.ts';

export interface VerifyTools {
  readonly judge?: Judge;
  /** Only given where a person has consented to running code. */
  readonly sandbox?: Sandbox;
  readonly signal?: AbortSignal;
}

/** The verdict on a record; its answer is not changed. Throws what the judge's teacher throws, and AbortError. */
export async function verifyRecord(record: DataRecord, options: VerifyRecipe, tools: VerifyTools = {}): Promise<RecordVerdict> {
  await loadComparer();
  const nothing = record.answer.trim() === '' && record.think.trim() === '';
  const findings = options.trace && !nothing ? traceFindings(record) : [];
  const decided = (reason: VerdictReason, by: RecordVerdict['by'], found: string | null, expected: string | null): RecordVerdict =>
    ({ verdict: VERDICT_REASONS[reason].verdict, reason, by, found, expected, findings });
  // A question for a teacher is no wrong answer.
  if (nothing) return decided('nothing-to-judge', 'answer', null, shown(record.gold));
  if (record.tests !== undefined) {
    const { reason, failure } = await judgeCode(record, options, tools);
    return decided(reason, 'code', shown(failure), record.tests.entry);
  }
  if (options.answers && record.gold !== null && record.gold.trim() !== '') {
    const { reason, found, expected } = compareAnswers(record.answer, record.gold, { question: record.prompt, ...(record.options === undefined ? {} : { options: record.options }) });
    const by = reason === 'equal-choice' || reason === 'wrong-option' ? 'choice' : 'answer';
    const undecided = VERDICT_REASONS[reason].verdict === 'unknown';
    if (!undecided || tools.judge === undefined || options.judge === undefined) return decided(reason, by, shown(found), shown(expected));
    return decided(await tools.judge(record, options.judge.votes, tools.signal), 'judge', shown(found), shown(expected));
  }
  if (tools.judge !== undefined && options.judge !== undefined) return decided(await tools.judge(record, options.judge.votes, tools.signal), 'judge', null, record.gold);
  return decided(options.answers || record.gold === null ? 'no-reference' : 'not-asked', 'answer', null, record.gold);
}

/** Characters of an answer that a verdict repeats. */
const SHOWN = 200;

function shown(text: string | null): string | null {
  return text === null || text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

/** Whether a verified record goes on, by the recipe's `keep`. */
export function isKept({ verdict }: RecordVerdict, keep: VerifyRecipe['keep']): boolean {
  return keep === 'all' || verdict === 'right' || (keep === 'not-wrong' && verdict === 'unknown');
}

export { compareAnswers, loadComparer, type AnswerVerdict } from './compare.ts';
export { extractFinal as extractAnswer } from './extract.ts';
