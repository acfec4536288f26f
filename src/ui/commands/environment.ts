import * as vscode from 'vscode';
import * as z from 'zod';
import { sentence } from '../../shared/messages.ts';
import { tensorflowFindings, type TensorflowCandidate } from '../../shared/nativeTensorflow.ts';
import { Refusal } from '../errors.ts';
import { displayLanguage } from '../language.ts';
import type { Workbench } from '../workbench.ts';

const REPORT = vscode.Uri.parse('distill-environment:/Distill.md');
const GIB = 2 ** 30;

/** What `distill doctor --json` prints. */
const findings = z.object({
  version: z.string(),
  node: z.object({ version: z.string(), path: z.string() }),
  machine: z.object({ system: z.string(), cores: z.number(), processor: z.string() }),
  memory: z.object({ free: z.number(), total: z.number() }),
  disk: z.object({ free: z.number(), path: z.string() }),
  device: z.object({ about: z.string().nullable(), pid: z.number() }).nullable(),
  backends: z.array(z.object({ backend: z.string(), outcome: z.enum(['taken', 'unavailable', 'wrong', 'not-tried']), detail: z.string() })),
  tensorflow: tensorflowFindings,
});
type Findings = z.output<typeof findings>;

/** What was found of this machine, as a page that can be read and copied into a bug report. */
export class EnvironmentReport implements vscode.TextDocumentContentProvider {
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  #text = '';

  register(): vscode.Disposable {
    return vscode.Disposable.from(this.#changed, vscode.workspace.registerTextDocumentContentProvider(REPORT.scheme, this));
  }

  provideTextDocumentContent(): string {
    return this.#text;
  }

  async show(text: string): Promise<void> {
    this.#text = text;
    this.#changed.fire(REPORT);
    await vscode.commands.executeCommand('markdown.showPreview', REPORT);
  }
}

/** Tries every backend in a process of its own and shows the outcome. */
export async function checkEnvironment({ programs, environment, log }: Workbench): Promise<void> {
  const title = vscode.l10n.t('Checking which backends load and compute right…');
  const answer = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, async (_, token) => {
    const cancel = new AbortController();
    token.onCancellationRequested(() => cancel.abort());
    try {
      return await programs.distill(['doctor', '--json'], { signal: cancel.signal });
    } catch (error) {
      if (cancel.signal.aborted) throw new vscode.CancellationError();
      throw error;
    }
  });
  // Exit code 1 with an answer: no backend works, and the page says why.
  log.info(`distill doctor ended with ${answer.code}`);
  const found = readFindings(answer.stdout);
  if (found === null) throw new Refusal(vscode.l10n.t('The check could not be made: {0}', answer.stderr.trim() || answer.stdout.trim()));
  await environment.show(page(found));
}

function readFindings(text: string): Findings | null {
  try {
    return findings.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function page(found: Findings): string {
  const chosen = found.backends.find(({ outcome }) => outcome === 'taken');
  const gib = (bytes: number): string => (bytes / GIB).toFixed(1);
  const facts: readonly (readonly [string, string])[] = [
    ['Distill Workbench', found.version],
    ['Node.js', `${found.node.version} (${found.node.path})`],
    [vscode.l10n.t('Machine'), vscode.l10n.t('{0}, {1} cores, {2}', found.machine.system, found.machine.cores, found.machine.processor)],
    [vscode.l10n.t('Memory'), vscode.l10n.t('{0} GiB free of {1} GiB', gib(found.memory.free), gib(found.memory.total))],
    [vscode.l10n.t('Disk'), vscode.l10n.t('{0} GiB free at {1}', gib(found.disk.free), found.disk.path)],
    [vscode.l10n.t('Device'), found.device === null ? vscode.l10n.t('free') : vscode.l10n.t('used by {0} (process {1})', found.device.about ?? '?', found.device.pid)],
  ];
  return [
    `# ${vscode.l10n.t('Environment')}`,
    '',
    chosen === undefined
      ? `**${vscode.l10n.t('No backend loads and computes right on this machine: nothing can be trained here.')}**`
      : vscode.l10n.t('Runs whose backend is `auto` use **{0}**: the first that loads and passes the numeric check.', chosen.backend),
    '',
    table([[vscode.l10n.t('Backend'), '', vscode.l10n.t('Details')], ...found.backends.map(({ backend, outcome, detail }) => [`\`${backend}\``, outcomeText(outcome, backend === chosen?.backend), detail])]),
    '',
    table([[vscode.l10n.t('Where TensorFlow was looked for'), '', vscode.l10n.t('Details')], ...found.tensorflow.candidates.map(candidateRow)]),
    '',
    ...(found.backends.some(({ backend, outcome }) => backend.startsWith('tensorflow') && outcome === 'taken') ? [] : [vscode.l10n.t('To get it: Set Up TensorFlow'), '']),
    table([[vscode.l10n.t('Machine'), ''], ...facts]),
    '',
  ].join('\n');
}

function candidateRow({ source, folder, version, problem }: TensorflowCandidate): readonly string[] {
  const place = { environment: 'DISTILL_TENSORFLOW', setup: vscode.l10n.t('Set Up TensorFlow'), python: 'Python' }[source];
  return problem === null
    ? [place, `✓ ${vscode.l10n.t('taken')}`, `${version ?? ''} (${folder ?? ''})`]
    : [place, '–', sentence(problem.code as Parameters<typeof sentence>[0], problem.data, displayLanguage())];
}

function outcomeText(outcome: Findings['backends'][number]['outcome'], chosen: boolean): string {
  switch (outcome) {
    case 'taken': return chosen ? `✓ ${vscode.l10n.t('used')}` : `✓ ${vscode.l10n.t('works')}`;
    case 'wrong': return `✗ ${vscode.l10n.t('computes wrong')}`;
    case 'unavailable': return `– ${vscode.l10n.t('not available')}`;
    case 'not-tried': return `– ${vscode.l10n.t('not tried')}`;
  }
}

function table(rows: readonly (readonly string[])[]): string {
  // What libraries print must not break out of its cell.
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}
