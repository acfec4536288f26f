/**
 * Keys of API teachers on their way from whoever keeps them to the engine: one environment variable with a key for each
 * origin. An origin (`https://api.example.com`) and not a teacher's name, so that a recipe of somebody else can't have a
 * key sent to an address of his own by calling his teacher like mine.
 */
export const KEYS_VARIABLE = 'DISTILL_TEACHER_KEYS';

export type TeacherKeys = Readonly<Record<string, string>>;

/** Reads what `KEYS_VARIABLE` holds; what is no such text has no keys. */
export function parseKeys(text: string | undefined): TeacherKeys {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string')) : {};
  } catch {
    return {};
  }
}
