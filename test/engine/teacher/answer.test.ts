import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AnswerAssembler, BadAnswer, BrokenOff } from '../../../src/engine/teacher/answer.ts';
import { openTeacherClient } from '../../../src/engine/teacher/client.ts';
import { estimatedUse, inputBound, serviceUse } from '../../../src/engine/teacher/usage.ts';
import { question, SHORT_WAITS, teacherAt } from './setup.ts';

const chunk = (delta: object, more: object = {}): string => JSON.stringify({ id: 'c1', model: 'r1', choices: [{ index: 0, delta, ...more }] });
const END = chunk({}, { finish_reason: 'stop' });
const usage = (tokens: number): string => JSON.stringify({ choices: [], usage: { prompt_tokens: 9, completion_tokens: tokens } });

function assembled(events: readonly string[], ids: readonly string[] = []): ReturnType<AnswerAssembler['result']> {
  const assembler = new AnswerAssembler(10_000);
  for (const [index, event] of events.entries()) assembler.event(event, ids[index]);
  return assembler.result();
}

describe('chunks that come twice', () => {
  const laugh = [chunk({ content: 'ha ' }), chunk({ content: 'ha ' }), chunk({ content: 'ha' })];

  it('a word said twice stays', () => {
    expect(assembled([...laugh, END, usage(4)]).answer).toBe('ha ha ha');
  });

  it('more chunks than tokens, and as many repeats: they are taken out', () => {
    const twice = ['It', ' is', ' 4'].flatMap((content) => [chunk({ content }), chunk({ content })]);
    expect(assembled([...twice, END, usage(3)]).answer).toBe('It is 4');
  });

  it('more repeats than that: nobody can say which', () => {
    expect(() => assembled([...laugh, ...['It', ' is', ' 4'].flatMap((content) => [chunk({ content }), chunk({ content })]), END, usage(6)])).toThrow(BadAnswer);
  });

  it('a service that cuts tokens into letters is no repeater', () => {
    expect(assembled([...'coffee and tea'].map((content) => chunk({ content })).concat(END, usage(3))).answer).toBe('coffee and tea');
  });

  it('an equal event id is the same event', () => {
    expect(assembled([chunk({ content: 'a' }), chunk({ content: 'a' }), chunk({ content: 'b' }), END], ['1', '1', '2', '3']).answer).toBe('ab');
  });

  it('the end said twice, and usage before and after it', () => {
    const { finish, usage: told } = assembled([chunk({ content: 'x' }), END, END, usage(1), usage(2), '[DONE]', chunk({ content: 'late' })]);
    expect({ finish, told }).toEqual({ finish: 'end', told: { prompt_tokens: 9, completion_tokens: 2 } });
  });
});

describe('forms of answers', () => {
  it('parts of a list (Mistral)', () => {
    expect(assembled([chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: '2+2' }] }] }), chunk({ content: [{ type: 'text', text: '4' }] }), END])).toMatchObject({ think: '2+2', answer: '4' });
  });

  it('an empty pair of tags beside a field of reasoning', () => {
    expect(assembled([chunk({ reasoning_content: 'hm' }), chunk({ content: '<think>\n</think>\n\n4' }), END])).toMatchObject({ think: 'hm', answer: '4' });
  });

  it('usage inside the choice (Moonshot), null usage before it', () => {
    expect(assembled([JSON.stringify({ choices: [{ delta: { content: 'x' } }], usage: null }), chunk({}, { finish_reason: 'length', usage: { prompt_tokens: 1, completion_tokens: 2 } })])).toMatchObject({ finish: 'length', usage: { prompt_tokens: 1 } });
  });

  it('what a service itself calls broken off is no answer', () => {
    expect(() => assembled([chunk({ content: 'x' }), chunk({}, { finish_reason: 'insufficient_system_resource' })])).toThrow(BrokenOff);
    expect(() => assembled([JSON.stringify({ error: { message: 'overloaded', code: 503 } })])).toThrow('overloaded');
  });
});

describe('token numbers', () => {
  const size = { input: inputBound([{ role: 'user', content: 'What is 17 + 25?' }]), maxTokens: 100, think: 'I add 17 and 25.', answer: '42' };
  it('DeepSeek’s names for what its cache held', () => {
    expect(serviceUse({ prompt_tokens: 12, completion_tokens: 20, prompt_cache_hit_tokens: 8, completion_tokens_details: { reasoning_tokens: 15 } }, size)).toEqual({ input: 12, cachedInput: 8, output: 20, reasoning: 15 });
  });
  it('reasoning that is shown but not counted apart gets its share of the text', () => {
    expect(serviceUse({ prompt_tokens: 12, completion_tokens: 18 }, size)).toEqual({ input: 12, cachedInput: 0, output: 18, reasoning: 16 });
  });
  for (const wrong of [null, {}, { prompt_tokens: 12 }, { prompt_tokens: 12.5, completion_tokens: 3 }, { prompt_tokens: 12, completion_tokens: -1 }, { prompt_tokens: 1e9, completion_tokens: 3 }, { prompt_tokens: 12, completion_tokens: 5000 },
    { prompt_tokens: 0, completion_tokens: 0 }, { prompt_tokens: 12, completion_tokens: 0 }, { prompt_tokens: 12, completion_tokens: 9, prompt_tokens_details: { cached_tokens: 40 } }, { prompt_tokens: 12, completion_tokens: 9, completion_tokens_details: { reasoning_tokens: 10 } }]) {
    it(`${JSON.stringify(wrong)} can't be right`, () => { expect(serviceUse(wrong, size)).toBeNull(); });
  }
  it('the estimate is an upper one and within the worst case', () => {
    const { output } = estimatedUse({ ...size, think: '思考'.repeat(10) });
    expect(output).toBeGreaterThan(20);
    expect(output).toBeLessThanOrEqual(100);
  });
});

it('characters, lines and tags cut anywhere by the network come together', async () => {
  const text = `data: ${chunk({ content: '<think>北京 🧮' })}\r\n\r\n: keep-alive\r\n\r\ndata: ${chunk({ content: ' 好</think>\n\n答案 42' })}\n\ndata: ${END}\n\ndata: [DONE]`;
  const server = http.createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const bytes = Buffer.from(text);
      let at = 0;
      const next = (): void => {
        if (at >= bytes.length) response.end();
        else response.write(bytes.subarray(at, ++at), () => { setImmediate(next); });
      };
      next();
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const client = openTeacherClient(teacherAt(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/v1`), { name: 'r1', key: null, waits: SHORT_WAITS });
  onTestFinished(async () => {
    await client.close();
    server.close();
  });
  expect(await client.complete(question('x'))).toMatchObject({ think: '北京 🧮 好', answer: '答案 42', finish: 'end', tokensBasis: 'estimated' });
});
