/** Teacher and student answer the same held-out prompts: accuracy, speed, and the traces that a person compares. */
import type { ModelScore, TraceRole, Verdict } from '../../shared/events.ts';
import type { Recipe } from '../../shared/recipe.ts';
import type { Trace } from '../../shared/trace.ts';
import type { EvaluationRow } from '../data/contract.ts';
import type { Template } from '../data/template.ts';
import type { DecoderModel } from '../model/contract.ts';
import { generate } from '../model/generate.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { verdictOf } from './answer.ts';
import { retentionInterval, wilson, type Interval } from './intervals.ts';

export interface Answered {
  readonly role: TraceRole;
  readonly traces: readonly Trace[];
  readonly score: ModelScore;
}

export interface AnswerInput {
  readonly role: TraceRole;
  readonly model: DecoderModel;
  /** What a trace says of its maker: the folder, or the checkpoint. */
  readonly modelName: string;
  readonly tokenizer: Tokenizer;
  readonly template: Template;
  readonly rows: readonly EvaluationRow[];
  readonly settings: Recipe['evaluate'];
  readonly seed: number;
  readonly stage: number;
  readonly step: number;
  readonly onProgress: (done: number, total: number) => void;
  readonly stopped: () => boolean;
}

/** Warm-up tokens: a backend's first products are slower (memory is taken, shaders are compiled). */
const WARM_UP_TOKENS = 2;

/** All prompts answered by one model; null when it was stopped in between. Throws what `generate` throws. */
export async function answer(input: AnswerInput): Promise<Answered | null> {
  const { role, model, tokenizer, rows, settings, seed } = input;
  const prompts = rows.map((row) => row.promptIds);
  const eosTokenIds = [...new Set([input.template.endTokenId, ...tokenizer.eosTokenIds])];
  const options = { maxNewTokens: settings.maxNewTokens, temperature: settings.temperature, topP: settings.topP, seed, eosTokenIds, batch: settings.batch };
  if (prompts.length > 0) await generate(model, prompts.slice(0, settings.batch), { ...options, maxNewTokens: WARM_UP_TOKENS });
  const began = performance.now();
  let tokens = 0;
  const generated = await generate(model, prompts, {
    ...options, stopped: input.stopped,
    progress: (done) => {
      tokens = done.tokens;
      input.onProgress(done.rows, rows.length);
    },
  });
  const seconds = (performance.now() - began) / 1000;
  if (generated.some(({ finish }) => finish === 'stopped')) return null;
  const traces = generated.map(({ ids, finish }, index): Trace => {
    const row = rows[index];
    if (row === undefined) throw new Error('more answers than prompts');
    const { think, answer: text } = input.template.parse(tokenizer.decode(ids));
    return {
      format: 1, id: `${String(input.stage)}-${String(input.step)}-${role}-${row.example}`, example: row.example, role, stage: input.stage, step: input.step,
      prompt: row.prompt, think, answer: text, gold: row.gold, verdict: verdictOf(text, row.gold),
      tokens: ids.length + (finish === 'end' ? 1 : 0), finish: finish === 'end' ? 'end' : 'length', model: input.modelName,
      sampling: { temperature: settings.temperature, topP: settings.topP, seed },
    };
  });
  return { role, traces, score: scoreOf(role, traces.map(({ verdict }) => verdict), tokens / seconds, model.parameters) };
}

function scoreOf(role: TraceRole, verdicts: readonly Verdict[], tokensPerSecond: number, parameters: number): ModelScore {
  const known = verdicts.filter((verdict) => verdict !== 'unknown');
  const right = known.filter((verdict) => verdict === 'right').length;
  const { value, low, high } = wilson(right, known.length);
  return { role, examples: known.length, right, accuracy: value, low, high, tokensPerSecond: Number.isFinite(tokensPerSecond) ? tokensPerSecond : 0, parameters };
}

/** Over the prompts whose reference is known to both. */
export function retentionOf(teacher: Answered, student: Answered, seed: number): Interval | null {
  const byExample = new Map(teacher.traces.map((trace) => [trace.example, trace.verdict]));
  const pairs = student.traces.flatMap((trace) => {
    const verdict = byExample.get(trace.example);
    if (verdict === undefined || verdict === 'unknown' || trace.verdict === 'unknown') return [];
    return [{ teacher: verdict === 'right', student: trace.verdict === 'right' }];
  });
  return pairs.length === 0 ? null : retentionInterval(pairs, seed);
}
