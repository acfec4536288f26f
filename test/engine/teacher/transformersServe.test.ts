/**
 * The client against a real service: `transformers serve` with a model of 260,000 parameters. Needs a Python with
 * transformers, torch, fastapi and uvicorn, which DISTILL_TEST_PYTHON names.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openTeacherClient } from '../../../src/engine/teacher/client.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { failureOf, question, SHORT_WAITS, teacherAt } from './setup.ts';

const MODEL = path.resolve(import.meta.dirname, '../../fixtures/models/stories260k');
const PYTHON = process.env['DISTILL_TEST_PYTHON'] ?? '';

/** Why it can't be tried here; null where it can. */
function missing(): string | null {
  if (PYTHON === '') return 'DISTILL_TEST_PYTHON names no Python';
  try {
    execFileSync(PYTHON, ['-c', 'import transformers, torch, fastapi, uvicorn'], { stdio: 'pipe' });
    return null;
  } catch {
    return `${PYTHON} lacks transformers, torch, fastapi or uvicorn`;
  }
}

const why = missing();

describe.skipIf(why !== null)(`transformers serve${why === null ? '' : ` (left out: ${why})`}`, () => {
  it('streams greedy text, counts tokens, names what is wrong, and closes on abort', async () => {
    const { url, model, done } = await serve();
    const client = openTeacherClient(teacherAt(url, { model }), { name: 'stories', key: null, waits: SHORT_WAITS });
    onTestFinished(() => client.close());
    const greedy = (prompt: string): ReturnType<typeof question> => question(prompt, 0, { temperature: 0, maxTokens: 24 });
    const prompts = ['Once upon a time', 'The dog', 'Lily had'];
    const streamed = await Promise.all(prompts.map((prompt) => client.complete(greedy(prompt))));
    for (const answer of streamed) {
      expect(answer).toMatchObject({ finish: 'length', tokensBasis: 'service', think: '' });
      expect(answer.tokens).toMatchObject({ output: 24 });
      expect(answer.answer.length).toBeGreaterThan(20);
    }
    // The same model's own words: llama2.c's story, as every run of it begins.
    expect(streamed[0]?.answer).toContain('there was a little girl named Lily');

    const whole = openTeacherClient(teacherAt(url, { model, body: { stream: false } }), { name: 'stories', key: null, waits: SHORT_WAITS });
    onTestFinished(() => whole.close());
    for (const [index, prompt] of prompts.entries()) {
      const { answer, tokens } = await whole.complete(greedy(prompt));
      expect({ answer, tokens }).toEqual({ answer: streamed[index]?.answer, tokens: streamed[index]?.tokens });
    }

    const stranger = openTeacherClient(teacherAt(url, { model: 'no-such-model' }), { name: 'stories', key: null, waits: SHORT_WAITS });
    onTestFinished(() => stranger.close());
    expect((await failureOf(stranger.complete(greedy('The dog')))).code).toBe('teacher-model-missing');

    const controller = new AbortController();
    const aborted = failureOf(client.complete(question('Once upon a time', 0, { maxTokens: 400 }), { signal: controller.signal, onProgress: () => { controller.abort(new Error('enough')); } }));
    expect((await aborted).message).toBe('enough');
    expect(done()).toBe(false);
    expect((await client.complete(greedy('The dog'))).answer).toBe(streamed[1]?.answer);
  }, 180_000);
});

async function serve(): Promise<{ readonly url: string; readonly model: string; readonly done: () => boolean }> {
  const folder = temporaryFolder();
  const model = path.join(folder, 'model');
  cpSync(MODEL, model, { recursive: true });
  // The model never saw a conversation: its template is the prompt alone.
  const config = path.join(model, 'tokenizer_config.json');
  writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, 'utf8')) as object, chat_template: '{{ bos_token }}{% for m in messages %}{{ m[\'content\'] }}{% endfor %}' }));
  const port = await freePort();
  const child = spawn(PYTHON, ['-m', 'transformers.cli.transformers', 'serve', model, '--host', '127.0.0.1', '--port', String(port), '--device', 'cpu'], {
    stdio: ['ignore', 'ignore', 'pipe'], cwd: folder, env: { ...process.env, HF_HUB_OFFLINE: '1', HF_HOME: path.join(folder, 'hub'), OMP_NUM_THREADS: '1' },
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const lines: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    lines.push(line);
    if (line.includes('Uvicorn running')) break;
  }
  child.stderr.resume();
  if (!lines.at(-1)?.includes('Uvicorn running')) throw new Error(lines.slice(-10).join('\n'));
  return { url: `http://127.0.0.1:${String(port)}/v1`, model, done: () => child.exitCode !== null };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
  return port;
}
