/** Shapes on a 16 × 16 grid. */
export const ICONS = {
  stop: 'M4 4h8v8H4z',
  resume: 'M3 3h2v10H3zM6.5 3l7 5-7 5z',
  compare: 'M1 13h14v1H1zM2 11l3.5-5 3 3L13 3l.8.6-5.2 6.9-3-3L2.8 11.6z',
  use: 'M2 3h6v1H3v9h9V8h1v6H2zM13.5 1.8l.7.7-6 6L6.5 9l.5-1.7z',
} as const;
