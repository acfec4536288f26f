import { expect, test } from 'vitest';
import type { Memento, SecretStorage } from 'vscode';
import { KEYS_VARIABLE, parseKeys } from '../../../src/shared/teacherKeys.ts';
import { TeacherKeys } from '../../../src/ui/teacherKeys.ts';

/** What the editor gives: secrets that can't be listed, and a state that anybody may read. */
function editor(): { readonly secrets: Map<string, string>; readonly state: Map<string, unknown>; readonly keys: () => TeacherKeys } {
  const [secrets, state] = [new Map<string, string>(), new Map<string, unknown>()];
  const storage = {
    get: async (name: string) => secrets.get(name), store: async (name: string, value: string) => { secrets.set(name, value); }, delete: async (name: string) => { secrets.delete(name); },
  } as unknown as SecretStorage;
  const memento = { get: (name: string, otherwise: unknown) => state.get(name) ?? otherwise, update: async (name: string, value: unknown) => { state.set(name, value); } } as unknown as Memento;
  return { secrets, state, keys: () => new TeacherKeys(storage, memento) };
}

test('keys are kept by origin, over windows; only the secret storage has them', async () => {
  const { secrets, state, keys } = editor();
  expect(await keys().environment()).toEqual({});
  await keys().set('https://api.deepseek.com', 'sk-1');
  await keys().set('https://api.example.com', 'sk-2');
  await keys().set('https://api.deepseek.com', 'sk-3');
  expect(keys().origins()).toEqual(['https://api.deepseek.com', 'https://api.example.com']);
  expect(parseKeys((await keys().environment())[KEYS_VARIABLE])).toEqual({ 'https://api.deepseek.com': 'sk-3', 'https://api.example.com': 'sk-2' });
  expect(JSON.stringify([...state])).not.toContain('sk-');
  await keys().remove('https://api.deepseek.com');
  expect(keys().origins()).toEqual(['https://api.example.com']);
  expect([...secrets.values()]).toEqual(['sk-2']);
});

test('what is no text of keys has none', () => {
  for (const text of [undefined, '', 'null', '[]', '{"a":1}', '{"a":']) expect(parseKeys(text)).toEqual({});
});
