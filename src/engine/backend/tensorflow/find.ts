/** Where TensorFlow's library is. Whatever is passed over says why. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { LIBRARY_FILES, openLibrary, type Library } from './library.ts';

export interface Found {
  readonly library: Library | null;
  readonly passedOver: readonly string[];
}

export async function findLibrary(environment: NodeJS.ProcessEnv = process.env): Promise<Found> {
  const passedOver: string[] = [];
  const named = environment['DISTILL_TENSORFLOW'];
  if (named !== undefined && named !== '') {
    try {
      return { library: await openLibrary(folderOf(named)), passedOver };
    } catch (error) {
      passedOver.push(`DISTILL_TENSORFLOW: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { library: null, passedOver };
}

/** A folder with the libraries itself, or the one below it (site-packages, or an environment's lib) that has them. */
function folderOf(named: string): string {
  const file = LIBRARY_FILES[process.platform]?.[0] ?? '';
  return [named, path.join(named, 'tensorflow')].find((folder) => existsSync(path.join(folder, file))) ?? named;
}
