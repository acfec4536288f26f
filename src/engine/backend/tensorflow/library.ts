/** Opens TensorFlow's shared libraries and says clearly why it can't. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { bindCApi, type CApi } from './cApi.ts';

export type Koffi = typeof import('koffi');

/** In this order: the second needs the first. */
export const LIBRARY_FILES: Partial<Record<NodeJS.Platform, readonly [framework: string, cc: string]>> = {
  linux: ['libtensorflow_framework.so.2', 'libtensorflow_cc.so.2'],
  darwin: ['libtensorflow_framework.2.dylib', 'libtensorflow_cc.2.dylib'],
};

/** Older wheels have no libtensorflow_cc; newer ones are untried, which is no reason to refuse them. */
export const OLDEST_VERSION = [2, 12] as const;

export interface Library {
  readonly folder: string;
  /** "2.20.0" */
  readonly version: string;
  readonly api: CApi;
  readonly koffi: Koffi;
}

/** Loading the same library twice would give two of everything in one process. */
const opened = new Map<string, Library>();

/** @throws Error that names the file and says what is wrong with it. */
export async function openLibrary(folder: string): Promise<Library> {
  const known = opened.get(folder);
  if (known !== undefined) return known;
  const names = LIBRARY_FILES[process.platform];
  if (names === undefined) throw new Error(`TensorFlow's library can't be used on ${process.platform} yet`);
  const files = names.map((name) => path.join(folder, name));
  const absent = files.find((file) => !existsSync(file));
  if (absent !== undefined) throw new Error(`${absent} does not exist`);
  const koffi = await loadKoffi();
  const [framework, cc] = files.map((file) => load(koffi, file));
  const output = koffi.struct({ oper: 'int64_t', index: 'int' });
  const api = bindCApi([cc!, framework!], output);
  if (!('TF_Version' in api)) throw new Error(`${files[1]!} is not the TensorFlow that this needs: it has no ${api.slice(0, 3).join(', ')}${api.length > 3 ? ` and ${api.length - 3} more functions` : ''}`);
  const version = api.TF_Version();
  if (olderThan(version, OLDEST_VERSION)) throw new Error(`TensorFlow ${version} in ${folder} is too old: ${OLDEST_VERSION.join('.')} or newer is needed`);
  const library = { folder, version, api, koffi };
  opened.set(folder, library);
  return library;
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
    const loaded = await import('koffi');
    return loaded.default as unknown as Koffi;
  } catch (error) {
    throw new Error(`koffi, which calls TensorFlow, has no build for ${process.platform} ${process.arch} here: ${message(error)}`, { cause: error });
  }
}

function load(koffi: Koffi, file: string): ReturnType<Koffi['load']> {
  try {
    return koffi.load(file);
  } catch (error) {
    throw new Error(`${file} can't be loaded: ${message(error)}`, { cause: error });
  }
}

function message(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
