export function tokenizerFiles(): Promise<ReadonlyMap<string, string>>;
