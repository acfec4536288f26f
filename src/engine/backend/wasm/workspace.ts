/** A piece of the heap for what a kernel needs only while it runs; it grows to the largest that was asked for. */
import type { Heap } from './heap.ts';

export type Workspace = (bytes: number) => number;

export function createWorkspace(heap: Heap): Workspace {
  let address = 0;
  let size = 0;
  return (bytes) => {
    if (bytes > size) {
      if (address !== 0) heap.release(address);
      size = 0;
      address = heap.reserve(bytes);
      size = bytes;
    }
    return address;
  };
}
