/** Ctrl-C from before a run is started to its end: the first orders a stop, the second no longer waits for the orderly end. */
import { stopRun } from '../runs/stop.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';
import type { Terminal } from './terminal.ts';

interface Followed {
  readonly folder: string;
  readonly collects: () => boolean;
}

export class Interrupt {
  readonly #asked = new AbortController();
  readonly #hurry = new AbortController();
  #followed: Followed | null = null;
  readonly #onSignal = (): void => { this.#take(); };

  private constructor(private readonly terminal: Terminal) {
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  /**
   * Work that starts a run and follows it. Where it is called off before there is a run, nothing is started and a Refusal
   * says so, with the exit code of a stop.
   */
  static async during<T>(terminal: Terminal, work: (interrupt: Interrupt) => Promise<T>): Promise<T> {
    const interrupt = new Interrupt(terminal);
    try {
      return await work(interrupt);
    } catch (error) {
      if (interrupt.asked && error === interrupt.signal.reason) throw new Refusal(terminal.say('runNothingStarted'), EXIT.stopped);
      throw error;
    } finally {
      process.off('SIGINT', interrupt.#onSignal);
      process.off('SIGTERM', interrupt.#onSignal);
    }
  }

  get asked(): boolean {
    return this.#asked.signal.aborted;
  }

  get signal(): AbortSignal {
    return this.#asked.signal;
  }

  get hurry(): AbortSignal {
    return this.#hurry.signal;
  }

  /** From here on there is a run to stop; one that was asked to stop while it started is stopped now. */
  attach(folder: string, collects: () => boolean): void {
    this.#followed = { folder, collects };
    if (this.asked) this.#stop(folder);
  }

  #take(): void {
    const { terminal } = this;
    if (!this.asked) {
      this.#asked.abort();
      terminal.note(terminal.say(this.#followed === null ? 'runStoppingStart' : this.#followed.collects() ? 'runStoppingCollect' : 'runStopping'));
      if (this.#followed !== null) this.#stop(this.#followed.folder);
    } else if (!this.hurry.aborted) {
      terminal.note(terminal.say('runKilling'));
      this.#hurry.abort();
    }
  }

  #stop(folder: string): void {
    stopRun(folder, { hurry: this.hurry }).catch((error: unknown) => { this.terminal.note(String(error)); });
  }
}
