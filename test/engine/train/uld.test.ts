/** Cross-tokenizer distillation: spans, loss and gradients against PyTorch, and what must hold whatever the models say. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import { rowEncoder } from '../../../src/engine/data/encode.ts';
import { otherReading } from '../../../src/engine/data/otherReading.ts';
import { alignSpans } from '../../../src/engine/data/spans.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { decoderFrom } from '../../../src/engine/model/decoder.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { Random } from '../../../src/engine/model/random.ts';
import { loadTokenizer } from '../../../src/engine/model/tokenizer.ts';
import { tf } from '../../../src/engine/tf.ts';
import { collate, collatePacked } from '../../../src/engine/train/batch.ts';
import { findCheckpoint } from '../../../src/engine/train/checkpoint.ts';
import { countsOf, FeatureMatching } from '../../../src/engine/train/features.ts';
import { LossTotals, readScalars } from '../../../src/engine/train/lossValues.ts';
import { objectiveOf } from '../../../src/engine/train/objective.ts';
import { AdamW } from '../../../src/engine/train/optimizer.ts';
import { RecordedSteps } from '../../../src/engine/train/recordedStep.ts';
import { gradientsOf, optimiserStep } from '../../../src/engine/train/step.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { sortedSpans, spanArrays, uldSum, uploadSpans, type OtherTeacher } from '../../../src/engine/train/uld.ts';
import { UldMatching } from '../../../src/engine/train/uldTargets.ts';
import { BACKENDS, expectClose, makeInput, makeStage, openFor, temporaryFolder, TINY } from './setup.ts';

interface FixtureModel {
  readonly config: Readonly<Record<string, number>>;
  readonly vocabulary: number;
  readonly head?: number;
  readonly weights: Readonly<Record<string, number[] | number[][]>>;
}
interface Fixture {
  readonly rows: readonly { readonly prompt: string; readonly answer: string; readonly ids: readonly number[]; readonly promptLength: number; readonly otherIds: readonly number[]; readonly spans: readonly number[][] }[];
  readonly student: FixtureModel;
  readonly teacher: FixtureModel;
  readonly cases: readonly {
    readonly k: number; readonly temperature: number; readonly weights: { readonly uld: number; readonly ce: number };
    readonly values: { readonly uld: number; readonly ce: number }; readonly loss: number; readonly gradients: Readonly<Record<string, number[] | number[][]>>;
  }[];
}
const at = (name: string): string => fileURLToPath(new URL(`../../fixtures/torch/${name}`, import.meta.url));
const fixture = JSON.parse(readFileSync(at('uld.json'), 'utf8')) as Fixture;

const rows: readonly EncodedRow[] = fixture.rows.map(({ ids, promptLength, otherIds, spans }, row) => ({
  row, file: 'fixture.jsonl', ids: Int32Array.from(ids), promptLength, answerStart: promptLength, ended: true,
  readings: { other: { ids: Int32Array.from(otherIds), spans: Int32Array.from(spans.flat()) } },
}));

function modelOf({ config, vocabulary, head, weights }: FixtureModel, backend: Backend): DecoderModel {
  const number = (field: string): number => config[field] ?? NaN;
  return decoderFrom({
    ...TINY, vocabSize: head ?? vocabulary, hiddenSize: number('hidden_size'), intermediateSize: number('intermediate_size'),
    layers: number('num_hidden_layers'), heads: number('num_attention_heads'), kvHeads: number('num_key_value_heads'), headDim: number('head_dim'),
  }, backend, (name) => Float32Array.from(weights[name]?.flat() ?? []));
}

describe('spans', () => {
  test('both sides’ tokens are grouped until they end at the same place; half a character ends nowhere', () => {
    // "ab cd": a|b| cd  and  ab| |cd
    expect(alignSpans([1, 2, 5], [2, 3, 5], 5)).toEqual([0, 2, 0, 1, 2, 1, 1, 2]);
    expect(alignSpans([1, -1, 2, 3], [-1, 2, 3], 3)).toEqual([0, 3, 0, 2, 3, 1, 2, 1]);
    expect(alignSpans([1, 2], [1, 2], 1), 'beyond the common text nothing is aligned').toEqual([0, 1, 0, 1]);
    expect(alignSpans([2, 3], [1], 3)).toEqual([]);
  });

  test('a row is read by both tokenizers as the fixture has it, Chinese and emoji in halves included', async () => {
    const [mine, theirs] = [await loadTokenizer(at('uld-tokenizers/student')), await loadTokenizer(at('uld-tokenizers/teacher'))];
    const data = { template: { prompt: '{prompt}\n', completion: '{answer}' }, maxLength: 64, tooLong: 'cut' } as const;
    const [encoder, read] = [rowEncoder(mine, data), otherReading(mine, data, { name: 'other', tokenizer: theirs, maxPositions: 64 })];
    for (const [line, wanted] of fixture.rows.entries()) {
      const row = { file: 'x', line, prompt: wanted.prompt, messages: [], think: '', answer: wanted.answer, gold: null };
      const outcome = encoder.encode(row);
      if (outcome.type !== 'row') throw new Error('dropped');
      expect([...outcome.row.ids]).toEqual(wanted.ids);
      const reading = read(row, outcome.row);
      expect([...reading.ids]).toEqual(wanted.otherIds);
      expect([...reading.spans]).toEqual(wanted.spans.flat());
    }
  });

  test('a teacher with few positions reads what it can, and a cut row has no end to compare', async () => {
    const [mine, theirs] = [await loadTokenizer(at('uld-tokenizers/student')), await loadTokenizer(at('uld-tokenizers/teacher'))];
    const data = { template: { prompt: '{prompt}\n', completion: '{answer}' }, maxLength: 64, tooLong: 'cut' } as const;
    const row = { file: 'x', line: 0, prompt: fixture.rows[0]?.prompt ?? '', messages: [], think: '', answer: fixture.rows[0]?.answer ?? '', gold: null };
    const outcome = rowEncoder(mine, data).encode(row);
    if (outcome.type !== 'row') throw new Error('dropped');
    const short = otherReading(mine, data, { name: 'other', tokenizer: theirs, maxPositions: 9 })(row, outcome.row);
    expect(short.ids.length - 1).toBe(9);
    expect([...short.spans]).toEqual(fixture.rows[0]?.spans.slice(0, 3).flat());
    const cut = otherReading(mine, data, { name: 'other', tokenizer: theirs, maxPositions: 64 })(row, { ...outcome.row, ids: outcome.row.ids.slice(0, -1), ended: false });
    expect([...cut.spans]).toEqual(fixture.rows[0]?.spans.slice(0, -1).flat());
  });
});

describe.each(BACKENDS)('on %s', (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openFor(name);
  });
  afterAll(() => backend.dispose());
  const other = (): OtherTeacher => ({ name: 'other', model: modelOf(fixture.teacher, backend), vocabulary: fixture.teacher.vocabulary });
  const stageOf = (weights: object, uld: object) => makeStage({ weights: { kl: 0, ...weights }, uld });
  const matching = async (stage: ReturnType<typeof stageOf>, student: DecoderModel, stored: boolean): Promise<FeatureMatching> => {
    const uld = new UldMatching([other()], { k: stage.uld.topK, temperature: stage.uld.temperature }, fixture.student.vocabulary);
    if (stored) await uld.fill(rows, 3, () => false);
    return FeatureMatching.of(stage, null, student, 1, uld) as FeatureMatching;
  };

  test.each(fixture.cases.flatMap((each) => [{ ...each, stored: false }, { ...each, stored: true }]))('value and every gradient are those of PyTorch: k = $k, T = $temperature, stored $stored', async ({ k, temperature, weights, values, loss, gradients: wanted, stored }) => {
    const student = modelOf(fixture.student, backend);
    const stage = stageOf(weights, { topK: k, temperature });
    const features = await matching(stage, student, stored);
    const objective = objectiveOf(stage, fixture.student.vocabulary);
    const batch = collate(rows, TINY.maxPositions);
    const { gradients, scalars } = gradientsOf(student, null, objective, batch, batch.kept, features);
    const totals = new LossTotals(objective, false, features);
    totals.add(batch, (await readScalars([scalars]))[0] ?? []);
    const got = totals.values();
    expectClose([got.uld ?? NaN, got.ce, got.loss], [values.uld, values.ce, loss], { relative: 1e-4 });
    for (const [weight, slope] of Object.entries(wanted)) {
      // Relative to the weight's largest slope: a small one is the difference of large ones.
      const largest = Math.max(...slope.flat().map(Math.abs));
      expectClose(await gradients.get(weight)?.data(), slope.flat(), { relative: 1e-4, absolute: 1e-5 * largest, what: weight });
    }
  });

  test('micro-batches, also of rows in one sequence, give the gradient of the whole', async () => {
    const student = modelOf(fixture.student, backend);
    const stage = stageOf({ uld: 1, ce: 0.5 }, { topK: 20 });
    const features = await matching(stage, student, false);
    const objective = objectiveOf(stage, fixture.student.vocabulary);
    const whole = collate(rows, TINY.maxPositions);
    const gradientOf = async (batches: readonly ReturnType<typeof collate>[]) => {
      const sums = new Map<string, Float32Array>();
      for (const batch of batches) {
        for (const [weight, gradient] of gradientsOf(student, null, objective, batch, whole.kept, features, countsOf(batches)).gradients) {
          const values = await gradient.data() as Float32Array;
          sums.set(weight, (sums.get(weight) ?? new Float32Array(values.length)).map((value, i) => value + (values[i] ?? NaN)));
        }
      }
      return sums;
    };
    const once = await gradientOf([whole]);
    for (const parts of [[collate(rows.slice(0, 1), 64), collate(rows.slice(1), 64)], [collatePacked([rows.slice(0, 2), rows.slice(2)], 64)]]) {
      const got = await gradientOf(parts);
      for (const [weight, values] of once) expectClose(got.get(weight), values, { relative: 1e-3, absolute: 2e-5, what: weight });
    }
  });

  test('whatever the logits: 0 between equals, the same for logits moved by a number and for any order of either vocabulary, never above 2', () => {
    for (let seed = 0; seed < 40; seed++) {
      tf.tidy(() => {
        const random = new Random(seed, 'uld');
        const [vocabulary, more] = [5 + random.word() % 20, 5 + random.word() % 20];
        const options = { k: 1 + random.word() % 30, temperature: 0.5 + 2 * random.uniform() };
        const arrays = spanArrays(rows.slice(0, 3), 'other', 0, [0, 40, 80]);
        const spans = { ...uploadSpans({ ...arrays, labels: arrays.labels.map((label) => label % vocabulary) }) };
        const theirs = { ...uploadSpans({ ...arrays, labels: arrays.labels.map((label) => label % more) }) };
        const logits = (width: number): number[][] => Array.from({ length: arrays.positions.length }, () => Array.from({ length: width }, () => 3 * random.normal()));
        const [a, b] = [logits(vocabulary), logits(more)];
        const value = (mine: number[][], targets: tf.Tensor2D, of = spans): number => uldSum(tf.tensor2d(mine), of, targets, options).dataSync()[0] ?? NaN;
        const targets = sortedSpans(tf.tensor2d(b), theirs, options);
        expect(value(a, sortedSpans(tf.tensor2d(a), spans, options))).toBeLessThan(1e-5);
        const distance = value(a, targets);
        expect(distance).toBeLessThanOrEqual(2 * arrays.count + 1e-4);
        expectClose([value(a.map((row, i) => row.map((each) => each + i - 7)), targets)], [distance], { relative: 1e-4, absolute: 1e-5 });
        const turned = { ...spans, labels: tf.tensor1d(arrays.labels.map((label) => (label % vocabulary + 2) % vocabulary), 'int32') };
        expectClose([value(a.map((row) => row.map((_, id) => row[(id + vocabulary - 2) % vocabulary] ?? NaN)), targets, turned)], [distance], { relative: 1e-4, absolute: 1e-5 });
        const otherOrder = { ...theirs, labels: tf.tensor1d(arrays.labels.map((label) => (label % more + 1) % more), 'int32') };
        expectClose([value(a, sortedSpans(tf.tensor2d(b.map((row) => row.map((_, id) => row[(id + more - 1) % more] ?? NaN))), otherOrder, options))], [distance], { relative: 1e-4, absolute: 1e-5 });
      });
    }
  });

  test.runIf(name === 'tensorflow').each([
    ['one pass', { size: 4 }],
    ['micro-batches', { size: 2, accumulate: 2 }],
  ])('a step as one function equals operation by operation to 1e-5: %s', async (_, batch) => {
    const run = async (compile: string) => {
      const stage = makeStage({ weights: { kl: 0, ce: 0.1, uld: 1 }, limits: { steps: 8 }, batch, optimizer: { learningRate: 0.02 }, validate: { every: 4 }, sentinel: 0, compile });
      const input = await makeInput({ student: modelOf(fixture.student, backend), stage, train: rows, validation: rows.slice(0, 2), vocabulary: fixture.student.vocabulary, others: [other()] });
      await trainStage(input);
      return { warnings: input.reporter.warnings, told: input.reporter.exact() };
    };
    const [whole, single] = [await run('auto'), await run('off')];
    expect(whole.warnings).toEqual([]);
    expect(whole.told.length).toBe(single.told.length);
    for (const [index, { step, values }] of single.told.entries()) {
      for (const [metric, value] of Object.entries(values)) {
        // Recorded shapes are few, so they pad more.
        if (metric === 'filled') continue;
        const tolerance = metric === 'gradNorm' ? 1e-4 : 1e-5;
        expectClose([whole.told[index]?.values[metric] ?? NaN], [value ?? NaN], { relative: tolerance, absolute: tolerance, what: `${metric} of step ${step}` });
      }
    }
  });

  test.runIf(name === 'tensorflow')('and where the teacher is asked anew in every step', async () => {
    const stage = makeStage({ weights: { kl: 0, ce: 0.1, uld: 1 } });
    const run = async (recorded: boolean): Promise<readonly (number | null | undefined)[]> => {
      const student = modelOf(fixture.student, backend);
      const optimizer = new AdamW(backend.ops, student.trainable, stage.optimizer);
      const steps = recorded ? RecordedSteps.of(student, optimizer) : null;
      expect(steps !== null).toBe(recorded);
      const features = await matching(stage, student, false);
      const told: (number | null | undefined)[] = [];
      for (let step = 0; step < 3; step++) {
        const input = { student, targets: null, features, objective: objectiveOf(stage, fixture.student.vocabulary), optimizer, batches: [collate(rows, TINY.maxPositions)], learningRate: 0.02 };
        const values = await (steps === null ? optimiserStep(input) : steps.step(input));
        told.push(values?.loss, values?.uld);
      }
      steps?.dispose();
      optimizer.dispose();
      return told;
    };
    const wanted = await run(false);
    expect(wanted[4]).toBeLessThan(wanted[0] ?? NaN);
    expectClose((await run(true)).map((value) => value ?? NaN), wanted.map((value) => value ?? NaN), { relative: 1e-5 });
  });

  test('a stage learns from it, tells it, and goes on after a stop to the last bit', async () => {
    const stage = makeStage({ weights: { kl: 0, ce: 0.02, uld: 1 }, limits: { steps: 24 }, batch: { size: 4 }, optimizer: { learningRate: 0.02 }, validate: { every: 12 }, checkpoint: { every: 100, best: 'validation/uld' }, sentinel: 12 });
    const own = { train: rows, validation: rows.slice(0, 2), vocabulary: fixture.student.vocabulary, others: [other()] };
    const whole = await makeInput({ student: modelOf(fixture.student, backend), stage, ...own });
    await trainStage(whole);
    const told = whole.reporter.metrics.flatMap(({ values }) => values['validation/uld'] ?? []);
    expect(told.at(-1)).toBeLessThan((told[0] ?? NaN) * 0.9);
    expect(whole.reporter.metrics.flatMap(({ values }) => values['gradUld'] ?? [])).toHaveLength(2);
    const checkpoints = await temporaryFolder();
    const first = await makeInput({ student: modelOf(fixture.student, backend), stage, ...own, checkpoints, orders: { 3: ['stop'] } });
    await trainStage(first);
    const { found: resume } = await findCheckpoint(checkpoints);
    const second = await makeInput({ student: await loadDecoder(resume?.folder ?? '', backend), stage, ...own, checkpoints, resume });
    await trainStage(second);
    expect([...first.reporter.exact(), ...second.reporter.exact()]).toEqual(whole.reporter.exact());
  });
});
