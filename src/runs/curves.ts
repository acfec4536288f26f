/** The curves of one run: its `metric` events as one series a metric, cut where a resumed run began again. */
import type { MetricEvent } from '../shared/events.ts';
import { parseEvent } from '../shared/events.ts';
import { Series } from '../shared/series.ts';

export class Curves {
  private readonly all = new Map<string, Series>();

  constructor(private cuts = 0) {}

  /** By name, in the order in which they first appeared. */
  get series(): ReadonlyMap<string, Series> {
    return this.all;
  }

  /** Another number whenever points that were there are gone: whoever holds a copy has to begin anew. */
  get revision(): number {
    return this.cuts;
  }

  /** Takes whole lines of events.jsonl, joined by newlines; everything that makes no curve is passed over. */
  block(text: string): void {
    let start = 0;
    while (start < text.length) {
      const newline = text.indexOf('\n', start);
      const end = newline < 0 ? text.length : newline;
      this.line(text.slice(start, end));
      start = end + 1;
    }
  }

  private line(text: string): void {
    // The kind stands near the front of a line: most other kinds never reach the parser.
    if (!text.includes('"metric"') && !text.includes('"started"')) return;
    const parsed = parseEvent(text);
    if (parsed.type !== 'event') return;
    if (parsed.event.kind === 'metric') this.metric(parsed.event);
    else if (parsed.event.kind === 'started') this.dropAbove(parsed.event.resumedFrom?.step ?? -Infinity);
  }

  private metric(event: MetricEvent): void {
    const { step, at, tokens, values } = event;
    for (const name in values) {
      let series = this.all.get(name);
      if (series === undefined) this.all.set(name, (series = new Series(name)));
      series.append(step, at, tokens, values[name] ?? null);
    }
  }

  private dropAbove(step: number): void {
    let dropped = 0;
    for (const series of this.all.values()) dropped += series.dropAbove(step);
    if (dropped > 0) this.cuts += 1;
  }
}
