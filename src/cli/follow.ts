/** Follows a run to its end: events as sentences or as JSON, one live line on a terminal, Ctrl-C as an order to stop. */
import path from 'node:path';
import { RunFold } from '../runs/fold.ts';
import { readLabel, readRunFile, projectOf } from '../runs/folder.ts';
import { engineOf } from '../runs/stop.ts';
import { Tail } from '../runs/tail.ts';
import { gateText, viewOf, type RunView } from '../runs/view.ts';
import { parseEvent, takesSteps, type EvaluationEvent, type RunEvent } from '../shared/events.ts';
import { sentence } from '../shared/messages.ts';
import { duration, parameterCount, percent, shortNumber } from '../shared/numbers.ts';
import { reportName } from '../engine/collect/report.ts';
import { collectSummary, readCollectReport } from './collectSummary.ts';
import { collectEndText, collectText } from './collectText.ts';
import { RUN_FILES } from '../shared/run.ts';
import { isAlive } from '../system/processIdentity.ts';
import { watchForChange } from '../system/watchForChange.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { Interrupt } from './interrupt.ts';
import { runTitle } from './project.ts';
import { table, type Terminal } from './terminal.ts';

/** What events.jsonl said before this start, and where what follows begins. */
export interface Past {
  readonly fold: RunFold;
  readonly tail: Tail;
}

export async function readPast(folder: string): Promise<Past> {
  const past = { fold: new RunFold(), tail: new Tail(path.join(folder, RUN_FILES.events)) };
  await past.tail.read((block) => void past.fold.block(block));
  return past;
}

/** Of a run that begins. */
export function noPast(folder: string): Past {
  return { fold: new RunFold(), tail: new Tail(path.join(folder, RUN_FILES.events)) };
}

/** Between two lines of training where there is no terminal to redraw one on. */
const PLAIN_EVERY_MS = 10_000;
/** An engine that died writes nothing: it is looked after this often while there is no news. */
const ALIVE_EVERY_MS = 2000;

/**
 * Resolves when the run has ended, with the exit code that says how. `json`: events as they are, one a line. `interrupt`: of
 * whoever started the run, so that a Ctrl-C during the start is not lost.
 */
export async function follow(terminal: Terminal, folder: string, { fold, tail }: Past, json: boolean, interrupt: Interrupt): Promise<ExitCode> {
  const teller = await Teller.open(terminal, folder, fold, json);
  interrupt.attach(folder, () => fold.current.stages.some(({ type, state }) => type === 'collect' && state === 'running'));
  const change = watchForChange(tail.file);
  try {
    let looked = Date.now();
    for (;;) {
      await tail.read((block) => { teller.take(block); });
      if (teller.ended !== null) return teller.ended;
      if (Date.now() - looked > ALIVE_EVERY_MS) {
        looked = Date.now();
        const engine = await engineOf(folder);
        if (engine === null || (await isAlive(engine)) === 'dead') {
          // Its last words may have come between the two looks.
          await tail.read((block) => { teller.take(block); });
          return teller.ended ?? teller.lost(interrupt.asked);
        }
      }
      await change.next();
    }
  } finally {
    change.close();
  }
}

class Teller {
  ended: ExitCode | null = null;
  #plainAt = Date.now();
  #begunAt = Date.now();

  private constructor(
    private readonly terminal: Terminal, private readonly folder: string, private readonly fold: RunFold, private readonly json: boolean,
    private readonly view: () => RunView, private readonly base: string,
  ) {}

  static async open(terminal: Terminal, folder: string, fold: RunFold, json: boolean): Promise<Teller> {
    const [run, label] = [await readRunFile(folder), await readLabel(folder)];
    const parts = { id: runTitle(folder), folder, project: projectOf(folder), label, run, problem: null, status: 'running' } as const;
    return new Teller(terminal, folder, fold, json, () => viewOf({ ...parts, facts: fold.current }), run?.base ?? process.cwd());
  }

  take(block: string): void {
    for (const line of block.split('\n')) {
      const parsed = parseEvent(line);
      if (parsed.type !== 'event') continue;
      this.fold.event(parsed.event);
      if (this.json) this.terminal.print(line);
      else this.#tell(parsed.event);
      if (parsed.event.kind === 'ended') this.ended = { done: EXIT.fine, stopped: EXIT.stopped, failed: EXIT.failed }[parsed.event.outcome];
    }
    if (!this.json && this.ended === null) this.terminal.live(this.#progress());
  }

  lost(stopped: boolean): ExitCode {
    if (stopped) return EXIT.stopped;
    this.terminal.note(this.terminal.say('eventLost', runTitle(this.folder)));
    return EXIT.lost;
  }

  #tell(event: RunEvent): void {
    const { say, language, note, paint } = this.terminal;
    switch (event.kind) {
      case 'queued':
        void waitingText(this.terminal, event.holder).then(note);
        break;
      case 'started':
        this.#begunAt = event.at;
        if (event.backend !== null) note(say('eventStarted', event.backend, event.device));
        if (event.resumedFrom !== null && event.resumedFrom.step > 0) note(say('eventResumed', event.resumedFrom.step));
        break;
      case 'stage':
        if (event.state === 'begin') note(paint('bold', event.total === null ? say('eventStage', event.name) : say(takesSteps(event.type) ? 'eventSteps' : event.type === 'collect' ? 'eventRows' : 'eventPrompts', event.name, event.total)));
        if (event.state === 'end' && event.type === 'collect') {
          note(collectEndText(this.terminal, event, this.fold.current.collect?.event ?? null));
          if (event.reason !== 'stopped') this.#summary(reportName(event.name));
        }
        if (event.state === 'skipped') note(say('eventSkipped', event.name));
        break;
      case 'metric':
        if ('validation/loss' in event.values || 'validation/reward' in event.values) note(say('eventValidation', event.step, valuesText(event.values)));
        else if (!this.terminal.interactive && event.at - this.#plainAt >= PLAIN_EVERY_MS) {
          this.#plainAt = event.at;
          note(this.#progress());
        }
        break;
      case 'evaluation':
        this.terminal.print(evaluationText(this.terminal, event));
        break;
      case 'warning':
        note(paint('yellow', sentence(event.code, event.data, language)));
        break;
      case 'ended':
        if (event.outcome === 'done') note(say('eventDone', duration(event.at - this.#begunAt)));
        else if (event.outcome === 'stopped') {
          if (event.code !== undefined) note(paint('yellow', sentence(event.code, event.data ?? {}, language)));
          note(say('eventStopped', runTitle(this.folder)));
        }
        else {
          if (event.code === 'collect-nothing') this.#summary(String(event.data?.['report']));
          note(paint('red', say('eventFailed', sentence(event.code ?? 'unexpected', event.data ?? { detail: '' }, language))));
        }
        break;
      case 'collect':
        if (!this.terminal.interactive && event.at - this.#plainAt >= PLAIN_EVERY_MS) {
          this.#plainAt = event.at;
          note(this.#progress());
        }
        break;
      case 'gate':
        // A miss is a warning besides, which says it in full.
        if (event.passed) note(paint('green', say(event.when === 'entry' ? 'eventEntryPassed' : 'eventGatePassed', gateText({ ...event, judged: event }))));
        break;
      case 'progress': case 'trace': case 'checkpoint': case 'checkpoint-removed': case 'beat': case 'acknowledged':
        break;
    }
  }

  /** Of the collect stage that has written that report. */
  #summary(name: string): void {
    const read = readCollectReport(this.folder, name);
    if (read !== null) this.terminal.print(collectSummary(this.terminal, read.report, { base: this.base, file: read.file }));
  }

  #progress(): string {
    return progressText(this.terminal, this.view());
  }
}

/** That a run waits, and for whom: the run that has the device, where its project lies, and its process, as far as they are known. */
export async function waitingText({ say }: Pick<Terminal, 'say'>, holder: string | null): Promise<string> {
  if (holder === null) return say('eventQueued', say('queueUnknown'));
  const engine = await engineOf(holder).catch(() => null);
  const [run, project] = [runTitle(holder), projectOf(holder)];
  return say('eventQueued', engine === null ? say('queueHolder', run, project) : say('queueHolderProcess', run, project, engine.pid));
}

/** `distil · step 340/800 · loss 0.412 · 2 850 tokens/s · 1m 20s left`. */
export function progressText({ say }: Pick<Terminal, 'say'>, { progress, facts }: RunView): string {
  if (progress === null) {
    const work = facts.progress?.event;
    return work === undefined ? '' : `${workText(say, work.what)} ${String(work.done)}/${String(work.total)}`;
  }
  const { stage, what, secondsLeft } = progress;
  if (stage.type === 'collect' && facts.collect?.event.stage === stage.index) return collectText(say, facts.collect, secondsLeft);
  const work = facts.progress?.event;
  const place = what !== null && work !== undefined
    ? say('progressWhat', stage.name, workText(say, what), work.done, work.total)
    : say('progressStep', stage.name, stage.done, stage.total ?? '?');
  const value = (name: string): number | null => facts.latest[name]?.value ?? null;
  const [loss, reward, speed] = [value('loss'), stage.type === 'reinforce' ? value('reward') : null, value('tokensPerSecond')];
  return [
    place,
    ...(reward !== null ? [`reward ${shortNumber(reward)}`] : takesSteps(stage.type) && loss !== null ? [`loss ${shortNumber(loss)}`] : []),
    ...(takesSteps(stage.type) && speed !== null ? [`${String(Math.round(speed))} tokens/s`] : []),
    ...(secondsLeft === null ? [] : [say('progressLeft', duration(secondsLeft * 1000))]),
  ].join(' · ');
}

function workText(say: Terminal['say'], what: string): string {
  switch (what) {
    case 'encoding': return say('workEncoding');
    case 'validation': return say('workValidation');
    case 'teacher': return say('workTeacher');
    case 'student': return say('workStudent');
    case 'completions': return say('workCompletions');
    default: return what;
  }
}

function valuesText(values: Readonly<Record<string, number | null>>): string {
  return Object.entries(values).map(([name, value]) => `${name} ${value === null ? '–' : shortNumber(value)}`).join(', ');
}

export function evaluationText({ say }: Pick<Terminal, 'say'>, { models, retention }: Pick<EvaluationEvent, 'models' | 'retention'>): string {
  const rows = models.map((model) => [
    say(model.role), `${percent(model.accuracy)} (${String(model.right)}/${String(model.examples)})`, `${percent(model.low)} – ${percent(model.high)}`,
    String(Math.round(model.tokensPerSecond)), parameterCount(model.parameters),
  ]);
  const head = [say('evaluationModel'), say('evaluationAccuracy'), say('evaluationInterval'), say('evaluationSpeed'), say('evaluationParameters')];
  const kept = retention === null ? [] : [say('retention', percent(retention.value), percent(retention.low), percent(retention.high))];
  return [table([head, ...rows]), ...kept].join('\n');
}
