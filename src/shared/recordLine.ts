/** A line of a JSONL file that is a record of ours, told from any other JSON: for those who meet one line without its file. */
import { isJsonObject } from './fieldNames.ts';
import type { DataRecord } from './record.ts';
import type { ReviewLine } from './review.ts';
import { soundProvenance } from './soundProvenance.ts';

/** Null where the line is none: another format's row, or no JSON at all. */
export function recordOfLine(text: string): DataRecord | null {
  // Most lines of most files are not ours, and may be long: looked at before they are parsed.
  if (!text.includes('"provenance"') || !text.includes('"format"')) return null;
  const value = parsed(text);
  if (!isJsonObject(value) || value['format'] !== 1 || !isJsonObject(value['provenance'])) return null;
  const texts = [value['id'], value['prompt'], value['think'], value['answer']];
  if (texts.some((each) => typeof each !== 'string') || (value['gold'] !== null && typeof value['gold'] !== 'string')) return null;
  return { ...value as unknown as DataRecord, provenance: soundProvenance(value['provenance']) };
}

/** The last decision on a row in the text of a review's side file. */
export function reviewOf(text: string, id: string): ReviewLine | null {
  const quoted = JSON.stringify(id);
  for (const line of text.split('\n').reverse()) {
    const value = line.includes(quoted) ? parsed(line) : null;
    if (isJsonObject(value) && value['id'] === id && typeof value['decision'] === 'string') return value as unknown as ReviewLine;
  }
  return null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
