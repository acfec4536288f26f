import type { Curve } from './columns.ts';

/** How many average distances of points the shown width counts as: one smoothing looks the same at every zoom and thinning. */
const WIDTH_IN_POINTS = 1000;

/**
 * Running average with a weight that fades with the distance in x, not with the number of points, so that thinned and
 * exact stretches of a curve are smoothed alike; divided by its own weight, so that the start is not drawn towards zero
 * (the correction of Adam: Kingma and Ba 2015, section 3). `weight` 0 to below 1; `width`: the x range that is shown.
 */
export function smooth({ x, y }: Curve, weight: number, width: number): Curve {
  const averaged = new Float64Array(y.length);
  const perUnit = width > 0 ? WIDTH_IN_POINTS / width : 0;
  // The square root spreads the useful part of the slider: most of the visible change lies near 1.
  const base = Math.min(Math.sqrt(weight), 0.999);
  let sum = 0;
  let total = 0;
  let last = Number.NaN;
  for (let i = 0; i < y.length; i += 1) {
    const value = y[i] ?? Number.NaN;
    if (Number.isNaN(value)) {
      averaged[i] = Number.NaN;
      continue;
    }
    const at = x[i] ?? 0;
    const fade = Number.isNaN(last) ? 0 : base ** Math.max((at - last) * perUnit, 0);
    sum = sum * fade + value;
    total = total * fade + 1;
    averaged[i] = sum / total;
    last = at;
  }
  return { x, y: averaged };
}
