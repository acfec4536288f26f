/**
 * The data files of a Hugging Face dataset folder: those that its README's `configs` name for a split, else those whose
 * names say it (https://huggingface.co/docs/hub/datasets-file-names-and-splits).
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { isJsonObject } from '../../../shared/fieldNames.ts';
import { DistillError } from '../../../shared/messages.ts';
import { withFileErrors } from '../../../system/fileErrors.ts';
import { frontMatter } from './frontMatter.ts';
import { extensionOf } from './recognise.ts';

export interface DataFile {
  /** Absolute. */
  readonly file: string;
  /** Place inside the folder; null where the file itself was named. */
  readonly inside: string | null;
}

export interface SplitChoice {
  readonly split?: string | undefined;
  readonly config?: string | undefined;
}

export const DEFAULT_SPLIT = 'train';

/** A file is itself. Throws DistillError `data-file-is-folder`, `data-format-arrow`, `data-config-which`, `data-split-missing`. */
export async function dataFiles(place: string, choice: SplitChoice): Promise<readonly DataFile[]> {
  const isFolder = await stat(place).then((found) => found.isDirectory(), () => false);
  if (!isFolder) return [{ file: place, inside: null }];
  const names = await filesBelow(place);
  const card = names.includes('README.md') ? await withFileErrors(place, () => readFile(path.join(place, 'README.md'), 'utf8')) : null;
  return splitFiles(names, card, choice, place).map((inside) => ({ file: path.join(place, inside), inside }));
}

/** Which of a dataset's files hold a split; `names` are paths with slashes, `card` is its README.md. */
export function splitFiles(names: readonly string[], card: string | null, { split = DEFAULT_SPLIT, config }: SplitChoice, folder: string): readonly string[] {
  const configs = card === null ? [] : configsOf(card);
  if (configs.length > 0) return fromConfigs(configs, names, split, config, folder);
  const inConfig = config === undefined ? names : names.filter((name) => name.startsWith(`${config}/`));
  const data = inConfig.filter(isData);
  if (data.length === 0) {
    // save_to_disk: Arrow with a state beside it.
    if (names.some((name) => name.endsWith('.arrow'))) throw new DistillError('data-format-arrow', { file: folder });
    throw new DistillError('data-file-is-folder', { file: folder });
  }
  const splits = new Map(data.map((name) => [name, splitOf(name)]));
  const told = data.filter((name) => splits.get(name) !== null);
  if (told.length === 0 && split === DEFAULT_SPLIT) return sameKind(data);
  const wanted = told.filter((name) => splits.get(name) === canonical(split));
  if (wanted.length === 0) throw new DistillError('data-split-missing', { folder, split, have: [...new Set(told.map((name) => splits.get(name) ?? ''))].join(', ') || DEFAULT_SPLIT });
  return sameKind(wanted);
}

interface Config {
  readonly name: string;
  readonly isDefault: boolean;
  readonly folder: string;
  /** Patterns of each split. */
  readonly splits: ReadonlyMap<string, readonly string[]>;
}

function configsOf(card: string): readonly Config[] {
  const { configs } = frontMatter(card, ['configs']);
  if (!Array.isArray(configs)) return [];
  return configs.filter(isJsonObject).flatMap((each): Config[] => {
    const files = each['data_files'];
    const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value : [value]).filter((text) => typeof text === 'string');
    const splits = new Map<string, readonly string[]>();
    if (Array.isArray(files) && files.some(isJsonObject)) {
      for (const part of files.filter(isJsonObject)) splits.set(String(part['split'] ?? DEFAULT_SPLIT), texts(part['path']));
    } else if (isJsonObject(files)) for (const [split, value] of Object.entries(files)) splits.set(split, texts(value));
    else if (texts(files).length > 0) splits.set(DEFAULT_SPLIT, texts(files));
    const folder = typeof each['data_dir'] === 'string' ? each['data_dir'] : '';
    if (splits.size === 0 && folder !== '') splits.set(DEFAULT_SPLIT, ['**']);
    const name = String(each['config_name'] ?? 'default');
    return splits.size === 0 ? [] : [{ name, isDefault: each['default'] === true || name === 'default', folder, splits }];
  });
}

function fromConfigs(configs: readonly Config[], names: readonly string[], split: string, wanted: string | undefined, folder: string): readonly string[] {
  const config = wanted === undefined ? (configs.length === 1 ? configs[0] : configs.find(({ isDefault }) => isDefault)) : configs.find(({ name }) => name === wanted);
  if (config === undefined) throw new DistillError('data-config-which', { folder, config: wanted ?? '', have: configs.map(({ name }) => name).join(', ') });
  const patterns = config.splits.get(split);
  if (patterns === undefined) throw new DistillError('data-split-missing', { folder, split, have: [...config.splits.keys()].join(', ') });
  const inside = patterns.map((pattern) => globPattern(config.folder === '' ? pattern : `${config.folder.replace(/\/+$/, '')}/${pattern}`));
  const found = names.filter((name) => isData(name) && inside.some((pattern) => pattern.test(name)));
  if (found.length === 0) throw new DistillError('data-split-files', { folder, split, patterns: patterns.join(', ') });
  return found;
}

/** `data/train-*`, `**`, `[0-9]`, `{a,b}`, as a pattern of the whole path. */
export function globPattern(glob: string): RegExp {
  let depth = 0;
  const text = glob.replace(/^\.?\//, '').replaceAll(/\*\*\/?|\*|\?|\[[^\]]*\]|[{},]|[.+^$()|\\/]/g, (mark) => {
    switch (mark) {
      case '**/': return '(?:.*/)?';
      case '**': return '.*';
      case '*': return '[^/]*';
      case '?': return '[^/]';
      case '{': depth += 1; return '(?:';
      case '}': depth -= 1; return ')';
      case ',': return depth > 0 ? '|' : ',';
      default: return mark.startsWith('[') ? mark.replace('[!', '[^') : `\\${mark}`;
    }
  });
  return new RegExp(`^${text}$`);
}

const DATA_EXTENSIONS = new Set(['.jsonl', '.ndjson', '.json', '.csv', '.tsv', '.parquet']);
/** What describes a dataset is none of its data; nor is what this workbench lays beside a file. */
const NO_DATA = /(?:^|\/)(?:dataset_infos?|dataset_dict|state|package|package-lock|config|tokenizer\w*|distill)\.json$|\.distill\.json$|\.(?:review|removed)\.jsonl$/;

function isData(name: string): boolean {
  return DATA_EXTENSIONS.has(extensionOf(name)) && !NO_DATA.test(name);
}

const SPLIT_NAMES: Readonly<Record<string, string>> = { train: 'train', training: 'train', validation: 'validation', valid: 'validation', dev: 'validation', val: 'validation', test: 'test', testing: 'test', eval: 'test', evaluation: 'test' };

function canonical(split: string): string {
  return SPLIT_NAMES[split] ?? split;
}

/** The split that a file's name says, or its folder's; any other name before `-00000-of-00003` is one, too. */
function splitOf(name: string): string | null {
  const shard = /(?:^|\/)([^/]+?)-\d{5}-of-\d{5}[^/]*$/.exec(name)?.[1];
  if (shard !== undefined) return canonical(shard);
  const words = name.toLowerCase().replace(/\.\w+(?:\.gz)?$/, '').split(/[-._ 0-9/]+/).reverse();
  const word = words.find((each) => Object.hasOwn(SPLIT_NAMES, each));
  return word === undefined ? null : canonical(word);
}

/** Where a dataset lies there in several formats, the one with most files. */
function sameKind(names: readonly string[]): readonly string[] {
  const kinds = new Map<string, number>();
  for (const name of names) kinds.set(extensionOf(name), (kinds.get(extensionOf(name)) ?? 0) + 1);
  const [most] = [...kinds].sort((a, b) => b[1] - a[1])[0] ?? [''];
  return names.filter((name) => extensionOf(name) === most);
}

/** All files below a folder, with slashes, sorted; hidden ones and caches are none of its data. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await withFileErrors(folder, () => readdir(folder, { recursive: true, withFileTypes: true }));
  return entries.filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .filter((name) => !name.split('/').some((part) => part.startsWith('.') || part.startsWith('__') || part === 'node_modules')).sort();
}
