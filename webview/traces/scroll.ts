/**
 * Two columns of different length that scroll together: a row that both have stands level when it passes the reading line.
 * Between such rows the mapping is linear, so nothing jumps.
 */
import type { Columns } from './columns.ts';

/** Where the eye reads: this far down the visible part, the rows of both columns are level. */
const READING_LINE = 0.38;

interface Knot {
  readonly teacher: number;
  readonly student: number;
}

export class LinkedScroll {
  private knots: readonly Knot[] = [];
  /** The column that is being scrolled by the other: its own event is an echo. */
  private echo: HTMLElement | null = null;

  constructor(private readonly teacher: HTMLElement, private readonly student: HTMLElement, private readonly moved: () => void) {
    for (const side of [teacher, student]) side.addEventListener('scroll', () => this.scrolled(side), { passive: true });
  }

  /** Reads the layout: after a show, a resize, a filter. */
  measure({ rows, headings }: Columns): void {
    const knots: Knot[] = [{ teacher: 0, student: 0 }];
    const level = (ours: HTMLElement | undefined, theirs: HTMLElement | undefined): void => {
      const last = knots.at(-1);
      if (!ours || !theirs || ours.offsetParent === null || theirs.offsetParent === null || last === undefined) return;
      const knot = { teacher: ours.offsetTop, student: theirs.offsetTop };
      if (knot.teacher > last.teacher && knot.student > last.student) knots.push(knot);
    };
    let heading = 0;
    rows.forEach((row, index) => {
      for (; headings[heading]?.before === index; heading++) level(headings[heading]?.teacher, headings[heading]?.student);
      level(row.teacher[0], row.student[0]);
    });
    const end = { teacher: this.teacher.scrollHeight, student: this.student.scrollHeight };
    const last = knots.at(-1);
    if (last !== undefined && end.teacher > last.teacher && end.student > last.student) knots.push(end);
    this.knots = knots;
  }

  /** Puts a place of one column on the reading line; the other follows. */
  reveal(side: 'teacher' | 'student', top: number): void {
    const column = this[side];
    column.scrollTo({ top: top - column.clientHeight * READING_LINE });
  }

  private scrolled(side: HTMLElement): void {
    if (this.echo === side) {
      this.echo = null;
      this.moved();
      return;
    }
    const [from, to] = side === this.teacher ? (['teacher', 'student'] as const) : (['student', 'teacher'] as const);
    const other = this[to];
    const line = side.clientHeight * READING_LINE;
    const atEnd = side.scrollTop + side.clientHeight >= side.scrollHeight - 1;
    const wanted = side.scrollTop <= 0 ? 0 : atEnd ? other.scrollHeight : this.map(side.scrollTop + line, from, to) - line;
    const target = Math.max(0, Math.min(Math.round(wanted), other.scrollHeight - other.clientHeight));
    if (Math.abs(target - other.scrollTop) >= 1) {
      this.echo = other;
      other.scrollTop = target;
    }
    this.moved();
  }

  private map(y: number, from: keyof Knot, to: keyof Knot): number {
    const { knots } = this;
    let low = 0;
    let high = knots.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((knots[middle] as Knot)[from] <= y) low = middle;
      else high = middle - 1;
    }
    const a = knots[low];
    const b = knots[low + 1];
    if (a === undefined) return y;
    if (b === undefined) return a[to] + (y - a[from]);
    return a[to] + ((y - a[from]) / (b[from] - a[from])) * (b[to] - a[to]);
  }
}
