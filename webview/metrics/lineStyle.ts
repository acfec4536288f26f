/** How curves are told apart: by colour, and without colour by dash and marker. */

export type Marker = 'circle' | 'square' | 'triangle' | 'diamond' | 'cross' | 'plus';

export interface LineStyle {
  /** Index into the theme's series colours. */
  readonly colour: number;
  /** Lengths of dash and gap in CSS pixels; empty: solid. */
  readonly dash: readonly number[];
  readonly marker: Marker;
}

const MARKERS: readonly Marker[] = ['circle', 'square', 'triangle', 'diamond', 'cross', 'plus'];
const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 2], [9, 3, 2, 3], [4, 2], [14, 4], [9, 3, 2, 3, 2, 3], [1, 3]];
const COLOURS = 6;

/**
 * One run: each metric has its colour, dash and marker. Several: colour and marker are the run's, the dash is the
 * metric's, so that a run is recognised over all charts; where a chart has one metric only, the dash is the run's too.
 */
export function lineStyle(run: number, metric: number, runs: number, metrics: number): LineStyle {
  const main = runs > 1 ? run : metric;
  const dash = runs > 1 && metrics > 1 ? metric : main;
  // Once colours and markers begin again, the dash is another one than in the first round.
  const round = Math.floor(main / COLOURS);
  return { colour: main % COLOURS, marker: at(MARKERS, main), dash: at(DASHES, dash === main ? dash : dash + 3 * round) };
}

function at<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T;
}
