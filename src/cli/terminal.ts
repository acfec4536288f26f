/** Where the command line writes: results to stdout, everything else to stderr; one live line on a terminal. */
import type { Say } from './text.ts';
import type { Language } from '../shared/messages.ts';

export interface Terminal {
  readonly language: Language;
  readonly say: Say;
  /** A result. */
  print(text: string): void;
  /** What happens on the way. */
  note(text: string): void;
  /** Replaces the live line; where there is no terminal, nothing. */
  live(text: string): void;
  readonly interactive: boolean;
  readonly columns: number;
  /** Colours, or the text as it is. */
  paint(style: Style, text: string): string;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

const CODES: Readonly<Record<Style, readonly [number, number]>> = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39] };
/** Where nobody tells the width. */
const COLUMNS = 100;

export function openTerminal(language: Language, say: Say): Terminal {
  const { stdout, stderr, env } = process;
  const interactive = stderr.isTTY === true && env['TERM'] !== 'dumb';
  // https://no-color.org
  const coloured = stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  let liveLine = false;
  const clear = (): void => {
    if (liveLine) stderr.write('\r\u001b[2K');
    liveLine = false;
  };
  return {
    language, say, interactive,
    columns: columnsOf(stdout),
    print(text) {
      clear();
      stdout.write(`${text}\n`);
    },
    note(text) {
      clear();
      stderr.write(`${text}\n`);
    },
    live(text) {
      if (!interactive) return;
      clear();
      stderr.write(clipped(text, columnsOf(stderr) - 1));
      liveLine = true;
    },
    paint: (style, text) => coloured ? `\u001b[${String(CODES[style][0])}m${text}\u001b[${String(CODES[style][1])}m` : text,
  };
}

/** A terminal that doesn't know its width (a pipe, some containers) says nothing or 0. */
export function columnsOf({ columns = 0 }: { readonly columns?: number }): number {
  return columns > 0 ? columns : COLUMNS;
}

/** How many columns a text takes: East Asian wide characters take two, combining ones none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const char of text) width += /\p{Mn}|\p{Me}|\p{Cf}/u.test(char) ? 0 : isWide(char.codePointAt(0) ?? 0) ? 2 : 1;
  return width;
}

/** Unicode Standard Annex 11, the blocks that matter: Hangul, CJK, full-width forms, emoji. */
function isWide(code: number): boolean {
  return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf && code !== 0x303f) || (code >= 0xac00 && code <= 0xd7a3)
    || (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60)
    || (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
}

export function clipped(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let [width, end] = [0, 0];
  for (const char of text) {
    width += displayWidth(char);
    if (width > columns - 1) break;
    end += char.length;
  }
  return `${text.slice(0, end)}…`;
}

/** Filled up with spaces to a width in columns. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)));
}

/** Rows as a table, columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => displayWidth(row[column] ?? ''))));
  return rows.map((row) => row.map((cell, column) => padded(cell, widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}
