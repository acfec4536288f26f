/**
 * Datasets of the Hugging Face hub: the files of one split at one commit, downloaded once into `.distill/hub` and used from
 * there. HF_ENDPOINT names another hub (a mirror), HF_TOKEN opens private ones.
 */
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { DistillError } from '../../../shared/messages.ts';
import type { SourceRecipe } from '../../../shared/recipeCollect.ts';
import { withFileErrors } from '../../../system/fileErrors.ts';
import { writeWholeFile } from '../../../system/wholeFile.ts';
import { splitFiles } from './folder.ts';

export type HubSource = NonNullable<SourceRecipe['hub']>;

export interface HubOptions {
  /** The project's folder. */
  readonly base: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((file: string, done: number, total: number) => void) | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Relative to the project's folder. */
export const HUB_FOLDER = '.distill/hub';

interface Listing {
  readonly commit: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/**
 * The folder of the dataset at its commit, holding README.md and the data files of the split. Throws DistillError `hub-…`,
 * those of splitFiles and of the file system.
 */
export async function hubFolder(source: HubSource, options: HubOptions): Promise<{ readonly folder: string; readonly address: string }> {
  const hub = connection(options);
  const address = `hub:${source.dataset}@${source.revision}`;
  const place = path.join(options.base, HUB_FOLDER, `datasets--${source.dataset.replaceAll('/', '--')}`);
  const listing = await listed(source, place, hub);
  const folder = path.join(place, listing.commit);
  const names = listing.files.map((file) => file.path);
  const card = listing.files.find((file) => file.path === 'README.md');
  if (card !== undefined) await download(source, listing.commit, card, folder, hub);
  const text = card === undefined ? null : await readFile(path.join(folder, 'README.md'), 'utf8');
  for (const name of splitFiles(names, text, source, source.dataset)) {
    const file = listing.files.find((each) => each.path === name);
    if (file !== undefined) await download(source, listing.commit, file, folder, hub);
  }
  return { folder, address };
}

interface Connection {
  readonly url: string;
  readonly token: string | undefined;
  readonly options: HubOptions;
  /** Ends with the signal, and shows the token to the hub and to nobody else. */
  readonly fetch: typeof fetch;
}

function connection(options: HubOptions): Connection {
  const environment = options.environment ?? process.env;
  const written = environment['HF_ENDPOINT'] ?? '';
  const token = environment['HF_TOKEN'] ?? '';
  const url = (written === '' ? 'https://huggingface.co' : written).replace(/\/+$/, '');
  return {
    url, token: token === '' ? undefined : token, options,
    // The client takes tokens of huggingface.co only (hf_…); mirrors have others.
    fetch: (input, init) => {
      const headers = new Headers(init?.headers);
      const address = input instanceof Request ? input.url : String(input);
      if (token !== '' && !headers.has('authorization') && new URL(address).origin === new URL(url).origin) headers.set('authorization', `Bearer ${token}`);
      return fetch(input, { ...init, headers, ...(options.signal === undefined ? {} : { signal: options.signal }) });
    },
  };
}

const COMMIT = /^[0-9a-f]{40}$/;

/** The commit and its files: asked of the hub; kept, so that a commit that is named needs no hub the next time. */
async function listed(source: HubSource, place: string, hub: Connection): Promise<Listing> {
  const kept = (commit: string): string => path.join(place, `${commit}.files.json`);
  if (COMMIT.test(source.revision)) {
    const known = await readFile(kept(source.revision), 'utf8').catch(() => null);
    if (known !== null) return JSON.parse(known) as Listing;
  }
  const { datasetInfo, listFiles } = await import('@huggingface/hub');
  return asked(source, hub, async () => {
    const common = { hubUrl: hub.url, fetch: hub.fetch };
    const { sha } = await datasetInfo({ ...common, name: source.dataset, revision: source.revision, additionalFields: ['sha'] });
    const files: { path: string; size: number }[] = [];
    for await (const entry of listFiles({ ...common, repo: { type: 'dataset', name: source.dataset }, revision: sha, recursive: true })) {
      if (entry.type === 'file' && isInside(entry.path)) files.push({ path: entry.path, size: entry.size });
    }
    const listing: Listing = { commit: sha, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
    await withFileErrors(place, () => mkdir(place, { recursive: true }));
    await writeWholeFile(kept(sha), JSON.stringify(listing));
    return listing;
  });
}

/** A hub is not to write outside its folder. */
function isInside(name: string): boolean {
  return !path.isAbsolute(name) && !name.includes('\\') && !name.split('/').some((part) => part === '..' || part === '');
}

/** Downloads a file that isn't there yet, from where an earlier try ended. */
async function download(source: HubSource, commit: string, { path: name, size }: Listing['files'][number], folder: string, hub: Connection): Promise<void> {
  const target = path.join(folder, ...name.split('/'));
  const there = await stat(target).catch(() => null);
  if (there?.size === size) return;
  const { downloadFile } = await import('@huggingface/hub');
  await withFileErrors(target, () => mkdir(path.dirname(target), { recursive: true }));
  // Named by its commit, so a partial file is always a beginning of this very one.
  const partial = `${target}.partial`;
  await asked(source, hub, async () => {
    const repo = { type: 'dataset', name: source.dataset } as const;
    const blob = await downloadFile({ repo, path: name, revision: commit, hubUrl: hub.url, fetch: hub.fetch });
    if (blob === null) throw new DistillError('hub-file-missing', { dataset: source.dataset, file: name, revision: source.revision });
    const done = await stat(partial).then((found) => found.size, () => 0);
    const from = done <= blob.size ? done : 0;
    if (done > blob.size) await rm(partial, { force: true });
    await withFileErrors(partial, async () => {
      const handle = await open(partial, 'a');
      let written = from;
      try {
        if (from < blob.size) {
          for await (const piece of blob.slice(from, blob.size).stream() as unknown as AsyncIterable<Uint8Array>) {
            hub.options.signal?.throwIfAborted();
            await handle.writeFile(piece);
            written += piece.length;
            hub.options.onProgress?.(name, written, blob.size);
          }
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
      if (written !== blob.size) throw new DistillError('hub-cut', { dataset: source.dataset, file: name, got: written, size: blob.size });
      await rename(partial, target);
    });
  });
}

/** Does `work` at the hub; what goes wrong there is told by a code, with the address and the way out. */
async function asked<T>(source: HubSource, hub: Connection, work: () => Promise<T>): Promise<T> {
  const { HubApiError } = await import('@huggingface/hub');
  try {
    return await work();
  } catch (error) {
    if (error instanceof DistillError) throw error;
    hub.options.signal?.throwIfAborted();
    const about = { dataset: source.dataset, revision: source.revision, hub: hub.url };
    if (error instanceof HubApiError) {
      if (error.statusCode === 401 || error.statusCode === 403) throw new DistillError('hub-refused', { ...about, status: error.statusCode, token: hub.token === undefined ? 'no' : 'yes' }, { cause: error });
      if (error.statusCode === 404) throw new DistillError('hub-not-found', about, { cause: error });
      throw new DistillError('hub-failed', { ...about, detail: `${String(error.statusCode)} ${error.message}` }, { cause: error });
    }
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    throw new DistillError('hub-failed', { ...about, detail: `${error instanceof Error ? error.message : String(error)}${cause}` }, { cause: error });
  }
}
