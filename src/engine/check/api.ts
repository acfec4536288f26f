/**
 * API teachers: key there (never shown), a cap that lets at least one request through, and sampling that the model takes.
 * (That a cap in money needs prices is a rule of the recipe itself.) The service itself is asked only where a person wants it (`--online`): its list of models,
 * which costs nothing.
 */
import type { Finding, Fix } from '../../shared/preflight.ts';
import type { CollectStage, Recipe } from '../../shared/recipe.ts';
import type { ApiTeacher } from '../../shared/recipeTeacher.ts';
import { KEYS_VARIABLE, parseKeys } from '../../shared/teacherKeys.ts';
import { keyFor, placeOf, type KeyRing, type TeacherPlace } from '../teacher/keys.ts';
import { presetOf } from '../teacher/presets.ts';
import { fromNanos, worstNanos } from '../teacher/prices.ts';
import { inputBound } from '../teacher/usage.ts';
import { finding, refusalOf, setFix, type CheckContext } from './contract.ts';

const REACH_MS = 10_000;
/** Models of a service that are named in a sentence. */
const NAMED_MODELS = 8;
/** A prompt whose length nobody knows yet: a question of some lines. */
const USUAL_PROMPT = 'x'.repeat(600);
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
  return [...findings, ...moneyFindings(context, name, teacher, asking), ...asking.flatMap((each) => samplingFindings(context, teacher, name, each))];
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

function moneyFindings({ text }: CheckContext, name: string, teacher: ApiTeacher, asking: readonly Asking[]): readonly Finding[] {
  const { budget, prices } = teacher;
  const at = (...rest: readonly string[]): { readonly subject: string; readonly path: readonly string[] } => ({ subject: name, path: ['teachers', name, ...rest] });
  if (budget?.money === undefined && budget?.tokens === undefined) {
    const free = presetOf(teacher)?.keyVariable === null || (prices !== undefined && prices.input === 0 && prices.output === 0);
    return free ? [] : [finding('api', 'warning', 'api-no-cap', {}, at())];
  }
  return asking.flatMap(({ stage, index }): readonly Finding[] => {
    if (stage.ask === undefined) return [];
    const input = inputBound([{ role: 'system', content: stage.ask.system ?? '' }, ...stage.ask.shots.flatMap(({ prompt, answer }) => [{ role: 'user', content: prompt }, { role: 'assistant', content: answer }]), { role: 'user', content: USUAL_PROMPT }]);
    const output = stage.ask.sampling.maxTokens;
    const worst = { input, cachedInput: 0, output, reasoning: 0 };
    const worstMoney = prices === undefined ? 0 : fromNanos(worstNanos(worst, prices));
    const path = ['stages', index, 'ask', 'sampling', 'maxTokens'];
    const shown = `stages[${String(index)}].ask.sampling.maxTokens`;
    const cases = [
      ...(budget.money === undefined || worstMoney === 0 ? [] : [{ needed: worstMoney, cap: budget.money, show: (value: number) => `${prices?.currency ?? ''} ${String(Number(value.toPrecision(3)))}` }]),
      ...(budget.tokens === undefined ? [] : [{ needed: input + output, cap: budget.tokens, show: String }]),
    ];
    return cases.map(({ needed, cap, show }) => {
      const data = { stage: stage.name, worst: show(needed), cap: show(cap), requests: Math.floor(cap / needed) };
      if (needed <= cap) return finding('api', 'pass', 'api-cap-fine', data, { subject: name, path });
      return finding('api', 'refusal', 'api-cap-below-request', data, { ...at('budget'), fix: fewerTokens(text, path, shown, Math.floor(output * cap / needed) - input) });
    });
  });
}

/** As many tokens as the cap pays for, where an answer fits into them. */
function fewerTokens(text: string, path: readonly (string | number)[], shown: string, tokens: number): Fix | null {
  return tokens >= FEWEST_TOKENS ? setFix(text, path, shown, tokens) : null;
}

function samplingFindings({ text }: CheckContext, teacher: ApiTeacher, name: string, { stage, index }: Asking): readonly Finding[] {
  if (stage.ask === undefined) return [];
  const { sampling, samples } = stage.ask;
  const path = ['stages', index, 'ask', 'sampling'];
  const shown = `stages[${String(index)}].ask`;
  const findings: Finding[] = [];
  const data = { stage: stage.name, model: teacher.model, samples };
  if (presetOf(teacher)?.ignoresSampling?.test(teacher.model) === true) {
    const asked = /"(temperature|topP)"\s*:/.test(text);
    if (asked) findings.push(finding('api', 'warning', 'api-sampling-ignored', data, { subject: name, path }));
    if (sampling.topLogprobs > 0) findings.push(finding('api', 'warning', 'api-logprobs-none', data, { subject: name, path: [...path, 'topLogprobs'], fix: setFix(text, [...path, 'topLogprobs'], `${shown}.sampling.topLogprobs`, 0) }));
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
  if (!names.includes(model)) return finding('api', 'warning', 'api-model-unknown', { address: base, model, models: names.slice(0, NAMED_MODELS).join(', ') }, { ...at, path: [...at.path, 'model'] });
  return finding('api', 'pass', 'api-answers', { address: base, model }, at);
}
