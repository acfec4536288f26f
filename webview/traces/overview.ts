/** The whole pair at the page's edge: every step as a mark of its height, teacher left, student right, and the part that is in sight. */
import type { Columns } from './columns.ts';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 26;
const LANE = 10;
/** Marks thinner than this vanish. */
const THINNEST = 1.5;

export class Overview {
  readonly node = document.createElementNS(SVG, 'svg');
  private readonly marks = document.createElementNS(SVG, 'g');
  private readonly sight = document.createElementNS(SVG, 'rect');

  constructor(label: string, private readonly teacher: HTMLElement, private readonly student: HTMLElement, go: (side: 'teacher' | 'student', share: number) => void) {
    this.node.setAttribute('class', 'overview');
    this.node.setAttribute('role', 'img');
    this.node.setAttribute('aria-label', label);
    this.sight.setAttribute('class', 'sight');
    this.node.append(this.marks, this.sight);
    const jump = (event: PointerEvent): void => {
      const box = this.node.getBoundingClientRect();
      go(event.clientX - box.left < WIDTH / 2 ? 'teacher' : 'student', (event.clientY - box.top) / box.height);
    };
    this.node.addEventListener('pointerdown', (event) => {
      this.node.setPointerCapture(event.pointerId);
      jump(event);
    });
    this.node.addEventListener('pointermove', (event) => {
      if (this.node.hasPointerCapture(event.pointerId)) jump(event);
    });
  }

  /** After a show, a resize, a filter. */
  measure({ rows }: Columns): void {
    const height = this.node.clientHeight;
    this.marks.replaceChildren(...rows.flatMap((row) => [
      ...row.teacher.map((card) => this.mark(card, this.teacher, 2, row.view.relation, height)),
      ...row.student.map((card) => this.mark(card, this.student, WIDTH - 2 - LANE, row.view.relation, height)),
      ...(row.view.wrong ? row.student.slice(0, 1).map((card) => this.mark(card, this.student, 0, 'wrong', height)) : []),
    ]).filter((mark) => mark !== null));
    this.scrolled();
  }

  scrolled(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.student.scrollHeight > this.teacher.scrollHeight ? this.student : this.teacher;
    const height = this.node.clientHeight;
    set(this.sight, { x: 0.5, width: WIDTH - 1, y: (scrollTop / scrollHeight) * height, height: Math.max(8, (clientHeight / scrollHeight) * height) });
  }

  private mark(card: HTMLElement, column: HTMLElement, x: number, name: string, height: number): SVGRectElement | null {
    if (card.offsetParent === null) return null;
    const node = document.createElementNS(SVG, 'rect');
    node.setAttribute('class', name);
    const wrong = name === 'wrong';
    set(node, { x, width: wrong ? WIDTH : LANE, y: (card.offsetTop / column.scrollHeight) * height, height: wrong ? 2 : Math.max(THINNEST, (card.offsetHeight / column.scrollHeight) * height - 0.5) });
    return node;
  }
}

function set(node: SVGElement, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) node.setAttribute(name, value.toFixed(2));
}
