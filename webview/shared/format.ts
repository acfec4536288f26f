/** Numbers and durations as people read them. */
import { fill, type MetricsText } from '../../src/shared/metricsText.ts';

const MOST_DECIMALS = 6;

/** Four significant digits, never in more room than a legend has. */
export function formatValue(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return value.toExponential(2).replace('e+', 'e');
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(4)));
}

/** Axis labels: as many digits as the distance of the ticks asks for. */
export function formatTick(value: number, increment: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1e9) return `${trim(value / 1e9)}B`;
  if (size >= 1e6) return `${trim(value / 1e6)}M`;
  if (size >= 1e4) return `${trim(value / 1e3)}k`;
  // One way of writing for a whole axis: 5e-4 below 1e-3, not below 0.001.
  if (size < 1e-3 || (increment > 0 && increment < 1e-3)) return value.toExponential(1).replace('.0e', 'e');
  return String(Number(value.toFixed(increment > 0 ? decimalsOf(increment) : 4)));
}

/** As many decimals as the distance of two ticks is written with: 1 for 2.5, 2 for 0.25. */
function decimalsOf(increment: number): number {
  let digits = 0;
  while (digits < MOST_DECIMALS && Math.abs(increment - Number(increment.toFixed(digits))) > increment * 1e-6) digits += 1;
  return digits;
}

function trim(value: number): string {
  return String(Number(value.toFixed(3)));
}

export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function formatDuration(seconds: number, text: MetricsText): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole >= 3600) return fill(text.hours, Math.floor(whole / 3600), Math.floor((whole % 3600) / 60));
  if (whole >= 60) return fill(text.minutes, Math.floor(whole / 60), whole % 60);
  return fill(text.seconds, whole);
}

/** Seconds as an axis shows them: 45s, 3:20, 2:05:00. */
export function formatClock(seconds: number): string {
  const whole = Math.round(seconds);
  if (Math.abs(whole) < 60) return `${whole}s`;
  const hours = Math.floor(whole / 3600);
  const rest = `${String(Math.floor((whole % 3600) / 60)).padStart(hours > 0 ? 2 : 1, '0')}:${String(whole % 60).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}
