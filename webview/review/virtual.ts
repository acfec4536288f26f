/**
 * A list of any number of rows in an element of bounded height. Browsers clamp an element's height (Chromium near 33 million
 * pixels, others lower), so a long list is scrolled in a shorter one: its place is kept in the list's own pixels, and the
 * scroll bar shows the share of the way.
 */

/** Below every browser's clamp. */
const MOST_HEIGHT = 10_000_000;

export interface Span {
  /** First row in sight, and the one after the last. */
  readonly first: number;
  readonly end: number;
}

export class VirtualScroll {
  /** Pixels of the list above the viewport. */
  #top = 0;
  #rows = 0;
  #viewport = 0;

  constructor(readonly rowHeight: number, private readonly mostHeight = MOST_HEIGHT) {}

  get rows(): number {
    return this.#rows;
  }

  get top(): number {
    return this.#top;
  }

  /** Height of the element that is scrolled. */
  get height(): number {
    return Math.min(this.#rows * this.rowHeight, this.mostHeight);
  }

  /** How far the list can be scrolled, in its own pixels. */
  get #reach(): number {
    return Math.max(0, this.#rows * this.rowHeight - this.#viewport);
  }

  /** Where the scroll bar stands for the list's place. */
  get scrollTop(): number {
    const reach = this.#reach;
    return reach === 0 ? 0 : (this.#top / reach) * Math.max(0, this.height - this.#viewport);
  }

  /** True where a pixel of the scroll bar is more than a pixel of the list: wheels are then handled by scrollBy. */
  get scaled(): boolean {
    return this.#rows * this.rowHeight > this.mostHeight;
  }

  /** Rows that fit wholly into the viewport, at least one. */
  get page(): number {
    return Math.max(1, Math.floor(this.#viewport / this.rowHeight));
  }

  resize(rows: number, viewport: number): void {
    this.#rows = rows;
    this.#viewport = viewport;
    this.scrollTo(this.#top);
  }

  scrollTo(top: number): void {
    this.#top = Math.min(this.#reach, Math.max(0, top));
  }

  scrollBy(pixels: number): void {
    this.scrollTo(this.#top + pixels);
  }

  /** The person moved the scroll bar. Where it already stands for the list's place nothing moves: its pixels are coarser. */
  takeScrollTop(scrollTop: number): void {
    if (Math.abs(scrollTop - this.scrollTop) < 1) return;
    const range = this.height - this.#viewport;
    this.scrollTo(range <= 0 ? 0 : (scrollTop / range) * this.#reach);
  }

  /** Scrolls no further than needed for the row to be in sight as a whole. */
  reveal(row: number): void {
    const top = row * this.rowHeight;
    if (top < this.#top) this.scrollTo(top);
    else if (top + this.rowHeight > this.#top + this.#viewport) this.scrollTo(top + this.rowHeight - this.#viewport);
  }

  center(row: number): void {
    this.scrollTo(row * this.rowHeight - (this.#viewport - this.rowHeight) / 2);
  }

  /** Rows of which anything is in sight. */
  get span(): Span {
    return { first: Math.min(this.#rows, Math.floor(this.#top / this.rowHeight)), end: Math.min(this.#rows, Math.ceil((this.#top + this.#viewport) / this.rowHeight)) };
  }

  /** Pixels from the viewport's top to the row's. */
  offsetOf(row: number): number {
    return row * this.rowHeight - this.#top;
  }
}
