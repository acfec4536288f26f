/** What a collect stage came to, from its report: verdicts, what was left out and why, what a row has cost, and where all of it lies. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CollectReport } from '../shared/collectReport.ts';
import { moneyText } from '../shared/money.ts';
import { RUN_FILES } from '../shared/run.ts';
import { VERDICT_REASONS, verdictSentence } from '../shared/verdicts.ts';
import { RULE_TEXT } from './ruleText.ts';
import { table, type Terminal } from './terminal.ts';

/** The report of that name in a run folder; null where it isn't there or can't be read. */
export function readCollectReport(folder: string, name: string): { readonly report: CollectReport; readonly file: string } | null {
  const file = path.join(folder, RUN_FILES.reports, name);
  try {
    return { report: JSON.parse(readFileSync(file, 'utf8')) as CollectReport, file };
  } catch {
    return null;
  }
}

/** `base`: what the files of the report are relative to. */
export function collectSummary({ say, language }: Pick<Terminal, 'say' | 'language'>, report: CollectReport, { base, file }: { readonly base: string; readonly file: string }): string {
  const { verify, to, beside = [], written: { costPerRow } } = report;
  const place = (name: string): string => shortPath(path.resolve(base, name));
  const [first, ...others] = leftOut(report, { say, language }).map(([count, why]) => `${String(count)}  ${why}`);
  const costs = Object.entries(costPerRow).map(([currency, amount]) => moneyText(amount, currency));
  return table([
    ...(verify === null ? [] : [[say('collectVerdicts'), say('collectVerdictsOf', verify.verdicts.right, verify.verdicts.wrong, verify.verdicts.unknown)]]),
    ...(first === undefined ? [] : [[say('collectDropped'), first], ...others.map((line) => ['', line])]),
    ...(costs.length === 0 || report.rows.written === 0 ? [] : [[say('collectPerRow'), costs.join(', ')]]),
    ...(to === null ? [] : [[say('collectOutput'), place(to)]]),
    ...beside.map((name, index) => [index === 0 ? say('collectBeside') : '', place(name)]),
    [say('collectReport'), shortPath(file)],
  ]);
}

/** How many rows went, and by what; the most first. */
function leftOut({ rows, clean, cleanAnswers, ask, verify }: CollectReport, { say, language }: Pick<Terminal, 'say' | 'language'>): readonly (readonly [number, string])[] {
  const gone = new Map<string, number>();
  const count = (why: string, by: number): void => { if (by > 0) gone.set(why, (gone.get(why) ?? 0) + by); };
  count(say('collectBroken'), rows.broken);
  for (const { rule, removed } of [...(clean?.rules ?? []), ...(cleanAnswers?.rules ?? [])]) count(`${rule}: ${say(RULE_TEXT[rule])}`, removed);
  count(say('collectUnanswered'), ask?.failed ?? 0);
  count(say('collectUnasked'), ask?.unasked ?? 0);
  if (verify !== null) {
    count(say('collectUnjudged'), verify.unjudged);
    const { removed, reasons, verdicts } = verify;
    // `keep` leaves out what is wrong, or that and what is undecided.
    const gone = Object.entries(reasons).filter(([reason]) => VERDICT_OF[reason] === 'wrong' || (removed > verdicts.wrong && VERDICT_OF[reason] !== 'right'));
    if (gone.reduce((sum, [, times]) => sum + times, 0) === removed) for (const [reason, times] of gone) count(`${reason}: ${verdictSentence(reason, language)}`, times);
    else count(`verdict: ${say(RULE_TEXT.verdict)}`, removed);
  }
  return [...gone].map(([why, times]) => [times, why] as const).sort(([a], [b]) => b - a);
}

const VERDICT_OF: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(VERDICT_REASONS).map(([reason, { verdict }]) => [reason, verdict]));

/** Relative to where the person is, unless that leads upwards. */
function shortPath(file: string): string {
  const short = path.relative(process.cwd(), file);
  return short.startsWith('..') || path.isAbsolute(short) ? file : short;
}
