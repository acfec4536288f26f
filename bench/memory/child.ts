/** One case in a process of its own: the stage is trained for a few steps, and what the process held at most is told. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openBackend } from '../../src/engine/backend/open.ts';
import type { EncodedRow } from '../../src/engine/data/contract.ts';
import { createDecoder, quantisedDecoder } from '../../src/engine/model/decoder.ts';
import { withFrozen } from '../../src/engine/model/freeze.ts';
import { withNewAdapter } from '../../src/engine/model/lora.ts';
import { tf } from '../../src/engine/tf.ts';
import { trainStage } from '../../src/engine/train/trainer.ts';
import type { BackendName } from '../../src/shared/events.ts';
import type { MemoryCase } from './cases.ts';

export interface Measured {
  /** Bytes of the whole process at most, and as it was before there was a model. */
  readonly peak: number;
  readonly before: number;
  /** Bytes that TensorFlow.js knew of at most; a recorded step's own are not among them. */
  readonly tensors: number;
}

/** Kibibytes, as Node gives it on every system. */
const maxRss = (): number => process.resourceUsage().maxRSS * 1024;

export async function measureCase({ student: sizes, teacher: ofTeacher, stage, rows, validation, length, kept }: MemoryCase, name: BackendName, threads: number): Promise<Measured> {
  const backend = await openBackend({ backend: name, threads });
  const before = maxRss();
  const peakTensors = watchTensors();
  let student = createDecoder(sizes, 1, backend);
  if (stage.quantise === 'int8') student = quantisedDecoder(student);
  if (stage.lora !== undefined) student = withNewAdapter(student, stage.lora, 1, { base: '', baseDigest: '' });
  if (stage.freeze !== undefined) student = withFrozen(student, stage.freeze);
  const teacher = ofTeacher === null ? null : createDecoder(ofTeacher, 2, backend);
  const made = (count: number): EncodedRow[] => Array.from({ length: count }, (_, row): EncodedRow => ({
    row, file: 'made', ids: Int32Array.from({ length: length + 1 }, (__, at) => 2 + (at * 7 + row) % (sizes.vocabSize - 2)), promptLength: length + 1 - kept, answerStart: length + 1 - Math.ceil(kept / 4), ended: true,
  }));
  const checkpoints = await mkdtemp(path.join(tmpdir(), 'distill-memory-'));
  try {
    await trainStage({
      stage, stageIndex: 0, seed: 1, student, teacher, vocabulary: sizes.vocabSize, train: made(rows), validation: made(validation), checkpoints, targets: { folder: path.join(checkpoints, 'targets'), name: 'teacher', source: 'made' },
      evaluate: null, before: { steps: 0, tokens: 0 }, resume: null, control: { poll: () => [] },
      reporter: { metric: nothing, checkpoint: nothing, checkpointRemoved: nothing, progress: nothing, warning: nothing, acknowledged: nothing, gate: nothing },
    });
  } finally {
    await rm(checkpoints, { recursive: true, force: true });
  }
  const measured = { peak: maxRss(), before, tensors: peakTensors() };
  await backend.dispose();
  return measured;
}

function nothing(): void {
  // Only the memory is asked for.
}

/** Follows what tensors hold at once. */
function watchTensors(): () => number {
  const engine = tf.engine() as unknown as { trackTensor(...args: unknown[]): void; readonly state: { readonly numBytes: number } };
  const track = engine.trackTensor;
  let peak = engine.state.numBytes;
  engine.trackTensor = (...args) => {
    track.apply(engine, args);
    peak = Math.max(peak, engine.state.numBytes);
  };
  return () => peak;
}
