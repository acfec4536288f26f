/**
 * What the page knows of its runs, and the rule that keeps it true: an append continues exactly where the page ends,
 * or the page asks to be hydrated again. No DOM here.
 */
import type { MetricsToPage, RunHead, RunSeries, XAxis } from '../../src/shared/panel.ts';
import { Line } from './line.ts';

export interface Metric {
  readonly name: string;
  /** Points that the host has: what the next append must continue. */
  length: number;
  /** Thinned at the front, exact since the last hydration. */
  readonly line: Line;
  /** While zoomed: the line with its visible part as the host answered it. */
  detail: Line | null;
}

export interface Run {
  head: RunHead;
  readonly metrics: Map<string, Metric>;
}

/** A page that has collected so many points of a series since it was hydrated asks for a thinned snapshot again. */
export const MOST_POINTS = 20_000;

export type Taken = 'hydrated' | 'appended' | 'head' | 'refined' | 'ignored' | 'out-of-step';

export class MetricsModel {
  readonly #runs = new Map<string, Run>();
  #awaited = 0;
  #hydrating = true;
  #smoothing = 0;

  /** In the order in which the host gave them: it decides their colours. No two have the same title. */
  get runs(): readonly Run[] {
    const runs = [...this.#runs.values()];
    const titles = runs.map(({ head }) => head.title);
    return runs.map((run) => (titles.indexOf(run.head.title) === titles.lastIndexOf(run.head.title) ? run
      : { ...run, head: { ...run.head, title: folderName(run.head.run) } }));
  }

  get hydrated(): boolean {
    return !this.#hydrating;
  }

  take(message: MetricsToPage): Taken {
    switch (message.kind) {
      case 'hydrate':
        this.#runs.clear();
        this.#smoothing = message.smoothing;
        for (const snapshot of message.runs) this.#runs.set(snapshot.run, { head: snapshot.head, metrics: metricsOf(snapshot, message.smoothing) });
        this.#hydrating = false;
        return 'hydrated';
      case 'append':
        return this.#append(message);
      case 'head': {
        const run = this.#runs.get(message.head.run);
        if (run === undefined) return 'ignored';
        run.head = message.head;
        return 'head';
      }
      case 'range':
        return this.#refine(message);
      case 'rows': case 'picture':
        return 'ignored';
    }
  }

  /** The step whose point of a metric lies nearest to x of an axis; null without points. */
  stepNear(run: string, name: string, axis: XAxis, x: number): number | null {
    const known = this.#runs.get(run);
    const metric = known?.metrics.get(name);
    if (known === undefined || metric === undefined) return null;
    const { points } = metric.detail ?? metric.line;
    const { steps, times, tokens } = points.columns();
    const origin = known.head.startedAt ?? known.metrics.values().next().value?.line.points.columns().times[0] ?? 0;
    const at = (index: number): number => (axis === 'step' ? steps[index] : axis === 'tokens' ? tokens[index] : ((times[index] ?? 0) - origin) / 1000) ?? 0;
    let best: number | null = null;
    for (let index = 0; index < points.length; index++) if (best === null || Math.abs(at(index) - x) < Math.abs(at(best) - x)) best = index;
    return best === null ? null : steps[best] ?? null;
  }

  /** The number of the next question for a range; an answer to an older question is not taken. */
  nextRequest(): number {
    this.#awaited += 1;
    return this.#awaited;
  }

  /** Back to the whole: details are dropped, and answers that are on their way as well. */
  dropDetail(): void {
    this.#awaited += 1;
    for (const run of this.#runs.values()) for (const metric of run.metrics.values()) metric.detail = null;
  }

  #append(message: Extract<MetricsToPage, { kind: 'append' }>): Taken {
    // What comes between the question and the new snapshot can't be placed; the snapshot holds it.
    if (this.#hydrating) return 'ignored';
    for (const { run: id, from, points } of message.appends) {
      const run = this.#runs.get(id);
      if (run === undefined) return this.#outOfStep();
      const metric = run.metrics.get(points.name) ?? { name: points.name, length: 0, line: Line.empty(points.name, this.#smoothing), detail: null };
      if (metric.length !== from) return this.#outOfStep();
      run.metrics.set(points.name, metric);
      const averages = metric.line.push(points);
      metric.detail?.take(points, averages);
      metric.length += points.steps.length;
      if (metric.line.points.length > MOST_POINTS) return this.#outOfStep();
    }
    return 'appended';
  }

  #outOfStep(): Taken {
    this.#hydrating = true;
    return 'out-of-step';
  }

  #refine(message: Extract<MetricsToPage, { kind: 'range' }>): Taken {
    if (message.request !== this.#awaited) return 'ignored';
    for (const answer of message.runs) {
      const run = this.#runs.get(answer.run);
      if (run === undefined) continue;
      for (const points of answer.series) {
        const metric = run.metrics.get(points.name);
        if (metric !== undefined) metric.detail = metric.line.refinedBy(Line.from(points, metric.length, this.#smoothing));
      }
    }
    return 'refined';
  }
}

/** Runs of one recipe that began in the same minute are told apart by their folders. */
function folderName(folder: string): string {
  return folder.split(/[\\/]/).at(-1) ?? folder;
}

function metricsOf(snapshot: RunSeries, smoothing: number): Map<string, Metric> {
  return new Map(snapshot.series.map((points) => {
    const length = snapshot.length[points.name] ?? points.steps.length;
    return [points.name, { name: points.name, length, line: Line.from(points, length, smoothing), detail: null }];
  }));
}
