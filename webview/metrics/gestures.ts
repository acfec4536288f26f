/** Zoom and pan of the x axis by wheel, mouse and keyboard. Dragging without a modifier is uPlot's selection. */
import type { Chart } from './chart.ts';
import { zoomed, type Range } from './scale.ts';

export interface GestureView {
  readonly shown: () => Range;
  readonly whole: () => Range;
  /** Null: the whole. */
  readonly set: (range: Range | null) => void;
}

const WHEEL_ZOOM = 0.0022;
const KEY_ZOOM = 0.7;
const KEY_SHIFT = 0.15;

/** `surface` is the focusable element about the chart; it stays while charts are rebuilt. */
export function addGestures(surface: HTMLElement, chart: () => Chart | null, view: GestureView): void {
  const change = (how: Parameters<typeof zoomed>[2]): void => view.set(zoomed(view.shown(), view.whole(), how));
  const width = (): number => view.shown().max - view.shown().min;
  const xAt = (event: MouseEvent): number => {
    const over = chart()?.over;
    return over ? (chart()?.xAt(event.clientX - over.getBoundingClientRect().left) ?? 0) : 0;
  };

  surface.addEventListener('wheel', (event) => {
    // A bare wheel scrolls the page; a pinch on a trackpad arrives as a wheel with ctrl.
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      change({ factor: Math.exp(event.deltaY * WHEEL_ZOOM * (event.deltaMode === 1 ? 16 : 1)), about: xAt(event) });
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      const pixels = event.deltaX === 0 ? event.deltaY : event.deltaX;
      change({ shift: (pixels / Math.max(1, surface.clientWidth)) * width() });
    }
  }, { passive: false });

  surface.addEventListener('mousedown', (event) => {
    if (!event.shiftKey && event.button !== 1) return;
    // Before uPlot sees it: this drag is not a selection.
    event.preventDefault();
    event.stopPropagation();
    const from = { x: event.clientX, shown: view.shown(), pixels: chart()?.over?.clientWidth ?? 1 };
    const move = (moved: MouseEvent): void => {
      const shift = ((from.x - moved.clientX) / from.pixels) * (from.shown.max - from.shown.min);
      view.set(zoomed(from.shown, view.whole(), { shift }));
    };
    const end = (): void => {
      surface.classList.remove('panning');
      window.removeEventListener('mousemove', move);
      window.removeEventListener('mouseup', end);
    };
    surface.classList.add('panning');
    window.addEventListener('mousemove', move);
    window.addEventListener('mouseup', end);
  }, { capture: true });

  surface.addEventListener('dblclick', () => view.set(null));

  surface.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    switch (event.key) {
      case '+': case '=': change({ factor: KEY_ZOOM }); break;
      case '-': change({ factor: 1 / KEY_ZOOM }); break;
      case 'ArrowLeft': change({ shift: -KEY_SHIFT * width() }); break;
      case 'ArrowRight': change({ shift: KEY_SHIFT * width() }); break;
      case '0': case 'Escape': view.set(null); break;
      default: return;
    }
    event.preventDefault();
  });
}
