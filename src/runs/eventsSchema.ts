/**
 * The events as a schema, for readers and engines in other languages (docs/run-events.schema.json) and for tests that hold
 * an engine to it. Reading a run doesn't pass through it: parseEvent is many times faster and lets newer versions through.
 */
import { z } from 'zod';
import type { RunEvent } from '../shared/events.ts';
import type { ErrorCode, WarningCode } from '../shared/messages.ts';

const count = z.int().min(0);
const common = { seq: count, at: z.number() };
const values = z.record(z.string(), z.number().nullable());
const data = z.record(z.string(), z.union([z.string(), z.number()]));
const process = z.object({ pid: count, startToken: z.string(), host: z.string() });
const backend = z.enum(['tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm', 'cpu']);
const role = z.enum(['teacher', 'student']);
const share = z.number().min(0).max(1);

/** Codes grow with every version: any text is taken. */
const errorCode = z.string() as unknown as z.ZodType<ErrorCode>;
const warningCode = z.string() as unknown as z.ZodType<WarningCode>;

const score = z.object({
  role, examples: count, right: count, accuracy: share, low: share, high: share, tokensPerSecond: z.number(), parameters: count,
});

const spend = z.object({
  teacher: z.string(), currency: z.string().nullable(), money: z.number().nullable(), reservedMoney: z.number().nullable(), moneyCap: z.number().nullable(),
  tokens: count, reservedTokens: count, tokenCap: count.nullable(), inFlight: count, concurrency: count,
});

export const runEvent = z.discriminatedUnion('kind', [
  z.object({ ...common, kind: z.literal('queued'), process, device: z.string(), holder: z.string().nullable() }),
  z.object({
    ...common, kind: z.literal('started'), process, engine: z.string(), backend: backend.nullable(), device: z.string(), threads: count,
    attempts: z.array(z.object({ backend, outcome: z.enum(['taken', 'unavailable', 'wrong', 'not-tried']), detail: z.string() })),
    resumedFrom: z.object({ stage: count, step: count }).nullable(),
  }),
  z.object({
    ...common, kind: z.literal('stage'), stage: count, name: z.string(), type: z.enum(['collect', 'train', 'reinforce', 'evaluate', 'export']),
    state: z.enum(['begin', 'end', 'skipped']), total: z.number().nullable(), reason: z.string().exactOptional(),
    parent: z.string().nullable().exactOptional(), checkpoint: z.string().nullable().exactOptional(), values: values.exactOptional(),
  }),
  z.object({
    ...common, kind: z.literal('gate'), stage: count, step: count, when: z.enum(['entry', 'exit']), metric: z.string(), value: z.number().nullable(),
    min: z.number().nullable(), max: z.number().nullable(), passed: z.boolean(), action: z.enum(['stop', 'continue', 'best']).nullable(), checkpoint: z.string().nullable(),
  }),
  z.object({ ...common, kind: z.literal('metric'), stage: count, step: count, tokens: count, values }),
  z.object({ ...common, kind: z.literal('progress'), stage: count, what: z.string(), done: z.number(), total: z.number() }),
  z.object({
    ...common, kind: z.literal('collect'), stage: count, part: z.enum(['read', 'clean', 'ask', 'verify', 'augment', 'mix', 'write']),
    done: count, total: count.nullable(), kept: count, cached: count, failed: count, spend: spend.nullable(),
  }),
  z.object({
    ...common, kind: z.literal('trace'), id: z.string(), role, example: z.string(), verdict: z.enum(['right', 'wrong', 'unknown']), offset: count, bytes: count,
  }),
  z.object({ ...common, kind: z.literal('checkpoint'), stage: count, step: count, name: z.string(), best: z.boolean(), values }),
  z.object({ ...common, kind: z.literal('checkpoint-removed'), name: z.string() }),
  z.object({
    ...common, kind: z.literal('evaluation'), stage: count, step: count, report: z.string(), models: z.array(score),
    retention: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable(),
  }),
  z.object({ ...common, kind: z.literal('warning'), code: warningCode, data }),
  z.object({ ...common, kind: z.literal('beat') }),
  z.object({ ...common, kind: z.literal('acknowledged'), order: z.string(), accepted: z.boolean() }),
  z.object({
    ...common, kind: z.literal('ended'), outcome: z.enum(['done', 'stopped', 'failed']),
    code: errorCode.exactOptional(), data: data.exactOptional(),
  }),
]);

/** Does not compile when the schema and the types of src/shared/events.ts part. */
type Held = z.output<typeof runEvent> extends RunEvent ? (RunEvent['kind'] extends z.output<typeof runEvent>['kind'] ? true : never) : never;
export const schemaHoldsTheTypes: Held = true;

/** JSON Schema of one line of events.jsonl. */
export function eventsJsonSchema(): unknown {
  return { title: 'A line of events.jsonl', ...z.toJSONSchema(runEvent) };
}
