import { describe, expect, it } from 'vitest';
import { answerTo } from '../../harness/teacherServer.ts';
import { failureOf, noted, question, scene, SHORT_WAITS, teacherAt } from './setup.ts';
import { openTeacherClient } from '../../../src/engine/teacher/client.ts';

const SUM = 'What is 17 + 25?';
const RIGHT = answerTo(SUM, 0);

describe('an answer, wherever the service puts its reasoning', () => {
  for (const reasoning of ['reasoning_content', 'reasoning', 'both', 'tags', 'tags-unopened'] as const) {
    it(`reads ${reasoning}`, async () => {
      const { client } = await scene({ reasoning });
      const { think, answer, finish, model } = await client.complete(question(SUM));
      expect({ think, answer, finish, model }).toEqual({ think: RIGHT.think, answer: RIGHT.answer, finish: 'end', model: 'tiny-r1' });
    });
  }

  it('takes an answer that is not streamed', async () => {
    const { client } = await scene({ streams: false });
    expect(await client.complete(question(SUM))).toMatchObject({ think: RIGHT.think, answer: RIGHT.answer, finish: 'end', tokensBasis: 'service' });
  });

  it('says that the limit of tokens cut it', async () => {
    const { client } = await scene();
    const { think, finish, tokens } = await client.complete(question(SUM, 0, { maxTokens: 5 }));
    expect(RIGHT.think.startsWith(think)).toBe(true);
    expect({ finish, output: tokens.output }).toEqual({ finish: 'length', output: 6 });
  });

  it('counts as the service counts, reasoning apart', async () => {
    const { client } = await scene();
    const { tokens, tokensBasis } = await client.complete(question(SUM));
    expect(tokensBasis).toBe('service');
    expect(tokens.output).toBe(RIGHT.tokens);
    expect(tokens.reasoning).toBeGreaterThan(0);
    expect(tokens.reasoning).toBeLessThan(tokens.output);
  });

  it('keeps top log-probabilities of reasoning and answer in the order of the text', async () => {
    const { client } = await scene();
    const { logprobs } = await client.complete(question(SUM, 0, { topLogprobs: 2 }));
    expect(logprobs?.map(([token]) => token).join('')).toBe(RIGHT.think + RIGHT.answer);
    expect(logprobs?.[0]).toEqual(['Sample', -0.25, [['Sample', -0.25], ['?', -1.5]]]);
  });

  it('asks each sample with a seed of its own', async () => {
    const { client, server } = await scene();
    const answers = await Promise.all([0, 1, 2].map((sample) => client.complete(question(SUM, sample, { seed: 7 }))));
    expect(new Set(answers.map(({ think }) => think)).size).toBe(3);
    expect(server.counts().asked.map(({ sample }) => sample).sort()).toEqual([7, 8, 9]);
  });
});

describe('what may pass is asked again', () => {
  for (const trouble of ['429', '429-after', '500', '503', 'cut-before', 'cut', 'cut-after', 'unfinished', 'malformed', 'bad-utf8', 'error-in-stream', 'duplicates', 'html'] as const) {
    it(`${trouble}: the third try gives the whole answer, once`, async () => {
      const { client, server } = await scene({ retryAfterMs: 5 });
      const { think, answer } = await client.complete(question(`${SUM} [[${trouble}*2]]`));
      const right = answerTo(`${SUM} [[${trouble}*2]]`, 0);
      expect({ think, answer }).toEqual({ think: right.think, answer: right.answer });
      expect(server.counts()).toMatchObject({ requests: 3 });
      expect(client.state()).toMatchObject({ inFlight: 0, waiting: 0, answered: 1, retried: 2 });
    });
  }

  for (const [trouble, code] of [['hang', 'teacher-no-first-token'], ['hang-mid', 'teacher-silent']] as const) {
    it(`${trouble}: given up after the recipe's time, and its connection is closed`, async () => {
      const { client, server } = await scene({}, { timeouts: { firstTokenSeconds: 0.15, silenceSeconds: 0.15 }, retries: 1 });
      const { code: found } = await failureOf(client.complete(question(`${SUM} [[${trouble}]]`)));
      expect(found).toBe(code);
      await server.whenIdle();
      expect(server.counts()).toMatchObject({ requests: 2, left: 2 });
    });
  }

  it('a slow drip is no silence', async () => {
    const { client } = await scene({ dripMs: 20 }, { timeouts: { firstTokenSeconds: 2, silenceSeconds: 2 }, retries: 0 });
    expect((await client.complete(question(`${SUM} [[drip]]`, 0, { maxTokens: 12 }))).finish).toBe('length');
  });

  for (const [trouble, basis] of [['doubled-end', 'service'], ['cut-end', 'estimated']] as const) {
    it(`${trouble}: an answer that was said to be at its end is whole`, async () => {
      const { client, server } = await scene();
      const answered = await client.complete(question(`${SUM} [[${trouble}]]`));
      expect(answered).toMatchObject({ answer: answerTo(`${SUM} [[${trouble}]]`, 0).answer, tokensBasis: basis });
      expect(server.counts().requests).toBe(1);
    });
  }

  it('a stream cut before its end is never a short answer', async () => {
    const { client } = await scene({}, { retries: 2 });
    const error = await failureOf(client.complete(question(`${SUM} [[cut]]`)));
    expect(error.code).toBe('teacher-cut');
    expect(error.data['tries']).toBe(3);
  });

  it('text without end is bounded by the limit of tokens', async () => {
    const { client, server } = await scene({}, { retries: 5 });
    const { options, ends } = noted();
    const error = await failureOf(client.complete(question(`${SUM} [[huge]]`), options));
    await server.whenIdle();
    // Each try costs a multiple: one more, not five.
    expect(server.counts()).toMatchObject({ requests: 2, left: 2 });
    const counted = ends.reduce((sum, end) => sum + (end.type === 'lost' ? end.worst.output : 0), 0);
    expect(counted).toBeGreaterThanOrEqual(server.counts().billed.output);
    expect(error).toMatchObject({ code: 'teacher-answer-too-long', data: { maxTokens: 200 } });
    expect(Number(error.data['characters'])).toBeLessThan(5000);
  });
});

describe('what will not pass is asked once, and the error says what to do', () => {
  for (const [trouble, code, words] of [
    ['key', 'teacher-key-refused', ['R1_KEY', '401']], ['payment', 'teacher-payment-required', ['402', 'Insufficient Balance']], ['quota', 'teacher-payment-required', ['429', 'quota']],
    ['model', 'teacher-model-missing', ['tiny-r1', '400']], ['too-long', 'teacher-request-refused', ['maximum context length']],
  ] as const) {
    it(trouble, async () => {
      const { client, server } = await scene({ key: 'sk-secret-1' }, { keyVariable: 'R1_KEY' }, { key: 'sk-secret-1' });
      const error = await failureOf(client.complete(question(`${SUM} [[${trouble}]]`)));
      expect(error.code).toBe(code);
      for (const word of ['r1', server.url, ...words]) expect(error.message).toContain(word);
      expect(server.counts().requests).toBe(1);
    });
  }

  it('a key that the service refuses, and repeats, is in no message', async () => {
    const { client } = await scene({ key: 'sk-right' }, {}, { key: 'sk-secret-wrong' });
    const error = await failureOf(client.complete(question(SUM)));
    expect(error.code).toBe('teacher-key-refused');
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain('secret-wrong');
  });

  it('a key that is missing', async () => {
    const { client } = await scene({ key: 'sk-right' }, { keyVariable: 'R1_KEY' });
    expect(await failureOf(client.complete(question(SUM)))).toMatchObject({ code: 'teacher-key-missing', data: { variable: 'R1_KEY' } });
  });

  it('a key with a line break is refused before anything is sent, without being shown', () => {
    let message = '';
    try {
      openTeacherClient(teacherAt('http://127.0.0.1:9/v1'), { name: 'r1', key: 'sk-a\nsk-b' });
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('r1');
    expect(message).not.toContain('sk-');
  });

  it('a model that is not there names those that are', async () => {
    const { client } = await scene({ models: ['r1-7b', 'r1-32b'] });
    expect(await failureOf(client.complete(question(SUM)))).toMatchObject({ code: 'teacher-model-missing', data: { model: 'tiny-r1', have: 'r1-7b, r1-32b' } });
  });

  it('an address without a service behind its path', async () => {
    const { server } = await scene();
    const client = openTeacherClient(teacherAt(server.url.replace('/v1', '/v2')), { name: 'r1', key: null, waits: SHORT_WAITS });
    expect(await failureOf(client.complete(question(SUM)))).toMatchObject({ code: 'teacher-address-wrong' });
    await client.close();
  });

  it('a service that is not there', async () => {
    const { server } = await scene();
    await server.close();
    const client = openTeacherClient(teacherAt(server.url, { retries: 2 }), { name: 'r1', key: null, waits: SHORT_WAITS });
    const error = await failureOf(client.complete(question(SUM)));
    expect(error).toMatchObject({ code: 'teacher-unreachable', data: { tries: 3 } });
    expect(error.message).toContain('ECONNREFUSED');
    await client.close();
  });

  it('a service that refuses everybody for too many', async () => {
    const { client, server } = await scene({ capacity: 0, saysRetryAfter: false }, { retries: 3 });
    expect(await failureOf(client.complete(question(SUM)))).toMatchObject({ code: 'teacher-rate-limited', data: { status: 429 } });
    expect(server.counts().requests).toBeGreaterThanOrEqual(4);
  });

  it('a content filter is an outcome of the row', async () => {
    const { client } = await scene();
    expect(await client.complete(question(`${SUM} [[filter]]`))).toMatchObject({ finish: 'filter', answer: '' });
  });
});

describe('what it costs', () => {
  for (const wrong of ['usage-absent', 'usage-negative', 'usage-absurd', 'usage-zero', 'usage-text'] as const) {
    it(`${wrong}: an upper estimate counts instead, and is called one`, async () => {
      const { client, server, warnings } = await scene();
      const request = question(`${SUM} [[${wrong}]]`);
      const { tokens, tokensBasis } = await client.complete(request);
      const { billed } = server.counts();
      const worst = client.worstCase(request);
      expect(tokensBasis).toBe('estimated');
      expect(tokens.input).toBeGreaterThanOrEqual(billed.input);
      expect(tokens.output).toBeGreaterThanOrEqual(billed.output);
      expect(tokens.input).toBeLessThanOrEqual(worst.input);
      expect(tokens.output).toBeLessThanOrEqual(worst.output);
      expect(warnings.map(({ code }) => code)).toEqual(['teacher-usage-wrong']);
    });
  }

  it('the worst case is above what is billed, in any script', async () => {
    const { client, server } = await scene();
    for (const prompt of ['a', '北京有多少人？'.repeat(50), '🧮'.repeat(100), 'x = 1\n'.repeat(200)]) {
      server.reset();
      const worst = client.worstCase(question(prompt));
      await client.complete(question(prompt));
      expect(server.counts().billed.input).toBeLessThanOrEqual(worst.input);
      expect(server.counts().billed.output).toBeLessThanOrEqual(worst.output + 1);
    }
  });

  it('each attempt is reserved before it is sent and settled after it, by what is known of it', async () => {
    const { client } = await scene();
    const { options, ends, begun } = noted();
    const request = question(`${SUM} [[cut*1]]`);
    await client.complete(request, options);
    expect(begun).toEqual([1, 2]);
    expect(ends).toMatchObject([{ type: 'lost', code: 'teacher-cut', worst: client.worstCase(request) }, { type: 'answered', basis: 'service' }]);
    const refused = noted();
    await client.complete(question(`${SUM} [[500*1]]`), refused.options);
    expect(refused.ends.map(({ type }) => type)).toEqual(['refused', 'answered']);
  });

  it('nothing is sent when the reservation fails', async () => {
    const { client, server } = await scene();
    const ends: unknown[] = [];
    const error = await failureOf(client.complete(question(SUM), { beforeAttempt: () => Promise.reject(new Error('the cap')), afterAttempt: (_, end) => { ends.push(end); } }));
    expect(error.message).toBe('the cap');
    expect(ends).toEqual([]);
    expect(server.counts().requests).toBe(0);
    expect(client.state().inFlight).toBe(0);
  });
});

describe('services that know less', () => {
  it('a field that the service names in its refusal is left out from then on, with one warning', async () => {
    const { client, server, warnings } = await scene({ refuses: ['stream_options', 'seed', 'top_logprobs', 'max_tokens'] });
    const [first, second] = await Promise.all([client.complete(question(SUM, 0, { topLogprobs: 3 })), client.complete(question('What is 2 + 2?', 1, { topLogprobs: 3 }))]);
    expect([first.answer, second.answer]).toEqual([RIGHT.answer, answerTo('What is 2 + 2?', 0).answer]);
    expect(first.tokensBasis).toBe('estimated');
    expect(warnings.filter(({ code }) => code === 'teacher-parameter-dropped').map(({ data }) => data['parameter']).sort()).toEqual(['max_tokens', 'seed', 'stream_options', 'top_logprobs']);
    const before = server.counts().requests;
    await client.complete(question('What is 3 + 3?'));
    expect(server.counts().requests).toBe(before + 1);
    expect(server.bodies().at(-1)).toMatchObject({ max_completion_tokens: 200 });
  });

  it('what the recipe writes in body is never left out on our account', async () => {
    const { client } = await scene({ refuses: ['seed'] }, { body: { seed: 3 } });
    expect((await failureOf(client.complete(question(SUM)))).code).toBe('teacher-request-refused');
  });

  it('says when log-probabilities were asked for and none came', async () => {
    const { client, warnings } = await scene({ streams: false });
    expect((await client.complete(question(SUM, 0, { topLogprobs: 3 }))).logprobs).toBeNull();
    expect(warnings.map(({ code }) => code)).toEqual(['teacher-logprobs-missing']);
  });
});

describe('cancelling', () => {
  it('closes every open request at once, and nothing that waits is sent', async () => {
    const { client, server } = await scene({ latencyMs: 60_000 }, { concurrency: 20 });
    const controller = new AbortController();
    const { options, ends } = noted();
    const all = Array.from({ length: 50 }, (_, i) => failureOf(client.complete(question(`${String(i)} + 1`), { ...options, signal: controller.signal })));
    await server.whenAtOnce(20);
    expect(client.state()).toMatchObject({ inFlight: 20, waiting: 30 });
    controller.abort(new Error('stopped by a person'));
    expect(new Set((await Promise.all(all)).map(({ message }) => message))).toEqual(new Set(['stopped by a person']));
    await server.whenIdle();
    expect(server.counts()).toMatchObject({ requests: 20, left: 20 });
    expect(server.sockets()).toBe(0);
    expect(ends).toHaveLength(20);
    expect(ends.every(({ type }) => type === 'lost')).toBe(true);
    expect(client.state()).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  it('leaves others alone, also while one rests between two tries', async () => {
    const { client } = await scene({ latencyMs: 30 }, {}, { waits: { ...SHORT_WAITS, retryFirstMs: 1e9 } });
    const controller = new AbortController();
    const resting = failureOf(client.complete(question(`${SUM} [[500]]`), { signal: controller.signal, afterAttempt: () => { setImmediate(() => { controller.abort(new Error('enough')); }); } }));
    const other = client.complete(question(SUM));
    expect((await resting).message).toBe('enough');
    expect((await other).answer).toBe(RIGHT.answer);
  });

  it('closing the client ends what is open', async () => {
    const { client, server } = await scene({ latencyMs: 60_000 });
    const open = failureOf(client.complete(question(SUM)));
    await server.whenAtOnce(1);
    await client.close();
    expect((await open).name).toBe('AbortError');
    await server.whenIdle();
    expect(server.sockets()).toBe(0);
  });
});
