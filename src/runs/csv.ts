import type { Series } from '../shared/series.ts';

/**
 * Curves as CSV (RFC 4180, UTF-8): one row for each moment in which a run wrote metrics, one column for each metric of any
 * run; what a row has no value for, or none that is finite, is empty.
 */
export function toCsv(runs: readonly { readonly run: string; readonly series: readonly Series[] }[]): Uint8Array {
  const names = [...new Set(runs.flatMap(({ series }) => series.map(({ name }) => name)))];
  const parts: Buffer[] = [Buffer.from(`${['run', 'step', 'time', 'tokens', ...names].map(cell).join(',')}\r\n`)];
  for (const { run, series } of runs) parts.push(rowsOf(cell(run), series, names));
  return Buffer.concat(parts);
}

function rowsOf(run: string, series: readonly Series[], names: readonly string[]): Buffer {
  const columns = series.map((one) => ({ ...one.columns(), column: names.indexOf(one.name), next: 0 }));
  const lines: string[] = [];
  for (;;) {
    // Series are in order of time: the earliest of their next points is the next row.
    let [time, step] = [Infinity, Infinity];
    for (const { times, steps, next } of columns) {
      if (next >= times.length) continue;
      const [otherTime, otherStep] = [times[next] as number, steps[next] as number];
      if (otherTime < time || (otherTime === time && otherStep < step)) [time, step] = [otherTime, otherStep];
    }
    if (time === Infinity) break;
    const values = new Array<string>(names.length).fill('');
    let tokens = 0;
    for (const one of columns) {
      if (one.times[one.next] !== time || one.steps[one.next] !== step) continue;
      const value = one.values[one.next] as number;
      values[one.column] = Number.isFinite(value) ? String(value) : '';
      tokens = one.tokens[one.next] as number;
      one.next += 1;
    }
    lines.push(`${run},${step},${new Date(time).toISOString()},${tokens},${values.join(',')}\r\n`);
  }
  return Buffer.from(lines.join(''));
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
