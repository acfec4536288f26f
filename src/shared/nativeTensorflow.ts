/** What is told of native TensorFlow: where it was looked for, and how setting it up goes. The command line prints it as JSON, the extension reads it. */
import * as z from 'zod';

/** The variable DISTILL_TENSORFLOW, which alone is asked where it is set; else what `distill setup` keeps, then an installed Python. */
export const TENSORFLOW_SOURCES = ['environment', 'setup', 'python'] as const;
export type TensorflowSource = (typeof TENSORFLOW_SOURCES)[number];

const data = z.record(z.string(), z.union([z.string(), z.number()]));

/** A code with its data: a sentence in both languages stands in messagesTensorflow.ts. */
const problem = z.object({ code: z.string(), data });

export const tensorflowCandidate = z.object({
  source: z.enum(TENSORFLOW_SOURCES),
  /** Null where there is none. */
  folder: z.string().nullable(),
  /** Null where the library wasn't opened. */
  version: z.string().nullable(),
  /** Why it was passed over; null for the one that is taken. */
  problem: problem.nullable(),
});
export type TensorflowCandidate = z.output<typeof tensorflowCandidate>;

/** Up to the one that is taken, or all of them. */
export const tensorflowFindings = z.object({ candidates: z.array(tensorflowCandidate) });
export type TensorflowFindings = z.output<typeof tensorflowFindings>;

const selfCheck = z.object({ backend: z.string(), outcome: z.enum(['taken', 'unavailable', 'wrong', 'not-tried']), detail: z.string() });

/** What would be downloaded. */
export const tensorflowOffer = z.object({
  version: z.string(),
  gpu: z.boolean(),
  /** The wheel's file name. */
  file: z.string(),
  downloadBytes: z.number(),
  /** What lies on the disk afterwards. */
  installedBytes: z.number(),
  licence: z.string(),
  index: z.string(),
  folder: z.string(),
});
export type TensorflowOffer = z.output<typeof tensorflowOffer>;

/** What `distill setup tensorflow --json` prints, one object a line; the last is `offer`, `done`, `removed` or `failed`. */
export const setupEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('found'), findings: tensorflowFindings, checked: selfCheck.nullable() }),
  z.object({ kind: z.literal('offer'), offer: tensorflowOffer }),
  z.object({ kind: z.literal('progress'), part: z.enum(['download', 'verify', 'unpack', 'check']), done: z.number(), total: z.number(), secondsLeft: z.number().nullable() }),
  z.object({ kind: z.literal('done'), version: z.string(), folder: z.string(), checked: selfCheck }),
  z.object({ kind: z.literal('removed'), folders: z.array(z.string()), bytes: z.number() }),
  z.object({ kind: z.literal('failed'), code: z.string(), data, message: z.string() }),
]);
export type SetupEvent = z.output<typeof setupEvent>;
export type SetupProgress = Omit<Extract<SetupEvent, { readonly kind: 'progress' }>, 'kind'>;
