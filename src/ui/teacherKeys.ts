/** Keys of API teachers, in the editor's secret storage: one for each origin that a service has, never in settings, recipes or logs. */
import type * as vscode from 'vscode';
import { KEYS_VARIABLE } from '../shared/teacherKeys.ts';

/** The storage can't be listed: which origins have a key is remembered beside it. */
const ORIGINS = 'distill.teacherKeyOrigins';
const secretOf = (origin: string): string => `distill.teacherKey:${origin}`;

export class TeacherKeys {
  constructor(private readonly secrets: vscode.SecretStorage, private readonly state: vscode.Memento) {}

  /** Origins that have a key. */
  origins(): readonly string[] {
    return this.state.get<readonly string[]>(ORIGINS, []);
  }

  async set(origin: string, key: string): Promise<void> {
    await this.secrets.store(secretOf(origin), key);
    await this.state.update(ORIGINS, [...new Set([...this.origins(), origin])]);
  }

  async remove(origin: string): Promise<void> {
    await this.secrets.delete(secretOf(origin));
    await this.state.update(ORIGINS, this.origins().filter((other) => other !== origin));
  }

  /** What a program of ours gets in its environment: a key for each origin, of which it takes those that its recipe's addresses have. */
  async environment(): Promise<Readonly<Record<string, string>>> {
    const keys = await Promise.all(this.origins().map(async (origin) => [origin, await this.secrets.get(secretOf(origin))] as const));
    const known = keys.filter((entry): entry is [string, string] => entry[1] !== undefined);
    return known.length === 0 ? {} : { [KEYS_VARIABLE]: JSON.stringify(Object.fromEntries(known)) };
  }
}
