/** What tells one model from another whatever its folder is called: a hash of its configuration and its weights' bytes. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { withFileErrors } from '../../system/fileErrors.ts';

/** Files that decide what a model answers. */
const PARTS = /^(config\.json|.*\.safetensors|.*\.safetensors\.index\.json|adapter_config\.json)$/;
/** Beside them in a checkpoint: the trainer's state, which answers nothing. */
const TRAINERS = 'trainer.safetensors';

/** Of a Hugging Face folder, hexadecimal. Throws DistillError of the file system. */
export async function modelFingerprint(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const names = (await withFileErrors(folder, () => readdir(folder))).filter((name) => PARTS.test(name) && name !== TRAINERS).sort();
  for (const name of names) {
    hash.update(`${name}\0`);
    await withFileErrors(path.join(folder, name), async () => {
      for await (const piece of createReadStream(path.join(folder, name)) as AsyncIterable<Buffer>) hash.update(piece);
    });
  }
  return hash.digest('hex');
}
