/**
 * A row as a teacher with another tokenizer reads it: the prompt in that teacher's own template, then the very text of the row's
 * completion in its tokens, and the spans of that text for which both sides have whole tokens.
 */
import type { MessageData } from '../../shared/events.ts';
import { DistillError, type WarningCode } from '../../shared/messages.ts';
import type { DataRecipe } from '../../shared/recipe.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import type { EncodedRow, OtherReading } from './contract.ts';
import { continuation, firstEnd } from './encode.ts';
import type { Row } from './row.ts';
import { alignSpans } from './spans.ts';
import { makeTemplate } from './template.ts';

export interface OtherReader {
  readonly name: string;
  readonly tokenizer: Tokenizer;
  /** The teacher's: what lies beyond is not read. */
  readonly maxPositions: number;
}

/** Reads rows that `mine` has encoded. Throws DistillError `tokenizer-without-end` and those of a chat template. */
export function otherReading(mine: Tokenizer, data: Pick<DataRecipe, 'template'>, { tokenizer: theirs, maxPositions }: OtherReader): (row: Pick<Row, 'prompt' | 'messages'>, encoded: EncodedRow) => OtherReading {
  const own = makeTemplate(data.template, mine, firstEnd);
  // Without a template of its own it reads the prompt as the student does.
  const template = data.template === 'chat' && !theirs.hasChatTemplate ? own : makeTemplate(data.template, theirs, firstEnd);
  const end = template === own ? firstEnd(theirs) : template.endTokenId;
  return (row, encoded) => {
    const prompt = opened(template.prompt(row), own.prompt(row).text);
    const promptIds = withoutEnd(theirs.encode(prompt.text, { special: prompt.special }), theirs);
    const completion = encoded.ended ? encoded.ids.length - 1 : encoded.ids.length;
    const said = textEnds(mine, encoded.ids.subarray(0, completion), encoded.promptLength);
    const ids = continuation(theirs, { ...prompt, ids: promptIds }, said.text);
    const whole = [...promptIds, ...ids];
    const read = textEnds(theirs, whole, promptIds.length);
    const met = alignSpans(said.ends, read.ends, commonLength(said.text, read.text));
    // Both stop where the text does: their ends mean the same, once all of the text was aligned.
    const stops = encoded.ended && endOf(met, 0) === said.ends.length && endOf(met, 2) === read.ends.length;
    const all = stops ? [...met, said.ends.length, 1, read.ends.length, 1] : met;
    const spans = placed(all, encoded.promptLength, promptIds.length);
    return cutAt({ ids: Int32Array.from(stops ? [...whole, end] : whole), spans: Int32Array.from(spans) }, maxPositions);
  };
}

/** Where the template of one side opens the reasoning in the prompt and that of the other doesn't, the text that follows decides: it is the student's. */
function opened<P extends { readonly text: string }>(theirs: P, mine: string): P {
  const opening = /<think>\s*$/;
  const [own, other] = [opening.exec(mine)?.[0], opening.exec(theirs.text)?.[0]];
  if ((own === undefined) === (other === undefined)) return theirs;
  return { ...theirs, text: own === undefined ? theirs.text.slice(0, theirs.text.length - (other?.length ?? 0)) : theirs.text + own };
}

/** The text of the tokens from `first` on, and where each of them ends in it; −1 where it ends within a character. */
export function textEnds(tokenizer: Tokenizer, ids: ArrayLike<number>, first: number): { readonly text: string; readonly ends: readonly number[] } {
  const stream = tokenizer.stream({ special: true });
  const ends: number[] = [];
  let text = '';
  for (let i = 0; i < ids.length; i++) {
    const piece = stream.push(ids[i] ?? 0);
    if (i < first) continue;
    text += piece;
    ends.push(piece === '' ? -1 : text.length);
  }
  return { text, ends };
}

function withoutEnd(ids: number[], { eosTokenIds }: Tokenizer): number[] {
  while (ids.length > 0 && eosTokenIds.includes(ids.at(-1) ?? -1)) ids.pop();
  return ids;
}

export function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a.charCodeAt(length) === b.charCodeAt(length)) length += 1;
  return length;
}

/** Where the last span ends on a side (0: the first two numbers of each). */
function endOf(spans: readonly number[], side: 0 | 2): number {
  return (spans.at(side - 4) ?? 0) + (spans.at(side - 3) ?? 0);
}

/** Tokens of the completions as places in the whole rows. The first id of a row is never predicted, so no span begins there. */
function placed(spans: readonly number[], mine: number, theirs: number): readonly number[] {
  const moved = spans.map((value, index) => index % 4 === 0 ? value + mine : index % 4 === 2 ? value + theirs : value);
  return (moved[0] ?? 1) < 1 || (moved[2] ?? 1) < 1 ? moved.slice(4) : moved;
}

/** Only what a model of so many positions can read, and the spans that lie within. */
function cutAt({ ids, spans }: OtherReading, maxPositions: number): OtherReading {
  // The last id is predicted, not read.
  if (ids.length - 1 <= maxPositions) return { ids, spans };
  const reach = maxPositions + 1;
  let length = 0;
  while (length < spans.length && (spans[length + 2] ?? 0) + (spans[length + 3] ?? 0) <= reach) length += 4;
  return { ids: ids.slice(0, reach), spans: spans.slice(0, length) };
}

/** Below this share of aligned tokens something is wrong with the pair. */
const USUAL_SHARE = 0.9;

/** Throws DistillError `uld-nothing-aligned`; warns where much of the text is not compared. */
export function checkReadings({ name, maxPositions }: OtherReader, rows: readonly EncodedRow[], warning: (code: WarningCode, data: MessageData) => void): void {
  let [aligned, supervised] = [0, 0];
  for (const row of rows) {
    supervised += Math.max(0, row.ids.length - Math.max(1, row.promptLength));
    const spans = row.readings?.[name]?.spans ?? new Int32Array();
    for (let at = 1; at < spans.length; at += 4) aligned += spans[at] ?? 0;
  }
  if (aligned === 0) throw new DistillError('uld-nothing-aligned', { teacher: name, rows: rows.length });
  if (aligned < USUAL_SHARE * supervised) warning('uld-partly-aligned', { teacher: name, share: `${((100 * aligned) / supervised).toFixed(1)}%`, positions: maxPositions });
}
