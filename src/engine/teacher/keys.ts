/** Where a teacher is, and the key that goes there. */
import { DistillError } from '../../shared/messages.ts';
import type { ApiTeacher } from '../../shared/recipeTeacher.ts';
import { KEYS_VARIABLE, parseKeys, type TeacherKeys } from '../../shared/teacherKeys.ts';
import { keyVariableOf, presetOf } from './presets.ts';

/** What is known of keys: those that the editor keeps, and the environment's variables. */
export interface KeyRing {
  readonly stored: TeacherKeys;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface TeacherPlace {
  /** `https://api.example.com`. */
  readonly origin: string;
  /** With the path, without anything that may be secret: what answers are filed under. */
  readonly address: string;
  /** The environment variable that may hold its key. */
  readonly variable: string | null;
  readonly needsKey: boolean;
}

/** Takes the keys out of the environment, so that no child process and no crash report inherits them. */
export function takeKeys(environment: Record<string, string | undefined>): KeyRing {
  const stored = parseKeys(environment[KEYS_VARIABLE]);
  Reflect.deleteProperty(environment, KEYS_VARIABLE);
  return { stored, environment };
}

/** Throws DistillError `teacher-address-malformed`. */
export function placeOf(name: string, teacher: ApiTeacher): TeacherPlace {
  const written = teacher.baseUrl ?? presetOf(teacher)?.baseUrl ?? '';
  let url: URL;
  try {
    url = new URL(written);
  } catch (error) {
    throw new DistillError('teacher-address-malformed', { teacher: name, address: written }, { cause: error });
  }
  const variable = keyVariableOf(teacher);
  // A known service behind a local address is a stand-in of one's own: it wants a key only where the recipe names one.
  const needsKey = variable !== null && (teacher.keyVariable !== undefined || !isLocal(url.hostname));
  return { origin: url.origin, address: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, variable, needsKey };
}

/** The key for this teacher's address: the editor's for that origin, else the environment's. Null where there is none. */
export function keyFor({ origin, variable }: TeacherPlace, { stored, environment }: KeyRing): string | null {
  const key = (Object.hasOwn(stored, origin) ? stored[origin] : undefined) ?? (variable === null ? undefined : environment[variable]) ?? '';
  return key.trim() === '' ? null : key;
}

/** The key, or null for a service that wants none. Throws DistillError `teacher-key-not-set`, `teacher-address-malformed`. */
export function neededKey(name: string, teacher: ApiTeacher, ring: KeyRing): string | null {
  const place = placeOf(name, teacher);
  const key = keyFor(place, ring);
  if (key === null && place.needsKey) throw new DistillError('teacher-key-not-set', { teacher: name, address: place.origin, variable: place.variable ?? 'keyVariable' });
  return key;
}

function isLocal(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
