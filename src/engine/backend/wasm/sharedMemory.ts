/**
 * Makes the memory of a WebAssembly binary shared, so that threads of ours can work on TensorFlow.js's heap. The threaded
 * binary that TensorFlow.js ships starts eight workers of its own, which Node can't run without tricks and which our
 * kernels don't need; all that has to change in the other one is a flag of its memory section.
 */

const MEMORY_SECTION = 5;
/** Limits flags of the binary format (threads proposal): bit 0 has a maximum, bit 1 shared. */
const HAS_MAXIMUM = 1;
const SHARED = 3;
const HEADER_BYTES = 8;

/** @throws Error when the binary has no memory of its own with a maximum. */
export function withSharedMemory(binary: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(binary);
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    const id = bytes[at];
    const { value: length, next } = readUnsigned(bytes, at + 1);
    if (id === MEMORY_SECTION) {
      const count = readUnsigned(bytes, next);
      if (count.value !== 1 || bytes[count.next] !== HAS_MAXIMUM) break;
      bytes[count.next] = SHARED;
      return bytes;
    }
    at = next + length;
  }
  throw new Error('the WebAssembly binary has no memory that could be shared');
}

/** LEB128. */
function readUnsigned(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let next = at, shift = 0; ; next += 1, shift += 7) {
    const byte = bytes[next];
    if (byte === undefined) throw new Error('the WebAssembly binary is cut off');
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: next + 1 };
  }
}
