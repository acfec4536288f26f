/** Rows that count more or less: the losses, their gradients and what a step does are those of rows repeated as often. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import { FeatureMatching } from '../../../src/engine/train/features.ts';
import { LossTotals, readScalars } from '../../../src/engine/train/lossValues.ts';
import type { Objective } from '../../../src/engine/train/losses.ts';
import { AdamW } from '../../../src/engine/train/optimizer.ts';
import { liveTargets } from '../../../src/engine/train/softTargets.ts';
import { gradientsOf, optimiserStep } from '../../../src/engine/train/step.ts';
import { countsOf } from '../../../src/engine/train/features.ts';
import { validate } from '../../../src/engine/train/validation.ts';
import { expectClose, makeRows, makeStage, openWasm, TINY, VOCABULARY } from './setup.ts';

let backend: Backend;
let teacher: DecoderModel;
beforeAll(async () => {
  backend = await openWasm();
  teacher = createDecoder({ ...TINY, hiddenSize: 16, headDim: 8 }, 3, backend);
});
afterAll(() => backend.dispose());
const newStudent = (): DecoderModel => createDecoder(TINY, 5, backend);

const OBJECTIVE: Objective = { weights: { kl: 0.6, ce: 0.3, mse: 0.2, hidden: 0.5, attention: 0.4, uld: 0 }, divergence: { kind: 'jsd', beta: 0.5 }, temperature: 2, vocabulary: VOCABULARY };
const stage = makeStage({ objective: 'jsd', temperature: 2, weights: { kl: 0.6, ce: 0.3, mse: 0.2, hidden: 0.5, attention: 0.4 }, optimizer: { learningRate: 0.01 } });
const [a, b, c] = makeRows(3, 8) as [EncodedRow, EncodedRow, EncodedRow];
/** a counts twice as much as b, c half as much: in quarters 4, 2, 1. */
const weighted: readonly EncodedRow[] = [{ ...a, weight: 1 }, { ...b, weight: 0.5 }, { ...c, weight: 0.25 }];
const repeated: readonly EncodedRow[] = [a, a, a, a, b, b, c];

async function lossesOf(rows: readonly EncodedRow[]) {
  const student = newStudent();
  const features = FeatureMatching.of(stage, teacher, student, 1);
  const batch = collate(rows, TINY.maxPositions);
  const { gradients, scalars } = gradientsOf(student, liveTargets(teacher, VOCABULARY), OBJECTIVE, batch, batch.weight, features, countsOf([batch]));
  const totals = new LossTotals(OBJECTIVE, true, features);
  totals.add(batch, (await readScalars([scalars]))[0] ?? []);
  return { values: totals.values(), gradients };
}

test('losses and gradients are those of the rows repeated, for every term', async () => {
  const [own, wanted] = [await lossesOf(weighted), await lossesOf(repeated)];
  for (const [name, value] of Object.entries(wanted.values)) {
    if (value === null) expect((own.values as unknown as Record<string, unknown>)[name]).toBeNull();
    else expect((own.values as unknown as Record<string, number>)[name], name).toBeCloseTo(value as number, 5);
  }
  for (const [name, gradient] of wanted.gradients) expectClose(await own.gradients.get(name)?.data(), await gradient.data(), { relative: 1e-4, absolute: 2e-6, what: name });
});

test('a step of several passes is that of one: the weights of the whole batch divide', async () => {
  const step = async (groups: readonly (readonly EncodedRow[])[]) => {
    const student = newStudent();
    const optimizer = new AdamW(backend.ops, student.trainable, stage.optimizer);
    const objective = { ...OBJECTIVE, weights: { ...OBJECTIVE.weights, hidden: 0, attention: 0 } };
    const values = await optimiserStep({ student, targets: liveTargets(teacher, VOCABULARY), objective, optimizer, batches: groups.map((rows) => collate(rows, TINY.maxPositions)), learningRate: 0.01 });
    optimizer.dispose();
    return { values, student };
  };
  const [whole, parts] = [await step([weighted]), await step(weighted.map((row) => [row]))];
  expect(parts.values?.loss).toBeCloseTo(whole.values?.loss ?? NaN, 6);
  for (const [name, weight] of whole.student.weights) expectClose(await parts.student.weights.get(name)?.data(), await weight.data(), { absolute: 1e-4, what: name });
  // What a row lost is told without its weight: a spike is a spike.
  const lossOf = (rows: readonly { readonly row: EncodedRow; readonly ce: number }[] | undefined, row: EncodedRow): number => rows?.find((each) => each.row.row === row.row)?.ce ?? NaN;
  const plain = await step([[a, b, c]]);
  for (const row of [a, b, c]) expect(lossOf(whole.values?.rows, row)).toBeCloseTo(lossOf(plain.values?.rows, row), 4);
});

test('validation counts them alike', async () => {
  const student = newStudent();
  const of = (rows: readonly EncodedRow[]) => validate(student, liveTargets(teacher, VOCABULARY), null, { ...OBJECTIVE, weights: { ...OBJECTIVE.weights, hidden: 0, attention: 0 } }, [collate(rows, TINY.maxPositions)], () => undefined);
  const [own, wanted] = [await of(weighted), await of(repeated)];
  for (const [name, value] of Object.entries(wanted)) expect(own[name], name).toBeCloseTo(value ?? NaN, 5);
});
