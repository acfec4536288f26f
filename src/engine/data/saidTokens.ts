/**
 * What a service said of a row's tokens, in the student's ids: the log-probabilities that came with an answer (record.ts) belong to the
 * service's own tokens, so a supervised position has them only where the student's token is the same piece of text. Everywhere else the
 * row's own token is all that is known: it stands there as certain, and the divergence becomes cross-entropy.
 */
import type { TokenLogprob } from '../../shared/record.ts';
import { bytesOfSaid, type ByteText } from '../model/tokenBytes.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import type { EncodedRow, SaidTokens } from './contract.ts';
import { commonLength, textEnds } from './otherReading.ts';
import type { Row } from './row.ts';
import { alignSpans } from './spans.ts';

/** Below it a logarithm means nothing left; as in topKFile.ts, whose records these become. */
const NOTHING = -1e4;
/** Characters of a text by which its place in another is found; a cut row has no more of it than its beginning. */
const BEGINNING = 40;

interface Options {
  readonly tokenizer: Tokenizer;
  readonly ids: ReadonlyMap<ByteText, number>;
  /** Tokens kept at each position. */
  readonly k: number;
}

/** Null where the row has none. */
export function saidTokens({ tokenizer, ids, k }: Options, row: Pick<Row, 'think' | 'answer' | 'logprobs'>, encoded: EncodedRow): SaidTokens | null {
  const { logprobs } = row;
  if (logprobs === undefined || logprobs.length === 0) return null;
  const first = Math.max(1, encoded.promptLength);
  const said = { ...certainTokens(encoded, k), filled: new Set<number>() };
  const completion = encoded.ended ? encoded.ids.length - 1 : encoded.ids.length;
  const mine = textEnds(tokenizer, encoded.ids.subarray(0, completion), encoded.promptLength);
  const theirs = endsOf(logprobs);
  let mapped = 0;
  let [fromMine, fromTheirs] = [0, 0];
  for (const part of [row.think, row.answer].map((text) => text.trim())) {
    if (part === '') continue;
    const beginning = part.slice(0, BEGINNING);
    const [a, b] = [mine.text.indexOf(beginning, fromMine), theirs.text.indexOf(beginning, fromTheirs)];
    if (a < 0 || b < 0) continue;
    [fromMine, fromTheirs] = [a + beginning.length, b + beginning.length];
    const [own, other] = [tokensFrom(mine.ends, a), tokensFrom(theirs.ends, b)];
    const spans = alignSpans(own.ends, other.ends, Math.min(part.length, commonLength(mine.text.slice(a), theirs.text.slice(b))));
    for (let at = 0; at < spans.length; at += 4) {
      const [begin, count, firstTheirs = 0, countTheirs] = spans.slice(at, at + 4) as [number, number, number, number];
      const pairs = Array.from({ length: count }, (_, i) => [own.first + begin + i, other.first + firstTheirs + i] as const);
      // The same text in as many tokens: the same tokens, unless a vocabulary writes one of them twice.
      const alike = count === countTheirs && (at > 0 || own.begin === other.begin) && (count === 1 || pairs.every(([token, theirToken]) => ids.get(bytesOfSaid(logprobs[theirToken]?.[0] ?? '')) === encoded.ids[encoded.promptLength + token]));
      if (!alike) continue;
      for (const [token, theirToken] of pairs) {
        const position = token + encoded.promptLength - first;
        if (position < 0 || said.filled.has(position)) continue;
        fill(said, position, k, distribution(logprobs[theirToken], encoded.ids[token + encoded.promptLength] ?? 0, ids));
        mapped += 1;
      }
    }
  }
  return { ids: said.ids, logProbabilities: said.logProbabilities, rests: said.rests, mapped };
}

interface Arrays extends Omit<SaidTokens, 'mapped'> {
  readonly filled: Set<number>;
}

/** Nothing said: each position certain of the row's own token; places that nothing fills repeat it without a probability. */
export function certainTokens({ ids: row, promptLength }: EncodedRow, k: number): SaidTokens {
  const first = Math.max(1, promptLength);
  const count = Math.max(0, row.length - first);
  const ids = Int32Array.from({ length: count * k }, (_, i) => row[first + Math.floor(i / k)] ?? 0);
  const logProbabilities = Float32Array.from({ length: count * k }, (_, i) => (i % k === 0 ? 0 : NOTHING));
  return { ids, logProbabilities, rests: new Float32Array(count).fill(NOTHING), mapped: 0 };
}

function fill({ ids, logProbabilities, rests, filled }: Arrays, at: number, k: number, outcomes: readonly (readonly [number, number])[]): void {
  const kept = outcomes.slice(0, k);
  kept.forEach(([id, log], place) => {
    ids[at * k + place] = id;
    logProbabilities[at * k + place] = log;
  });
  const mass = kept.reduce((sum, [, log]) => sum + Math.exp(log), 0);
  rests[at] = mass < 1 ? Math.max(NOTHING, Math.log1p(-mass)) : NOTHING;
  filled.add(at);
}

/** Outcomes that the student has a token for, the most probable first; what it has none for belongs to the rest. */
function distribution(said: TokenLogprob | undefined, label: number, ids: ReadonlyMap<ByteText, number>): readonly (readonly [number, number])[] {
  const found = new Map<number, number>();
  for (const [token, log] of said?.[2] ?? []) {
    const id = ids.get(bytesOfSaid(token));
    if (id !== undefined && !found.has(id)) found.set(id, Math.min(0, log));
  }
  // The token that stands in the row, though it were not among the most probable.
  if (said !== undefined) found.set(label, Math.min(0, said[1]));
  return [...found].sort(([, a], [, b]) => b - a);
}

/** The tokens from the first that begins at `from` or behind it, with their ends counted from there. */
function tokensFrom(ends: readonly number[], from: number): { readonly first: number; readonly begin: number; readonly ends: readonly number[] } {
  let [first, begin] = [0, 0];
  for (const [token, end] of ends.entries()) {
    if (begin >= from) break;
    if (end >= 0) [first, begin] = [token + 1, end];
  }
  return { first, begin: begin - from, ends: ends.slice(first).map((end) => (end < 0 ? -1 : end - from)) };
}

/** The text of a service's tokens, and where each ends in it; −1 within a character. */
function endsOf(logprobs: readonly TokenLogprob[]): { readonly text: string; readonly ends: readonly number[] } {
  const ends: number[] = [];
  let [text, pending] = ['', ''];
  for (const [token] of logprobs) {
    pending += bytesOfSaid(token);
    const piece = Buffer.from(pending, 'latin1').toString('utf8');
    if (piece.endsWith('\uFFFD')) {
      ends.push(-1);
      continue;
    }
    text += piece;
    pending = '';
    ends.push(text.length);
  }
  return { text, ends };
}
