export function dependencies(): Promise<void>;
export function bundles(): Promise<void>;
export function tensorflow(): Promise<{ folder: string } | { missing: string }>;
export function chromium(): Promise<string>;
export function browserVscode(): Promise<{ node: string; serverMain: string }>;
