/** What a collect stage may cost, before it is run: its questions are read and counted, answers so far are measured. */
import path from 'node:path';
import type { CollectEstimate, EstimatedTeacher } from '../../shared/collectEstimate.ts';
import { DistillError } from '../../shared/messages.ts';
import type { Recipe } from '../../shared/recipe.ts';
import type { AskRecipe, CollectStage } from '../../shared/recipeCollect.ts';
import type { ApiTeacher } from '../../shared/recipeTeacher.ts';
import type { DataRecord, RecordMessage, TokenUse } from '../../shared/record.ts';
import { resolvePath } from '../data/paths.ts';
import { loadTokenizer, type Tokenizer } from '../model/tokenizer.ts';
import { Random } from '../model/random.ts';
import { tokenizerOf } from '../stages/models.ts';
import { questionKey, readAnswers, readKeys } from '../teacher/cache.ts';
import { TEACHER_FILES, teacherFolder } from '../teacher/folder.ts';
import { keyFor, placeOf, type KeyRing } from '../teacher/keys.ts';
import { readLedger } from '../teacher/ledger.ts';
import { costNanos, fromNanos, worstNanos } from '../teacher/prices.ts';
import { messagesOf } from '../teacher/prompts.ts';
import { inputBound } from '../teacher/usage.ts';
import { cleanedRecords, needsModel, questionRules } from './cleaned.ts';
import { sourceRecords } from './sources.ts';
import { askedTeacher, teachersOf } from './teachersOf.ts';

export interface EstimateOptions {
  readonly recipe: Recipe;
  readonly base: string;
  readonly keys: KeyRing;
  readonly signal: AbortSignal;
}

/** A question that has no answer yet. */
export interface OpenQuestion {
  readonly messages: readonly RecordMessage[];
  readonly sample: number;
}

/** Bytes of a token where no tokenizer says it: English text has about four, Chinese about three. */
const BYTES_PER_TOKEN = 3.5;
/** Of a normal distribution's 95 % interval. */
const Z95 = 1.96;

/**
 * Reads the stage's questions and counts; nothing is sent. `keep`: this many of the questions without an answer are handed
 * out, drawn evenly by the recipe's seed. Null for a stage that asks nobody. Throws DistillError of reading and cleaning,
 * `ledger-…`, `teacher-address-malformed`.
 */
export async function estimateStage(stage: CollectStage, options: EstimateOptions, keep = 0): Promise<{ readonly estimate: CollectEstimate; readonly open: readonly OpenQuestion[] } | null> {
  const { recipe, base, keys } = options;
  const name = askedTeacher(stage, recipe.teachers);
  const teacher = name === null ? undefined : recipe.teachers[name];
  if (stage.ask === undefined || name === null || teacher === undefined) return null;
  const folder = teacherFolder(base, name);
  const api = teacher.type === 'api' ? teacher : null;
  const place = api === null ? null : placeOf(name, api);
  const answers = path.join(folder, TEACHER_FILES.answers);
  const known = readKeys(answers);
  const counted = await countQuestions(stage, stage.ask, options, {
    has: (question) => place !== null && api !== null && known.has(questionKey({ address: place.address, model: api.model, body: api.body, ...question })),
    keyOf: (question) => (place === null || api === null ? '' : questionKey({ address: place.address, model: api.model, body: api.body, ...question })),
  }, keep);
  const measured = measure(answers, counted.answeredKeys);
  const facts: EstimatedTeacher = {
    name, model: teacher.model, local: api === null, origin: place?.origin ?? null, variable: place?.variable ?? null,
    needsKey: place?.needsKey ?? false, hasKey: place !== null && keyFor(place, keys) !== null,
  };
  const others = teachersOf(stage, recipe.teachers).filter((other) => other !== name);
  const totals = readLedger({ name, folder, prices: api?.prices ?? null });
  const estimate = combine({ stage, ask: stage.ask, api, facts, counted, measured, others, spentTokens: totals.spentTokens + totals.reservedTokens, spentNanos: totals.spentNanos + totals.reservedNanos, lostRequests: totals.lostRequests });
  return { estimate, open: counted.open };
}

interface Counted {
  readonly rows: number;
  readonly requests: number;
  readonly answeredKeys: ReadonlySet<string>;
  readonly remaining: number;
  readonly inputWorst: number;
  readonly inputTokens: number;
  readonly inputBasis: 'tokenizer' | 'bytes';
  readonly open: readonly OpenQuestion[];
}

interface Keys {
  readonly has: (question: Parameters<Keys['keyOf']>[0]) => boolean;
  readonly keyOf: (question: { readonly messages: readonly RecordMessage[]; readonly sampling: AskRecipe['sampling']; readonly sampleIndex: number }) => string;
}

async function countQuestions(stage: CollectStage, ask: AskRecipe, { recipe, base, signal }: EstimateOptions, keys: Keys, keep: number): Promise<Counted> {
  const tokenizer = await studentTokenizer(recipe, base);
  const answeredKeys = new Set<string>();
  const open: OpenQuestion[] = [];
  const random = new Random(recipe.seed, 'estimate');
  let [rows, remaining, inputWorst, inputTokens] = [0, 0, 0, 0];
  for await (const record of questions(stage, { recipe, base, signal })) {
    rows += 1;
    const messages = messagesOf(record, ask);
    let tokens: number | null = null;
    for (let sampleIndex = 0; sampleIndex < ask.samples; sampleIndex += 1) {
      const question = { messages, sampling: ask.sampling, sampleIndex };
      if (keys.has(question)) {
        answeredKeys.add(keys.keyOf(question));
        continue;
      }
      tokens ??= tokensOf(messages, tokenizer);
      inputWorst += inputBound(messages);
      inputTokens += tokens;
      remaining += 1;
      // Reservoir sampling (Vitter 1985, Algorithm R): each of them is drawn with the same chance, in one pass.
      const slot = open.length < keep ? open.length : Math.floor(random.uniform() * remaining);
      if (slot < keep) open[slot] = { messages, sample: sampleIndex };
    }
  }
  return { rows, requests: rows * ask.samples, answeredKeys, remaining, inputWorst, inputTokens, inputBasis: tokenizer === null ? 'bytes' : 'tokenizer', open };
}

/** Rules that need a model are passed over: loading one takes longer than an estimate may. */
async function* questions(stage: CollectStage, { recipe, base, signal }: Omit<EstimateOptions, 'keys'>): AsyncGenerator<DataRecord> {
  const rows = sourceRecords(stage, { base, signal, onBrokenRow: () => undefined });
  if (stage.clean === undefined) {
    yield* rows;
    return;
  }
  yield* cleanedRecords(rows, { ...questionRules(stage.clean, stage.ask), irrelevant: stage.clean.irrelevant === undefined ? undefined : { pattern: stage.clean.irrelevant.pattern } }, {
    recipe, base, signal, removed: { write: () => undefined }, onReport: () => undefined, onProgress: () => undefined,
    backend: () => Promise.reject(new Error('an estimate opens no backend')),
  });
}

/** Null where the student's tokenizer can't be read: an estimate is no place to insist on it. */
async function studentTokenizer(recipe: Recipe, base: string): Promise<Tokenizer | null> {
  try {
    return await loadTokenizer(resolvePath(base, tokenizerOf(recipe)));
  } catch (error) {
    if (error instanceof DistillError) return null;
    throw error;
  }
}

function tokensOf(messages: readonly RecordMessage[], tokenizer: Tokenizer | null): number {
  return messages.reduce((sum, { content }) => sum + (tokenizer === null ? Math.ceil(Buffer.byteLength(content) / BYTES_PER_TOKEN) : tokenizer.encode(content, { special: false }).length), 0);
}

interface Measured {
  readonly answers: number;
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
  readonly reasoning: number;
  /** Sum of squares of the output tokens. */
  readonly squares: number;
  readonly milliseconds: number;
  /** In which at least one of them was waited for: fewer than the sum where several were asked at once. */
  readonly busyMilliseconds: number;
}

function measure(file: string, keys: ReadonlySet<string>): Measured {
  const sum = { answers: 0, input: 0, cachedInput: 0, output: 0, reasoning: 0, squares: 0, milliseconds: 0 };
  const spans: (readonly [begin: number, end: number])[] = [];
  readAnswers(file, (key) => keys.has(key), ({ tokens }, ms, at) => {
    sum.answers += 1;
    for (const kind of ['input', 'cachedInput', 'output', 'reasoning'] as const) sum[kind] += tokens[kind];
    sum.squares += tokens.output ** 2;
    sum.milliseconds += ms;
    spans.push([at - ms, at]);
  });
  return { ...sum, busyMilliseconds: covered(spans) };
}

/** Length of what the spans cover together. */
function covered(spans: readonly (readonly [begin: number, end: number])[]): number {
  let [length, until] = [0, -Infinity];
  for (const [begin, end] of [...spans].sort(([a], [b]) => a - b)) {
    length += Math.max(0, end - Math.max(begin, until));
    until = Math.max(until, end);
  }
  return length;
}

/** At best the service takes all of the recipe's concurrency as fast as it answered so far; else it goes on at its pace so far. */
function timeOf({ answers, milliseconds, busyMilliseconds }: Measured, remaining: number, concurrency: number): CollectEstimate['seconds'] {
  if (answers === 0) return null;
  const best = milliseconds / answers / 1000 * Math.ceil(remaining / concurrency);
  return { best, pace: Math.max(best, busyMilliseconds / answers / 1000 * remaining) };
}

interface Parts {
  readonly stage: CollectStage;
  readonly ask: AskRecipe;
  readonly api: ApiTeacher | null;
  readonly facts: EstimatedTeacher;
  readonly counted: Counted;
  readonly measured: Measured;
  readonly others: readonly string[];
  readonly spentTokens: number;
  readonly spentNanos: number;
  readonly lostRequests: number;
}

function combine({ stage, ask, api, facts, counted, measured, others, spentTokens, spentNanos, lostRequests }: Parts): CollectEstimate {
  const { remaining } = counted;
  const n = measured.answers;
  const mean = n === 0 ? null : measured.output / n;
  // Of the sum over all that remains: their own spread, and that of the mean which was measured.
  const deviation = n < 2 || mean === null ? null : Math.sqrt(Math.max(0, measured.squares / n - mean ** 2) * n / (n - 1));
  const half = deviation === null ? null : Z95 * deviation * Math.sqrt(remaining + remaining ** 2 / n);
  const worst = remaining * ask.sampling.maxTokens;
  const expected = mean === null ? null : Math.round(mean * remaining);
  const low = expected === null || half === null ? null : Math.max(0, Math.round(expected - half));
  const high = expected === null || half === null ? null : Math.min(worst, Math.round(expected + half));
  const input = n === 0 ? counted.inputTokens : Math.round(measured.input / n * remaining);
  const use = (output: number): TokenUse => ({
    input, output,
    // In the same shares as the answers so far.
    cachedInput: n === 0 || measured.input === 0 ? 0 : Math.round(input * measured.cachedInput / measured.input),
    reasoning: n === 0 || measured.output === 0 ? 0 : Math.round(output * measured.reasoning / measured.output),
  });
  const prices = api?.prices;
  const money = prices === undefined ? null : {
    currency: prices.currency,
    low: low === null ? null : fromNanos(costNanos(use(low), prices)),
    expected: expected === null ? null : fromNanos(costNanos(use(expected), prices)),
    high: high === null ? null : fromNanos(costNanos(use(high), prices)),
    worst: fromNanos(worstNanos({ input: counted.inputWorst, cachedInput: 0, output: worst, reasoning: 0 }, prices)),
  };
  const spentMoney = prices === undefined ? null : fromNanos(spentNanos);
  const cap = { money: api?.budget?.money ?? null, tokens: api?.budget?.tokens ?? null };
  const left = { money: cap.money === null ? Infinity : cap.money - (spentMoney ?? 0), tokens: cap.tokens === null ? Infinity : cap.tokens - spentTokens };
  const within = (amount: number | null | undefined, tokens: number | null): boolean | null =>
    (cap.money !== null && amount === null) || tokens === null ? null : (amount ?? 0) <= left.money && tokens <= left.tokens;
  const expectedFits = within(money?.expected ?? null, expected === null ? null : input + expected);
  return {
    format: 1, stage: stage.name, teacher: facts, rows: counted.rows, requests: counted.requests, answered: counted.requests - remaining, remaining,
    basis: n === 0 ? 'limits' : 'answers', sampled: n,
    input: { basis: n === 0 ? counted.inputBasis : 'answers', expected: input, worst: counted.inputWorst },
    output: { low, expected, high, worst }, money,
    seconds: api === null ? null : timeOf(measured, remaining, api.concurrency),
    cap, spent: { money: spentMoney, tokens: spentTokens, lostRequests },
    fits: within(money?.worst ?? null, counted.inputWorst + worst) === true ? 'surely' : expectedFits === null ? 'unknown' : expectedFits ? 'expected' : 'no',
    others, withoutModelRules: stage.clean !== undefined && needsModel(stage.clean),
  };
}
