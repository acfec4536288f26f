import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { rowUses } from '../../runs/rowUses.ts';
import { recordOfLine, reviewOf } from '../../shared/recordLine.ts';
import { recordLife, type LifeLine } from '../../shared/recordText.ts';
import { reviewFileOf } from '../../shared/review.ts';
import { displayLanguage } from '../language.ts';
import type { Projects } from '../project/projects.ts';

/** The life of the row under the pointer, over a line of a .jsonl file of ours. Only that line is parsed. */
export function registerProvenanceHover(projects: Projects): vscode.Disposable {
  return vscode.languages.registerHoverProvider({ scheme: 'file', pattern: '**/*.jsonl' }, {
    async provideHover(document, position, token) {
      const line = document.lineAt(position.line);
      const record = recordOfLine(line.text);
      if (record === null) return null;
      const project = projects.containing(document.uri.fsPath)?.folder;
      const [uses, decisions] = await Promise.all([
        project === undefined ? [] : rowUses(project, record.id),
        readFile(reviewFileOf(document.uri.fsPath), 'utf8').catch(() => ''),
      ]);
      if (token.isCancellationRequested) return null;
      return new vscode.Hover(lifeMarkdown(recordLife(record, { review: reviewOf(decisions, record.id), uses }, displayLanguage())), line.range);
    },
  });
}

/** A table without a heading. What a row says is shown as text: no link, picture or command of it comes alive. */
function lifeMarkdown(lines: readonly LifeLine[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString(undefined, false);
  text.isTrusted = false;
  text.supportHtml = false;
  const cell = (value: string): string => value.split('\n').map(inert).join(' · ');
  text.appendMarkdown('| | |\n|:--|:--|\n');
  for (const { label, value } of lines) text.appendMarkdown(`| ${label === '' ? '' : `**${inert(label)}**`} | ${cell(value)} |\n`);
  return text;
}

/** Longest value of a line: a found answer may be a page. */
const LONGEST = 300;

function inert(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return short.replaceAll(/[\\`*_{}[\]()#+\-.!|<>&~$:@/]/g, '\\$&').replaceAll(/\s+/g, ' ');
}
