/** distill setup tensorflow: says what there is, offers what can be downloaded, and does it when told to. */
import { createInterface } from 'node:readline/promises';
import { install, offerOf, registerFolder, removeSetup, type Tools } from '../../engine/tensorflowSetup/install.ts';
import { packageIndex } from '../../engine/tensorflowSetup/pipSettings.ts';
import { thisMachine, wheelFor } from '../../engine/tensorflowSetup/wheels.ts';
import type { BackendAttempt } from '../../shared/events.ts';
import { DistillError, sentenceOutsideRun } from '../../shared/messages.ts';
import type { SetupEvent, SetupProgress, TensorflowOffer } from '../../shared/nativeTensorflow.ts';
import { duration } from '../../shared/numbers.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { Refusal } from '../refusal.ts';
import { candidateLines, findTensorflow, tryBackend } from '../tensorflow.ts';
import { table, type Terminal } from '../terminal.ts';

export interface SetupOptions {
  readonly gpu: boolean;
  readonly yes: boolean;
  readonly index: string | null;
  readonly library: string | null;
  readonly remove: boolean;
  /** Only say what there is and what would be downloaded. */
  readonly offer: boolean;
  readonly json: boolean;
}

const MEBIBYTE = 2 ** 20;

export async function setupTensorflow(terminal: Terminal, options: SetupOptions): Promise<ExitCode> {
  const tell = options.json ? (event: SetupEvent): void => { terminal.print(JSON.stringify(event)); } : inWords(terminal);
  const stop = new AbortController();
  const onSignal = (): void => { stop.abort(new DOMException('stopped', 'AbortError')); };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
  try {
    return await setUp(terminal, options, tell, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) {
      if (!options.json) terminal.note(terminal.say('setupStopped'));
      return EXIT.stopped;
    }
    if (!options.json || !(error instanceof DistillError)) throw error;
    tell({ kind: 'failed', code: error.code, data: { ...error.data }, message: sentenceOutsideRun(error, terminal.language) });
    return EXIT.failed;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
  }
}

async function setUp(terminal: Terminal, options: SetupOptions, tell: (event: SetupEvent) => void, signal: AbortSignal): Promise<ExitCode> {
  const backend = options.gpu ? 'tensorflow-gpu' : 'tensorflow';
  if (options.remove) {
    const { folders, bytes } = await removeSetup();
    tell({ kind: 'removed', folders: [...folders], bytes });
    return EXIT.fine;
  }
  const tools: Tools = {
    // The library itself is on trial, which on a machine without a GPU the GPU build stands as well.
    check: (folder) => tryBackend('tensorflow', folder),
    onProgress: (progress) => { tell({ kind: 'progress', ...progress }); },
    signal,
  };
  if (options.library !== null) {
    const { folder, checked } = await registerFolder(options.library, tools);
    tell({ kind: 'done', folder, version: versionIn(checked), checked });
    return EXIT.fine;
  }
  const findings = await findTensorflow();
  const taken = findings.candidates.some(({ problem }) => problem === null);
  const checked = taken ? await tryBackend(backend) : null;
  tell({ kind: 'found', findings, checked });
  if (checked?.outcome === 'taken') return EXIT.fine;
  const wheel = wheelFor(thisMachine(), options.gpu);
  const index = await packageIndex(options.index);
  const offer = offerOf(wheel, index);
  if (!options.yes || options.offer) tell({ kind: 'offer', offer });
  if (options.offer) return EXIT.fine;
  if (!options.yes) {
    if (options.json) return EXIT.fine;
    if (!await consented(terminal)) {
      terminal.note(terminal.say('setupDeclined'));
      return EXIT.stopped;
    }
  }
  const installed = await install(wheel, index, tools);
  tell({ kind: 'done', ...installed });
  return EXIT.fine;
}

async function consented({ say, interactive }: Terminal): Promise<boolean> {
  if (!interactive || !process.stdin.isTTY) throw new Refusal(say('setupNeedsYes'));
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^\s*(y|yes|是)\s*$/i.test(await lines.question(`${say('setupAsk')} `));
  } finally {
    lines.close();
  }
}

/** A backend says what it runs on: "TensorFlow 2.20.0, CPU, 2 threads". */
function versionIn({ detail }: BackendAttempt): string {
  return /TensorFlow (\S+?),/.exec(detail)?.[1] ?? '';
}

function inWords(terminal: Terminal): (event: SetupEvent) => void {
  const { say } = terminal;
  return (event) => {
    switch (event.kind) {
      case 'found':
        terminal.print([say('setupFoundTitle'), ...candidateLines(terminal, event.findings)].join('\n'));
        if (event.checked !== null) terminal.print(event.checked.outcome === 'taken' ? `${say('setupWorks', event.checked.detail)} ${say('setupNothingToDo')}` : say('setupBroken', event.checked.detail));
        break;
      case 'offer': terminal.print(offerText(terminal, event.offer)); break;
      case 'progress': terminal.live(progressText(terminal, event)); break;
      case 'done': terminal.print(`${say('setupDone', event.version, event.folder)} ${say('setupWorks', event.checked.detail)}`); break;
      case 'removed': terminal.print(event.folders.length === 0 ? say('setupNothingRemoved') : say('setupRemoved', mebibytes(event.bytes), event.folders.join(', '))); break;
      case 'failed': terminal.note(event.message); break;
    }
  };
}

function offerText({ say }: Terminal, { version, gpu, file, index, downloadBytes, installedBytes, licence, folder }: TensorflowOffer): string {
  return [
    '', say(gpu ? 'setupOfferGpuTitle' : 'setupOfferTitle', version),
    table([
      [`  ${say('setupOfferFile')}`, file], [`  ${say('setupOfferFrom')}`, index],
      [`  ${say('setupOfferSize')}`, say('setupOfferSizes', mebibytes(downloadBytes), mebibytes(installedBytes))],
      [`  ${say('setupOfferLicence')}`, licence], [`  ${say('setupOfferTo')}`, folder],
    ]),
    ...(gpu ? [say('setupOfferGpuNeeds', version)] : []),
  ].join('\n');
}

function progressText({ say }: Terminal, { part, done, total, secondsLeft }: SetupProgress): string {
  const what = say(({ download: 'setupDownload', verify: 'setupVerify', unpack: 'setupUnpack', check: 'setupCheck' } as const)[part]);
  if (part === 'check') return `${what} …`;
  return [`${what} ${say('setupOf', mebibytes(done), mebibytes(total))}`, ...(secondsLeft === null || done >= total ? [] : [say('progressLeft', duration(secondsLeft * 1000))])].join(' · ');
}

function mebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(0);
}
