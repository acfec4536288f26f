/** Gathers a CleanReport while rows go by. */
import { CLEAN_RULES, type CleanExample, type CleanReport, type CleanRule, type ContaminationPair, type RuleDetail, type RuleReport } from '../../../shared/cleanReport.ts';

/** Examples of a rule: enough to see what kind of thing it takes. */
const EXAMPLES = 5;
const EXAMPLE_LENGTH = 160;
/** Pairs that a report names; the side file has every one. */
const CONTAMINATION_PAIRS = 10_000;

export class ReportBuilder {
  readonly #started = performance.now();
  readonly #rules = new Map<CleanRule, { changed: number; flagged: number; removed: number; examples: CleanExample[] }>();
  readonly #contamination: ContaminationPair[] = [];
  rows = 0;
  kept = 0;

  count(rule: CleanRule, what: 'changed' | 'flagged' | 'removed', example: { readonly id: string; readonly row: number; readonly text: string; readonly detail?: RuleDetail }): void {
    const entry = this.#rules.get(rule) ?? { changed: 0, flagged: 0, removed: 0, examples: [] };
    this.#rules.set(rule, entry);
    entry[what] += 1;
    if (entry.examples.length < EXAMPLES) entry.examples.push({ id: example.id, row: example.row, text: clippedText(example.text), detail: example.detail ?? {} });
  }

  contaminated(pair: ContaminationPair): void {
    if (this.#contamination.length < CONTAMINATION_PAIRS) this.#contamination.push(pair);
  }

  report(segmenter: CleanReport['segmenter']): CleanReport {
    const rules: RuleReport[] = CLEAN_RULES.flatMap((rule) => {
      const entry = this.#rules.get(rule);
      return entry === undefined ? [] : [{ rule, ...entry }];
    });
    return { rows: this.rows, kept: this.kept, rules, contamination: this.#contamination, segmenter, seconds: (performance.now() - this.#started) / 1000 };
  }
}

function clippedText(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= EXAMPLE_LENGTH ? line : `${line.slice(0, EXAMPLE_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
