/** Lets the process read its orders and write its lines: WebAssembly computes on the main thread. */
export function yieldToEvents(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
