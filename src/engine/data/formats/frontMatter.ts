/**
 * The head of a dataset's README.md: YAML between two lines `---`. Only the plain part of YAML that dataset cards are
 * written in: block maps and lists, one-line lists, quoted and plain values; anything else in the wanted keys reads as text.
 */
export type Yaml = string | boolean | null | readonly Yaml[] | { readonly [key: string]: Yaml };

interface Line {
  readonly indent: number;
  readonly text: string;
}

/** The values of some top-level keys; a card without a head has none. */
export function frontMatter(markdown: string, keys: readonly string[]): Readonly<Record<string, Yaml>> {
  const head = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(markdown)?.[1];
  if (head === undefined) return {};
  const result: Record<string, Yaml> = {};
  const lines = head.split(/\r?\n/);
  for (const key of keys) {
    const start = lines.findIndex((line) => line.startsWith(`${key}:`));
    if (start < 0) continue;
    const end = lines.findIndex((line, index) => index > start && /^[^\s#-]/.test(line));
    const block = lines.slice(start + 1, end < 0 ? lines.length : end).map(toLine).filter((line) => line !== null);
    const own = withoutComment((lines[start] ?? '').slice(key.length + 1)).trim();
    result[key] = own === '' ? blockValue(block, { at: 0 }, 0) : scalar(own);
  }
  return result;
}

function toLine(text: string): Line | null {
  const bare = withoutComment(text).trimEnd();
  return bare.trim() === '' ? null : { indent: bare.length - bare.trimStart().length, text: bare.trimStart() };
}

function withoutComment(text: string): string {
  return /["']/.test(text) ? text : text.replace(/(^|\s)#.*$/, '');
}

interface Cursor {
  at: number;
}

function blockValue(lines: readonly Line[], cursor: Cursor, least: number): Yaml {
  const first = lines[cursor.at];
  if (first === undefined || first.indent < least) return null;
  if (isItem(first.text)) return list(lines, cursor, first.indent);
  return keyValue(first.text) === null ? scalar(lines[cursor.at++]?.text ?? '') : map(lines, cursor, first.indent);
}

function list(lines: readonly Line[], cursor: Cursor, indent: number): Yaml {
  const items: Yaml[] = [];
  for (let line = lines[cursor.at]; line !== undefined && line.indent === indent && isItem(line.text); line = lines[cursor.at]) {
    const inner = line.text.slice(1).trimStart();
    if (inner === '') {
      cursor.at += 1;
      items.push(blockValue(lines, cursor, indent + 1));
    } else if (keyValue(inner) === null) {
      cursor.at += 1;
      items.push(scalar(inner));
    } else {
      // A map that begins on its item's own line: the rest of it stands as far in.
      const deeper = indent + line.text.length - inner.length;
      const replaced = [...lines];
      replaced[cursor.at] = { indent: deeper, text: inner };
      items.push(map(replaced, cursor, deeper));
    }
  }
  return items;
}

function map(lines: readonly Line[], cursor: Cursor, indent: number): Yaml {
  const result: Record<string, Yaml> = {};
  for (let line = lines[cursor.at]; line !== undefined && line.indent === indent; line = lines[cursor.at]) {
    const pair = isItem(line.text) ? null : keyValue(line.text);
    if (pair === null) break;
    cursor.at += 1;
    const next = lines[cursor.at];
    if (pair.value !== '') result[pair.key] = scalar(pair.value);
    // A list may stand as far in as the key that it belongs to.
    else if (next !== undefined && next.indent === indent && isItem(next.text)) result[pair.key] = list(lines, cursor, indent);
    else result[pair.key] = blockValue(lines, cursor, indent + 1);
  }
  return result;
}

function isItem(text: string): boolean {
  return text === '-' || text.startsWith('- ');
}

function keyValue(text: string): { readonly key: string; readonly value: string } | null {
  const found = /^("[^"]*"|'[^']*'|[^\s"'[{][^:]*):(?:\s+(.*))?$/.exec(text);
  return found === null ? null : { key: String(scalar(found[1] ?? '')), value: (found[2] ?? '').trim() };
}

function scalar(text: string): Yaml {
  if (text.startsWith('[') && text.endsWith(']')) return text.slice(1, -1).split(',').map((each) => each.trim()).filter((each) => each !== '').map(scalar);
  const quoted = /^(["'])(.*)\1$/.exec(text)?.[2];
  if (quoted !== undefined) return quoted;
  if (text === 'true' || text === 'false') return text === 'true';
  return text === '' || text === '~' || text === 'null' ? null : text;
}
