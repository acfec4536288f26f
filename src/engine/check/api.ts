/**
 * API teachers: key there (never shown), a cap that lets at least one request through, and sampling that the model takes.
 * (That a cap in money needs prices is a rule of the recipe itself.) The service itself is asked only where a person wants it (`--online`): its list of models,
 * which costs nothing.
 */
import { existsSync } from 'node:fs';
import { DistillError } from '../../shared/messages.ts';
import type { Finding, Fix } from '../../shared/preflight.ts';
import type { DataRecord } from '../../shared/record.ts';
import type { CollectStage, Recipe } from '../../shared/recipe.ts';
import type { ApiTeacher } from '../../shared/recipeTeacher.ts';
import { KEYS_VARIABLE, parseKeys } from '../../shared/teacherKeys.ts';
import { sourceRecords } from '../collect/sources.ts';
import { askedTeacher } from '../collect/teachersOf.ts';
import { resolvePath } from '../data/paths.ts';
import { keyFor, placeOf, type KeyRing, type TeacherPlace } from '../teacher/keys.ts';
import { presetOf } from '../teacher/presets.ts';
import { fromNanos, toNanos, worstNanos } from '../teacher/prices.ts';
import { messagesOf } from '../teacher/prompts.ts';
import { inputBound } from '../teacher/usage.ts';
import { finding, refusalOf, setFix, type CheckContext } from './contract.ts';
import { samplingFix } from './fixes.ts';

const REACH_MS = 10_000;
/** Models of a service that are named in a sentence. */
const NAMED_MODELS = 8;
/** Fewer tokens than this hold no reasoning. */
const FEWEST_TOKENS = 256;

/** A stage that asks this teacher, with its place in the recipe. */
interface Asking {
  readonly stage: CollectStage;
  readonly index: number;
}

export async function checkApiTeachers(context: CheckContext): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [name, teacher] of Object.entries(context.recipe.teachers)) {
    if (teacher.type === 'api') findings.push(...await ofTeacher(context, name, teacher));
  }
  return findings;
}

async function ofTeacher(context: CheckContext, name: string, teacher: ApiTeacher): Promise<readonly Finding[]> {
  const { recipe, machine, online } = context;
  const at = { subject: name, path: ['teachers', name] };
  const asking = askingStages(recipe, name);
  let place: TeacherPlace;
  try {
    place = placeOf(name, teacher);
  } catch (error) {
    return [refusalOf('api', error, { subject: name, path: ['teachers', name, 'baseUrl'] })];
  }
  if (asking.length === 0) return [finding('api', 'pass', 'api-unused', {}, at)];
  const ring: KeyRing = { stored: parseKeys(machine.environment[KEYS_VARIABLE]), environment: machine.environment };
  const key = keyFor(place, ring);
  const variable = place.variable ?? 'keyVariable';
  const findings: Finding[] = [];
  if (key === null && place.needsKey) findings.push(finding('api', 'refusal', 'api-no-key', { variable }, at));
  else if (online) findings.push(await reached(place, key, teacher, at, context.signal));
  else findings.push(finding('api', 'pass', key === null ? 'api-ready-no-key' : 'api-ready', { variable, address: place.address }, at));
  return [...findings, ...await moneyFindings(context, name, teacher, asking), ...asking.flatMap((each) => samplingFindings(context, teacher, name, each))];
}

/** Stages that ask this teacher for answers, as a judge, or for other words. */
function askingStages({ stages, teachers }: Recipe, name: string): readonly Asking[] {
  const apis = Object.keys(teachers).filter((each) => teachers[each]?.type === 'api');
  return stages.flatMap((stage, index): readonly Asking[] => {
    if (stage.type !== 'collect') return [];
    const asked = stage.ask === undefined ? [] : [stage.ask.teacher ?? apis[0]];
    const named = [...asked, stage.verify?.judge?.teacher, ...stage.augment.map(({ teacher }) => teacher)];
    return named.includes(name) ? [{ stage, index }] : [];
  });
}

async function moneyFindings(context: CheckContext, name: string, teacher: ApiTeacher, asking: readonly Asking[]): Promise<readonly Finding[]> {
  const { budget, prices } = teacher;
  const at = (...rest: readonly string[]): { readonly subject: string; readonly path: readonly string[] } => ({ subject: name, path: ['teachers', name, ...rest] });
  if (budget?.money === undefined && budget?.tokens === undefined) {
    const free = presetOf(teacher)?.keyVariable === null || (prices !== undefined && prices.input === 0 && prices.output === 0);
    return free ? [] : [finding('api', 'warning', 'api-no-cap', {}, at())];
  }
  const findings: Finding[] = [];
  for (const { stage, index } of asking) {
    // A judge and an augmentation ask what nobody knows before; askedTeacher says whom the stage's own questions go to.
    if (stage.ask === undefined || askedTeacher(stage, context.recipe.teachers) !== name) continue;
    const input = inputBound(messagesOf(await firstQuestion(context, stage), stage.ask));
    const output = stage.ask.sampling.maxTokens;
    const money = (tokens: number): number => (prices === undefined ? 0 : worstNanos({ input, cachedInput: 0, output: tokens, reasoning: tokens }, prices));
    const path = ['stages', index, 'ask', 'sampling', 'maxTokens'];
    const shown = `stages[${String(index)}].ask.sampling.maxTokens`;
    const most = (fits: (tokens: number) => boolean): number => largestBelow(output, fits);
    const cases = [
      ...(budget.money === undefined || money(output) === 0 ? [] : [{ needed: money(output), cap: toNanos(budget.money), answer: most((tokens) => money(tokens) <= toNanos(budget.money ?? 0)), show: (nanos: number) => `${prices?.currency ?? ''} ${String(Number(fromNanos(nanos).toPrecision(3)))}` }]),
      ...(budget.tokens === undefined ? [] : [{ needed: input + output, cap: budget.tokens, answer: budget.tokens - input, show: String }]),
    ];
    for (const { needed, cap, answer, show } of cases) {
      const data = { stage: stage.name, worst: show(needed), cap: show(cap), requests: Math.floor(cap / needed) };
      if (needed <= cap) findings.push(finding('api', 'pass', 'api-cap-fine', data, { subject: name, path }));
      else findings.push(finding('api', 'refusal', 'api-cap-below-request', data, { ...at('budget'), fix: fewerTokens(context, name, path, shown, answer) }));
    }
  }
  return findings;
}

/** The first question of a stage's files; where nobody knows it yet an empty one, so that no cap is refused that may do. */
async function firstQuestion({ recipe, base, signal }: CheckContext, stage: CollectStage): Promise<Pick<DataRecord, 'prompt' | 'messages'>> {
  const unknown = { prompt: '' };
  const [source] = stage.from;
  if (source === undefined || source.hub !== undefined) return unknown;
  const toCome = recipe.stages.some((each) => each.type === 'collect' && each !== stage && each.to === source.file);
  if (toCome && !existsSync(resolvePath(base, source.file ?? ''))) return unknown;
  try {
    for await (const record of sourceRecords({ from: [source], onBroken: 'skip' }, { base, signal, onBrokenRow: () => undefined })) if (record.prompt !== '') return record;
  } catch (error) {
    // That it can't be read is said of the stage's sources.
    if (!(error instanceof DistillError)) throw error;
  }
  return unknown;
}

/** The largest number from 0 to `most` that fits, where smaller ones fit better. */
function largestBelow(most: number, fits: (value: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** As many tokens as the cap pays for, where an answer fits into them. */
function fewerTokens(context: CheckContext, teacher: string, path: readonly (string | number)[], shown: string, tokens: number): Fix | null {
  return tokens >= FEWEST_TOKENS ? samplingFix(context, teacher, path, shown, tokens) : null;
}

function samplingFindings({ base, text }: CheckContext, teacher: ApiTeacher, name: string, { stage, index }: Asking): readonly Finding[] {
  if (stage.ask === undefined) return [];
  const { sampling, samples } = stage.ask;
  const path = ['stages', index, 'ask', 'sampling'];
  const shown = `stages[${String(index)}].ask`;
  const findings: Finding[] = [];
  const data = { stage: stage.name, model: teacher.model, samples };
  if (presetOf(teacher)?.ignoresSampling?.test(teacher.model) === true) {
    const asked = /"(temperature|topP)"\s*:/.test(text);
    if (asked) findings.push(finding('api', 'warning', 'api-sampling-ignored', data, { subject: name, path }));
    if (sampling.topLogprobs > 0) findings.push(finding('api', 'warning', 'api-logprobs-none', data, { subject: name, path: [...path, 'topLogprobs'], fix: samplingFix({ base, text }, name, [...path, 'topLogprobs'], `${shown}.sampling.topLogprobs`, 0) }));
  } else if (samples > 1 && sampling.temperature === 0) {
    findings.push(finding('api', 'warning', 'api-samples-alike', data, { subject: name, path: ['stages', index, 'ask', 'samples'], fix: setFix(text, ['stages', index, 'ask', 'samples'], `${shown}.samples`, 1) }));
  }
  return findings;
}

/** Asks the service for its models: the one request that costs nothing and needs the key. */
async function reached(place: TeacherPlace, key: string | null, { model }: ApiTeacher, at: { readonly subject: string; readonly path: readonly string[] }, signal: AbortSignal): Promise<Finding> {
  const { address, variable } = place;
  const base = address.replace(/\/chat\/completions$/, '');
  let response: Response;
  let names: readonly string[];
  try {
    response = await fetch(`${base}/models`, {
      headers: key === null ? {} : { authorization: `Bearer ${key}`, 'api-key': key }, signal: AbortSignal.any([signal, AbortSignal.timeout(REACH_MS)]), redirect: 'error',
    });
    const body = response.ok ? await response.json() as { readonly data?: unknown } : {};
    names = (Array.isArray(body.data) ? body.data as readonly { readonly id?: unknown }[] : []).flatMap(({ id }) => (typeof id === 'string' ? [id] : []));
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return finding('api', 'refusal', 'api-not-reached', { address: base, detail: cause instanceof Error ? cause.message : String(cause) }, { ...at, path: [...at.path, 'baseUrl'] });
  }
  if (response.status === 401 || response.status === 403) return finding('api', 'refusal', 'api-key-refused', { address: base, variable: variable ?? 'keyVariable', status: response.status }, at);
  if (!response.ok || names.length === 0) return finding('api', 'warning', 'api-list-refused', { address: base, status: response.status }, at);
  if (!names.includes(model)) return finding('api', 'refusal', 'api-model-unknown', { address: base, model, models: names.slice(0, NAMED_MODELS).join(', ') }, { ...at, path: [...at.path, 'model'] });
  return finding('api', 'pass', 'api-answers', { address: base, model }, at);
}
