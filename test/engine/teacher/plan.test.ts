import { expect, it } from 'vitest';
import { answerTo, type TeacherServerOptions } from '../../harness/teacherServer.ts';
import type { AttemptEnd } from '../../../src/engine/teacher/contract.ts';
import { question, scene, SHORT_WAITS } from './setup.ts';

/** Every third request meets a fault, each of every kind. */
const SERVICE: TeacherServerOptions = {
  seed: 5, capacity: 12, retryAfterMs: 3, latencyMs: 2, dripMs: 1,
  rates: {
    '429': 0.02, '429-after': 0.01, '500': 0.02, '503': 0.02, hang: 0.004, 'hang-mid': 0.004, drip: 0.02, 'cut-before': 0.02, cut: 0.02, 'cut-after': 0.02, 'cut-end': 0.02, unfinished: 0.02,
    malformed: 0.02, 'bad-utf8': 0.02, 'error-in-stream': 0.02, duplicates: 0.02, 'doubled-end': 0.02, huge: 0.006, html: 0.02,
    'usage-absent': 0.01, 'usage-negative': 0.01, 'usage-absurd': 0.01, 'usage-zero': 0.01, 'usage-text': 0.01,
  },
};
const ROWS = 400;

it('400 rows of a service that fails every third time: each answered right and once, and never counted below what is billed', async () => {
  const { client, server } = await scene(SERVICE, { concurrency: 32, retries: 20, timeouts: { firstTokenSeconds: 1.5, silenceSeconds: 1.5 } }, { waits: { ...SHORT_WAITS, patiencePerRetryMs: 1000 } });
  const ends: AttemptEnd[] = [];
  let reserved = 0;
  const answers = await Promise.all(Array.from({ length: ROWS }, async (_, i) => {
    const prompt = `What is ${String(i)} + ${String(i * 7)}?`;
    const request = question(prompt, 0, { maxTokens: 120 });
    const { think, answer } = await client.complete(request, { beforeAttempt: () => { reserved += 1; }, afterAttempt: (_attempt, end) => { ends.push(end); } });
    return { prompt, think, answer };
  }));
  for (const { prompt, think, answer } of answers) {
    const right = answerTo(prompt, 0, SERVICE);
    expect({ prompt, think, answer }).toEqual({ prompt, think: right.think, answer: right.answer });
  }
  const { billed, asked, misbehaved, mostAtOnce } = server.counts();
  expect(asked.filter(({ answered }) => answered !== 1)).toEqual([]);
  expect(mostAtOnce).toBeLessThanOrEqual(12);
  expect(ends).toHaveLength(reserved);
  const counted = ends.reduce((sum, end) => {
    const tokens = end.type === 'answered' ? end.tokens : end.type === 'lost' ? end.worst : { input: 0, output: 0 };
    return { input: sum.input + tokens.input, output: sum.output + tokens.output };
  }, { input: 0, output: 0 });
  expect(counted.input).toBeGreaterThanOrEqual(billed.input);
  expect(counted.output).toBeGreaterThanOrEqual(billed.output);
  // The plan did what it says: all kinds were met.
  expect(Object.keys(misbehaved).sort()).toEqual(Object.keys(SERVICE.rates ?? {}).sort());
  expect(client.state()).toMatchObject({ inFlight: 0, waiting: 0, answered: ROWS });
});
