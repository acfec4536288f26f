/** Names of the virtual documents: `distill-trace:/run/example/teacher.md?folder`, enough to make them again after a reload. */
import * as vscode from 'vscode';
import type { TraceRole } from '../../shared/events.ts';
import path from 'node:path';

export const TRACE_SCHEME = 'distill-trace';

export interface TraceAddress {
  /** The run's folder, absolute. */
  readonly folder: string;
  readonly example: string;
}

export function traceUri({ folder, example }: TraceAddress, role: TraceRole): vscode.Uri {
  // The example's name may hold anything; as one segment it can't leave its place.
  return vscode.Uri.from({ scheme: TRACE_SCHEME, path: `/${path.basename(folder)}/${encodeURIComponent(example)}/${role}.md`, query: folder });
}

export function parseTraceUri(uri: vscode.Uri): (TraceAddress & { readonly role: TraceRole }) | null {
  if (uri.scheme !== TRACE_SCHEME) return null;
  const [, , example, file] = uri.path.split('/');
  const role = file === 'teacher.md' ? 'teacher' : file === 'student.md' ? 'student' : null;
  if (example === undefined || role === null || uri.query === '') return null;
  return { folder: uri.query, example: decodeURIComponent(example), role };
}

/** The example of the diff that a tab shows, or null for another tab. */
export function addressOfTab(tab: vscode.Tab | undefined): TraceAddress | null {
  return tab?.input instanceof vscode.TabInputTextDiff ? parseTraceUri(tab.input.modified) : null;
}
