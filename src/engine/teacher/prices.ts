/**
 * What tokens cost. Money is counted in whole billionths of the currency's unit: sums of many small floats drift, and a hard
 * cap must not. A million tokens at any published price stay far below what a double holds exactly.
 */
import type { Prices } from '../../shared/recipeTeacher.ts';
import type { TokenUse } from '../../shared/record.ts';

const NANOS = 1e9;
/** Prices are per this many tokens. */
const PER = 1e6;

export function toNanos(amount: number): number {
  return Math.round(amount * NANOS);
}

export function fromNanos(nanos: number): number {
  return nanos / NANOS;
}

/** What these tokens cost, in billionths, rounded up. */
export function costNanos({ input, cachedInput, output, reasoning }: TokenUse, prices: Prices): number {
  const { input: fresh, cachedInput: cached = fresh, output: written, reasoning: thought = written } = prices;
  return Math.ceil(((input - cachedInput) * fresh + cachedInput * cached + (output - reasoning) * written + reasoning * thought) * (NANOS / PER));
}

/** The most that so many tokens can cost, whichever of them turn out to be cached or reasoning: each at its dearest price. */
export function worstNanos({ input, output }: TokenUse, prices: Prices): number {
  const dearest = (one: number, other: number | undefined): number => Math.max(one, other ?? one);
  return Math.ceil((input * dearest(prices.input, prices.cachedInput) + output * dearest(prices.output, prices.reasoning)) * (NANOS / PER));
}
