/** How far a stage that makes data is, told at most twice a second. */
import type { CollectEvent, Spend } from '../../shared/events.ts';
import type { Journal } from '../journal.ts';

const TELL_EVERY_MS = 500;

export type CollectPart = CollectEvent['part'];
export type CollectNumbers = Pick<CollectEvent, 'done' | 'total' | 'kept' | 'cached' | 'failed'>;

export class CollectProgress {
  #part: CollectPart = 'read';
  #numbers: () => CollectNumbers = () => ({ done: 0, total: null, kept: 0, cached: 0, failed: 0 });
  #told = '';
  readonly #timer: NodeJS.Timeout;

  /** `spend`: of the teacher that is asked; null where there is none. */
  constructor(private readonly journal: Journal, private readonly stage: number, private readonly spend: () => Spend | null, private readonly onTrouble: (error: unknown) => void) {
    this.#timer = setInterval(() => { this.#tellQuietly(); }, TELL_EVERY_MS);
  }

  /** The part at work, and where its numbers are read from whenever they are told. */
  begin(part: CollectPart, numbers: () => CollectNumbers): void {
    this.#part = part;
    this.#numbers = numbers;
  }

  /** Says how it stands now, where that is not what was said last. Throws DistillError of the file system. */
  tell(): void {
    const event = { kind: 'collect', stage: this.stage, part: this.#part, ...this.#numbers(), spend: this.spend() } as const;
    const text = JSON.stringify(event);
    if (text === this.#told) return;
    this.#told = text;
    this.journal.event(event);
  }

  get numbers(): CollectNumbers {
    return this.#numbers();
  }

  /** Says how it stands for the last time. */
  end(): void {
    clearInterval(this.#timer);
    this.#tellQuietly();
  }

  #tellQuietly(): void {
    try {
      this.tell();
    } catch (error) {
      this.onTrouble(error);
    }
  }
}
