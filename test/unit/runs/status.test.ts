import { describe, expect, it } from 'vitest';
import type { EndedEvent, QueuedEvent, StartedEvent } from '../../../src/shared/events.ts';
import { decideStatus, SILENCE_MS } from '../../../src/runs/status.ts';
import type { StatusEvidence } from '../../../src/runs/status.ts';
import { SOMEBODY, numbered, started } from '../../fixtures/runs.ts';

const start = numbered([started()])[0] as StartedEvent;
const queue = { seq: 0, at: 0, kind: 'queued', process: SOMEBODY, device: 'cpu', holder: null } satisfies QueuedEvent;
const ended = (outcome: EndedEvent['outcome']): EndedEvent => ({ seq: 0, at: 0, kind: 'ended', outcome });
const none = { ended: null, started: null, queued: null, process: null };
const running = { ...none, started: start, process: SOMEBODY };
const queued = { ...none, queued: queue, process: SOMEBODY };

describe('the status of a run', () => {
  it.each<[string, Partial<StatusEvidence>, string]>([
    ['what it said when it ended: done', { facts: { ...running, ended: ended('done') }, engine: 'dead' }, 'done'],
    ['what it said when it ended: stopped', { facts: { ...running, ended: ended('stopped') }, engine: 'dead' }, 'stopped'],
    ['what it said when it ended: failed', { facts: { ...running, ended: ended('failed') }, engine: 'dead' }, 'failed'],
    ['its end even if its engine still tidies up', { facts: { ...running, ended: ended('done') }, engine: 'alive' }, 'done'],
    ['starting, before the first event, while there is an engine', { facts: none, engine: 'alive', silentMs: SILENCE_MS }, 'starting'],
    ['starting, before there is an engine, for a minute', { facts: none, engine: null, silentMs: SILENCE_MS - 1 }, 'starting'],
    ['lost, when no engine came up', { facts: none, engine: null, silentMs: SILENCE_MS }, 'lost'],
    ['queued while it waits', { facts: queued, engine: 'alive' }, 'queued'],
    ['running', { facts: running, engine: 'alive' }, 'running'],
    ['running even if silent, when its engine is here and lives', { facts: running, engine: 'alive', silentMs: SILENCE_MS * 10 }, 'running'],
    ['lost at once, when its engine was here and is dead', { facts: running, engine: 'dead' }, 'lost'],
    ['lost, when it died in the queue', { facts: queued, engine: 'dead' }, 'lost'],
    ['running on another host while it beats', { facts: running, engine: 'unknown', silentMs: SILENCE_MS - 1 }, 'running'],
    ['lost on another host after a minute without a beat', { facts: running, engine: 'unknown', silentMs: SILENCE_MS }, 'lost'],
    ['stopping after the order', { facts: running, engine: 'alive', stopOrdered: true }, 'stopping'],
    ['stopping in the queue after the order', { facts: queued, engine: 'alive', stopOrdered: true }, 'stopping'],
    ['stopped, not lost, when the order had to be forced', { facts: running, engine: 'dead', stopOrdered: true }, 'stopped'],
  ])('is %s', (_name, evidence, expected) => {
    expect(decideStatus({ facts: running, engine: 'alive', silentMs: 0, stopOrdered: false, ...evidence })).toBe(expected);
  });
});
