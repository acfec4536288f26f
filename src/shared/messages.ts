/**
 * The one table of sentences for everything that can go wrong or deserves a warning. The engine and the runs room speak
 * codes with data; the panel, the notifications and the command line all make their sentence here, so it is the same one.
 * `{name}` is filled from the data. Chinese stands beside English: one row, two languages, nothing to forget.
 * (Other texts of the extension go through vscode.l10n and l10n/bundle.l10n.zh-cn.json.)
 */
import type { MessageData } from './events.ts';

interface Sentence {
  readonly en: string;
  readonly 'zh-cn': string;
}

export const ERRORS = {
  unexpected: {
    en: 'The engine met an error that it does not know: {detail}. The whole text is in engine.log.',
    'zh-cn': '引擎遇到未知错误：{detail}。完整内容见 engine.log。',
  },
} as const satisfies Record<string, Sentence>;

export const WARNINGS = {
  'backend-passed-over': {
    en: 'The backend {backend} was passed over: {detail}',
    'zh-cn': '已跳过后端 {backend}：{detail}',
  },
} as const satisfies Record<string, Sentence>;

export type ErrorCode = keyof typeof ERRORS;
export type WarningCode = keyof typeof WARNINGS;
export type Language = keyof Sentence;

/** The sentence of a code in a language, its `{name}`s filled; an unknown code (of a newer engine) is shown as it is. */
export function sentence(code: ErrorCode | WarningCode, data: MessageData, language: Language): string {
  const row: Sentence | undefined = (ERRORS as Record<string, Sentence>)[code] ?? (WARNINGS as Record<string, Sentence>)[code];
  const template = row?.[language] ?? `${code} ${JSON.stringify(data)}`;
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(data[name] ?? whole));
}

/** An error with a code: thrown anywhere, shown through `sentence`. */
export class DistillError extends Error {
  constructor(readonly code: ErrorCode, readonly data: MessageData, options?: ErrorOptions) {
    super(sentence(code, data, 'en'), options);
    this.name = 'DistillError';
  }
}
