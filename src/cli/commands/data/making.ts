/** What the commands that make a file share: it is written whole or not at all, Ctrl-C leaves what was there, and a live line tells how far it is. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError } from 'commander';
import { sentence, type DistillError } from '../../../shared/messages.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { Refusal } from '../../refusal.ts';
import type { Terminal } from '../../terminal.ts';

const LIVE_MS = 200;
/** Broken rows that are told one by one. */
const TOLD = 10;

/** Throws Refusal where the output can't or shouldn't be written: no folder, a folder itself, an input, there already. */
export function checkOutput({ say }: Terminal, out: string, inputs: readonly string[], force: boolean): void {
  if (!existsSync(path.dirname(out))) throw new Refusal(say('noFolder', path.dirname(out)));
  if (!existsSync(out)) return;
  if (statSync(out).isDirectory()) throw new Refusal(say('isFolder', out));
  if (inputs.some((input) => existsSync(input) && realpathSync(input) === realpathSync(out))) throw new Refusal(say('verifySame', out));
  if (!force) throw new Refusal(say('convertExists', out));
}

/** Runs work that a signal of the terminal ends in order. */
export async function untilInterrupted(terminal: Terminal, out: string, work: (signal: AbortSignal) => Promise<void>): Promise<ExitCode> {
  const controller = new AbortController();
  const stop = (): void => { controller.abort(); };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    await work(controller.signal);
    return EXIT.fine;
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    terminal.note(terminal.say('makingStopped', out));
    return EXIT.stopped;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    terminal.live('');
  }
}

/** A live line, drawn a few times a second; resolves after a turn of the event loop, so that signals are heard. */
export function liveLine(terminal: Terminal): (text: () => string) => Promise<void> {
  let drawn = performance.now();
  return async (text) => {
    if (performance.now() - drawn < LIVE_MS) return;
    drawn = performance.now();
    terminal.live(text());
    await new Promise((resolve) => setImmediate(resolve));
  };
}

/** Tells the first broken rows, counts all. */
export function brokenTeller(terminal: Terminal): { readonly told: (broken: DistillError) => void; readonly end: () => void } {
  let broken = 0;
  return {
    told: ({ code, data }) => {
      broken += 1;
      if (broken <= TOLD) terminal.note(terminal.paint('yellow', sentence(code, data, terminal.language)));
    },
    end: () => { if (broken > TOLD) terminal.note(terminal.paint('yellow', terminal.say('convertMoreBroken', broken - TOLD))); },
  };
}

/** A share from 0 to 1, for commander. */
export function shareOf({ say }: Terminal): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() === '' || !(number >= 0 && number <= 1)) throw new InvalidArgumentError(say('badChoice', value, '0 … 1'));
    return number;
  };
}

/** A number above 0, for commander. */
export function positiveOf({ say }: Terminal): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!(number > 0 && number < Infinity)) throw new InvalidArgumentError(say('badChoice', value, '> 0'));
    return number;
  };
}

/** 0, 1, 2 …, for commander. */
export function seedOf({ say }: Terminal): (value: string) => number {
  return (value) => {
    if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError(say('badChoice', value, '0, 1, 2 …'));
    return Number(value);
  };
}
