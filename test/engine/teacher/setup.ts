/** A server that misbehaves on request and a client of it, both gone when the test is over. */
import { onTestFinished } from 'vitest';
import { apiTeacher, type ApiTeacher } from '../../../src/shared/recipeTeacher.ts';
import { sampling } from '../../../src/shared/recipeCollect.ts';
import { CLIENT_WAITS, openTeacherClient, type ClientWaits } from '../../../src/engine/teacher/client.ts';
import type { AttemptEnd, ClientOptions, CompleteOptions, CompletionRequest, TeacherClient } from '../../../src/engine/teacher/contract.ts';
import { startTeacherServer, type TeacherServer, type TeacherServerOptions } from '../../harness/teacherServer.ts';
import type { DistillError } from '../../../src/shared/messages.ts';
import type { MessageData } from '../../../src/shared/events.ts';

/** Of the product, but a thousand times shorter: a test of a refusal shouldn't wait a minute. */
export const SHORT_WAITS: ClientWaits = { ...CLIENT_WAITS, connectMs: 5000, firstMs: 2, mostMs: 20, probeMs: 20, probeMostMs: 100, retryFirstMs: 1, patiencePerRetryMs: 1 };

export interface Scene {
  readonly server: TeacherServer;
  readonly client: TeacherClient;
  readonly warnings: { readonly code: string; readonly data: MessageData }[];
}

export async function scene(serverOptions: TeacherServerOptions = {}, teacherOptions: Partial<ApiTeacher> = {}, options: Partial<ClientOptions & { readonly waits: ClientWaits }> = {}): Promise<Scene> {
  const server = await startTeacherServer(serverOptions);
  const warnings: Scene['warnings'] = [];
  const client = openTeacherClient(teacherAt(server.url, teacherOptions), { name: 'r1', key: null, waits: SHORT_WAITS, onWarning: (code, data) => { warnings.push({ code, data }); }, ...options });
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  return { server, client, warnings };
}

export function teacherAt(baseUrl: string, options: Partial<ApiTeacher> = {}): ApiTeacher {
  return apiTeacher.parse({ type: 'api', baseUrl, model: 'tiny-r1', ...options });
}

export function question(prompt: string, sampleIndex = 0, options: Partial<CompletionRequest['sampling']> = {}): CompletionRequest {
  return { messages: [{ role: 'user', content: prompt }], sampling: sampling.parse({ maxTokens: 200, seed: 0, ...options }), sampleIndex };
}

/** Hooks that write down how each attempt ended. */
export function noted(): { readonly options: Pick<CompleteOptions, 'beforeAttempt' | 'afterAttempt'>; readonly ends: AttemptEnd[]; readonly begun: number[] } {
  const ends: AttemptEnd[] = [];
  const begun: number[] = [];
  return { ends, begun, options: { beforeAttempt: (attempt) => { begun.push(attempt); }, afterAttempt: (_attempt, end) => { ends.push(end); } } };
}

export async function failureOf(promise: Promise<unknown>): Promise<DistillError> {
  try {
    await promise;
  } catch (error) {
    return error as DistillError;
  }
  throw new Error('it did not fail');
}
