/** Native TensorFlow as the command line asks for it: always in another process, which a broken library may end. */
import { execa } from 'execa';
import { findNode } from '../runs/node.ts';
import type { BackendAttempt, BackendName } from '../shared/events.ts';
import { sentence } from '../shared/messages.ts';
import { tensorflowFindings, type TensorflowCandidate, type TensorflowFindings, type TensorflowSource } from '../shared/nativeTensorflow.ts';
import { engineProgram } from './programs.ts';
import type { Terminal } from './terminal.ts';

/** A native library that takes longer than this to load and check itself is not worth waiting for. */
const TRY_MS = 90_000;

/** `folder`: of the TensorFlow to try, instead of the one that would be found. */
export async function tryBackend(backend: BackendName, folder?: string): Promise<BackendAttempt> {
  const answer = await ask(['--try-backend', backend], folder === undefined ? {} : { DISTILL_TENSORFLOW: folder });
  return typeof answer === 'string' ? JSON.parse(answer) as BackendAttempt : { backend, outcome: 'unavailable', detail: answer.failure };
}

/** Where TensorFlow was looked for. A library that ends the process that opens it is passed over like others. */
export async function findTensorflow(): Promise<TensorflowFindings> {
  const answer = await ask(['--find-tensorflow'], {});
  if (typeof answer === 'string') return tensorflowFindings.parse(JSON.parse(answer));
  return { candidates: [{ source: 'setup', folder: null, version: null, problem: { code: 'unexpected', data: { detail: answer.failure } } }] };
}

async function ask(words: readonly string[], environment: Readonly<Record<string, string>>): Promise<string | { readonly failure: string }> {
  const node = await findNode(engineProgram().node);
  const { failed, stdout, stderr, shortMessage } = await execa(node.path, [engineProgram().script, ...words], { reject: false, timeout: TRY_MS, stdin: 'ignore', env: { ...node.environment, ...environment } });
  if (failed) return { failure: stderr.trim().split('\n').at(-1) || shortMessage || '' };
  // Libraries print what they like; the answer is the last line.
  return stdout.trim().split('\n').at(-1) ?? '';
}

/** One line for each place that was asked. */
export function candidateLines({ say, paint, language }: Terminal, { candidates }: TensorflowFindings): readonly string[] {
  const name: Readonly<Record<TensorflowSource, string>> = { environment: say('sourceEnvironment'), setup: say('sourceSetup'), python: say('sourcePython') };
  const text = ({ folder, version, problem }: TensorflowCandidate): string => problem === null
    ? say('doctorTensorflowTaken', version ?? '', folder ?? '')
    : sentence(problem.code as Parameters<typeof sentence>[0], problem.data, language);
  return candidates.map((candidate) => `  ${candidate.problem === null ? paint('green', '✓') : paint('dim', '–')} ${name[candidate.source].padEnd(15)} ${text(candidate)}`);
}
