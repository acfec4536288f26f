/** Asks a package index for the address of one file: the simple repository API, as JSON (PEP 691) or HTML (PEP 503). */
import { DistillError } from '../../shared/messages.ts';
import { get } from './get.ts';
import { shownAddress, type IndexAddress } from './pipSettings.ts';
import type { Wheel } from './wheels.ts';

const ACCEPT = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1';
/** PyPI's page of TensorFlow has 0.8 MB; nothing that is an index has this much. */
const LARGEST_PAGE_BYTES = 64 * 2 ** 20;

interface Listed {
  readonly url: URL;
  /** What the index says of it, null where it says nothing. */
  readonly sha256: string | null;
}

/**
 * @throws DistillError `setup-network`, `setup-index-unreadable`, `setup-index-without`, or `setup-checksum` when the index
 * itself says that its file is another one
 */
export async function fileAddress(index: IndexAddress, wheel: Wheel, signal?: AbortSignal): Promise<URL> {
  const page = new URL(`${wheel.project}/`, index.url);
  const { text, type, url } = await pageOf(page, signal);
  const listed = type.includes('json') ? inJson(text, wheel.file, url) : inHtml(text, wheel.file, url);
  if (listed === null) throw new DistillError('setup-index-without', { address: index.shown, file: wheel.file });
  if (listed.sha256 !== null && listed.sha256 !== wheel.sha256) throw new DistillError('setup-checksum', { file: wheel.file, expected: wheel.sha256, found: listed.sha256 });
  return listed.url;
}

async function pageOf(page: URL, signal: AbortSignal | undefined): Promise<{ readonly text: string; readonly type: string; readonly url: URL }> {
  const address = shownAddress(page);
  try {
    const { response, url } = await get(page, { accept: ACCEPT }, signal);
    if (response.statusCode !== 200) {
      response.destroy();
      throw new DistillError('setup-index-unreadable', { address, detail: `HTTP ${response.statusCode ?? 0}` });
    }
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part);
      bytes += part.length;
      if (bytes > LARGEST_PAGE_BYTES) throw new DistillError('setup-index-unreadable', { address, detail: `> ${LARGEST_PAGE_BYTES} bytes` });
    }
    return { text: Buffer.concat(parts).toString('utf8'), type: response.headers['content-type'] ?? '', url };
  } catch (error) {
    if (error instanceof DistillError || signal?.aborted === true) throw error;
    throw new DistillError('setup-network', { address, detail: error instanceof Error ? error.message : String(error) }, { cause: error });
  }
}

function inJson(text: string, file: string, page: URL): Listed | null {
  let files: unknown;
  try {
    files = (JSON.parse(text) as { readonly files?: unknown }).files;
  } catch (error) {
    throw new DistillError('setup-index-unreadable', { address: shownAddress(page), detail: error instanceof Error ? error.message : '' }, { cause: error });
  }
  if (!Array.isArray(files)) throw new DistillError('setup-index-unreadable', { address: shownAddress(page), detail: 'no "files"' });
  for (const entry of files as readonly { readonly filename?: unknown; readonly url?: unknown; readonly hashes?: { readonly sha256?: unknown } }[]) {
    if (entry.filename !== file || typeof entry.url !== 'string') continue;
    const sha256 = entry.hashes?.sha256;
    return { url: withoutHash(new URL(entry.url, page)), sha256: typeof sha256 === 'string' ? sha256.toLowerCase() : null };
  }
  return null;
}

/** Anchors alone matter in PEP 503: the text is the file's name, the address ends with #sha256=… */
function inHtml(text: string, file: string, page: URL): Listed | null {
  const base = /<base\s[^>]*href\s*=\s*["']([^"']*)["']/i.exec(text)?.[1];
  const from = base === undefined ? page : new URL(unescaped(base), page);
  for (const [, attributes = '', name = ''] of text.matchAll(/<a\s([^>]*)>([^<]*)<\/a>/gi)) {
    if (unescaped(name).trim() !== file) continue;
    const href = /(?:^|\s)href\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(attributes);
    if (href === null) continue;
    const url = new URL(unescaped(href[1] ?? href[2] ?? ''), from);
    return { sha256: /sha256=([0-9a-f]{64})/i.exec(url.hash)?.[1]?.toLowerCase() ?? null, url: withoutHash(url) };
  }
  return null;
}

function unescaped(text: string): string {
  return text.replaceAll('&amp;', '&').replaceAll('&#43;', '+').replaceAll('&quot;', '"').replaceAll('&gt;', '>').replaceAll('&lt;', '<');
}

function withoutHash(url: URL): URL {
  const plain = new URL(url);
  plain.hash = '';
  return plain;
}
