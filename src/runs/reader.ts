/** The worker thread's entry (dist/reader.js): a MetricsReader that answers messages. */
import { parentPort } from 'node:worker_threads';
import { DistillError } from '../shared/messages.ts';
import { inProcessReader } from './metricsReader.ts';
import type { RunCurves } from './metricsReader.ts';
import type { ReaderAnswer, ReaderCall } from './readerClient.ts';

const reader = inProcessReader();

async function answer(call: ReaderCall): Promise<{ readonly value: unknown; readonly transfer: readonly ArrayBuffer[] }> {
  switch (call.method) {
    case 'facts': return { value: await reader.facts(...call.args), transfer: [] };
    case 'snapshot': return withBuffers(await reader.snapshot(...call.args));
    case 'range': return withBuffers(await reader.range(...call.args));
    case 'since': return withBuffers(await reader.since(...call.args));
    case 'csv': {
      const bytes = await reader.csv(...call.args);
      // A small Buffer is a part of Node's pool, which can't be given away.
      const own = new Uint8Array(bytes);
      return { value: own, transfer: [own.buffer] };
    }
    case 'close': return { value: await reader.close(...call.args), transfer: [] };
  }
}

function withBuffers(value: RunCurves | null): { readonly value: unknown; readonly transfer: readonly ArrayBuffer[] } {
  const columns = (value?.curves ?? []).flatMap(({ columns: { steps, times, tokens, values }, smoothed }) => [steps, times, tokens, values, ...(smoothed === null ? [] : [smoothed])]);
  return { value, transfer: columns.map((column) => column.buffer as ArrayBuffer) };
}

function plainError(error: unknown): Extract<ReaderAnswer, { error: unknown }>['error'] {
  if (error instanceof DistillError) return { message: error.message, code: error.code, data: error.data };
  return { message: error instanceof Error ? error.message : String(error) };
}

parentPort?.on('message', (call: ReaderCall) => {
  answer(call).then(
    ({ value, transfer }) => parentPort?.postMessage({ id: call.id, value } satisfies ReaderAnswer, transfer),
    (error: unknown) => parentPort?.postMessage({ id: call.id, error: plainError(error) } satisfies ReaderAnswer),
  );
});
