/** A resumed run repeats the uninterrupted one bit for bit; a broken checkpoint is passed over. */
import { readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import { findCheckpoint, listCheckpoints } from '../../../src/engine/train/checkpoint.ts';
import { upload, type SegmentTargets } from '../../../src/engine/train/losses.ts';
import { liveTargets, StoredTargets } from '../../../src/engine/train/softTargets.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { expectClose, makeInput, makeRows, makeStage, openWasm, temporaryFolder, TINY, VOCABULARY } from './setup.ts';

const stage = makeStage({
  limits: { steps: 24 }, batch: { size: 4, accumulate: 2 }, temperature: 2, alpha: 0.7,
  optimizer: { learningRate: 0.01 }, schedule: { kind: 'cosine', warmupSteps: 5 },
  validate: { every: 3 }, checkpoint: { every: 5, keepLast: 3, best: 'validation/kl' }, earlyStop: { metric: 'validation/kl', patience: 4, minDelta: 1e-4 },
});

let backend: Backend;
let teacher: DecoderModel;
beforeAll(async () => {
  backend = await openWasm();
  teacher = createDecoder({ ...TINY, hiddenSize: 16, headDim: 8 }, 3, backend);
});
afterAll(() => backend.dispose());

const newStudent = (): DecoderModel => createDecoder(TINY, 5, backend);

describe('a run that is stopped at any step and resumed', () => {
  test.each([1, 6, 7, 11, 14])('after step %i: the same losses, gradients and validations to the last bit', async (stopAfter) => {
    const whole = await makeInput({ student: newStudent(), teacher, stage });
    const wholeResult = await trainStage(whole);
    // Early stopping is what ends it, so its state is part of what has to be carried over.
    expect(wholeResult).toMatchObject({ reason: 'early-stop', handedOn: expect.stringMatching(/^step-/) as string });
    expect(wholeResult.steps).toBeGreaterThan(stopAfter);

    const checkpoints = await temporaryFolder();
    const first = await makeInput({ student: newStudent(), teacher, stage, checkpoints, orders: { [stopAfter]: ['stop'] } });
    expect(await trainStage(first)).toMatchObject({ reason: 'stopped', steps: stopAfter });

    const { found: resume } = await findCheckpoint(checkpoints);
    const second = await makeInput({ student: await loadDecoder(resume?.folder ?? '', backend), teacher, stage, checkpoints, resume });
    expect(await trainStage(second)).toEqual(wholeResult);

    expect([...first.reporter.exact(), ...second.reporter.exact()]).toEqual(whole.reporter.exact());
    expect((await findCheckpoint(checkpoints)).found?.state).toEqual((await findCheckpoint(whole.checkpoints)).found?.state);
  });

  test('projections, a temperature schedule and another divergence are carried over as well', async () => {
    const wide = createDecoder({ ...TINY, hiddenSize: 24, headDim: 12, layers: 3 }, 4, backend);
    const inner = makeStage({
      limits: { steps: 12 }, batch: { size: 4 }, objective: 'jsd', temperature: { from: 4, to: 1, kind: 'cosine' }, weights: { kl: 0.5, ce: 0.2, hidden: 1, attention: 0.5 },
      hidden: { loss: 'cosine', embeddings: true }, optimizer: { learningRate: 0.01 }, validate: { every: 4 }, checkpoint: { every: 100 },
    });
    const whole = await makeInput({ student: newStudent(), teacher: wide, stage: inner });
    await trainStage(whole);
    const checkpoints = await temporaryFolder();
    const first = await makeInput({ student: newStudent(), teacher: wide, stage: inner, checkpoints, orders: { 5: ['stop'] } });
    await trainStage(first);
    const { found: resume } = await findCheckpoint(checkpoints);
    const second = await makeInput({ student: await loadDecoder(resume?.folder ?? '', backend), teacher: wide, stage: inner, checkpoints, resume });
    await trainStage(second);
    expect([...first.reporter.exact(), ...second.reporter.exact()]).toEqual(whole.reporter.exact());
  });

  test('a stage that was finished is not trained again, and hands on the same weights', async () => {
    const first = await makeInput({ student: newStudent(), teacher, stage });
    const result = await trainStage(first);
    const { found: resume } = await findCheckpoint(first.checkpoints);
    const second = await makeInput({ student: await loadDecoder(resume?.folder ?? '', backend), teacher, stage, checkpoints: first.checkpoints, resume });
    expect(await trainStage(second)).toEqual(result);
    expect(second.reporter.metrics).toEqual([]);
    for (const [name, weight] of first.student.weights) {
      expect(await second.student.weights.get(name)?.data()).toEqual(await weight.data());
    }
  });
});

describe('a checkpoint that is not whole', () => {
  const damages: Readonly<Record<string, (folder: string) => Promise<void>>> = {
    'a truncated model file': (folder) => truncate(path.join(folder, 'model.safetensors'), 500),
    'a flipped byte in the moments': async (folder) => {
      const file = path.join(folder, 'trainer.safetensors');
      const bytes = await readFile(file);
      bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
      await writeFile(file, bytes);
    },
    'half a trainer.json': (folder) => truncate(path.join(folder, 'trainer.json'), 40),
    'a changed number in trainer.json': async (folder) => {
      const file = path.join(folder, 'trainer.json');
      await writeFile(file, (await readFile(file, 'utf8')).replace('"position": ', '"position": 1'));
    },
  };
  test.each(Object.keys(damages))('%s: the one before it is taken, and the run ends as if nothing had happened', async (damage) => {
    const whole = await makeInput({ student: newStudent(), teacher, stage });
    await trainStage(whole);
    const checkpoints = await temporaryFolder();
    await trainStage(await makeInput({ student: newStudent(), teacher, stage, checkpoints, orders: { 11: ['stop'] } }));
    const [last = '', before] = await listCheckpoints(checkpoints);
    await damages[damage]?.(path.join(checkpoints, last));

    const { found: resume, broken } = await findCheckpoint(checkpoints);
    expect(resume?.name).toBe(before);
    expect(broken.map(({ name }) => name)).toEqual([last]);
    const resumed = await makeInput({ student: await loadDecoder(resume?.folder ?? '', backend), teacher, stage, checkpoints, resume });
    await trainStage(resumed);
    expect(resumed.reporter.exact()).toEqual(whole.reporter.exact(resume?.state.step));
    expect((await findCheckpoint(checkpoints)).broken).toEqual([]);
  });
});

describe('stored soft targets', () => {
  test('are those of the teacher run on every batch', async () => {
    const rows = makeRows(30, 4);
    const [stored, live] = [new StoredTargets(VOCABULARY), liveTargets(teacher, VOCABULARY)];
    expect(await stored.fill(teacher, rows, 7, () => false)).toBe(true);
    const batch = collate(rows.slice(3, 9).reverse(), TINY.maxPositions);
    const device = upload(batch);
    const logitsOf = (targets: readonly SegmentTargets[]) => targets.map((target) => { if (target.kind !== 'logits') throw new Error(target.kind); return target.logits; });
    const [wanted, got] = [logitsOf(live.of(batch, device, 2)), logitsOf(stored.of(batch, device))];
    expect(wanted).toHaveLength(2);
    for (const [index, { name, mask }] of device.segments.entries()) {
      const kept = batch.segments[name].kept;
      expect(got[index]?.shape).toEqual([mask.size, VOCABULARY]);
      expectClose((await got[index]?.data())?.slice(0, kept * VOCABULARY), (await wanted[index]!.data()).slice(0, kept * VOCABULARY), { absolute: 1e-6 });
    }
  });

  test('a stop while they are made is obeyed, and the run resumes as if nothing had happened', async () => {
    const whole = await makeInput({ student: newStudent(), teacher, stage });
    await trainStage(whole);
    const checkpoints = await temporaryFolder();
    const first = await makeInput({ student: newStudent(), teacher, stage, checkpoints, orders: { [-1]: ['stop'] } });
    expect(await trainStage(first)).toMatchObject({ reason: 'stopped', steps: 0 });
    expect(first.reporter.metrics).toEqual([]);
    const { found: resume } = await findCheckpoint(checkpoints);
    const second = await makeInput({ student: await loadDecoder(resume?.folder ?? '', backend), teacher, stage, checkpoints, resume });
    await trainStage(second);
    expect(second.reporter.exact(-1)).toEqual(whole.reporter.exact(-1));
  });
});
