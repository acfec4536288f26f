/** What the Metrics page shows of a run besides its curves. */
import type { StartedEvent } from '../../shared/events.ts';
import { collectedFile } from '../../runs/collected.ts';
import { gateText, type GateView, type RunView } from '../../runs/view.ts';
import { sentence, type Language } from '../../shared/messages.ts';
import { amountText, moneyText, tokensText } from '../../shared/money.ts';
import { fill, metricsText } from '../../shared/metricsText.ts';
import type { CheckpointMark, GateMark, IncidentMark, RunAction, RunHead, StageMark } from '../../shared/panel.ts';
import { isActive } from '../../runs/status.ts';
import { shortTime, shortTitle } from '../runName.ts';
import { collectedFacts } from './collectedFacts.ts';

/** A long run with many warnings: the newest are drawn, the log has them all. */
const MOST_INCIDENTS = 200;

export function headOf(view: RunView, language: Language): RunHead {
  const { facts, progress } = view;
  const collected = collectedText(view, language);
  return {
    run: view.folder,
    title: chartTitle(view),
    status: view.status,
    startedAt: view.startedAt,
    stage: collected ?? progress?.what ?? progress?.stage.name ?? null,
    collects: collected !== null,
    collected: collected === null ? [] : collectedFacts(view, language),
    step: facts.step,
    totalSteps: view.totalSteps,
    secondsLeft: progress?.secondsLeft ?? null,
    backend: facts.started?.backend ?? null,
    device: facts.started?.device ?? facts.queued?.device ?? null,
    failure: failureOf(view, language),
    actions: actionsOf(view),
    stages: stagesOf(view, language),
    checkpoints: facts.checkpoints.map(({ event, step, tokens }): CheckpointMark => ({ step, tokens, at: event.at, name: event.name, best: event.best })),
    incidents: incidentsOf(view, language),
    evaluations: facts.evaluations,
  };
}

/** Of a run that collects data, or has: how far, and what it has cost. */
function collectedText({ facts: { collect, step }, progress }: RunView, language: Language): string | null {
  if (collect === null || (progress === null ? step > 0 : progress.stage.type !== 'collect')) return null;
  const text = metricsText(language);
  const { done, total, spend } = collect.event;
  const rows = fill(text.collectedRows, total === null ? tokensText(done) : `${tokensText(done)}/${tokensText(total)}`);
  if (spend === null) return rows;
  const money = spend.money === null ? fill(text.collectedTokens, tokensText(spend.tokens))
    : spend.moneyCap === null ? moneyText(spend.money, spend.currency) : fill(text.collectedOf, amountText(spend.money), moneyText(spend.moneyCap, spend.currency));
  return `${rows} · ${money}`;
}

/** A run in a legend: the name that a person gave it, else the recipe's with the time that tells it from its like. */
export function chartTitle(view: RunView): string {
  return view.label.title ?? (view.run === null || view.createdAt === null ? view.id : `${shortTitle(view)} ${shortTime(view.createdAt)}`);
}

function failureOf({ status, problem, facts: { ended } }: RunView, language: Language): string | null {
  if (status === 'failed') return sentence(ended?.code ?? 'unexpected', ended?.data ?? { detail: '' }, language);
  // Curves can be drawn without run.json, but something is wrong with the folder.
  if (problem !== null) return sentence(problem.code, problem.data, language);
  return status === 'lost' ? metricsText(language)['failure.lost'] : null;
}

function actionsOf(view: RunView): readonly RunAction[] {
  const can: RunAction[] = [];
  if (isActive(view.status) && view.status !== 'stopping') can.push('stop');
  if (view.resumable) can.push('resume');
  if (view.facts.traces.length > 0) can.push('diff');
  if (collectedFile(view) !== null) can.push('review');
  can.push('log');
  if (!isActive(view.status)) can.push('reveal');
  return can;
}

function stagesOf({ stages, facts }: RunView, language: Language): readonly StageMark[] {
  const shown = stages.filter(({ beganAt, type }) => beganAt !== null && type !== 'export');
  return shown.map((stage, index): StageMark => {
    const next = shown[index + 1];
    const over = stage.endedAt !== null;
    return {
      name: stage.name, step: stage.fromStep, at: stage.beganAt ?? 0, tokens: stage.fromTokens, gates: stage.gates.map((gate) => gateMark(stage.name, gate, language)),
      to: !over ? null : next === undefined ? { step: facts.step, at: stage.endedAt ?? 0, tokens: facts.tokens } : { step: next.fromStep, at: stage.endedAt ?? 0, tokens: next.fromTokens },
    };
  });
}

function gateMark(stage: string, gate: GateView, language: Language): GateMark {
  const text = metricsText(language);
  const { judged, metric, min, max, when } = gate;
  const outcome = judged === null ? null : judged.passed ? text['gate.passed'] : judged.action === 'best' ? fill(text['gate.best'], judged.checkpoint ?? '–') : text['gate.missed'];
  return { metric, min, max, passed: judged?.passed ?? null, text: [fill(text[`gate.${when}`], stage, gateText(gate)), outcome].filter((part) => part !== null).join(' · ') };
}

function incidentsOf({ facts }: RunView, language: Language): readonly IncidentMark[] {
  const text = metricsText(language);
  const warnings = facts.warnings.map(({ event, step, tokens }): IncidentMark => ({ kind: 'warning', step, tokens, at: event.at, text: sentence(event.code, event.data, language) }));
  // An engine that starts a backend after it has collected data says so as a second start, and nothing was resumed.
  const goesOn = (event: StartedEvent, before: StartedEvent | undefined): boolean => event.backend !== null && before?.backend === null && event.process.startToken === before.process.startToken;
  const resumed = facts.starts.filter(({ event }, index) => event.resumedFrom !== null && !goesOn(event, facts.starts[index - 1]?.event));
  const resumes = resumed.map(({ event, step, tokens }): IncidentMark => ({
    kind: 'resumed', step, tokens, at: event.at, text: fill(text.resumedAt, event.resumedFrom?.step ?? step),
  }));
  return [...warnings, ...resumes].sort((a, b) => a.at - b.at).slice(-MOST_INCIDENTS);
}
