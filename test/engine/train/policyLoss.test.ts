/** The loss of GRPO and its gradient against PyTorch and finite differences; advantages and weights by hand. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { tf } from '../../../src/engine/tf.ts';
import { groupAdvantages, policyLoss, policyLossOfStates, tokenWeights, type Aggregation, type PolicySettings, type PolicyStatistics } from '../../../src/engine/train/policyLoss.ts';
import { BACKENDS, expectClose, openFor } from './setup.ts';

interface Case extends PolicySettings {
  readonly name: string;
  readonly aggregate: Aggregation;
  readonly normalised: boolean;
  readonly logits: number[][][];
  readonly old: number[][] | null;
  readonly reference: number[][];
  readonly advantages: number[];
  readonly values: Readonly<Record<'loss' | 'kl' | 'entropy' | 'clipped', number>>;
  readonly gradient: number[][][];
}

const { lengths, longest, rewards, labels, cases } = JSON.parse(readFileSync(new URL('../../fixtures/torch/grpo.json', import.meta.url), 'utf8')) as {
  readonly lengths: number[]; readonly longest: number; readonly rewards: number[][]; readonly labels: number[][]; readonly cases: readonly Case[];
};
const tokens = lengths.reduce((sum, length) => sum + length, 0);

/** One token with q = softmax([s, 0]): loss and slope in s. */
interface OneToken {
  readonly advantage: number;
  /** log q_old − log q. */
  readonly oldAbove?: number;
  readonly referenceAbove?: number;
  readonly settings?: Partial<PolicySettings>;
}

const SETTINGS: PolicySettings = { temperature: 1, clip: { low: 0.2, high: 0.3 }, kl: 0 };

describe.each(BACKENDS)('on %s', (backendName) => {
  let backend: Backend;
  beforeAll(async () => { backend = await openFor(backendName); });
  afterAll(() => backend.dispose());

  test.each(cases)('loss, gradient and statistics are those of PyTorch: $name', async ({ logits, old, reference, advantages, values, gradient, ...settings }) => {
    const weights = tokenWeights(settings.aggregate, lengths, longest);
    const rows = (table: readonly (readonly number[])[]): number[] => table.flatMap((row, index) => row.slice(0, lengths[index]));
    const each = (list: readonly number[]): number[] => lengths.flatMap((length, index) => Array.from({ length }, () => list[index] ?? NaN));
    const vector = (list: readonly number[], dtype: 'float32' | 'int32' = 'float32'): tf.Tensor1D => tf.tensor1d([...list], dtype);
    let told: PolicyStatistics | null = null;
    const { value, grad } = tf.valueAndGrad((input) => policyLoss(input as tf.Tensor2D, {
      labels: vector(rows(labels), 'int32'), advantages: vector(each(advantages)), weights: vector(each(weights)), mask: vector(Array.from({ length: tokens }, () => 1)),
      old: old === null ? null : vector(rows(old)), reference: vector(rows(reference)),
    }, settings, (statistics) => { told = statistics; }))(tf.tensor2d(rows(logits as unknown as number[][]) as unknown as number[][]));
    const statistics = told as unknown as PolicyStatistics;
    expect((await value.data())[0]).toBeCloseTo(values.loss, 5);
    expectClose(await grad.data(), (rows(gradient as unknown as number[][]) as unknown as number[][]).flat(), { relative: 1e-4, absolute: 1e-7 });
    expect((await statistics.klSum.data())[0]! / tokens).toBeCloseTo(values.kl, 5);
    expect((await statistics.entropySum.data())[0]! / tokens).toBeCloseTo(values.entropy, 5);
    expect((await statistics.clippedSum.data())[0]! / tokens).toBeCloseTo(values.clipped, 6);
  });

  test.each([1, 3, 7, 100])('made of states and the head %i rows at a time it is the same', async (most) => {
    const { logits, old, reference, advantages, ...settings } = cases[1] as Case;
    const weights = tokenWeights(settings.aggregate, lengths, longest);
    const rows = <T>(table: readonly (readonly T[])[]): T[] => table.flatMap((row, index) => row.slice(0, lengths[index]));
    const each = (list: readonly number[]): number[] => lengths.flatMap((length, index) => Array.from({ length }, () => list[index] ?? NaN));
    const given = { labels: tf.tensor1d(rows(labels), 'int32'), advantages: tf.tensor1d(each(advantages)), weights: tf.tensor1d(each(weights)), mask: tf.onesLike(tf.tensor1d(each(weights))), old: tf.tensor1d(rows(old ?? [])), reference: tf.tensor1d(rows(reference)) };
    // States whose product with this head is the fixture's logits: the head is the identity.
    const [states, head] = [tf.tensor2d(rows(logits)), tf.eye(logits[0]?.[0]?.length ?? 0)];
    let [whole, parts]: (PolicyStatistics | null)[] = [null, null];
    const wanted = tf.valueAndGrads((x, w) => policyLoss(backend.ops.linear(x as tf.Tensor2D, w as tf.Tensor2D), given, settings, (told) => { whole = told; }))([states, head]);
    const got = tf.valueAndGrads((x, w) => policyLossOfStates(backend.ops, x as tf.Tensor2D, w as tf.Tensor2D, given, settings, { most, trained: true }, (told) => { parts = told; }))([states, head]);
    expect((await got.value.data())[0]).toBeCloseTo((await wanted.value.data())[0]!, 6);
    for (const [index, gradient] of wanted.grads.entries()) expectClose(await got.grads[index]?.data(), await gradient.data(), { relative: 1e-5, absolute: 1e-7 });
    const untrained = { ...backend.ops, linearGradient: (): never => { throw new Error('a gradient of a head that isn’t trained'); } };
    const ofStates = tf.valueAndGrad((x) => policyLossOfStates(untrained, x as tf.Tensor2D, head, given, settings, { most, trained: false }, () => undefined))(states);
    expect(await ofStates.value.data()).toEqual(await got.value.data());
    expect(await ofStates.grad.data()).toEqual(await got.grads[0]?.data());
    for (const name of ['logQ', 'klSum', 'entropySum', 'clippedSum'] as const) {
      expectClose(await (parts as unknown as PolicyStatistics)[name].data(), await (whole as unknown as PolicyStatistics)[name].data(), { absolute: 1e-5, what: name });
    }
  });

  async function oneToken(s: number, { advantage, oldAbove = 0, referenceAbove = 0, settings = {} }: OneToken): Promise<{ readonly loss: number; readonly slope: number; readonly clipped: number; readonly kl: number }> {
    const logQ = s - Math.log(Math.exp(s) + 1);
    return oneTokenAgainst(s, { advantage, old: logQ + oldAbove, reference: logQ + referenceAbove, settings });
  }

  async function oneTokenAgainst(s: number, { advantage, old, reference, settings }: { readonly advantage: number; readonly old: number; readonly reference: number; readonly settings: Partial<PolicySettings> }) {
    let told: PolicyStatistics | null = null;
    const one = (value: number): tf.Tensor1D => tf.tensor1d([value]);
    const { value, grad } = tf.valueAndGrad((input) => policyLoss(input as tf.Tensor2D, {
      labels: tf.tensor1d([0], 'int32'), advantages: one(advantage), weights: one(1), mask: one(1), old: one(old), reference: one(reference),
    }, { ...SETTINGS, ...settings }, (statistics) => { told = statistics; }))(tf.tensor2d([[s, 0]]));
    const { clippedSum, klSum } = told as unknown as PolicyStatistics;
    return { loss: (await value.data())[0]!, slope: (await grad.data())[0]!, clipped: (await clippedSum.data())[0]!, kl: (await klSum.data())[0]! };
  }

  test('a good token that has risen far enough is not pushed on, one that has fallen is', async () => {
    // ρ = 1.5 > 1 + 0.3: min(1.5, 1.3) · 1, and no slope.
    const risen = await oneToken(0.2, { advantage: 1, oldAbove: -Math.log(1.5) });
    expect(risen.loss).toBeCloseTo(-1.3, 5);
    expect(risen.slope).toBeCloseTo(0, 12);
    expect(risen.clipped).toBe(1);
    // ρ = 0.5: min(0.5, 0.8) = 0.5; its slope is −ρ·A·(1 − q).
    const fallen = await oneToken(0.2, { advantage: 1, oldAbove: Math.log(2) });
    expect(fallen.loss).toBeCloseTo(-0.5, 5);
    expect(fallen.slope).toBeCloseTo(-0.5 * (1 - 1 / (1 + Math.exp(-0.2))), 5);
    expect(fallen.clipped).toBe(0);
  });

  test('a bad token that has fallen far enough is not pushed on, one that has risen is', async () => {
    // A < 0, ρ = 0.5 < 1 − 0.2: min(−0.5, −0.8) = −0.8, no slope.
    const fallen = await oneToken(-0.4, { advantage: -1, oldAbove: Math.log(2) });
    expect(fallen.loss).toBeCloseTo(0.8, 5);
    expect(fallen.slope).toBeCloseTo(0, 12);
    expect(fallen.clipped).toBe(1);
    const risen = await oneToken(-0.4, { advantage: -1, oldAbove: -Math.log(1.5) });
    expect(risen.loss).toBeCloseTo(1.5, 5);
    expect(risen.slope).toBeCloseTo(1.5 * (1 - 1 / (1 + Math.exp(0.4))), 5);
    expect(risen.clipped).toBe(0);
  });

  test('the slope is that of the loss, KL and temperature included', async () => {
    const against = { advantage: 0.7, old: -0.75, reference: -1.6, settings: { kl: 0.5, temperature: 0.8 } };
    const h = 5e-3;
    const [above, below, at] = [await oneTokenAgainst(0.3 + h, against), await oneTokenAgainst(0.3 - h, against), await oneTokenAgainst(0.3, against)];
    expect(at.slope).toBeCloseTo((above.loss - below.loss) / (2 * h), 3);
  });

  test('the KL is 0 where student and reference agree and positive on either side', async () => {
    expect((await oneToken(0.1, { advantage: 0 })).kl).toBeCloseTo(0, 6);
    for (const referenceAbove of [-3, -0.5, -0.01, 0.01, 0.5, 3]) expect((await oneToken(0.1, { advantage: 0, referenceAbove })).kl).toBeGreaterThan(0);
  });
});

test('advantages are rewards against their group, by hand', () => {
  // Mean 0.5, deviation of a sample √(4 · 0.25 / 3).
  const deviation = Math.sqrt(1 / 3) + 1e-4;
  expect(groupAdvantages([1, 0, 0, 1], true)).toEqual([0.5, -0.5, -0.5, 0.5].map((each) => each / deviation));
  expect(groupAdvantages([1, 0, 0, 1], false)).toEqual([0.5, -0.5, -0.5, 0.5]);
  expectClose(groupAdvantages([1.1, 0.1, 0], false) ?? [], [0.7, -0.3, -0.4], { absolute: 1e-12 });
  cases.forEach(({ normalised, advantages }) => { expectClose(rewards.flatMap((group) => groupAdvantages(group, normalised) ?? []), advantages, { relative: 1e-7 }); });
  expect(groupAdvantages([0.1, 0.1, 0.1], true)).toBeNull();
});

test('a completion of 2 tokens and one of 6: what each token counts', () => {
  expect(tokenWeights('sequence', [2, 6], 10)).toEqual([1 / 4, 1 / 12]);
  expect(tokenWeights('token', [2, 6], 10)).toEqual([1 / 8, 1 / 8]);
  expect(tokenWeights('constant', [2, 6], 10)).toEqual([1 / 20, 1 / 20]);
});
