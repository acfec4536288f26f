import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventsJsonSchema, runEvent } from '../../../src/runs/eventsSchema.ts';
import { metric, numbered, started } from '../../fixtures/runs.ts';

describe('the schema of events', () => {
  it('is the one that docs/run-events.schema.json gives to other languages (renewed by vitest -u)', async () => {
    await expect(`${JSON.stringify(eventsJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(path.resolve('docs/run-events.schema.json'));
  });

  it('takes what an engine writes and refuses what it must not', () => {
    for (const event of numbered([started(), metric(3, { 'train/loss': null }), { kind: 'ended', outcome: 'done' }])) expect(runEvent.parse(event)).toEqual(event);
    expect(runEvent.safeParse({ seq: 0, at: 1, kind: 'metric', stage: 0, step: 1, tokens: 1, values: { loss: 'NaN' } }).success).toBe(false);
    expect(runEvent.safeParse({ seq: 0, at: 1, kind: 'ended', outcome: 'lost' }).success).toBe(false);
    expect(runEvent.safeParse({ seq: -1, at: 1, kind: 'beat' }).success).toBe(false);
  });
});
