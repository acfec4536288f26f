/**
 * The bytes that each token of a vocabulary stands for: how a token that another program names (a service's log-probabilities) is
 * found among one's own. Byte-level vocabularies (GPT-2's table of characters for bytes), SentencePiece's (▁ for a space, <0x0A> for
 * a byte) and plain ones.
 */
import path from 'node:path';
import { readJson } from './tokenizer.ts';

type Json = Readonly<Record<string, unknown>>;

/** Bytes as a string of characters below 256, so that they can be a key. */
export type ByteText = string;

/** Ids by their bytes; of several the first. Throws DistillError `model-file-malformed`. */
export async function idsByBytes(folder: string): Promise<ReadonlyMap<ByteText, number>> {
  const json = await readJson(path.join(folder, 'tokenizer.json')) ?? {};
  const bytesOf = mentions(json, 'ByteLevel') ? byteLevel : mentions(json['decoder'], 'ByteFallback') || mentions(json, '▁') || mentions(json, 'Metaspace') ? sentencePiece : bytesOfText;
  const found = new Map<ByteText, number>();
  const put = (bytes: ByteText, id: number): void => { if (!found.has(bytes)) found.set(bytes, id); };
  const vocabulary = (json['model'] as { readonly vocab?: unknown } | undefined)?.vocab;
  // Added tokens stand for their own text, whatever the rest is written in.
  const added = Array.isArray(json['added_tokens']) ? json['added_tokens'] as readonly Json[] : [];
  const names = new Set<unknown>();
  for (const { id, content } of added) {
    if (typeof id !== 'number' || typeof content !== 'string') continue;
    put(bytesOfText(content), id);
    names.add(content);
  }
  if (Array.isArray(vocabulary)) vocabulary.forEach((entry: unknown, id) => { const token = Array.isArray(entry) ? entry[0] as unknown : entry; if (typeof token === 'string') put(bytesOf(token), id); });
  else for (const [token, id] of Object.entries(vocabulary ?? {})) if (!names.has(token)) put(bytesOf(token), Number(id));
  return found;
}

/** A token as services write it: text, or bytes that are no text: OpenAI's and vLLM's \xe4\xbd and bytes:\xe4\xbd, SentencePiece's <0xE4>. */
export function bytesOfSaid(token: string): ByteText {
  const escaped = /^(?:bytes:)?((?:\\x[0-9a-f]{2})+)$/i.exec(token)?.[1] ?? (/^(?:<0x[0-9a-f]{2}>)+$/i.test(token) ? token : null);
  if (escaped === null) return bytesOfText(token);
  return String.fromCharCode(...[...escaped.matchAll(/x([0-9a-f]{2})/gi)].map(([, digits]) => Number.parseInt(digits ?? '0', 16)));
}

/** Written so that bytesOfSaid() reads it: the text where the bytes are one. */
export function saidBytes(bytes: readonly number[]): string {
  const buffer = Buffer.from(bytes);
  const text = buffer.toString('utf8');
  return Buffer.from(text, 'utf8').equals(buffer) ? text : bytes.map((byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`).join('');
}

export function bytesOfText(text: string): ByteText {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Printable bytes stand for themselves, the others for characters from 256 on, in order (GPT-2, encoder.py). */
const BYTES: ReadonlyMap<string, number> = (() => {
  const plain = [...range(33, 126), ...range(161, 172), ...range(174, 255)];
  const others = [...range(0, 255)].filter((byte) => !plain.includes(byte));
  return new Map([...plain.map((byte) => [String.fromCharCode(byte), byte] as const), ...others.map((byte, place) => [String.fromCharCode(256 + place), byte] as const)]);
})();

function byteLevel(token: string): ByteText {
  return [...token].map((character) => { const byte = BYTES.get(character); return byte === undefined ? bytesOfText(character) : String.fromCharCode(byte); }).join('');
}

function sentencePiece(token: string): ByteText {
  const byte = /^<0x([0-9A-F]{2})>$/i.exec(token)?.[1];
  return byte === undefined ? bytesOfText(token.replaceAll('▁', ' ')) : String.fromCharCode(Number.parseInt(byte, 16));
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Whether a string stands anywhere in the parts that say how text becomes tokens (not in the vocabulary itself). */
function mentions(json: unknown, what: string): boolean {
  if (typeof json === 'string') return json === what;
  if (Array.isArray(json)) return json.some((each) => mentions(each, what));
  if (typeof json !== 'object' || json === null) return false;
  return Object.entries(json).some(([key, value]) => key !== 'vocab' && key !== 'merges' && key !== 'added_tokens' && mentions(value, what));
}
