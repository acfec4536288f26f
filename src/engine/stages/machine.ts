/** The device and the backend of a run, taken when a stage needs them: asking a service needs neither. */
import type { ProcessIdentity } from '../../shared/events.ts';
import type { RunFile } from '../../shared/run.ts';
import { acquireDevice } from '../../system/deviceQueue.ts';
import type { HeldLock } from '../../system/lockFile.ts';
import type { Backend } from '../backend/contract.ts';
import { openBackend } from '../backend/open.ts';
import type { Control } from '../control.ts';
import type { Journal } from '../journal.ts';

/** How often the orders are looked at while the device is waited for. */
const QUEUE_POLL_MS = 250;

/** "auto" counts as the CPU: whichever backend it takes, its host work keeps the cores busy. */
const DEVICE_OF = { auto: 'cpu', cpu: 'cpu', wasm: 'cpu', tensorflow: 'cpu', webgpu: 'gpu', 'tensorflow-gpu': 'gpu' } as const;

export interface MachineOptions {
  readonly run: RunFile;
  /** The run folder. */
  readonly folder: string;
  readonly journal: Journal;
  readonly control: Control;
  readonly process: ProcessIdentity;
}

export class Machine {
  #device: HeldLock | null = null;
  #opening: Promise<Backend> | null = null;

  constructor(private readonly options: MachineOptions) {}

  /** Waits for the device, unless the run doesn't queue. Throws the stop's reason, DistillError `backend-unavailable`. */
  backend(): Promise<Backend> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async close(): Promise<void> {
    const backend = await this.#opening?.catch(() => null);
    await backend?.dispose();
    await this.#device?.release();
  }

  async #open(): Promise<Backend> {
    const { run } = this.options;
    if (run.queue) this.#device = await this.#waitForDevice();
    return openBackend({ backend: run.recipe.engine.backend, threads: run.recipe.engine.threads ?? null });
  }

  /** One run at a time uses the machine, whichever window or terminal it came from. */
  async #waitForDevice(): Promise<HeldLock> {
    const { run, folder, journal, control, process } = this.options;
    const device = DEVICE_OF[run.recipe.engine.backend];
    const timer = setInterval(() => { control.stopped(); }, QUEUE_POLL_MS);
    try {
      return await acquireDevice(device, {
        about: folder, signal: control.signal,
        onWaiting: (holder) => { journal.event({ kind: 'queued', process, device, holder: holder.about }); },
      });
    } finally {
      clearInterval(timer);
    }
  }
}
