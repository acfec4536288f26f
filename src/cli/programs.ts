/** The bundles beside the command line's own, and the workbench's version. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineProgram } from '../runs/launcher.ts';

/** dist/, where this bundle lies. */
const bundles = path.dirname(fileURLToPath(import.meta.url));
export const packageRoot = path.dirname(bundles);

export function engineProgram(): EngineProgram {
  return { script: path.join(bundles, 'engine.js'), node: null };
}

export function workbenchVersion(): string {
  return (JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
}
