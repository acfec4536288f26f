/** The two virtual documents of an example: their text, and what a hover says of the step under the pointer. */
import * as vscode from 'vscode';
import type { Language } from '../../shared/messages.ts';
import type { DocumentLine } from '../../shared/traceDocument.ts';
import { RELATION_SIGNS, rowNotes, TRACE_LABELS, writtenShare } from '../../shared/traceLabels.ts';
import { errorSentence } from '../errors.ts';
import { stateOf, type Comparisons, type OpenExample } from './comparisons.ts';
import { parseTraceUri } from './traceUri.ts';

export class TraceDocumentProvider implements vscode.TextDocumentContentProvider, vscode.HoverProvider {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  /** State of the traces that each open document shows. */
  private readonly shown = new Map<string, string>();

  constructor(private readonly comparisons: Comparisons, private readonly language: Language) {}

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const address = parseTraceUri(uri);
    if (address === null) return '';
    try {
      const { documents } = await this.comparisons.open(address);
      this.shown.set(uri.toString(), await this.state(address));
      return documents[address.role];
    } catch (error) {
      // A document that is restored after its run was deleted says so in its place.
      return `${errorSentence(error)}\n`;
    }
  }

  /** Tells the editor of open documents whose traces were written anew. */
  async refresh(folder: string): Promise<void> {
    for (const { uri } of vscode.workspace.textDocuments) {
      const address = parseTraceUri(uri);
      if (address?.folder === folder && this.shown.get(uri.toString()) !== await this.state(address)) this.changed.fire(uri);
    }
  }

  forget(uri: vscode.Uri): void {
    this.shown.delete(uri.toString());
  }

  async provideHover(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.Hover | null> {
    const address = parseTraceUri(document.uri);
    if (address === null) return null;
    const open = await this.comparisons.open(address);
    const line = open.documents.lines[position.line];
    return line ? new vscode.Hover(hoverText(open, line, this.language)) : null;
  }

  dispose(): void {
    this.changed.dispose();
  }

  private async state(address: { readonly folder: string; readonly example: string }): Promise<string> {
    const example = (await this.comparisons.examples(address.folder)).find((one) => one.example === address.example);
    return example ? stateOf(example) : '';
  }
}

function hoverText({ comparison }: OpenExample, line: DocumentLine, language: Language): vscode.MarkdownString {
  const labels = TRACE_LABELS[language];
  const text = new vscode.MarkdownString();
  text.isTrusted = false;
  text.supportHtml = false;
  const section = comparison.sections.find(({ name }) => name === line.section);
  const row = section?.alignment.rows[line.row];
  if (section === undefined || row === undefined) return text;
  text.appendMarkdown('**').appendText(`${RELATION_SIGNS[row.relation]} ${labels.relation[row.relation]}`).appendMarkdown('**');
  if (row.similarity > 0) text.appendText(` · ${labels.similarity(writtenShare(row.similarity))}`);
  for (const role of ['teacher', 'student'] as const) {
    const own = row[role];
    if (own.length === 0) continue;
    const kinds = [...new Set(own.flatMap((index) => section[role][index]?.kind ?? []))].map((kind) => labels.kind[kind]);
    text.appendMarkdown('\n\n').appendText(`${labels[role]}: ${labels.step((own[0] ?? 0) + 1, (own.at(-1) ?? 0) + 1)} (${kinds.join(', ')})`);
  }
  for (const note of rowNotes(row, line.row, section, language)) text.appendMarkdown('\n\n').appendText(note.text);
  return text;
}
