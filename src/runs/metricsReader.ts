/**
 * Reads runs for those who show them: the facts of a run (fold.ts) and its curves, thinned for a screen. The same interface
 * in this process (command line, tests) and in a worker thread (the extension: readerClient.ts), where a big events.jsonl
 * blocks nobody.
 */
import path from 'node:path';
import type { XAxis } from '../shared/panel.ts';
import { RUN_FILES } from '../shared/run.ts';
import { pick, pickColumn, sliceRange, smoothed, thinned, weightInView } from '../shared/series.ts';
import type { Columns, Series } from '../shared/series.ts';
import { toCsv } from './csv.ts';
import { Curves } from './curves.ts';
import { RunFold } from './fold.ts';
import type { RunFacts } from './fold.ts';
import { Tail } from './tail.ts';

export interface Curve {
  readonly name: string;
  /** Points that the run has of this metric now. */
  readonly length: number;
  readonly columns: Columns;
  /** The smoothed values at the same points, where smoothing was asked for: made from all points before thinning. */
  readonly smoothed: Float64Array | null;
}

export interface RunCurves {
  /** Another number once points were taken back (the run was resumed): see `since`. */
  readonly revision: number;
  readonly curves: readonly Curve[];
}

export interface CurveOptions {
  /** Of each curve. */
  readonly maxPoints: number;
  /** By which the thinning goes; default `step`. */
  readonly axis?: XAxis;
  /** Weight of Smoother (weightInView), 0 (default: none) to below 1. */
  readonly smoothing?: number;
  /** Only these metrics; default all. */
  readonly names?: readonly string[];
}

export interface MetricsReader {
  /** What the run's events add up to, and up to which byte of events.jsonl. */
  facts(runFolder: string): Promise<{ readonly facts: RunFacts; readonly offset: number }>;
  /** All curves as of now. Opens the run: its curves are kept, and read on from there at each call, until `close`. */
  snapshot(runFolder: string, options: CurveOptions): Promise<RunCurves>;
  /** The part of the curves with min ≤ x ≤ max, thinned for itself. Opens the run. */
  range(runFolder: string, min: number, max: number, options: CurveOptions): Promise<RunCurves>;
  /** Every point after the first `lengths[name]` ones of each metric; null when the revision is another: ask for a snapshot. */
  since(runFolder: string, revision: number, lengths: Readonly<Record<string, number>>): Promise<RunCurves | null>;
  /** All points of these runs as CSV (RFC 4180, UTF-8): run, step, time, tokens and a column for each metric. */
  csv(runFolders: readonly string[]): Promise<Uint8Array>;
  /** Forgets the curves of a run. */
  close(runFolder: string): Promise<void>;
  dispose(): void;
}

interface OpenRun {
  readonly tail: Tail;
  curves: Curves;
  /** Keeps the calls for one run one after the other. */
  reading: Promise<void>;
}

export function inProcessReader(): MetricsReader {
  const open = new Map<string, OpenRun>();

  /** The curves of a run up to the end of its file as of now. */
  const caughtUp = async (runFolder: string): Promise<Curves> => {
    let run = open.get(runFolder);
    if (run === undefined) open.set(runFolder, (run = { tail: eventsTail(runFolder), curves: new Curves(), reading: Promise.resolve() }));
    const current = run;
    const reading = current.reading.then(async () => {
      await current.tail.read((block) => current.curves.block(block), () => {
        current.curves = new Curves(current.curves.revision + 1);
      });
    });
    current.reading = reading.catch(() => undefined);
    await reading;
    return current.curves;
  };

  return {
    async facts(runFolder) {
      const tail = eventsTail(runFolder);
      let fold = new RunFold();
      await tail.read((block) => fold.block(block), () => {
        fold = new RunFold();
      });
      return { facts: fold.current, offset: tail.offset };
    },
    async snapshot(runFolder, options) {
      return chosen(await caughtUp(runFolder), options, (columns) => columns);
    },
    async range(runFolder, min, max, options) {
      return chosen(await caughtUp(runFolder), options, (columns) => sliceRange(columns, options.axis ?? 'step', min, max));
    },
    async since(runFolder, revision, lengths) {
      const curves = await caughtUp(runFolder);
      if (curves.revision !== revision) return null;
      const grown: Curve[] = [];
      for (const series of curves.series.values()) {
        const from = lengths[series.name] ?? 0;
        if (from < series.length) grown.push({ name: series.name, length: series.length, columns: copied(series.columns(from)), smoothed: null });
      }
      return { revision, curves: grown };
    },
    async csv(runFolders) {
      const parts: { readonly run: string; readonly series: readonly Series[] }[] = [];
      for (const runFolder of runFolders) {
        const curves = new Curves();
        await eventsTail(runFolder).read((block) => curves.block(block));
        parts.push({ run: path.basename(runFolder), series: [...curves.series.values()] });
      }
      return toCsv(parts);
    },
    async close(runFolder) {
      open.delete(runFolder);
    },
    dispose() {
      open.clear();
    },
  };
}

function eventsTail(runFolder: string): Tail {
  return new Tail(path.join(runFolder, RUN_FILES.events));
}

function chosen(curves: Curves, options: CurveOptions, part: (columns: Columns) => Columns): RunCurves {
  const wanted = [...curves.series.values()].filter((series) => options.names?.includes(series.name) !== false);
  return { revision: curves.revision, curves: wanted.map((series) => curve(series, options, part)) };
}

function curve(series: Series, options: CurveOptions, part: (columns: Columns) => Columns): Curve {
  const whole = series.columns();
  const columns = part(whole);
  const indices = thinned(columns, options.maxPoints, options.axis);
  let smooth: Float64Array | null = null;
  if (options.smoothing !== undefined && options.smoothing > 0) {
    // The average of a part depends on all that came before it. The part is a view into the whole: its place is known.
    const from = (columns.values.byteOffset - whole.values.byteOffset) / Float64Array.BYTES_PER_ELEMENT;
    smooth = pickColumn(smoothed(whole.values, weightInView(options.smoothing, columns.values.length)).subarray(from), indices);
  }
  return { name: series.name, length: series.length, columns: pick(columns, indices), smoothed: smooth };
}

function copied(columns: Columns): Columns {
  return { steps: columns.steps.slice(), times: columns.times.slice(), tokens: columns.tokens.slice(), values: columns.values.slice() };
}
