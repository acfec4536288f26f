/** The two virtual documents of an example: their text, and what a hover says of the step under the pointer. */
import * as vscode from 'vscode';
import type { Language } from '../../shared/messages.ts';
import type { DocumentLine } from '../../shared/traceDocument.ts';
import { RELATION_SIGNS, rowNotes, TRACE_LABELS, writtenShare } from '../../shared/traceLabels.ts';
import { errorSentence } from '../errors.ts';
import { stateOf, type Comparisons, type OpenExample } from './comparisons.ts';
import { parseTraceUri } from './traceUri.ts';

/** A read-only file system, not a content provider: VS Code brings back files after a reload, and forgets other documents. */
export class TraceDocumentProvider implements vscode.FileSystemProvider, vscode.HoverProvider {
  private readonly changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.changed.event;
  /** Bytes of the documents that were read, with the state of their traces; `version` grows with each change, as a file's time does. */
  private readonly read = new Map<string, { readonly state: string; readonly bytes: Uint8Array; readonly version: number }>();

  constructor(private readonly comparisons: Comparisons, private readonly language: Language) {}

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { bytes, version } = await this.document(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime: version, size: bytes.length, permissions: vscode.FilePermission.Readonly };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return (await this.document(uri)).bytes;
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  /** Tells the editor of open documents whose traces were written anew. */
  async refresh(folder: string): Promise<void> {
    for (const { uri } of vscode.workspace.textDocuments) {
      const address = parseTraceUri(uri);
      const known = this.read.get(uri.toString());
      if (address?.folder === folder && known !== undefined && known.state !== await this.state(address)) this.changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
    }
  }

  forget(uri: vscode.Uri): void {
    this.read.delete(uri.toString());
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

  private async document(uri: vscode.Uri): Promise<{ readonly bytes: Uint8Array; readonly version: number }> {
    const address = parseTraceUri(uri);
    if (address === null) throw vscode.FileSystemError.FileNotFound(uri);
    const known = this.read.get(uri.toString());
    try {
      const state = await this.state(address);
      if (known?.state === state) return known;
      const { documents } = await this.comparisons.open(address);
      const document = { state, bytes: new TextEncoder().encode(documents[address.role]), version: (known?.version ?? 0) + 1 };
      this.read.set(uri.toString(), document);
      return document;
    } catch (error) {
      // A document that is restored after its run was deleted says so in its place.
      return { bytes: new TextEncoder().encode(`${errorSentence(error)}\n`), version: 0 };
    }
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
