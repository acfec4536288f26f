/** What the world asks of a running engine: control.jsonl, read from where it was left, each order given out once. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { Order } from '../shared/events.ts';
import { systemCode } from '../system/fileErrors.ts';

const ORDERS: ReadonlySet<string> = new Set<Order['order']>(['stop', 'save', 'evaluate']);

export class Orders {
  readonly #taken = new Set<string>();
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);

  /** Orders given before `since` (ms since 1970) were meant for an earlier engine of this folder and are passed over. */
  constructor(private readonly file: string, private readonly since: number) {}

  /** The orders that came since the last call; a half-written line is held until it is whole, a broken one passed over. Never throws. */
  take(): readonly Order[] {
    const text = this.#newBytes();
    if (text === null) return [];
    const end = text.lastIndexOf(0x0a);
    this.#rest = text.subarray(end + 1);
    return text.subarray(0, end + 1).toString('utf8').split('\n').flatMap((line) => {
      const order = parseOrder(line);
      if (order === null || order.at < this.since || this.#taken.has(order.id)) return [];
      this.#taken.add(order.id);
      return [order];
    });
  }

  #newBytes(): Buffer | null {
    try {
      // Between steps this is one stat, some microseconds.
      const { size } = statSync(this.file);
      if (size <= this.#offset) return null;
      const piece = Buffer.alloc(size - this.#offset);
      const descriptor = openSync(this.file, 'r');
      try {
        const read = readSync(descriptor, piece, 0, piece.length, this.#offset);
        this.#offset += read;
        return Buffer.concat([this.#rest, piece.subarray(0, read)]);
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') process.stderr.write(`control: ${String(error)}\n`);
      return null;
    }
  }
}

function parseOrder(line: string): Order | null {
  try {
    const value = JSON.parse(line) as Partial<Order> | null;
    const whole = value?.format === 1 && typeof value.id === 'string' && typeof value.at === 'number' && ORDERS.has(String(value.order));
    return whole ? (value as Order) : null;
  } catch {
    return null;
  }
}

/** What asks the engine to stop, to save or to evaluate: orders from the file, and signals. */
export class Control {
  readonly #abort = new AbortController();
  #because: Order['because'] = undefined;
  /** A stop that came while something else than training ran, or by a signal: training still has to be told of it. */
  #untold = false;

  constructor(private readonly orders: Orders, private readonly acknowledge: (order: string, accepted: boolean) => void) {}

  /** Aborted once a stop was asked for. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** A stop that no order carries (SIGTERM, Ctrl-C). */
  stop(): void {
    this.#untold = true;
    this.#abort.abort();
  }

  /** For training, which carries out and acknowledges every kind of order itself. */
  poll(): readonly Pick<Order, 'id' | 'order'>[] {
    const orders: Pick<Order, 'id' | 'order'>[] = this.#take();
    if (this.#untold) {
      this.#untold = false;
      orders.push({ id: SIGNAL, order: 'stop' });
    }
    if (orders.some(({ order }) => order === 'stop')) this.#abort.abort();
    return orders;
  }

  /** Why the stop was ordered, where the order says so. */
  get because(): Order['because'] {
    return this.#because;
  }

  #take(): Order[] {
    const orders = [...this.orders.take()];
    for (const { order, because } of orders) if (order === 'stop' && because !== undefined) this.#because = because;
    return orders;
  }

  /** For work that can only be stopped: other orders are refused. */
  stopped(): boolean {
    for (const { id, order } of this.#take()) {
      this.acknowledge(id, order === 'stop');
      if (order === 'stop') this.stop();
    }
    return this.#abort.signal.aborted;
  }
}

/** The id of a stop that came as a signal; it is not acknowledged. */
export const SIGNAL = 'signal';
