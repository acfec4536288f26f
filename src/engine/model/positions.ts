/** Rotary tables and masks: the causal ones are kept on the backend for the lengths used last, those of packed sequences made of them. */
import { tf } from '../tf.ts';
import type { DecoderConfig, PackedLayout } from './contract.ts';

/** Added to a score that may not be seen: exp(·) is exactly 0 in float32, and no infinity turns a row into NaN. */
export const MASKED = -1e9;

/** Frequency i of headDim / 2: θ^(−2i / headDim) (Su et al. 2021, section 3.2.2), stretched as the model asks for. */
export function rotaryFrequency({ ropeTheta, headDim, ropeScaling }: Pick<DecoderConfig, 'ropeTheta' | 'headDim' | 'ropeScaling'>, i: number): number {
  const frequency = ropeTheta ** ((-2 * i) / headDim);
  if (ropeScaling === null) return frequency;
  const { factor } = ropeScaling;
  if (ropeScaling.type === 'linear') return frequency / factor;
  const { lowFactor, highFactor, originalPositions } = ropeScaling;
  // How many waves fit into the original context.
  const waves = (originalPositions * frequency) / (2 * Math.PI);
  if (waves < lowFactor) return frequency / factor;
  if (waves > highFactor) return frequency;
  const smooth = (waves - lowFactor) / (highFactor - lowFactor);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

/** cos and sin of position · frequency, computed in float64: [positions.length · headDim / 2]. */
export function rotaryTable(config: DecoderConfig, positions: ArrayLike<number>): { readonly cos: Float32Array; readonly sin: Float32Array } {
  const half = config.headDim / 2;
  const cos = new Float32Array(positions.length * half);
  const sin = new Float32Array(positions.length * half);
  for (let i = 0; i < half; i++) {
    const frequency = rotaryFrequency(config, i);
    for (let p = 0; p < positions.length; p++) {
      const angle = positions[p]! * frequency;
      cos[p * half + i] = Math.cos(angle);
      sin[p * half + i] = Math.sin(angle);
    }
  }
  return { cos, sin };
}

interface Tables {
  readonly cos: tf.Tensor3D;
  readonly sin: tf.Tensor3D;
  readonly mask: tf.Tensor4D;
}

/** How many lengths are kept: batches are padded to a few lengths, and a mask grows with the length's square. */
const KEPT_LENGTHS = 8;

export class PositionTables {
  readonly #config: DecoderConfig;
  readonly #tables = new Map<number, Tables>();

  constructor(config: DecoderConfig) {
    this.#config = config;
  }

  /** Rows that begin at position 0: cos, sin [1, seq, headDim / 2]; mask [1, 1, seq, seq]. They stay ours: don't dispose. */
  causal(seq: number): Tables {
    const known = this.#tables.get(seq);
    if (known !== undefined) return known;
    if (this.#tables.size === KEPT_LENGTHS) {
      const oldest = this.#tables.keys().next().value!;
      disposeTables(this.#tables.get(oldest)!);
      this.#tables.delete(oldest);
    }
    const half = this.#config.headDim / 2;
    const { cos, sin } = rotaryTable(this.#config, Array.from({ length: seq }, (_, position) => position));
    const mask = new Float32Array(seq * seq);
    for (let query = 0; query < seq; query++) mask.fill(MASKED, query * seq + query + 1, (query + 1) * seq);
    const made = {
      cos: tf.keep(tf.tensor3d(cos, [1, seq, half])),
      sin: tf.keep(tf.tensor3d(sin, [1, seq, half])),
      mask: tf.keep(tf.tensor4d(mask, [1, 1, seq, seq])),
    };
    this.#tables.set(seq, made);
    return made;
  }

  dispose(): void {
    for (const tables of this.#tables.values()) disposeTables(tables);
    this.#tables.clear();
  }
}

/**
 * The tables of sequences that hold several documents: positions begin anew with each, and a query sees its own document's past
 * only. From those of plain sequences of that length, on the device: cos, sin [batch, seq, headDim / 2]; mask [batch, 1, seq, seq].
 */
export function packedTables({ cos, sin, mask }: Tables, { positions, documents }: PackedLayout): Tables {
  const [batch, seq] = documents.shape;
  const half = cos.shape[2];
  const at = tf.reshape(positions, [batch * seq]);
  const turned = (table: tf.Tensor3D): tf.Tensor3D => tf.reshape(tf.gather(tf.reshape(table, [seq, half]), at), [batch, seq, half]);
  const others = tf.notEqual(tf.reshape(documents, [batch, 1, seq, 1]), tf.reshape(documents, [batch, 1, 1, seq]));
  return { cos: turned(cos), sin: turned(sin), mask: tf.minimum(mask, tf.mul(tf.cast(others, 'float32'), MASKED)) };
}

function disposeTables(tables: Tables): void {
  tf.dispose([tables.cos, tables.sin, tables.mask]);
}
