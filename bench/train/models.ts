/** The model sizes that are measured, and how much work a training step of them is. */
import type { DecoderConfig } from '../../src/engine/model/contract.ts';

export interface BenchModel {
  readonly name: string;
  readonly config: DecoderConfig;
  readonly batch: number;
  readonly seq: number;
}

const decoder = (vocabSize: number, hiddenSize: number, layers: number, heads: number, kvHeads: number, intermediateSize: number, seq: number): DecoderConfig => ({
  family: 'llama', vocabSize, hiddenSize, intermediateSize, layers, heads, kvHeads, headDim: hiddenSize / heads, maxPositions: seq,
  ropeTheta: 10_000, ropeScaling: null, qkNorm: false, rmsNormEpsilon: 1e-6, tiedHead: true, qkvBias: false, outputBias: false, int8: false, bosTokenId: null, eosTokenIds: [0],
});

export const MODELS: readonly BenchModel[] = [
  /** The size of examples/arithmetic's student: small products, many operations. */
  { name: '0.6M', config: decoder(64, 128, 4, 4, 2, 256, 96), batch: 16, seq: 96 },
  /** What small students for one task have. */
  { name: '3.3M', config: decoder(512, 256, 4, 4, 2, 768, 128), batch: 16, seq: 128 },
  { name: '5.2M', config: decoder(1024, 320, 4, 5, 5, 832, 128), batch: 16, seq: 128 },
  /** A large vocabulary: the head is a third of the work. */
  { name: '19M', config: decoder(8192, 512, 5, 8, 4, 1536, 128), batch: 8, seq: 128 },
];

/** What is measured unless `--sizes` says otherwise. */
export const DEFAULT_MODELS: readonly string[] = ['3.3M', '5.2M', '19M'];

/** The teacher of the distillation step: twice as deep, which makes its blocks twice as large. */
export function teacherOf({ config }: BenchModel): DecoderConfig {
  return { ...config, layers: 2 * config.layers };
}

export function modelNamed(name: string): BenchModel {
  const model = MODELS.find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`no model ${name}; there are ${MODELS.map((candidate) => candidate.name).join(', ')}`);
  return model;
}

/**
 * Floating-point operations of one training step: 2 for each weight and token forwards, twice that backwards (Kaplan et
 * al. 2020, section 2.1), and the two products of attention, 4 · seq² · headDim for each head, likewise times three.
 */
export function stepFlops({ config, batch, seq }: BenchModel, parameters: number): number {
  return 6 * parameters * batch * seq + 12 * config.layers * batch * config.heads * seq * seq * config.headDim;
}
