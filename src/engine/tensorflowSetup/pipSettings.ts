/** Which package index this person uses: what pip and uv would take, so that a mirror that was chosen once serves here too. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface IndexAddress {
  readonly url: URL;
  /** Without name and password: for people and logs. */
  readonly shown: string;
}

const PYPI = 'https://pypi.org/simple';
/** uv's own variable went by the second name before 0.4.23. */
const VARIABLES = ['PIP_INDEX_URL', 'UV_DEFAULT_INDEX', 'UV_INDEX_URL'] as const;

/** `named`: of the command line. @throws DistillError `setup-index-address` */
export async function packageIndex(named: string | null, environment: Environment = process.env): Promise<IndexAddress> {
  if (named !== null) return parsed(named, '--index');
  for (const variable of VARIABLES) {
    const value = environment[variable]?.trim();
    // uv allows a name before the address: name=https://…
    if (value !== undefined && value !== '') return parsed(value.replace(/^[\w-]+=(?=https?:)/, ''), variable);
  }
  for (const file of configurationFiles(environment)) {
    const value = await indexUrlOf(file);
    if (value !== null) return parsed(value, file);
  }
  return parsed(PYPI, 'PyPI');
}

function parsed(text: string, origin: string): IndexAddress {
  let url: URL;
  try {
    url = new URL(text.endsWith('/') ? text : `${text}/`);
  } catch (error) {
    throw new DistillError('setup-index-address', { address: text, origin }, { cause: error });
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new DistillError('setup-index-address', { address: text, origin });
  return { url, shown: shownAddress(url) };
}

/** An address without what is secret in it. */
export function shownAddress(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  shown.hash = '';
  return shown.href.replace(/\/$/, '');
}

/** Where pip looks, the one that wins first (pip's documentation, "Configuration: location"). */
function configurationFiles(environment: Environment): readonly string[] {
  const named = environment['PIP_CONFIG_FILE'];
  const environmentFolder = environment['VIRTUAL_ENV'] ?? environment['CONDA_PREFIX'];
  const home = homedir();
  const ours = named === undefined || named === '' ? [] : [named];
  const ofEnvironment = environmentFolder === undefined ? [] : [path.join(environmentFolder, process.platform === 'win32' ? 'pip.ini' : 'pip.conf')];
  switch (process.platform) {
    case 'win32': return [...ours, ...ofEnvironment, path.join(environment['APPDATA'] ?? path.join(home, 'AppData', 'Roaming'), 'pip', 'pip.ini'), path.join(home, 'pip', 'pip.ini')];
    case 'darwin': return [...ours, ...ofEnvironment, path.join(home, 'Library', 'Application Support', 'pip', 'pip.conf'), path.join(home, '.config', 'pip', 'pip.conf'), path.join(home, '.pip', 'pip.conf'), '/Library/Application Support/pip/pip.conf'];
    default: return [...ours, ...ofEnvironment, path.join(environment['XDG_CONFIG_HOME'] ?? path.join(home, '.config'), 'pip', 'pip.conf'), path.join(home, '.pip', 'pip.conf'), '/etc/xdg/pip/pip.conf', '/etc/pip.conf'];
  }
}

/** `index-url` of the sections that a download goes by; null where the file is not there or doesn't say. */
async function indexUrlOf(file: string): Promise<string | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return null;
  }
  let section = '';
  let found: string | null = null;
  for (const line of text.split(/\r?\n/)) {
    section = /^\s*\[(.+?)\]/.exec(line)?.[1]?.toLowerCase() ?? section;
    const value = /^\s*index[-_]url\s*[=:]\s*(\S+)/i.exec(line)?.[1];
    if (value === undefined) continue;
    if (section === 'install' || section === 'download') return value;
    if (section === 'global') found ??= value;
  }
  return found;
}
