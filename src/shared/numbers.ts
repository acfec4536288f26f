/** Short texts for numbers in rows, where there is room for a few characters. No words: the same in every language. */

/** Four significant digits, without needless zeros: 0.6931, 12.3, 1.2e-7. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(1);
  return String(Number(value.toPrecision(4)));
}

/** 83.5 %: one decimal, none where it would be a zero. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}

/** 45s, 3m 20s, 2h 05m. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${String(seconds % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, '0')}m`;
}

/** 812K, 1.24M, 7.62B: how the field writes sizes of models. */
export function parameterCount(parameters: number): string {
  for (const [unit, size] of [['B', 1e9], ['M', 1e6], ['K', 1e3]] as const) {
    if (parameters >= size) return `${Number((parameters / size).toPrecision(3))}${unit}`;
  }
  return String(parameters);
}
