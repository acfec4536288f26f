import { createHash } from 'node:crypto';
import { ID_BYTES } from '../shared/consumed.ts';

/** A record's id as data-ids.bin holds it. Our ids are hexadecimal already; those of other hands are hashed. */
export function idBytes(id: string): Buffer {
  return /^[0-9a-f]{16}$/.test(id) ? Buffer.from(id, 'hex') : createHash('sha256').update(id).digest().subarray(0, ID_BYTES);
}
