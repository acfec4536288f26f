/** Hashes of 32 bits for words, shingles and sketches. Not for secrets. */

/** MurmurHash3's finaliser (Appleby 2011): every bit of the input moves about half of the output's. */
export function mixed(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over UTF-16 units, finished by MurmurHash3, of text[from, to). */
export function hashOf(text: string, from = 0, to = text.length, seed = 0): number {
  let h = FNV_OFFSET ^ seed;
  for (let i = from; i < to; i++) h = Math.imul(h ^ text.charCodeAt(i), FNV_PRIME);
  return mixed(h);
}

/** 64 bits as text, for keys of sets: two hashes of different seeds. */
export function wideHash(text: string): string {
  return `${hashOf(text).toString(36)}.${hashOf(text, 0, text.length, 0x5bd1e995).toString(36)}`;
}
