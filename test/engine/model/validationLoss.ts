/** Mean cross-entropy of a model over the supervised positions of rows, in one pass. */
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { tf } from '../../../src/engine/tf.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import { release, supervisedLogits, upload } from '../../../src/engine/train/losses.ts';

export function validationLoss(model: DecoderModel, rows: readonly EncodedRow[]): number {
  const batch = collate([...rows], model.config.maxPositions);
  const device = upload(batch);
  try {
    return tf.tidy(() => {
      const logits = supervisedLogits(model, device, model.config.vocabSize);
      const sums = device.segments.map(({ labels, mask }, index) => tf.sum(model.backend.ops.crossEntropy(logits[index]!, labels, mask)).dataSync()[0] ?? NaN);
      return sums.reduce((sum, value) => sum + value, 0) / batch.kept;
    });
  } finally {
    release(device);
  }
}
