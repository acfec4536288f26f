/** Icons on a 16 × 16 grid; drawn for this panel. */
import type { RunAction, RunStatus } from '../../src/shared/panel.ts';

export const STATUS_ICONS: Readonly<Record<RunStatus, string>> = {
  queued: 'M4 2h8v1l-1 0v2.2L8.9 8L11 10.8V13h1v1H4v-1h1v-2.2L7.1 8L5 5.2V3H4zM6 3v1.9L8 7.4l2-2.5V3zm2 5.600l-2 2.500V13h4v-1.900z',
  starting: 'M8 2a6 6 0 1 0 6 6h-1.300A4.700 4.700 0 1 1 8 3.300z',
  running: 'M5 3.200v9.600l8-4.800z',
  stopping: 'M4 4h8v8H4zM5.200 5.200v5.600h5.600V5.200z',
  done: 'M6.500 12.200L2.600 8.300l.9-.9l3 3l6-6.600l1 .9z',
  stopped: 'M4 4h8v8H4z',
  failed: 'M8 7.100l3.500-3.500l.9.9L8.900 8l3.500 3.500l-.9.9L8 8.900l-3.500 3.500l-.9-.9L7.100 8L3.600 4.500l.9-.9z',
  lost: 'M7.300 11h1.400v1.400H7.300zM8 3.400c1.900 0 3.200 1.100 3.200 2.700c0 1.300-.7 2-1.500 2.600c-.7.500-1 .8-1 1.400H7.400c0-1.300.7-1.900 1.400-2.400c.6-.5 1-.8 1-1.600c0-.9-.7-1.400-1.800-1.400c-1.200 0-1.900.6-2 1.700H4.700c.1-1.800 1.400-3 3.300-3z',
};

export const ACTION_ICONS: Readonly<Record<RunAction, string>> = {
  stop: 'M3.500 3.500h9v9h-9zM4.700 4.700v6.600h6.600V4.700z',
  resume: 'M3 3h1.300v10H3zM6 3.100v9.800L13.500 8zM7.300 5.400L11.200 8l-3.900 2.600z',
  review: 'M2 3.400h1.600v1.600H2zM5 3.600h9v1.200H5zM2 7.200h1.600v1.600H2zM5 7.400h9v1.200H5zM2 11h1.600v1.600H2zM5 11.200h9v1.200H5z',
  log: 'M3 2h7l3 3v9H3zM4.200 3.200v9.600h7.600V5.600H9.400V3.200zM5.500 7.300h5v1h-5zM5.500 9.600h5v1h-5z',
  diff: 'M2 2.500h5v11H2zM3.200 3.700v8.600h2.600V3.700zM9 2.500h5v11H9zM10.200 3.700v8.600h2.600V3.700z',
  reveal: 'M2 3.500h4.500l1.200 1.300H14v8.200H2zM3.200 4.700v7.100h9.600V6H7.200L6 4.700z',
};
