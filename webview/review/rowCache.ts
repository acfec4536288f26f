/** Rows of the view that are here, in chunks; asked for when they come in sight, forgotten when they are far. */
import type { RowPreview } from '../../src/shared/dataPanel.ts';

export const CHUNK = 100;
const KEPT_CHUNKS = 60;

export class RowCache {
  #view = -1;
  readonly #chunks = new Map<number, readonly RowPreview[]>();
  readonly #asked = new Set<number>();

  constructor(private readonly ask: (view: number, from: number, to: number) => void) {}

  /** A new view: positions mean other rows. */
  begin(view: number): void {
    this.#view = view;
    this.#chunks.clear();
    this.#asked.clear();
  }

  at(position: number): RowPreview | undefined {
    return this.#chunks.get(Math.floor(position / CHUNK))?.[position % CHUNK];
  }

  /** Asks for what is missing of [first, end). */
  want(first: number, end: number): void {
    if (this.#view < 0) return;
    for (let chunk = Math.floor(first / CHUNK); chunk * CHUNK < end; chunk++) {
      if (this.#chunks.has(chunk) || this.#asked.has(chunk)) continue;
      this.#asked.add(chunk);
      this.ask(this.#view, chunk * CHUNK, (chunk + 1) * CHUNK);
    }
  }

  /** Answers whether they are of this view. */
  put(view: number, from: number, rows: readonly RowPreview[]): boolean {
    if (view !== this.#view) return false;
    const chunk = Math.floor(from / CHUNK);
    this.#asked.delete(chunk);
    this.#chunks.delete(chunk);
    this.#chunks.set(chunk, rows);
    for (const oldest of this.#chunks.keys()) {
      if (this.#chunks.size <= KEPT_CHUNKS) break;
      this.#chunks.delete(oldest);
    }
    return true;
  }

  /** What rows say has changed, their places have not: what is in sight is asked for again, and shown as it was until then. */
  refresh(first: number, end: number): void {
    const near = new Set<number>();
    for (let chunk = Math.floor(first / CHUNK); chunk * CHUNK < end; chunk++) near.add(chunk);
    for (const chunk of [...this.#chunks.keys()]) if (!near.has(chunk)) this.#chunks.delete(chunk);
    this.#asked.clear();
    for (const chunk of near) {
      this.#asked.add(chunk);
      this.ask(this.#view, chunk * CHUNK, (chunk + 1) * CHUNK);
    }
  }
}
