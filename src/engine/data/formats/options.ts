/** Multiple-choice questions as data sets write them (LogiQA, MMLU, ARC, CommonsenseQA): options, and the right one's letter. */
import { FIELD_NAMES, isJsonObject, namedField, type JsonObject } from '../../../shared/fieldNames.ts';

export interface QuestionOptions {
  readonly options: readonly string[];
  /** Letter of the right option; null where the row doesn't say. */
  readonly gold: string | null;
  /** The field that says so. */
  readonly field: string | null;
}

/** Letters go no further: a longer list is no multiple-choice question. */
const MOST_OPTIONS = 26;

export function questionOptions(row: JsonObject): QuestionOptions | null {
  const name = namedField(row, FIELD_NAMES.options, (value) => typeof value === 'object' && value !== null);
  const listed = name === null ? null : optionList(row[name]);
  if (listed === null) return null;
  const field = namedField(row, FIELD_NAMES.choice, (value) => letterOf(value, listed) !== null);
  return { options: listed.texts, gold: field === null ? null : letterOf(row[field], listed), field };
}

interface OptionList {
  readonly texts: readonly string[];
  /** What the file itself calls them; null where it counts from 0. */
  readonly labels: readonly string[] | null;
}

function optionList(value: unknown): OptionList | null {
  const texts = (list: unknown): readonly string[] | null =>
    Array.isArray(list) && list.length > 1 && list.length <= MOST_OPTIONS && list.every((each) => typeof each === 'string' || typeof each === 'number') ? list.map(String) : null;
  const plain = texts(value);
  if (plain !== null) return { texts: withoutLetters(plain), labels: null };
  if (Array.isArray(value)) {
    // [{ label, text }, …]
    const [labels, written] = [texts(value.map((each: unknown) => isJsonObject(each) ? each['label'] ?? each['key'] : null)), texts(value.map((each: unknown) => isJsonObject(each) ? each['text'] ?? each['content'] : null))];
    return written === null ? null : { texts: written, labels };
  }
  if (!isJsonObject(value)) return null;
  const [apart, labels] = [texts(value['text']), texts(value['label'])];
  if (apart !== null) return { texts: apart, labels };
  // { A: …, B: … }
  const keys = Object.keys(value);
  const lettered = keys.every((key, index) => key.toUpperCase() === String.fromCharCode(65 + index)) ? texts(Object.values(value)) : null;
  return lettered === null ? null : { texts: lettered, labels: null };
}

/** `A. red`, `B. blue` … → red, blue: only where every option carries its own letter. */
export function withoutLetters(options: readonly string[]): readonly string[] {
  const bare = options.map((option, index) => new RegExp(`^\\s*[(（]?${String.fromCharCode(65 + index)}\\s*[.．、:：)）]\\s*`, 'i').exec(option));
  return bare.every((found) => found !== null) ? options.map((option, index) => option.slice(bare[index]?.[0].length ?? 0).trim()) : options;
}

function letterOf(value: unknown, { texts, labels }: OptionList): string | null {
  const letter = (index: number): string | null => index >= 0 && index < texts.length ? String.fromCharCode(65 + index) : null;
  if (typeof value === 'number' && Number.isInteger(value)) return letter(labels === null ? value : labels.indexOf(String(value)));
  if (typeof value !== 'string') return null;
  const written = value.trim();
  const labelled = labels?.indexOf(written) ?? -1;
  if (labelled >= 0) return letter(labelled);
  const single = /^[(（]?([A-Za-z])[)）.．]?$/.exec(written)?.[1];
  if (single !== undefined) return letter(single.toUpperCase().charCodeAt(0) - 65);
  if (/^\d+$/.test(written) && !texts.includes(written)) return letter(Number(written));
  return letter(texts.indexOf(written));
}
