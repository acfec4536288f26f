/** The teachers that a recipe's stages ask: each opened once, when somebody needs it. */
import type { MessageData, Spend } from '../../shared/events.ts';
import { DistillError, type WarningCode } from '../../shared/messages.ts';
import type { Recipe } from '../../shared/recipe.ts';
import type { Backend } from '../backend/contract.ts';
import { resolvePath } from '../data/paths.ts';
import { openAsker, type OpenAsker } from '../teacher/asker.ts';
import { openTeacherClient } from '../teacher/client.ts';
import { teacherFolder } from '../teacher/folder.ts';
import { neededKey, placeOf, type KeyRing } from '../teacher/keys.ts';
import { openLocalAsker } from '../teacher/localAsker.ts';

export interface AskersOptions {
  readonly recipe: Recipe;
  /** The project's folder, which the recipe's paths are relative to. */
  readonly base: string;
  readonly keys: KeyRing;
  /** Who asks, for a second process that is refused. */
  readonly about: string;
  readonly backend: () => Promise<Backend>;
  readonly onWarning: (code: WarningCode, data: MessageData) => void;
}

export class Askers {
  readonly #open = new Map<string, Promise<OpenAsker>>();

  constructor(private readonly options: AskersOptions) {}

  /** Throws DistillError `teacher-key-not-set`, `teacher-…-malformed`, `collect-busy`, `ledger-…`, of models and the file system. */
  async asker(name: string): Promise<OpenAsker> {
    const opening = this.#open.get(name) ?? this.#begin(name);
    this.#open.set(name, opening);
    return opening;
  }

  /** What each teacher that has a ledger has cost so far. */
  async spends(): Promise<readonly Spend[]> {
    const askers = await Promise.all(this.#open.values());
    return askers.flatMap((asker) => asker.spend() ?? []);
  }

  /** Closes every connection at once; what is in flight is refused. */
  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    const ends = await Promise.allSettled(opened.map(async (each) => (each.status === 'fulfilled' ? each.value.close() : undefined)));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #begin(name: string): Promise<OpenAsker> {
    const { recipe, base, keys, about, backend, onWarning } = this.options;
    const teacher = recipe.teachers[name];
    const folder = teacherFolder(base, name);
    if (teacher === undefined) throw new DistillError('recipe-teacher-unknown', { path: 'teacher', name, allowed: Object.keys(recipe.teachers).join(', ') });
    if (teacher.type === 'local') return openLocalAsker({ name, model: resolvePath(base, teacher.model), written: teacher.model, adapter: teacher.adapter === undefined ? undefined : resolvePath(base, teacher.adapter), folder, about, data: recipe.data, backend });
    const { address } = placeOf(name, teacher);
    const client = openTeacherClient(teacher, { name, key: neededKey(name, teacher, keys), onWarning: (code, data) => { onWarning(code as WarningCode, data); } });
    try {
      return await openAsker({ name, teacher, folder, address, client, about, onWarning });
    } catch (error) {
      await client.close();
      throw error;
    }
  }
}
