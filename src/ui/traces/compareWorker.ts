/** A thread that aligns one pair of long traces, so that the extension host goes on answering. Its own bundle. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Trace } from '../../shared/trace.ts';
import { compareTraces } from '../../shared/traceComparison.ts';

const [teacher, student] = workerData as readonly [Trace | null, Trace | null];
parentPort?.postMessage(compareTraces(teacher, student));
