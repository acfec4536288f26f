/** What a person reads of a gate that was missed. */
import { expect, test } from 'vitest';
import type { MessageData } from '../../../src/shared/events.ts';
import { endOfStage, mayEnter } from '../../../src/engine/train/gate.ts';

test('a missed value is told in as many digits as metrics are; the event has all of them', async () => {
  const value = 1.548837652347358;
  const [told, judged]: [MessageData[], (number | null)[]] = [[], []];
  const reporter = { gate: (gate: { readonly value: number | null }) => { judged.push(gate.value); }, warning: (_: string, data?: MessageData) => { told.push(data ?? {}); } };
  const values = { 'validation/ce': value };
  const bounds = { metric: 'validation/ce', max: 1 } as const;
  await mayEnter({ stage: { name: 's', entry: bounds }, step: 0, known: values, evaluate: null, last: true, reporter });
  await endOfStage({ stage: { name: 's', gate: { ...bounds, onMiss: 'stop' } }, step: 1, last: { name: 'c', values }, best: null, known: {}, evaluate: null, takeWeights: () => Promise.resolve(), reporter });
  expect(told.map((data) => data['value'])).toEqual(['1.549', '1.549']);
  expect(judged).toEqual([value, value]);
});
