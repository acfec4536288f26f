/** Soft targets from the log-probabilities that a service gave: whose token is whose, what is stored, and what is learnt from it. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import { rowEncoder } from '../../../src/engine/data/encode.ts';
import type { Row } from '../../../src/engine/data/row.ts';
import { saidTokens } from '../../../src/engine/data/saidTokens.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { bytesOfSaid, bytesOfText, idsByBytes, saidBytes } from '../../../src/engine/model/tokenBytes.ts';
import { loadTokenizer, type Tokenizer } from '../../../src/engine/model/tokenizer.ts';
import { tf } from '../../../src/engine/tf.ts';
import { assign } from '../../../src/engine/train/optimizer.ts';
import { TopKReader } from '../../../src/engine/train/topKFile.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import type { TokenLogprob } from '../../../src/shared/record.ts';
import { expectClose, makeInput, makeStage, openWasm, temporaryFolder, TINY } from './setup.ts';

const at = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
const OWN = at('torch/uld-tokenizers/student');

describe('bytes of tokens', () => {
  test('a byte-level vocabulary: spaces, Chinese in halves', async () => {
    const ids = await idsByBytes(OWN);
    const tokenizer = await loadTokenizer(OWN);
    for (const text of [' plus', 'a', '果']) {
      const encoded = tokenizer.encode(text);
      if (encoded.length === 1) expect(ids.get(bytesOfText(text))).toBe(encoded[0]);
    }
    const bytes = [...Buffer.from('果')];
    expect(bytes.every((byte) => ids.get(bytesOfSaid(saidBytes([byte]))) !== undefined)).toBe(true);
    expect(ids.get(bytesOfText('<end>'))).toBe(tokenizer.tokenId('<end>'));
  });

  test('SentencePiece: ▁ is a space, <0x0A> a byte', async () => {
    const folder = at('models/stories260k');
    const [ids, tokenizer] = [await idsByBytes(folder), await loadTokenizer(folder)];
    expect(ids.get(bytesOfText(' the'))).toBe(tokenizer.tokenId('▁the'));
    expect(ids.get(bytesOfText('\n'))).toBe(tokenizer.tokenId('<0x0A>'));
  });

  test.each([['\\xe4\\xbd', '\xe4\xbd'], ['bytes:\\xe4\\xbd', '\xe4\xbd'], ['<0xE4><0xBD>', '\xe4\xbd'], ['你', '\xe4\xbd\xa0'], ['\\x', '\\x']])('%s, as services write it', (said, bytes) => {
    expect(bytesOfSaid(said)).toBe(bytes);
  });

  test('bytes that are a text are written as it', () => {
    expect([saidBytes([...Buffer.from('你')]), saidBytes([0xe4, 0xbd])]).toEqual(['你', '<0xE4><0xBD>']);
  });
});

describe('a service that has the student’s tokens', () => {
  let backend: Backend;
  let teacher: DecoderModel;
  let tokenizer: Tokenizer;
  let rows: readonly { readonly row: Row; readonly encoded: EncodedRow }[];
  const data = { template: { prompt: '{prompt}\n', completion: '<{think}>{answer}' }, maxLength: 64, tooLong: 'cut' } as const;
  const K = 6;
  beforeAll(async () => {
    backend = await openWasm();
    tokenizer = await loadTokenizer(OWN);
    teacher = createDecoder({ ...TINY, vocabSize: tokenizer.vocabSize, hiddenSize: 16, headDim: 8 }, 3, backend);
    for (const weight of teacher.weights.values()) assign(weight, (await weight.data()).map((value) => 6 * value) as Float32Array);
    const texts = [['What is 3 plus 4?', '3 plus 4', '7'], ['Say', 'naïve', 'naïve 🙂'], ['两个苹果？', '一共有', '五个苹果，好。'], ['done', 'a  b', '7 is 7']] as const;
    const encoder = rowEncoder(tokenizer, data);
    rows = texts.map(([prompt, think, answer], line) => {
      const row: Row = { file: 'x', line, prompt, messages: [], think, answer, gold: null };
      const outcome = encoder.encode(row);
      if (outcome.type !== 'row') throw new Error('dropped');
      return { row, encoded: outcome.row };
    });
  });
  afterAll(() => backend.dispose());

  /** As an OpenAI-compatible service gives them for reasoning and answer, without the marks of the template around them. */
  async function served(encoded: EncodedRow, top: number): Promise<readonly TokenLogprob[]> {
    const ids = [...encoded.ids];
    const logs = tf.tidy(() => tf.logSoftmax(teacher.forward(tf.tensor2d([ids.slice(0, -1)], undefined, 'int32'))).arraySync()) as number[][];
    const names = new Map([...await idsByBytes(OWN)].map(([bytes, id]) => [id, saidBytes([...Buffer.from(bytes, 'latin1')])]));
    const said: TokenLogprob[] = [];
    for (let j = encoded.promptLength; j < ids.length - 1; j++) {
      const row = logs[j - 1] ?? [];
      const best = row.map((log, id) => [id, log] as const).sort(([, a], [, b]) => b - a).slice(0, top);
      said.push([names.get(ids[j] ?? -1) ?? '', row[ids[j] ?? -1] ?? NaN, best.map(([id, log]) => [names.get(id) ?? '', log] as const)]);
    }
    return said;
  }

  test('stores for each token what the local teacher would have given; the template’s own tokens and the end stand as certain', async () => {
    const said = await Promise.all(rows.map(async ({ row, encoded }) => ({ ...encoded, said: saidTokens({ tokenizer, ids: await idsByBytes(OWN), k: K }, { ...row, logprobs: await served(encoded, K) }, encoded) ?? undefined })));
    const [folder, own] = [await temporaryFolder(), await temporaryFolder()];
    const stage = (from: 'teacher' | 'data') => makeStage({ limits: { steps: 1 }, batch: { size: 4 }, temperature: 1, targets: { topK: K, values: 'float32', from } });
    const student = () => createDecoder({ ...TINY, vocabSize: tokenizer.vocabSize }, 5, backend);
    const shared = { vocabulary: tokenizer.vocabSize, validation: [] };
    const local = await makeInput({ ...shared, student: student(), teacher, train: said as EncodedRow[], stage: stage('teacher'), targets: { folder: own, name: 'big', source: 'w' } });
    await trainStage(local);
    const input = await makeInput({ ...shared, student: student(), train: said as EncodedRow[], stage: stage('data'), targets: { folder, name: '', source: '' } });
    await trainStage(input);
    const open = async (where: string): Promise<TopKReader> => TopKReader.open(path.join(where, (await readdir(where))[0] ?? ''), null) as TopKReader;
    const [theirs, mine] = [await open(own), await open(folder)];
    let [same, certain] = [0, 0];
    for (const [place, { encoded }] of rows.entries()) {
      for (let position = 0; position < mine.positions(place); position++) {
        const [a, b] = [mine.read(place, position, 1), theirs.read(place, position, 1)];
        const label = encoded.ids[encoded.promptLength + position];
        if (a.logProbabilities[0] === 0 && a.rests[0] === -1e4) {
          certain += 1;
          expect([...a.ids].every((id) => id === label)).toBe(true);
          continue;
        }
        same += 1;
        // Where the row's own token is not among the most probable the service names it beside them: one of the k gives way.
        const known = new Set(a.ids);
        expect([...b.ids].slice(0, K - 1).every((id) => known.has(id))).toBe(true);
        for (const [i, id] of b.ids.entries()) if (known.has(id)) expectClose([a.logProbabilities[a.ids.indexOf(id)] ?? NaN], [b.logProbabilities[i] ?? NaN], { absolute: 1e-4 });
        expectClose([Math.exp(a.rests[0] ?? NaN) + [...a.logProbabilities].reduce((sum, log) => sum + Math.exp(log), 0)], [1], { absolute: 1e-4 });
      }
    }
    // "<", ">" and the end.
    expect(certain).toBeLessThanOrEqual(rows.length * 6);
    expect(same).toBeGreaterThan(30);
    mine.close();
    theirs.close();
  });

  test('a row with nothing said teaches its own tokens: the divergence there is the cross-entropy', async () => {
    const first = rows[0];
    if (first === undefined) throw new Error('no rows');
    const one = saidTokens({ tokenizer, ids: await idsByBytes(OWN), k: K }, { ...first.row, logprobs: await served(first.encoded, K) }, first.encoded);
    const train = [{ ...first.encoded, ...(one === null ? {} : { said: one }) }, ...rows.slice(1).map(({ encoded }) => encoded)];
    const folder = await temporaryFolder();
    const input = await makeInput({
      student: createDecoder({ ...TINY, vocabSize: tokenizer.vocabSize }, 5, backend), train, validation: train.slice(1), vocabulary: tokenizer.vocabSize,
      stage: makeStage({ limits: { steps: 2 }, batch: { size: 4 }, targets: { topK: K, from: 'data' } }), targets: { folder, name: '', source: '' },
    });
    await trainStage(input);
    const values = input.reporter.metrics[0]?.values ?? {};
    expectClose([values['validation/kl'] ?? NaN], [values['validation/ce'] ?? NaN], { relative: 1e-3 });
    expect(input.reporter.metrics.find(({ values: each }) => each['temperature'] !== undefined)?.values['temperature'], 'the default for what a service said').toBe(1);
    expect(input.reporter.warnings).toMatchObject([{ code: 'targets-partly-said', data: { rows: 4, without: 3, unfit: 0 } }]);
  });

  test('tokens that are cut otherwise are none of the student’s; where no row has any the stage is refused', async () => {
    const first = rows[0];
    if (first === undefined) throw new Error('no rows');
    const other: readonly TokenLogprob[] = [['3 plus 4', -0.1, []], ['7', -0.2, [['8', -2]]]];
    const one = saidTokens({ tokenizer, ids: await idsByBytes(OWN), k: K }, { ...first.row, logprobs: other }, first.encoded);
    expect(one?.mapped).toBe(1);
    const train = rows.map(({ encoded }) => encoded);
    const input = await makeInput({
      student: createDecoder({ ...TINY, vocabSize: tokenizer.vocabSize }, 5, backend), train, validation: [], vocabulary: tokenizer.vocabSize,
      stage: makeStage({ limits: { steps: 2 }, targets: { topK: K, from: 'data' } }), targets: { folder: await temporaryFolder(), name: '', source: '' },
    });
    await expect(trainStage(input)).rejects.toMatchObject({ code: 'targets-nothing-said', data: { rows: 4, without: 4 } });
  });

  test('another temperature leaves the rest out, with a warning', async () => {
    const said = await Promise.all(rows.map(async ({ row, encoded }) => ({ ...encoded, said: saidTokens({ tokenizer, ids: await idsByBytes(OWN), k: K }, { ...row, logprobs: await served(encoded, K) }, encoded) ?? undefined })));
    const folder = await temporaryFolder();
    const input = await makeInput({
      student: createDecoder({ ...TINY, vocabSize: tokenizer.vocabSize }, 5, backend), train: said as EncodedRow[], validation: [], vocabulary: tokenizer.vocabSize,
      stage: makeStage({ limits: { steps: 2 }, batch: { size: 4 }, temperature: 2, targets: { topK: K, from: 'data', tail: 'drop' } }), targets: { folder, name: '', source: '' },
    });
    await trainStage(input);
    expect(input.reporter.warnings.map(({ code }) => code)).toContain('targets-tail-lost');
    const reader = TopKReader.open(path.join(folder, (await readdir(folder))[0] ?? ''), null);
    expect(reader?.read(0, 0, 3).rests.every((rest) => rest === -1e4)).toBe(true);
    reader?.close();
  });
});
