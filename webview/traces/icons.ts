/** Icons on a 16 × 16 grid; drawn for this page. */
export const ICONS = {
  previous: 'M10.200 3.200l.9.9L7.200 8l3.900 3.900l-.9.9L5.400 8z',
  next: 'M5.800 3.200l-.9.9L8.800 8l-3.900 3.900l.9.9L10.600 8z',
  filter: 'M2 3h12v1.300L9.400 9v4.200L6.600 12V9L2 4.300zM3.700 4.200L7.700 8.500v2.700l.6.3v-3L12.300 4.200z',
  diff: 'M2 2.500h5v11H2zM3.200 3.700v8.600h2.600V3.700zM9 2.500h5v11H9zM10.200 3.700v8.600h2.600V3.700z',
} as const;
