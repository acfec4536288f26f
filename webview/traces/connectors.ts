/** The bands between the columns: a row's cards joined, a lone card running out into nothing. Only what is in sight is drawn. */
import type { Columns, Row } from './columns.ts';

const SVG = 'http://www.w3.org/2000/svg';
/** A band that runs out ends this far before the other column. */
const STUB = 0.42;

interface Span {
  readonly top: number;
  readonly bottom: number;
}

export class Connectors {
  readonly node = document.createElementNS(SVG, 'svg');
  private readonly paths: SVGPathElement[] = [];

  constructor(private readonly teacher: HTMLElement, private readonly student: HTMLElement) {
    this.node.setAttribute('class', 'connectors');
    this.node.setAttribute('aria-hidden', 'true');
  }

  draw(columns: Columns, selected: number | null): void {
    const width = this.node.clientWidth;
    const height = this.node.clientHeight;
    let used = 0;
    columns.rows.forEach((row, index) => {
      const ours = spanOf(row.teacher, this.teacher);
      const theirs = spanOf(row.student, this.student);
      const inSight = [ours, theirs].some((span) => span !== null && span.bottom > -40 && span.top < height + 40);
      if (!inSight || row.view.loop && ours === null && theirs === null) return;
      const shape = bandOf(ours, theirs, width);
      if (shape === null) return;
      const path = this.path(used++);
      path.setAttribute('d', shape);
      path.setAttribute('class', `band ${row.view.relation}${index === selected ? ' selected' : ''}`);
    });
    for (const path of this.paths.slice(used)) path.removeAttribute('d');
  }

  private path(index: number): SVGPathElement {
    let path = this.paths[index];
    if (path === undefined) {
      path = document.createElementNS(SVG, 'path');
      this.paths.push(path);
      this.node.append(path);
    }
    return path;
  }
}

function spanOf(cards: Row['teacher'], column: HTMLElement): Span | null {
  const first = cards[0];
  const last = cards.at(-1);
  if (first === undefined || last === undefined || first.offsetParent === null) return null;
  return { top: first.offsetTop - column.scrollTop, bottom: last.offsetTop + last.offsetHeight - column.scrollTop };
}

function bandOf(left: Span | null, right: Span | null, width: number): string | null {
  const middle = width / 2;
  if (left !== null && right !== null) {
    return `M0 ${left.top}C${middle} ${left.top} ${middle} ${right.top} ${width} ${right.top}V${right.bottom}C${middle} ${right.bottom} ${middle} ${left.bottom} 0 ${left.bottom}Z`;
  }
  const span = left ?? right;
  if (span === null) return null;
  const from = left !== null ? 0 : width;
  const tip = left !== null ? width * STUB : width * (1 - STUB);
  const y = (span.top + span.bottom) / 2;
  const inset = Math.min(10, (span.bottom - span.top) / 3);
  return `M${from} ${span.top + inset}L${tip} ${y}L${from} ${span.bottom - inset}Z`;
}
