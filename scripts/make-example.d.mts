export function tokenizerFiles(example: 'arithmetic' | 'lists'): Promise<ReadonlyMap<string, string>>;
