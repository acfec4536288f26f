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
  { id: 'reward', title: 'group.reward', unit: null, log: false, better: 'higher', fromZero: false, noisy: true, pattern: /^reward/i },
  { id: 'policy', title: 'group.policy', unit: null, log: false, better: null, fromZero: true, noisy: true, pattern: /^(referenceKl|clipShare|entropy|sameRewardShare)$/ },
  { id: 'completions', title: 'group.completions', unit: 'unit.tokens', log: false, better: null, fromZero: true, noisy: true, pattern: /^completionTokens$/ },
  { id: 'written', title: 'group.written', unit: null, log: false, better: null, fromZero: true, noisy: true, pattern: /^(onPolicy|unfinishedShare)$/ },
  { id: 'learningRate', title: 'group.learningRate', unit: null, log: true, better: null, fromZero: true, noisy: false, pattern: /^(lr|learningRate)$/i },
  { id: 'temperature', title: 'group.temperature', unit: null, log: false, better: null, fromZero: false, noisy: false, pattern: /temperature/i },
  { id: 'weights', title: 'group.weights', unit: null, log: false, better: null, fromZero: true, noisy: false, pattern: /^weight[A-Z]/ },
  { id: 'gradient', title: 'group.gradient', unit: null, log: true, better: null, fromZero: true, noisy: true, pattern: /^grad/i },
  { id: 'speed', title: 'group.speed', unit: 'unit.speed', log: false, better: 'higher', fromZero: true, noisy: true, pattern: /perSecond$/i },
  { id: 'filled', title: 'group.filled', unit: null, log: false, better: 'higher', fromZero: false, noisy: true, pattern: /^filled$/ },
  { id: 'lossScale', title: 'group.lossScale', unit: null, log: true, better: null, fromZero: false, noisy: false, pattern: /^lossScale$/ },
  { id: 'memory', title: 'group.memory', unit: 'unit.memory', log: false, better: 'lower', fromZero: true, noisy: true, pattern: /memory|MiB$|bytes/i },
  { id: 'regions', title: 'group.regions', unit: null, log: true, better: 'lower', fromZero: false, noisy: true, pattern: /^(think|answer)/ },
  { id: 'loss', title: 'group.loss', unit: null, log: true, better: 'lower', fromZero: false, noisy: true, pattern: /loss|^kl$|^ce$|^mse$|^hidden$|^attention$|^uld$|entropy|perplexity/i },
];

/** The order in which the charts stand: what a person looks at first comes first. */
const ORDER = ['loss', 'regions', 'reward', 'accuracy', 'policy', 'completions', 'written', 'learningRate', 'temperature', 'weights', 'gradient', 'speed', 'filled', 'lossScale', 'memory'];

/** What is measured seldom, or set by a schedule, is drawn as it is; the rest profits from a running average. */
export function isNoisy(metric: string): boolean {
  return groupOf(metric).noisy && !/^(validation|evaluation)\//.test(metric);
}

/** Shown without being asked for: all of one run; of several over each other, not the halves of the validation loss as well. */
export function shownAtFirst(metric: string, runs: number): boolean {
  return runs === 1 || !/^validation\/(think|answer)/.test(metric);
}

export function groupOf(metric: string): MetricGroup {
  const last = metric.slice(metric.lastIndexOf('/') + 1);
  return GROUPS.find(({ pattern }) => pattern.test(last)) ?? { id: `other:${metric}`, title: null, unit: null, log: false, better: null, fromZero: false, noisy: true };
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
