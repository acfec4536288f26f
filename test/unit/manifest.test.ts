import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/ui/commands/table.ts';
import { SETTINGS } from '../../src/ui/settingsTable.ts';

const root = path.resolve(import.meta.dirname, '../..');
const text = (file: string): string => readFileSync(path.join(root, file), 'utf8');

interface Command { readonly command: string; readonly title: string; readonly category: string; readonly icon?: string }
interface MenuItem { readonly command: string; readonly when?: string; readonly group?: string }
interface Manifest {
  readonly icon: string;
  readonly activationEvents: readonly string[];
  readonly capabilities: { readonly untrustedWorkspaces: { readonly supported: string; readonly restrictedConfigurations: readonly string[] } };
  readonly contributes: {
    readonly commands: readonly Command[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly keybindings: readonly { readonly command: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly default: unknown; readonly enum?: readonly string[]; readonly enumDescriptions?: readonly string[] }>> };
    readonly viewsWelcome: readonly { readonly contents: string; readonly when: string }[];
    readonly walkthroughs: readonly { readonly steps: readonly { readonly id: string; readonly completionEvents: readonly string[]; readonly media: { readonly svg: string } }[] }[];
  };
}
const manifest = JSON.parse(text('package.json')) as Manifest;
const english = JSON.parse(text('package.nls.json')) as Record<string, string>;
const chinese = JSON.parse(text('package.nls.zh-cn.json')) as Record<string, string>;
const rows = Object.values(COMMANDS);
const ids: ReadonlySet<string> = new Set(rows.map(({ id }) => id));

describe('commands', () => {
  test('are those of the table, each with a translated title and the category', () => {
    expect(manifest.contributes.commands.map(({ command }) => command).sort()).toEqual([...ids].sort());
    for (const { command, title, category } of manifest.contributes.commands) {
      expect(title).toBe(`%command.${command.replace('distill.', '')}%`);
      expect(category).toBe('Distill');
    }
  });

  test('that a menu, a key, a welcome text or a walkthrough names exist', () => {
    const named = [
      ...Object.values(manifest.contributes.menus).flat().map(({ command }) => command),
      ...manifest.contributes.keybindings.map(({ command }) => command),
      ...Object.values(english).flatMap((words) => [...words.matchAll(/\(command:([\w.]+)\)/g)].map((match) => match[1] ?? '')),
      ...manifest.contributes.walkthroughs.flatMap(({ steps }) => steps.flatMap(({ completionEvents }) => completionEvents))
        .filter((event) => event.startsWith('onCommand:')).map((event) => event.slice('onCommand:'.length)),
    ].filter((command) => command.startsWith('distill.'));
    expect(named.filter((command) => !ids.has(command))).toEqual([]);
  });

  test('that the table keeps out of the palette are hidden there, and no other is hidden for good', () => {
    const hidden = (manifest.contributes.menus['commandPalette'] ?? []).filter(({ when }) => when === 'false').map(({ command }) => command);
    expect([...hidden].sort()).toEqual(rows.filter(({ palette }) => !palette).map(({ id }) => id as string).sort());
  });

  test('in a row of buttons have an icon', () => {
    const inline = Object.values(manifest.contributes.menus).flat().filter(({ group }) => /^(inline|navigation)/.test(group ?? ''));
    const icons = new Map(manifest.contributes.commands.map(({ command, icon }) => [command, icon]));
    expect(inline.filter(({ command }) => icons.get(command) === undefined)).toEqual([]);
  });
});

describe('settings', () => {
  const properties = manifest.contributes.configuration.properties;
  const settings = Object.values(SETTINGS);

  test('are those of the table, each with a default', () => {
    expect(Object.keys(properties).sort()).toEqual(settings.map(({ id }) => id as string).sort());
    for (const property of Object.values(properties)) expect(property.default).toBeDefined();
  });

  test('that become paths or arguments are restricted in an untrusted folder', () => {
    expect(manifest.capabilities.untrustedWorkspaces.supported).toBe('limited');
    expect([...manifest.capabilities.untrustedWorkspaces.restrictedConfigurations].sort())
      .toEqual(settings.filter(({ restricted }) => restricted).map(({ id }) => id as string).sort());
  });

  test('explain every value of a choice', () => {
    for (const { enum: values, enumDescriptions } of Object.values(properties)) expect(enumDescriptions?.length).toBe(values?.length);
  });
});

test('every %text% of the manifest is there in both languages, and none is left over', () => {
  const used = [...text('package.json').matchAll(/"%([\w.-]+)%"/g)].map((match) => match[1] ?? '');
  expect(Object.keys(english).sort()).toEqual([...new Set(used)].sort());
  expect(Object.keys(chinese).sort()).toEqual(Object.keys(english).sort());
  for (const [key, words] of Object.entries(chinese)) {
    expect(words, key).toMatch(/\p{Script=Han}/u);
    // Links and code are the same in every language.
    const fixed = (each: string): readonly string[] => [...each.matchAll(/\(command:[\w.]+\)|`[^`]+`/g)].map(String).sort();
    expect(fixed(words), key).toEqual(fixed(english[key] ?? ''));
  }
});

test('pictures that the manifest names are there', () => {
  const pictures = [manifest.icon, 'media/distill.svg', ...manifest.contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.svg))];
  expect(pictures.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
});
