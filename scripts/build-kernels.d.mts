/** The bytes that the kernels' source gives now, by file name. */
export function buildKernels(): Promise<ReadonlyMap<string, Buffer>>;
