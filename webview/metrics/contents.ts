/** From what the page knows and what the person has set, to what each chart draws. No DOM. */
import { fill, type MetricsText } from '../../src/shared/metricsText.ts';
import type { Position, XAxis } from '../../src/shared/panel.ts';
import type { ChartContent, ChartSeries } from './chart.ts';
import { shortNumber } from '../../src/shared/numbers.ts';
import type { GateLine, Marks } from './drawing.ts';
import { summarise, type FinalsRow } from './summary.ts';
import { arrange, isNoisy, type MetricGroup } from './groups.ts';
import type { Curve } from './line.ts';
import { lineStyle, type LineStyle } from './lineStyle.ts';
import type { MetricsModel, Run } from './model.ts';
import { extentX, type Range } from './scale.ts';
import { isVisible, seriesKey, type ViewState } from './view.ts';

export interface Contents {
  readonly charts: readonly { readonly group: MetricGroup; readonly content: ChartContent }[];
  readonly whole: Range;
  readonly shown: Range;
  readonly points: number;
}

const NOTHING: Range = { min: 0, max: 1 };

/** The style that stands for a run in its list, or null when there is only one. */
export function runStyle(index: number, runs: number): LineStyle | null {
  return runs > 1 ? lineStyle(index, 0, runs, 1) : null;
}

export function contents(model: MetricsModel, view: ViewState, colours: readonly string[], text: MetricsText): Contents {
  const { runs } = model;
  const wholes: Curve[] = [];
  let points = 0;
  for (const run of runs) {
    for (const metric of run.metrics.values()) {
      wholes.push(metric.line.curve(view.axis, originOf(run)));
      points += metric.length;
    }
  }
  const whole = extentX(wholes) ?? NOTHING;
  const shown = view.zoom ?? whole;
  const marks = marksOf(runs, view.axis, colours, text);
  const charts = arrange(new Set(runs.flatMap((run) => [...run.metrics.keys()]))).map(({ group, metrics }) => {
    const series = runs.flatMap((run, runIndex) => metrics.flatMap((metric, metricIndex): ChartSeries[] => {
      const key = seriesKey(run.head.run, metric);
      const known = run.metrics.get(metric);
      if (known === undefined) return [];
      const line = known.detail ?? known.line;
      return [{
        key, metric, run: run.head.run,
        raw: line.curve(view.axis, originOf(run)),
        smoothed: view.smoothing > 0 && isNoisy(metric) ? line.averageCurve(view.axis, originOf(run)) : null,
        ...labels(metric, run, runs.length, metrics.length),
        style: lineStyle(runIndex, metricIndex, runs.length, metrics.length),
        visible: isVisible(view, key, metric, runs.length),
      }];
    }));
    const gates = series.length === 0 ? [] : gatesOf(runs, metrics, view.axis);
    return { group, content: { series, marks: { ...marks, gates }, shown, axis: view.axis, rules: { log: view.log && group.log, fromZero: group.fromZero } } };
  });
  return { charts, whole, shown, points };
}

/** Rows of the table: always by step, and of the whole run, whatever is zoomed. */
export function finals(model: MetricsModel): readonly FinalsRow[] {
  const { runs } = model;
  return arrange(new Set(runs.flatMap((run) => [...run.metrics.keys()]))).flatMap(({ metrics }) => metrics.flatMap((metric, metricIndex) =>
    runs.flatMap((run, runIndex): FinalsRow[] => {
      const known = run.metrics.get(metric);
      if (known === undefined) return [];
      const { steps, values } = known.line.points.columns();
      return [{
        metric, run: run.head.title, points: known.length,
        style: lineStyle(runIndex, metricIndex, runs.length, metrics.length),
        summary: summarise({ x: steps, y: values }, metric),
      }];
    })));
}

function labels(metric: string, run: Run, runs: number, metrics: number): Pick<ChartSeries, 'label' | 'line' | 'short'> {
  const { title } = run.head;
  if (runs === 1) return { label: metric, line: null, short: metric };
  return metrics === 1 ? { label: title, line: null, short: title } : { label: `${metric} · ${title}`, line: title, short: metric };
}

/** Where the time axis of a run begins. */
function originOf(run: Run): number {
  if (run.head.startedAt !== null) return run.head.startedAt;
  const first = run.metrics.values().next().value;
  return first?.line.points.columns().times[0] ?? 0;
}

/** Bounds of the metrics of one chart; those of several runs over each other would only confuse. */
function gatesOf(runs: readonly Run[], metrics: readonly string[], axis: XAxis): readonly GateLine[] {
  const [run, other] = runs;
  if (run === undefined || other !== undefined) return [];
  return run.head.stages.flatMap((stage) => stage.gates.filter(({ metric }) => metrics.includes(metric)).flatMap((gate): readonly GateLine[] => {
    const span = { from: placeOf(run, stage, axis), to: stage.to === null ? null : placeOf(run, stage.to, axis), passed: gate.passed, label: gate.text };
    const name = metrics.length > 1 ? `${gate.metric} ` : '';
    return [
      ...(gate.max === null ? [] : [{ ...span, y: gate.max, side: 'below' as const, short: `${name}≤ ${shortNumber(gate.max)}` }]),
      ...(gate.min === null ? [] : [{ ...span, y: gate.min, side: 'above' as const, short: `${name}≥ ${shortNumber(gate.min)}` }]),
    ];
  }));
}

function placeOf(run: Run, position: Position, axis: XAxis): number {
  return axis === 'step' ? position.step : axis === 'tokens' ? position.tokens : (position.at - originOf(run)) / 1000;
}

function marksOf(runs: readonly Run[], axis: XAxis, colours: readonly string[], text: MetricsText): Omit<Marks, 'gates'> {
  const several = runs.length > 1;
  const named = (run: Run, label: string): string => (several ? `${run.head.title} · ${label}` : label);
  const at = (run: Run, position: Position): number => placeOf(run, position, axis);
  return {
    // Boundaries of one run over the curves of another would only confuse: they are drawn when runs agree, that is, for one.
    stages: several ? [] : runs.flatMap((run) => run.head.stages.map((stage) => ({ x: at(run, stage), to: stage.to === null ? null : at(run, stage.to), label: stage.name }))),
    best: runs.flatMap((run, index) => run.head.checkpoints.filter(({ best }) => best).slice(-1).map((checkpoint) => ({
      x: at(run, checkpoint), label: named(run, fill(text.bestCheckpoint, checkpoint.name)), colour: colours[several ? index % colours.length : 2] ?? '',
    }))),
    incidents: runs.flatMap((run) => run.head.incidents.map((incident) => ({ x: at(run, incident), kind: incident.kind, label: named(run, incident.text) }))),
  };
}
