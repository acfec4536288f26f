/**
 * Which attention heads can go: those whose silence costs the least. From the last block to the first, each key-value head, and then
 * each query head beside those that stay, is silenced in turn, and the one without which the loss on given texts is lowest stays silent
 * while the others are tried (greedy backward elimination; that most heads can go, and that which ones depends on those that are gone
 * already, is Michel, Levy & Neubig 2019, sections 3 and 4). A head's size says little: on a trained model of four blocks the largest
 * heads by activation and weight leave a worse model than most random choices do.
 */
import { tf } from '../tf.ts';
import type { DecoderConfig, DecoderModel } from './contract.ts';
import { variantOf } from './decoder.ts';
import type { CalibrationRow, Importance } from './importance.ts';

/** Texts that a loss is measured on, and how many of them in one pass. */
const ROWS_MOST = 16;
const ROWS_A_PASS = 4;
/** Multiplications and additions that may be spent on it: some minutes on two cores. */
const OPERATIONS_MOST = 1e13;

export interface HeadsKept {
  readonly kvHeads: number;
  readonly heads: number;
}

/** Whether trying all of them is worth its time; a larger model is cut by the size of what its heads give. */
export function affordable(model: DecoderModel, rows: readonly CalibrationRow[], kept: HeadsKept): boolean {
  const { layers, heads, kvHeads } = model.config;
  const group = heads / kvHeads;
  const tokens = rows.slice(0, ROWS_MOST).reduce((sum, { length }) => sum + length, 0);
  const tries = (kvHeads - kept.kvHeads) * kvHeads + kept.kvHeads * (group - kept.heads / kept.kvHeads) * group;
  return layers * tries * 2 * model.parameters * tokens <= OPERATIONS_MOST;
}

/** 1 for each head that stays, 0 for each that goes, of every block. */
export async function quietHeads(model: DecoderModel, rows: readonly CalibrationRow[], kept: HeadsKept): Promise<Pick<Importance, 'heads' | 'groups'>> {
  const { layers, heads, kvHeads } = model.config;
  const group = heads / kvHeads;
  const texts = rows.filter(({ length }) => length > 1).slice(0, ROWS_MOST);
  const silenced = new Silenced(model);
  const stays = Array.from({ length: layers }, () => new Float64Array(heads).fill(1));
  const staying = Array.from({ length: layers }, () => new Float64Array(kvHeads).fill(1));
  try {
    for (let layer = layers - 1; layer >= 0; layer--) {
      const own = stays[layer]!;
      /** Silences the unit of heads, of those given, without which the loss is lowest. */
      const drop = async (units: readonly (readonly number[])[]): Promise<readonly number[]> => {
        let best: { readonly loss: number; readonly unit: readonly number[] } | null = null;
        for (const unit of units) {
          const tried = own.map((value, head) => (unit.includes(head) ? 0 : value));
          const loss = await lossOf(silenced.with(layer, tried), texts);
          if (best === null || loss < best.loss) best = { loss, unit };
        }
        for (const head of best?.unit ?? []) own[head] = 0;
        silenced.with(layer, own);
        return best?.unit ?? [];
      };
      const members = (kv: number): readonly number[] => Array.from({ length: group }, (_, i) => kv * group + i);
      const left = new Set(Array.from({ length: kvHeads }, (_, kv) => kv));
      while (left.size > kept.kvHeads) {
        const kv = Math.floor(((await drop([...left].map(members)))[0] ?? 0) / group);
        left.delete(kv);
        staying[layer]![kv] = 0;
      }
      for (const kv of left) {
        for (let open = members(kv); open.length > kept.heads / kept.kvHeads;) {
          const [gone] = await drop(open.map((head) => [head]));
          open = open.filter((head) => head !== gone);
        }
      }
    }
  } finally {
    silenced.dispose();
  }
  return { heads: stays, groups: staying };
}

/** The model with some heads silent: their columns of o_proj are 0. Its own weights stay as they are. */
class Silenced {
  readonly #changed = new Map<string, tf.Variable>();

  constructor(private readonly model: DecoderModel) {}

  with(layer: number, stays: Float64Array): DecoderModel {
    const name = `model.layers.${layer}.self_attn.o_proj.weight`;
    const { headDim } = this.model.config;
    const mask = Float32Array.from({ length: stays.length * headDim }, (_, at) => stays[Math.floor(at / headDim)] ?? NaN);
    this.#changed.get(name)?.dispose();
    this.#changed.set(name, tf.tidy(() => tf.variable(tf.mul(this.model.weights.get(name)!, tf.tensor2d(mask, [1, mask.length])))));
    return variantOf(this.model, { weights: new Map([...this.model.weights, ...this.#changed]) });
  }

  dispose(): void {
    for (const weight of this.#changed.values()) weight.dispose();
  }
}

/** Mean cross-entropy of each text's next tokens. */
async function lossOf(model: DecoderModel, texts: readonly CalibrationRow[]): Promise<number> {
  let [sum, count] = [0, 0];
  for (let begin = 0; begin < texts.length; begin += ROWS_A_PASS) {
    const rows = texts.slice(begin, begin + ROWS_A_PASS);
    const seq = Math.max(...rows.map(({ length }) => length - 1));
    const [ids, next, weights] = [new Int32Array(rows.length * seq), new Int32Array(rows.length * seq), new Float32Array(rows.length * seq)];
    rows.forEach((row, r) => {
      for (let i = 0; i + 1 < row.length; i++) {
        ids[r * seq + i] = row[i] ?? 0;
        next[r * seq + i] = row[i + 1] ?? 0;
        weights[r * seq + i] = 1;
        count += 1;
      }
    });
    const loss = tf.tidy(() => tf.sum(model.backend.ops.crossEntropy(model.forward(tf.tensor2d(ids, [rows.length, seq], 'int32')), tf.tensor1d(next, 'int32'), tf.tensor1d(weights))));
    sum += (await loss.data())[0] ?? NaN;
    loss.dispose();
  }
  return sum / count;
}

/** Whether a cut takes heads away. */
export function takesHeads({ heads, kvHeads }: DecoderConfig, kept: HeadsKept): boolean {
  return kept.heads < heads || kept.kvHeads < kvHeads;
}
