/** Where TensorFlow's library is: the first place that has one which opens. Whatever is passed over says why. */
import { DistillError } from '../../../shared/messages.ts';
import type { TensorflowCandidate, TensorflowSource } from '../../../shared/nativeTensorflow.ts';
import { openLibrary, type Library } from './library.ts';
import { tensorflowOfPython } from './python.ts';
import { readRegistration } from './registered.ts';

export interface Found {
  readonly library: Library | null;
  /** What was asked, in order; the last is the one that is taken, if any is. */
  readonly candidates: readonly TensorflowCandidate[];
}

type Environment = NodeJS.ProcessEnv;

/** The folder that a place names. @throws DistillError when it names none */
type Place = readonly [TensorflowSource, (environment: Environment) => Promise<string>];

const SETUP: Place = ['setup', async (environment) => {
  const registration = await readRegistration(environment);
  if (registration === null) throw new DistillError('tensorflow-not-set-up', {});
  return registration.folder;
}];

/** A folder that is named outright is the only one that is asked: another one in its place would be a surprise. */
function places(environment: Environment): readonly Place[] {
  const named = environment['DISTILL_TENSORFLOW'];
  return named === undefined || named === '' ? [SETUP, ['python', tensorflowOfPython]] : [['environment', () => Promise.resolve(named)]];
}

/** Opening a library changes the process for good; a crash of it ends the process. */
export async function findLibrary(environment: Environment = process.env): Promise<Found> {
  const candidates: TensorflowCandidate[] = [];
  for (const [source, folderOf] of places(environment)) {
    let folder: string | null = null;
    try {
      folder = await folderOf(environment);
      const library = await openLibrary(folder);
      candidates.push({ source, folder: library.folder, version: library.version, problem: null });
      return { library, candidates };
    } catch (error) {
      if (!(error instanceof DistillError)) throw error;
      candidates.push({ source, folder, version: null, problem: { code: error.code, data: { ...error.data } } });
    }
  }
  return { library: null, candidates };
}
