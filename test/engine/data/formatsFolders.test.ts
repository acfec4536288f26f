/** Dataset folders, and the hub through its real client against a server that speaks the hub's API. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dataFiles, globPattern, splitFiles } from '../../../src/engine/data/formats/folder.ts';
import { frontMatter } from '../../../src/engine/data/formats/frontMatter.ts';
import { hubFolder, type HubSource } from '../../../src/engine/data/formats/hub.ts';
import { readRecords } from '../../../src/engine/data/formats/read.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const refused = (code: string, data: object = {}) => expect.objectContaining({ code, data: expect.objectContaining(data) as object }) as Error;
const row = (prompt: string): string => `${JSON.stringify({ prompt, answer: 'a' })}\n`;

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

const CARD = `---
license: mit
task_categories: ["text-generation"]
configs:
  # The one that is meant.
- config_name: main
  default: true
  data_files:
  - split: train
    path: data/train-*
  - split: test
    path:
      - "extra/a.jsonl"
      - 'extra/b.jsonl'
- config_name: short
  data_dir: short
  data_files: "*.csv"
dataset_info:
  features:
  - name: prompt
    dtype: string
---
# A dataset

configs: this is text
`;

describe('a dataset folder', () => {
  test('says in its README which files hold a split', () => {
    const names = ['README.md', 'data/test-00000-of-00001.parquet', 'data/train-00000-of-00002.parquet', 'data/train-00001-of-00002.parquet', 'extra/a.jsonl', 'extra/b.jsonl', 'short/x.csv'];
    const files = (split?: string, config?: string): readonly string[] => splitFiles(names, CARD, { split, config }, 'd');
    expect(files()).toEqual(['data/train-00000-of-00002.parquet', 'data/train-00001-of-00002.parquet']);
    expect(files('test')).toEqual(['extra/a.jsonl', 'extra/b.jsonl']);
    expect(files('train', 'short')).toEqual(['short/x.csv']);
    expect(() => files('dev')).toThrow(refused('data-split-missing', { split: 'dev', have: 'train, test' }));
    expect(() => files('train', 'long')).toThrow(refused('data-config-which', { config: 'long', have: 'main, short' }));
    expect(() => splitFiles(['README.md'], CARD, {}, 'd')).toThrow(refused('data-split-files', { patterns: 'data/train-*' }));
  });

  test('without one, its files’ names say it', () => {
    const files = (names: readonly string[], split?: string): readonly string[] => splitFiles(names, null, { split }, 'd');
    expect(files(['train-00000-of-00001.parquet', 'validation-00000-of-00001.parquet'])).toEqual(['train-00000-of-00001.parquet']);
    expect(files(['data/my_dev.jsonl', 'data/my_train.jsonl'], 'validation')).toEqual(['data/my_dev.jsonl']);
    expect(files(['aime24-00000-of-00001.parquet', 'train-00000-of-00001.parquet'], 'aime24')).toEqual(['aime24-00000-of-00001.parquet']);
    expect(files(['train/1.csv', 'train/2.csv', 'test/1.csv'])).toEqual(['train/1.csv', 'train/2.csv']);
    expect(files(['a.jsonl', 'b.jsonl', 'dataset_infos.json', 'notes.txt', 'a.review.jsonl'])).toEqual(['a.jsonl', 'b.jsonl']);
    expect(files(['training_set_explained.json', 'a.jsonl', 'b.jsonl'])).toEqual(['training_set_explained.json']);
    expect(() => files(['a.jsonl', 'b.jsonl'], 'test')).toThrow(refused('data-split-missing'));
    expect(() => files(['notes.txt'])).toThrow(refused('data-file-is-folder'));
  });

  test('is read as one, and each row knows its file', async () => {
    const folder = folderOf({ 'data/train.jsonl': row('q1') + row('q2'), 'data/test.jsonl': row('q3'), '.cache/train.jsonl': row('hidden'), 'README.md': '# No head' });
    const seen: string[] = [];
    for await (const { prompt, provenance } of readRecords({ file: `${path.basename(folder)}/`, format: 'auto' }, { base: path.dirname(folder), onBroken: 'refuse' })) {
      seen.push(`${prompt} ${provenance.source?.file ?? ''}:${String(provenance.source?.row)}`);
    }
    const name = path.basename(folder);
    expect(seen).toEqual([`q1 ${name}/data/train.jsonl:1`, `q2 ${name}/data/train.jsonl:2`]);
    expect((await dataFiles(folder, { split: 'test' })).map(({ inside }) => inside)).toEqual(['data/test.jsonl']);
  });

  test.each([
    ['data/train-*', 'data/train-1.parquet', true], ['data/train-*', 'data/x/train-1.parquet', false], ['**', 'a/b/c.csv', true], ['**/*.csv', 'c.csv', true],
    ['x[0-9].json', 'x7.json', true], ['x[!0-9].json', 'x7.json', false], ['{a,b}/*.csv', 'b/1.csv', true], ['a+b.csv', 'aab.csv', false], ['./a.csv', 'a.csv', true],
  ])('pattern %s and name %s: %s', (pattern, name, fits) => {
    expect(globPattern(pattern).test(name)).toBe(fits);
  });

  test('the head of a README is read in the ways people write it', () => {
    expect(frontMatter(CARD, ['configs', 'license'])).toMatchObject({ license: 'mit', configs: [{ config_name: 'main', default: true, data_files: [{ split: 'train', path: 'data/train-*' }, { split: 'test', path: ['extra/a.jsonl', 'extra/b.jsonl'] }] }, { data_dir: 'short' }] });
    expect(frontMatter('---\r\nconfigs:\r\n  - config_name: a\r\n    data_files: [x.csv, y.csv]\r\n---\r\n', ['configs'])).toEqual({ configs: [{ config_name: 'a', data_files: ['x.csv', 'y.csv'] }] });
    expect(frontMatter('# Nothing', ['configs'])).toEqual({});
  });
});

const COMMIT = 'a'.repeat(40);

/** What the hub's API says of one dataset, and the requests that came. `misbehave` may answer in its place. */
class Hub {
  readonly requests: string[] = [];
  readonly authorizations = new Set<string>();
  misbehave: (request: IncomingMessage, response: ServerResponse, count: number) => boolean = () => false;

  private constructor(readonly url: string, private readonly server: Server) {}

  static async start(files: Readonly<Record<string, Buffer>>, token?: string): Promise<Hub> {
    const server = createServer((request, response) => { hub.answer(request, response, files, token); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const hub: Hub = new Hub(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, server);
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    });
    return hub;
  }

  close(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => { this.server.close(resolve); });
  }

  private answer(request: IncomingMessage, response: ServerResponse, files: Readonly<Record<string, Buffer>>, token: string | undefined): void {
    const url = new URL(request.url ?? '', this.url);
    this.requests.push(`${url.pathname} ${request.headers.range ?? ''}`.trim());
    if (this.misbehave(request, response, this.requests.length)) return;
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"Invalid username or password."}');
      return;
    }
    const json = (value: unknown): void => { response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value)); };
    if (url.pathname === '/api/datasets/owner/name/revision/main') json({ _id: '1', id: 'owner/name', sha: COMMIT, private: false, gated: false, downloads: 0, likes: 0, lastModified: '2026-01-01T00:00:00.000Z' });
    else if (url.pathname === `/api/datasets/owner/name/tree/${COMMIT}`) json(Object.entries(files).map(([name, content]) => ({ type: 'file', path: name, size: content.length, oid: 'b'.repeat(40) })));
    else if (url.pathname.startsWith(`/datasets/owner/name/resolve/${COMMIT}/`)) {
      const content = files[url.pathname.slice(`/datasets/owner/name/resolve/${COMMIT}/`.length)];
      if (content === undefined) response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
      else {
        const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
        const end = Math.min(content.length - 1, to === '' ? content.length - 1 : Number(to));
        response.writeHead(206, { etag: '"e"', 'content-range': `bytes ${from}-${String(end)}/${String(content.length)}`, 'content-length': end - Number(from) + 1 }).end(content.subarray(Number(from), end + 1));
      }
    } else response.writeHead(404, { 'content-type': 'application/json', 'x-error-code': 'RepoNotFound' }).end('{"error":"Repository not found"}');
  }
}

describe('a dataset of the hub', () => {
  const source: HubSource = { dataset: 'owner/name', revision: 'main', split: 'train' };
  const many = Buffer.from(Array.from({ length: 5000 }, (_, index) => row(`question ${String(index)}`)).join(''));
  const files = { 'README.md': Buffer.from('# Name'), 'data/train-00000-of-00001.jsonl': many, 'data/test-00000-of-00001.jsonl': Buffer.from(row('test')) };
  const target = (base: string, name: string): string => path.join(base, '.distill/hub/datasets--owner--name', COMMIT, name);

  test('is downloaded once, only the files of its split, and read with its address', async () => {
    const hub = await Hub.start(files, 'secret');
    const base = temporaryFolder();
    const environment = { HF_ENDPOINT: `${hub.url}/`, HF_TOKEN: 'secret' };
    const { folder, address } = await hubFolder(source, { base, environment });
    expect(existsSync(target(base, 'data/train-00000-of-00001.jsonl'))).toBe(true);
    expect(existsSync(target(base, 'data/test-00000-of-00001.jsonl'))).toBe(false);
    const downloads = hub.requests.filter((request) => request.includes('resolve')).length;
    await hubFolder(source, { base, environment });
    expect(hub.requests.filter((request) => request.includes('resolve'))).toHaveLength(downloads);
    expect(address).toBe('hub:owner/name@main');
    expect((await dataFiles(folder, { split: 'train' })).map(({ inside }) => inside)).toEqual(['data/train-00000-of-00001.jsonl']);
    // A commit that is named needs no hub any more.
    await hub.close();
    await expect(hubFolder({ ...source, revision: COMMIT }, { base, environment })).resolves.toMatchObject({ folder });
  });

  test('goes on where a cut download ended', async () => {
    const hub = await Hub.start(files);
    const base = temporaryFolder();
    const environment = { HF_ENDPOINT: hub.url };
    hub.misbehave = (request, response) => {
      if (!(request.url ?? '').includes('train') || request.headers.range === 'bytes=0-0') return false;
      // The first 1000 bytes, then the line is cut.
      response.writeHead(206, { etag: '"e"', 'content-range': `bytes 0-${String(many.length - 1)}/${String(many.length)}`, 'content-length': many.length });
      response.write(many.subarray(0, 1000), () => { setImmediate(() => { response.destroy(); }); });
      return true;
    };
    await expect(hubFolder(source, { base, environment })).rejects.toThrow(refused('hub-failed', { dataset: 'owner/name' }));
    const place = path.dirname(target(base, 'data/x'));
    expect(readdirSync(place)).toEqual(['train-00000-of-00001.jsonl.partial']);
    hub.misbehave = () => false;
    hub.requests.length = 0;
    await hubFolder(source, { base, environment });
    expect(hub.requests.filter((request) => request.includes('train')).at(-1)).toMatch(/bytes=\d{3,}-/);
    const prompts: string[] = [];
    for await (const { prompt } of readRecords({ file: path.relative(base, target(base, 'data/train-00000-of-00001.jsonl')), format: 'auto' }, { base, onBroken: 'refuse' })) prompts.push(prompt);
    expect([prompts.length, prompts.at(-1)]).toEqual([5000, 'question 4999']);
  });

  test('that is not there, or refuses, or is on a hub that does not answer, is told with the way out', async () => {
    const hub = await Hub.start(files, 'secret');
    const base = temporaryFolder();
    await expect(hubFolder(source, { base, environment: { HF_ENDPOINT: hub.url } })).rejects.toThrow(refused('hub-refused', { status: 401, token: 'no' }));
    await expect(hubFolder({ ...source, dataset: 'owner/other' }, { base, environment: { HF_ENDPOINT: hub.url, HF_TOKEN: 'secret' } })).rejects.toThrow(refused('hub-not-found', { dataset: 'owner/other' }));
    await hub.close();
    await expect(hubFolder(source, { base, environment: { HF_ENDPOINT: hub.url } })).rejects.toThrow(refused('hub-failed', { hub: hub.url }));
  });

  test('that names files outside its folder writes none there', async () => {
    const hub = await Hub.start({ 'README.md': Buffer.from('# Name'), '../../train.jsonl': Buffer.from(row('evil')), 'train.jsonl': Buffer.from(row('good')) });
    const base = temporaryFolder();
    await hubFolder(source, { base, environment: { HF_ENDPOINT: hub.url } });
    expect(readdirSync(path.join(base, '.distill/hub/datasets--owner--name')).sort()).toEqual([COMMIT, `${COMMIT}.files.json`]);
  });
});
