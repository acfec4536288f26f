import * as vscode from 'vscode';
import type { Language } from '../shared/messages.ts';

/** The language of the sentences in shared/messages.ts that goes with VS Code's display language. */
export function displayLanguage(): Language {
  return vscode.env.language.toLowerCase() === 'zh-cn' ? 'zh-cn' : 'en';
}
