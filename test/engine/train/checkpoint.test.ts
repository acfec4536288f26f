/** A checkpoint is what it says, in whatever order its writer put its words. */
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { findCheckpoint, writeCheckpoint, type TrainerState } from '../../../src/engine/train/checkpoint.ts';
import { openCpu, temporaryFolder, TINY } from './setup.ts';

let backend: Backend;
beforeAll(async () => { backend = await openCpu(); });
afterAll(() => backend.dispose());

const STATE: TrainerState = {
  stage: 0, stageName: 'train', step: 3, tokens: 40, stageStep: 3, parent: null, sampler: { epoch: 0, position: 12 }, earlyStop: null, best: null, validation: { 'validation/ce': 2.5 }, finished: null,
};

it('is found again though its state was put together in another order than the file has it', async () => {
  const checkpoints = path.join(await temporaryFolder(), 'checkpoints');
  const student = createDecoder(TINY, 1, backend);
  const reversed = Object.fromEntries(Object.entries(STATE).reverse()) as unknown as TrainerState;
  await writeCheckpoint(checkpoints, reversed, student, { moments: new Map(), more: new Map() }, undefined);
  const { found, broken } = await findCheckpoint(checkpoints);
  expect(broken).toEqual([]);
  expect(found?.state).toEqual(STATE);
  student.dispose();
});
