import * as vscode from 'vscode';
import { Refusal } from '../errors.ts';
import type { Workbench } from '../workbench.ts';

const REPORT = vscode.Uri.parse('distill-environment:/environment.txt');

/** What `distill doctor` says of this machine, as a page of text that can be copied into a bug report. */
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
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(REPORT), { preview: true });
  }
}

export async function checkEnvironment({ programs, environment, log }: Workbench): Promise<void> {
  const title = vscode.l10n.t('Checking which backends load and compute right…');
  const answer = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (_, token) => {
    const cancel = new AbortController();
    token.onCancellationRequested(() => cancel.abort());
    return programs.distill(['doctor'], { signal: cancel.signal });
  });
  log.info(`distill doctor ended with ${answer.code}`);
  if (answer.stdout === '') throw new Refusal(vscode.l10n.t('The check said nothing: {0}', answer.stderr.trim()));
  await environment.show(answer.stdout);
}
