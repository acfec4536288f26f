import { expect, it, onTestFinished } from 'vitest';
import { openAsker } from '../../../src/engine/teacher/asker.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { failureOf, question, scene, teacherAt } from './setup.ts';

it('a service that does not keep to maxTokens is counted for what it wrote, not for what was reserved', async () => {
  const prices = { currency: 'USD', input: 1, output: 4 };
  const { client, server } = await scene({}, { retries: 0, prices });
  const asker = await openAsker({ name: 'r1', teacher: teacherAt(server.url, { prices }), folder: temporaryFolder(), address: server.url, client, about: 'test' });
  onTestFinished(() => asker.close());
  const { messages, sampling } = question('What is 1 + 1? [[huge]]');
  expect((await failureOf(asker.ask(messages, sampling, 0))).code).toBe('teacher-answer-too-long');
  await server.whenIdle();
  const { billed } = server.counts();
  expect(billed.output).toBeGreaterThan(sampling.maxTokens);
  expect(asker.spend()?.tokens).toBeGreaterThanOrEqual(billed.input + billed.output);
  expect(asker.spend()?.money).toBeGreaterThanOrEqual((billed.input * prices.input + billed.output * prices.output) / 1e6);
});
