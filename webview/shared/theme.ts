/** The editor's theme as canvas needs it: CSS does not reach into a canvas, so its colours are read and watched. */

export interface Theme {
  readonly foreground: string;
  readonly muted: string;
  readonly background: string;
  readonly grid: string;
  readonly border: string;
  readonly warning: string;
  readonly accent: string;
  /** A veil that tells one stretch of a chart from the next; and what is passed or missed. */
  readonly band: string;
  readonly good: string;
  readonly bad: string;
  readonly font: string;
  readonly fontSize: number;
  /** Six colours that tell series apart, in the order in which they are handed out. */
  readonly series: readonly string[];
}

/** Blue and orange first: the pair that most colour-blind people tell apart. Red last: it reads as an error. */
const SERIES_COLOURS = ['blue', 'orange', 'green', 'purple', 'yellow', 'red'];

export function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const colour = (...names: readonly string[]): string => {
    for (const name of names) {
      const value = style.getPropertyValue(`--vscode-${name}`).trim();
      if (value !== '') return value;
    }
    return style.color;
  };
  const foreground = colour('foreground', 'editor-foreground');
  return {
    foreground,
    muted: colour('descriptionForeground', 'foreground'),
    background: colour('editor-background'),
    // The theme's own lines are as strong as text; a grid stays behind the curves.
    grid: `color-mix(in srgb, ${foreground} 13%, transparent)`,
    border: colour('contrastBorder', 'widget-border', 'panel-border'),
    warning: colour('editorWarning-foreground', 'charts-yellow'),
    accent: colour('focusBorder'),
    band: `color-mix(in srgb, ${foreground} 6%, transparent)`,
    good: colour('testing-iconPassed', 'charts-green'),
    bad: colour('errorForeground', 'charts-red'),
    font: colour('font-family') || 'sans-serif',
    fontSize: Number.parseFloat(style.getPropertyValue('--vscode-font-size')) || 13,
    series: SERIES_COLOURS.map((name) => opaque(colour(`charts-${name}`))),
  };
}

/** Some themes give the charts' orange through the colour of a search mark, which is meant to lie over text: nearly clear. */
function opaque(colour: string): string {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (context === null) return colour;
  context.fillStyle = colour;
  // A canvas gives colours back as #rrggbb, or as rgba(r, g, b, alpha) when they are not opaque.
  return String(context.fillStyle).replace(/^rgba\((.*),\s*[\d.]+\)$/, 'rgb($1)');
}

/** Hands the series' colours to the styles, as `--series-0` and so on: legend and canvas show the same. */
export function applySeriesColours({ series }: Theme): void {
  series.forEach((colour, index) => document.body.style.setProperty(`--series-${index}`, colour));
}

/** Calls back when the person switches theme: VS Code rewrites the variables on <html> and the classes of <body>. */
export function watchTheme(changed: (theme: Theme) => void): void {
  let asked = false;
  const observer = new MutationObserver(() => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      changed(readTheme());
    });
  });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
}
