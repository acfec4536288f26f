import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Language } from '../../shared/messages.ts';
import { metricsText } from '../../shared/metricsText.ts';

/** Where a page's scripts and styles may come from. */
export function pageRoots(extension: vscode.Uri): readonly vscode.Uri[] {
  return [vscode.Uri.joinPath(extension, 'dist', 'webview')];
}

/** The page around the bundle: no inline script or style, and nothing from elsewhere. */
export function metricsHtml(webview: vscode.Webview, extension: vscode.Uri, language: Language): string {
  const nonce = randomBytes(18).toString('base64');
  const file = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(extension, 'dist', 'webview', name)).toString();
  return `<!DOCTYPE html>
<html lang="${language === 'zh-cn' ? 'zh-CN' : 'en'}">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'">
<link rel="stylesheet" href="${file('metrics.css')}">
<title>${escaped(metricsText(language).title)}</title>
</head>
<body data-language="${language}" data-text="${escaped(JSON.stringify(metricsText(language)))}">
<script nonce="${nonce}" src="${file('metrics.js')}"></script>
</body>
</html>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
