/** Values of a sweep in few characters, the same in every language. */
import { shortNumber } from './numbers.ts';
import type { SweptValue } from './recipeSweep.ts';
import { shortPaths } from './sweepPaths.ts';

export function sweptText(value: SweptValue | undefined): string {
  if (value === undefined) return '–';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : shortNumber(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `temperature 2 · weights.kl 0.5`: what tells a run of a sweep from its like. */
export function settingText(values: Readonly<Record<string, SweptValue>>): string {
  const names = Object.keys(values);
  const short = shortPaths(names);
  return names.map((name, index) => `${short[index] ?? name} ${sweptText(values[name])}`).join(' · ');
}
