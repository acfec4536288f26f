/**
 * The model's own random numbers: the same on every backend and machine, because they are drawn on the host.
 * xoshiro128** 1.1 (Blackman & Vigna 2021, "Scrambled linear pseudorandom number generators"), its state filled by
 * splitmix32 from a seed and any further words; streams of different words are unrelated.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `words` (whole numbers, or a text such as a tensor's name) tell streams of one seed apart. */
  constructor(seed: number, ...words: readonly (number | string)[]) {
    let state = mix(seed | 0, Math.floor(seed / 2 ** 32));
    for (const word of words) {
      if (typeof word === 'number') state = mix(state, word);
      else for (let i = 0; i < word.length; i++) state = mix(state, word.charCodeAt(i) + 1);
    }
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      return mix(state, 0);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1; // The all-zero state would stay zero for ever.
  }

  /** A whole number from 0 to 2³² − 1. */
  word(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return ((this.word() >>> 5) * 2 ** 26 + (this.word() >>> 6)) / 2 ** 53;
  }

  /** Standard normal (Box & Muller 1958); the second value of each pair is not used, which keeps the state in four words. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }
}

/** The finaliser of murmur3 over two words: every input bit reaches every output bit. */
function mix(a: number, b: number): number {
  let h = (Math.imul(b, 0x85ebca6b) ^ a) + 0x7f4a7c15 | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
