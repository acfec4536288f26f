/** Which metric is drawn in which chart, and which way is better. The names are those of src/shared/metrics.ts. */
import type { MetricsTextKey } from '../../src/shared/metricsText.ts';

export interface MetricGroup {
  /** Stable: part of the state that is kept. */
  readonly id: string;
  /** Key of the title, or null for a metric of a name that this table doesn't know: the name is the title. */
  readonly title: MetricsTextKey | null;
  readonly unit: MetricsTextKey | null;
  /** Whether a logarithmic axis makes sense. */
  readonly log: boolean;
  readonly better: 'lower' | 'higher' | null;
  /** Keep zero in view: the value is a quantity, not a position. */
  readonly fromZero: boolean;
  /** Measured, so that a running average helps; what is set by a schedule is drawn as it is. */
  readonly noisy: boolean;
}

interface GroupRow extends MetricGroup {
  /** Of the name's last part. */
  readonly pattern: RegExp;
}

const GROUPS: readonly GroupRow[] = [
  { id: 'accuracy', title: 'group.accuracy', unit: null, log: false, better: 'higher', fromZero: false, noisy: true, pattern: /accuracy|retention|agreement/i },
  { id: 'learningRate', title: 'group.learningRate', unit: null, log: true, better: null, fromZero: true, noisy: false, pattern: /^(lr|learningRate)$/i },
  { id: 'temperature', title: 'group.temperature', unit: null, log: false, better: null, fromZero: false, noisy: false, pattern: /temperature/i },
  { id: 'gradient', title: 'group.gradient', unit: null, log: true, better: null, fromZero: true, noisy: true, pattern: /^grad/i },
  { id: 'speed', title: 'group.speed', unit: 'unit.speed', log: false, better: 'higher', fromZero: true, noisy: true, pattern: /perSecond$/i },
  { id: 'memory', title: 'group.memory', unit: 'unit.memory', log: false, better: 'lower', fromZero: true, noisy: true, pattern: /memory|MiB$|bytes/i },
  { id: 'loss', title: 'group.loss', unit: null, log: true, better: 'lower', fromZero: false, noisy: true, pattern: /loss|^kl$|^ce$|(Kl|Ce)$|^(think|answer)$|entropy|perplexity/ },
];

/** The order in which the charts stand: what a person looks at first comes first. */
const ORDER = ['loss', 'accuracy', 'learningRate', 'temperature', 'gradient', 'speed', 'memory'];

export function groupOf(metric: string): MetricGroup {
  const parts = metric.split('/');
  const last = parts.at(-1) ?? metric;
  // "kl/think" and "kl/answer" are one metric split by region: the part before the region tells what it is.
  const known = GROUPS.find((row) => row.pattern.test(last) && row.id !== 'loss')
    ?? GROUPS.find((row) => parts.some((part) => row.pattern.test(part)));
  return known ?? { id: `other:${metric}`, title: null, unit: null, log: false, better: null, fromZero: false, noisy: true };
}

/** The charts that these metrics need, each with its metrics, in the order in which they are shown. */
export function arrange(metrics: Iterable<string>): readonly { readonly group: MetricGroup; readonly metrics: readonly string[] }[] {
  const found = new Map<string, { group: MetricGroup; metrics: string[] }>();
  for (const metric of [...metrics].sort(byImportance)) {
    const group = groupOf(metric);
    const entry = found.get(group.id) ?? { group, metrics: [] };
    entry.metrics.push(metric);
    found.set(group.id, entry);
  }
  const place = (id: string): number => (ORDER.includes(id) ? ORDER.indexOf(id) : ORDER.length);
  return [...found.values()].sort((a, b) => place(a.group.id) - place(b.group.id) || a.group.id.localeCompare(b.group.id));
}

/** Totals before their terms, training before validation, then by name. */
function byImportance(a: string, b: string): number {
  const rank = (name: string): number => ['loss', 'kl', 'ce', 'validation/loss', 'validation/kl', 'validation/ce'].indexOf(name) >>> 0;
  return rank(a) - rank(b) || a.localeCompare(b);
}
