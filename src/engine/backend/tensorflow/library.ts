/** Opens TensorFlow's shared libraries and says clearly why it can't. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type * as koffiTypes from 'koffi';
import { DistillError } from '../../../shared/messages.ts';
import { bindCApi, type CApi } from './cApi.ts';

/** What is used of koffi, which is loaded only when a library is opened. */
export type Koffi = Pick<typeof koffiTypes, 'load' | 'address' | 'struct'>;

/** Relative to the folder; the last has the C API and needs those before it. */
const FILES: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['libtensorflow_framework.so.2', 'libtensorflow_cc.so.2'],
  darwin: ['libtensorflow_framework.2.dylib', 'libtensorflow_cc.2.dylib'],
  // Untried. It imports the DLL of the Python that it was built for (see pythonDll).
  win32: [path.join('python', '_pywrap_tensorflow_common.dll')],
};

/** Older wheels have no libtensorflow_cc. Those above 2.21 are untried, which is no reason to refuse them. */
const OLDEST_VERSION = [2, 12] as const;

export interface Library {
  readonly folder: string;
  /** "2.20.0" */
  readonly version: string;
  readonly api: CApi;
  readonly koffi: Koffi;
}

/** Loading the same library twice would give two of everything in one process. */
const opened = new Map<string, Library>();

/**
 * `named`: the folder that holds the libraries, or the site-packages above it. @throws DistillError `tensorflow-platform`,
 * `tensorflow-file-missing`, `tensorflow-no-caller`, `tensorflow-cant-load`, `tensorflow-functions-missing`, `tensorflow-too-old`
 */
export async function openLibrary(named: string): Promise<Library> {
  const names = FILES[process.platform];
  if (names === undefined) throw new DistillError('tensorflow-platform', { platform: `${process.platform} ${process.arch}` });
  const folder = libraryFolder(named);
  const known = opened.get(folder);
  if (known !== undefined) return known;
  const files = names.map((name) => path.join(folder, name));
  const absent = files.find((file) => !existsSync(file));
  if (absent !== undefined) throw new DistillError('tensorflow-file-missing', { file: absent });
  const koffi = await loadKoffi();
  if (process.platform === 'win32') load(koffi, pythonDll(folder));
  const libraries = files.map((file) => load(koffi, file));
  const main = files.at(-1)!;
  // Some functions are in the framework library alone; a system that looks for a symbol in what a library needs is not the rule.
  const api = bindCApi(libraries.toReversed(), koffi.struct({ oper: 'int64_t', index: 'int' }));
  if (!('TF_Version' in api)) throw new DistillError('tensorflow-functions-missing', { file: main, functions: api.slice(0, 3).join(', '), count: api.length });
  const version = api.TF_Version();
  if (olderThan(version, OLDEST_VERSION)) throw new DistillError('tensorflow-too-old', { version, folder, oldest: OLDEST_VERSION.join('.') });
  const library = { folder, version, api, koffi };
  opened.set(folder, library);
  return library;
}

/** The folder itself when it has the libraries, else the `tensorflow` in it. */
export function libraryFolder(named: string): string {
  const file = FILES[process.platform]?.at(-1) ?? '';
  const below = path.join(named, 'tensorflow');
  return !existsSync(path.join(named, file)) && existsSync(path.join(below, file)) ? below : path.resolve(named);
}

/** Whether "2.9.1" is before [2, 12]. What can't be read as a version is not refused for it. */
export function olderThan(version: string, [major, minor]: readonly [number, number]): boolean {
  const found = /^(\d+)\.(\d+)/.exec(version);
  if (found === null) return false;
  const [itsMajor, itsMinor] = [Number(found[1]), Number(found[2])];
  return itsMajor < major || (itsMajor === major && itsMinor < minor);
}

async function loadKoffi(): Promise<Koffi> {
  try {
    const { default: koffi } = await import('koffi');
    return koffi as unknown as Koffi;
  } catch (error) {
    throw new DistillError('tensorflow-no-caller', { platform: `${process.platform} ${process.arch}`, detail: message(error) }, { cause: error });
  }
}

function load(koffi: Koffi, file: string): ReturnType<Koffi['load']> {
  try {
    return koffi.load(file);
  } catch (error) {
    throw new DistillError('tensorflow-cant-load', { file, detail: message(error) }, { cause: error });
  }
}

/** On Windows TensorFlow's DLL imports python3xx.dll: the one of the installation (or of the environment's base) whose site-packages this is. */
function pythonDll(folder: string): string {
  const environment = path.resolve(folder, '..', '..', '..');
  const settings = path.join(environment, 'pyvenv.cfg');
  const home = existsSync(settings) ? /^home\s*=\s*(.+)$/m.exec(readFileSync(settings, 'utf8'))?.[1]?.trim() ?? environment : environment;
  const dll = existsSync(home) ? readdirSync(home).find((name) => /^python3\d+\.dll$/i.test(name)) : undefined;
  if (dll === undefined) throw new DistillError('tensorflow-file-missing', { file: path.join(home, 'python3xx.dll') });
  return path.join(home, dll);
}

function message(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
