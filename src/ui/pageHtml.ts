/** The document around a webview's bundle: no inline script or style, and nothing from elsewhere. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Language } from '../shared/messages.ts';

/** Where a page's scripts and styles may come from. */
export function pageRoots(extension: vscode.Uri): readonly vscode.Uri[] {
  return [vscode.Uri.joinPath(extension, 'dist', 'webview')];
}

export interface PageOptions {
  /** Name of the bundle: `dist/webview/PAGE.js` and `.css`. */
  readonly page: string;
  readonly title: string;
  /** Texts in the display language; the page reads them with bodyData. */
  readonly text: unknown;
  readonly language: Language;
}

export function pageHtml(webview: vscode.Webview, extension: vscode.Uri, { page, title, text, language }: PageOptions): string {
  const nonce = randomBytes(18).toString('base64');
  const file = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(extension, 'dist', 'webview', name)).toString();
  return `<!DOCTYPE html>
<html lang="${language === 'zh-cn' ? 'zh-CN' : 'en'}">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'">
<link rel="stylesheet" href="${file(`${page}.css`)}">
<title>${escaped(title)}</title>
</head>
<body data-language="${language}" data-text="${escaped(JSON.stringify(text))}">
<script nonce="${nonce}" src="${file(`${page}.js`)}"></script>
</body>
</html>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
