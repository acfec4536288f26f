/** float16 and bfloat16 over all 65,536 patterns. */
import { describe, expect, test } from 'vitest';
import { narrowToBfloat16, narrowToFloat16, widenBfloat16, widenFloat16 } from '../../../src/engine/model/halfFloats.ts';

const patterns = Uint16Array.from({ length: 0x10000 }, (_, pattern) => pattern);

/** IEEE 754-2019, section 3.4: the value of a pattern, computed in float64 from the definition. */
function valueOf(pattern: number, exponentBits: number): number {
  const mantissaBits = 15 - exponentBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = pattern >>> 15 === 0 ? 1 : -1;
  const exponent = (pattern >>> mantissaBits) & (2 ** exponentBits - 1);
  const mantissa = pattern & (2 ** mantissaBits - 1);
  if (exponent === 2 ** exponentBits - 1) return mantissa === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits);
  return sign * (1 + mantissa / 2 ** mantissaBits) * 2 ** (exponent - bias);
}

describe.each([
  { name: 'float16', exponentBits: 5, widen: widenFloat16, narrow: narrowToFloat16 },
  { name: 'bfloat16', exponentBits: 8, widen: widenBfloat16, narrow: narrowToBfloat16 },
])('$name', ({ exponentBits, widen, narrow }) => {
  const wide = widen(patterns);
  const infinity = (2 ** exponentBits - 1) << (15 - exponentBits);

  test('every pattern has the value that IEEE 754 gives it', () => {
    const wrong = [...patterns].filter((pattern) => !Object.is(wide[pattern], Math.fround(valueOf(pattern, exponentBits))));
    expect(wrong).toEqual([]);
  });

  test('every number survives the way there and back; a NaN stays a NaN', () => {
    const back = narrow(wide);
    const wrong = [...patterns].filter((pattern) => Number.isNaN(wide[pattern]) ? (back[pattern]! & 0x7fff) <= infinity : back[pattern] !== pattern);
    expect(wrong).toEqual([]);
  });

  test('between two neighbours the nearer one is taken, in the middle the even one', () => {
    const wrong: number[] = [];
    for (const sign of [0, 0x8000]) {
      for (let lower = sign; lower < sign + infinity; lower++) {
        const from = wide[lower]!;
        // The step above the largest number is as wide as the one below it; there everything goes to infinity.
        const to = lower + 1 === sign + infinity ? 2 * from - wide[lower - 1]! : wide[lower + 1]!;
        const middle = (from + to) / 2;
        const even = lower % 2 === 0 ? lower : lower + 1;
        const [before, exact, after] = narrow(Float32Array.of(nextTowards(middle, from), middle, nextTowards(middle, to)));
        // bfloat16's lowest middle is still a float32; every middle is, so all three are exact inputs.
        if (before !== lower || exact !== even || after !== lower + 1) wrong.push(lower);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** The float32 next to `value`, on the side of `goal`. */
function nextTowards(value: number, goal: number): number {
  const bits = new Int32Array(Float32Array.of(value).buffer);
  bits[0]! += Math.abs(goal) > Math.abs(value) ? 1 : -1;
  return new Float32Array(bits.buffer)[0]!;
}
