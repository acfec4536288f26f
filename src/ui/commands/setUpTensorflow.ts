/** Set Up TensorFlow: says what there is, asks before anything is downloaded, and shows how it goes. */
import * as vscode from 'vscode';
import { setupEvent, type SetupEvent, type SetupProgress, type TensorflowOffer } from '../../shared/nativeTensorflow.ts';
import { duration } from '../../shared/numbers.ts';
import { Refusal } from '../errors.ts';
import type { Workbench } from '../workbench.ts';
import { checkEnvironment } from './environment.ts';

type Of<K extends SetupEvent['kind']> = Extract<SetupEvent, { readonly kind: K }>;

const MEBIBYTE = 2 ** 20;

export async function setUpTensorflow(workbench: Workbench): Promise<void> {
  const looked = await setup(workbench, ['--offer'], vscode.l10n.t('Looking for TensorFlow…'));
  const found = event(looked, 'found');
  if (found?.checked?.outcome === 'taken') {
    await tellWorks(workbench, vscode.l10n.t('There is nothing to set up: {0} is here and computes right.', found.checked.detail));
    return;
  }
  const offer = event(looked, 'offer')?.offer;
  if (offer === undefined) throw failure(looked);
  if (!await consented(offer, found)) return;
  const done = await setup(workbench, ['--yes'], vscode.l10n.t('Setting up TensorFlow'));
  const end = event(done, 'done');
  if (end === undefined) throw failure(done);
  await tellWorks(workbench, vscode.l10n.t('TensorFlow is set up and computes right: {0}. Runs whose backend is auto use it.', end.checked.detail));
}

interface Answer {
  readonly events: readonly SetupEvent[];
  readonly stderr: string;
}

async function setup({ programs, log }: Workbench, words: readonly string[], title: string): Promise<Answer> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, async (progress, token) => {
    const cancel = new AbortController();
    token.onCancellationRequested(() => { cancel.abort(); });
    const events: SetupEvent[] = [];
    let shown = 0;
    const { stderr, code } = await programs.distillLines(['setup', 'tensorflow', '--json', ...words], (line) => {
      const read = parsed(line);
      if (read === null) return;
      if (read.kind !== 'progress') {
        events.push(read);
        return;
      }
      const share = shareOf(read);
      progress.report({ message: progressText(read), increment: Math.max(0, share - shown) });
      shown = Math.max(shown, share);
    }, cancel.signal);
    if (cancel.signal.aborted) throw new vscode.CancellationError();
    log.info(`distill setup tensorflow ${words.join(' ')} ended with ${code}`);
    return { events, stderr };
  });
}

function parsed(line: string): SetupEvent | null {
  try {
    return setupEvent.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

function event<K extends SetupEvent['kind']>({ events }: Answer, kind: K): Of<K> | undefined {
  return events.find((each): each is Of<K> => each.kind === kind);
}

/** The sentence of the command line is in the person's language already. */
function failure(answer: Answer): Refusal {
  return new Refusal(event(answer, 'failed')?.message ?? vscode.l10n.t('TensorFlow could not be set up: {0}', answer.stderr.trim()));
}

async function consented({ version, file, index, downloadBytes, installedBytes, licence, folder }: TensorflowOffer, found: Of<'found'> | undefined): Promise<boolean> {
  const download = vscode.l10n.t('Download');
  const broken = found?.checked ?? null;
  const detail = [
    ...(broken === null ? [] : [vscode.l10n.t('The TensorFlow that is here does not work: {0}', broken.detail), '']),
    vscode.l10n.t('Training with it is several times faster than with WebAssembly.'),
    vscode.l10n.t('From {0}: {1}, {2} MiB; {3} MiB on the disk afterwards.', index, file, mebibytes(downloadBytes), mebibytes(installedBytes)),
    vscode.l10n.t('Licence {0}. Only for this user, in {1}.', licence, folder),
  ].join('\n');
  return await vscode.window.showInformationMessage(vscode.l10n.t('Download TensorFlow {0}?', version), { modal: true, detail }, download) === download;
}

async function tellWorks(workbench: Workbench, text: string): Promise<void> {
  const look = vscode.l10n.t('Check Environment');
  if (await vscode.window.showInformationMessage(text, look) === look) await checkEnvironment(workbench);
}

/** Parts of the whole bar; what a person waits for is the network. */
const SHARES: Readonly<Record<SetupProgress['part'], readonly [from: number, to: number]>> = { verify: [0, 5], download: [5, 75], unpack: [75, 97], check: [97, 100] };

function shareOf({ part, done, total }: SetupProgress): number {
  const [from, to] = SHARES[part];
  return from + (to - from) * (total > 0 ? Math.min(1, done / total) : 0);
}

function progressText({ part, done, total, secondsLeft }: SetupProgress): string {
  const what = {
    download: vscode.l10n.t('downloading'), verify: vscode.l10n.t('checking what was downloaded before'),
    unpack: vscode.l10n.t('unpacking'), check: vscode.l10n.t('checking what it computes'),
  }[part];
  if (part === 'check') return what;
  const left = secondsLeft === null || done >= total ? [] : [vscode.l10n.t('{0} left', duration(secondsLeft * 1000))];
  return [`${what} ${vscode.l10n.t('{0} of {1} MiB', mebibytes(done), mebibytes(total))}`, ...left].join(' · ');
}

function mebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(0);
}
