/** API teachers and collect stages: keys, prices, caps and sampling without asking anybody; the service itself only when told to. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { editedRecipe, type Finding } from '../../../src/shared/preflight.ts';
import { worstNanos } from '../../../src/engine/teacher/prices.ts';
import { inputBound } from '../../../src/engine/teacher/usage.ts';
import { TEACHER_FILES, teacherFolder } from '../../../src/engine/teacher/folder.ts';
import { KEYS_VARIABLE } from '../../../src/shared/teacherKeys.ts';
import { project, soundProject, STORIES, sums, distillation, type Project, type Report } from './project.ts';

const PRICES = { input: 0.5, output: 2 };

/** A recipe that asks an API teacher and trains on what it says. */
function collecting(teacher: object, ask: object = {}, collect: object = {}): object {
  const recipe = distillation();
  return {
    ...recipe,
    teachers: { ...recipe['teachers'] as object, r1: { type: 'api', service: 'deepseek', model: 'deepseek-reasoner', ...teacher } },
    data: { ...recipe['data'] as object, train: 'traces.jsonl' },
    stages: [{ type: 'collect', from: 'questions.jsonl', ask: { teacher: 'r1', sampling: { maxTokens: 4096, ...(ask as { sampling?: object }).sampling }, ...without(ask, 'sampling') }, to: 'traces.jsonl', ...collect }, ...recipe['stages'] as object[]],
  };
}

function without(value: object, key: string): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
}

function asking(): Project {
  const made = project();
  made.copy(STORIES, 'big');
  made.rows('questions.jsonl', sums(10));
  return made;
}

const KEY = { environment: { DEEPSEEK_API_KEY: 'sk-secret-7251' } };

function fixed(report: Report, finding: Finding | undefined): { readonly stages: readonly { readonly ask: { readonly samples: number; readonly sampling: { readonly maxTokens: number; readonly topLogprobs: number } } }[]; readonly data: { readonly train: unknown }; readonly teachers: object } {
  expect(finding?.fix, finding?.code).toBeTruthy();
  return JSON.parse(editedRecipe(report.text, finding?.fix?.edits ?? [])) as ReturnType<typeof fixed>;
}

/** A service that lists its models, or answers with a status alone. */
async function service(answer: { readonly status?: number; readonly models?: readonly string[] }): Promise<{ readonly url: string; readonly asked: { readonly url: string; readonly headers: IncomingHttpHeaders }[] }> {
  const asked: { url: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers });
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' }).end(JSON.stringify({ data: (answer.models ?? []).map((id) => ({ id })) }));
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  onTestFinished(() => { server.close(); });
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/v1`, asked };
}

describe('an API teacher', () => {
  test('without its key: refused; with it, from the environment or the editor: fine, and the key is nowhere in the report', async () => {
    const made = asking();
    const recipe = collecting({ prices: PRICES, budget: { money: 5 } });
    expect((await made.check(recipe)).found('api-no-key', 'r1')?.data).toEqual({ variable: 'DEEPSEEK_API_KEY' });
    for (const environment of [KEY.environment, { [KEYS_VARIABLE]: JSON.stringify({ 'https://api.deepseek.com': 'sk-secret-7251' }) }]) {
      const report = await made.check(recipe, { machine: { environment } });
      expect(report.found('api-ready', 'r1')?.level).toBe('pass');
      expect(JSON.stringify(report.findings)).not.toContain('7251');
    }
  });

  test('that nobody asks needs no key', async () => {
    const recipe = distillation();
    const report = await soundProject().check({ ...recipe, teachers: { ...recipe['teachers'] as object, r1: { type: 'api', service: 'deepseek', model: 'x' } } });
    expect(report.of('api').map(({ code }) => code)).toEqual(['api-unused']);
  });

  test('without any cap: warned, unless it costs nothing', async () => {
    const made = asking();
    expect((await made.check(collecting({}), { machine: KEY })).found('api-no-cap')?.level).toBe('warning');
    expect((await made.check(collecting({ service: 'vllm' }))).found('api-no-cap')).toBeUndefined();
  });

  test('whose cap is smaller than one request: refused, and the fix asks for as many tokens as the cap pays for', async () => {
    const made = asking();
    const report = await made.check(collecting({ prices: PRICES, budget: { money: 0.005 } }), { machine: KEY });
    const cap = report.found('api-cap-below-request', 'r1');
    expect(cap?.data).toMatchObject({ cap: 'USD 0.005' });
    const changed = fixed(report, cap);
    expect(changed.stages[0]?.ask.sampling.maxTokens).toBeLessThan(2500);
    expect((await made.check(changed, { machine: KEY })).found('api-cap-fine')?.data).toMatchObject({ requests: 1 });
    const tokens = await made.check(collecting({ budget: { tokens: 3000 } }), { machine: KEY });
    expect(tokens.found('api-cap-below-request')?.data).toMatchObject({ cap: '3000' });
  });

  test('whose cap pays for exactly the first question is fine: the worst case is counted as the engine counts it', async () => {
    const made = asking();
    const [first] = sums(10) as readonly [{ readonly prompt: string }];
    const worst = worstNanos({ input: inputBound([{ role: 'user', content: first.prompt }]), cachedInput: 0, output: 300, reasoning: 300 }, { ...PRICES, currency: 'USD' });
    const check = (nanos: number): Promise<Report> => made.check(collecting({ prices: PRICES, budget: { money: nanos / 1e9 } }, { sampling: { maxTokens: 300 } }), { machine: KEY });
    expect((await check(worst)).found('api-cap-fine')?.data).toMatchObject({ requests: 1 });
    expect((await check(worst - 1)).found('api-cap-below-request')?.level).toBe('refusal');
  });

  test('that ignores sampling, gives no log-probabilities, or is asked for the same answer again: warned and fixed', async () => {
    const made = asking();
    const reasoner = await made.check(collecting({}, { sampling: { temperature: 0.2, topLogprobs: 5 } }), { machine: KEY });
    expect(reasoner.found('api-sampling-ignored', 'r1')?.level).toBe('warning');
    expect(fixed(reasoner, reasoner.found('api-logprobs-none')).stages[0]?.ask.sampling.topLogprobs).toBe(0);
    const greedy = await made.check(collecting({ model: 'deepseek-chat' }, { samples: 4, sampling: { temperature: 0 } }), { machine: KEY });
    expect(fixed(greedy, greedy.found('api-samples-alike')).stages[0]?.ask.samples).toBe(1);
  });

  test('is asked only when told to, for its models, with its key', async () => {
    const made = asking();
    const { url, asked } = await service({ models: ['small', 'large'] });
    const recipe = collecting({ baseUrl: url, keyVariable: 'MY_KEY', model: 'large', budget: { tokens: 1e6 } });
    const machine = { environment: { MY_KEY: 'sk-mine' } };
    await made.check(recipe, { machine });
    expect(asked).toEqual([]);
    expect((await made.check(recipe, { machine, online: true })).found('api-answers')?.data).toMatchObject({ address: url, model: 'large' });
    expect(asked).toMatchObject([{ url: '/v1/models', headers: { authorization: 'Bearer sk-mine' } }]);
    const unknown = await made.check(collecting({ baseUrl: url, keyVariable: 'MY_KEY', model: 'huge', budget: { tokens: 1e6 } }), { machine, online: true });
    expect(unknown.found('api-model-unknown')).toMatchObject({ level: 'refusal', data: { models: 'small, large' } });
  });

  test('that refuses the key, hides its models, or is not there', async () => {
    const made = asking();
    const at = (url: string): object => collecting({ baseUrl: url, keyVariable: 'MY_KEY', budget: { tokens: 1e6 } });
    const options = { machine: { environment: { MY_KEY: 'sk-mine' } }, online: true };
    expect((await made.check(at((await service({ status: 401 })).url), options)).found('api-key-refused')?.level).toBe('refusal');
    expect((await made.check(at((await service({ status: 404 })).url), options)).found('api-list-refused')?.level).toBe('warning');
    const gone = await made.check(at('http://127.0.0.1:9/v1'), options);
    expect(gone.found('api-not-reached')?.level).toBe('refusal');
    expect(JSON.stringify(gone.findings)).not.toContain('sk-mine');
  });
});

describe('a collect stage', () => {
  test('whose output the training names is not missed before it is there', async () => {
    const report = await asking().check(collecting({ budget: { tokens: 1e6 } }, { sampling: { maxTokens: 128 } }), { machine: KEY });
    expect(report.found('data-collected')?.data).toMatchObject({ file: 'traces.jsonl' });
    expect(report.codes('refusal')).toEqual([]);
    expect(report.found('collect-fine')?.data).toMatchObject({ sources: 1 });
  });

  test('with a source that is missing or broken: refused with its name', async () => {
    const made = asking();
    expect((await made.check(collecting({}, {}, { from: 'nowhere.jsonl' }), { machine: KEY })).of('collect').map(({ level }) => level)).toEqual(['refusal', 'warning']);
    writeFileSync(path.join(made.folder, 'questions.jsonl'), 'not json\n');
    expect((await made.check(collecting({}), { machine: KEY })).of('collect')[0]).toMatchObject({ level: 'refusal', path: ['stages', 0, 'from'] });
    made.rows('questions.jsonl', sums(3));
    const clean = await made.check(collecting({}, {}, { clean: { contamination: ['gsm8k.jsonl'] } }), { machine: KEY });
    expect(clean.found('collect-file-missing')?.data).toMatchObject({ file: 'gsm8k.jsonl' });
  });

  test('that nothing trains on: warned, and the fix adds it to data.train; answers longer than the student reads: warned', async () => {
    const made = asking();
    made.rows('train.jsonl', sums(40));
    const recipe = collecting({});
    const report = await made.check({ ...recipe, data: distillation()['data'] as object }, { machine: KEY });
    expect(fixed(report, report.found('collect-unused')).data.train).toEqual(['train.jsonl', 'traces.jsonl']);
    const long = await made.check(recipe, { machine: KEY });
    expect(fixed(long, long.found('collect-longer-than-student')).stages[0]?.ask.sampling.maxTokens).toBe(128);
    // Other sampling would ask what is answered already again, and pay for it.
    const folder = teacherFolder(made.folder, 'r1');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, TEACHER_FILES.answers), `{"key":"${'a'.repeat(32)}","at":1,"ms":1,"answer":{}}\n`);
    expect((await made.check(recipe, { machine: KEY })).found('collect-longer-than-student')?.fix).toBeNull();
  });
});
