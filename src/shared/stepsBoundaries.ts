/**
 * Where one step of a reasoning trace ends and the next begins. A step is a sentence, a list item, a heading, an equation
 * block or a code fence; short asides ("Hmm.", "对吧？") stay with the sentence they belong to, and what is over-long is cut
 * at a clause. Only positions are decided here; the text is never changed.
 */

/** Sentences shorter than this, without a number, are asides. A Chinese character weighs as three Latin ones. */
const ASIDE_WEIGHT = 24;
/** A step longer than this is cut at a clause: more no longer fits a line or two of a diff. */
const LONG_WEIGHT = 480;
/** Both halves of a clause cut are at least this long. */
const CLAUSE_WEIGHT = 48;
/** A formula or a parenthesis that is not closed within this many characters was never one. */
const INLINE_REACH = 400;
const DISPLAY_REACH = 3000;

const ABBREVIATIONS = /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|Mr|Mrs|Ms|Dr|Prof|St|approx|Fig|Eq|Sec|No|Nos|pp|resp|viz|al|a\.m|p\.m|U\.S|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec)$/;
const LIST_ITEM = /[ \t]*(?:[-*+•●▪]\s|\d{1,3}[.)、](?!\d)\s?|\(\d{1,3}\)\s?|[①-⑳]|#{1,6}\s|\*\*(?:Step|步骤)|(?:Step|Case|Method|Option)\s+\d{1,3}\b|第[一二三四五六七八九十\d]{1,3}[步种]|步骤\s*[一二三四五六七八九十\d]|[（(][一二三四五六七八九十]{1,2}[)）]|[一二三四五六七八九十]{1,2}、)/y;
const FENCE = /[ \t]*(`{3,}|~{3,})/y;
const DISPLAY = /[ \t]*(?:\\\[|\$\$|\\begin\{(\w+\*?)\})/y;
/** What turns a Chinese clause into a step of its own, and the English second thoughts in mid-sentence. */
const CLAUSE_MARKER = /[，,；;]\s*(?:(?=所以|因此|然后|接着|接下来|等等|等一下|不过|但是|那么|也就是说|综上)|(?=(?:but )?wait\b|but hold on|no, wait|hold on\b))|—\s*(?=wait\b|no\b)/gi;

/** Running weight of the text: `weights[end] - weights[start]` is how long a range reads. */
function weightsOf(text: string): Uint32Array {
  const weights = new Uint32Array(text.length + 1);
  for (let i = 0, weight = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x2e80) weight += 3;
    else if (code > 32 || (i > 0 && text.charCodeAt(i - 1) > 32)) weight += 1;
    weights[i + 1] = weight;
  }
  return weights;
}

function weigh(weights: Uint32Array, start: number, end: number): number {
  return (weights[end] as number) - (weights[start] as number);
}

interface Line {
  readonly start: number;
  /** After the line's text, before its line break. */
  readonly end: number;
  /** After the line break. */
  readonly next: number;
  readonly blank: boolean;
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < text.length;) {
    const found = text.indexOf('\n', start);
    const next = found < 0 ? text.length : found + 1;
    const end = found < 0 ? next : found;
    lines.push({ start, end, next, blank: text.slice(start, end).trim() === '' });
    start = next;
  }
  return lines;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** A stretch of lines that is cut as one: `whole` is never cut inside. */
interface Block {
  readonly start: number;
  readonly end: number;
  readonly whole: boolean;
  /** Starts after a blank line, or is a list item, a heading, a fence. */
  readonly opens: boolean;
}

/** Index of the line that closes a fence or a display formula begun on `from`; the line itself where nothing closes it. */
function closingLine(text: string, lines: readonly Line[], from: number): number | null {
  const line = lines[from] as Line;
  const fence = matchAt(FENCE, text, line.start);
  const mark = fence?.[1];
  if (mark !== undefined) {
    for (let i = from + 1; i < lines.length; i++) {
      const { start, end } = lines[i] as Line;
      if (text.slice(start, end).trim().startsWith(mark)) return i;
    }
    return lines.length - 1;
  }
  const display = matchAt(DISPLAY, text, line.start);
  if (!display) return null;
  const opened = display[0].trim();
  const closer = opened === '\\[' ? '\\]' : opened === '$$' ? '$$' : `\\end{${display[1] ?? ''}}`;
  const inside = line.start + display[0].length;
  const found = text.slice(inside, inside + DISPLAY_REACH).indexOf(closer);
  if (found < 0) return from;
  let last = from;
  while ((lines[last] as Line).end < inside + found) last += 1;
  return last;
}

const ENDS_SENTENCE = /[.!?。！？…:：;；][”"’')\]）】*_]*\s*$/;

function blocksOf(text: string): Block[] {
  const lines = linesOf(text);
  const blocks: Block[] = [];
  let afterBlank = true;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as Line;
    if (line.blank) {
      afterBlank = true;
      continue;
    }
    const close = closingLine(text, lines, i);
    if (close !== null && (close > i || matchAt(FENCE, text, line.start))) {
      blocks.push({ start: line.start, end: (lines[close] as Line).next, whole: true, opens: afterBlank });
      i = close;
      afterBlank = false;
      continue;
    }
    const item = matchAt(LIST_ITEM, text, line.start) !== null;
    const previous = blocks.at(-1);
    // A line that goes on in lower case after one that ended nowhere is the same sentence, wrapped.
    const wrapped = !afterBlank && !item && previous !== undefined && !previous.whole
      && /^\s*[a-z]/.test(text.slice(line.start, line.start + 40)) && !ENDS_SENTENCE.test(text.slice(Math.max(previous.start, previous.end - 40), previous.end));
    if (wrapped) blocks[blocks.length - 1] = { ...previous, end: line.next };
    else blocks.push({ start: line.start, end: line.next, whole: close !== null, opens: afterBlank || item });
    afterBlank = false;
  }
  return blocks;
}

const CLOSERS: Readonly<Record<string, string>> = { '(': ')', '（': '）', '`': '`' };

/** Past a formula, a piece of code or a parenthesis that begins at `at` and closes soon; `at` itself where none does. */
function pastInline(text: string, at: number, end: number): number {
  const char = text[at] as string;
  let closer = CLOSERS[char];
  let skip = 1;
  if (char === '\\' && text[at + 1] === '(') {
    closer = '\\)';
    skip = 2;
  } else if (char === '\\' && text[at + 1] === '[') {
    closer = '\\]';
    skip = 2;
  } else if (char === '$' && !/\d/.test(text[at + 1] ?? '')) closer = '$';
  if (closer === undefined) return at;
  const reach = Math.min(end, at + INLINE_REACH);
  const found = text.slice(at + skip, reach).indexOf(closer);
  return found < 0 ? at : at + skip + found + closer.length - 1;
}

/** Whether the stop sign at `at` ends a sentence, and if so the position after its closing quotes; else -1. */
function sentenceEnd(text: string, at: number, blockStart: number, end: number): number {
  const char = text[at] as string;
  let after = at + 1;
  while (after < end && '.!?。！？…'.includes(text[after] as string)) after += 1;
  const run = after - at;
  while (after < end && '”"’\')]）】*_'.includes(text[after] as string)) after += 1;
  const next = text[after] ?? ' ';
  if ('。！？；'.includes(char)) return after;
  if (char === '…' || (char === '.' && run > 1)) {
    const follower = text.slice(after, after + 4).trimStart()[0] ?? 'A';
    return /\s/.test(next) && !/[a-z\d+\-*/=×÷,]/.test(follower) ? after : -1;
  }
  if (!/\s/.test(next) && !/[\u2e80-\u9fff]/.test(next) && after < end) return -1;
  const follower = text.slice(after, Math.min(end, after + 8)).trimStart()[0];
  if (char === '!') {
    // 5! × 4! is arithmetic, "24! Great" is joy.
    return follower === undefined || /[A-Z\u2e80-\u9fff"“'*\\]/.test(follower) ? after : -1;
  }
  if (char === '?') return after;
  const before = text.slice(Math.max(blockStart, at - 12), at);
  if (ABBREVIATIONS.test(before)) return -1;
  if (follower !== undefined && /[a-z]/.test(follower)) return -1;
  return after;
}

/** Ends of the sentences of one block, the block's own end last. */
function sentenceEnds(text: string, block: Block): number[] {
  const ends: number[] = [];
  const marker = matchAt(LIST_ITEM, text, block.start);
  for (let at = block.start + (marker?.[0].length ?? 0); at < block.end; at++) {
    const char = text[at] as string;
    if ('(（`\\$'.includes(char)) at = pastInline(text, at, block.end);
    else if ('.!?。！？…；'.includes(char)) {
      const end = sentenceEnd(text, at, block.start, block.end);
      if (end > 0 && text.slice(end, block.end).trim() !== '') {
        ends.push(end);
        at = end - 1;
      }
    }
  }
  ends.push(block.end);
  return ends;
}

/** Cuts of an over-long sentence and of Chinese clauses that begin a step of their own. */
function clauseCuts(text: string, weights: Uint32Array, start: number, end: number): number[] {
  const cuts: number[] = [];
  const slice = text.slice(start, end);
  let from = start;
  for (const match of slice.matchAll(CLAUSE_MARKER)) {
    const cut = start + match.index + match[0].length;
    if (weigh(weights, from, cut) >= CLAUSE_WEIGHT && weigh(weights, cut, end) >= CLAUSE_WEIGHT) {
      cuts.push(cut);
      from = cut;
    }
  }
  const all = [...cuts, end];
  const result: number[] = [];
  from = start;
  for (const cut of all) {
    while (weigh(weights, from, cut) > LONG_WEIGHT) {
      const near = longCut(text, from, cut);
      result.push(near);
      from = near;
    }
    result.push(cut);
    from = cut;
  }
  result.pop();
  return result;
}

/** The last clause end before the length limit; failing that the last space; failing that the limit, on a whole character. */
function longCut(text: string, start: number, end: number): number {
  let limit = start;
  for (let weight = 0; limit < end && weight < LONG_WEIGHT; limit++) weight += text.charCodeAt(limit) >= 0x2e80 ? 3 : 1;
  const floor = start + ((limit - start) >> 2);
  const comma = lastMatch(text, floor, limit, /[,;:，；：、](?=\s|[\u2e80-\u9fff])|\n/g);
  if (comma > 0) return comma;
  const space = text.lastIndexOf(' ', limit - 1) + 1;
  if (space > floor) return space;
  const code = text.charCodeAt(limit);
  return code >= 0xdc00 && code <= 0xdfff ? limit + 1 : limit;
}

function lastMatch(text: string, start: number, end: number, pattern: RegExp): number {
  let last = -1;
  for (const match of text.slice(start, end).matchAll(pattern)) last = start + match.index + match[0].length;
  return last;
}

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly opens: boolean;
  readonly whole: boolean;
}

const ASIDE_AFTER = /^(?:right|correct|yes|yeah|yep|okay\?|对|没错|是的|是吗|好吗)/i;

/** Joins asides to their sentence, and a display formula to the line that announces it with a colon. */
function joinPieces(text: string, weights: Uint32Array, pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = [];
  let pending: Piece | null = null;
  const settle = (aside: Piece): void => {
    const before = joined.at(-1);
    if (before !== undefined && !aside.opens && !before.whole) joined[joined.length - 1] = { ...before, end: aside.end };
    else joined.push(aside);
  };
  for (const next of pieces) {
    let piece: Piece = next;
    const before = joined.at(-1);
    if (pending !== null) {
      if (next.opens) settle(pending);
      else piece = { ...next, start: pending.start, opens: pending.opens };
      pending = null;
    }
    const content = text.slice(piece.start, piece.end).trim();
    if (before !== undefined && piece.whole && /[:：,，]\s*$/.test(text.slice(before.start, before.end)) && !before.whole) {
      joined[joined.length - 1] = { ...before, end: piece.end };
      continue;
    }
    const aside = !piece.whole && !/[\d=\\]/.test(content) && !/^#{1,6}\s|[:：]$/.test(content) && weigh(weights, piece.start, piece.end) < ASIDE_WEIGHT;
    if (aside && before !== undefined && !piece.opens && !before.whole && (ASIDE_AFTER.test(content) || /[?？]$/.test(content))) {
      joined[joined.length - 1] = { ...before, end: piece.end };
    } else if (aside) pending = piece;
    else joined.push(piece);
  }
  if (pending !== null) settle(pending);
  return joined;
}

/** Start and end of each step, in UTF-16 units. The ranges tile the text: each ends where the next begins, from 0 to its length. */
export function stepRanges(text: string): { readonly start: number; readonly end: number; readonly opens: boolean }[] {
  if (text === '') return [];
  const weights = weightsOf(text);
  const pieces: Piece[] = [];
  for (const block of blocksOf(text)) {
    let start = block.start;
    if (block.whole) {
      pieces.push({ start, end: block.end, opens: block.opens, whole: true });
      continue;
    }
    for (const sentence of sentenceEnds(text, block)) {
      for (const end of [...clauseCuts(text, weights, start, sentence), sentence]) {
        pieces.push({ start, end, opens: block.opens && start === block.start, whole: false });
        start = end;
      }
    }
  }
  const joined = joinPieces(text, weights, pieces);
  if (joined.length === 0) return [{ start: 0, end: text.length, opens: true }];
  return joined.map((piece, i) => ({
    start: i === 0 ? 0 : piece.start,
    end: joined[i + 1]?.start ?? text.length,
    opens: piece.opens,
  }));
}
